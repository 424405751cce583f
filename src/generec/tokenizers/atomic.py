"""One code per item: plain item IDs in the form of semantic IDs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import InputError, UsageError
from generec.tokenizers.quantized import ids_state, restored_ids
from generec.types import Events, SemanticIds


@dataclass(frozen=True, kw_only=True)
class Atomic:
    """Gives every item its row as its only code; later items get the next free ones."""

    room: int = 1024
    """Codes kept free for items that come later."""

    def fit(self, features: Tensor, train: Events) -> FittedAtomic:
        if self.room < 0:
            raise UsageError(f"room must be at least 0, got {self.room}")
        codes = torch.arange(len(features)).unsqueeze(1)
        return FittedAtomic(SemanticIds(codes, (len(features) + self.room,)))

    def restore(self, state: Mapping[str, Tensor]) -> FittedAtomic:
        return FittedAtomic(restored_ids(state))


@dataclass(frozen=True)
class FittedAtomic:
    ids: SemanticIds

    def encode(self, features: Tensor, taken: SemanticIds) -> Tensor:
        """The lowest free codes; InputError when there are too few."""
        free = torch.ones(self.ids.sizes[0], dtype=torch.bool)
        free[self.ids.codes[:, 0]] = False
        free[taken.codes[:, 0]] = False
        codes = free.nonzero()[: len(features)]
        if len(codes) < len(features):
            raise InputError(
                f"{len(features)} new items, {len(codes)} free item codes; train again, or with a larger tokenizer.room"
            )
        return codes

    def state(self) -> dict[str, Tensor]:
        return ids_state(self.ids)
