"""Statistical people, fitted on a real log: what they choose next, how much they do, how they rate or dwell.

A choice is a mixture of two conditional logits over the catalogue (McFadden 1974): one on popularity, trend, recency,
likeness to what was chosen lately and ever, and what usually follows; one, now and then, on what is the same for
everybody. Weights are fitted the way they are used: on other people and at a later time than the item statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.errors import UsageError
from generec.records import Feedback, Turn
from generec.simulation.chance import Doubles, Ints
from generec.simulation.choice import Choice, fit_choice
from generec.simulation.lived import Lived, Mask, labels
from generec.types import Catalog

Floats = NDArray[np.float32]
FEATURES = (
    "popularity", "new to the log", "trend", "recency", "chosen together lately", "chosen together ever",
    "same sort lately", "same sort ever", "follows", "again",
)  # fmt: skip
FREE = 4
"""How many of them, from the first, are the same for everybody."""
BLOCK = 64
"""Histories scored at once: bounds memory at BLOCK x N x features."""


@dataclass(frozen=True, kw_only=True)
class LogModel:
    """How the people of a log are modelled."""

    factors: int = 32
    """Width of the vectors that say what is chosen together (truncated SVD)."""
    recent: int = 8
    """How many of the last choices likeness looks at; the latest counts most."""
    decay: float = 0.8
    few: int = 4
    """Somebody with a shorter history acts with the taste of another: lends the last choices of one of those known."""
    lent: int = 16
    smoothing: float = 1.0
    """Events that every item is taken to have had."""
    shrinkage: float = 5.0
    """Events of an item at which its own ratings count half."""
    inner: float = 0.7
    """Share of the events fitted on that item statistics see while the weights are fitted on later ones."""
    enough: int = 1000
    """Events that the last `span` must have for activity and outcomes to be taken from it, not from the whole log."""
    fit_events: int = 800
    """Choices on which the weights are fitted."""
    ridge: float = 1e-3
    seed: int = 0

    def fit(self, log: Lived, catalog: Catalog, repeats: bool, span: float, until: float) -> LogPeople:
        """Fits on a log before `until`. span: length of the time whose activity is to be imitated."""
        if np.unique(log.user).size < 4:
            raise UsageError(
                "people are fitted on the log of 4 people or more: some for item statistics, some for weights"
            )
        half = np.isin(log.user, np.random.default_rng(self.seed).permutation(np.unique(log.user))[::2])
        early = log.time < np.quantile(log.time, self.inner)
        choice = self._choice(log.where(~half), early[~half], self._items(log.where(half & early), catalog), repeats)
        late = log.where(log.time >= until - span)
        recent = late if len(late) >= self.enough else log
        return LogPeople(
            model=self,
            items=self._items(log, catalog),
            choice=choice,
            repeats=repeats,
            tastes=tuple(items[-self.lent :] for items in log.histories().values() if items.size >= self.few),
            activity=np.sort(np.unique(recent.user, return_counts=True)[1]),
            outcomes=Outcomes.fit(recent, len(catalog), self.shrinkage),
            catalog=catalog,
        )

    def _items(self, log: Lived, catalog: Catalog) -> ItemStatistics:
        from scipy import sparse

        n = len(catalog)
        counts = np.bincount(log.item, minlength=n).astype(np.float64)
        late = log.time >= np.quantile(log.time, 0.8)
        trend = np.log((np.bincount(log.item[late], minlength=n) + 1) / (late.mean() * counts + 1))
        together = np.diff(log.user, prepend=-1) == 0
        at = np.flatnonzero(together)
        follows = sparse.csr_matrix((np.ones(at.size, np.float32), (log.item[at - 1], log.item[at])), shape=(n, n))
        follows.data = np.log1p(follows.data)
        return ItemStatistics(
            counts=counts,
            static=np.stack([np.log(counts + self.smoothing), counts == 0, trend, _recency(log, catalog)], 1).astype(
                np.float32
            ),
            chosen=self._factors(log, n),
            sort=_sorts(catalog),
            follows=follows,
        )

    def _factors(self, log: Lived, n: int) -> Floats:
        """Unit vectors of items (zeros where nobody chose them): what is chosen by the same people points alike."""
        from scipy import sparse
        from scipy.sparse.linalg import svds

        _, user = np.unique(log.user, return_inverse=True)
        table = sparse.csr_matrix((np.ones(len(log)), (user, log.item)), shape=(int(user.max()) + 1, n))
        table.data[:] = 1
        damped = table @ sparse.diags(1 / np.sqrt(np.maximum(np.asarray(table.sum(0)).ravel(), 1)))
        width = min(self.factors, min(damped.shape) - 1)
        if width < 1:
            return np.zeros((n, 1), np.float32)
        _, strength, vectors = svds(damped, k=width, v0=np.ones(min(damped.shape)), return_singular_vectors="vh")
        return _unit(vectors.T * np.sqrt(strength))

    def _choice(self, log: Lived, early: Mask, items: ItemStatistics, repeats: bool) -> Choice:
        """Weights of the features by maximum likelihood over the whole catalogue, on events that are not early."""
        at = np.flatnonzero(~early)
        if not at.size:
            raise UsageError("half of the people did nothing in the later part of the log; a larger log is needed")
        at = np.sort(np.random.default_rng(self.seed).permutation(at)[: self._affordable(len(items.counts))])
        starts = np.searchsorted(log.user, log.user[at])
        histories = [log.item[start:end] for start, end in zip(starts, at, strict=True)]
        table = np.concatenate([self.features(histories[b : b + BLOCK], items) for b in range(0, at.size, BLOCK)])
        allowed = np.ones(table.shape[:2], bool) if repeats else ~(table[:, :, -1] > 0)
        allowed[np.arange(at.size), log.item[at]] = True
        return fit_choice(table, log.item[at], allowed, FREE, self.ridge)

    def _affordable(self, n: int) -> int:
        return max(50, min(self.fit_events, 40_000_000 // (n * len(FEATURES))))

    def features(self, histories: Sequence[Ints], items: ItemStatistics, lent: Sequence[int] = ()) -> Floats:
        """What speaks for every item after each history, (B, N, F); `again` is 1 for items of the history.

        lent: how many items, from the first, of each history are another's: they count for taste, not for `again`.
        """
        n, found = len(items.counts), np.zeros((len(histories), len(items.counts), len(FEATURES)), np.float32)
        found[:, :, :FREE] = items.static
        for column, part in ((4, items.chosen), (6, items.sort)):
            lately, ever = (np.zeros((len(histories), part.shape[1]), np.float32) for _ in range(2))
            for row, history in enumerate(histories):
                late = part[history[-self.recent :]]
                share = self.decay ** np.arange(len(late))[::-1].astype(np.float32)
                lately[row] = share @ late / max(float(share.sum()), 1e-9)
                ever[row] = part[history].sum(0) / max(history.size, 1)
            found[:, :, column], found[:, :, column + 1] = lately @ part.T, ever @ part.T
        known = np.flatnonzero([history.size for history in histories])
        if known.size:
            last = [int(histories[row][-1]) for row in known.tolist()]
            found[known, :, 8] = items.follows[last].toarray().reshape(known.size, n)
        for row, history in enumerate(histories):
            found[row, history[lent[row] if lent else 0 :], 9] = 1
        return found


@dataclass(frozen=True)
class ItemStatistics:
    """What a log says about N items."""

    counts: Doubles  # (N,)
    static: Floats  # (N, FREE) log popularity, whether nobody chose it, trend, recency
    chosen: Floats  # (N, d) unit vectors of what is chosen together
    sort: Floats  # (N, g) unit vectors of labels
    follows: Any  # scipy sparse (N, N): log(1 + how often the column followed the row)


@dataclass(frozen=True)
class Outcomes:
    """How a chosen item is taken: kinds of event, values, positions.

    A value is drawn on the scale of normal scores (item + person + noise) and read back through the quantiles of its
    kind, so that ratings and dwell are the same case.
    """

    kind_share: Floats  # (N, kinds)
    values: tuple[Doubles, ...]  # per kind, sorted; empty where it has none
    item_effect: Doubles  # (N,) in normal scores
    person_spread: float
    noise: float
    positions: Doubles  # share of each place; empty where positions are not known
    kinds: tuple[str, ...] = field(default=())

    @staticmethod
    def fit(log: Lived, n: int, shrinkage: float) -> Outcomes:
        from scipy.special import ndtri
        from scipy.stats import rankdata

        kinds = len(log.kinds)
        table = np.zeros((n, kinds))
        np.add.at(table, (log.item, log.kind), 1)
        overall = table.sum(0) / table.sum()
        share = (table + shrinkage * overall) / (table.sum(1, keepdims=True) + shrinkage)
        score, valued = np.zeros(len(log)), np.isfinite(log.value)
        values = []
        for kind in range(kinds):
            here = valued & (log.kind == kind)
            values.append(np.sort(log.value[here]))
            score[here] = ndtri(rankdata(log.value[here]) / (here.sum() + 1))
        z, item, user = score[valued], log.item[valued], log.user[valued]
        effect = np.bincount(item, weights=z, minlength=n) / (np.bincount(item, minlength=n) + shrinkage)
        left = z - effect[item]
        spread = _between(left, user)
        whole = float(np.var(z)) if z.size else 0.0
        noise = float(np.sqrt(max(whole - (np.var(effect[item]) if z.size else 0) - spread**2, 0.0)))
        places = np.bincount(log.position[log.position >= 0]).astype(np.float64)
        return Outcomes(
            share.astype(np.float32), tuple(values), effect, spread, noise, places / max(places.sum(), 1), log.kinds
        )

    def draw(self, person: Doubles, items: Ints, generator: np.random.Generator) -> tuple[Ints, Doubles, Ints]:
        """Kind, value and position of events. person: the normal score of each one's generosity."""
        from scipy.special import ndtr

        chance = generator.random(items.size)
        kind = (self.kind_share[items].cumsum(1) < chance[:, None]).sum(1).clip(max=len(self.kinds) - 1)
        score = self.item_effect[items] + self.person_spread * person
        whole = ndtr(score + self.noise * generator.standard_normal(items.size))
        value = np.full(items.size, np.nan)
        for number, known in enumerate(self.values):
            here = kind == number
            if known.size:
                value[here] = known[(whole[here] * known.size).astype(np.int64).clip(max=known.size - 1)]
        if not self.positions.size:
            return kind, value, np.full(items.size, -1)
        return kind, value, generator.choice(self.positions.size, items.size, p=self.positions)


