"""Semantic IDs without meaning: what a claim about meaning must be compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generec.errors import InputError, UsageError
from generec.protocols import FittedTokenizer, ItemTokenizer
from generec.tokenizers.quantized import ids_state, restored_ids
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events, SemanticIds


@dataclass(frozen=True, kw_only=True)
class Random:
    """Distinct code tuples drawn evenly, whatever the features. Draws come from torch's generator."""

    levels: int = 4
    size: int = 256

    def fit(self, features: Tensor, train: Events) -> FittedRandom:
        if self.levels < 1 or self.size < 1:
            raise UsageError(f"levels and size must be at least 1, got {self}")
        seed = int(torch.randint(2**31, ()))
        sizes = (self.size,) * self.levels
        nothing = SemanticIds(torch.empty(0, self.levels, dtype=torch.int64), sizes)
        return FittedRandom(SemanticIds(_drawn(len(features), nothing, seed), sizes), seed)

    def restore(self, state: Mapping[str, Tensor]) -> FittedRandom:
        return FittedRandom(restored_ids(state), int(state["seed"]))


@dataclass(frozen=True)
class FittedRandom:
    ids: SemanticIds
    seed: int

    def encode(self, features: Tensor, taken: SemanticIds) -> Tensor:
        return _drawn(len(features), taken, self.seed)

    def state(self) -> dict[str, Tensor]:
        return ids_state(self.ids) | {"seed": torch.tensor(self.seed)}


@dataclass(frozen=True, kw_only=True)
class Shuffled:
    """The IDs of another tokenizer, dealt out to the items at random: same tree, same code counts, no meaning.

    Later items get the other tokenizer's codes, which say nothing of the shuffled ones around them.
    """

    of: ItemTokenizer = field(default_factory=RQKMeans)

    def fit(self, features: Tensor, train: Events) -> FittedShuffled:
        tokenizer = self.of.fit(features, train)
        return FittedShuffled(tokenizer, torch.randperm(len(tokenizer.ids)))

    def restore(self, state: Mapping[str, Tensor]) -> FittedShuffled:
        own = {name.removeprefix("of."): value for name, value in state.items() if name.startswith("of.")}
        return FittedShuffled(self.of.restore(own), state["order"])


@dataclass(frozen=True)
class FittedShuffled:
    tokenizer: FittedTokenizer
    order: Tensor  # (N,) whose ID each item gets

    @property
    def ids(self) -> SemanticIds:
        ids = self.tokenizer.ids
        return SemanticIds(ids.codes[self.order], ids.sizes)

    def encode(self, features: Tensor, taken: SemanticIds) -> Tensor:
        return self.tokenizer.encode(features, taken)

    def state(self) -> dict[str, Tensor]:
        return {"order": self.order} | {f"of.{name}": value for name, value in self.tokenizer.state().items()}


def _drawn(count: int, taken: SemanticIds, seed: int) -> Tensor:
    """`count` random tuples, distinct and not taken, (count, L); the same for the same seed and the same taken IDs."""
    total = 1
    for size in taken.sizes:
        total *= size
    if len(taken) + count > total:
        raise InputError(f"{len(taken) + count} items do not fit into {total} semantic IDs; use more levels or codes")
    generator = torch.Generator().manual_seed(seed + len(taken))
    used = set(map(tuple, taken.codes.tolist()))
    found: list[tuple[int, ...]] = []
    if 2 * (len(used) + count) > total:  # crowded: draw from a list of the free ones
        every = torch.cartesian_prod(*map(torch.arange, taken.sizes)).reshape(total, -1)
        free = [codes for codes in map(tuple, every.tolist()) if codes not in used]
        found = [free[place] for place in torch.randperm(len(free), generator=generator)[:count].tolist()]
    while len(found) < count:
        draws = [torch.randint(size, (count,), generator=generator) for size in taken.sizes]
        for codes in map(tuple, torch.stack(draws, 1).tolist()):
            if codes not in used and len(found) < count:
                used.add(codes)
                found.append(codes)
    return torch.tensor(found, dtype=torch.int64).reshape(count, taken.levels)
