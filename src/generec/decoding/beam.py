"""Beam search over the trie: generates items code by code and can generate nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generec.decoding.blocks import in_blocks, ranked
from generec.decoding.constraint import Constraint, constrain
from generec.decoding.top import top
from generec.decoding.trie import children, on_device, root_children
from generec.protocols import NextTokenModel
from generec.types import Context, ItemIndex, Ranked


@dataclass(frozen=True, kw_only=True)
class BeamSearch:
    """Keeps the most probable prefixes of every request, level by level, among those that lead to an allowed item.

    An item's score is the sum of its codes' log-probabilities as the model gives them: they are not renormalised over
    the codes that the trie or a filter leaves, and a code without alternative still counts. A request whose filter
    leaves at most `width` items, and any request when `width` reaches the catalogue's size, is answered exactly. Equal
    scores go to the lower catalogue row. An item to which the model gives probability 0 is not returned.

    Models see all beams of one request side by side and the same number of them for every request: row m of
    `step(tokens, state)` belongs to request m // (M / B).
    """

    width: int = 20
    """Prefixes kept per request. Asking for k > width items searches with k beams: fewer would lose items silently."""
    requests: int = 128
    """Requests decoded at once; bounds memory."""

    def decode(
        self, model: NextTokenModel[Any], context: Context, index: ItemIndex, k: int, allowed: Tensor | None
    ) -> Ranked:
        """The k best allowed items of each of B requests; allowed is (B, N) or (1, N) bool, or None for all items."""
        index = on_device(index, context.tokens.device)
        width = max(self.width, k)
        with torch.no_grad():
            return in_blocks(
                self.requests, context, allowed, k, lambda some, mask: _search(model, some, index, k, width, mask)
            )


@dataclass(frozen=True)
class _Beams:
    nodes: Tensor  # (B, W) node of each prefix on its level
    scores: Tensor  # (B, W) log-probability so far, -inf for a place without a prefix
    parents: Tensor  # (B * W,) row of the beam that each one extends


def _search(
    model: NextTokenModel[Any], context: Context, index: ItemIndex, k: int, width: int, allowed: Tensor | None
) -> Ranked:
    constraint = constrain(index, len(context), allowed)
    log_probs, state = model.start(context)  # (B, V)
    root = torch.zeros(len(context), 1, dtype=torch.int64, device=log_probs.device)
    beams = _Beams(root, root.float(), root.flatten())
    last = len(index.levels) - 1
    for level in range(last):
        beams = _extend(beams, level, log_probs, constraint, width)
        state = model.select(state, beams.parents)
        log_probs, state = model.step(index.levels[level].codes[beams.nodes.flatten()], state)  # (B * W, V)
    beams = _extend(beams, last, log_probs, constraint, k)
    return ranked(index.order[beams.nodes], beams.scores, k)


def _extend(beams: _Beams, level: int, log_probs: Tensor, constraint: Constraint, width: int) -> _Beams:
    """The best `width` prefixes per request that are one code longer; fewer where no request has that many."""
    index = constraint.index
    requests, before = beams.nodes.shape
    alive = (beams.scores.flatten() > -torch.inf).nonzero().flatten()
    offsets = index.levels[level - 1].children if level else root_children(index)
    nodes, parents = children(offsets, beams.nodes.flatten()[alive])  # (C,), sorted by request
    parents = alive[parents]
    request = parents // before
    live = constraint.live(level, nodes, request)
    if live is not None:
        nodes, parents, request = nodes[live], parents[live], request[live]
    scores = beams.scores.flatten()[parents] + log_probs[parents, index.levels[level].codes[nodes]].float()  # (C,)

    counts = torch.bincount(request, minlength=requests)  # (B,)
    starts = counts.cumsum(0) - counts
    columns = torch.arange(nodes.numel(), device=nodes.device) - starts[request]
    shape = (requests, max(1, int(counts.max())))
    grid = scores.new_full(shape, -torch.inf)
    grid[request, columns] = scores
    ties = None
    if level == len(index.levels) - 1:  # leaves: node j is item order[j]
        ties = torch.arange(shape[1], device=nodes.device).repeat(requests, 1) + len(index)
        ties[request, columns] = index.order[nodes]
    scores, chosen = top(grid, min(width, shape[1]), ties)

    kept = scores > -torch.inf
    place = torch.where(kept, starts[:, None] + chosen, 0)  # (B, W) position among the C candidates
    own = (
        torch.arange(requests, device=nodes.device)[:, None] * before
    )  # a place without a prefix stays with its request
    if nodes.numel() == 0:
        return _Beams(torch.zeros_like(place), scores, own.expand_as(place).flatten())
    return _Beams(torch.where(kept, nodes[place], 0), scores, torch.where(kept, parents[place], own).flatten())
