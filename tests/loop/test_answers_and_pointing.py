"""A question is asked where its answers lead to other items, and answered in a word; items are named by their place."""

from __future__ import annotations

import pytest

import small_world
from generec.encoders.tfidf import TfidfEncoder
from generec.fidelity.keys import Keys
from generec.loop.conversation import Conversation
from generec.loop.generec import GeneRec
from generec.loop.grammar.readings import answered, read_as
from generec.loop.meaning import Meaning
from generec.loop.pointing import pointed
from generec.records import Anchor, Guidance, Question, Reading, Stated, Taste
from generec.types import Condition, Events

CHEAP, DEAR = Condition("price", "<", 5.0), Condition("price", ">", 40.0)
LAMP = Condition("genres", "=", "lamp")
FILMS = Question(
    "which?", ("Titanic (1997)", "Titanic (1953)", "genres: lamp"),
    (Reading(item_id="i1"), Reading(item_id="i2"), Reading(like=LAMP)),
)  # fmt: skip
BOUNDS = Question("which?", ("price < 5", "price > 40"), (Reading(hard=CHEAP), Reading(hard=DEAR)))


@pytest.fixture
def talk(tmp_path):
    system = small_world.trained()
    found = GeneRec(system=system, data=small_world.dataset(), folder=tmp_path / "ledger", keys=Keys(tmp_path / "keys"))
    found.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=16).fit(system.catalog, Events.pack([])))
    return Conversation(found.loop, found.person(history=("i3", "i8")), found.profile_writer)


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("the 1997 one", 0), ("the one of 1953, please", 1), ("Titanic (1997)", 0), ("the first", 0), ("second one", 1),
        ("the third one", 2), ("lamp", 2), ("titanic", None), ("yes", None), ("", None), ("the fourth", None),
        ("first or second", None), ("the 1997 one but with more jokes and fewer icebergs in it", None), ("1998", None),
    ],
)  # fmt: skip
def test_an_answer_is_the_option_that_alone_has_its_words(words, at):
    assert answered(words, FILMS) == at


def test_a_question_without_readings_is_answered_by_nobody_but_the_instructor():
    assert answered("first", Question("which?", ("a", "b"))) is None


def test_an_option_as_it_was_put_is_an_answer_however_long():
    options = ("The Hound of the Baskervilles and Other Stories (1902)", "The Hound of the Baskervilles (1902)")
    question = Question("which?", options, (Reading("i1"), Reading("i2")))
    assert [answered(option, question) for option in options] == [0, 1]


def test_each_reading_changes_what_it_is_about_and_nothing_else():
    clash = Guidance(hard=(Stated(CHEAP), Stated(LAMP), Stated(DEAR)), question=BOUNDS)
    assert read_as(clash, BOUNDS, 0) == Guidance(hard=(Stated(CHEAP), Stated(LAMP)))
    assert read_as(clash, BOUNDS, 1) == Guidance(hard=(Stated(LAMP), Stated(DEAR)))
    plain = read_as(Guidance(question=FILMS), FILMS, 1)
    assert [(one.item_id, one.weight) for one in plain.anchors] == [("i2", 1.0)]
    edit = read_as(Guidance(act="edit", kind="text", question=FILMS), FILMS, 1)
    assert (edit.item_id, edit.anchors, edit.act) == ("i2", (), "edit")
    assert [one.condition for one in read_as(Guidance(question=FILMS), FILMS, 2).likes] == [LAMP]


def test_a_question_is_asked_and_its_answer_goes_on_where_it_was_asked(talk):
    asked = talk.say("lamps under 5 that cost more than 40")
    assert asked.question is not None
    assert "which of them counts" in asked.message
    after = talk.say("the second")
    assert sorted(map(str, after.guidance.conditions)) == ["genres = lamp", "price > 40"]
    assert after.question is None
    assert [candidate for candidate in after.slate if candidate.mode == "retrieved"]


