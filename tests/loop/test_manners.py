"""How things are made: told from what they are about, followed from a history, asked for in words, ranked by."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl
import pytest
import torch

import small_world
from generec.create.text_editor import DESCRIPTION
from generec.create.text_evidence import CodedTexts
from generec.encoders.tfidf import TfidfEncoder
from generec.loop.meaning import Meaning
from generec.loop.retrieve import Retriever
from generec.loop.set_maker import SetMaker
from generec.loop.text_create_maker import TextCreateMaker
from generec.loop.text_maker import SHORTER, TextEditMaker, plain_editor
from generec.loop.writer import Writer
from generec.records import Abstain, Draft, Evidence, Guidance, Person, SetPayload, Stated, Taste, TextPayload
from generec.types import Catalog, Condition, Events

THINGS = ("birds", "stars", "soups", "trains")
MOODS = (
    ("Soft voices fill the room.", "Gentle rain soothes the nerves."),
    ("Thunder roars through the hall.", "Loud nights shake the walls."),
)
LENGTHS = ("Compact enough for a bus stop.", "Set aside a whole afternoon.")
COUNT = 96


def mood(row):
    return row // 4 % 2


@cache
def texts():
    """Item `row`: of thing row % 4, in a mood and of a length; only the subject's statements are its thing's own."""
    said = [
        f"We look at {THINGS[row % 4]} closely. {MOODS[mood(row)][row // 16 % 2]} {LENGTHS[row // 8 % 2]}"
        for row in range(COUNT)
    ]
    what, how = torch.arange(COUNT)[:, None] % 4, torch.tensor([[mood(row)] for row in range(COUNT)])
    return CodedTexts([f"i{row}" for row in range(COUNT)], said, what, how)


@cache
def writer():
    way = torch.tensor([[1.0 if mood(row) else -1.0, 1.0 if row // 8 % 2 else -1.0] for row in range(COUNT)])
    return Writer(None, texts(), way)  # type: ignore[arg-type]  # what writes is not asked here


@cache
def maker():
    catalog = Catalog(pl.DataFrame({"item_id": list(texts().item_ids), "description": list(texts().texts)}))
    meaning = Meaning(catalog, TfidfEncoder(dimensions=16).fit(catalog, Events.pack([])))
    retriever = Retriever(recommender=small_world.trained(), meaning=meaning)
    return TextCreateMaker(retriever=retriever, writer=writer())


EVERY = {*MOODS[0], *MOODS[1], *LENGTHS}


def test_what_stands_under_all_things_alike_is_manner_and_the_rest_is_subject():
    assert set(texts().common) == EVERY
    assert set(texts().subjects) == {f"We look at {thing} closely." for thing in THINGS}
    lopsided = replace(texts(), texts=[text if row % 4 == 0 else "Nothing." for row, text in enumerate(texts().texts)])
    assert not EVERY & set(lopsided.common)
    seldom = replace(texts(), texts=[text if row < 4 else "Nothing." for row, text in enumerate(texts().texts)])
    assert not EVERY & set(seldom.common)


@pytest.mark.parametrize("wanted", [0, 1])
def test_a_history_leans_to_its_manners_one_of_each_kind(wanted):
    history = [row for row in range(COUNT) if mood(row) == wanted and row // 8 % 2 == 0][:6]
    lean = (writer().features @ writer().features[history].mean(0)).numpy()
    found = [one.text for one in writer().liked(lean, (), 4)]
    assert len(found) == 2
    assert len({*found} & {*MOODS[wanted]}) == 1
    assert LENGTHS[0] in found
    assert not {*found} & {*MOODS[1 - wanted]}
    beside = [one.text for one in writer().liked(lean, {LENGTHS[1]}, 4)]
    assert LENGTHS[0] not in beside  # no text is both
    assert writer().liked(np.zeros(COUNT, np.float32), (), 4) == ()


def test_words_tell_the_manner_of_the_items_that_they_fit():
    fits = np.array([float("Thunder" in text) for text in texts().texts], np.float32)
    told = writer().told(fits)
    assert writer().manners[int(told.argmax())].text == MOODS[1][0]
    naive = [np.corrcoef(fits, [float(one.text in text) for text in texts().texts])[0, 1] for one in writer().manners]
    np.testing.assert_allclose(told, naive, atol=1e-5)


def test_two_wishes_for_manners_choose_such_as_stand_together():
    wishes = maker()._wishes(
        Guidance(likes=(Taste(1.0, words="thunder roars"), Taste(1.0, words="compact, for a bus stop")))
    )
    assert [[one.text for one in wish.manners] for wish in wishes] == [[MOODS[1][0]], [LENGTHS[0]]]
    subject = maker()._wishes(Guidance(likes=(Taste(1.0, words="look closely at trains"),)))
    assert [wish.manners for wish in subject] == [()]
    value = maker()._wishes(Guidance(likes=(Taste(1.0, Condition("tags", "=", "steam-trains")),)))
    assert [(wish.words, wish.manners) for wish in value] == [("steam trains", ())]
    bound = maker()._wishes(Guidance(likes=(Taste(1.0, Condition("price", "<", 3.0)),)))
    assert bound == []


def test_a_text_that_says_what_was_asked_for_is_worth_more_than_one_that_does_not():
    guidance = Guidance(act="create", likes=(Taste(1.0, words="thunder roars"),))

    def worth(manner):
        subject = Evidence("a", "We look at stars closely.", None, "description", origin="i1")
        said = Evidence("b", manner, None, "description", origin="i2")
        text = f"{subject.text} {manner}"
        return maker().worth(
            Draft(id="d", mode="created", payload=TextPayload(text), evidence=(subject, said), parents=("i1", "i2"),
                  backend=maker().arm.card), guidance, Person(),
        )  # fmt: skip

    assert worth(MOODS[1][0]) > worth(MOODS[0][0])


@pytest.fixture(scope="module")
def retriever():
    system = small_world.trained()
    encoder = TfidfEncoder(dimensions=16).fit(system.catalog, Events.pack([]))
    return Retriever(recommender=system, meaning=Meaning(system.catalog, encoder))


def test_ranking_follows_the_manner_of_a_history(retriever):
    dear = np.arange(small_world.ITEMS, dtype=np.float32)
    person = Person(history=("i3", "i4"))
    leaning = replace(retriever, manner=lambda history: dear)
    plain, moved = (each.retrieve(Guidance(), person, 60).item_ids for each in (retriever, leaning))
    mean = [np.mean([int(item[1:]) for item in ids[:10]]) for ids in (plain, moved)]
    assert mean[1] > mean[0]
    assert leaning.retrieve(Guidance(), Person(), 60).item_ids == retriever.retrieve(Guidance(), Person(), 60).item_ids


def test_what_no_rule_understood_is_looked_for_as_plain_words(retriever):
    person = Person(history=("i3", "i4"))
    plain, found = (retriever.retrieve(Guidance(unread=unread), person, 10) for unread in ((), ("zzz", "rug")))
    rugs = [sum("rug" in title for title in retriever.meaning.catalog.titles(each.item_ids)) for each in (plain, found)]
    assert rugs[1] > rugs[0]


def test_members_of_a_set_are_ranked_among_what_may_be_chosen(retriever):
    short = replace(retriever, depth=5)  # beyond the first five of everything no item has a rank
    kind = Condition("genres", "=", "rug")
    guidance = Guidance(act="create", kind="set", hard=(Stated(kind),), count=3)
    person = Person(history=("i3", "i4", "i5"))
    made = SetMaker(retriever=short).make(guidance, person, (), 1)
    payload = made[0].payload
    assert isinstance(payload, SetPayload)
    best = short.retrieve(guidance, person, 5).item_ids
    assert {member.item_id for member in payload.members} <= set(best)


def test_what_every_text_needs_is_there_before_the_first_one():
    fresh = replace(maker())
    fresh.warm()
    assert {"_manners", "_subjects"} <= set(vars(fresh))
    replace(maker(), writer=replace(writer(), texts=replace(texts(), texts=["Nothing."] * COUNT))).warm()


@pytest.mark.parametrize(
    ("words", "shorter"), [("shorten", True), ("cut down", True), ("cute", False), ("funnier", False)]
)
def test_only_words_for_less_text_ask_for_less(words, shorter):
    assert bool(SHORTER.match(words)) == shorter


def test_an_edit_opens_with_what_those_items_say_that_are_made_as_the_person_likes_it():
    """Two sentences that many items share, and a person to whom the items of the one or of the other are dear."""
    system = small_world.trained()
    said, items = [MOODS[0][0], MOODS[1][0]], range(small_world.ITEMS)
    told = [" ".join(said[row % 2 :] + said[: row % 2]) if row < 2 else said[row % 2] for row in items]
    catalog = Catalog(system.catalog.frame.with_columns(description=pl.Series(told)))
    meaning = Meaning(catalog, TfidfEncoder(dimensions=16).fit(catalog, Events.pack([])))
    editor = plain_editor(catalog)

    def opening(dear: int) -> str:
        leans = np.array([float(row % 2 == dear) for row in items], np.float32)
        retriever = Retriever(recommender=system, meaning=meaning, manner=lambda person: leans)
        maker = TextEditMaker(retriever=retriever, editor=editor, forms=(DESCRIPTION,))
        guidance = Guidance(act="edit", kind="text", item_id=f"i{1 - dear}")
        made = maker.make(guidance, Person(history=("i30", "i31")), (), 1)
        assert not isinstance(made, Abstain), made
        return made[0].payload.text

    assert [opening(dear).startswith(said[dear][:-1]) for dear in (0, 1)] == [True, True]
