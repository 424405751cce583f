from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generec.decoding.constraint import constrain, item_mask
from generec.decoding.trie import children, compile_index, root_children, without
from generec.errors import UsageError
from generec.types import SemanticIds

IDS = SemanticIds(torch.cartesian_prod(torch.arange(3), torch.arange(2), torch.arange(3)).flip(0), (3, 2, 3))


@given(st.lists(st.lists(st.booleans(), min_size=18, max_size=18), min_size=1, max_size=3), st.sets(st.integers(0, 17)))
def test_a_prefix_is_live_exactly_when_an_allowed_item_lies_below(masks: list[list[bool]], removed: set[int]) -> None:
    index = without(compile_index(IDS), sorted(removed))
    allowed = torch.tensor(masks)
    constraint = constrain(index, len(masks), allowed)
    for level, nodes in enumerate(index.levels):
        live = constraint.live(level, torch.arange(nodes.codes.numel()).repeat(len(masks), 1))
        assert live is not None
        for request in range(len(masks)):
            expected = [
                bool((allowed & index.alive)[request, index.order[nodes.spans[node] : nodes.spans[node + 1]]].any())
                for node in range(nodes.codes.numel())
            ]
            assert live[request].tolist() == expected


@given(st.lists(st.booleans(), min_size=18, max_size=18))
def test_every_live_state_reaches_an_item(mask: list[bool]) -> None:
    index = compile_index(IDS)
    constraint = constrain(index, 1, torch.tensor([mask]))
    offsets, reached = root_children(index), torch.zeros(1, dtype=torch.int64)
    for level in range(3):
        every = torch.ones(1, reached.numel(), dtype=torch.bool)
        nodes, parents, there = children(offsets, reached[None], every)
        live = constraint.live(level, nodes)
        assert live is not None
        live &= there
        if any(mask):  # no state is a dead end: each one kept so far has a live child
            assert parents[live].unique().numel() == reached.numel()
        reached, offsets = nodes[live], index.levels[level].children
        if not reached.numel():
            break
    assert sorted(index.order[reached].tolist()) == [row for row, kept in enumerate(mask) if kept]


def test_one_filter_can_serve_all_requests() -> None:
    index = compile_index(IDS)
    allowed = torch.rand(1, 18, generator=torch.Generator().manual_seed(0)) > 0.7
    shared, own = constrain(index, 4, allowed), constrain(index, 4, allowed.expand(4, -1))
    nodes = torch.arange(6).repeat(4, 1)
    one, four = shared.live(1, nodes), own.live(1, nodes)
    assert one is not None
    assert torch.equal(one, four)


def test_no_filter_costs_nothing_until_an_item_is_removed() -> None:
    index = compile_index(IDS)
    assert constrain(index, 2, None).counts is None
    assert item_mask(index, 2, None) is None
    mask = item_mask(without(index, [3]), 2, None)
    assert mask is not None
    assert mask.shape == (1, 18)
    assert (~mask[0]).nonzero().tolist() == [[3]]


def test_a_mask_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(UsageError, match=r"allowed must be \(2 or 1, 18\), got \(3, 18\)"):
        constrain(compile_index(IDS), 2, torch.ones(3, 18, dtype=torch.bool))
