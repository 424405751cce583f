"""A recommender made of one function that scores the whole catalogue: what all baselines share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.decoding.top import top
from generec.evaluation.histories import allowed, distinct, pack
from generec.types import Catalog, Events, Request, Slate

Score = Callable[[Events], Tensor]
"""Packed histories of B people, each item once, none of them empty -> scores (B, N), a tensor of its own."""


@dataclass(frozen=True, kw_only=True)
class ScoredRecommender:
    """Ranks the full catalogue by `score`, in blocks of requests; people without history get what is popular.

    Items of the history (unless the request repeats), excluded items and items that break a condition are masked, so a
    slate is shorter than k only where fewer items are allowed. Equal scores stand in the order of the catalogue.
    """

    catalog: Catalog
    score: Score
    popularity: Tensor
    """(N,) what people without history are ranked by."""
    personal: bool = True
    """False where `score` does not depend on the history."""
    cells: int = 1 << 23
    """Scores held at once; the block of requests follows from it and the size of the catalogue."""

    def recommend(self, requests: Sequence[Request], k: int) -> list[Slate]:
        """One slate per request, at most k items each."""
        block = max(1, min(1024, self.cells // max(1, len(self.catalog))))
        slates: list[Slate] = []
        for start in range(0, len(requests), block):
            slates += self._block(requests[start : start + block], k)
        return slates

    def _block(self, requests: Sequence[Request], k: int) -> list[Slate]:
        histories = pack(requests, self.catalog)
        known = histories.lengths > 0
        scores = self.popularity.float().expand(len(requests), -1).clone()  # (B, N)
        if bool(known.any()):
            offsets = torch.cat([histories.offsets[:1], histories.offsets[1:][known]])
            asked = distinct(Events(histories.items, offsets), len(self.catalog))
            found = self.score(asked)
            scores = found if bool(known.all()) else scores.index_put_((known,), found)
        scores.masked_fill_(~allowed(requests, histories, self.catalog), -torch.inf)
        values, items = top(scores, min(k, len(self.catalog)))
        ids = self.catalog.item_ids
        slates = []
        for own, rows, ranked in zip(known.tolist(), items.tolist(), values.tolist(), strict=True):
            kept = sum(value > -torch.inf for value in ranked)
            answer = tuple(ids[row] for row in rows[:kept]), tuple(ranked[:kept])
            if own and self.personal:
                slates.append(Slate(*answer))
            else:
                note = "popular with everybody, not personal" if own else "no known history yet: popular items"
                slates.append(Slate(*answer, source="popular", note=note))
        return slates


def popularity(train: Events, items: int) -> Tensor:
    """Number of people who had each item, (N,) float32."""
    return distinct(train, items).counts(items).float()


def behind(scores: Tensor, fallback: Tensor) -> Tensor:
    """Scores (B, N) with items of no evidence (score 0) behind all others, in the order of `fallback` (N,) >= 0."""
    order = fallback / (fallback.max() + 1) - 1  # in [-1, 0)
    return torch.where(scores > 0, scores, order)
