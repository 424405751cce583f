"""The small parts: what conditions mean, ways, briefs, presets, and slates that several draws share."""

import math
import sys
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from set_worlds import faults, kilometres

from generec.create.sets import facts, presets
from generec.create.sets.brief import SetBrief, Weights
from generec.create.sets.creator import SetCreator
from generec.create.sets.objective import SimilarNeighbours
from generec.create.sets.pool import Pool
from generec.create.sets.rules import (
    Arc,
    AtMostPer,
    Count,
    Days,
    Haversine,
    Matrix,
    NoNearDuplicates,
    Novelty,
    OpeningHours,
    Slot,
    Sorted,
    great_circle,
)
from generec.create.sets.thompson import in_slate
from generec.data.conditions import mask
from generec.data.world import make_world
from generec.errors import InputError, UsageError
from generec.records import Draft, SetPayload, Total
from generec.types import Catalog, Condition

words = st.sampled_from(["red", "Red", "re", "white wine", "", "1"])
SCHEMA = {"item_id": pl.String, "text": pl.String, "tags": pl.List(pl.String), "count": pl.Float64,
          "free": pl.Boolean, "on": pl.Date}  # fmt: skip
rows = st.fixed_dictionaries({
    "item_id": st.just("a"), "text": st.none() | words, "tags": st.none() | st.lists(st.none() | words, max_size=3),
    "count": st.none() | st.floats(-2, 2), "free": st.none() | st.booleans(),
    "on": st.none() | st.dates(date(2020, 1, 1), date(2020, 1, 5)),
})  # fmt: skip
conditions = st.one_of(
    st.builds(Condition, st.sampled_from(["text", "tags"]), st.sampled_from(["=", "!=", "contains"]), words),
    st.builds(Condition, st.sampled_from(["text", "tags"]), st.sampled_from(["in", "not in"]), st.tuples(words, words)),
    st.builds(Condition, st.just("count"), st.sampled_from(["=", "!=", "<", "<=", ">", ">="]), st.floats(-2, 2)),
    st.builds(Condition, st.just("free"), st.sampled_from(["=", "!="]), st.sampled_from(["true", "no"])),
    st.builds(Condition, st.just("on"), st.sampled_from(["=", "!=", "<", ">="]), st.just("2020-01-03")),
    st.just(Condition("origin", "=", "human")),
)


@settings(max_examples=150, deadline=None)
@given(rows, conditions)
def test_conditions_mean_what_they_mean_for_the_catalogue(row: dict[str, Any], condition: Condition) -> None:
    frame = pl.DataFrame([row], schema=SCHEMA)
    found = facts.holds(frame.row(0, named=True), condition)
    for missing in (False, True):
        expected = bool(mask(Catalog(frame), [condition], missing))
        assert (missing if found is None else found) == expected


