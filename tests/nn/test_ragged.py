"""Packed sequences against plain Python."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.nn.ragged import (
    pad,
    place_of_token,
    row_of_token,
    segment_log_softmax,
    spread,
    take_last,
    unpad,
)  # fmt: skip

lengths_of_rows = st.lists(st.integers(0, 9), min_size=1, max_size=12)


def offsets_of(lengths):
    return torch.tensor([0, *lengths]).cumsum(0)


@given(lengths=lengths_of_rows)
@settings(max_examples=50, deadline=None)
def test_rows_and_places(lengths):
    offsets = offsets_of(lengths)
    expected = [(row, place) for row, length in enumerate(lengths) for place in range(length)]
    assert list(zip(row_of_token(offsets).tolist(), place_of_token(offsets).tolist(), strict=True)) == expected


@given(lengths=lengths_of_rows)
@settings(max_examples=50, deadline=None)
def test_padding_puts_rows_left_and_zeros_right_and_comes_back(lengths):
    offsets, width = offsets_of(lengths), max(1, *lengths)
    packed = torch.arange(1.0, sum(lengths) + 1)[:, None].expand(-1, 2)
    slots = row_of_token(offsets) * width + place_of_token(offsets)
    padded = pad(packed, slots, len(lengths), width)
    for row, length in enumerate(lengths):
        assert padded[row, :length].equal(packed[offsets[row] : offsets[row + 1]])
        assert not padded[row, length:].any()
    assert unpad(padded, slots).equal(packed)


@given(lengths=lengths_of_rows, limit=st.integers(1, 5))
@settings(max_examples=50, deadline=None)
def test_take_last(lengths, limit):
    offsets = offsets_of(lengths)
    positions, kept = take_last(offsets, limit)
    expected = [list(range(int(offsets[row + 1])))[int(offsets[row]) :][-limit:] for row in range(len(lengths))]
    assert positions.tolist() == [position for row in expected for position in row]
    assert kept.diff().tolist() == [len(row) for row in expected]


@given(ranges=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 6)), min_size=1, max_size=10))
@settings(max_examples=50, deadline=None)
def test_spread(ranges):
    values, owners = spread(torch.tensor([start for start, _ in ranges]), torch.tensor([count for _, count in ranges]))
    expected = [(start + step, owner) for owner, (start, count) in enumerate(ranges) for step in range(count)]
    assert list(zip(values.tolist(), owners.tolist(), strict=True)) == expected


def test_segment_log_softmax_is_a_log_softmax_per_segment():
    scores, segments = 50 * torch.randn(200), torch.randint(7, (200,))
    found = segment_log_softmax(scores, segments, 7)
    for segment in range(7):
        inside = segments == segment
        assert torch.allclose(found[inside], scores[inside].log_softmax(0), atol=1e-5)
