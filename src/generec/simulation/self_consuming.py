"""What becomes of a model that is trained on its own outputs, of which people kept what they liked: the exact case.

Ferbach et al. 2024 (NeurIPS, arXiv 2407.09499): K samples of the model, one is kept with chance softmax of its reward,
and the next model is the maximum-likelihood fit to kept samples and real data. Over a categorical catalogue that fit is
the mixture itself, so that a round is a closed recursion and no noise of sampling can be mistaken for collapse.
Deviation: the paper writes the mixture with lambda, here `real` = 1 / (1 + lambda).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from generec.errors import UsageError
from generec.simulation.chance import Doubles

STEP = 0.1
"""Of the quadrature, in the logarithm; the integrand decays doubly exponentially, so that errors are below 1e-12."""


@dataclass(frozen=True, kw_only=True)
class Curation:
    """How the next training set comes about."""

    draws: int = 4
    """K: of so many samples one is kept; 1 keeps everything, the control."""
    real: float = 0.0
    """Share of real data in every training set."""

    def __post_init__(self) -> None:
        if self.draws < 1 or not 0 <= self.real <= 1:
            raise UsageError(f"curation needs draws >= 1 and a real share in [0, 1], got {self}")

    def next(self, model: Doubles, reward: Doubles, data: Doubles) -> Doubles:
        """The exact next model: the limit of endless samples. All (N,); model and data sum to 1."""
        found: Doubles = self.real * data + (1 - self.real) * curated(model, reward, self.draws)
        return found

    def sampled(
        self, model: Doubles, reward: Doubles, data: Doubles, samples: int, generator: np.random.Generator
    ) -> Doubles:
        """The next model fitted to `samples` kept samples: the naive twin of `next`, with its noise."""
        ends = np.cumsum(model)
        kept = np.zeros(model.size)
        for begin in range(0, samples, 1 << 18):
            drawn = generator.random((min(samples - begin, 1 << 18), self.draws)) * ends[-1]
            items = np.searchsorted(ends, drawn, side="right").clip(max=model.size - 1)
            # the best of reward + Gumbel noise is a draw from the softmax of the rewards
            best = (reward[items] + generator.gumbel(size=items.shape)).argmax(1)
            kept += np.bincount(items[np.arange(best.size), best], minlength=model.size)
        found: Doubles = self.real * data + (1 - self.real) * kept / samples
        return found


def curated(model: Doubles, reward: Doubles, draws: int) -> Doubles:
    """Distribution of the sample that is kept: p(x) E[K e^r(x) / (e^r(x) + sum of K - 1 others)], (N,).

    The expectation is one integral, from 1 / s = integral of e^(-us): K w (integral of e^(-uw) phi(u)^(K-1) du) with
    w = e^r and phi(u) = sum of p e^(-uw), taken by the trapezoidal rule in log u.
    """
    weight = np.exp(reward - reward.max())
    grid = np.arange(-34.0, math.log(60) - math.log(weight.min()), STEP)
    decay = np.exp(-np.exp(grid)[:, None] * weight)  # (G, N)
    others = (decay @ model) ** (draws - 1)
    kept: Doubles = model * weight * ((np.exp(grid) * others) @ decay)
    kept /= kept.sum()  # the step of the grid and K cancel
    return kept


def keep_best(model: Doubles, reward: Doubles) -> Doubles:
    """The limit of `curated` for endless draws: p e^r / E e^r."""
    weight = model * np.exp(reward - reward.max())
    found: Doubles = weight / weight.sum()
    return found


@dataclass(frozen=True)
class Round:
    """A model of the loop and its health. Reward and coverage belong together: the one rises as the other falls."""

    number: int
    model: Doubles  # (N,)
    reward: float  # mean
    coverage: float  # share of the items expected among N draws
    entropy: float  # nats
    divergence: float  # KL(data || model), nats; inf where an item of the data is lost

    @staticmethod
    def of(number: int, model: Doubles, reward: Doubles, data: Doubles) -> Round:
        there = model > 0
        entropy = float(-(model[there] * np.log(model[there])).sum())
        coverage = float((1 - (1 - model) ** model.size).mean())
        return Round(number, model, float(model @ reward), coverage, entropy, divergence(data, model))


def divergence(data: Doubles, model: Doubles) -> float:
    """KL(data || model) in nats."""
    there = data > 0
    if (model[there] <= 0).any():
        return math.inf
    return float((data[there] * np.log(data[there] / model[there])).sum())


def rounds(data: Doubles, reward: Doubles, curation: Curation, count: int = 10) -> Iterator[Round]:
    """Round 0 is the model of the data, then `count` exact rounds."""
    model = data
    yield Round.of(0, model, reward, data)
    for number in range(1, count + 1):
        model = curation.next(model, reward, data)
        yield Round.of(number, model, reward, data)


def sampled_rounds(
    data: Doubles, reward: Doubles, curation: Curation, samples: int, count: int = 10, seed: int = 0
) -> Iterator[Round]:
    """The same with models fitted to samples of the model before."""
    generator, model = np.random.default_rng(seed), data
    yield Round.of(0, model, reward, data)
    for number in range(1, count + 1):
        model = curation.sampled(model, reward, data, samples, generator)
        yield Round.of(number, model, reward, data)
