"""Bootstrap intervals: against a slow twin, against theory, and their promises."""

from __future__ import annotations

import math

import pytest
import torch

from generec.errors import UsageError
from generec.metrics.intervals import (
    Interval,
    difference_interval,
    mean_interval,
    percentile_interval,
    resampled_means,
    spread,
)


def test_resampled_means_are_means_of_resamples():
    """The slow twin draws the same cases and averages them one resample at a time."""
    values = torch.rand(13, 3, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    generator = torch.Generator().manual_seed(8)
    expected = []
    for size in (4, 4, 2):
        drawn = torch.randint(13, (size, 13), generator=generator)
        expected += [values[row].mean(0) for row in drawn]
    found = resampled_means(values, draws=10, seed=8, block=4)
    torch.testing.assert_close(found, torch.stack(expected))


def test_the_interval_is_as_wide_as_theory_says():
    """A mean of n draws has standard error sd / sqrt(n); the 95 % interval is 2 x 1.96 of them."""
    values = torch.randn(4000, generator=torch.Generator().manual_seed(0)).double() * 3 + 1
    found = mean_interval(values, draws=2000, seed=1)
    error = float(values.std()) / math.sqrt(4000)
    assert found.mean == pytest.approx(float(values.mean()))
    assert found.low == pytest.approx(found.mean - 1.96 * error, abs=0.3 * error)
    assert found.high == pytest.approx(found.mean + 1.96 * error, abs=0.3 * error)


def test_intervals_cover_the_truth_as_often_as_promised():
    generator = torch.Generator().manual_seed(2)
    samples = (torch.rand(200, 150, generator=generator) < 0.3).double()
    covered = 0
    for number, sample in enumerate(samples):
        found = mean_interval(sample, draws=200, seed=number)
        covered += found.low <= 0.3 <= found.high
    assert 178 <= covered <= 199  # 95 % of 200, within four standard deviations below


def test_pairing_makes_small_differences_visible():
    """Two lists of figures that move together differ surely, though either alone is spread widely."""
    generator = torch.Generator().manual_seed(4)
    first = torch.rand(500, generator=generator).double()
    second = first - 0.01 + 0.001 * torch.rand(500, generator=generator).double()
    paired = difference_interval(first, second)
    assert paired.excludes_zero
    assert paired.mean == pytest.approx(float((first - second).mean()))
    alone = mean_interval(first)
    assert alone.high - alone.low > 10 * (paired.high - paired.low)
    assert difference_interval(first, first) == Interval(0.0, 0.0, 0.0)
    assert not difference_interval(first, first).excludes_zero


def test_differences_of_columns_are_paired():
    values = torch.rand(60, 2, generator=torch.Generator().manual_seed(9), dtype=torch.float64)
    together = resampled_means(values, draws=50, seed=3)
    expected = difference_interval(values[:, 0], values[:, 1], draws=50, seed=3)
    found = percentile_interval(float((values[:, 0] - values[:, 1]).mean()), together[:, 0] - together[:, 1])
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_same_seed_same_interval():
    values = torch.rand(50, generator=torch.Generator().manual_seed(1))
    assert mean_interval(values, draws=100, seed=3) == mean_interval(values, draws=100, seed=3)
    assert mean_interval(values, draws=100, seed=3) != mean_interval(values, draws=100, seed=4)


def test_what_cannot_be_resampled_is_refused():
    with pytest.raises(UsageError, match="at least one case"):
        resampled_means(torch.zeros(0, 2))
    with pytest.raises(UsageError, match="the same cases"):
        difference_interval(torch.zeros(3), torch.zeros(4))


def test_spread_over_seeds():
    found = spread([0.1, 0.2, 0.3])
    assert (found.mean, found.sd, found.seeds) == pytest.approx((0.2, 0.1, 3))
    assert math.isnan(spread([0.4]).sd)
