"""Slates in the order in which people met them: what was shown at every step and what was taken of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import InputError


@dataclass(frozen=True)
class Slates:
    """B people, T steps, S places: a batch to learn from, and the source of such batches.

    Raises InputError where the shapes differ or something was taken that was not shown.
    """

    shown: Tensor  # (B, T, S) int64 catalogue rows, -1 behind a shorter slate; a step that is not there is all -1
    taken: Tensor  # (B, T) int64 place of what was taken, -1 where nothing was

    def __post_init__(self) -> None:
        if self.shown.ndim != 3 or self.taken.shape != self.shown.shape[:2]:
            raise InputError(
                f"slates are (people, steps, places) and what was taken (people, steps), "
                f"got {tuple(self.shown.shape)} and {tuple(self.taken.shape)}"
            )
        if bool((self.taken >= self.sizes).any()):
            raise InputError("something was taken from a place where nothing was shown; -1 says that nothing was taken")

    def __len__(self) -> int:
        return len(self.shown)

    @property
    def sizes(self) -> Tensor:
        """Items of every slate, (B, T)."""
        return (self.shown >= 0).sum(2)

    @property
    def clicked(self) -> Tensor:
        """Catalogue rows of what was taken, (B, T), -1 where nothing was."""
        if not self.shown.shape[2]:
            return torch.full_like(self.taken, -1)
        found = self.shown.gather(2, self.taken.clamp(min=0)[..., None]).squeeze(2)
        return found.where(self.taken >= 0, -1)

    @property
    def lengths(self) -> Tensor:
        """Slates of every person, (B,)."""
        return (self.sizes > 0).sum(1)

    def collate(self, rows: Tensor) -> Slates:
        return Slates(self.shown[rows], self.taken[rows])

    def until(self, step: int) -> Slates:
        """Everybody's first `step` steps."""
        return Slates(self.shown[:, :step], self.taken[:, :step])

    def to(self, device: torch.device) -> Slates:
        return Slates(self.shown.to(device), self.taken.to(device))
