"""What a data set looks like before anybody trains on it: counts, span, ties, gaps, bursts, concentration."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import polars as pl

from generec.errors import InputError
from generec.types import Dataset

BURST_SECOND = 20
"""Events of one user in one second that no hand can make."""
BURST_MINUTE = 120
"""Events of one user in one minute that no hand can make."""
WHOLE_DAYS = 0.99  # share of times at midnight from which seconds say nothing about hands
FEW = 3
"""Fewer events than this leave nothing to train on once the last two are held out."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something a person should know: errors make a data set unusable, warnings need a decision."""

    level: Literal["error", "warning"]
    message: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """The report on one data set. Shares lie between 0 and 1, times are UTC seconds."""

    source: str
    fingerprint: str
    events: int
    users: int
    items: int
    first: int | None
    last: int | None
    timed_share: float
    density: float
    """Distinct user-item pairs over all possible ones, among items with events."""
    events_per_user: tuple[int, float, int]
    """Smallest, median, largest."""
    kinds: dict[str, int]
    """Events of every kind."""
    splits: dict[str, int]
    """Events of every given part."""
    valued_share: float
    ties_share: float
    """Timed events that share their user and their time with another."""
    duplicates: int
    """Events equal in user, item, kind and time to an earlier one."""
    repeat_share: float
    """Events on an item that the user had before."""
    repeats: bool
    missing_titles: int
    missing_texts: int
    """Items without any descriptive text."""
    duplicate_titles: int
    """Items that share their title with another."""
    cold_items: int
    """Items without events."""
    few_events_users: int
    """Users with fewer than three events."""
    bursts: tuple[tuple[str, int, int], ...]
    """The ten largest: user, UTC second at which the second or minute begins, events."""
    burst_users: int
    top_share: float
    """Share of events on the most popular hundredth of the items."""
    gini: float
    """Gini coefficient of events over items: 0 even, 1 all on one."""
    remarks: tuple[Remark, ...]

    @property
    def errors(self) -> tuple[str, ...]:
        return tuple(remark.message for remark in self.remarks if remark.level == "error")

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(remark.message for remark in self.remarks if remark.level == "warning")

    def document(self) -> dict[str, Any]:
        """The report as JSON takes it."""
        return {**asdict(self), "errors": list(self.errors), "warnings": list(self.warnings)}

    def rows(self) -> list[tuple[str, str]]:
        """The report as the rows of a table."""
        least, median, most = self.events_per_user
        span = "no times" if self.first is None else f"{_day(self.first)} to {_day(self.last)}"
        return [
            ("source", self.source),
            ("events, users, items", f"{self.events:,}, {self.users:,}, {self.items:,}"),
            ("span", span),
            ("timed events", f"{self.timed_share:.1%}"),
            ("density", f"{self.density:.4%}"),
            ("events per user (min, median, max)", f"{least:,}, {median:g}, {most:,}"),
            ("kinds", _counts(self.kinds)),
            ("given parts", _counts(self.splits) or "none"),
            ("events with a value", f"{self.valued_share:.1%}"),
            ("ties (same user, same time)", f"{self.ties_share:.1%}"),
            ("duplicate events", f"{self.duplicates:,}"),
            ("repeated items", f"{self.repeat_share:.1%}; may be recommended again: {'yes' if self.repeats else 'no'}"),
            ("items without a title", f"{self.missing_titles:,}"),
            ("items without any text", f"{self.missing_texts:,}"),
            ("items that share a title", f"{self.duplicate_titles:,}"),
            ("items without events", f"{self.cold_items:,}"),
            (f"users with fewer than {FEW} events", f"{self.few_events_users:,}"),
            ("users with bursts", f"{self.burst_users:,}"),
            ("events on the top 1 % of items", f"{self.top_share:.1%}"),
            ("Gini of events over items", f"{self.gini:.3f}"),
        ]


