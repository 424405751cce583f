"""The citing engine, the rewriters, and attacks on the words that retrieval goes by."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from generec.encoders.tfidf import TfidfEncoder
from generec.evidence.trusted import as_written
from generec.loop.meaning import Meaning
from generec.simulation.geo.attacks import ATTACKS, KNOWN, Aim, plain_claim
from generec.simulation.geo.engine import CitingEngine, TfidfCloseness, cues
from generec.simulation.geo.rewriters import REWRITERS, cite_sources, identity, keyword_stuffing, quotation, statistics
from generec.types import Catalog, Events

SOURCES = (
    "The boats of the harbour are red. It is a walk of an hour.",
    "The bread of the town is baked in the night. The boats of the harbour are red.",
    "Nobody has been to the moon of this town. Boats, harbour, boats.",
)
QUESTION = "red boats in the harbour"


@pytest.fixture(scope="module")
def engine() -> CitingEngine:
    return CitingEngine(closeness=TfidfCloseness(SOURCES), sentences=3)


def test_the_best_sentence_comes_first_and_cites_all_who_say_it(engine):
    answer = engine.answer(QUESTION, SOURCES)
    assert answer[0].text == "The boats of the harbour are red."
    assert answer[0].sources == (0, 1)
    assert len(answer) == 3
    assert answer == engine.answer(QUESTION, SOURCES)


def test_a_list_of_keywords_is_no_sentence_of_an_answer(engine):
    assert all("Boats, harbour" not in sentence.text for sentence in engine.answer(QUESTION, SOURCES))
    assert engine.answer(QUESTION, ["Boats, harbour, boats.", ""]) == ()


def test_what_is_nearest_to_the_question_is_found(engine):
    assert engine.find(QUESTION, [SOURCES[2][:41], SOURCES[0], "bread"])[0] == 1


def test_evidence_moves_a_sentence_up(engine):
    said = ["The town is a town of bread and of boats.", "The town is a town of 7 breads and of boats."]
    assert engine.answer("moon", said)[0].text == said[1]
    assert [cues(text) for text in ("It is.", "It is 7.", "“It is so,” says Ann of 7.")] == [0, 1, 3]


@pytest.mark.parametrize("rewriter", REWRITERS)
def test_rewriters_change_texts_in_the_same_way_every_time(rewriter):
    text = "Come and watch the film. It may take some time. People look at good pictures; the advanced speed is high."
    made = rewriter(text, QUESTION)
    assert made.text != text
    assert made == rewriter(text, QUESTION)
    assert rewriter("", QUESTION).text == ""
    assert made.fabricated == (rewriter in (statistics, quotation, cite_sources))
    asked_otherwise = rewriter(text, "bread of the moon")
    assert (asked_otherwise == made) == (rewriter is not keyword_stuffing)


def test_rewriters_by_hand():
    text = "It is old. It is red."
    assert identity(text, "").text == text
    assert keyword_stuffing(text, "the red boats").text == "It is old, red, boats. It is red."
    assert cite_sources(text, "").text == "It is old, according to the National Review of Leisure. It is red."
    assert quotation(text, "").text == "“It is old,” says Nora Vale. It is red."


WISH = "silver trumpet jazz"


def _shop(text: str) -> Catalog:
    things = ["bread", "boats", "moss", "chess", "tea", "clay"]
    texts = [f"It is about {one} and {two}. It takes an hour of the day. You may bring a friend."
             for one in things for two in things if one != two]  # fmt: skip
    played = [f"A {word} is played here. It takes an hour of the day." for word in WISH.split()]
    titles = [f"Evening number {at} out" for at in range(len(texts) + len(played) + 1)]
    frame = {"title": titles, "description": [text, *played, *texts], "price": 20.0, "duration": 60.0}
    return Catalog(pl.DataFrame({"item_id": [f"i{at}" for at in range(len(titles))], **frame}))


def _place(catalog: Catalog, encoder, **reading) -> int:
    """Rank of the first item for the wish."""
    scores = Meaning(catalog, encoder, **reading).similarity(WISH)
    return int((scores > scores[0]).sum() + (scores[1:] == scores[0]).sum())


@pytest.mark.parametrize("attack", [*ATTACKS, plain_claim])
def test_attacks_raise_an_item_and_the_default_reading_undoes_it(attack):
    honest = "It is about bread and moss. It takes an hour of the day. You may bring a friend."
    clean = _shop(honest)
    encoder = TfidfEncoder(dimensions=8).fit(clean, Events.pack([]))
    aim = Aim(text=honest, wish=WISH, rival="Evening number 1 out", numbers={"price": 20.0, "duration": 60.0})
    before = _place(clean, encoder)
    assert before > 10
    for phrasing in KNOWN:
        catalog = _shop(attack(aim, phrasing))
        assert _place(catalog, encoder, read=as_written) <= 3, "the attack works where nothing is done about it"
        defended = _place(catalog, encoder)
        if attack is plain_claim:
            assert defended <= 3, "the known limit: a plain false sentence reads like any other"
        else:
            assert defended == before
            assert np.allclose(Meaning(catalog, encoder).vectors, Meaning(clean, encoder).vectors)
