"""Lets a maker see what a person likes without showing it their history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generec.errors import UsageError

Floats = NDArray[np.floating]


def protected(vectors: Floats, clip: float, noise: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """User vectors (U, D) with norms clipped to `clip` and Gaussian noise of standard deviation noise * clip per axis.

    The Gaussian mechanism (Dwork and Roth 2014, appendix A) for one release per person; replacing a whole history
    changes the clipped vector by at most 2 * clip. Every further release of the same vector weakens it: store one.
    """
    if clip <= 0 or noise < 0:
        raise UsageError(f"clip must be positive and noise at least 0, got {clip} and {noise}")
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    clipped = vectors * np.minimum(1.0, clip / np.maximum(norms, 1e-12))
    released: NDArray[np.float64] = clipped + noise * clip * generator.standard_normal(vectors.shape)
    return released


def inversion_auc(released: Floats, items: Floats, histories: Sequence[Sequence[int]]) -> float:
    """How well the items of a history are told from all others by a released vector: 0.5 is not at all, 1 perfectly.

    The attacker scores items (N, D) by their dot product with each released vector (U, D); mean over people of the
    area under the curve. People with an empty history or one of all items are left out.
    """
    found = []
    for vector, history in zip(released, histories, strict=True):
        inside = np.zeros(len(items), bool)
        inside[list(history)] = True
        if inside.all() or not inside.any():
            continue
        scores = items @ vector
        values, places = np.unique(scores, return_inverse=True)
        ends = np.cumsum(np.bincount(places, minlength=len(values)))
        ranks = (ends - (np.bincount(places, minlength=len(values)) - 1) / 2)[places]  # ties share their mean rank
        members = int(inside.sum())
        wins = ranks[inside].sum() - members * (members + 1) / 2
        found.append(wins / (members * (len(items) - members)))
    if not found:
        raise UsageError("nobody has a history to be recovered; give people with some items, not all")
    return float(np.mean(found))
