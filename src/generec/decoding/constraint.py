"""Filters on items as constraints on the trie.

A filter is a mask over items. Items are sorted by code tuple, so a prefix can still end in an allowed item exactly when
its range of items contains one: two look-ups in a running count of allowed items, made only for the prefixes visited.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.types import ItemIndex


@dataclass(frozen=True)
class Constraint:
    """What each request may still be answered with.

    counts: (R, N + 1) running counts of allowed items in code order, R = B, or 1 when all requests share one filter;
    None when everything is allowed.
    """

    index: ItemIndex
    counts: Tensor | None

    def live(self, level: int, nodes: Tensor) -> Tensor | None:
        """Which prefixes lead to an allowed item, (B, C) bool; None says all of them.

        nodes: (B, C) prefixes of length level + 1 that each request may be continued with.
        """
        if self.counts is None:
            return None
        spans, counts = self.index.levels[level].spans, self.counts.expand(len(nodes), -1)
        return counts.gather(1, spans.take(nodes + 1)) > counts.gather(1, spans.take(nodes))


def constrain(index: ItemIndex, requests: int, allowed: Tensor | None) -> Constraint:
    """Compiles a filter: allowed (B, N) bool, (1, N) to share one, or None for all items. Removed items never pass."""
    mask = item_mask(index, requests, allowed)
    if mask is None:
        return Constraint(index, None)
    counts = torch.zeros(mask.shape[0], len(index) + 1, dtype=torch.int32, device=mask.device)
    torch.cumsum(mask[:, index.order], 1, dtype=torch.int32, out=counts[:, 1:])
    return Constraint(index, counts)


def item_mask(index: ItemIndex, requests: int, allowed: Tensor | None) -> Tensor | None:
    """Items that may be returned, (B, N) or (1, N) bool by catalogue row; None when nothing is filtered or removed."""
    if allowed is None:
        return None if bool(index.alive.all()) else index.alive[None]
    if allowed.ndim != 2 or allowed.shape[0] not in (1, requests) or allowed.shape[1] != len(index):
        raise UsageError(f"allowed must be ({requests} or 1, {len(index)}), got {tuple(allowed.shape)}")
    return allowed.to(index.alive) & index.alive
