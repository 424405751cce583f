from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.evidence.claims import claims
from generec.evidence.clauses import read_clauses
from generec.evidence.frames import BECAUSE_YOU_LIKE
from generec.evidence.verify import EvidenceIndex, best_verified, verify
from generec.records import Evidence

SUITE = Path(__file__).with_name("adversarial.jsonl")
LAMP = (
    "The lamp is bright, and the cable is 2 metres long. Anna Berg beat Ben Okoye in the test. Shipping is free. "
    "But only within Spain. The bulb may flicker. It lasts up to 300 hours."
)


def lamp(*more: Evidence) -> list[Evidence]:
    return [
        Evidence("lamp#title", "Orla Reading Lamp", "lamp", "title", "field"),
        Evidence("lamp#description", LAMP, "lamp", "description"),
        *more,
    ]


def suite() -> tuple[dict[int, list[Evidence]], list[dict[str, object]]]:
    lines = [json.loads(line) for line in SUITE.read_text(encoding="utf-8").split("\n") if line]
    evidence = {line["seed"]: [Evidence(**one) for one in line["evidence"]] for line in lines if "seed" in line}
    return evidence, [line for line in lines if "text" in line]


def test_the_adversarial_suite_has_no_miss_and_honest_edits_pass() -> None:
    """Every corruption is refused; at least 90 % of the honest edits are accepted, so that refusing all fails."""
    evidence, cases = suite()
    assert len(evidence) >= 120
    missed, passed, total = [], 0, Counter(str(case["expect"]) for case in cases)
    assert total["refuse"] >= 1000
    assert total["accept"] >= 300
    for case in cases:
        found = verify(str(case["text"]), [one for seed in case["seeds"] for one in evidence[seed]])  # type: ignore[attr-defined]
        assert found.supported is not bool(found.findings)
        if case["expect"] == "refuse" and found.supported:
            missed.append((case["operator"], case["text"]))
        passed += case["expect"] == "accept" and found.supported
    assert missed == []
    assert passed / total["accept"] >= 0.9


def test_what_is_accepted_claims_what_its_evidence_claims() -> None:
    """Claims are read again on both sides of every accepted text: nothing is added, nothing changed."""
    evidence, cases = suite()
    for case in cases:
        index = EvidenceIndex(tuple(one for seed in case["seeds"] for one in evidence[seed]))  # type: ignore[attr-defined]
        if not index.verify(str(case["text"])).supported:
            continue
        known = Counter(
            (claim.kind, claim.value) for source in index.evidence for claim in claims(source.text)
            if claim.kind not in ("name", "role")
        )  # fmt: skip
        said = Counter(
            (claim.kind, claim.value) for claim in claims(str(case["text"])) if claim.kind not in ("name", "role")
        )
        assert not said - known, case["text"]


def test_spans_are_the_words_that_were_copied() -> None:
    text = "The cable is two metres long. Orla Reading Lamp. Shipping is free. But only within Spain."
    found = verify(text, lamp())
    assert found.supported
    assert [text[span.start : span.end] for span in found.spans] == [
        "The cable is two metres long", "Orla Reading Lamp", "Shipping is free", "But only within Spain",
    ]  # fmt: skip
    assert [span.evidence for span in found.spans] == ["lamp#description", "lamp#title", *2 * ["lamp#description"]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The cable is 3 metres long.", "number"),
        ("The cable is 2 feet long.", "number"),
        ("Ben Okoye beat Anna Berg in the test.", "role"),
        ("The bulb flickers.", "hedge"),
        ("The bulb explodes.", "word"),
        ("Shipping is free.", "qualifier"),
        ("The lamp lasts up to 300 hours.", "mixed"),
        ("It lasts 300 hours.", "hedge"),
        ("It lasts up to 300 hours.", "pointer"),
        ("Anna Berg beat Ben Okoye.", "truncated"),
        ("Anna Berg didn't beat Ben Okoye in the test.", "negation"),
        ("anna Berg beat ben Okoye in the test.", "case"),
        ("Because you like lamps: The lamp is bright.", "person"),
        ("The lamp is\u200b bright.", "hidden"),
        ("", "empty"),
        ("!", "empty"),
    ],
)
def test_what_is_wrong_is_named(text: str, kind: str) -> None:
    found = verify(text, lamp())
    assert not found.supported
    assert kind in {finding.kind for finding in found.findings}, found.findings


def test_facts_of_two_items_never_stand_in_one_text() -> None:
    chair = Evidence("chair#description", "The chair is red. The lamp is bright.", "chair", "description")
    both = lamp(chair)
    assert verify("The lamp is bright.", both).supported
    assert verify("The chair is red. The lamp is bright.", both).supported  # the chair's own text has both
    found = verify("The chair is red. The cable is 2 metres long.", both)
    assert [finding.kind for finding in found.findings] == ["items"]


def test_checked_fields_are_copied_with_their_names() -> None:
    facts = lamp(Evidence("lamp#price", "20 euros", "lamp", "price", "field"))
    found = verify("Price: €20. The lamp is bright.", facts)
    assert found.supported
    assert found.spans[0].evidence == "lamp#price"
    assert not verify("20 euros. The lamp is bright.", facts).supported
    assert not verify("Weight: 20 euros.", facts).supported


