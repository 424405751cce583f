"""Simulated people: what things are worth to them, what they do, and that nothing hidden shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.world import World
from generec.data.world.manners import manners
from generec.data.world.topics import subtopics
from generec.errors import GenerecError, UsageError
from generec.protocols import UserSimulator
from generec.records import (
    BackendCard,
    Candidate,
    Draft,
    Feedback,
    Guidance,
    Member,
    SetPayload,
    Stated,
    TextPayload,
    Total,
    Turn,
    to_json,
)
from generec.simulation.answers import Temper
from generec.simulation.chance import logistic, normal, uniform
from generec.simulation.environment import as_turn, compare, serve
from generec.simulation.eyes import clarity
from generec.simulation.people import WorldPeople, feedback
from generec.types import Condition, Request, Slate

CARD = BackendCard("test")


def item(people: WorldPeople, row: int) -> Candidate:
    return Candidate("retrieved", "", people.catalog.item_ids[row])


def text(words: str, mode: str = "created", parent: str | None = None, number: int = 0) -> Candidate:
    draft = Draft(id=f"d{number}", mode=mode, payload=TextPayload(words), backend=CARD)  # type: ignore[arg-type]
    return Candidate(mode, "", parent, draft)  # type: ignore[arg-type]


def several(people: WorldPeople, rows: list[int]) -> Candidate:
    members = tuple(Member(people.catalog.item_ids[row]) for row in rows)
    return Candidate(
        "created", "", None, Draft(id="s", mode="created", payload=SetPayload("three", members), backend=CARD)
    )


def turn(user_id: str, slate: list[Candidate], number: int = 0) -> Turn:
    return Turn(id=f"t{number}", guidance=Guidance(user_id=user_id), slate=tuple(slate))


def ideal(people: WorldPeople, user_id: str) -> str:
    """The words of the best cell there could be for a person."""
    best = people.oracle(user_id)
    leaf = next(leaf for leaf in subtopics() if leaf.name == best.subtopic)
    named = [next(m for m in values if m.name in best.how.values()) for values in manners()]
    told = " ".join(manner.sentences[0] for manner in named)
    return f"All about {leaf.subjects[0]}, and in the middle of them {leaf.doings[0]}. {told}"


def test_numbers_by_name_are_uniform_normal_and_independent_of_the_company() -> None:
    users = np.arange(20_000)
    drawn = uniform(7, users, 3)
    assert drawn.min() > 0
    assert drawn.max() < 1
    assert np.abs(np.histogram(drawn, 20, (0, 1))[0] / 1000 - 1).max() < 0.12
    assert float(uniform(7, 41, 3)) == drawn[41]
    assert abs(np.corrcoef(drawn, uniform(7, users, 4))[0, 1]) < 0.03
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.03
    assert abs(float(normal(7, users).mean())) < 0.03
    assert float(normal(7, users).std()) == pytest.approx(1, abs=0.03)
    assert float(logistic(7, users).std()) == pytest.approx(np.pi / np.sqrt(3), abs=0.05)


def test_an_item_is_worth_its_hidden_utility_and_an_edit_promises_by_its_words(people: WorldPeople) -> None:
    user_id, row = people.user_ids[5], 17
    own = float(people.hidden.utility(np.array([5]), np.array([[row]]))[0, 0])
    assert people.true_utility(user_id, item(people, row)) == pytest.approx(own)
    tempting = text(ideal(people, user_id), "edited", people.catalog.item_ids[row])
    assert people.true_utility(user_id, tempting) == pytest.approx(own)
    assert people.promise(user_id, tempting) > own + 2
    assert people.promise(user_id, item(people, row)) == pytest.approx(own)


def test_created_words_are_read_whatever_the_draft_declares(people: WorldPeople) -> None:
    """The best cell's words come near the oracle's figure, a stranger's do not, keywords and nonsense are punished."""
    gains, swapped = [], []
    for at, user_id in enumerate(people.user_ids[:40]):
        other = people.user_ids[(at + 7) % 300]
        gains.append(people.oracle(user_id).cell_utility - people.true_utility(user_id, text(ideal(people, user_id))))
        swapped.append(people.true_utility(user_id, text(ideal(people, other))))
    assert np.mean(np.abs(gains)) < 0.3
    assert np.mean(swapped) < 3
    user_id = people.user_ids[0]
    good = people.true_utility(user_id, text(ideal(people, user_id)))
    leaf = next(leaf for leaf in subtopics() if leaf.name == people.oracle(user_id).subtopic)
    stuffed = people.true_utility(user_id, text(" ".join([*leaf.subjects, *leaf.subjects, leaf.name])))
    assert stuffed < good - people.temper.unreadable + 1
    assert people.true_utility(user_id, text("zxq 12 !")) == pytest.approx(-people.temper.unreadable)
    declared = text("zxq 12 !")
    assert declared.draft is not None
    boast = Draft(id="x", mode="created", payload=declared.draft.payload, backend=CARD, what=(1, 2), reward=99.0)
    assert people.true_utility(user_id, Candidate("created", "", None, boast, score=99.0)) < 0


