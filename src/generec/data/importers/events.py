"""The one way from raw events to a clean log: times, values, kinds, splits, order, duplicates, cores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from generec.data.dataset import EVENT_SCHEMA
from generec.data.importers.cells import (
    LATEST,
    MICROSECONDS,
    MILLISECONDS,
    NANOSECONDS,
    as_number,
    as_seconds,
    flag,
    ids_of,
)
from generec.data.importers.findings import Findings
from generec.errors import UsageError

Ties = Literal["given", "item", "shuffle"]
REPEATS_FROM = 0.01  # share of repeated pairs from which a log is taken to be one of repeat consumption

_SPLITS = {
    "train": "train", "training": "train", "trn": "train",
    "validation": "validation", "valid": "validation", "val": "validation", "dev": "validation", "eval": "validation",
    "test": "test", "testing": "test", "tst": "test", "holdout": "test",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What is kept of a log and in which order."""

    min_rating: float | None = None
    k_core: int = 0
    ties: Ties = "given"
    """Order of events of one user at one time: as in the file, by item id, or shuffled by the seed."""
    repeats: bool | None = None
    """Whether items may repeat; False removes later events on an item. None: as the format says, else measured; nothing
    is removed then."""
    seed: int = 0


def clean_events(
    frame: pl.DataFrame, files: Sequence[str], findings: Findings, *, event: str, milliseconds: bool
) -> pl.DataFrame:
    """Typed events in the order of the files, with `_row` and `_file`; faults raised or repaired.

    milliseconds: the format writes its times so; otherwise such times are a fault.
    """
    frame = frame.with_columns(ids_of(frame["user_id"]), ids_of(frame["item_id"]))
    for name in ("user_id", "item_id"):
        wrong = pl.col(name).is_null()
        if flag(frame, wrong, files, findings, "missing id", f"{name} is empty", "fill it in", "the event is left out"):
            frame = frame.filter(~wrong)
    frame = _times(frame, files, findings, milliseconds)
    frame = _values(frame, files, findings)
    frame = _splits(frame, files, findings)
    kind = pl.lit(None, dtype=pl.String)
    if "event" in frame.columns:
        kind = pl.col("event").cast(pl.String).str.strip_chars().str.to_lowercase()
    frame = frame.with_columns(pl.when(kind != "").then(kind).fill_null(event).alias("event"))
    return frame.select(*(pl.col(name).cast(dtype) for name, dtype in EVENT_SCHEMA.items()), "_row", "_file")


