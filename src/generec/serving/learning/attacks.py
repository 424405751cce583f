"""Fake people who push an item, as the literature has them, to measure what a defence is worth.

Every fake person uses the pushed items among fillers that make them look like somebody (Lam and Riedl 2004; Mobasher et
al. 2007). In a log without ratings the average attack draws its fillers as often as everybody uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.dataset import EVENT_SCHEMA, item_rows
from generec.errors import UsageError
from generec.evaluation.measures import category_table
from generec.types import Catalog, Dataset

Ints = NDArray[np.int64]


class Fillers(Protocol):
    """Which other items fake people use. counts (N,): how often each is used; target: a row of the catalogue."""

    def pick(self, counts: Ints, catalog: Catalog, target: int, size: int, generator: np.random.Generator) -> Ints: ...


@dataclass(frozen=True, kw_only=True)
class RandomFillers:
    """Any items."""

    def pick(self, counts: Ints, catalog: Catalog, target: int, size: int, generator: np.random.Generator) -> Ints:
        return generator.choice(counts.size, min(size, counts.size), replace=False)


@dataclass(frozen=True, kw_only=True)
class AverageFillers:
    """Items in proportion to how often they are used."""

    def pick(self, counts: Ints, catalog: Catalog, target: int, size: int, generator: np.random.Generator) -> Ints:
        size = min(size, int((counts > 0).sum()))
        return generator.choice(counts.size, size, replace=False, p=counts / counts.sum())


@dataclass(frozen=True, kw_only=True)
class BandwagonFillers:
    """The most used items, so that many people meet the pushed one."""

    pool: int = 30

    def pick(self, counts: Ints, catalog: Catalog, target: int, size: int, generator: np.random.Generator) -> Ints:
        top = np.argsort(-counts, kind="stable")[: self.pool]
        return generator.choice(top, min(size, top.size // 2), replace=False)


@dataclass(frozen=True, kw_only=True)
class SegmentFillers:
    """The most used items of the pushed one's categories, so that those meet it who like its kind."""

    pool: int = 30

    def pick(self, counts: Ints, catalog: Catalog, target: int, size: int, generator: np.random.Generator) -> Ints:
        table = category_table(catalog)
        if table is None:
            raise UsageError("a segment needs categories; the catalogue has none")
        kin = (table @ table[target]).numpy() * (1 + counts / (counts.max() + 1))  # kinship first, then use
        near = np.argsort(-kin, kind="stable")[: self.pool]
        return generator.choice(near, min(size, near.size // 2), replace=False)


@dataclass(frozen=True)
class Attacked:
    """A data set with fake people in it."""

    data: Dataset
    targets: tuple[str, ...]
    fakes: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """So many fake people as a share of the real ones, who come within the last part of the log.

    Their histories are as long as real ones and end with nothing in particular: the pushed items stand anywhere.
    """

    fillers: Fillers
    share: float = 0.02
    window: float = 0.1
    """Part of the log's time, the last, in which fakes begin; 1 is an attack as old as the log."""
    haste: float = 0.05
    """Part of the log's time that one fake person takes."""
    targets: int = 1
    seed: int = 0

    def on(self, data: Dataset) -> Attacked:
        """Pushes items that few people use."""
        generator = np.random.default_rng(self.seed)
        rows = item_rows(data.events["item_id"], data.catalog).to_numpy()
        counts = np.bincount(rows, minlength=len(data.catalog)).astype(np.int64)
        lengths = data.events.group_by("user_id", maintain_order=True).len()["len"].to_numpy()
        targets = self._cold(counts, generator)
        times = data.events["timestamp"].to_numpy()
        low, high = int(times.min()), int(times.max())
        fakes: list[tuple[str, str, int]] = []
        for number in range(round(self.share * lengths.size)):
            size = max(3, int(generator.choice(lengths)))
            fillers = self.fillers.pick(counts, data.catalog, int(targets[0]), size, generator)
            used = generator.permutation(np.unique(np.concatenate([fillers, targets])))
            begin = high - generator.uniform(0, self.window) * (high - low)
            end = min(float(high), begin + self.haste * (high - low))
            moments = np.sort(generator.uniform(begin, end, used.size)).astype(np.int64)
            name = f"person-{generator.integers(2**40):x}-{number}"
            fakes += [
                (name, data.catalog.item_ids[row], when) for row, when in zip(used, moments.tolist(), strict=True)
            ]
        return self._joined(data, fakes, targets)

    def _cold(self, counts: Ints, generator: np.random.Generator) -> Ints:
        """Items of the least used fifth of those that are used."""
        order = np.argsort(counts, kind="stable")
        used = order[counts[order] > 0]
        return generator.choice(used[: max(self.targets, used.size // 5)], self.targets, replace=False)

    def _joined(self, data: Dataset, fakes: list[tuple[str, str, int]], targets: Ints) -> Attacked:
        kind = data.events["event"][0]
        rows = [(user, item, when, kind, None, None) for user, item, when in fakes]
        made = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
        if "source" in data.events.columns:
            made = made.with_columns(source=pl.lit("human"))
        events = pl.concat([data.events, made.select(data.events.columns)])
        names = frozenset(user for user, _, _ in fakes)
        return Attacked(replace(data, events=events), tuple(data.catalog.item_ids[row] for row in targets), names)
