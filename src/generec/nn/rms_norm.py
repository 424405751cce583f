"""Root-mean-square normalisation with a backward pass of a few streaming operations."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class RMSNorm(nn.Module):
    """y = x / sqrt(mean(x^2) + eps) * weight (Zhang and Sennrich 2019).

    Computed in fp32; returned in x's type or, under autocast, in the type of the products that read it: one conversion
    where every product behind it would make its own.
    """

    def __init__(self, width: int, eps: float = 1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else x.dtype
        if not torch.is_grad_enabled():
            return nn.functional.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps).to(dtype)
        normed: Tensor = _Normalise.apply(x, self.weight, self.eps, dtype)  # type: ignore[no-untyped-call]
        return normed


class _Normalise(torch.autograd.Function):
    """The composite backward of torch's rms_norm costs five times that of layer_norm on CPUs."""

    @staticmethod
    def forward(ctx, x, weight, eps, dtype):  # type: ignore[no-untyped-def]
        wide = x.float()
        scale = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_().div_(x.shape[-1]).add_(eps).rsqrt_()
        unit = wide * scale
        ctx.save_for_backward(unit, scale, weight)
        ctx.dtype = x.dtype
        return (unit * weight.float()).to(dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        unit, scale, weight = ctx.saved_tensors
        grad = grad.float()
        product = grad * unit
        to_weight = product.flatten(0, -2).sum(0)
        along = (product @ weight.float()).div_(unit.shape[-1]).unsqueeze_(-1)  # mean of grad * weight * unit
        to_x = (grad * weight.float()).sub_(unit * along).mul_(scale)
        return to_x.to(ctx.dtype), to_weight.to(weight.dtype), None, None
