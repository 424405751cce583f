"""Whether what people do has moved away from what the serving version learned: two plain questions with thresholds.

*What is used.* Items in ten groups of equal use, the most used first, and an eleventh of what nobody had used: the
population stability index between the time since the version's newest training event and as long before. An index of
0.1 is commonly read as a shift worth a look, 0.25 as a large one. Young logs show an index by chance alone, the more so
the fewer events there are, so that chance is measured and taken off: the stretches of people's events before and after
are dealt out anew, whole, and the groups made anew each time. It fires above `level` beyond chance and at p < 1 %.

*How well it is met.* Of what people used within a while of being shown items of the version, how much was among what
they were shown: the online counterpart of the recall at 10 that the version promised when it was judged. Being shown
something makes its use likelier, so that a sound version keeps its promise; it fires when the whole 99 % interval lies
below the part `kept` of the promise. People, not events, are resampled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.errors import UsageError
from generec.serving.store import Store
from generec.serving.store.dataset import stream
from generec.serving.store.models import ModelVersion

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """How far what is used has moved. index: beyond chance; p: how often chance alone does as much."""

    index: float
    chance: float
    p: float
    before: int  # events
    after: int
    fires: bool


@dataclass(frozen=True)
class Promise:
    """How well the version is found to keep what it promised."""

    promised: float
    rate: float
    low: float
    high: float
    people: int
    fires: bool


@dataclass(frozen=True)
class Drift:
    """Both answers; None where too little is known for one. reason: in words."""

    used: Shift | None
    met: Promise | None
    reason: str

    @property
    def fires(self) -> bool:
        return bool((self.used and self.used.fires) or (self.met and self.met.fires))

    def document(self) -> dict[str, Any]:
        return {"fires": self.fires, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class Drifting:
    """Looks for drift."""

    groups: int = 10
    level: float = 0.1
    """Population stability index beyond chance above which what is used has moved."""
    draws: int = 199
    least: int = 200
    """Events on either side, and people who were shown something, that an answer needs."""
    kept: float = 0.8
    """Part of the promise that must be kept."""
    within: int = 24 * 3600
    """Seconds after an impression in which a use counts."""
    shown: int = 10
    """Items last shown that count."""
    seed: int = 0

    def look(self, store: Store, tenant: str) -> Drift:
        """Raises UsageError where no version serves."""
        serving = store.models.active(tenant)
        if serving is None:
            raise UsageError("no model is active in this store; there is nothing to have drifted from")
        used, met = self._used(store, tenant, serving), self._met(store, tenant, serving)
        return Drift(used, met, "; ".join([_told_shift(used, self), _told_promise(met, self)]))

    def shift(self, items: Ints, people: Ints, after: NDArray[np.bool_]) -> Shift | None:
        """How far use has moved between two times: items, people and side of E events, (E,) each."""
        late = int(after.sum())
        if min(late, after.size - late) < self.least:
            return None
        _, stretch = np.unique(people * 2 + after, return_inverse=True)  # what a person did on one side
        side = np.zeros(int(stretch.max()) + 1, bool)
        side[stretch] = after
        generator = np.random.default_rng(self.seed)
        seen = self._index(items, after)
        dealt = np.array([self._index(items, generator.permutation(side)[stretch]) for _ in range(self.draws)])
        chance = float(dealt.mean())
        p = float((1 + (dealt >= seen).sum()) / (1 + self.draws))
        return Shift(seen - chance, chance, p, after.size - late, late, seen - chance > self.level and p < 0.01)

    def _index(self, items: Ints, after: NDArray[np.bool_]) -> float:
        """The population stability index of the groups that the time before makes."""
        before = np.bincount(items[~after], minlength=int(items.max()) + 1)
        order = np.argsort(-before, kind="stable")
        reached = np.cumsum(before[order])
        group = np.empty(before.size, np.int64)
        group[order] = np.minimum((reached - before[order]) * self.groups // max(int(reached[-1]), 1), self.groups - 1)
        group[before == 0] = self.groups
        now = np.bincount(items[after], minlength=before.size)
        was = np.bincount(group, weights=before, minlength=self.groups + 1) + 0.5
        are = np.bincount(group, weights=now, minlength=self.groups + 1) + 0.5
        was, are = was / was.sum(), are / are.sum()
        return float(((are - was) * np.log(are / was)).sum())

    def _used(self, store: Store, tenant: str, serving: ModelVersion) -> Shift | None:
        moment = serving.figures.get("seen_until")
        if moment is None:
            return None
        rows = _rows(store, tenant)
        if not rows.height:
            return None
        newest = int(rows["time"].to_numpy().max())
        rows = rows.filter(pl.col("time") > 2 * int(moment) - newest)  # as long before as after: stretches compare
        codes = rows["item_id"].cast(pl.Categorical).to_physical().cast(pl.Int64).to_numpy()
        after = (rows["time"] > int(moment)).to_numpy()
        return self.shift(codes, rows["person"].cast(pl.Int64).to_numpy(), after)

    def _met(self, store: Store, tenant: str, serving: ModelVersion) -> Promise | None:
        promised = serving.figures.get("promised", {}).get("recall@10")
        if promised is None:
            return None
        shown = _rows(store, tenant, kinds=("impression",), since=serving.created, model=serving.version)
        if shown["person"].n_unique() < self.least:
            return None
        return self.promise(_hits(shown, _rows(store, tenant, since=serving.created), self), float(promised))

    def promise(self, hits: Mapping[int, tuple[int, int]], promised: float) -> Promise | None:
        """hits: by person, how many uses were among what was shown, and how many uses there were."""
        if len(hits) < self.least:
            return None
        found, asked = (np.array(column, np.float64) for column in zip(*hits.values(), strict=True))
        generator = np.random.default_rng(self.seed)
        weights = generator.multinomial(found.size, np.full(found.size, 1 / found.size), size=1_000).astype(np.float64)
        low, high = np.quantile(weights @ found / (weights @ asked), (0.005, 0.995)).tolist()
        rate = float(found.sum() / asked.sum())
        return Promise(promised, rate, low, high, found.size, high < self.kept * promised)


def _rows(
    store: Store, tenant: str, *, kinds: tuple[str, ...] | None = None, since: int | None = None,
    model: str | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Events as columns: person, item_id and time; of one version where it is named."""
    from generec.data.split import NEGATIVE_EVENTS

    parts = [pl.DataFrame(schema={"person": pl.UInt32, "item_id": pl.String, "time": pl.Int64})]
    for told in stream(store, tenant, ("item_id", "time", "kind", "model"), kinds=kinds, since=since):
        rows = told.rows if model is None else told.rows.filter(pl.col("model") == model)
        if kinds is None:
            rows = rows.filter(~pl.col("kind").is_in(list(NEGATIVE_EVENTS)))
        parts.append(rows.select("person", "item_id", "time"))
    return pl.concat(parts)


