"""A posterior of independent normal entries: drawn by reparameterisation, held near its prior by its divergence."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class MeanField(nn.Module):
    """A normal posterior over a tensor of the given shape (Kingma and Welling 2014, appendix B)."""

    def __init__(self, *shape: int, scale: float):
        super().__init__()
        self.loc = nn.Parameter(torch.zeros(shape))
        self.log_scale = nn.Parameter(torch.full(shape, math.log(scale)))

    def draw(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """(count, *shape), differentiable in both parameters."""
        noise = torch.randn((count, *self.loc.shape), generator=generator, device=self.loc.device)
        return self.loc + self.log_scale.exp() * noise

    def divergence(self, prior: float) -> Tensor:
        """KL(posterior | N(0, prior^2)), summed over all entries, ()."""
        return normal_divergence(self.loc, self.log_scale, prior).sum()


def normal_divergence(loc: Tensor, log_scale: Tensor, prior: float) -> Tensor:
    """KL(N(loc, exp(log_scale)^2) | N(0, prior^2)) of every entry."""
    ratio = (2 * (log_scale - math.log(prior))).exp()
    return 0.5 * (ratio + (loc / prior).square() - 1) - log_scale + math.log(prior)
