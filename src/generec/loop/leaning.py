"""How far items are made as a person likes things made: their taste in style, apart from that in subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.dataset import item_rows
from generec.data.split import NEGATIVE_EVENTS
from generec.loop.demand import cells
from generec.records import Person
from generec.system import System
from generec.tokenizers.joined import joined
from generec.types import Catalog, Dataset

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LIKED = ("like",)
"""Kinds of event that say aloud what a use only hints at."""
_LIKE = 2.0  # uses that one such event is worth
_RIDGE = 0.1  # how far directions in which choices hardly vary are taken to vary as the others do
_EVENTS = 100  # of people: what the catalogue alone says of how choices vary weighs as many
_PEOPLE = 30  # the same of how tastes vary
_TASTE = 0.1  # of the variance of choices, where nobody's choices are known
_MOST = 1_000_000  # events that are read


@dataclass(frozen=True)
class _Choices:
    """Events as distances of what was chosen from what is usual of its kind, those of a person one after another."""

    away: Floats  # (E, D)
    weights: Floats  # (E,)
    starts: Ints  # (U,) first event of each person

    def sums(self, values: Floats) -> Floats:
        """Of each person, (U, ...)."""
        return np.add.reduceat(values, self.starts, axis=0) if len(self.starts) else values[:0]


def leaning(system: System[Any], taught: Dataset | None = None) -> Callable[[Person], NDArray[np.float32]]:
    """How far each item leans in style as a person does: a function of people to scores, (N,).

    A chosen item tells of taste what it has beyond the styles that people choose of its kind: in a subject that is
    mostly told in one tone, that tone says little. So it counts from the mean style of its first content code, items
    weighted by how often they are used. One choice says little and some directions of style say nothing of anybody;
    which ones do is learned from people: taste varies between them, chance within their choices, and a person's taste
    is what is most probable after their choices (best linear unbiased prediction; Robinson 1991). What they said they
    like counts twice. The score is how far an item has that taste.

    taught: what people did; without it all directions tell alike. The two variances hold a little of the catalogue's
    own, so that few people do no harm. Raises UsageError where the system's codes do not tell content from style.
    """
    catalog, style = system.catalog, joined(system.tokenizer).style
    features = system.features[:, system.features.shape[1] - style :].double().cpu().numpy()
    kinds = cells(system, (1, 1)).what_of.numpy()
    used = system.activity.double().cpu().numpy() + 1
    away = features - _means(features, kinds, used)[kinds]
    choices = _choices(catalog, away, taught)
    usual = np.average(choices.away, axis=0, weights=choices.weights) if len(choices.away) else np.zeros(style)
    towards, share = _directions(choices, usual, np.cov(away.T, aweights=used).reshape(style, style))
    items = (features - features.mean(0)) @ towards  # (N, D)

    def scores(person: Person) -> NDArray[np.float32]:
        rows = catalog.known_rows(person.history)
        if not rows:
            return np.zeros(len(items), np.float32)
        liked = frozenset(catalog.known_rows(person.liked))
        weights = np.array([_LIKE if row in liked else 1.0 for row in rows])
        chosen = (np.average(away[rows], axis=0, weights=weights) - usual) @ towards
        chance = np.square(weights).sum() / weights.sum() ** 2
        return np.asarray(items @ (chosen * share / (share + chance)), np.float32)

    return scores


def _choices(catalog: Catalog, away: Floats, taught: Dataset | None) -> _Choices:
    """What people of the data took, as far as the catalogue knows it."""
    if taught is None:
        return _Choices(away[:0], np.zeros(0), np.zeros(0, np.int64))
    events = taught.events.head(_MOST).filter(~pl.col("event").is_in(list(NEGATIVE_EVENTS)).fill_null(False))
    events = events.with_columns(row=item_rows(events["item_id"], catalog)).drop_nulls("row").sort(
        "user_id", maintain_order=True
    )  # fmt: skip
    weights = np.where(events["event"].is_in(list(LIKED)).fill_null(False).to_numpy(), _LIKE, 1.0)
    starts = np.flatnonzero(events["user_id"].rle_id().diff().fill_null(1).to_numpy())
    return _Choices(away[events["row"].to_numpy().astype(np.int64)], weights, starts.astype(np.int64))


def _directions(choices: _Choices, usual: Floats, catalogue: Floats) -> tuple[Floats, Floats]:
    """Directions (D, D) in which chance varies alike by 1, and how much tastes vary in each, (D,)."""
    within, between = _variances(choices, usual, catalogue)
    size = len(within)
    chance = np.linalg.inv(np.linalg.cholesky(within + max(_RIDGE * np.trace(within) / size, 1e-12) * np.eye(size)))
    share, turned = np.linalg.eigh(chance @ between @ chance.T)
    return chance.T @ turned, share.clip(0)


def _variances(choices: _Choices, usual: Floats, catalogue: Floats) -> tuple[Floats, Floats]:
    """Covariance of one person's choices around their taste and of tastes among people, (D, D) both.

    Two choices of one person share their taste and nothing else, so that the mean product of all pairs is the latter.
    """
    ones, away, weights = np.ones(len(choices.away)), choices.away - usual, choices.weights
    counts, sums = choices.sums(ones), choices.sums(away)
    within = _EVENTS * catalogue + away.T @ away - sums.T @ (sums / np.maximum(counts, 1)[:, None])
    within /= _EVENTS + max(len(away) - len(counts), 0)
    weighted = away * weights[:, None]
    total = choices.sums(weighted)
    pairs = np.square(choices.sums(weights)) - choices.sums(np.square(weights))
    several = counts > 1
    per = np.where(several, 1 / np.where(several, pairs, 1), 0)
    own = weighted * np.repeat(per, counts.astype(np.int64))[:, None]
    between = _PEOPLE * _TASTE * catalogue + (total * per[:, None]).T @ total - own.T @ weighted
    between /= _PEOPLE + several.sum()
    return within, (between + between.T) / 2


def _means(features: Floats, groups: Ints, weights: Floats) -> Floats:
    """Weighted mean of the features of each group, (G, D)."""
    sums, total = np.zeros((groups.max() + 1, features.shape[1])), np.bincount(groups, weights)
    np.add.at(sums, groups, features * weights[:, None])
    return sums / total[:, None]
