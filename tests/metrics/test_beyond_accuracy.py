"""Measures beyond accuracy against naive twins and by-hand values."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.metrics import beyond_accuracy as beyond
from generec.metrics.ranking import positions

CATALOGUE = 12
WIDTH = 5


@st.composite
def lists(draw):
    row = st.integers(0, CATALOGUE - 1)
    return draw(st.lists(st.lists(row, max_size=WIDTH, unique=True), min_size=1, max_size=6))


def table(rows):
    return torch.tensor([row + [-1] * (WIDTH - len(row)) for row in rows])


def packed(rows):
    flat = torch.tensor([item for row in rows for item in row], dtype=torch.int64)
    return flat, torch.tensor([0, *(len(row) for row in rows)]).cumsum(0)


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else math.nan


def same(ours, theirs):
    assert ours == pytest.approx(theirs, abs=1e-6, nan_ok=True)


COUNTS = torch.tensor([50, 20, 9, 9, 9, 5, 4, 3, 2, 1, 0, 0])


@given(lists())
@settings(max_examples=80, deadline=None)
def test_popularity_measures_equal_their_definitions(rows):
    items, counts = table(rows), COUNTS.tolist()
    tail = beyond.long_tail(COUNTS)
    assert tail.tolist() == [count < 20 for count in counts]  # the head is 20 % of 12 items, two of them
    shown = Counter(item for row in rows for item in row)
    same(beyond.coverage(items, CATALOGUE), len(shown) / CATALOGUE)
    same(beyond.mean_popularity(items, COUNTS), mean(mean(counts[i] for i in row) for row in rows if row))
    same(beyond.tail_share(items, tail), mean(mean(float(tail[i]) for i in row) for row in rows if row))
    same(beyond.tail_count(items, tail), mean(sum(float(tail[i]) for i in row) for row in rows))
    novelty = [
        sum((1 - counts[item] / 100) / math.log2(place + 2) for place, item in enumerate(row))
        / sum(1 / math.log2(place + 2) for place in range(len(row)))
        for row in rows
        if row
    ]
    same(beyond.popularity_complement(items, COUNTS / 100), mean(novelty))


@given(st.lists(st.integers(0, 20), min_size=1, max_size=15))
@settings(max_examples=60, deadline=None)
def test_gini_is_the_mean_absolute_difference(shown):
    total = sum(shown)
    apart = sum(abs(a - b) for a in shown for b in shown)
    expected = apart / (2 * len(shown) * total) if total else math.nan
    same(beyond.gini(torch.tensor(shown)), expected)


def test_gini_knows_its_extremes():
    assert beyond.gini(torch.full((10,), 7)) == pytest.approx(0)
    assert beyond.gini(torch.tensor([0] * 99 + [5])) == pytest.approx(0.99)


@given(lists())
@settings(max_examples=60, deadline=None)
def test_intra_list_diversity_is_the_mean_over_pairs(rows):
    features = torch.randn(CATALOGUE, 4, generator=torch.Generator().manual_seed(3))
    features[5] = 0  # an item without features is at distance 1 from all others
    unit = torch.nn.functional.normalize(features, dim=1)
    expected = mean(mean(1 - float(unit[a] @ unit[b]) for a, b in combinations(row, 2)) for row in rows if len(row) > 1)
    ours = beyond.intra_list_diversity(table(rows), features)
    assert ours == pytest.approx(expected, abs=1e-5, nan_ok=True)


@given(lists(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_repeats_and_calibration_equal_their_definitions(rows, random):
    histories = [[random.randrange(CATALOGUE) for _ in range(random.randrange(4))] for _ in rows]
    flat, offsets = packed(histories)
    items = table(rows)
    expected = mean(mean(float(item in own) for item in row) for row, own in zip(rows, histories, strict=True) if row)
    same(beyond.repeat_rate(items, flat, offsets), expected)

    categories = torch.zeros(CATALOGUE, 3)
    for item in range(CATALOGUE - 1):  # the last item has no category
        categories[item, item % 3] = 1
        categories[item, item % 2] = 1
    values = []
    for row, own in zip(rows, histories, strict=True):
        p, q = taste(own, categories), taste(row, categories)
        if sum(p) and sum(q):
            p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
            values.append(sum(a * math.log(a / (0.99 * b + 0.01 * a)) for a, b in zip(p, q, strict=True) if a))
    same(beyond.calibration(items, flat, offsets, categories), mean(values))


def taste(items, categories):
    """Every item spreads a weight of 1 over its categories."""
    total = [0.0, 0.0, 0.0]
    for item in items:
        own = categories[item].tolist()
        for column, there in enumerate(own):
            total[column] += there / sum(own) if sum(own) else 0
    return total


def test_a_list_like_the_history_is_calibrated():
    categories = torch.eye(4)
    flat, offsets = packed([[0, 0, 1, 2]])
    assert beyond.calibration(torch.tensor([[0, 0, 1, 2]]), flat, offsets, categories) == pytest.approx(0, abs=1e-9)
    assert beyond.calibration(torch.tensor([[3, 3, 3, 3]]), flat, offsets, categories) == pytest.approx(
        math.log(100), abs=1e-6
    )


def test_parity_is_zero_when_head_and_tail_are_found_alike():
    groups = torch.tensor([0, 0, 1, 1])
    relevant, offsets = torch.tensor([0, 1, 2, 3]), torch.arange(5)
    alike = positions(torch.tensor([[0], [0], [2], [2]]), relevant, offsets)
    only_head = positions(torch.tensor([[0], [1], [0], [1]]), relevant, offsets)
    assert beyond.equal_opportunity(alike, relevant, groups, 1) == 0
    assert beyond.equal_opportunity(only_head, relevant, groups, 1) == pytest.approx(1)
    assert math.isnan(beyond.equal_opportunity(torch.zeros(4), relevant, groups, 1))


def test_validity_counts_unknown_repeated_and_forbidden_ids():
    items = torch.tensor([[0, 1, 0, -2], [2, 3, -1, -1]])
    allowed = torch.ones(2, 4, dtype=torch.bool)
    allowed[1, 3] = False
    good = beyond.valid(items, allowed)
    assert good.tolist() == [[True, True, False, False], [True, False, False, False]]
    assert beyond.valid_rate(items, good) == pytest.approx(3 / 6)
    assert beyond.filled_rate(items) == pytest.approx(6 / 8)
    assert beyond.valid_rate(items, beyond.valid(items)) == pytest.approx(4 / 6)


@given(st.lists(st.lists(st.integers(-2, 4), min_size=4, max_size=4), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_distinct_marks_first_places(rows):
    expected = [[item >= 0 and item not in row[:place] for place, item in enumerate(row)] for row in rows]
    assert beyond.distinct(torch.tensor(rows)).tolist() == expected


def test_the_head_takes_ties_with_its_last_item():
    assert beyond.long_tail(torch.tensor([5, 5, 5, 5, 1])).tolist() == [False] * 4 + [True]


def test_group_means_leave_out_people_without_a_group():
    means, counts = beyond.group_means(torch.tensor([1.0, 0.0, 1.0, 5.0]), torch.tensor([0, 0, 1, -1]), 3)
    assert counts.tolist() == [2, 1, 0]
    assert means[:2].tolist() == [0.5, 1.0]
    assert math.isnan(means[2])


def test_lists_of_nothing_have_no_figures():
    nothing = torch.full((2, 3), -1)
    assert math.isnan(beyond.mean_popularity(nothing, COUNTS))
    assert math.isnan(beyond.valid_rate(nothing, beyond.valid(nothing)))
    assert math.isnan(beyond.gini(beyond.exposure(nothing, 4)))
    assert beyond.coverage(nothing, 4) == 0
