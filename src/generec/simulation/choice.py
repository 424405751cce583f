"""What makes people choose this and not that: a mixture of two conditional logits, fitted by maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generec.simulation.chance import Doubles, Ints

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """A mixture of two conditional logits: by everything that is known of a person, and, now and then, by chance."""

    weights: Doubles  # (F,)
    wander: float  # share of choices that follow `free` alone
    free: Doubles  # (F,) zero for all but what is the same for everybody

    def log_chances(self, table: Floats, allowed: Mask) -> Doubles:
        """Log-probabilities (n, N), -inf where not allowed."""
        own, free = (_log_softmax(table, weights, allowed) for weights in (self.weights, self.free))
        with np.errstate(divide="ignore"):
            both: Doubles = np.logaddexp(np.log1p(-self.wander) + own, np.log(self.wander) + free)
        return both


def fit_choice(table: Floats, chosen: Ints, allowed: Mask, free: int, ridge: float = 0.0) -> Choice:
    """The mixture under which what was chosen is likeliest. table (n, N, F), allowed (n, N).

    free: how many features, from the first, the second logit uses. Minimises the mean negative log-likelihood plus
    ridge * |weights|^2 over standardised features, by L-BFGS on all parameters at once.
    """
    from scipy.optimize import minimize

    width = table.shape[2]
    spread = table.reshape(-1, width).std(0).astype(np.float64)
    scale = np.where(spread > 1e-9, spread, 1.0)
    scaled: Floats = (table / scale).astype(np.float32)
    each = np.arange(chosen.size)
    taken = scaled[each, chosen].astype(np.float64)

    def loss(values: Doubles) -> tuple[float, Doubles]:
        own, other = values[:width], np.concatenate([values[width:-1], np.zeros(width - free)])
        wander = 1 / (1 + math.exp(-values[-1]))
        logs = [_log_softmax(scaled, weights, allowed) for weights in (own, other)]
        parts = np.stack([np.log1p(-wander) + logs[0][each, chosen], np.log(wander) + logs[1][each, chosen]])
        whole = np.logaddexp(parts[0], parts[1])
        blame = np.exp(parts - whole)  # (2, n) which of the two chose
        chances = [np.exp(log).astype(np.float32) for log in logs]
        slopes = [taken - np.einsum("bn,bnf->bf", each_chance, scaled) for each_chance in chances]
        gradient = np.concatenate([
            -(blame[0] @ slopes[0]) / chosen.size + 2 * ridge * own,
            -(blame[1] @ slopes[1])[:free] / chosen.size + 2 * ridge * other[:free],
            [wander - blame[1].mean()],
        ])  # fmt: skip
        return float(-whole.mean() + ridge * (own @ own + other @ other)), gradient

    start = np.concatenate([np.zeros(width + free), [-2.0]])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None)] * (width + free) + [(-6, 3)]).x
    other = np.concatenate([found[width:-1] / scale[:free], np.zeros(width - free)])
    return Choice(found[:width] / scale, 1 / (1 + math.exp(-found[-1])), other)


def _log_softmax(table: Floats, weights: Doubles, allowed: Mask) -> Doubles:
    from scipy.special import log_softmax

    utility = np.where(allowed, table @ weights.astype(np.float32), -np.inf).astype(np.float64)
    logs: Doubles = log_softmax(utility, axis=1)
    return logs
