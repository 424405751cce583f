"""Exact answers: every allowed item is scored. The reference for every search; cheap for models that score items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from generec.decoding.blocks import in_blocks, ranked
from generec.decoding.constraint import item_mask
from generec.decoding.top import top
from generec.decoding.trie import on_device
from generec.errors import UsageError
from generec.protocols import ItemScorer, NextTokenModel
from generec.types import Context, ItemIndex, Ranked


@dataclass(frozen=True, kw_only=True)
class Exact:
    """Ranks the whole catalogue by a model that scores every item at once. Equal scores go to the lower row."""

    requests: int = 256
    """Requests scored at once; a block of scores is (requests, N)."""

    def decode(self, model: ItemScorer, context: Context, index: ItemIndex, k: int, allowed: Tensor | None) -> Ranked:
        """The k best allowed items of each of B requests; allowed is (B, N) or (1, N) bool, or None for all items."""

        def score(some: Context, mask: Tensor | None) -> Ranked:
            scores = model.item_scores(model.hidden(some, some.last))  # (B, N)
            if scores.shape != (len(some), len(index)):
                raise UsageError(
                    f"the model scores {tuple(scores.shape)} (requests, items), the index asks for "
                    f"{(len(some), len(index))}: a model without input for new items cannot rank inserted ones"
                )
            return _best(scores, index, k, mask)

        index = on_device(index, context.tokens.device)
        with torch.no_grad():
            return in_blocks(self.requests, context, allowed, k, score)


@dataclass(frozen=True, kw_only=True)
class ExhaustiveSearch:
    """Writes out every semantic ID with a next-token model: what a beam as wide as the catalogue would find.

    Costs about N steps per request and level; for small catalogues, and for checking a beam on a few requests.
    """

    beams: int = 4096
    """Prefixes scored at once, over all requests; bounds memory."""

    def decode(
        self, model: NextTokenModel[Any], context: Context, index: ItemIndex, k: int, allowed: Tensor | None
    ) -> Ranked:
        """The k best allowed items of each of B requests; allowed is (B, N) or (1, N) bool, or None for all items."""
        index = on_device(index, context.tokens.device)
        with torch.no_grad():
            return in_blocks(
                min(self.beams, 64), context, allowed, k,
                lambda some, mask: _best(item_log_probs(model, some, index, beams=self.beams), index, k, mask),
            )  # fmt: skip


def item_log_probs(model: NextTokenModel[Any], context: Context, index: ItemIndex, *, beams: int = 4096) -> Tensor:
    """Log-probability of every item's code tuple, (B, N) float32, depth first, at most about `beams` rows a step."""
    log_probs, state = model.start(context)
    scores = torch.empty(len(context), len(index), device=log_probs.device)
    walk = _Walk(model, index, scores, max(1, beams // max(1, len(context))))
    walk.expand(0, 0, index.levels[0].codes.numel(), 0, scores.new_zeros(len(context), 1), log_probs, state)
    return scores


@dataclass(frozen=True)
class _Walk:
    """Visits the trie depth first in chunks of neighbouring nodes, whose children are neighbours too."""

    model: NextTokenModel[Any]
    index: ItemIndex
    scores: Tensor  # (B, N), filled leaf by leaf
    chunk: int

    def expand(
        self, level: int, first: int, last: int, above: int, parents: Tensor, log_probs: Tensor, state: Any
    ) -> None:
        """Scores nodes first to last, children of the nodes from `above` on: parents (B, p), log_probs (B * p, V)."""
        nodes = self.index.levels[level]
        requests, width = parents.shape
        table = log_probs.view(requests, width, -1).float()
        for start in range(first, last, self.chunk):
            stop = min(start + self.chunk, last)
            parent, codes = nodes.parents[start:stop] - above, nodes.codes[start:stop]  # (n,)
            total = parents[:, parent] + table[:, parent, codes]  # (B, n)
            if level == len(self.index.levels) - 1:
                self.scores[:, self.index.order[start:stop]] = total
                continue
            rows = torch.arange(requests, device=parent.device)[:, None] * width + parent
            below, chosen = self.model.step(codes.repeat(requests), self.model.select(state, rows.flatten()))
            self.expand(
                level + 1, int(nodes.children[start]), int(nodes.children[stop]), start, total, below, chosen
            )  # fmt: skip


def _best(scores: Tensor, index: ItemIndex, k: int, allowed: Tensor | None) -> Ranked:
    mask = item_mask(index, len(scores), allowed)
    scores = scores.float() if mask is None else scores.float().masked_fill(~mask, -torch.inf)
    values, items = top(scores, min(k, scores.shape[1]))
    return ranked(items, values, k)
