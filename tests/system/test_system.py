"""The waist: what a slate may and may not hold."""

import random
from dataclasses import replace

import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import mask, parse
from generec.errors import InputError, UsageError
from generec.types import Catalog, Request
from small_world import ITEMS, some_requests, trained

NAMES = ["sasrec", "one_pass"]
IDS = [f"i{n}" for n in range(ITEMS)]
CONDITIONS = ["price < 10", "genres = lamp", "genres not in lamp|rug", "year >= 2000", "sold = true", "price > 1000"]

requests = st.builds(
    Request,
    history=st.lists(st.sampled_from([*IDS, "gone-1", "gone-2"]), max_size=8).map(tuple),
    conditions=st.lists(st.sampled_from(CONDITIONS).map(parse), max_size=2).map(tuple),
    exclude=st.frozensets(st.sampled_from([*IDS, "gone-1"]), max_size=6),
    repeat=st.booleans(),
)


def may_be_given(system, request):
    """The slow twin of every rule at once: a loop over the items."""
    suited = mask(system.catalog, request.conditions).tolist()
    return {
        item
        for row, item in enumerate(system.catalog.item_ids)
        if suited[row]
        and bool(system.index.alive[row])
        and item not in request.exclude
        and (request.repeat or item not in request.history)
    }


@pytest.fixture(scope="module", params=NAMES)
def system(request):
    fitted = trained(request.param)
    fitted.remove(["i7", "i30"])
    return fitted


@settings(max_examples=30, deadline=None)
@given(st.lists(requests, min_size=1, max_size=5), st.integers(1, 70))
def test_slates_hold_distinct_allowed_items_in_order_and_as_many_as_there_are(system, asked, k):
    slates = system.recommend(asked, k)
    assert len(slates) == len(asked)
    for request, slate in zip(asked, slates, strict=True):
        allowed = may_be_given(system, request)
        assert set(slate.item_ids) <= allowed
        assert len(slate.item_ids) == len(set(slate.item_ids)) == min(k, len(allowed))
        assert list(slate.scores) == sorted(slate.scores, reverse=True)
        known = [item for item in request.history if item in system.catalog]
        assert slate.source == ("model" if known else "popular")
        assert bool(slate.note) != bool(known)


def test_many_requests_are_answered_as_each_alone(system):
    asked = some_requests(1100)
    together = system.recommend(asked, 5)
    for position in random.Random(0).sample(range(1100), 40):
        alone = system.recommend([asked[position]], 5)[0]
        assert together[position].item_ids == alone.item_ids
        assert together[position].scores == pytest.approx(alone.scores, abs=1e-4)


def test_items_the_catalogue_lacks_are_passed_over_with_their_times(system):
    times = tuple(range(1000, 5000, 1000))
    known = Request(history=("i3", "i4"), times=(1000, 3000))
    with_gone = Request(history=("i3", "gone", "i4", "gone"), times=times)
    assert system.recommend([known], 5) == system.recommend([with_gone], 5)


def test_what_is_popular_is_varied():
    """The naive twin: again and again the item with the highest weight, halving its kind."""
    system = trained("one_pass")
    slate = system.recommend([Request()], 10)[0]
    weights, kinds = system.activity.tolist(), system.index.ids.codes[:, 0].tolist()
    order = sorted(range(ITEMS), key=lambda row: -weights[row])
    expected = []
    for _ in range(10):
        top = max((row for row in order if row not in expected), key=lambda row: weights[row])
        expected.append(top)
        weights = [weight / 2 if kinds[row] == kinds[top] and row not in expected else weight
                   for row, weight in enumerate(weights)]  # fmt: skip
    assert slate.item_ids == tuple(f"i{row}" for row in expected)
    assert len({kinds[row] for row in expected}) >= len({kinds[row] for row in order[:10]})


