"""Claims rest on evidence, evidence on the catalogue, and copies are not new."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from small_scene import ASKED, ITEMS, evidence_of, originals, scene, set_draft, text_draft

from generec.data.world.making import make_world
from generec.fidelity.authenticity import Authenticity
from generec.fidelity.facts import described
from generec.fidelity.originals import Originals
from generec.records import Checked, Evidence, Guidance, Member, SetPayload, Stated, Taste, TextPayload, Total
from generec.types import Condition

CHECK = Authenticity()
AROUND = scene(originals=originals())


def outcome(draft, guidance=ASKED, around=AROUND):
    return CHECK(draft, guidance, around).outcome


def test_supported_texts_pass():
    assert outcome(text_draft()) == "pass"
    assert outcome(text_draft("Duration: 12. Sourdough is kneaded slowly.")) == "pass"
    assert outcome(text_draft("Rope is needed. Five knots are tied slowly.", item_id="v2")) == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "Duration: 13.", "Loaves prove for two nights.", "Loaves do not prove overnight.", "A large oven is used.",
        "Ada Long kneads slowly.", "Rope is needed.", "The best bread of all.",
        "Slowly, loaves are kneaded by sourdough.",
    ],
)  # fmt: skip
def test_unsupported_claims_fail(text):
    found = CHECK(text_draft(text), ASKED, AROUND)
    assert found.outcome == "fail"
    assert "without support" in found.reasons[0]


def test_a_title_is_a_claim_too():
    assert outcome(text_draft(payload=TextPayload("Loaves prove overnight.", "Sourdough is kneaded slowly."))) == "pass"
    assert outcome(text_draft(payload=TextPayload("Loaves prove overnight.", "Bread in 5 minutes"))) == "fail"


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("e", "Bread is baked by robots.", "v1", "description"),
        Evidence("e", "13", "v1", "duration", trust="field"),
        Evidence("e", "astronomy", "v1", "topic", trust="field"),
        Evidence("e", "Award of the year", "v1", "award", trust="field"),
        Evidence("e", "Sourdough is kneaded slowly.", "v2", "description"),
        Evidence("e", "Sourdough is kneaded slowly.", "v9", "description"),
        Evidence("e", "Anything at all.", None),
        Evidence("e", "I love bread", None, trust="person"),
    ],
    ids=["prose", "number", "value", "field", "another item's", "no item's", "nobody's", "nobody's words"],
)
def test_no_maker_vouches_for_itself(evidence):
    said = text_draft("Sourdough is kneaded slowly.", evidence=(*evidence_of("v1"), evidence))
    assert outcome(text_draft("Sourdough is kneaded slowly.")) == "pass"
    assert outcome(said) == "fail"


@pytest.mark.parametrize(
    "evidence",
    [
        Evidence("e", "12 min", "v1", "duration", trust="field"),
        Evidence("e", "12.0", "v1", "duration", trust="field"),
        Evidence("e", "Ada Long", "v1", "creator", trust="field"),
        Evidence("e", "Loaves  prove overnight. A small oven is used.", "v1", "description"),
        Evidence("e", "Bread at Home", "v1", "title", trust="field"),
    ],
)
def test_evidence_may_be_written_as_people_read_it(evidence):
    assert outcome(text_draft(evidence=(*evidence_of("v1"), evidence))) == "pass"


def test_words_of_people_come_with_the_request_or_have_owners():
    said = Evidence("r1", "I bake at night", "v1", trust="person")
    draft = text_draft(evidence=(*evidence_of("v1"), said))
    assert outcome(draft) == "fail"
    assert outcome(draft, Guidance(evidence=(said,))) == "pass"
    assert outcome(draft, ASKED, replace(AROUND, people={"r1": frozenset({"u1"})})) == "pass"
    wished = text_draft(evidence=(*evidence_of("v1"), Evidence("like#0", "night baking", None, "asked", "person")))
    assert outcome(wished) == "fail"
    assert outcome(wished, Guidance(likes=(Taste(1.0, words="baking at night"),))) == "pass"


@dataclass(frozen=True)
class Answer:
    supported: bool
    findings: tuple = ()


def test_another_verifier_may_be_given():
    asked = []

    def strict(text, evidence):
        asked.append((text, tuple(evidence)))
        return Answer(False)

    assert Authenticity(verifier=strict)(text_draft(), ASKED, AROUND).outcome == "fail"
    assert asked == [(text_draft().payload.text, evidence_of("v1"))]
    assert Authenticity(verifier=lambda *_: Answer(True))(text_draft("Anything."), ASKED, AROUND).outcome == "pass"


COPY = "Sourdough is kneaded slowly. Loaves prove overnight. A small oven is used."


def test_a_copy_is_nothing_new():
    copied = text_draft(COPY, mode="created")
    assert outcome(copied) == "fail"
    assert "copy of v1" in CHECK(copied, ASKED, AROUND).reasons[0]
    assert outcome(text_draft(COPY, mode="edited")) == "pass"  # of its own parent
    assert outcome(text_draft("Loaves prove overnight.", mode="created")) == "pass"
    stolen = text_draft(COPY, mode="edited", parents=("v2",))
    assert outcome(stolen) == "fail"


def test_without_texts_to_compare_with_what_is_new_is_unknown():
    assert outcome(text_draft("Loaves prove overnight.", mode="created"), around=scene()) == "unknown"
    assert outcome(text_draft("Loaves prove overnight."), around=scene()) == "pass"


def runs(text):
    """The naive twin's shingles: runs of three words."""
    words = ["".join(c for c in word if c.isalnum() or c in "'’-").lower().strip("-'’") for word in text.split()]
    words = [word for word in words if word]
    return {" ".join(words[at : at + 3]) for at in range(len(words) - 2)}