def _times(frame: pl.DataFrame, files: Sequence[str], findings: Findings, milliseconds: bool) -> pl.DataFrame:
    if "timestamp" not in frame.columns:
        return frame.with_columns(pl.lit(None, dtype=pl.Int64).alias("timestamp"))
    raw = frame["timestamp"]
    given = raw.is_not_null() if raw.dtype != pl.String else (raw.str.strip_chars() != "").fill_null(False)
    frame = frame.with_columns(as_seconds(raw).alias("timestamp"), given.alias("_given"))
    unread = pl.col("timestamp").is_null() & pl.col("_given")
    if flag(
        frame, unread, files, findings, "unreadable time", "the timestamp is no time",
        "write UTC seconds or ISO 8601", "the event is left out",
    ):  # fmt: skip
        frame = frame.filter(~unread)
    time = pl.col("timestamp")
    small = time >= MILLISECONDS
    if not milliseconds:
        flag(
            frame, small, files, findings, "time unit",
            "the timestamp is counted in milliseconds or smaller units, or lies far beyond the year 2100",
            "write UTC seconds", "it is divided down to seconds",
        )  # fmt: skip
    seconds = (
        pl.when(time >= NANOSECONDS).then(time // 1_000_000_000)
        .when(time >= MICROSECONDS).then(time // 1_000_000)
        .when(small).then(time // 1_000)
        .otherwise(time)
    )  # fmt: skip
    frame = frame.with_columns(seconds.alias("timestamp"))
    wrong = (time < 0) | (time >= LATEST)
    if flag(
        frame, wrong, files, findings, "impossible time", "the timestamp lies before 1970 or after 2100",
        "write UTC seconds", "the event is left out",
    ):  # fmt: skip
        frame = frame.filter(~wrong.fill_null(False))
    known = frame["timestamp"].is_not_null()
    if known.any() and not known.all() and "split" not in frame.columns:
        flag(
            frame, time.is_null(), files, findings, "missing time", "the timestamp is empty, others are given",
            "fill it in, or leave the column out", "the event is left out",
        )  # fmt: skip
        frame = frame.filter(time.is_not_null())
    return frame.drop("_given")


def _values(frame: pl.DataFrame, files: Sequence[str], findings: Findings) -> pl.DataFrame:
    if "value" not in frame.columns:
        return frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("value"))
    raw = frame["value"]
    given = raw.is_not_null() if raw.dtype != pl.String else (raw.str.strip_chars() != "").fill_null(False)
    frame = frame.with_columns(as_number(raw).alias("value"), given.alias("_given"))
    wrong = pl.col("_given") & ~pl.col("value").is_finite().fill_null(False)
    flag(
        frame,
        wrong,
        files,
        findings,
        "value",
        "the value is no finite number",
        "write a number",
        "the value is left empty",
    )
    finite = pl.when(pl.col("value").is_finite()).then(pl.col("value"))
    return frame.with_columns(finite.alias("value")).drop("_given")


def _splits(frame: pl.DataFrame, files: Sequence[str], findings: Findings) -> pl.DataFrame:
    if "split" not in frame.columns:
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias("split"))
    name = pl.col("split").cast(pl.String).str.strip_chars().str.to_lowercase()
    frame = frame.with_columns(
        name.replace_strict(_SPLITS, default=None, return_dtype=pl.String).alias("split"), (name != "").alias("_given")
    )
    flag(
        frame, pl.col("split").is_null() & pl.col("_given").fill_null(False), files, findings, "split",
        "the split is none of train, validation, test", "rename it", "the split is left empty",
    )  # fmt: skip
    return frame.drop("_given")


def order_events(
    events: pl.DataFrame, policy: Policy, declared: bool | None, duplicates: bool = False
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Filters, orders and thins clean events; returns them and what was counted on the way.

    Users stand in the order in which they first appear; a user's events by time, then split, then the tie order. Rows
    without a time keep the order of the file: it is all that is known. declared: what the format says about repeats.
    duplicates: whether equal events at one time stay; otherwise the first is kept.
    """
    counted: dict[str, Any] = {"events_read": events.height}
    if policy.min_rating is not None:
        events = _at_least(events, policy.min_rating)
        counted["below_min_rating"] = counted["events_read"] - events.height
    events = _sorted(events, policy)
    before = events.height
    key = ["user_id", "item_id", "event", "timestamp"]
    if not duplicates and events["timestamp"].null_count() < events.height:
        timed = pl.col("timestamp").is_not_null()
        events = events.filter(~timed | pl.struct(key).is_first_distinct())
    counted["duplicates_removed"] = before - events.height
    again = events.height - events.select("user_id", "item_id", "event").n_unique()
    share = again / max(1, events.height)
    repeats = policy.repeats if policy.repeats is not None else declared
    counted["repeats_decided_by"] = (
        "option" if policy.repeats is not None else "format" if declared is not None else "measured"
    )
    counted["repeats"] = share >= REPEATS_FROM if repeats is None else repeats
    counted["repeat_share"] = round(share, 6)
    counted["repeats_removed"] = 0
    if policy.repeats is False and again:
        events = events.filter(pl.struct("user_id", "item_id", "event").is_first_distinct())
        counted["repeats_removed"] = again
    if policy.k_core > 1:
        before = events.height
        events = core(events, policy.k_core)
        counted["outside_core"] = before - events.height
    counted["tie_share"] = round(tie_share(events), 6)
    return events, counted


def _at_least(events: pl.DataFrame, least: float) -> pl.DataFrame:
    rated = (pl.col("event") == "rating") | pl.col("value").is_not_null()
    if not events.select(rated.any()).item():
        raise UsageError("--min-rating needs values, and these events have none; leave it out")
    return events.filter(~rated | (pl.col("value") >= least).fill_null(False))


def _sorted(events: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    order = pl.int_range(pl.len(), dtype=pl.Int64)
    tie: pl.Expr | pl.Series = order
    if policy.ties == "shuffle":
        tie = pl.Series(np.random.default_rng(policy.seed).permutation(events.height), dtype=pl.Int64)
    elif policy.ties == "item":
        number = events["item_id"].cast(pl.Int64, strict=False)
        tie = (events["item_id"] if number.null_count() else number).rank("dense").cast(pl.Int64)
    rank = pl.col("split").replace_strict({"train": 0, "validation": 1, "test": 2}, default=0, return_dtype=pl.Int8)
    keyed = events.with_columns(
        order.alias("_order"), pl.lit(tie).alias("_tie") if isinstance(tie, pl.Series) else tie.alias("_tie")
    )
    keyed = keyed.with_columns(
        pl.col("_order").min().over("user_id").alias("_user"),
        rank.alias("_split"),
        pl.when(pl.col("timestamp").is_null()).then(pl.col("_order")).otherwise(pl.col("_tie")).alias("_tie"),
    )
    keys = ["_user", "timestamp", "_split", "_tie", "_order"]
    return keyed.sort(keys, nulls_last=True).select(events.columns)


def core(events: pl.DataFrame, k: int) -> pl.DataFrame:
    """The k-core: users and items with fewer than k events are left out again and again until none is left."""
    while True:
        kept = events.filter((pl.len().over("user_id") >= k) & (pl.len().over("item_id") >= k))
        if kept.height == events.height:
            return kept
        events = kept


def tie_share(events: pl.DataFrame) -> float:
    """Share of timed events that share their user and their time with another: their order is a convention."""
    timed = events.select("user_id", "timestamp").drop_nulls("timestamp")
    if not timed.height:
        return 0.0
    return float(timed.select(pl.struct("user_id", "timestamp").is_duplicated().mean()).item())