def test_no_requests_no_slates_and_no_k_no_answer(system):
    assert system.recommend([], 5) == []
    with pytest.raises(UsageError, match="at least 1"):
        system.recommend([Request()], 0)


def test_an_unknown_field_is_answered_with_the_nearest(system):
    with pytest.raises(UsageError, match="did you mean 'price'"):
        system.recommend([Request(conditions=(parse("prize < 3"),))])


# a catalogue that changes


def snapshot(system):
    return (
        system.catalog,
        system.index,
        system.features,
        len(system.activity),
        system.recommend(some_requests(10), 10),
    )


def new_items(number, offset=0, **columns):
    ids = [f"new-{offset + n}" for n in range(number)]
    titles = [f"lamp number {100 + n}" for n in range(number)]
    return Catalog(pl.DataFrame({"item_id": ids, "title": titles, **columns}))


@pytest.mark.parametrize("name", NAMES)
def test_an_inserted_item_can_be_asked_for_at_once_and_no_id_changes(name):
    system = trained(name)
    before = system.index.ids.codes.clone()
    old = system.recommend([Request(history=("i3", "i4"), exclude=frozenset())], ITEMS + 5)[0]
    system.insert(new_items(4))
    assert torch.equal(system.index.ids.codes[:ITEMS], before)
    assert len(system.catalog) == len(system.features) == len(system.activity) == len(system.index) == ITEMS + 4
    slate = system.recommend([Request(history=("i3", "i4"))], ITEMS + 4)[0]
    assert {f"new-{n}" for n in range(4)} <= set(slate.item_ids)
    assert len(slate.item_ids) == len(old.item_ids) + 4
    assert system.recommend([Request(history=("new-1",))], 3)[0].source == "model"


def test_many_items_inserted_one_by_one_equal_those_inserted_together():
    one, other = trained("one_pass"), trained("one_pass")
    for number in range(6):
        one.insert(new_items(1, offset=number))
    titles = pl.DataFrame({"item_id": [f"new-{n}" for n in range(6)], "title": ["lamp number 100"] * 6})
    other.insert(Catalog(titles))
    assert one.catalog.item_ids == other.catalog.item_ids
    assert torch.allclose(one.features, other.features)
    for system in (one, other):
        assert len({tuple(codes) for codes in system.index.ids.codes.tolist()}) == ITEMS + 6


@pytest.mark.parametrize("name", NAMES)
def test_nothing_changes_when_an_insert_fails(name):
    system = trained(name)
    before = snapshot(system)
    twice = Catalog(pl.DataFrame({"item_id": ["fresh", "i3"]}))
    with pytest.raises(UsageError, match=r"'i3' is in the catalogue already \(1 of 2 are\)"):
        system.insert(twice)
    with pytest.raises(InputError, match="do not fit the catalogue's columns"):
        system.insert(new_items(1, price=["a lot"]))
    assert snapshot(system) == before


def test_too_many_items_for_the_room_left_say_what_to_do():
    system = trained("sasrec")
    before = snapshot(system)
    with pytest.raises(InputError, match=r"free item codes; train again, or with a larger tokenizer\.room"):
        system.insert(new_items(1025))
    assert snapshot(system) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_removed_item_never_comes_back_and_keeps_its_meaning_in_histories(name):
    system = trained(name)
    with_history = system.recommend([Request(history=("i3", "i4"))], 20)[0]
    system.remove(["i4"])
    again = system.recommend([Request(history=("i3", "i4"))], 20)[0]
    assert again == with_history  # i4 was seen, hence masked anyway, and is still read
    assert "i4" not in system.recommend([Request(history=("i3", "i4"), repeat=True)], ITEMS)[0].item_ids
    with pytest.raises(UsageError, match="did you mean"):
        system.remove(["i444"])


def test_a_model_that_is_no_module_says_so():
    system = replace(trained("sasrec"), model=object())
    with pytest.raises(TypeError, match="must be an ItemModel"):
        _ = system.network
