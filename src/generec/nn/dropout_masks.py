"""Dropout whose random numbers do not cost more than the arithmetic they disturb.

On CPUs drawing a fresh mask per layer takes longer than the matrix product beside it. One pool of random zeros is drawn
per training step; every place that drops takes a window of it at a random offset. Each element is kept with exactly the
same probability as by independent masks; two layers may share zeros at unrelated units, which nothing notices.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

WINDOWS = 256  # offsets drawn at once
SLACK = 1 << 16  # how much longer than the largest window the pool is


class DropoutMasks:
    """The masks of one training step: `masks(x)` drops elements of x.

    rate: share that becomes zero, moved by at most 0.4 % of itself + 0.2 points so that the factor on what is kept is
    exact in `dtype` and the mean is unchanged. largest: elements of the largest tensor that will be dropped from.
    Draws from torch's global generator.
    """

    def __init__(self, rate: float, largest: int, dtype: torch.dtype, device: torch.device):
        self.factor = float(torch.tensor(1 / (1 - rate), dtype=dtype))
        below = min(round(65536 / self.factor), 65535)  # of 65,536 equally likely draws, those that keep
        self.length = largest + SLACK
        if device.type == "cpu":
            generator = np.random.Generator(np.random.SFC64(int(torch.randint(2**62, ()))))
            drawn = generator.integers(0, 2**64, -(-self.length // 4), dtype=np.uint64).view(np.uint16)
            kept = torch.from_numpy(drawn < below).view(torch.uint8)  # bool to bf16 is five times slower than uint8
        else:
            kept = torch.rand(self.length, device=device) < below / 65536
        self.pool = kept.to(dtype).mul_(self.factor)
        self.offsets: list[float] = []

    def window(self, shape: torch.Size) -> Tensor:
        """A mask of the given shape: 0 or the factor that keeps the mean."""
        if not self.offsets:
            self.offsets = torch.rand(WINDOWS).tolist()
        start = int(self.offsets.pop() * (self.length - shape.numel()))
        return self.pool[start : start + shape.numel()].view(shape)

    def __call__(self, x: Tensor) -> Tensor:
        return x * self.window(x.shape).to(x.dtype)


def drop(x: Tensor, masks: DropoutMasks | None) -> Tensor:
    """x with dropout, or x itself outside training."""
    return x if masks is None else masks(x)


def relu_drop(x: Tensor, masks: DropoutMasks | None) -> Tensor:
    """drop(relu(x)), overwriting x: nothing but the result is kept for the backward pass."""
    if masks is None:
        return torch.relu_(x)
    dropped: Tensor = _ReluDrop.apply(x, masks.window(x.shape).to(x.dtype), masks.factor)  # type: ignore[no-untyped-call]
    return dropped


class _ReluDrop(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, mask, factor):  # type: ignore[no-untyped-def]
        ctx.mark_dirty(x)
        ctx.factor = factor
        x.relu_().mul_(mask)
        ctx.save_for_backward(x)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        (out,) = ctx.saved_tensors  # 0 where relu or dropout cut
        return torch.ops.aten.threshold_backward(grad, out, 0).mul_(ctx.factor), None, None
