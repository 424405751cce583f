"""How far simulated people are like real ones: a card of marginals and likelihood on people and times not fitted on.

No result of a simulator without a good card counts as evidence: `Card.stamp` marks it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from generec.data.dataset import fingerprint
from generec.errors import UsageError
from generec.metrics.intervals import Interval, difference_interval
from generec.simulation.chance import Doubles, Ints
from generec.simulation.lived import Lived, cut, labels, lived
from generec.simulation.log_people import BLOCK, FEATURES, LogModel, LogPeople
from generec.types import Catalog, Dataset

THRESHOLD = 0.25
FEWEST = 20
"""Held-out people below which nothing is called calibrated."""
FIRST = 20
"""Events of a person that their spread over sorts is measured on, so that it does not measure activity again."""


class Fits(Protocol):
    """Whatever makes people of a log."""

    def fit(self, log: Lived, catalog: Catalog, repeats: bool, span: float, until: float) -> LogPeople: ...


@dataclass(frozen=True)
class Marginal:
    """One distribution, simulated and real. `floor`: the error between two halves of the real people themselves.

    error: total variation of shares; of measured values the 1-Wasserstein distance in units of the real values' mean
    distance from their median (0 alike, 1 as far off as saying the median to everybody).
    """

    name: str
    unit: str
    error: float
    floor: float
    at: tuple[str, ...]  # what the figures stand for: bins, or quantiles
    real: tuple[float, ...]
    simulated: tuple[float, ...]


@dataclass(frozen=True)
class Likelihood:
    """Mean held-out log-likelihood of what was chosen next, nats an event, against saying less."""

    model: float
    popularity: float
    uniform: float
    events: int
    gain: Interval  # model over the better of the other two, 95 %, by event


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a simulator got right, what not, and what it cannot know."""

    source: str
    data: str  # fingerprint
    protocol: str
    people: int  # held out
    events: int
    marginals: tuple[Marginal, ...]
    likelihood: Likelihood
    weights: Mapping[str, float]
    gaps: tuple[str, ...]
    seed: int = 0

    def faults(self, threshold: float = THRESHOLD) -> tuple[str, ...]:
        """Why the simulator is not calibrated; none where it is."""
        wrong = [
            f"{each.name} is off by {each.error:.2f}, more than {max(threshold, each.floor):.2f}"
            for each in self.marginals
            if not each.error <= max(threshold, each.floor)
        ]
        if self.likelihood.gain.low <= 0:
            wrong.append("it predicts choices no better than popularity or blind choice")
        if self.people < FEWEST:
            wrong.append(f"only {self.people} people were held out, fewer than {FEWEST}")
        return tuple(wrong)

    def calibrated(self, threshold: float = THRESHOLD) -> bool:
        """Whether results of this simulator count: its choices beat the simplest guesses, and every marginal is within
        the threshold or as near to the real people as their halves are to each other.
        """
        return not self.faults(threshold)

    def stamp(self, results: Mapping[str, Any], threshold: float = THRESHOLD) -> dict[str, Any]:
        """Results with what they rest on; those of an uncalibrated simulator carry a watermark with the reasons.

        Raises UsageError where the results bear a stamp already.
        """
        if "simulator" in results:
            raise UsageError("these results are stamped already; stamp what the simulator returned")
        faults = self.faults(threshold)
        stamp: dict[str, Any] = {"calibrated": not faults, "threshold": threshold, "data": self.data}
        if faults:
            stamp["watermark"] = "UNCALIBRATED SIMULATOR: " + "; ".join(faults)
        return {**results, "simulator": stamp}

    def to_json(self, threshold: float = THRESHOLD) -> str:
        """The card as JSON text, with the verdict at a threshold."""
        verdict = {"threshold": threshold, "calibrated": self.calibrated(threshold), "faults": self.faults(threshold)}
        return json.dumps({**asdict(self), **verdict}, indent=2, ensure_ascii=False)

    def plot(self, path: str | os.PathLike[str]) -> Path:
        """Every marginal, real beside simulated (PNG)."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        rows = (len(self.marginals) + 2) // 3
        figure = Figure(figsize=(10.5, 2.9 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        for number, each in enumerate(self.marginals):
            axes = figure.add_subplot(rows, 3, number + 1)
            places = range(len(each.at))
            axes.plot(places, each.real, "o-", color="#0072B2", lw=1.4, ms=4, label="real")
            axes.plot(places, each.simulated, "s--", color="#D55E00", lw=1.4, ms=4, label="simulated")
            step = max(1, len(each.at) // 6)
            axes.set_xticks(list(places)[::step], each.at[::step], fontsize=7)
            axes.set_title(f"{each.name}: {each.error:.2f} (halves {each.floor:.2f})", fontsize=9, loc="left")
            axes.set_ylabel(each.unit, fontsize=8)
            axes.spines[["top", "right"]].set_visible(False)
            if number == 0:
                axes.legend(frameon=False, fontsize=8)
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(target, dpi=130, format="png")
        return target


def calibrate(
    dataset: Dataset, model: Fits | None = None, *, people: float = 0.5, time: float = 0.7, seed: int = 0,
    most_events: int = 20_000, judged: int = 2000,
) -> tuple[LogPeople, Card]:  # fmt: skip
    """Fits people to a log and holds them against other people at a later time.

    most_events: real events that are imitated at most (people are left out at random); judged: events whose likelihood
    is computed. The fitted people know the histories before the cut.
    """
    log = lived(dataset)
    parts = cut(log, people, time, seed)
    fitted = (model or LogModel(seed=seed)).fit(parts.fit, dataset.catalog, dataset.repeats, parts.span, parts.cut)
    early = np.bincount(parts.fit.item, minlength=len(dataset.catalog))  # the log's, not what the model made of it
    users, held = _afforded(parts.held, most_events, seed)
    past = parts.before.histories()
    histories = [past.get(user, np.zeros(0, np.int64)) for user in users.tolist()]
    evenly = np.random.default_rng([seed, 1]).permutation((np.arange(users.size) + 0.5) / users.size)
    counts = np.quantile(fitted.activity, evenly, method="inverted_cdf")  # evenly, so that luck adds no error
    simulated = fitted.live(histories, counts, seed)
    card = Card(
        source=str(dataset.info.get("source", "unknown")),
        data=fingerprint(dataset),
        protocol=parts.description,
        people=users.size,
        events=len(held),
        marginals=tuple(_marginals(held, simulated, histories, fitted, early, seed)),
        likelihood=_likelihood(held, histories, fitted, early, judged, seed),
        weights={**dict(zip(FEATURES, fitted.choice.weights.tolist(), strict=True)), "wander": fitted.choice.wander},
        gaps=_gaps(log, dataset),
        seed=seed,
    )
    names, ids = dataset.events["user_id"].unique(maintain_order=True).to_list(), dataset.catalog.item_ids
    known = {**parts.fit.histories(), **past}
    return fitted.remembering({names[user]: tuple(ids[row] for row in known[user].tolist()) for user in known}), card


def _afforded(held: Lived, most: int, seed: int) -> tuple[Ints, Lived]:
    """Users and their events, users counted from 0; some are left out where there are too many events."""
    users, counts = np.unique(held.user, return_counts=True)
    order = np.random.default_rng([seed, 2]).permutation(users.size)
    kept = np.sort(users[order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), most)) + 1)]])
    part = held.where(np.isin(held.user, kept))
    return kept, replace(part, user=np.searchsorted(kept, part.user))


@dataclass(frozen=True)
class Measured:
    """One marginal of some people before it is compared: shares over bins, or values where there are no bins."""

    name: str
    unit: str
    values: Doubles
    bins: tuple[str, ...] = ()

    def error(self, other: Measured) -> float:
        """How far other people are from these."""
        return (total_variation if self.bins else wasserstein)(self.values, other.values)

    def summary(self) -> tuple[float, ...]:
        """Shares as they are, values by their deciles' middles; zeros of nobody."""
        if self.bins:
            return tuple(self.values.tolist())
        return tuple(np.percentile(self.values, LEVELS).tolist()) if self.values.size else (0.0,) * len(LEVELS)