def _day(seconds: int | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def check(dataset: Dataset) -> Check:
    """Measures a data set. Raises InputError for one without items; everything else is a remark."""
    events, items = dataset.events, dataset.catalog.frame
    if not items.height:
        raise InputError("the catalogue is empty", remedy="import it with an item table")
    times = events["timestamp"].drop_nulls()
    per_user = events.group_by("user_id").len()["len"]
    per_item = events.group_by("item_id").len()["len"].sort(descending=True)
    pairs = events.select("user_id", "item_id").n_unique() if events.height else 0
    titles = items["title"] if "title" in items.columns else pl.Series([None] * items.height, dtype=pl.String)
    bursts = _bursts(events)
    first, last = (int(times.min()), int(times.max())) if len(times) else (None, None)  # type: ignore[arg-type]
    kinds = events["event"].value_counts(sort=True)
    splits = events["split"].drop_nulls().value_counts(sort=True)
    report = Check(
        source=str(dataset.info.get("source", "unknown")),
        fingerprint=str(dataset.info.get("fingerprint", "")),
        events=events.height,
        users=len(per_user),
        items=items.height,
        first=first,
        last=last,
        timed_share=len(times) / max(1, events.height),
        density=pairs / max(1, len(per_user) * len(per_item)),
        events_per_user=_spread(per_user),
        kinds=dict(kinds.iter_rows()),
        splits=dict(splits.iter_rows()),
        valued_share=1 - events["value"].null_count() / max(1, events.height),
        ties_share=_ties(events),
        duplicates=_duplicates(events),
        repeat_share=(events.height - pairs) / max(1, events.height),
        repeats=dataset.repeats,
        missing_titles=titles.null_count(),
        missing_texts=sum(not text for text in dataset.catalog.texts),
        duplicate_titles=int(titles.drop_nulls().is_duplicated().sum()),
        cold_items=items.height - len(per_item),
        few_events_users=int((per_user < FEW).sum()),
        bursts=tuple(bursts.head(10).iter_rows()),
        burst_users=bursts["user_id"].n_unique(),
        top_share=int(per_item.head(max(1, round(len(per_item) / 100))).sum()) / max(1, events.height),
        gini=_gini(per_item),
        remarks=(),
    )
    return Check(**{**vars(report), "remarks": _remarks(report, dataset)})


def _spread(per_user: pl.Series) -> tuple[int, float, int]:
    if not len(per_user):
        return 0, 0.0, 0
    return int(per_user.min()), float(per_user.median()), int(per_user.max())  # type: ignore[arg-type]


def _ties(events: pl.DataFrame) -> float:
    timed = events.select("user_id", "timestamp").drop_nulls("timestamp")
    return float(timed.is_duplicated().sum()) / max(1, timed.height)


def _duplicates(events: pl.DataFrame) -> int:
    timed = events.select("user_id", "item_id", "event", "timestamp").drop_nulls("timestamp")
    return timed.height - (timed.n_unique() if timed.height else 0)


def _bursts(events: pl.DataFrame) -> pl.DataFrame:
    """user_id, begin, events of every second and minute with more events than a hand can make, largest first.

    Times of whole days have no seconds to speak of and are left out.
    """
    timed = events.select("user_id", "timestamp").drop_nulls("timestamp")
    if not timed.height or float((timed["timestamp"] % 3600 == 0).sum()) / timed.height >= WHOLE_DAYS:
        return pl.DataFrame(schema={"user_id": pl.String, "begin": pl.Int64, "len": pl.UInt32})
    found = []
    for width, least in ((1, BURST_SECOND), (60, BURST_MINUTE)):
        counts = timed.group_by("user_id", (pl.col("timestamp") // width * width).alias("begin")).len()
        found.append(counts.filter(pl.col("len") >= least))
    return pl.concat(found).sort(["len", "user_id", "begin"], descending=[True, False, False])


def _gini(per_item: pl.Series) -> float:
    """Gini coefficient of counts, among items with events."""
    n, total = len(per_item), float(per_item.sum())
    if not n or not total:
        return 0.0
    ranks = pl.int_range(1, n + 1, eager=True)
    return max(0.0, 2 * float((ranks * per_item.sort().cast(pl.Float64)).sum()) / (n * total) - (n + 1) / n)


def _remarks(report: Check, dataset: Dataset) -> tuple[Remark, ...]:
    found: list[Remark] = []

    def error(when: bool, message: str) -> None:
        if when:
            found.append(Remark(level="error", message=message))

    def warn(when: bool, message: str) -> None:
        if when:
            found.append(Remark(level="warning", message=message))

    error(report.items == 1, "there is one item: nothing can be ranked")
    error(report.events > 0 and report.users == report.few_events_users, f"no user has {FEW} events to learn from")
    warn(report.events == 0, "there are no events: this is a catalogue only")
    warn(0 < report.timed_share < 1, "some events have no time: a split by time is not possible")
    ties = str(dataset.info.get("ties", "given"))
    warn(report.ties_share > 0.05, f"{report.ties_share:.0%} of timed events are ties, ordered by: {ties}; see --ties")
    warn(
        not dataset.repeats and report.repeat_share > 0,
        f"{report.repeat_share:.1%} of events are on items seen before, which are not recommended again; "
        "import with --repeats, or remove them with --no-repeats",
    )
    warn(report.duplicates > 0, f"{report.duplicates:,} events are told twice")
    warn(report.missing_titles > 0, f"{report.missing_titles:,} items have no title; people will see their ids")
    warn(report.missing_texts > 0, f"{report.missing_texts:,} items have no text for an encoder to read")
    warn(report.events > 0 and report.cold_items > 0, f"{report.cold_items:,} items have no events")
    warn(report.few_events_users > 0, f"{report.few_events_users:,} users have fewer than {FEW} events and train only")
    warn(report.burst_users > 0, f"{report.burst_users:,} users have more events in a moment than a hand can make")
    return tuple(found)