def test_near_copies_are_found_and_others_not():
    """Copies with a word changed are found, and what is found has the exact similarity."""
    frame, walk = make_world(items=300, users=10).dataset.catalog.frame, np.random.default_rng(0)
    texts = dict(zip(frame["item_id"], frame["description"], strict=True))
    names, known = list(texts)[:200], Originals.of(dict(list(texts.items())[:200]))
    near = 0
    for item_id in names[::2]:
        words = texts[item_id].split()
        words[walk.integers(len(words))] = "changed"
        nearest = known.nearest(" ".join(words))
        near += nearest is not None and nearest[0] == item_id
    assert near >= 95
    cut = {name: runs(texts[name]) for name in texts}
    for name in list(texts)[200:]:
        best = max(len(cut[name] & cut[other]) / len(cut[name] | cut[other]) for other in names)
        found = known.nearest(texts[name])
        assert (found is None) == (best < 0.7)
        assert found is None or found[1] == pytest.approx(best)


def test_originals_change_with_the_catalogue():
    known = Originals()
    assert known.nearest("anything") is None
    assert known.nearest("") is None
    known.add("a", "one two three four five")
    assert known.nearest("One, two three – four FIVE!") == ("a", 1.0)
    known.add("a", "something else that is new")
    assert known.nearest("one two three four five") is None
    known.add("b", "short")
    assert known.nearest("short") == ("b", 1.0)


def ruled(*rules):
    return Guidance(hard=tuple(Stated(rule) for rule in rules))


def test_sets_that_hold_what_was_asked_pass():
    asked = Guidance(
        hard=(Stated(Condition("duration", "<=", 20.0)),), totals=(Total("duration", low=30, high=40),), count=3
    )
    assert outcome(set_draft("v1", "v2", "v4"), asked) == "pass"


@pytest.mark.parametrize(
    ("draft", "guidance"),
    [
        (set_draft("v1", "v9"), ASKED),
        (set_draft("v1", "v1"), ASKED),
        (set_draft(payload=SetPayload("Nothing", ())), ASKED),
        (set_draft("v1", "v3"), ruled(Condition("duration", "<=", 20.0))),
        (set_draft("v1", "v2"), ruled(Condition("topic", "not in", ("sailing", "pottery")))),
        (set_draft("v1", "v2"), ruled(Condition("award", "=", "gold"))),
        (set_draft("v1", "v2"), Guidance(count=3)),
        (set_draft("v1", "v2"), Guidance(totals=(Total("duration", high=31.9),))),
        (set_draft("v1", "v2"), Guidance(totals=(Total("duration", low=32.1),))),
        (set_draft("v1", "v2"), Guidance(totals=(Total("energy", high=3),))),
        (set_draft(payload=SetPayload("S", (Member("v1"),), (Checked("at least 2 items", "1", False),))), ASKED),
    ],
    ids=["absent", "twice", "empty", "rule", "not in", "no field", "count", "over", "under", "unknown sum", "own rule"],
)
def test_sets_that_do_not_fail(draft, guidance):
    assert outcome(draft, guidance) == "fail"


@pytest.mark.parametrize(
    "reason", ["topic cooking, 12 min", "duration 12, price 0", "cooking, as 2 others", "by Ada Long", ""]
)
def test_reasons_of_members_from_their_facts_pass(reason):
    assert outcome(set_draft("v1", "v2", "v3", reasons=[reason, "", ""])) == "pass"


@pytest.mark.parametrize("reason", ["13 min", "award-winning", "no cooking", "by Bo Reed", "astronomy", "as 7 others"])
def test_reasons_beyond_the_facts_fail(reason):
    assert outcome(set_draft("v1", "v2", "v3", reasons=[reason, "", ""])) == "fail"


def test_the_shop_describes_what_the_tests_say():
    assert COPY in described(ITEMS["v1"])
