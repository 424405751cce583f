"""Contexts of which something is known besides their tokens: a vector about each person."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from generec.types import Context


@dataclass(frozen=True)
class ConditionedContext(Context):
    """Token sequences with a vector about each row; zeros where nothing is known."""

    about: Tensor = field(kw_only=True)  # (B, F) float32

    def to(self, device: torch.device) -> ConditionedContext:
        plain = super().to(device)
        return ConditionedContext(plain.tokens, plain.offsets, plain.times, about=self.about.to(device))
