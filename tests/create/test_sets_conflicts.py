"""Refusals: what is called contradictory is, every part of it is needed, and what is offered helps."""

import itertools
import random
from dataclasses import replace

import numpy as np
import polars as pl
from set_worlds import GENRES, brief_fits, holds, items, ordered, pool_of

from generec.create.sets.brief import SetBrief
from generec.create.sets.creator import SetCreator
from generec.create.sets.pool import Pool
from generec.create.sets.rules import (
    AtMostPer,
    Avoid,
    Count,
    Days,
    Haversine,
    Include,
    Matrix,
    NoNearDuplicates,
    Novelty,
    OpeningHours,
    Same,
    Slot,
    Smooth,
    Sorted,
)
from generec.create.sets.search import Reach
from generec.create.sets.words import describe
from generec.records import Abstain, Checked, Member, SetPayload, Total
from generec.types import Condition


def hard(seed: int) -> tuple[SetBrief, Pool]:
    """A brief of rules that know nothing of each other, over a few items."""
    draw = random.Random(seed)
    rows = items(draw, draw.randrange(4, 9), 0.1)
    size = draw.randrange(2, 5)
    low = draw.uniform(5, 25)
    choices = [
        Total("duration", low, low + draw.uniform(0, 10)),
        Total("weight", None, draw.uniform(0, 4)),
        Count(condition=Condition("genre", "=", draw.choice(GENRES)), low=draw.randrange(3)),
        Count(condition=Condition("genre", "=", draw.choice(GENRES)), high=draw.randrange(2)),
        AtMostPer("creator", 1),
        AtMostPer("tags", draw.randrange(1, 3)),
        Condition("explicit", "=", "false"),
        Condition("price", "<=", draw.uniform(5, 40)),
        Include(draw.choice(rows)["item_id"]),
        Avoid(draw.choice(rows)["item_id"]),
        Same("size"),
        Novelty(frozenset(row["item_id"] for row in rows if draw.random() < 0.6), draw.random()),
        NoNearDuplicates(draw.uniform(-0.2, 0.6)),
    ]
    rules = draw.sample(choices, draw.randrange(2, 6))
    slots = tuple(
        Slot(f"slot {place}", (Condition("genre", "in", tuple(draw.sample(GENRES, 2))),)) for place in range(size)
    )
    by_slots = draw.random() < 0.3
    order = draw.choice([None, Smooth("energy", draw.uniform(0, 0.3)), Sorted("energy")])
    return SetBrief(
        name="set", size=None if by_slots else (size, size + draw.randrange(2)), slots=slots if by_slots else (),
        rules=tuple(rules), order=order,
    ), pool_of(rows, draw)  # fmt: skip


def possible(brief: SetBrief, pool: Pool, demands: list) -> bool:
    """Whether any set of items at all meets these demands, by looking at all of them."""
    everything = {row["item_id"]: row for row in pool.frame.iter_rows(named=True)}
    slots = [demand for demand in demands if isinstance(demand, Slot)]
    orders = [demand for demand in demands if isinstance(demand, Smooth | Sorted)]
    others = [demand for demand in demands if not isinstance(demand, Slot | Smooth | Sorted)]
    every_slot = bool(brief.slots) and len(slots) == len(brief.slots)
    for size in range(len(pool) + 1):
        if size < len(slots) or (every_slot and size != len(slots)):
            continue
        for ids in itertools.combinations(pool.item_ids, size):
            members, rows = [Member(one) for one in ids], [everything[one] for one in ids]
            if not all(holds(demand, pool, members, rows) for demand in others):
                continue
            fits = brief_fits(SetBrief(name="part", slots=tuple(slots)), everything) if slots else (lambda order: True)
            if not any(map(fits, itertools.permutations(ids, len(slots)))):
                continue
            line = sorted(rows, key=lambda row: row["energy"] or 0.0)  # no order has smaller steps
            if all(ordered(order, [row["energy"] for row in line]) for order in orders):
                return True
    return False