@pytest.mark.parametrize(
    ("row", "condition", "message"),
    [
        ({"x": 1.0}, Condition("x", "contains", "1"), "no text"), ({"x": "a"}, Condition("x", "<", 1.0), "no order"),
        ({"x": 1.0}, Condition("x", "<", "cheap"), "got 'cheap'"),
        ({"x": True}, Condition("x", "=", "maybe"), "got 'maybe'"),
        ({"x": date(2020, 1, 1)}, Condition("x", "=", "soon"), "got 'soon'"),
    ],
)  # fmt: skip
def test_conditions_that_do_not_suit_a_field_are_refused(
    row: dict[str, Any], condition: Condition, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        facts.holds(row, condition)


def test_the_reader_of_the_catalogue_can_be_lent() -> None:
    frame = make_world(items=200, users=20, seed=0).dataset.catalog.frame
    relevance = np.random.default_rng(0).random(frame.height)

    def lent(frame: pl.DataFrame, condition: Condition, missing: bool) -> Any:
        return mask(Catalog(frame), [condition], missing).numpy()

    brief = SetBrief(name="list", size=(4, 4), rules=(Condition("price", "<", 5.0), Condition("tags", "contains", "s")))
    assert SetCreator().create(brief, Pool(frame, relevance)) == SetCreator().create(
        brief, Pool(frame, relevance, None, lent)
    )


def test_the_great_circle_is_as_long_as_the_law_of_cosines_says() -> None:
    draw = np.random.default_rng(0)
    for _ in range(100):
        a, b = draw.uniform(-80, 80, 2), draw.uniform(-80, 80, 2)
        naive = kilometres({"latitude": a[0], "longitude": a[1]}, {"latitude": b[0], "longitude": b[1]})
        assert great_circle((a[0], a[1]), (b[0], b[1])) == pytest.approx(naive, rel=1e-9)
    assert great_circle((0, 0), (0, 180)) == pytest.approx(math.pi * 6371.0088)


def test_ways_are_whole_minutes_or_unknown() -> None:
    walk, here = Haversine(base=(41.0, 0.0)), {"item_id": "a", "latitude": 41.0, "longitude": 0.01}
    assert walk.between(None, here) == walk.between(here, None) == 12  # 0.839 km at 4.5 km/h: 11.2 minutes
    assert walk.between(here, {"item_id": "b", "latitude": None, "longitude": 0.0}) is None
    assert Haversine().between(None, here) == 0
    measured = Matrix(("a", "b"), ((0, 3.2), (4, 0)), base="b")
    assert measured.between(here, {"item_id": "b"}) == 4
    assert measured.between(None, here) == 4
    assert measured.between(here, {"item_id": "c"}) is None


def test_hours_past_midnight_close_the_next_day() -> None:
    assert OpeningHours().window({"opens": 18.5, "closes": 2.0}) == (1110, 1560)
    assert OpeningHours().window({"opens": 9.0, "closes": None}) is None


def test_several_draws_share_a_slate_rank_by_rank() -> None:
    draws = np.array([[9.0, 8.0, 7.0, 0.0, 0.0], [0.0, 9.0, 8.0, 7.0, 0.0], [9.0, 0.0, 0.0, 1.0, 8.0]])
    # Firsts: 0, 1, (0); seconds: (1), 2, 4; thirds: (2), 3.
    assert in_slate(draws, 5).tolist() == [0, 1, 2, 4, 3]
    assert in_slate(draws, 3).tolist() == [0, 1, 2]
    assert in_slate(draws[:1], 3).tolist() == [0, 1, 2]
    assert in_slate(draws, 99).tolist() == [0, 1, 2, 4, 3]
    with pytest.raises(UsageError, match="at least one place"):
        in_slate(draws, 0)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**16))
def test_the_merge_equals_a_loop(draws: int, items: int, k: int, seed: int) -> None:
    scores = np.random.default_rng(seed).integers(0, 5, (draws, items)).astype(float)
    slow: list[int] = []
    for rank in range(items):
        for draw in scores:
            row = sorted(range(items), key=lambda item, draw=draw: -draw[item])[rank]
            if row not in slow and len(slow) < k:
                slow.append(row)
    assert in_slate(scores, k).tolist() == slow


def test_a_slate_of_several_draws_is_more_diverse_than_of_one() -> None:
    generator = np.random.default_rng(0)
    items = generator.standard_normal((200, 8))
    alone, together = [], []
    for _ in range(50):
        mean = generator.standard_normal(8)
        scores = (mean + generator.standard_normal((10, 8))) @ items.T
        for draws, found in ((scores[:1], alone), (scores, together)):
            chosen = items[in_slate(draws, 10)]
            found.append(np.linalg.norm(chosen[:, None] - chosen[None], axis=2).mean())
    assert np.mean(together) > np.mean(alone)


WORLD = make_world(items=400, users=20, seed=0).dataset.catalog.frame


def presented() -> list[SetBrief]:
    kinds = [Slot(kind, (Condition("kind", "=", kind),)) for kind in ("video", "article", "event")]
    seen = frozenset(WORLD["item_id"][:200].to_list())
    return [
        presets.playlist((6, 8), minutes=(60, 180), order=Arc("energy"), seen=seen, new=0.5, fingerprint="title",
                         include=[WORLD["item_id"][0]], avoid=[WORLD["item_id"][1]]),
        presets.playlist((6, 6), flow=SimilarNeighbours(),
                         rules=(Count(condition=Condition("kind", "=", "video"), low=3),)),
        presets.bundle(kinds, budget=30, same=("topic",)),
        presets.outfit(kinds, budget=40, size="topic", sized=("video", "article")),
        presets.itinerary((3, 4), days=2, budget=80, rules=(Condition("kind", "=", "event"),)),
        presets.meal_plan([Slot(f"day {day}") for day in range(5)], energy=(100, 300), calories="duration",
                          dish="creator", without=(Condition("tags", "not in", ("history", "music")),), budget=50),
        presets.slate(8, alike=0.9, seen=seen, new=0.25),
    ]  # fmt: skip