@dataclass(frozen=True)
class LogPeople:
    """Fitted people. `live` makes them act freely, `choose` before slates, `respond` turn by turn."""

    model: LogModel
    items: ItemStatistics
    choice: Choice
    repeats: bool
    tastes: tuple[Ints, ...]  # last choices of people known
    activity: Ints  # events of active people within the span, sorted
    outcomes: Outcomes
    catalog: Catalog
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # histories of people by id, for `respond`
    seed: int = 0

    def log_chances(self, histories: Sequence[Ints], lent: Sequence[int] = ()) -> Doubles:
        """Log-probabilities of the next choice (B, N), -inf where an item may not be chosen. lent: see `features`."""
        table = self.model.features(histories, self.items, lent)
        allowed = np.ones(table.shape[:2], bool) if self.repeats else table[:, :, -1] == 0
        return self.choice.log_chances(table, allowed)

    def live(self, histories: Sequence[Ints], counts: Ints, seed: int = 0) -> Lived:
        """Lets people act: person u goes on from histories[u] for counts[u] events.

        Whoever has next to no history gets the taste of somebody known: else chance would make it for them.
        """
        generator = np.random.default_rng(seed)
        others = generator.integers(0, max(len(self.tastes), 1), len(histories)).tolist()
        new = [bool(self.tastes) and len(history) < self.model.few for history in histories]
        taste = [self.tastes[other].tolist() if is_new else [] for other, is_new in zip(others, new, strict=True)]
        past = [[*lent, *history] for lent, history in zip(taste, histories, strict=True)]
        rows: list[Ints] = []
        chosen: list[Ints] = []
        for step in range(int(counts.max(initial=0))):
            active = np.flatnonzero(counts > step)
            for begin in range(0, active.size, BLOCK):
                block = active[begin : begin + BLOCK]
                chances = self.log_chances(
                    [np.array(past[row], np.int64) for row in block], [len(taste[row]) for row in block]
                )
                picked = (chances + generator.gumbel(size=chances.shape)).argmax(1)
                for row, item in zip(block.tolist(), picked.tolist(), strict=True):
                    past[row].append(item)
                rows.append(block)
                chosen.append(picked)
        user = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        item = np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
        order = np.argsort(user, kind="stable")
        user, item = user[order], item[order]
        person = generator.standard_normal(len(histories))
        kind, value, position = self.outcomes.draw(person[user], item, generator)
        return Lived(user, item, np.zeros(user.size), kind, value, position, self.outcomes.kinds, False)

    def choose(self, histories: Sequence[Ints], slates: Ints, seed: int = 0) -> Ints:
        """Which place of its slate each person takes, -1 for none, (n,). slates (n, k): rows, -1 where shorter.

        A log of choices does not tell how often nothing is chosen: passing on weighs as much as k items drawn blindly,
        so that a blind slate is taken about half of the time.
        """
        generator, taken = np.random.default_rng(seed), []
        for begin in range(0, len(histories), BLOCK):
            shown = slates[begin : begin + BLOCK]
            chances = self.log_chances(histories[begin : begin + BLOCK])
            none = np.log(shown.shape[1] / np.isfinite(chances).sum(1).clip(1))
            on = np.where(shown >= 0, np.take_along_axis(chances, shown.clip(0), 1), -np.inf)
            drawn = np.concatenate([on, none[:, None]], axis=1)
            best = (drawn + generator.gumbel(size=drawn.shape)).argmax(1)
            taken.append(np.where(best == shown.shape[1], -1, best))
        return np.concatenate(taken) if taken else np.zeros(0, np.int64)

    def remembering(self, histories: Mapping[str, tuple[str, ...]]) -> LogPeople:
        """The same people with histories by id, so that `respond` knows who asks."""
        return replace(self, known=histories)

    def respond(self, turn: Turn) -> tuple[Feedback, ...]:
        """At most one click on a slate, skips above it. Knows items only: a created draft is never taken."""
        user = turn.guidance.user_id or ""
        ids = [candidate.item_id or "" for candidate in turn.slate]
        rows = np.array([self.catalog.known_rows([item_id])[:1] or [-1] for item_id in ids], np.int64).reshape(1, -1)
        if not ids:
            return ()
        history = np.array(self.catalog.known_rows(self.known.get(user, ())), np.int64)
        seed = int.from_bytes(f"{user}\0{turn.id}".encode(), "little") % 2**63 + self.seed
        place = int(self.choose([history], rows, seed)[0])
        _, value, _ = self.outcomes.draw(np.zeros(1), rows[0, [place]].clip(0), np.random.default_rng(seed + 1))
        looked = len(ids) if place < 0 else place + 1
        return tuple(
            Feedback(
                turn=turn.id,
                verdict="click" if at == place else "skip",
                user_id=turn.guidance.user_id,
                item_id=turn.slate[at].item_id,
                draft=draft.id if (draft := turn.slate[at].draft) else None,
                position=at,
                value=float(value[0]) if at == place and np.isfinite(value[0]) else None,
                source="simulated",
            )
            for at in range(looked)
        )


