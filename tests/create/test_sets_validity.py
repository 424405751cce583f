"""Every set that is made meets its brief, by a reader who shares nothing with the engine."""

import math
import random
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from set_worlds import faults, holds, planted

from generec.create.sets.brief import SetBrief
from generec.create.sets.creator import SetCreator
from generec.create.sets.pool import Pool
from generec.create.sets.presets import itinerary
from generec.create.sets.rules import Facts
from generec.create.sets.search import Reach
from generec.create.sets.validator import validate
from generec.data.world import make_world
from generec.records import Abstain, Draft, Member, SetPayload
from generec.types import Condition


def payload(made: object) -> SetPayload:
    assert isinstance(made, tuple), made
    assert isinstance(made[0], Draft)
    assert isinstance(made[0].payload, SetPayload)
    return made[0].payload


def test_a_set_is_always_found_where_one_is_hidden_and_is_always_valid() -> None:
    for seed in range(200):
        brief, pool, hidden = planted(seed, 30)
        assert faults(brief, pool, hidden) == [], seed
        made = payload(SetCreator().create(brief, pool, seed=seed))
        assert faults(brief, pool, made.members) == [], seed
        assert all(checked.holds for checked in made.rules), seed
        assert len(made.rules) >= len(brief.demands), seed


def test_too_few_candidates_lose_nothing() -> None:
    narrow = SetCreator(reach=Reach(candidates=8, stops=6))
    for seed in range(300, 330):
        brief, pool, _ = planted(seed, 40)
        assert faults(brief, pool, payload(narrow.create(brief, pool)).members) == [], seed


def test_the_validator_agrees_with_a_pencil_on_sets_that_nobody_checked() -> None:
    broken = 0
    for seed in range(150):
        brief, pool, hidden = planted(seed, 30)
        draw = random.Random(seed)
        members = spoiled(draw, hidden, pool.item_ids)
        rows = [pool.facts()[pool.rows[member.item_id]] for member in members]
        checked = validate(brief, pool, members)[-len(brief.demands) :]
        for demand, found in zip(brief.demands, checked, strict=True):
            assert found.holds == holds(demand, pool, members, rows), (seed, demand, found)
            broken += not found.holds
    assert broken > 200


def spoiled(draw: random.Random, members: list[Member], item_ids: list[str]) -> list[Member]:
    """Members exchanged, left out, put elsewhere or begun at another time."""
    ids = [member.item_id for member in members]
    others = [item_id for item_id in item_ids if item_id not in ids]
    found = [
        Member(draw.choice(others) if draw.random() < 0.2 else one.item_id, "", one.slot,
               None if one.start is None else one.start + draw.choice([0, 0, 0, 45, -45]), one.day)
        for one in members
    ]  # fmt: skip
    found = list({one.item_id: one for one in found}.values())
    if draw.random() < 0.3:
        draw.shuffle(found)
    return found[: draw.choice([len(found), len(found), max(1, len(found) - 1)])]


def test_a_model_that_was_misled_is_caught_by_the_validator() -> None:
    def credulous(frame: pl.DataFrame, condition: Condition, missing: bool) -> NDArray[np.bool_]:
        return np.ones(frame.height, dtype=np.bool_)

    frame = pl.DataFrame({"item_id": ["a", "b"], "genre": ["jazz", "rock"]})
    pool = Pool(frame, np.zeros(2), None, credulous)
    made = SetCreator().create(SetBrief(name="pair", size=(2, 2), rules=(Condition("genre", "=", "jazz"),)), pool)
    assert isinstance(made, Abstain)
    assert "does not pass its check (every member: genre = jazz: 1 of 2)" in made.reason


def test_a_plan_in_the_embedded_town_keeps_hours_ways_and_days() -> None:
    frame = make_world(items=400, users=20, seed=0).dataset.catalog.frame
    pool = Pool(frame, np.random.default_rng(0).random(frame.height))
    brief = itinerary((3, 5), days=2, start=10 * 60, end=16 * 60, budget=60.0, rules=(Condition("kind", "=", "event"),))
    made = payload(SetCreator().create(brief, pool))
    assert faults(brief, pool, made.members) == []
    rows: dict[str, Facts] = {row["item_id"]: row for row in pool.facts()}
    for member in made.members:
        assert member.start is not None
        assert rows[member.item_id]["opens"] * 60 <= member.start
        assert member.start + rows[member.item_id]["duration"] <= rows[member.item_id]["closes"] * 60
    assert any("estimate" in checked.rule for checked in made.rules)
    assert sum(rows[member.item_id]["price"] for member in made.members) <= 60


def test_a_day_that_ends_a_minute_early_is_noticed() -> None:
    for seed in range(40, 60):
        brief, pool, hidden = planted(seed, 14, kinds="d")
        plan, facts = brief.plans[0], pool.facts()
        ends = []
        for member in hidden:
            row = facts[pool.rows[member.item_id]]
            ends.append((member.start or 0) + math.ceil(row["visit"]) + (plan.travel.between(row, None) or 0))
        for end, held in ((max(ends), True), (max(ends) - 1, False)):
            timed = replace(plan, end=int(end))
            changed = replace(brief, rules=tuple(timed if rule is plan else rule for rule in brief.rules))
            assert next(one for one in validate(changed, pool, hidden) if "travel" in one.rule).holds == held, seed