def test_a_brief_is_refused_exactly_where_no_set_meets_it_and_the_conflict_is_minimal() -> None:
    refused = 0
    for seed in range(100):
        brief, pool = hard(seed)
        demands = list(brief.demands)
        made = SetCreator().create(brief, pool)
        assert isinstance(made, Abstain) == (not possible(brief, pool, demands)), seed
        if not isinstance(made, Abstain):
            continue
        refused += 1
        named = [demand for demand in demands if describe(demand, brief) in made.conflict]
        assert len(named) == len(made.conflict) > 0, seed
        assert not possible(brief, pool, named), seed
        for left_out in range(len(named)):
            assert possible(brief, pool, named[:left_out] + named[left_out + 1 :]), seed
    assert 30 < refused < 90  # both kinds occur


def films(*minutes: float) -> Pool:
    rows = [{"item_id": f"f{row}", "duration": value, "genre": "jazz"} for row, value in enumerate(minutes)]
    return Pool(pl.DataFrame(rows), np.arange(float(len(rows))))


def refused(brief: SetBrief, pool: Pool, **reach: float) -> Abstain:
    made = SetCreator(reach=replace(Reach(), **reach)).create(brief, pool)
    assert isinstance(made, Abstain)
    return made


def test_the_smallest_relaxations_are_offered() -> None:
    brief = SetBrief(
        name="evening", size=(3, 4), rules=(Total("duration", None, 140),), units=(("duration", "minutes"),)
    )
    made = refused(brief, films(50, 60, 70, 80))
    assert made.conflict == ("3 to 4 members", "duration in all at most 140 minutes")
    assert made.relaxations == (
        "3 to 4 members: 2 would be enough", "duration in all at most 140 minutes: 180 minutes would be enough",
    )  # fmt: skip
    enough = SetBrief(name="evening", size=(3, 4), rules=(Total("duration", None, 180),))
    assert isinstance(SetCreator().create(enough, films(50, 60, 70, 80)), tuple)
    enough = SetBrief(name="evening", size=(3, 4), rules=(Total("duration", None, 179.9),))
    assert isinstance(SetCreator().create(enough, films(50, 60, 70, 80)), Abstain)


def test_an_empty_slot_may_be_the_way_out() -> None:
    slots = (Slot("first", (Condition("genre", "=", "jazz"),)), Slot("second", (Condition("genre", "=", "rock"),)))
    made = refused(SetBrief(name="pair", slots=slots), films(50, 60))
    assert made.conflict == ("second: genre = rock",)
    assert made.relaxations == ("leave second empty",)


def test_rules_without_a_number_can_only_be_left_out() -> None:
    made = refused(SetBrief(name="pair", size=(2, 2), rules=(Include("f9"), Avoid("f0"))), films(50, 60, 70))
    assert made.conflict == ("with f9",)
    assert made.relaxations == ("leave out: with f9",)


def test_two_conflicts_have_no_single_way_out() -> None:
    made = refused(SetBrief(name="pair", size=(2, 2), rules=(Include("f8"), Include("f9"))), films(50, 60, 70))
    assert len(made.conflict) == 1
    assert made.relaxations == ()
    assert "changing one of them alone does not help" in made.reason


def test_a_plan_says_how_much_longer_the_day_would_have_to_be() -> None:
    rows = [{"item_id": f"p{row}", "visit": 60.0, "latitude": 41.0, "longitude": row / 100} for row in range(3)]
    pool = Pool(pl.DataFrame(rows), np.arange(3.0))
    walk = 11  # 0.84 km at 4.5 km/h, rounded up to whole minutes
    plan = Days(start=600, end=600 + 3 * 60, visit="visit", travel=Haversine())
    made = refused(SetBrief(name="tour", size=(3, 3), rules=(plan,)), pool)
    assert made.conflict == ("3 members", "one day from 10:00 to 13:00, travel (estimate) included")
    ends = f"day 1 ends 13:{2 * walk + 2}"
    assert made.relaxations == (
        "3 members: 2 would be enough",
        f"one day from 10:00 to 13:00, travel (estimate) included: {ends} would be enough",
    )


