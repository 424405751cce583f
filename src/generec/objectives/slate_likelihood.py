"""The evidence bound of slates: how likely choices from what was shown are, and how simple the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from generec.nn.slates import Slates


class SlateEvidence(Protocol):
    """A variational model of choices from slates."""

    def evidence(self, slates: Slates, judged: Slates) -> tuple[Tensor, Tensor]: ...  # (B, T), (B,)
    def divergence(self) -> Tensor: ...  # ()


Candidates = Callable[[Slates, int], Slates]
"""What a choice is made from in the likelihood: (slates, items in the catalogue) to slates of the same clicks."""


def as_shown(slates: Slates, items: int) -> Slates:
    """The slates themselves."""
    return slates


def uniform(slates: Slates, items: int) -> Slates:
    """The ablation: what was shown and not taken gives way to as many uniform draws from the catalogue."""
    place = torch.arange(slates.shown.shape[2], device=slates.shown.device)
    passed_over = (slates.shown >= 0) & (place != slates.taken[..., None])
    drawn = torch.randint(items, slates.shown.shape, device=slates.shown.device)
    return Slates(drawn.where(passed_over, slates.shown), slates.taken)


@dataclass(frozen=True, kw_only=True)
class SlateLikelihood:
    """Minus the tempered evidence bound per slate (Eide et al. 2022): -E log p(taken | shown) + KL(h_0) + c KL / steps.

    One draw of the posterior per batch. Deviation: the temper is on the divergence of the items and groups, which all
    slates share; a person's own h_0 has seen the very clicks that it is to explain, so its divergence counts in full.
    """

    steps: int  # slates in the whole training set
    items: int  # in the catalogue
    tempering: float = 0.1  # the paper's 0.01 is for 37 million slates; with tens of thousands a GRU overfits under it
    candidates: Candidates = as_shown

    def __call__(self, model: SlateEvidence, batch: Slates) -> Tensor:
        log_chances, local = model.evidence(batch, self.candidates(batch, self.items))
        seen = batch.lengths.sum().clamp(min=1)
        return (local.sum() - log_chances.sum()) / seen + self.tempering * model.divergence() / self.steps
