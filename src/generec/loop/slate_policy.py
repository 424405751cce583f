"""Slates from draws of a posterior: what is thought to be best, what might be, or several guesses side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from generec.create.sets.thompson import in_slate


class DrawnScores(Protocol):
    """A model that scores all items under draws of its posterior; 0 draws: under its mean."""

    def scores(self, clicked: Tensor, draws: int, generator: torch.Generator) -> Tensor: ...  # (B, draws or 1, N)


@dataclass(frozen=True, kw_only=True)
class SlatePolicy:
    """Fills slates by 0 draws (greedy), 1 (Thompson sampling) or more, which take turns (Eide et al. 2022)."""

    draws: int
    block: int = 32
    """People whose draws are in memory at once."""

    def choose(self, model: DrawnScores, clicked: Tensor, k: int, generator: torch.Generator) -> Tensor:
        """Catalogue rows (B, k) that nobody took before. clicked (B, T): rows, -1 where nothing was taken."""
        slates = []
        for some in torch.split(clicked, self.block):
            scores = model.scores(some, self.draws, generator)
            people, steps = (some >= 0).nonzero(as_tuple=True)
            scores[people, :, some[people, steps]] = -torch.inf
            slates += [torch.from_numpy(in_slate(own.double().numpy(), k)) for own in scores]
        return torch.stack(slates)
