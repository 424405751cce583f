"""Relative position bias: what a query adds to the score of a key, by their distance alone."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def buckets(relative: Tensor, count: int, reach: int, causal: bool) -> Tensor:
    """Bucket of each relative position (key minus query).

    The nearer half of the buckets hold one distance each, the others widen logarithmically up to `reach`. Looking both
    ways halves the buckets per direction; when causal, keys ahead share bucket 0 (Raffel et al. 2020, section 2.1).
    """
    if causal:
        base, distance = torch.zeros_like(relative), (-relative).clamp(min=0)
    else:
        count //= 2
        base, distance = (relative > 0).long() * count, relative.abs()
    exact = count // 2
    growth = torch.log(distance.clamp(min=1).float() / exact) / math.log(reach / exact)
    far = (exact + (growth * (count - exact)).long()).clamp(max=count - 1)
    return base + torch.where(distance < exact, distance, far)


class RelativePositionBias(nn.Module):
    """A learned bias per head and distance bucket, shared by all layers of one stack."""

    def __init__(self, heads: int, count: int = 32, reach: int = 128, *, causal: bool):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(heads, count))
        self.count, self.reach, self.causal = count, reach, causal

    def forward(self, length: int) -> Tensor:
        """Bias of every query on every key, (H, T, T); -inf ahead of the query when causal."""
        place = torch.arange(length, device=self.table.device)
        relative = place[None, :] - place[:, None]  # (T, T)
        bias = self.table[:, buckets(relative, self.count, self.reach, self.causal)]
        return bias.masked_fill(relative > 0, -torch.inf) if self.causal else bias