def _hits(shown: pl.DataFrame, used: pl.DataFrame, settings: Drifting) -> dict[int, tuple[int, int]]:
    """By person: uses within a while of an impression, and how many of them were of the items last shown before."""
    both = pl.concat([shown.with_columns(use=False), used.with_columns(use=True)])
    found: dict[int, tuple[int, int]] = {}
    person, last = -1, deque[tuple[str, int]](maxlen=settings.shown)
    for who, item, when, use in both.sort("person", "time", "use", maintain_order=True).iter_rows():
        if who != person:
            person, last = who, deque(maxlen=settings.shown)
        if not use:
            last.append((item, when))
            continue
        recent = [one for one, moment in last if when - moment <= settings.within]
        if recent:
            hits, uses = found.get(who, (0, 0))
            found[who] = hits + (item in recent), uses + 1
    return found


def _told_shift(shift: Shift | None, settings: Drifting) -> str:
    if shift is None:
        return "too few events before or after the serving version's training to compare what is used"
    return (
        f"what is used has {'moved' if shift.fires else 'not moved'}: population stability index {shift.index:.3f} "
        f"beyond chance (p = {shift.p:.3f}, the threshold is {settings.level:g}), {shift.before:,} events before and "
        f"{shift.after:,} after"
    )


def _told_promise(promise: Promise | None, settings: Drifting) -> str:
    if promise is None:
        return "too few people were shown what the serving version recommends to say whether it keeps its promise"
    return (
        f"the promise is {'broken' if promise.fires else 'kept'}: {promise.rate:.3f} of what was used had been shown "
        f"({promise.low:.3f} to {promise.high:.3f}, {promise.people:,} people), promised {promise.promised:.3f}, of "
        f"which {settings.kept:.0%} is asked"
    )
