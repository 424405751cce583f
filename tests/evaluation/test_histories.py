"""Packing, distinct histories, recency weights and masks against loops."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.evaluation.histories import allowed, distinct, pack, people_by_item, recency_weights
from generec.types import Condition, Events, Request

histories = st.lists(st.lists(st.integers(0, 9), max_size=8), min_size=1, max_size=6)


@given(histories)
@settings(max_examples=80, deadline=None)
def test_distinct_keeps_the_last_place_of_each_item(rows):
    found = distinct(Events.pack(rows), 10)
    expected = [[item for place, item in enumerate(row) if item not in row[place + 1 :]] for row in rows]
    assert [found.history(person).tolist() for person in range(len(rows))] == expected


@given(histories)
@settings(max_examples=40, deadline=None)
def test_people_by_item_says_who_had_what(rows):
    table = people_by_item(Events.pack(rows), 10).toarray()
    assert table.tolist() == [[float(item in row) for item in range(10)] for row in rows]


def test_recency_weights_fall_by_the_later_items():
    weights = recency_weights(Events.pack([[3, 4, 5], [], [6]]), 0.5)
    assert weights.tolist() == [0.25, 0.5, 1.0, 1.0]
    assert recency_weights(Events.pack([[3, 4]]), 1.0).tolist() == [1.0, 1.0]


def test_packing_passes_over_items_that_left_the_catalogue(dataset):
    packed = pack([Request(history=("i3", "gone", "i5")), Request(), Request(history=("gone",))], dataset.catalog)
    assert packed.items.tolist() == [3, 5]
    assert packed.offsets.tolist() == [0, 2, 2, 2]


def test_allowed_equals_the_rules_read_item_by_item(dataset):
    cheap = Condition("price", "<", 6.0)
    requests = [
        Request(history=("i1", "i2")),
        Request(history=("i1", "i2"), repeat=True),
        Request(history=("i1",), exclude=frozenset({"i3", "gone"}), conditions=(cheap,)),
        Request(conditions=(cheap, Condition("topic", "=", "topic 0"))),
    ]
    found = allowed(requests, pack(requests, dataset.catalog), dataset.catalog)
    everything = {f"i{item}" for item in range(len(dataset.catalog))}
    expected = [everything - {"i1", "i2"}, everything, {"i0", "i2", "i4", "i5"}, {"i0", "i4"}]
    ids = dataset.catalog.item_ids
    assert [{ids[row] for row in mask.nonzero()[:, 0].tolist()} for mask in found] == expected
    assert found.dtype == torch.bool