LEVELS = tuple(range(5, 100, 10))
RANKS = (10, 30, 100, 300)


def total_variation(first: Doubles, second: Doubles) -> float:
    """Half the sum of absolute differences of two vectors of shares."""
    return float(np.abs(first - second).sum() / 2)


def wasserstein(real: Doubles, other: Doubles) -> float:
    """1-Wasserstein distance in units of the real values' mean distance from their median.

    0 where both are empty or equal, inf where only one is empty or the real values do not vary.
    """
    from scipy.stats import wasserstein_distance

    if not real.size or not other.size:
        return 0.0 if real.size == other.size else float("inf")
    distance, spread = float(wasserstein_distance(real, other)), float(np.abs(real - np.median(real)).mean())
    return distance / spread if spread > 0 else 0.0 if distance == 0 else float("inf")


def _marginals(
    real: Lived, simulated: Lived, histories: Sequence[Ints], fitted: LogPeople, early: Ints, seed: int
) -> list[Marginal]:
    """Simulated against real, and one half of the real people against the other. Users are rows of histories."""
    half = np.random.default_rng([seed, 3]).permutation(len(histories)) < len(histories) // 2
    everyone = (real, simulated, real.where(half[real.user]), real.where(~half[real.user]))
    found = []
    for mine, theirs, one, two in zip(*(_measure(each, histories, fitted, early) for each in everyone), strict=True):
        at = mine.bins or tuple(f"{level} %" for level in LEVELS)
        error, floor = mine.error(theirs), one.error(two)
        found.append(Marginal(mine.name, mine.unit, error, floor, at, mine.summary(), theirs.summary()))
    return found


