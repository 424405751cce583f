from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st

from generec.nn.relative_position import RelativePositionBias, buckets


def naive(relative: int, count: int, reach: int, causal: bool) -> int:
    base = 0
    if not causal:
        count //= 2
        base = count if relative > 0 else 0
    distance = max(-relative, 0) if causal else abs(relative)
    exact = count // 2
    if distance < exact:
        return base + distance
    share = math.log(distance / exact) / math.log(reach / exact)
    return base + min(count - 1, exact + int(share * (count - exact) + 1e-6))


@given(st.integers(-300, 300), st.booleans())
def test_buckets_equal_the_scalar_formula(relative: int, causal: bool) -> None:
    assert int(buckets(torch.tensor(relative), 32, 128, causal)) == naive(relative, 32, 128, causal)


def test_a_causal_bias_forbids_what_is_ahead_and_depends_on_distance_only() -> None:
    bias = RelativePositionBias(2, causal=True)
    with torch.no_grad():
        bias.table.copy_(torch.randn(2, 32, generator=torch.Generator().manual_seed(0)))
    found = bias(5)
    assert found.shape == (2, 5, 5)
    assert bool((found[:, torch.ones(5, 5).triu(1).bool()] == -torch.inf).all())
    assert torch.equal(found[:, 4, 3], found[:, 1, 0])
    assert torch.equal(found[:, 4, 0], bias.table[:, 4])
