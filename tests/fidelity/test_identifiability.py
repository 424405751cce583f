"""Marks are looked for in what goes out, after it was encoded."""

import html
from dataclasses import replace

import pytest
from small_scene import ASKED, set_draft, shop, text_draft

from generec.fidelity.identifiability import Identifiability
from generec.fidelity.ledger import Ledger
from generec.fidelity.payload import tokens
from generec.fidelity.policy import Jurisdiction, Policy
from generec.fidelity.watermark import GreenList
from generec.records import TextPayload

LONG = " ".join(f"Sentence number {number} says little." for number in range(40))


@pytest.fixture
def marked(tmp_path):
    """A draft's marks and the scene that holds them."""
    _, marker, around = shop(tmp_path)

    def mark(draft):
        return replace(around, marks=marker.mark(draft))

    return mark


@pytest.mark.parametrize("draft", [text_draft(), set_draft()])
def test_marked_drafts_are_identified(draft, marked):
    found = Identifiability()(draft, ASKED, marked(draft))
    assert found.outcome == "pass"
    assert "by AI" in found.reasons[-1]


def test_marks_survive_an_encoding_that_keeps_the_words(marked):
    def page(content):
        return html.unescape(html.escape(content.decode()).replace(". ", ".\n")).encode()

    assert Identifiability(encode=page)(text_draft(), ASKED, marked(text_draft())).outcome == "pass"


@pytest.mark.parametrize("encode", [lambda content: content[:-3], lambda content: content.upper(), lambda _: b"\xff"])
def test_an_encoding_that_loses_words_loses_the_marks(encode, marked):
    found = Identifiability(encode=encode)(text_draft(), ASKED, marked(text_draft()))
    assert found.outcome == "fail"


def test_each_mark_is_needed(marked):
    draft = text_draft()
    around = marked(draft)
    check, marks = Identifiability(), around.marks
    other = marked(set_draft()).marks
    faulty = [
        replace(around, marks=replace(marks, label="")),
        replace(around, marks=replace(marks, label="Made with care")),
        replace(around, marks=replace(marks, sidecar=other.sidecar)),
        replace(around, marks=replace(marks, sidecar="{}")),
        replace(around, marks=other),
    ]
    assert [check(draft, ASKED, each).outcome for each in faulty] == ["fail"] * 5
    for field in ("marks", "ledger", "keys"):
        assert check(draft, ASKED, replace(around, **{field: None})).outcome == "unknown"
    around.ledger.take_down("v1", "asked for")
    assert check(draft, ASKED, around).outcome == "fail"


def test_a_ledger_without_the_entry_fails(marked, tmp_path):
    around = marked(text_draft())
    elsewhere = replace(around, ledger=Ledger(tmp_path / "empty"))
    assert Identifiability()(text_draft(), ASKED, elsewhere).outcome == "fail"


def test_the_label_speaks_the_language_of_the_place(marked):
    around = marked(text_draft())
    law = Policy(jurisdiction=Jurisdiction(label_words=("KI",)))
    assert Identifiability()(text_draft(), ASKED, replace(around, policy=law)).outcome == "fail"
    said = replace(around.marks, label="Von KI bearbeitet")
    assert Identifiability()(text_draft(), ASKED, replace(around, policy=law, marks=said)).outcome == "pass"


def test_a_long_text_needs_a_watermark_or_a_policy_that_does_without(marked):
    draft, green = text_draft(LONG), GreenList(key=b"k" * 32)
    around = marked(draft)
    assert len(tokens(LONG)) == 240
    check = Identifiability()
    assert check(draft, ASKED, around).outcome == "fail"
    assert check(draft, ASKED, replace(around, watermark=green)).outcome == "fail"  # nothing was marked
    assert check(draft, ASKED, replace(around, policy=Policy(sidecar_only=True))).outcome == "pass"
    later = Policy(jurisdiction=Jurisdiction(watermark_from=241))
    assert check(draft, ASKED, replace(around, policy=later)).outcome == "pass"


def test_a_watermarked_long_text_passes(marked):
    green, vocabulary = GreenList(key=b"k" * 32), [f"word{number}" for number in range(50)]
    words = ["start"]
    while len(words) < 230:
        allowed = [word for word, inside in zip(vocabulary, green.mask(words[-1], vocabulary), strict=True) if inside]
        words.append(allowed[len(words) % len(allowed)])
    draft = text_draft(payload=TextPayload(" ".join(words)))
    found = Identifiability()(draft, ASKED, replace(marked(draft), watermark=green))
    assert found.outcome == "pass"
    assert found.score <= 0.01
