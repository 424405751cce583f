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
    offsets = index.levels[level - 1].children if level else root_children(index)
    nodes, parents, there = children(offsets, beams.nodes, beams.scores > -torch.inf)  # (B, C)
    live = constraint.live(level, nodes)
    there = there if live is None else there & live
    columns = parents * log_probs.shape[1] + index.levels[level].codes.take(nodes)
    scores = beams.scores.gather(1, parents) + log_probs.reshape(requests, -1).gather(1, columns).float()
    scores = torch.where(there, scores, -torch.inf)
    ties = None
    if level == len(index.levels) - 1:  # leaves: node j is item order[j]
        nowhere = torch.arange(nodes.shape[1], device=nodes.device) + len(index)
        ties = torch.where(there, index.order.take(nodes), nowhere)
    scores, chosen = top(scores, min(width, scores.shape[1]), ties)
    # a place without a prefix stays with its request, at a node that every model knows
    kept = scores > -torch.inf
    own = torch.arange(requests, device=nodes.device)[:, None] * before
    parents = own + torch.where(kept, parents.gather(1, chosen), 0)
    return _Beams(torch.where(kept, nodes.gather(1, chosen), 0), scores, parents.flatten())
