"""Random numbers by name: equal names give equal numbers, whoever asks, in whatever order and however many at once.

So a person behaves alike on the fast and on the slow path, and two recommenders meet the same people on the same day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


def uniform(*names: int | Ints) -> Doubles:
    """Numbers in (0, 1), one per broadcast tuple of integers (chained finaliser of splitmix64, Steele et al. 2014)."""
    state = np.zeros(1, np.uint64)
    for name in names:
        state = _mixed(state + np.uint64(0x9E3779B97F4A7C15) + np.asarray(name, np.int64).astype(np.uint64))
    drawn: Doubles = ((state >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return drawn[0] if all(np.ndim(name) == 0 for name in names) else drawn


def logistic(*names: int | Ints) -> Doubles:
    """Standard logistic numbers: the difference of two Gumbel noises."""
    drawn = uniform(*names)
    found: Doubles = np.log(drawn / (1 - drawn))
    return found


def normal(*names: int | Ints) -> Doubles:
    """Standard normal numbers (Box and Muller)."""
    found: Doubles = np.sqrt(-2 * np.log(uniform(*names, 0))) * np.cos(2 * np.pi * uniform(*names, 1))
    return found


def _mixed(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    return state ^ (state >> np.uint64(31))
