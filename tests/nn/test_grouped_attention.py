from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from generec.nn.dropout_masks import DropoutMasks
from generec.nn.grouped_attention import ByLength, Group, grouped_attention


def naive(query: Tensor, key_value: Tensor, heads: int, groups, bias=None, masks=None) -> Tensor:
    """One row and one head at a time."""
    found, q, k = [], 0, 0
    for group in groups:
        shape = torch.Size((group.rows * heads, group.queries, group.keys))
        mask = torch.ones(shape) if masks is None else masks.window(shape)
        mask = mask.view(group.rows, heads, group.queries, group.keys)
        for row in range(group.rows):
            keys, values = key_value[k : k + group.keys].chunk(2, 1)
            parts = []
            for head, (a, b, c) in enumerate(
                zip(*(x.chunk(heads, 1) for x in (query[q : q + group.queries], keys, values)), strict=True)
            ):
                scores = a @ b.T
                if bias is not None:
                    scores = scores + bias[head, : group.queries, : group.keys]
                parts.append((scores.softmax(-1) * mask[row, head]) @ c)
            found.append(torch.cat(parts, 1))
            q, k = q + group.queries, k + group.keys
    return torch.cat(found)


@pytest.mark.parametrize("dropped", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_values_and_gradients_equal_the_naive_twin(dropped: bool, biased: bool) -> None:
    heads, width = 3, 4
    groups = (Group(2, 3, 1), Group(1, 2, 5), Group(4, 1, 4))
    generator = torch.Generator().manual_seed(0)
    sizes = [(12, 12), (23, 24), (3, 3, 5)]
    inputs = [torch.randn(*size, generator=generator, requires_grad=True) for size in sizes]
    assert sizes[0] == (sum(g.rows * g.queries for g in groups), heads * width)
    upstream = torch.randn(12, 12, generator=generator)
    outputs = []
    for attend in (grouped_attention, naive):
        torch.manual_seed(1)
        masks = DropoutMasks(0.5, 100, torch.float32, torch.device("cpu")) if dropped else None
        out = attend(inputs[0], inputs[1], heads, groups, inputs[2] if biased else None, masks)
        outputs.append((out, *torch.autograd.grad(out, inputs[: 2 + biased], upstream)))
    for fast, slow in zip(*outputs, strict=True):
        torch.testing.assert_close(fast, slow, atol=1e-5, rtol=1e-4)


@given(st.lists(st.integers(0, 6), max_size=12))
def test_rows_are_grouped_by_length(lengths: list[int]) -> None:
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    layout = ByLength.of(offsets)
    order = sorted(range(len(lengths)), key=lambda row: lengths[row])
    assert layout.rows.tolist() == order
    assert layout.tokens.tolist() == [t for row in order for t in range(int(offsets[row]), int(offsets[row + 1]))]
    assert [length for rows, length in layout.groups for _ in range(rows)] == sorted(lengths)
    assert len(layout.groups) == len(set(lengths))