def _measure(log: Lived, histories: Sequence[Ints], fitted: LogPeople, early: Ints) -> list[Measured]:
    """All marginals that the data allow."""
    active = np.unique(log.user, return_counts=True)[1]
    found = [
        Measured("activity", "log10 events of a person", np.log10(active)),
        Measured("popularity", "share of events", *_popularity(log, early)),
        Measured("concentration", "share of events", *_concentration(log)),
    ]
    if len(log.kinds) > 1:
        found.append(Measured("kinds of event", "share of events", _shares(log.kind, len(log.kinds)), log.kinds))
    if any(values.size for values in fitted.outcomes.values):
        found.append(_values(log, fitted))
    if fitted.repeats:
        again = _shares(_again(log, histories).astype(np.int64), 2)
        found.append(Measured("repeats", "share of events", again, ("new", "again")))
    if (sorts := labels(fitted.catalog)) is not None:
        found.append(Measured(f"spread over {sorts[0]}", "bits of a person", _spread(log, sorts[1])))
    if (places := fitted.outcomes.positions.size) > 0:
        shares = _shares(log.position[log.position >= 0].clip(max=places - 1), places)
        found.append(Measured("position", "share of events", shares, tuple(str(place + 1) for place in range(places))))
    return found


def _shares(values: Ints, count: int) -> Doubles:
    found: Doubles = np.bincount(values, minlength=count) / max(values.size, 1)
    return found


def _popularity(log: Lived, counts: Ints) -> tuple[Doubles, tuple[str, ...]]:
    """Events by the popularity of their item before the cut: tenths of all events, and items that were new."""
    order = np.argsort(-counts, kind="stable")
    tenth = np.empty(counts.size, np.int64)
    before = np.cumsum(counts[order]) - counts[order]
    tenth[order] = np.floor(10 * before / counts.sum()).clip(max=9)
    tenth[counts == 0] = 10
    return _shares(tenth[log.item], 11), (*(f"tenth {number + 1}" for number in range(10)), "new")


