"""EASE: the linear item-to-item model with a closed form, the baseline that shallow data seldom let anyone beat."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from generec.errors import FittingError, UsageError
from generec.evaluation.histories import people_by_item, recency_weights
from generec.evaluation.scored import ScoredRecommender, popularity
from generec.fitting.progress import task
from generec.protocols import Recommender
from generec.types import Catalog, Events


@dataclass(frozen=True, kw_only=True)
class EASE:
    """Scores X B with B = I - P diag(P)^-1, P = (X'X + penalty I)^-1 (Steck 2019, equations 7 and 8).

    Deviation: `decay` weighs a person's later items more when scoring, which helps wherever the next item is asked for
    (.059 instead of .050 NDCG@10 on the validation of Amazon Beauty); 1 is the paper's model.
    Memory: three (N, N) float32 tables at the peak, 1.8 GB for 12,000 items.
    """

    penalty: float = 200.0
    """Ridge penalty lambda."""
    decay: float = 0.7
    """Weight of a history item per later item, at scoring time only; 1 is the published model."""
    largest: int = 25_000
    """Items above which fitting is refused: tables grow with their square, time with their cube."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        items = len(catalog)
        if items > self.largest:
            need = 3 * 4 * items**2 / 2**30
            raise FittingError(
                f"EASE inverts an items x items table, which needs {need:.0f} GiB for {items:,} items; "
                f"it is skipped above {self.largest:,}"
            )
        weights = self._weights(train, items)

        def score(histories: Events) -> Tensor:
            recency = recency_weights(histories, self.decay)
            return embedding_bag(
                histories.items, weights, histories.offsets[:-1], mode="sum", per_sample_weights=recency
            )

        return ScoredRecommender(catalog=catalog, score=score, popularity=popularity(train, items))

    def _weights(self, train: Events, items: int) -> Tensor:
        """B, (N, N) float32: row = history item, column = scored item."""
        if self.penalty <= 0:
            raise UsageError(f"EASE needs a penalty > 0, got {self.penalty}")
        people = people_by_item(train, items)
        with task("ease", 3) as bar:
            gram = torch.from_numpy((people.T @ people).toarray())
            gram.diagonal().add_(self.penalty)
            bar.advance(note="X'X")
            factor = torch.linalg.cholesky(gram)
            del gram
            bar.advance(note="Cholesky")
            inverse = torch.cholesky_inverse(factor).mT  # symmetric: the transpose lays its rows out contiguously
            del factor
            inverse /= -inverse.diagonal().clone()
            inverse.fill_diagonal_(0)
            bar.advance(note="inverse")
        return inverse