def test_a_frame_needs_the_persons_own_words_and_a_link_to_the_item() -> None:
    person = [
        Evidence("line", "bright lamps", None, "likes", "person"),
        Evidence("other", "horse riding", None, "likes", "person"),
        Evidence("asked", "a lamp for reading", None, "asked", "person"),
    ]
    text = BECAUSE_YOU_LIKE.words("bright lamps") + "The lamp is bright."
    found = verify(text, lamp(*person))
    assert [(text[span.start : span.end], span.evidence) for span in found.spans] == [
        ("bright lamps", "line"), ("The lamp is bright", "lamp#description"),
    ]  # fmt: skip
    assert verify("You asked for a lamp for reading: Orla Reading Lamp.", lamp(*person)).supported
    for wrong in (
        "Because you like dark lamps: The lamp is bright.",
        "Because you like horse riding: The lamp is bright.",  # true of the person, nothing to do with the item
        "Because you like a lamp for reading: The lamp is bright.",  # asked for, not liked
        "Because you like bright lamps: bright lamps.",  # a person's words are no fact about the item
        "bright lamps. The lamp is bright.",
    ):
        assert not verify(wrong, lamp(*person)).supported, wrong


@pytest.mark.parametrize(
    ("evidence", "refused"),
    [
        ("Clara came third. Anna beat Ben. All cheered. She won 500 euros.", "Clara came third. She won 500 euros."),
        ("Clara came third. Anna beat Ben. All cheered. She won 500 euros.", "All cheered. She won 500 euros."),
        ("It comes with a cable. The cable is 2 m long. It has a plug.", "The cable is 2 m long."),
        ("Is it waterproof? No. Is it light? Yes.", "Is it waterproof? Yes."),
        ("The lamp cures colds. That is not true.", "The lamp cures colds."),
        ("Not included: a cable; a plug. The lamp is red.", "A plug. The lamp is red."),
        ("Not included\n- a cable\nThe lamp is red.", "The lamp is red."),
        ("Spend 50 euros, and the shipping is free.", "The shipping is free."),
        ("Anna says the lamp is bright, and the cable is long.", "The cable is long."),
        ("The lamp is 5 euros, and the cable is 2 euros, for members.", "The lamp is 5 euros."),
        ("The tour visits Rome. The tour was cancelled.", "The tour visits Rome."),
        ("The lamp weighs approx. 5 kg. The cable is red.", "5 kg. The cable is red."),
        ("Free shipping.* The lamp is red. *Over 50 euros.", "Free shipping. The lamp is red."),
        ("A pack includes the board, and the two tours.", "The two tours."),
        ("Capacity 5 MW. The lamp is red.", "Capacity 5 mW."),
        ("Comes with a cable. The lamp is red.", "Comes with cables."),
        ("Made for us by hand. The lamp is red.", "MADE FOR US BY HAND."),
        ("The desk rises. The motor is quiet. For private use only.", "The motor is quiet."),
        ("Let us eat, grandma. The lamp is red.", "Let us eat grandma."),
        ("No one complained. The lamp is red.", "No 1 complained."),
        ("Python 2.10 is needed. The lamp is red.", "Python 2.1 is needed."),
        ("Built in the 1980s. The lamp is red.", "Built in the 1980 s."),
    ],
)  # fmt: skip
def test_parts_that_say_something_else_alone_are_refused(evidence: str, refused: str) -> None:
    assert not verify(refused, [Evidence("e", evidence, "i", "description")]).supported
    assert verify(evidence, [Evidence("e", evidence, "i", "description")]).supported


def test_the_best_supported_candidate_wins_and_ties_go_to_the_first() -> None:
    texts = ["Orla Reading Lamp", "The lamp burns.", "The lamp is bright.", "The bulb may flicker."]
    best = best_verified(texts, lamp(), len)
    assert best is not None
    assert best[0] == "The bulb may flicker."
    assert best_verified(texts, lamp(), lambda _: 0.0) == (texts[0], verify(texts[0], lamp()))
    assert best_verified(["The lamp burns."], lamp(), len) is None
    assert best_verified([], lamp(), len) is None


_WORDS = [
    "lamp",
    "cable",
    "red",
    "the",
    "a",
    "is",
    "not",
    "it",
    "and",
    "may",
    "5",
    "kg",
    ",",
    ";",
    ".",
    "?",
    "Anna",
    "!",
]


@given(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=25), st.data())
@settings(max_examples=300, deadline=None)
def test_a_text_supports_itself_and_no_copy_with_a_word_more_less_or_elsewhere(
    words: list[str], data: st.DataObject
) -> None:
    text = " ".join(words)
    known = [Evidence("e", text, "i", "description")]
    said = bool(read_clauses(text))
    assert verify(text, known).supported is said
    if len(words) > 1:
        at = data.draw(st.integers(0, len(words) - 1))
        changed = [*words[:at], "9", *words[at + 1 :]]
        assert not verify(" ".join(changed), known).supported or "9" in words


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    found = verify(text, lamp(Evidence("any", text, "lamp", "description")))
    assert found.supported is not bool(found.findings)
    for span in found.spans:
        assert 0 <= span.start < span.end <= len(text)