def test_an_answer_that_is_none_is_read_as_words(talk):
    talk.say("lamps under 5 that cost more than 40")
    after = talk.say("chairs under 30")
    assert {str(one) for one in after.guidance.conditions} >= {"genres = chair", "price < 30"}


SHOWN = ("i7", "i8", "i9")


@pytest.mark.parametrize(
    ("words", "item"),
    [
        ("why the second one?", "i8"), ("why number 3", "i9"), ("why the last one", "i9"), ("why #1?", "i7"),
        ("why the ninth one", None), ("why number 12345", None), ("why lamps", None),
    ],
)  # fmt: skip
def test_what_is_explained_or_edited_may_be_named_by_its_place(words, item):
    for act in ("explain", "edit"):
        assert pointed(Guidance(act=act), words, SHOWN).item_id == item
    assert pointed(Guidance(act="explain", item_id="i1"), words, SHOWN).item_id == "i1"


@pytest.mark.parametrize(
    ("words", "weight"), [("like the third one, but newer", 1.0), ("nothing like the third one", -1.0)]
)
def test_an_example_may_be_named_by_its_place(words, weight):
    read = Guidance(likes=(Taste(1.0, None, "third"), Taste(1.0, None, "bright")), unread=("third",))
    found = pointed(read, words, SHOWN)
    assert [(one.item_id, one.weight) for one in found.anchors] == [("i9", weight)]
    assert [one.words for one in found.likes] == ["bright"]
    assert found.unread == ()
    assert pointed(Guidance(), "the third one", SHOWN).anchors == ()
    again = pointed(Guidance(anchors=(Anchor("i9", 1.0), Anchor("i1", 1.0))), words, SHOWN)
    assert [(one.item_id, one.weight) for one in again.anchors] == [("i1", 1.0), ("i9", weight)]


def test_the_place_counts_in_what_was_shown(talk):
    first = talk.say("lamps")
    why = talk.say("why the second one?")
    assert why.guidance.item_id == first.slate[1].item_id
    liked = talk.say("like the third one, but newer")
    assert [one.item_id for one in liked.guidance.anchors] == [first.slate[2].item_id]


def test_another_kind_of_thing_takes_the_place_of_the_one_before_where_nothing_is_both(talk):
    talk.say("cheap lamps under 40")
    after = talk.say("chairs")
    assert {str(one) for one in after.guidance.conditions} - {"genres = cheap"} == {"price < 40", "genres = chair"}
    assert after.slate


def test_an_example_takes_the_place_of_a_kind_that_it_is_not(talk):
    talk.say("lamps under 40")
    after = talk.say("like chair number 3")
    assert [str(one) for one in after.guidance.conditions] == ["price < 40"]
    assert [one.item_id for one in after.guidance.anchors] == ["i16"]


def test_a_set_is_forgotten_with_the_kind_that_it_was_made_of(talk):
    made = talk.say("make me a set of 3 lamps")
    assert (made.guidance.act, made.guidance.count) == ("create", 3)
    kept = talk.say("under 40")
    assert (kept.guidance.act, kept.guidance.count) == ("create", 3)
    after = talk.say("a chair")
    assert (after.guidance.act, after.guidance.count) == ("recommend", None)


def test_how_a_text_is_to_change_is_no_wish_about_items(talk):
    first = talk.say("lamps")
    edit = talk.say("shorten the description of the first one")
    assert edit.guidance.tone == ("shorten",)
    assert edit.guidance.item_id == first.slate[0].item_id
    shown = [one.item_id for one in first.slate]
    assert [one.item_id for one in edit.slate if one.mode == "retrieved"][:3] == shown[:3]
    after = talk.say("under 40")
    assert [one.words for one in after.guidance.likes] == []
    assert after.guidance.tone == ()


def test_a_text_of_nothing_known_is_not_edited(talk):
    turn = talk.say("shorten the description of Blargomania")
    assert "No item is called “Blargomania”" in turn.message
    assert all(candidate.mode == "retrieved" for candidate in turn.slate)
