"""Implicit-feedback matrix factorisation by alternating least squares."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.evaluation.histories import distinct
from generec.evaluation.scored import ScoredRecommender, popularity
from generec.fitting.progress import task
from generec.metrics.ranking import case_of
from generec.protocols import Recommender
from generec.types import Catalog, Events


@dataclass(frozen=True, kw_only=True)
class ALS:
    """Factors x_u, y_i that minimise sum c_ui (p_ui - x_u y_i)^2 + penalty (|x|^2 + |y|^2).

    c = 1 + confidence and p = 1 where person u had item i, 1 and 0 elsewhere (Hu, Koren and Volinsky 2008, equation 3,
    with r_ui = 1). A person is folded in from the request's history alone, so people not trained on are served alike.
    Starting values come from torch's generator.
    """

    factors: int = 256
    sweeps: int = 10
    """Times that people and items are both solved."""
    confidence: float = 30.0
    """How much more an event counts than a non-event (alpha)."""
    penalty: float = 30.0
    """Ridge penalty lambda."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        if self.factors < 1 or self.penalty <= 0 or self.confidence <= 0:
            raise UsageError(f"ALS needs factors, penalty and confidence above 0, got {self}")
        items = len(catalog)
        people = distinct(train, items)
        by_item = _transposed(people, items)
        vectors = torch.randn(items, self.factors) * 0.1
        with task("als", self.sweeps) as bar:
            for _ in range(self.sweeps):
                tastes = solve(people, vectors, self.confidence, self.penalty)
                vectors = solve(by_item, tastes, self.confidence, self.penalty)
                bar.advance()

        def score(histories: Events) -> Tensor:
            return solve(histories, vectors, self.confidence, self.penalty) @ vectors.T

        return ScoredRecommender(catalog=catalog, score=score, popularity=popularity(train, items))


def solve(rows: Events, fixed: Tensor, confidence: float, penalty: float) -> Tensor:
    """The other side's factors given `fixed` (n, F): ridge regressions, one per row of `rows`, -> (rows, F) float32.

    x = (Y'Y + penalty I + confidence Y_u' Y_u)^-1 (1 + confidence) Y_u' 1. With M = (Y'Y + penalty I)^-1 the same x is
    (1 + confidence) Z_u' (I + confidence Y_u Z_u')^-1 1, Z = Y M: a system of the length of the history, which is used
    where that is shorter than F. Rows are solved by length in blocks, so padding (exact: zero rows) stays small.
    """
    gram = fixed.T @ fixed + penalty * torch.eye(fixed.shape[1])
    images = torch.cholesky_solve(fixed.T, torch.linalg.cholesky(gram)).T.contiguous()  # (n, F) Z
    padded = torch.cat([fixed, torch.zeros(1, fixed.shape[1])])
    images = torch.cat([images, torch.zeros(1, fixed.shape[1])])
    lengths = rows.lengths
    solved = torch.zeros(len(rows), fixed.shape[1])
    order = lengths.argsort()
    order = order[lengths[order] > 0]
    start = 0
    while start < order.numel():
        block = _block(order[start:], lengths, fixed.shape[1])
        width = int(lengths[block[-1]])
        inside = torch.arange(width) < lengths[block, None]  # (b, t)
        places = (rows.offsets[block, None] + torch.arange(width)).clamp(max=rows.items.numel() - 1)
        own = torch.where(inside, rows.items[places], fixed.shape[0])
        if width < fixed.shape[1]:
            solved[block] = _by_history(padded[own], images[own], confidence)
        else:
            solved[block] = _by_factors(padded[own], gram, confidence)
        start += block.numel()
    return solved


def _block(order: Tensor, lengths: Tensor, factors: int) -> Tensor:
    """The next rows of similar length: none longer than 1.25 times the first, and at most 16M padded numbers."""
    shortest = int(lengths[order[0]])
    similar = int((lengths[order] <= shortest * 5 // 4).sum())
    wide = int(lengths[order[similar - 1]])
    fits = max(1, (1 << 24) // (factors * max(wide, factors)))
    return order[: min(similar, fits)]


def _by_history(own: Tensor, images: Tensor, confidence: float) -> Tensor:
    """own, images (b, t, F) -> (b, F) by systems of size t."""
    system = confidence * own @ images.mT
    system.diagonal(dim1=1, dim2=2).add_(1)
    ones = torch.ones(*own.shape[:2], 1)
    weights = torch.cholesky_solve(ones, torch.linalg.cholesky(system))  # (b, t, 1)
    return (1 + confidence) * (images * weights).sum(1)


def _by_factors(own: Tensor, gram: Tensor, confidence: float) -> Tensor:
    """own (b, t, F) -> (b, F) by systems of size F."""
    system = gram + confidence * own.mT @ own
    return torch.cholesky_solve((1 + confidence) * own.sum(1)[:, :, None], torch.linalg.cholesky(system))[:, :, 0]


def _transposed(people: Events, items: int) -> Events:
    """Who had each item, packed by item."""
    order = people.items.argsort(stable=True)
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), people.counts(items).cumsum(0)])
    return Events(case_of(people.offsets)[order], offsets)