def test_catalogue_texts_read_clearly_and_loops_do_not(people: WorldPeople) -> None:
    assert min(words.clarity for words in people.eyes.items) == 1
    assert clarity("bread calm bread slow bread short bread plain") == 0
    assert clarity("the loaf and the loaf and " * 10) < 0.3


def test_a_set_is_worth_its_members_unless_it_breaks_what_was_stated(people: WorldPeople) -> None:
    user_id, rows = people.user_ids[2], [4, 9, 33]
    mean = float(people.hidden.utility(np.array([2]), np.array([rows])).mean())
    frame = people.catalog.frame
    minutes = float(frame["duration"].gather(rows).sum())
    kept = Guidance(totals=(Total("duration", high=minutes),), count=3)
    assert people.true_utility(user_id, several(people, rows), kept) == pytest.approx(mean)
    longest = float(frame["duration"].gather(rows).max())
    for broken in (
        Guidance(totals=(Total("duration", high=minutes - 1),)),
        Guidance(totals=(Total("opens", high=1e9),)),  # unknown values hold nothing
        Guidance(count=4),
        Guidance(hard=(Stated(Condition("duration", "<", longest)),)),
    ):
        assert people.true_utility(user_id, several(people, rows), broken) == 0
    assert people.true_utility(user_id, several(people, [4, 4, 9])) == 0


def test_the_oracle_is_best_among_what_is_allowed(people: WorldPeople) -> None:
    ids = people.catalog.item_ids
    worth = people.hidden.utility(np.array([8]))[0]
    best = people.oracle(people.user_ids[8])
    assert best.item_id == ids[int(worth.argmax())]
    some = people.oracle(people.user_ids[8], ids[100:140])
    assert some.item_id == ids[100 + int(worth[100:140].argmax())]
    assert some.cell_utility == best.cell_utility
    with pytest.raises(UsageError, match="at least one allowed item"):
        people.oracle(people.user_ids[8], [])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 12), turns=st.integers(1, 3))
