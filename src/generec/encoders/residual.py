"""What is left of one description of the items once another has told its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import InputError

_PENALTIES = tuple(10.0**exponent for exponent in range(-2, 7))


@dataclass(frozen=True)
class Residual:
    """y - E[y | x], with E a ridge regression whose penalty is chosen by generalised cross-validation.

    Golub, Heath and Wahba 1979: the penalty with the least n RSS / (n - df)^2. Where x says nothing of y, the largest
    one wins and y is only centred: a fixed small penalty would instead fit the noise of small catalogues.
    """

    mean: Tensor  # (F,) of x
    offset: Tensor  # (D,) of y
    weights: Tensor  # (F, D)
    explained: float  # share of the variance of y that x explains, adjusted for degrees of freedom

    @staticmethod
    def fit(targets: Tensor, given: Tensor) -> Residual:
        """targets (n, D), given (n, F). Raises InputError when they are not of one length or there are none."""
        if len(targets) != len(given) or len(targets) == 0:
            raise InputError(f"a residual needs pairs of vectors, got {len(targets)} and {len(given)}")
        mean, offset = given.mean(0), targets.mean(0)
        centred, wanted = (given - mean).double(), (targets - offset).double()
        variances, directions = torch.linalg.eigh(centred.T @ centred)
        variances = variances.clamp(min=0)
        scale = max(float(variances.sum()) / len(given), 1e-12)  # penalties are relative to the spread of x
        shared = directions.T @ (centred.T @ wanted)  # (F, D)
        power, total = shared.square().sum(1), float(wanted.square().sum())
        best, chosen, left = float("inf"), scale * _PENALTIES[-1], 1.0
        for penalty in (scale * step for step in _PENALTIES):
            inverse = 1 / (variances + penalty)
            freedom = len(given) - 1 - float((variances * inverse).sum())
            rest = total - 2 * float(inverse @ power) + float((variances * inverse.square()) @ power)
            if freedom > 0 and rest / freedom**2 < best:
                best, chosen = rest / freedom**2, penalty
                left = rest / freedom / max(total / (len(given) - 1), 1e-12)
        weights = directions @ (shared / (variances + chosen).unsqueeze(1))
        return Residual(mean, offset, weights.float(), 1 - left)

    def __call__(self, targets: Tensor, given: Tensor) -> Tensor:
        """(n, D), (n, F) -> (n, D)."""
        return targets - self.offset - (given - self.mean) @ self.weights

    def state(self) -> dict[str, Tensor]:
        explained = torch.tensor(self.explained, dtype=torch.float64)
        return {"mean": self.mean, "offset": self.offset, "weights": self.weights, "explained": explained}

    @staticmethod
    def restore(state: Mapping[str, Tensor]) -> Residual:
        return Residual(state["mean"], state["offset"], state["weights"], float(state["explained"]))


def under(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The entries whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
