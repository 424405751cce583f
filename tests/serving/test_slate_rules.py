"""Rules over rankings: the fast way against the whole catalogue sorted one by one; dates; what never comes back."""

from __future__ import annotations

import functools
from dataclasses import replace

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import parse
from generec.serving.ages import unfit
from generec.serving.cache import Answer, AnswerCache, Ask, person_of
from generec.serving.rules import Rule, arranged, in_force
from generec.serving.snapshot import Snapshot
from generec.types import Catalog, Request, Slate
from small_world import ITEMS, some_requests, trained

CONDITIONS = ("genres = lamp", "price < 20", "item_id = i31", "year >= 2010", "sold = true", "title contains rug")


@functools.cache
def shop():
    return Snapshot(trained())


def rule(kind, *conditions, number=0, **more):
    return Rule(id=str(number), kind=kind, conditions=tuple(map(parse, conditions)), **more)


rules = st.lists(
    st.builds(
        rule, st.sampled_from(["boost", "pin", "bury"]), st.sampled_from(CONDITIONS),
        weight=st.sampled_from([0.5, 1.0, 1.5, 3.0, 20.0]), number=st.integers(0, 9),
    ),
    max_size=4,
)  # fmt: skip


def slowly(ranked, acting, fits):
    """The same, taking one item after the other from what is left."""
    left, found = list(ranked), []
    for pin in [each for weight in sorted({p.weight for p in acting}, reverse=True) for each in acting
                if each.kind == "pin" and each.weight == weight]:  # fmt: skip
        taken = [item for item in left if fits(pin, item)]
        found += taken
        left = [item for item in left if item not in taken]

    def place(item):
        number = ranked.index(item) + 1
        for each in acting:
            if each.kind == "boost" and fits(each, item):
                number /= each.weight
            if each.kind == "bury" and fits(each, item):
                number *= each.weight
        return number

    while left:
        best = left[0]
        for item in left[1:]:
            if place(item) < place(best) - 1e-9:
                best = item
        found.append(best)
        left.remove(best)
    return found


@settings(max_examples=60, deadline=None)
@given(acting=rules, order=st.permutations(range(12)))
def test_a_ranking_is_arranged_as_its_slow_twin_says(acting, order):
    ranked = [f"i{n}" for n in order]
    held = {
        condition: {f"i{n}" for n in range(12) if n % (2 + place) == 0} for place, condition in enumerate(CONDITIONS)
    }

    def fits(each, item):
        return item in held[next(text for text in CONDITIONS if (parse(text),) == each.conditions)]

    found = arranged(ranked, acting, fits)
    assert sorted(found) == sorted(ranked)
    assert found == slowly(ranked, acting, fits)


@settings(max_examples=25, deadline=None)
@given(acting=rules, number=st.integers(0, 29), k=st.integers(1, 12))
def test_a_short_slate_is_the_beginning_of_the_whole_catalogue_arranged(acting, number, k):
    snapshot = shop()
    request = replace(some_requests()[number], conditions=(parse("price > 3"),), exclude=frozenset({"i40", "i31"}))
    acting = tuple(replace(each, id=str(place)) for place, each in enumerate(acting))
    whole = snapshot.system.recommend([request], ITEMS)[0].item_ids
    expected = []
    for pin in sorted((each for each in acting if each.kind == "pin"), key=lambda each: -each.weight):
        alone = replace(request, conditions=(*request.conditions, *pin.conditions))
        expected += snapshot.system.recommend([alone], ITEMS)[0].item_ids
    expected += slowly(whole, [each for each in acting if each.kind != "pin"], snapshot.fits)
    expected = list(dict.fromkeys(expected))[:k]
    found = snapshot.slates([Ask(request=request, k=k, rules=acting), Ask(request=request, k=k)])
    assert list(found[0].item_ids) == expected
    assert found[1].item_ids == whole[:k]
    assert list(found[0].scores) == sorted(found[0].scores, reverse=True)
    assert not {"i40", "i31"} & set(found[0].item_ids)


def test_boost_pin_and_bury_by_hand():
    ranked, fits = list("abcdefgh"), lambda rule, item: item in rule.conditions[0].value
    boost, bury, pin = (
        rule(kind, f"item_id in {value}") for kind, value in (("boost", "d|h"), ("bury", "a"), ("pin", "g"))
    )
    assert arranged(ranked, [replace(boost, weight=2.5)], fits) == list("adbchefg")  # d as 1.6th, h as 3.2th
    assert arranged(ranked, [replace(bury, weight=4.5)], fits) == list("bcdaefgh")
    assert arranged(ranked, [pin, replace(boost, weight=2.5)], fits) == list("gadbchef")
    heavier = replace(rule("pin", "item_id in b"), weight=3.0)
    assert arranged(ranked, [pin, heavier], fits)[:2] == ["b", "g"]


def test_rules_act_from_their_start_until_before_their_end():
    each = rule("pin", "price < 3", starts=100, ends=200)
    assert [bool(in_force([each], now)) for now in (99, 100, 199, 200)] == [False, True, True, False]
    assert in_force([rule("pin", "price < 3")], 0)


def test_a_rule_that_the_catalogue_cannot_read_moves_nothing():
    snapshot = shop()
    odd = rule("pin", "colour = red", number=1)
    ask = Ask(request=Request(history=("i1",)), k=5)
    with_rule, without = snapshot.slates([replace(ask, rules=(odd,)), ask])
    assert with_rule == without


def test_nobody_is_shown_what_is_for_older_people():
    ratings = [("fsk 16", "r", "", "g", "??")[n % 5] or None for n in range(ITEMS)]
    system = trained()
    system.catalog = Catalog(system.catalog.frame.with_columns(pl.Series("certificate", ratings)))
    assert unfit(system.catalog, "adult") == frozenset()
    assert {ratings[int(one[1:])] for one in unfit(system.catalog, "teen")} == {"r", "??"}
    assert {ratings[int(one[1:])] for one in unfit(system.catalog, "child")} == {"fsk 16", "r", "??"}
    pin = rule("pin", "certificate = r")
    ask = Ask(request=Request(history=("i3",)), k=ITEMS, rules=(pin,))
    adult, child = Snapshot(system).slates([ask, replace(ask, age="child")])
    assert not set(child.item_ids) & unfit(system.catalog, "child")
    assert set(child.item_ids) == set(adult.item_ids) - unfit(system.catalog, "child")


def test_forgetting_a_person_drops_their_answers_only():
    cache, answer = AnswerCache(10), Answer(Slate((), ()), "one", ("load", 0))
    asks = [Ask(request=Request(user_id=user), tenant=tenant) for user in ("ann", "bob", None) for tenant in ("a", "b")]
    for ask in asks:
        cache.put(ask, answer)
    assert cache.forget(person_of("a", "ann")) == 1
    assert [cache.get(ask, answer.source) is not None for ask in asks] == [False, True, True, True, True, True]


def test_rules_and_ages_are_part_of_the_question():
    cache, answer = AnswerCache(10), Answer(Slate((), ()), "one", ("load", 0))
    ask = Ask(request=Request())
    cache.put(ask, answer)
    pin = rule("pin", "price < 3")
    assert cache.get(replace(ask, rules=(pin,)), answer.source) is None
    assert cache.get(replace(ask, age="teen"), answer.source) is None