def test_many_at_once_answer_as_one_by_one(world: World, seed: int, k: int, turns: int) -> None:
    fast, slow = WorldPeople(world, seed), WorldPeople(world, seed)
    generator = np.random.default_rng(seed)
    users = generator.choice(300, 12, replace=False).tolist()
    ids, catalog = [fast.user_ids[user] for user in users], fast.catalog
    for number in range(turns):
        slates = generator.integers(0, 400, (12, k))
        slates[0, k // 2 :] = -1
        many = fast.respond_many(ids, slates)
        for at, user_id in enumerate(ids):
            rows = slates[at][slates[at] >= 0].tolist()
            shown = Slate(tuple(catalog.item_ids[row] for row in rows), (0.0,) * len(rows))
            asked = as_turn(shown, Guidance(user_id=user_id), catalog, f"t{number}")
            assert slow.respond(asked) == feedback(asked, many, at)
            assert slow.gone(user_id) == fast.gone(user_id)
            assert slow.person(user_id) == fast.person(user_id)


def test_feedback_shows_choices_and_nothing_hidden(people: WorldPeople) -> None:
    """Every field is what a platform would see; the world's truth leaves no copy of itself in it."""
    records: list[Feedback] = []
    for number, user_id in enumerate(people.user_ids[:60]):
        slate = [item(people, row) for row in range(number, number + 6)]
        records += people.respond(turn(user_id, slate, number))
    assert {record.source for record in records} == {"simulated"}
    assert {record.verdict for record in records} >= {"click", "skip", "like", "reject"}
    allowed = {"turn", "verdict", "user_id", "item_id", "position", "value", "source", "time", "stage", "weight"}
    for record in records:
        blank = Feedback(turn="", verdict="skip")
        odd = {f.name for f in fields(record) if getattr(record, f.name) != getattr(blank, f.name)} - allowed
        assert not odd
        assert record.weight == 1
        assert record.value is None or record.value == round(record.value)  # seconds
        assert "utility" not in to_json(record)
    assert "taste" not in to_json(people.person(people.user_ids[0]))


def test_better_items_are_taken_more_and_position_costs(people: WorldPeople) -> None:
    ids = people.user_ids
    worth = people.hidden.utility(np.arange(300))
    order = np.argsort(-worth, axis=1)
    best = people.fresh().respond_many(ids, order[:, 20:26])
    worst = people.fresh().respond_many(ids, order[:, -6:])
    assert best.taken.mean() > worst.taken.mean() + 0.5
    same = np.repeat(order[:, 60:61], 8, axis=1)
    by_place = people.fresh().respond_many(ids, same)
    taken = by_place.taken.sum(0) / by_place.looked.sum(0)
    assert taken[0] > taken[3] > taken[7]


def test_people_remember_tire_leave_and_come_back(world: World) -> None:
    people = WorldPeople(world, seed=1)
    user_id = people.user_ids[0]
    worth = people.hidden.utility(np.arange(1))[0]
    dull = [item(people, int(row)) for row in np.argsort(worth)[:8]]
    answers = [people.respond(turn(user_id, dull, number)) for number in range(4)]
    assert answers[0][-1].verdict == "reject"
    assert people.gone(user_id)
    assert answers[-1] == ()
    people.rest([user_id])
    assert not people.gone(user_id)
    assert people.respond(turn(user_id, dull, 9))
    favourite = int(np.argmax(worth))
    patient = WorldPeople(world, seed=1, temper=Temper(patience=(10_000, 10_000)))
    takes = [
        sum(record.verdict == "click" for record in patient.respond(turn(user_id, [item(patient, favourite)], n)))
        for n in range(30)
    ]
    assert patient.catalog.item_ids[favourite] in patient.person(user_id).history
    forgetful = WorldPeople(world, seed=1, temper=Temper(patience=(10_000, 10_000), again=0.0))
    again = [
        sum(record.verdict == "click" for record in forgetful.respond(turn(user_id, [item(forgetful, favourite)], n)))
        for n in range(30)
    ]
    assert sum(again) > sum(takes) + 5


def test_bait_is_taken_and_regretted(people: WorldPeople) -> None:
    """An edit that promises what the item is not draws clicks and dislikes; honest words do not."""
    worth = people.hidden.utility(np.arange(300))
    bait, honest = [], []
    for user, user_id in enumerate(people.user_ids[:150]):
        row = int(np.argsort(worth[user])[10])
        slate = [text(ideal(people, user_id), "edited", people.catalog.item_ids[row])]
        bait += people.respond(turn(user_id, slate))
        honest += people.respond(turn(user_id, [item(people, row)], 1))
    counts = [[sum(r.verdict == v for r in rs) for v in ("click", "dislike")] for rs in (bait, honest)]
    assert counts[0][0] > 120
    assert counts[0][1] > 0.8 * counts[0][0]
    assert counts[1][0] < 30


def test_what_a_turn_must_bring(people: WorldPeople) -> None:
    assert isinstance(people.respond(turn(people.user_ids[0], [])), tuple)
    simulator: UserSimulator = people
    with pytest.raises(UsageError, match="user_id"):
        simulator.respond(Turn(id="t", guidance=Guidance(), slate=()))
    with pytest.raises(UsageError, match="unknown user 'u0000x'"):
        people.respond(turn("u0000x", []))
    with pytest.raises(UsageError, match="one slate at a time"):
        people.respond_many([people.user_ids[0]] * 2, np.zeros((2, 3), np.int64))
    with pytest.raises(GenerecError, match="must name its item"):
        people.respond(turn(people.user_ids[0], [Candidate("retrieved", "nameless")]))


class By:
    """Recommends by a rule over catalogue rows."""

    def __init__(self, people: WorldPeople, rule: Callable[[int], np.ndarray]):
        self.people, self.rule = people, rule

    def recommend(self, requests: list[Request], k: int) -> list[Slate]:
        slates = []
        for request in requests:
            had = set(self.people.catalog.known_rows(request.history))
            rows = [row for row in self.rule(int(str(request.user_id)[1:])).tolist() if row not in had][:k]
            slates.append(Slate(tuple(self.people.catalog.item_ids[row] for row in rows), (0.0,) * len(rows)))
        return slates


def test_known_better_recommenders_win_and_chance_against_chance_is_a_draw(people: WorldPeople) -> None:
    worth, ids = people.hidden.utility(np.arange(300)), people.user_ids[:120]
    first, second = np.random.default_rng(1), np.random.default_rng(2)
    played = [
        serve(By(people, rule), people, ids, turns=3)
        for rule in (
            lambda user: np.argsort(-worth[user]),
            lambda user: np.argsort(-worth[(user + 1) % 300]),
            lambda user: first.permutation(400),
            lambda user: second.permutation(400),
            lambda user: np.argsort(worth[user]),
        )
    ]
    best, stranger, one, two, worst = played
    assert compare(best, stranger).low > 0
    assert compare(best, one).low > 0
    assert compare(one, worst).low > 0
    assert not compare(one, two).excludes_zero
    assert best.summary()["turns"] > worst.summary()["turns"]
    again = serve(By(people, lambda user: np.argsort(-worth[user])), people, ids, turns=3)
    assert again.summary() == best.summary()
    with pytest.raises(UsageError, match="same people"):
        compare(best, serve(By(people, lambda user: np.arange(400)), people, ids[:5], turns=1))
