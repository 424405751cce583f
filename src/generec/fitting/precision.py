"""Number formats of training: what the arithmetic runs in, and what the optimiser keeps."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

import torch


class Precision(Protocol):
    def arithmetic(self, device: torch.device) -> AbstractContextManager[object]: ...


@dataclass(frozen=True, kw_only=True)
class Fp32:
    """Everything in fp32."""

    def arithmetic(self, device: torch.device) -> AbstractContextManager[object]:
        return nullcontext()


@dataclass(frozen=True, kw_only=True)
class Bf16:
    """Matrix products in bf16; weights, their gradients and the optimiser stay in fp32 (master weights)."""

    def arithmetic(self, device: torch.device) -> AbstractContextManager[object]:
        return torch.autocast(device.type, dtype=torch.bfloat16)
