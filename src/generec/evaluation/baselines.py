"""The simple recommenders that every comparison runs beside: popularity, neighbours of items and of texts.

A baseline is a frozen set of hyperparameters with one verb, `fit(train, catalog, features)` -> recommender. Repeated
events of one person on one item count once. EASE stands in linear.py, ALS in factors.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize

from generec.errors import FittingError, UsageError
from generec.evaluation.histories import people_by_item, recency_weights
from generec.evaluation.scored import ScoredRecommender, behind, popularity
from generec.fitting.progress import task
from generec.metrics.ranking import case_of
from generec.protocols import Recommender
from generec.types import Catalog, Events

BASELINE_NAMES = ("popularity", "recent-popularity", "item-knn", "ease", "als", "sasrec", "text-knn")
"""What a comparison calls its baselines; `sasrec` is a recipe, the others stand in this package."""


class Baseline(Protocol):
    """Learns from training events. Raises FittingError with the reason where it cannot be fitted on these data."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender: ...


@dataclass(frozen=True, kw_only=True)
class Popularity:
    """What most people had, the same for everybody."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        return _same_for_all(catalog, popularity(train, len(catalog)))


@dataclass(frozen=True, kw_only=True)
class RecentPopularity:
    """What most people had lately: events weighted by age, or only the last of each history where times are unknown."""

    half_life_days: float = 30.0
    """Age at which an event counts half, measured from the newest training event."""
    window: int = 1
    """Events at the end of each history that count where there are no times."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        if train.times is None:
            from_end = train.offsets[1:][case_of(train.offsets)] - torch.arange(train.items.numel())
            weights = (from_end <= self.window).double()
        else:
            age = (train.times.max() - train.times).double() / 86400 if train.times.numel() else train.times.double()
            weights = torch.pow(0.5, age / self.half_life_days)
        recent = torch.zeros(len(catalog), dtype=torch.float64).index_add_(0, train.items, weights).float()
        return _same_for_all(catalog, behind(recent, popularity(train, len(catalog))))


def _same_for_all(catalog: Catalog, scores: Tensor) -> Recommender:
    def score(histories: Events) -> Tensor:
        return scores.expand(len(histories), -1).clone()

    return ScoredRecommender(catalog=catalog, score=score, popularity=scores, personal=False)


@dataclass(frozen=True, kw_only=True)
class ItemKNN:
    """Items that the same people had as the history's items (Sarwar et al. 2001; shrinkage as in Bell and Koren 2007).

    s(i, j) = n_ij / (sqrt(n_i n_j) + shrinkage), n counting people; of each item the nearest `neighbours` are kept, and
    a person's scores are the sum over the history, later items weighing more. Items without evidence follow by
    popularity.
    """

    neighbours: int = 200
    shrinkage: float = 50.0
    """Added to the denominator, so that few people in common count for little."""
    decay: float = 0.6
    """Weight of a history item per later item; 1 forgets the order."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        items = len(catalog)
        nearest, similarity = self._neighbours(train, items)
        fallback = popularity(train, items)

        def score(histories: Events) -> Tensor:
            weights = recency_weights(histories, self.decay)[:, None] * similarity[histories.items]  # (T, m)
            cells = case_of(histories.offsets)[:, None] * items + nearest[histories.items]
            flat = torch.zeros(len(histories) * items).index_add_(0, cells.flatten(), weights.flatten())
            return behind(flat.view(len(histories), items), fallback)

        return ScoredRecommender(catalog=catalog, score=score, popularity=fallback)

    def _neighbours(self, train: Events, items: int) -> tuple[Tensor, Tensor]:
        """Nearest items of each item and how near they are, both (N, m); near 0 means that there is none."""
        if self.neighbours < 1 or self.shrinkage < 0:
            raise UsageError(f"item-kNN needs neighbours >= 1 and shrinkage >= 0, got {self}")
        people = people_by_item(train, items)
        items_by_people = people.T.tocsr()
        root = popularity(train, items).sqrt()
        keep = min(self.neighbours, items)
        block = max(1, (1 << 24) // items)
        nearest, similarity = [], []
        with task("item-knn", items) as bar:
            for start in range(0, items, block):
                rows = torch.arange(start, min(items, start + block))
                together = torch.from_numpy((items_by_people[start : start + block] @ people).toarray())  # (b, N)
                together /= root[rows, None] * root + self.shrinkage
                together[torch.arange(rows.numel()), rows] = 0
                near, columns = together.nan_to_num(0.0).topk(keep)
                nearest.append(columns)
                similarity.append(near)
                bar.advance(rows.numel())
        return torch.cat(nearest), torch.cat(similarity)


@dataclass(frozen=True, kw_only=True)
class TextKNN:
    """Items whose features are nearest to the recency-weighted mean of the history's; knows items nobody has had yet.

    Features are (N, D) vectors of the items, from their texts say; the score is the cosine.
    """

    decay: float = 0.3
    """Weight of a history item per later item; 1 is the plain mean."""

    def fit(self, train: Events, catalog: Catalog, features: Tensor | None = None) -> Recommender:
        if features is None:
            raise FittingError("text-kNN needs item features; give the texts of the catalogue to an encoder first")
        if features.shape[0] != len(catalog):
            raise UsageError(f"expected features of {len(catalog)} items, got {features.shape[0]} rows")
        unit = normalize(features.float(), dim=1)

        def score(histories: Events) -> Tensor:
            weights = recency_weights(histories, self.decay)
            taste = embedding_bag(histories.items, unit, histories.offsets[:-1], mode="sum", per_sample_weights=weights)
            return normalize(taste, dim=1) @ unit.T

        return ScoredRecommender(catalog=catalog, score=score, popularity=popularity(train, len(catalog)))
