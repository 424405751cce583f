"""How sure a figure is: bootstrap intervals over cases and the spread over seeds.

The two answer different questions: the interval says what another draw of people would give, the spread what another
random start would. A claim counts when the interval of a paired difference excludes 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError


@dataclass(frozen=True)
class Interval:
    """A mean over cases and the ends of its bootstrap percentile interval."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Spread:
    """Mean and sample standard deviation over seeds; the deviation of one seed is NaN."""

    mean: float
    sd: float
    seeds: int


def resampled_means(values: Tensor, draws: int = 1000, seed: int = 0, block: int = 64) -> Tensor:
    """Means of every column over `draws` resamples of the cases, (draws, M) float64.

    values (C, M): one row per case, one column per metric and model. All columns share the resamples, so differences
    of columns are paired. A resample of C cases with replacement is a multinomial vector of weights, which turns the
    bootstrap into a matrix product (Efron 1979).
    """
    if values.ndim != 2 or values.shape[0] == 0:
        raise UsageError(
            f"a bootstrap needs values of shape (cases, metrics) and at least one case, got {values.shape}"
        )
    generator = torch.Generator().manual_seed(seed)
    cases = values.shape[0]
    means = []
    for start in range(0, draws, block):
        size = min(block, draws - start)
        drawn = torch.randint(cases, (size, cases), generator=generator) + torch.arange(size)[:, None] * cases
        weights = torch.bincount(drawn.flatten(), minlength=size * cases).view(size, cases).double()
        means.append(weights @ values.double() / cases)
    return torch.cat(means) if means else torch.empty(0, values.shape[1], dtype=torch.float64)


def percentile_interval(mean: float, resampled: Tensor, level: float = 0.95) -> Interval:
    """The interval that holds the middle `level` of resampled means (draws,)."""
    ends = torch.quantile(resampled.double(), torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64))
    return Interval(mean, float(ends[0]), float(ends[1]))


def mean_interval(values: Tensor, draws: int = 1000, seed: int = 0, level: float = 0.95) -> Interval:
    """Bootstrap interval of the mean of one metric, values (C,)."""
    return percentile_interval(
        float(values.double().mean()), resampled_means(values[:, None], draws, seed)[:, 0], level
    )


def difference_interval(
    first: Tensor, second: Tensor, draws: int = 1000, seed: int = 0, level: float = 0.95
) -> Interval:
    """Paired bootstrap interval of mean(first) - mean(second), both (C,) over the same cases in the same order."""
    if first.shape != second.shape:
        raise UsageError(f"a paired interval needs the same cases, got {tuple(first.shape)} and {tuple(second.shape)}")
    return mean_interval(first.double() - second.double(), draws, seed, level)


def spread(values: Sequence[float]) -> Spread:
    """Mean and sample standard deviation of one figure over seeds."""
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return Spread(mean, math.nan, len(values))
    return Spread(mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)), len(values))
