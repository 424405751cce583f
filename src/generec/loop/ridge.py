"""Ridge regression of one arm's reward, outcome by outcome: exact with a kernel, or in features of fixed width.

Both give the posterior mean and the width sqrt(phi' (Phi' Phi + alpha I)^-1 phi), which is 1 / sqrt(alpha) times the
feature's length before the first outcome, and both may forget: `now` counts the outcomes of all arms, and an outcome is
worth discount^age.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from generec.loop.arms import Array, Kernel


class KernelRidge:
    """Kernel ridge regression with outcomes coming one at a time. K + alpha N = L L'; `_inverse` is L^-1."""

    def __init__(
        self, kernel: Kernel, alpha: float, budget: int, discount: float, arrays: Mapping[str, Array] | None = None
    ):
        self._kernel, self._alpha, self._budget, self._discount = kernel, alpha, budget, discount
        self._count, self._built = 0, 0
        if arrays is not None and arrays["rows"].size:
            self._built = int(arrays["built"][0])
            self._fill(arrays["rows"], arrays["targets"], arrays["times"], arrays["noise"])

    def predict(self, features: Array, now: int) -> tuple[float, float]:
        own = float(self._kernel(features[None], features[None])[0, 0])
        if not self._count:
            return 0.0, math.sqrt(own / self._alpha)
        solved = self._solve(features)
        left = max(own - float(solved @ solved), 0.0)
        return float(solved @ self._solved[: self._count]), math.sqrt(left / self._alpha)

    def add(self, features: Array, target: float, now: int) -> None:
        if self._count == self._budget:
            self._rebuild(now, self._budget - self._budget // 4)
        if not self._count:
            self._built = now
            self._fill(features[None], np.array([target]), np.array([float(now)]), np.ones(1))
            return
        self._reserve()
        at, solved = self._count, self._solve(features)
        own = float(self._kernel(features[None], features[None])[0, 0])
        pivot = math.sqrt(own + self._alpha - float(solved @ solved))
        self._inverse[at, :at] = -(solved @ self._inverse[:at, :at]) / pivot
        self._inverse[at, at] = 1 / pivot
        self._solved[at] = (target - float(solved @ self._solved[:at])) / pivot
        self._rows[at], self._targets[at], self._times[at], self._noise[at] = features, target, now, 1.0
        self._count += 1

    def tend(self, now: int) -> None:
        if self._count and self._discount < 1 and self._discount ** (now - self._built) < 0.75:
            self._rebuild(now, self._budget)

    def arrays(self) -> dict[str, Array]:
        if not self._count:
            return {"rows": np.zeros((0, 0))}
        end = slice(self._count)
        return {
            "rows": self._rows[end].copy(), "targets": self._targets[end].copy(), "times": self._times[end].copy(),
            "noise": self._noise[end].copy(), "built": np.array([float(self._built)]),
        }  # fmt: skip

    def _solve(self, features: Array) -> Array:
        known = self._kernel(self._rows[: self._count], features[None])[:, 0]
        found: Array = self._inverse[: self._count, : self._count] @ known
        return found

    def _rebuild(self, now: int, keep: int) -> None:
        weights = self._discount ** (now - self._times[: self._count])
        kept = np.flatnonzero(weights > 1e-3)[-keep:]  # less moves no mean
        self._built = now
        self._fill(self._rows[kept], self._targets[kept], self._times[kept], 1 / weights[kept])

    def _fill(self, rows: Array, targets: Array, times: Array, noise: Array) -> None:
        from scipy.linalg import solve_triangular

        self._count = len(rows)
        if not self._count:
            return
        size = self._count + 64
        self._rows, self._inverse = np.zeros((size, rows.shape[1])), np.zeros((size, size))
        self._targets, self._times, self._noise, self._solved = (np.zeros(size) for _ in range(4))
        end = slice(self._count)
        self._rows[end], self._targets[end], self._times[end], self._noise[end] = rows, targets, times, noise
        factor = np.linalg.cholesky(self._kernel(rows, rows) + np.diag(self._alpha * noise))
        self._inverse[end, end] = solve_triangular(factor, np.eye(self._count), lower=True)
        self._solved[end] = self._inverse[end, end] @ targets

    def _reserve(self) -> None:
        size = len(self._rows)
        if self._count < size:
            return
        more = max(64, size // 2)
        self._inverse = np.pad(self._inverse, (0, more))
        self._rows = np.pad(self._rows, ((0, more), (0, 0)))
        self._targets, self._times = np.pad(self._targets, (0, more)), np.pad(self._times, (0, more))
        self._noise, self._solved = np.pad(self._noise, (0, more)), np.pad(self._solved, (0, more))


class FeatureRidge:
    """Ridge regression in F features with Sherman-Morrison rank-one updates: O(F^2) an outcome, however many there are.

    Discounting scales the whole precision, the regulariser with it, so it costs nothing. `tend` restores a regulariser
    that has lost half of itself (one F x F solve), which is what lets an arm nobody pulls return to the prior. Between
    restorations the ridge is therefore at about alpha / 2 to alpha.
    """

    def __init__(self, size: int, alpha: float, discount: float, arrays: Mapping[str, Array] | None = None):
        self._alpha, self._discount = alpha, discount
        self._inverse = np.eye(size) / alpha
        self._moment, self._weights = np.zeros(size), np.zeros(size)
        self._fade, self._then = 1.0, 0  # what is left of the regulariser, and when the inverse was brought up to date
        if arrays is not None:
            if arrays["inverse"].shape != (size, size):
                raise ValueError(f"{size} features were expected, got {arrays['inverse'].shape}")
            self._inverse = arrays["inverse"].copy()
            self._moment, self._weights = arrays["moment"].copy(), arrays["weights"].copy()
            self._fade, self._then = float(arrays["clock"][0]), int(arrays["clock"][1])

    def predict(self, features: Array, now: int) -> tuple[float, float]:
        square = float(features @ (self._inverse @ features)) / self._faded(now)
        limit = float(features @ features) / self._alpha
        return float(features @ self._weights), math.sqrt(min(max(square, 0.0), limit))

    def add(self, features: Array, target: float, now: int) -> None:
        self._scale(now)
        gain = self._inverse @ features
        scale = 1 + float(features @ gain)
        self._weights += gain * ((target - float(features @ self._weights)) / scale)
        self._inverse -= np.outer(gain, gain / scale)
        self._moment += target * features

    def tend(self, now: int) -> None:
        self._scale(now)
        if self._fade >= 0.5:
            return
        lost = (1 - self._fade) * self._alpha
        restored = np.linalg.solve(np.eye(len(self._inverse)) + lost * self._inverse, self._inverse)
        self._inverse = np.add(restored, restored.T) / 2  # the solve's rounding would grow
        self._weights, self._fade = self._inverse @ self._moment, 1.0

    def arrays(self) -> dict[str, Array]:
        return {
            "inverse": self._inverse.copy(), "moment": self._moment.copy(), "weights": self._weights.copy(),
            "clock": np.array([self._fade, float(self._then)]),
        }  # fmt: skip

    def _faded(self, now: int) -> float:
        return max(self._discount ** (now - self._then), 1e-9)  # less is nothing, and nothing cannot be divided by

    def _scale(self, now: int) -> None:
        faded = self._faded(now)
        self._then = now
        if faded == 1:
            return
        self._fade *= faded
        self._inverse /= faded
        self._moment *= faded
