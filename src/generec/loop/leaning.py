"""How far items are made as the items of a history are: a person's taste in style, apart from that in subjects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generec.loop.demand import cells
from generec.system import System
from generec.tokenizers.joined import joined

Floats = NDArray[np.float64]


def leaning(system: System[Any], evened: float = 0.25) -> Callable[[Sequence[str]], NDArray[np.float32]]:
    """How far each item leans in style as a history does: a function of item ids to scores, (N,).

    A chosen item tells of taste what it has beyond the styles that people choose of its kind: in a subject that is
    mostly told in one tone, that tone says little. So it counts from the mean style of its first content code, items
    weighted by how often they are used. The score is the cosine of an item's style, from the catalogue's middle, with
    the history's mean distance from what is usual, times the latter's length.

    evened: how far directions count alike, however much the styles vary in them: 0 as they are, towards 1 whitened
    (Mahalanobis; the covariance is shrunk by the rest). Far tells one manner from another, which loud ones drown
    otherwise; items rank better with little of it. Raises UsageError where the system's codes do not tell content
    from style.
    """
    catalog, style = system.catalog, joined(system.tokenizer).style
    features = system.features[:, system.features.shape[1] - style :].double().cpu().numpy()
    kinds = cells(system, (1, 1)).what_of.numpy()
    used = system.activity.double().cpu().numpy() + 1
    scale = _whitening(features, evened)
    away = (features - _means(features, kinds, used)[kinds]) @ scale
    towards = (features - features.mean(0)) @ scale
    unit = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-12)

    def scores(history: Sequence[str]) -> NDArray[np.float32]:
        rows = catalog.known_rows(history)
        found = unit @ away[rows].mean(0) if rows else np.zeros(len(unit))
        return found.astype(np.float32)

    return scores


def _means(features: Floats, groups: NDArray[np.int64], weights: Floats) -> Floats:
    """Weighted mean of the features of each group, (G, D)."""
    sums, total = np.zeros((groups.max() + 1, features.shape[1])), np.bincount(groups, weights)
    np.add.at(sums, groups, features * weights[:, None])
    return sums / total[:, None]


def _whitening(features: Floats, share: float) -> Floats:
    """(D, D): features times it vary more equally in all directions, equally where share is 1."""
    spread = np.atleast_2d(np.cov(features.T))
    ball = max(float(np.trace(spread)), 1e-12) / len(spread) * np.eye(len(spread))
    found: Floats = np.linalg.inv(np.linalg.cholesky(share * spread + (1 - share) * ball)).T
    return found
