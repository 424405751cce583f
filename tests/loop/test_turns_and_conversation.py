"""A turn answers whatever happens; a dialogue keeps, corrects and takes back what was said."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

import small_world
from generec.data.conditions import mask
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import UsageError
from generec.fidelity.keys import Keys
from generec.loop.arms import Arm
from generec.loop.conversation import Conversation
from generec.loop.generec import GeneRec
from generec.loop.meaning import Meaning
from generec.loop.set_maker import SetMaker
from generec.loop.turn import TurnRequest
from generec.records import BackendCard, Feedback, Guidance, Person, Stated, Total, from_json, to_json
from generec.records import Turn as TurnRecord
from generec.types import Catalog, Condition, Events

HISTORY = ("i3", "i8", "i13", "i4")


@pytest.fixture
def generec(tmp_path):
    system = small_world.trained()
    found = GeneRec(system=system, data=small_world.dataset(), folder=tmp_path / "ledger", keys=Keys(tmp_path / "keys"))
    found.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=16).fit(system.catalog, Events.pack([])))
    return found


@pytest.fixture
def talk(generec):
    return Conversation(generec.loop, generec.person(history=HISTORY), generec.profile_writer)


def met(generec, turn, condition):
    holds = mask(generec.system.catalog, [condition])
    rows = [generec.system.catalog.row(c.item_id) for c in turn.slate if c.mode == "retrieved"]
    return bool(rows) and all(bool(holds[row]) for row in rows)


def test_words_become_constraints_that_hold_until_they_are_taken_back(generec, talk):
    turn = talk.say("lamps under 40")
    assert met(generec, turn, Condition("genres", "=", "lamp"))
    assert met(generec, turn, Condition("price", "<", 40.0))
    narrowed = talk.say("nothing under 10")
    assert met(generec, narrowed, Condition("price", "<", 40.0))
    assert met(generec, narrowed, Condition("price", ">=", 10.0))
    assert talk.say("undo") == turn
    assert talk.guidance == turn.guidance


def test_the_beginning_cannot_be_taken_back(talk):
    with pytest.raises(UsageError, match="beginning"):
        talk.undo()


def test_what_is_turned_down_stays_away(talk):
    first = talk.say("chairs")
    gone = first.slate[0].item_id
    after = talk.reject(gone)
    assert gone not in [candidate.item_id for candidate in after.slate]
    assert gone not in [candidate.item_id for candidate in talk.say("under 50").slate]
    assert "turned it down" in talk.why_not(gone)


def test_a_constraint_can_be_dropped_by_hand(generec, talk):
    talk.say("lamps under 20")
    dropped = talk.drop(Condition("price", "<", 20.0))
    assert [str(rule) for rule in dropped.guidance.conditions] == ["genres = lamp"]
    with pytest.raises(UsageError, match="not stated"):
        talk.drop(Condition("price", "<", 20.0))


def test_why_not_names_what_is_not_met(talk):
    talk.say("lamps under 20")
    assert "genres = lamp" in talk.why_not("i1")  # a chair
    assert "price < 20" in talk.why_not("i50")
    assert talk.why_not("i3").startswith("it does not meet")


def test_a_set_is_made_checked_labelled_and_entered(generec, talk):
    turn = talk.say("make me a set of 3 lamps for 60 in total")
    made = next(candidate for candidate in turn.slate if candidate.mode == "created")
    prices = [float(member.item_id[1:]) for member in made.draft.payload.members]
    assert len(prices) == 3
    assert sum(prices) <= 60
    assert made.report.passed
    assert made.label == "Created by AI"
    assert {verdict.check for verdict in made.report.verdicts} >= {"privacy", "legality", "identifiability"}
    assert turn.trace["marks"][made.draft.id]["record"]
    assert generec.ledger.verify().sound
    assert from_json(TurnRecord, to_json(turn)).slate == turn.slate
    assert any(candidate.mode == "retrieved" for candidate in turn.slate)


def test_contradicting_wishes_are_named_and_nothing_is_made(generec, talk):
    wish = Guidance(
        act="create", kind="set", count=3, hard=(Stated(Condition("price", ">=", 30.0)),),
        totals=(Total("price", None, 50.0),),
    )  # fmt: skip
    turn = generec.loop.answer(wish, TurnRequest(words="", person=talk.person))
    assert all(candidate.mode == "retrieved" for candidate in turn.slate)
    assert "price >= 30" in turn.message
    assert "would be enough" in turn.message


class Broken(SetMaker):
    def make(self, guidance, person, near, n):
        raise RuntimeError("the solver is on fire")


def test_a_maker_that_fails_leaves_the_retrieved_slate_and_says_so(generec):
    loop = generec.loop
    broken = replace(loop, makers={"sets": Broken(retriever=loop.retriever)})
    asked = TurnRequest(words="", person=Person(history=HISTORY))
    plain = loop.answer(Guidance(), asked)
    turn = broken.answer(Guidance(act="create", kind="set"), asked)
    assert [c.item_id for c in turn.slate] == [c.item_id for c in plain.slate]
    assert "on fire" in turn.message


def test_a_gate_without_its_checks_shows_nothing_made(generec):
    loop = generec.loop
    closed = replace(loop, gate=replace(loop.gate, checks=()))
    turn = closed.answer(Guidance(act="create", kind="set", count=3), TurnRequest(words="", person=Person()))
    assert turn.reports
    assert not any(report.passed for report in turn.reports)
    assert all(candidate.mode == "retrieved" for candidate in turn.slate)


@pytest.mark.parametrize("person", [Person(consent=False), Person(age="child")])
def test_nothing_is_made_for_those_who_did_not_consent_and_for_children(generec, person):
    turn = generec.loop.answer(
        replace(Guidance(act="create", kind="set"), consent=person.consent, age=person.age),
        TurnRequest(words="", person=person),
    )
    assert turn.drafts == ()


def test_an_edited_profile_changes_the_next_slate(generec, talk):
    before = talk.say("something nice")
    talk.profile = talk.profile.add("rugs above all", Condition("genres", "=", "rug"), weight=3.0)
    after = talk.say("something nice")
    rug = Condition("genres", "=", "rug")
    holds = mask(generec.system.catalog, [rug])
    rugs = [sum(bool(holds[generec.system.catalog.row(c.item_id)]) for c in turn.slate) for turn in (before, after)]
    assert rugs[1] > rugs[0]
    line = talk.profile.lines[0]
    talk.profile = talk.profile.delete(line.id)
    assert line.id not in [each.id for each in talk.say("something nice").guidance.profile]


BAD = [
    "",
    "   ",
    "x" * 100_000,
    "<script>alert(1)</script>",
    "quiero una lámpara barata con luz",
    "🙂🙂",
    "\x00\x1b[31m",
]


@pytest.mark.parametrize("words", BAD)
def test_bad_input_gets_an_answer(talk, words):
    turn = talk.say(words)
    assert turn.slate
    assert turn.message or turn.guidance.unread or turn.guidance.likes


def test_the_same_words_give_the_same_turn(generec):
    asked = TurnRequest(words="cheap chairs", person=Person(history=HISTORY), seed=3)
    first, second = generec.turn(asked), generec.turn(asked)
    assert first.slate == second.slate
    assert first.id == second.id


def test_an_arm_names_its_maker(generec):
    for name, maker in generec.loop.makers.items():
        assert isinstance(maker.arm, Arm)
        assert maker.arm.name == name
        assert isinstance(maker.arm.card, BackendCard)


def test_what_people_did_teaches_the_router_and_survives_a_restart(generec, talk):
    turn = talk.say("lamps under 40")
    liked = Feedback(turn=turn.id, verdict="like", item_id=turn.slate[0].item_id, position=0)
    labels = generec.learn(turn, [liked], "lamps under 40")
    assert [each.label for each in labels["slate"]] == [1]
    assert generec.router.outcomes == 1
    with (generec.folder / "outcomes.jsonl").open("a") as file:
        file.write('{"context": [0.1')  # the power went here
    again = GeneRec(system=generec.system, data=generec.data, folder=generec.folder, keys=generec.keys)
    again.meaning = generec.meaning
    assert again.loop.router.outcomes == 1


def test_an_item_that_was_removed_is_not_shown_whatever_is_said(generec, talk):
    first = talk.say("lamps under 40").slate[0].item_id
    generec.system.remove([first])
    assert first not in [candidate.item_id for candidate in talk.say("lamps under 41").slate]


def test_inserted_items_are_found_by_the_next_turn_and_a_running_dialogue_goes_on(generec, talk):
    before = talk.say("lamps under 40")
    fresh = generec.system.catalog.frame.filter(pl.col("item_id") == before.slate[0].item_id)
    name = "zephyr lantern of the seven seas"
    fresh = fresh.with_columns(pl.lit("fresh").alias("item_id"), pl.lit(name).alias("title"))
    generec.system.insert(Catalog(fresh))
    assert "fresh" not in [candidate.item_id for candidate in talk.say("something cheaper").slate]
    person = generec.person(history=(*HISTORY, "fresh"))
    assert person.history[-1] == "fresh"
    turn = generec.turn(TurnRequest(words="made for the seven seas", person=generec.person(history=HISTORY)))
    assert "fresh" in [candidate.item_id for candidate in turn.slate]