def _between(values: Doubles, group: Ints) -> float:
    """Standard deviation of the true means of groups, above what noise alone would give (method of moments)."""
    if not values.size:
        return 0.0
    _, at = np.unique(group, return_inverse=True)
    size = np.bincount(at)
    mean = np.bincount(at, weights=values) / size
    inside = float(((values - mean[at]) ** 2).sum() / max(values.size - size.size, 1))
    return float(np.sqrt(max(float(np.var(mean)) - inside * float((1 / size).mean()), 0.0)))


def _recency(log: Lived, catalog: Catalog) -> Doubles:
    """How new items are when the log ends: exp(-age in years), 1 for what is published later; 0 where nobody knows."""
    frame = catalog.frame
    name = next((name for name in ("published", "year") if name in frame.columns), None)
    if name is None or not log.timed:
        return np.zeros(len(catalog))
    column = frame[name]
    whole = column.dtype.is_integer()
    dates = frame.select(pl.date(name, 1, 1) if whole else pl.col(name).cast(pl.Date)).to_series()
    days = dates.cast(pl.Int32).cast(pl.Float64).fill_null(-np.inf).to_numpy()
    found: Doubles = np.exp(-((float(log.time.max()) / 86_400 - days) / 365.25).clip(0))
    return found


def _sorts(catalog: Catalog, most: int = 256) -> Floats:
    """Unit vectors of the labels of items, (N, g); one empty column where no field says the sort."""
    found = labels(catalog)
    if found is None:
        return np.zeros((len(catalog), 1), np.float32)
    names, counts = np.unique([name for each in found[1] for name in each], return_counts=True)
    kept = {name: column for column, name in enumerate(names[np.argsort(-counts, kind="stable")[:most]].tolist())}
    table = np.zeros((len(catalog), max(len(kept), 1)), np.float32)
    for row, each in enumerate(found[1]):
        table[row, [kept[name] for name in each if name in kept]] = 1
    return _unit(table)


def _unit(vectors: NDArray[Any]) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Floats = (vectors / np.where(length > 1e-12, length, 1)).astype(np.float32)
    return unit