@pytest.mark.parametrize("brief", presented(), ids=lambda brief: brief.name)
def test_presets_make_sets_of_the_embedded_world(brief: SetBrief) -> None:
    draw = np.random.default_rng(0)
    pool = Pool(WORLD, draw.random(WORLD.height), draw.standard_normal((WORLD.height, 12)).astype(np.float32))
    made = SetCreator().create(brief, pool)
    assert isinstance(made, tuple), made
    assert isinstance(made[0], Draft)
    payload = made[0].payload
    assert isinstance(payload, SetPayload)
    assert payload.rules
    assert all(checked.holds for checked in payload.rules)
    assert all(member.reason for member in payload.members)
    assert [member.slot for member in payload.members] == [slot.name for slot in brief.slots] or not brief.slots
    plain = SetBrief(name="plain", size=brief.size, slots=brief.slots, rules=tuple(
        rule for rule in brief.rules if isinstance(rule, Total | AtMostPer | Novelty | NoNearDuplicates)
        and getattr(rule, "field", "") != "title"
    ))  # fmt: skip
    assert faults(plain, pool, payload.members, plain.rules) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: SetBrief(name="x"), "a size or slots"),
        (lambda: SetBrief(name="x", size=(3, 2)), "from at least 1 up"),
        (lambda: SetBrief(name="x", slots=(Slot("a"), Slot("a"))), "a name of its own"),
        (lambda: SetBrief(name="x", slots=(Slot("a", optional=True),)), "give a size as well"),
        (lambda: SetBrief(name="x", slots=(Slot("a"),), rules=(AtMostPer("f", 1, ("b",)),)), "slots that"),
        (lambda: SetBrief(name="x", size=(1, 2), rules=(Days(),), order=Sorted("f")), "gives the order"),
        (lambda: SetBrief(name="x", size=(1, 2), weights=Weights(flow=1)), "flow has a weight"),
        (lambda: SetBrief(name="x", size=(1, 2), weights=Weights(cost=1)), "cost has a weight"),
        (lambda: Weights(diversity=-1), "never negative"), (lambda: Novelty(frozenset(), 1.5), "between 0 and 1"),
        (lambda: Haversine(speed=0), "positive"), (lambda: Matrix(("a",), ()), "1 rows"),
        (lambda: Days(end=5), "before its end"),
    ],
)  # fmt: skip
def test_briefs_that_make_no_sense_are_refused(wrong: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        wrong()


def test_pools_that_do_not_fit_together_are_refused() -> None:
    frame = pl.DataFrame({"item_id": ["a", "b"], "title": ["x", "y"]})
    with pytest.raises(InputError, match="2 finite numbers"):
        Pool(frame, np.zeros(3))
    with pytest.raises(InputError, match="features must be"):
        Pool(frame, np.zeros(2), np.zeros((3, 1), dtype=np.float32))
    with pytest.raises(InputError, match="more than once"):
        Pool(pl.concat([frame, frame]), np.zeros(4))
    pool = Pool(frame, np.zeros(2))
    with pytest.raises(UsageError, match="did you mean 'title'"):
        SetCreator().create(SetBrief(name="x", size=(1, 1), rules=(AtMostPer("titel"),)), pool)
    with pytest.raises(InputError, match="numbers or dates"):
        SetCreator().create(SetBrief(name="x", size=(1, 1), order=Sorted("title")), pool)
    with pytest.raises(InputError, match="no features"):
        SetCreator().create(SetBrief(name="x", size=(1, 1), rules=(NoNearDuplicates(),)), pool)


def test_without_the_solver_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ortools.sat.python", None)
    pool = Pool(pl.DataFrame({"item_id": ["a"]}), np.zeros(1))
    with pytest.raises(UsageError, match=r"pip install \"generec\[loop\]\""):
        SetCreator().create(SetBrief(name="x", size=(1, 1)), pool)