def test_opening_hours_are_to_blame_where_they_are() -> None:
    rows = [{"item_id": f"p{row}", "visit": 60.0, "opens": 9.0, "closes": 11.0, "latitude": 41.0, "longitude": 0.0}
            for row in range(3)]  # fmt: skip
    plan = Days(start=540, end=900, visit="visit")
    brief = SetBrief(name="tour", size=(3, 3), rules=(plan, OpeningHours()))
    made = refused(brief, Pool(pl.DataFrame(rows), np.arange(3.0)))
    assert set(made.conflict) == {describe(demand, brief) for demand in brief.demands}
    assert "leave out: every visit within opening hours" in made.relaxations


def crowd(places: int = 8) -> Pool:
    rows = [
        {"item_id": f"p{row}", "visit": 60.0, "price": 10.0, "latitude": 41.0, "longitude": row / 100}
        for row in range(places)
    ]
    return Pool(pl.DataFrame(rows), np.arange(float(places)))


def test_among_many_places_it_is_proved_that_no_plan_exists() -> None:
    dear = SetBrief(name="tour", size=(3, 3), rules=(Days(visit="visit"), Total("price", None, 20.0)))
    assert refused(dear, crowd(), stops=4).conflict == ("3 members", "price in all at most 20")
    hurried = SetBrief(name="tour", size=(3, 3), rules=(Days(visit="visit", end=12 * 60), Total("price", None, 30.0)))
    several = refused(hurried, crowd(), stops=4)
    assert several.conflict == refused(hurried, crowd()).conflict
    assert several.conflict == ("3 members", "one day from 9:00 to 12:00, travel (estimate) included")


def test_measured_ways_among_many_places_prove_nothing() -> None:
    pool = crowd()
    ways = Matrix(tuple(pool.item_ids), ((30.0,) * 8,) * 8)
    hurried = SetBrief(name="tour", size=(3, 3), rules=(Days(visit="visit", end=12 * 60, travel=ways),))
    assert "does not prove" in refused(hurried, pool, stops=4).reason
    assert len(refused(hurried, pool).conflict) == 2


def test_a_tight_plan_among_many_places_is_found_in_two_steps() -> None:
    brief = SetBrief(name="tour", size=(3, 3), rules=(Days(visit="visit", end=12 * 60 + 24), Include("p7")))
    made = SetCreator(reach=Reach(stops=3)).create(brief, crowd(40))
    assert isinstance(made, tuple)
    stops = sorted(int(item_id[1:]) for item_id in made[0].parents)
    assert stops == [stops[0], stops[0] + 1, stops[0] + 2]  # neighbours, 12 minutes apart


def test_what_is_unknown_is_not_met_unless_the_brief_lets_it_pass() -> None:
    pool = films(50, float("nan"))
    bounded = SetBrief(name="pair", size=(2, 2), rules=(Total("duration", None, 140),))
    assert refused(bounded, pool).conflict == ("2 members", "duration in all at most 140")
    made = SetCreator().create(replace(bounded, missing=frozenset({"duration"})), pool)
    assert isinstance(made, tuple)
    payload = made[0].payload
    assert isinstance(payload, SetPayload)
    assert Checked("duration in all at most 140", "50, 1 unknown", True) in payload.rules


def test_a_search_that_ends_without_an_answer_says_so() -> None:
    draw = random.Random(0)
    pool = films(*(draw.uniform(0, 3) for _ in range(60)))
    total = sum(pool.numbers("duration")[:20].tolist())
    brief = SetBrief(name="pile", size=(20, 20), rules=(Total("duration", total, total),))
    made = refused(brief, pool, limit=1e-3, patience=1e-3)
    assert made.conflict == ()
    assert "does not prove that there is none" in made.reason
