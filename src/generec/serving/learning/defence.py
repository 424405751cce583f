"""What keeps a few fake people from deciding what everybody sees: nobody counts without limit, and pushes are noticed.

A push is seen at the item that is pushed: whoever was paid to use it has nothing else in common with its other users,
or far too much, or came the moment that it began (target item analysis, after Zhou et al. 2016). One odd person proves
nothing; an item whose audience is mostly odd loses the odd part of it. Honest people who are taken for fakes, as those
may be who were all shown the same list, lose no more than that. Who pushes and has a history that is noise goes as a
whole. How much somebody does is no sign: heavy users count, up to a limit (influence limits, after Resnick and Sami
2007).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.dataset import item_rows
from generec.data.split import NEGATIVE_EVENTS
from generec.types import Dataset

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Audiences:
    """Who used what, each pair once. U people, N items, P pairs."""

    people: Ints  # (P,) ascending
    items: Ints  # (P,)
    first: Ints  # (U,) UTC seconds at which each person was first seen
    shape: tuple[int, int]  # U, N

    @staticmethod
    def of(data: Dataset) -> tuple[Audiences, Ints]:
        """The audiences of a data set, and the person of each of its events (E,)."""
        numbered = data.events["user_id"].rle_id().cast(pl.Int64)
        items = item_rows(data.events["item_id"], data.catalog)
        used = pl.DataFrame({"person": numbered, "item": items, "time": data.events["timestamp"]})
        used = used.filter(~data.events["event"].is_in(list(NEGATIVE_EVENTS)))
        pairs = used.select("person", "item").unique(maintain_order=True)
        people = numbered.n_unique()
        first = np.full(people, data.events["timestamp"].to_numpy().max(initial=0))
        np.minimum.at(first, used["person"].to_numpy(), used["time"].to_numpy())
        shape = (people, len(data.catalog))
        return Audiences(pairs["person"].to_numpy(), pairs["item"].to_numpy(), first, shape), numbered.to_numpy()

    @cached_property
    def used(self) -> Any:
        """Who used what, (U, N) of 0 and 1 (scipy CSR)."""
        from scipy.sparse import csr_matrix

        return csr_matrix((np.ones(self.people.size), (self.people, self.items)), shape=self.shape)

    @cached_property
    def sizes(self) -> Ints:
        """People by item, (N,)."""
        return np.bincount(self.items, minlength=self.shape[1])

    @cached_property
    def lengths(self) -> Ints:
        """Items by person, (U,)."""
        return np.bincount(self.people, minlength=self.shape[0])

    def each(self, least: int) -> Iterator[tuple[int, Ints]]:
        """Every item with at least so many people, and who they are."""
        columns = self.used.tocsc()
        for item in np.flatnonzero(self.sizes >= least).tolist():
            yield item, columns.indices[columns.indptr[item] : columns.indptr[item + 1]].astype(np.int64)


@dataclass(frozen=True)
class Found:
    """What a sign found: pushed items, and who pushes what (person * N + item)."""

    items: Ints
    pushes: Ints

    @staticmethod
    def of(pushers: dict[int, Ints], items: int) -> Found:
        """pushers: people by pushed item."""
        pushes = [people * items + item for item, people in pushers.items()]
        return Found(np.array(list(pushers), np.int64), np.concatenate([np.empty(0, np.int64), *pushes]))


class Sign(Protocol):
    """A way to notice that an item is pushed. noise: whether whoever pushes goes as a whole."""

    @property
    def name(self) -> str: ...
    @property
    def noise(self) -> bool: ...
    def look(self, audiences: Audiences) -> Found: ...


def surprise(hits: Doubles, sizes: Ints, share: Doubles | float) -> Doubles:
    """How many standard deviations more of an audience carry a mark than `share` of everybody does."""
    deviation = np.sqrt(np.maximum(share * (1 - np.asarray(share)), 1e-9) * np.maximum(sizes, 1))
    return np.asarray((hits - share * sizes) / deviation)


@dataclass(frozen=True, kw_only=True)
class Strangers:
    """Audiences of people whose own histories do not hang together: fillers drawn at random, or from the charts.

    A history hangs together where its items are used by the same other people: mean cosine of their collaborative
    vectors (truncated SVD) less that of the average item, ranked among histories of like length.
    """

    name: str = "strangers"
    noise: bool = True
    width: int = 32
    lowest: float = 0.05
    """Part of all people whose histories hang together least: the mark."""
    taken: float = 0.15
    """Of a pushed item's audience, those are left out who are among this part."""
    level: float = 8.0
    """Standard deviations, and as many times what is usual between items, that make an item a pushed one."""
    least: int = 8
    """People of an audience that says anything."""

    def look(self, audiences: Audiences) -> Found:
        rank, sizes = self._ranks(audiences), audiences.sizes
        asked = sizes >= self.least
        if rank is None or not asked.any():
            return Found.of({}, audiences.shape[1])
        marked = (rank < self.lowest).astype(np.float64)
        odd = surprise(audiences.used.T @ marked, sizes, self.lowest)
        usual = max(1.0, 1.4826 * float(np.median(np.abs(odd[asked] - np.median(odd[asked])))))
        pushed = set(np.flatnonzero(asked & (odd / usual >= self.level)).tolist())
        pushers = {
            item: people[rank[people] < self.taken] for item, people in audiences.each(self.least) if item in pushed
        }
        return Found.of(pushers, audiences.shape[1])

    def _ranks(self, audiences: Audiences) -> Doubles | None:
        """Where each person stands among those of like length, (U,) in (0, 1); None where there is too little."""
        from scipy.sparse import diags
        from scipy.sparse.linalg import svds

        used, lengths, sizes = audiences.used, audiences.lengths, audiences.sizes
        width = min(self.width + 1, min(audiences.shape) - 1)
        if width < 2 or not audiences.people.size:
            return None
        scaled = diags(1 / np.sqrt(np.maximum(lengths, 1))) @ used @ diags(1 / np.sqrt(np.maximum(sizes, 1)))
        _, values, rows = svds(scaled, k=width, random_state=0)
        order = np.argsort(-values)[1:]  # the first one says how much is used, not by whom
        vectors = (rows[order] * values[order, None]).T
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        vectors -= (sizes / sizes.sum()) @ vectors
        together, own = used @ vectors, used @ (vectors**2).sum(1)
        coherence = ((together**2).sum(1) - own) / np.maximum(lengths * (lengths - 1), 1)
        rank = np.full(audiences.shape[0], 0.5)
        asked = np.flatnonzero(lengths >= 3)
        for band in np.array_split(asked[np.argsort(lengths[asked], kind="stable")], 10):
            rank[band[np.argsort(coherence[band], kind="stable")]] = (np.arange(band.size) + 0.5) / max(band.size, 1)
        return rank


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Audiences of people whose histories are nearly the same without the item: fillers from a short list."""

    name: str = "copies"
    noise: bool = False
    alike: float = 0.4
    """Jaccard similarity of two histories from which on one is a copy of the other."""
    others: int = 3
    """Copies that make a person one of a group."""
    share: float = 0.25
    """Part of an audience in groups that makes an item a pushed one."""
    taken: float = 0.3
    """Similarity that makes a group where an item is pushed: those around its core go too."""
    lift: float = 3.0
    """Times what two histories of these lengths share by chance: that heavy users meet is nothing odd."""
    least: int = 8
    largest: int = 400
    """People of an audience who are compared; more are drawn at random."""

    def look(self, audiences: Audiences) -> Found:
        generator = np.random.default_rng(0)
        chance = float(((audiences.sizes / max(audiences.shape[0], 1)) ** 2).sum())
        mean = max(float(audiences.lengths.mean()), 1.0) if audiences.shape[0] else 1.0
        pushers = {}
        for item, members in audiences.each(self.least):
            drawn = members
            if members.size > self.largest:
                drawn = np.sort(generator.choice(members, self.largest, replace=False))
            similar = self._similarity(audiences, drawn, drawn, chance / mean**2)
            if (self._others(similar, self.alike) >= self.others).mean() < self.share:
                continue
            around = self._similarity(audiences, members, drawn, chance / mean**2)
            pushers[item] = members[self._others(around, self.taken) >= self.others]
        return Found.of(pushers, audiences.shape[1])

    def _similarity(self, audiences: Audiences, ours: Ints, theirs: Ints, chance: float) -> Doubles:
        """Of an item's people, the item left out; 0 where they share little. chance: for histories of length one."""
        shared = (audiences.used[ours] @ audiences.used[theirs].T).toarray() - 1
        long, other = (audiences.lengths[ours] - 1)[:, None], (audiences.lengths[theirs] - 1)[None, :]
        much = (shared >= 3) & (shared >= self.lift * chance * long * other) & (ours[:, None] != theirs[None, :])
        return np.where(much, shared / np.maximum(long + other - shared, 1), 0.0)

    def _others(self, similar: Doubles, alike: float) -> Ints:
        return np.asarray((similar >= alike).sum(1))


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """Audiences of people who were all first seen in the same stretch of time: accounts made for the purpose.

    Items that come out and are liked have an audience of newcomers too, but never of them alone.
    """

    name: str = "arrivals"
    noise: bool = False
    stretches: int = 50
    """Parts that the time of the log is cut into."""
    spans: tuple[int, ...] = (1, 3, 6)
    """Stretches in a row that may hold them."""
    level: float = 12.0
    """Standard deviations above what newcomers of that time are among everybody."""
    share: float = 0.7
    """Part of an audience that must have come then."""
    least: int = 8

    def look(self, audiences: Audiences) -> Found:
        pushers = {}
        came = self._stretch(audiences.first)
        everybody = np.bincount(came, minlength=self.stretches) / max(came.size, 1)
        for item, members in audiences.each(self.least):
            counts = np.bincount(came[members], minlength=self.stretches).astype(np.float64)
            for span in self.spans:
                found, share = (
                    np.convolve(counts, np.ones(span), "valid"),
                    np.convolve(everybody, np.ones(span), "valid"),
                )
                odd = np.where(found >= self.share * members.size, surprise(found, np.array(members.size), share), 0.0)
                then = int(odd.argmax())
                if odd[then] >= self.level:
                    pushers[item] = members[(came[members] >= then) & (came[members] < then + span)]
                    break
        return Found.of(pushers, audiences.shape[1])

    def _stretch(self, first: Ints) -> Ints:
        if not first.size:
            return first
        span = max(int(first.max() - first.min()), 1)
        return np.asarray(np.minimum((first - first.min()) * self.stretches // span, self.stretches - 1))


@dataclass(frozen=True)
class Cleaned:
    """A data set without pushes. found: items and people by sign; events: how many were left out."""

    data: Dataset
    items: tuple[str, ...]  # that are pushed
    people: frozenset[str]  # who push them
    noise: frozenset[str]  # those of them who were left out as a whole
    found: dict[str, tuple[int, int]]
    events: int

    def figures(self) -> dict[str, Any]:
        """For the record of a version; nobody is named."""
        signs = {name: {"items": items, "people": people} for name, (items, people) in self.found.items()}
        return {"items": list(self.items), "people": len(self.people), "noise": len(self.noise), "signs": signs,
                "events": self.events}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Defence:
    """Leaves out pushes, and what is beyond the limit of one person."""

    signs: tuple[Sign, ...] = field(default_factory=lambda: (Strangers(), Copies(), Arrivals()))
    most: int = 2_000
    """Events of one person that count, the newest."""
    again: int = 50
    """Events of one person on one item that count, the newest."""
    telling: int = 6
    """Items that somebody must have used to count where an item is pushed: less tells nobody apart."""

    def clean(self, data: Dataset) -> Cleaned:
        """The data set without those events; catalogue and order stay."""
        if data.events.is_empty():
            return Cleaned(data, (), frozenset(), frozenset(), {sign.name: (0, 0) for sign in self.signs}, 0)
        audiences, person = Audiences.of(data)
        width, found = audiences.shape[1], {sign: sign.look(audiences) for sign in self.signs}
        item = item_rows(data.events["item_id"], data.catalog).to_numpy()
        rows = _joined([one.items for one in found.values()])
        pushed = np.isin(item, rows) & (audiences.lengths[person] < self.telling)
        pushed |= np.isin(person * width + item, _joined([one.pushes for one in found.values()]))
        noise = _joined([one.pushes // width for sign, one in found.items() if sign.noise])
        events = self._newest(data.events.filter(pl.Series(~(pushed | np.isin(person, noise)))))
        figures = {sign.name: (one.items.size, np.unique(one.pushes // width).size) for sign, one in found.items()}
        people = data.events["user_id"]
        return Cleaned(
            replace(data, events=events), tuple(data.catalog.item_ids[row] for row in rows.tolist()),
            frozenset(people.filter(pl.Series(pushed))), frozenset(people.filter(pl.Series(np.isin(person, noise)))),
            figures, data.events.height - events.height,
        )  # fmt: skip

    def _newest(self, events: pl.DataFrame) -> pl.DataFrame:
        """The newest `most` of each person, and of those on one item the newest `again`; order stays."""
        later = pl.int_range(pl.len(), 0, -1)
        return events.filter((later.over("user_id") <= self.most) & (later.over("user_id", "item_id") <= self.again))


def _joined(parts: list[Ints]) -> Ints:
    return np.unique(np.concatenate([np.empty(0, np.int64), *parts]))
