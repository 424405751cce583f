"""What happens when a quantiser gives several items the same code tuple: each item still gets an ID of its own.

Both rules are deterministic: the item with the lower row keeps its place, and IDs that exist never change.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from generec.errors import InputError
from generec.types import SemanticIds

Codes = tuple[int, ...]


class Quantizer(Protocol):
    """Features to code tuples that need not be distinct."""

    @property
    def sizes(self) -> tuple[int, ...]: ...
    def codes(self, features: Tensor) -> Tensor: ...  # (n, D) -> (n, L) int64
    def costs(self, feature: Tensor, prefix: Codes) -> Tensor: ...  # (D,) -> (K,) squared distance of each next code
    def vectors(self, codes: Tensor) -> Tensor: ...  # (n, L) -> (n, D) what codes stand for
    def state(self) -> dict[str, Tensor]: ...


class Collisions(Protocol):
    """A rule that makes code tuples distinct."""

    def sizes(self, raw: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...]: ...
    def place(self, quantizer: Quantizer, features: Tensor, raw: Tensor, taken: SemanticIds) -> Tensor: ...


def resolve(rule: Collisions, quantizer: Quantizer, features: Tensor, raw: Tensor) -> SemanticIds:
    """Distinct IDs of the items that a tokenizer is fitted on, from raw codes (N, L)."""
    sizes = rule.sizes(raw, quantizer.sizes)
    nothing = SemanticIds(torch.empty(0, len(sizes), dtype=torch.int64), sizes)
    ids = SemanticIds(rule.place(quantizer, features, raw, nothing), sizes)
    check_distinct(ids.codes)
    return ids


def check_distinct(codes: Tensor) -> None:
    """Raises InputError when two rows of (N, L) codes are equal."""
    _, counts = torch.unique(codes, dim=0, return_counts=True)
    sharing = int(counts[counts > 1].sum())
    if sharing:
        raise InputError(
            f"{sharing} of {len(codes)} items share a semantic ID; "
            "append a disambiguation level (collisions.AppendLevel) or move them (collisions.Reassign)"
        )


@dataclass(frozen=True, kw_only=True)
class AppendLevel:
    """One more level numbers the items of a leaf (TIGER, Rajput et al. 2023, section 3.1).

    Deviation: the level has room for items that come later, and an item whose leaf is full goes to the nearest leaf
    that is not, as Reassign does.
    """

    size: int | None = None
    """Items a leaf can hold; None gives the fullest leaf of the fit `room` more places."""
    room: int = 16

    def sizes(self, raw: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...]:
        fullest = int(torch.unique(raw, dim=0, return_counts=True)[1].max()) if len(raw) else 0
        return (*sizes, self.size or fullest + self.room)

    def place(self, quantizer: Quantizer, features: Tensor, raw: Tensor, taken: SemanticIds) -> Tensor:
        """(n, D), (n, L) -> (n, L + 1)."""
        leaves, numbers = taken.codes[:, :-1].tolist(), taken.codes[:, -1].tolist()
        tree = _Tree(quantizer.sizes, taken.sizes[-1], leaves)
        used: dict[Codes, set[int]] = {}
        for leaf, number in zip(leaves, numbers, strict=True):
            used.setdefault(tuple(leaf), set()).add(number)
        placed = []
        for leaf in tree.place(quantizer, features, raw):
            own = used.setdefault(leaf, set())
            number = len(own)
            while number in own:  # only where numbers of this leaf were not given in order
                number = (number + 1) % taken.sizes[-1]
            own.add(number)
            placed.append((*leaf, number))
        return _table(placed, taken.levels)


@dataclass(frozen=True, kw_only=True)
class Reassign:
    """An item whose leaf is taken moves to the nearest free one; IDs keep their length.

    It keeps as many of its first codes as it can: first the last code changes, by order of distance, and where every
    leaf under those codes is taken, the code before, and so on. (LC-Rec, Zheng et al. 2024, instead spreads the items
    over the last level by optimal transport.)
    """

    def sizes(self, raw: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...]:
        return sizes

    def place(self, quantizer: Quantizer, features: Tensor, raw: Tensor, taken: SemanticIds) -> Tensor:
        """(n, D), (n, L) -> (n, L)."""
        tree = _Tree(quantizer.sizes, 1, taken.codes.tolist())
        return _table(tree.place(quantizer, features, raw), taken.levels)


@dataclass(frozen=True, kw_only=True)
class Refuse:
    """Collisions are an error: for codes that are known to be distinct."""

    def sizes(self, raw: Tensor, sizes: tuple[int, ...]) -> tuple[int, ...]:
        return sizes

    def place(self, quantizer: Quantizer, features: Tensor, raw: Tensor, taken: SemanticIds) -> Tensor:
        check_distinct(torch.cat([taken.codes, raw]))
        return raw


class _Tree:
    """How many items stand under each prefix, and which prefixes are full."""

    def __init__(self, sizes: tuple[int, ...], capacity: int, leaves: Sequence[Sequence[int]]):
        self.sizes = sizes
        self.capacities = [capacity * math.prod(sizes[depth:]) for depth in range(len(sizes) + 1)]
        self.counts: Counter[Codes] = Counter()
        for leaf in leaves:
            self.add(tuple(leaf))

    def add(self, leaf: Codes) -> None:
        for depth in range(len(leaf) + 1):
            self.counts[leaf[:depth]] += 1

    def full(self, prefix: Codes) -> bool:
        return self.counts[prefix] >= self.capacities[len(prefix)]

    def place(self, quantizer: Quantizer, features: Tensor, raw: Tensor) -> list[Codes]:
        """A leaf with room for every item: its own where possible; the others follow once all of those stand."""
        leaves: list[Codes] = [tuple(codes) for codes in raw.tolist()]
        crowded = []
        for row, leaf in enumerate(leaves):
            if self.full(leaf):
                crowded.append(row)
            else:
                self.add(leaf)
        for row in crowded:
            leaves[row] = self.nearest_free(quantizer, features[row], leaves[row])
            self.add(leaves[row])
        return leaves

    def nearest_free(self, quantizer: Quantizer, feature: Tensor, leaf: Codes) -> Codes:
        if self.full(()):
            raise InputError(
                f"all {self.capacities[0]} semantic IDs of sizes {self.sizes} are taken; "
                "fit the tokenizer again with more levels or larger codebooks"
            )
        prefix = next(leaf[:depth] for depth in range(len(leaf) - 1, -1, -1) if not self.full(leaf[:depth]))
        while len(prefix) < len(leaf):
            order = quantizer.costs(feature, prefix).argsort(stable=True).tolist()
            prefix = next((*prefix, code) for code in order if not self.full((*prefix, code)))
        return prefix


def _table(codes: Sequence[Codes], levels: int) -> Tensor:
    return torch.tensor(codes, dtype=torch.int64).reshape(len(codes), levels)