def _concentration(log: Lived, events: int = 2000) -> tuple[Doubles, tuple[str, ...]]:
    """Events by the rank of their item among these events, of which equally many are looked at everywhere."""
    drawn = np.random.default_rng(0).permutation(log.item)[:events]
    counts = np.sort(np.unique(drawn, return_counts=True)[1])[::-1]
    rank = np.repeat(np.searchsorted(RANKS, np.arange(counts.size), side="right"), counts)
    return _shares(rank, len(RANKS) + 1), (*(f"top {rank}" for rank in RANKS), "rest")


def _values(log: Lived, fitted: LogPeople) -> Measured:
    """Ratings by level where there are few, else the logarithm of dwell."""
    known = np.unique(np.concatenate(fitted.outcomes.values))
    values = log.value[np.isfinite(log.value)]
    if known.size <= 20:
        nearest = np.abs(values[:, None] - known).argmin(1)
        return Measured("values", "share of events", _shares(nearest, known.size), tuple(f"{v:g}" for v in known))
    return Measured("values", "log10 (1 + value)", np.log10(1 + values.clip(0)))


def _again(log: Lived, histories: Sequence[Ints]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each event is on an item that its person had chosen before."""
    seen = [set(history.tolist()) for history in histories]
    found = np.zeros(len(log), bool)
    for at, (user, item) in enumerate(zip(log.user.tolist(), log.item.tolist(), strict=True)):
        found[at] = item in seen[user]
        seen[user].add(item)
    return found


def _spread(log: Lived, sorts: Sequence[Sequence[str]]) -> Doubles:
    """Entropy of the labels of each person's first events, in bits; people with fewer than 5 are left out."""
    found = []
    for items in log.histories().values():
        names = [name for item in items[:FIRST].tolist() for name in sorts[item]]
        if items.size >= 5 and names:
            share = np.unique(names, return_counts=True)[1] / len(names)
            found.append(float(-(share * np.log2(share)).sum()))
    return np.array(found)


def _likelihood(
    held: Lived, histories: Sequence[Ints], fitted: LogPeople, early: Ints, judged: int, seed: int
) -> Likelihood:
    """Each judged event after all that its person really did before it."""
    import torch
    from scipy.special import logsumexp

    at = np.sort(np.random.default_rng([seed, 4]).permutation(len(held))[:judged])
    starts = np.searchsorted(held.user, held.user[at])
    model, popular, blind = [], [], []
    common = np.log(early + 1)
    for begin in range(0, at.size, BLOCK):
        events = at[begin : begin + BLOCK]
        past = [
            np.concatenate([histories[held.user[event]], held.item[start:event]])
            for start, event in zip(starts[begin : begin + BLOCK], events, strict=True)
        ]
        chances, each, chosen = fitted.log_chances(past), np.arange(events.size), held.item[events]
        allowed = np.isfinite(chances)
        model.append(chances[each, chosen])
        popular.append(common[chosen] - logsumexp(np.where(allowed, common, -np.inf), axis=1))
        blind.append(-np.log(allowed.sum(1)))
    mine, common_sense, chance = (torch.from_numpy(np.concatenate(parts)) for parts in (model, popular, blind))
    gain = difference_interval(mine, max(common_sense, chance, key=lambda each: float(each.mean())), seed=seed)
    return Likelihood(float(mine.mean()), float(common_sense.mean()), float(chance.mean()), at.size, gain)


def _gaps(log: Lived, dataset: Dataset) -> tuple[str, ...]:
    """What this simulator cannot know from this log."""
    gaps = [
        "what people say and what made items are worth to them: it knows the items of the catalogue only",
        "how often nothing is chosen: the log holds choices, not what was passed over",
    ]
    if (log.position < 0).all():
        gaps.append("where on a slate a choice stood: the log has no positions")
    if not np.isfinite(log.value).any():
        gaps.append("ratings and dwell: the log has no values")
    if not log.timed:
        gaps.append("when things happened: the log has an order but not all times, and was cut by place in histories")
    if not dataset.repeats:
        gaps.append("repeats: this data set does not offer what was chosen before")
    if labels(dataset.catalog) is None:
        gaps.append("spread over sorts: no field of the catalogue says what sort an item is of")
    return tuple(gaps)
