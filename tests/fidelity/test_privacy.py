"""Personal data is found where it is and hardly where it is not; nothing is told about too few people."""

from dataclasses import replace

import numpy as np
import pytest
from personal_examples import HARMLESS, PERSONAL
from small_scene import ASKED, ITEMS, evidence_of, scene, text_draft

from generec.data.world.making import make_world
from generec.errors import UsageError
from generec.fidelity.facts import described
from generec.fidelity.personal_data import personal_data, plain, redacted
from generec.fidelity.policy import Policy
from generec.fidelity.privacy import Leak, Privacy, canary_leaks
from generec.fidelity.user_vector import inversion_auc, protected
from generec.records import Evidence, Guidance, ProfileLine, Taste
from generec.types import Condition

EXAMPLES = [(kind, sentence) for kind, sentences in PERSONAL.items() for sentence in sentences]
CANARY = "zq7 Kv93-xTb2 pWn8 rLm4"


def test_the_seeded_set_recall_and_false_positives():
    assert len(EXAMPLES) >= 100
    assert len(HARMLESS) >= 80
    missed = [(kind, text) for kind, text in EXAMPLES if kind not in {found.kind for found in personal_data(text)}]
    alarms = [(text, personal_data(text)) for text in HARMLESS if personal_data(text)]
    assert len(missed) <= 0.1 * len(EXAMPLES), missed
    assert len(alarms) <= 0.1 * len(HARMLESS), alarms


@pytest.mark.parametrize("kind", PERSONAL)
def test_every_kind_is_found(kind):
    found = [kind in {each.kind for each in personal_data(text)} for text in PERSONAL[kind]]
    assert np.mean(found) >= 0.85


def test_the_embedded_world_holds_none():
    texts = [described(row) for row in make_world(items=400, users=10).dataset.catalog.frame.to_dicts()]
    assert [found for text in texts for found in personal_data(text)] == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
        ("4111-1111-1111-1111", "4111111111111111"),
        ("Ada (at) Long (dot) example", "ada@long.example"),
        ("020 7946 0958", "+442079460958"),
        ("2001:0db8::0001:8a2e", "2001:db8::1:8a2e"),
    ],
)
def test_one_datum_has_one_form(text, value):
    assert [found.value for found in personal_data(text)] == [value]


@pytest.mark.parametrize("changed", ["DE89370400440532013001", "4111111111111112", "2001:db8:::1", "256.1.1.1"])
def test_checksums_are_checked(changed):
    assert personal_data(f"number {changed}") == []


def test_finds_stand_where_they_are_and_do_not_overlap():
    text = "Ada: ada@long.example, DE89 3704 0044 0532 0130 00, +49 30 901820."
    found = personal_data(text)
    assert [plain(text)[each.start : each.end] for each in found] == [
        "ada@long.example", "DE89 3704 0044 0532 0130 00", "+49 30 901820",
    ]  # fmt: skip
    assert redacted(text) == "Ada: [email], [iban], [phone]."
    assert all(each.value not in each.masked for each in found)


def test_invisible_characters_hide_nothing():
    assert redacted("ada\u200b@long.example") == "[email]"


def test_no_personal_data_that_the_publisher_did_not_supply():
    draft = text_draft("Sourdough is kneaded slowly. Write to ada@long.example or call 020 7946 0958.")
    found = Privacy()(draft, ASKED, scene())
    assert found.outcome == "fail"
    assert len(found.reasons) == 2 + 1  # two finds and the note
    assert "ada@long.example" not in "".join(found.reasons)
    told = {**ITEMS["v1"], "description": "Write to Ada@Long.example or ring +44 20 7946 0958."}
    assert Privacy()(draft, ASKED, scene(items={**ITEMS, "v1": told})).outcome == "pass"
    elsewhere = scene(items={**ITEMS, "v2": told})  # another item's publisher did
    assert Privacy()(draft, ASKED, elsewhere).outcome == "fail"


def test_evidence_that_a_maker_invents_supplies_nothing():
    draft = text_draft("Write to ada@long.example.", evidence=(Evidence("e", "ada@long.example", "v1", "description"),))
    assert Privacy()(draft, ASKED, scene()).outcome == "fail"


def test_nothing_is_made_without_consent():
    assert Privacy()(text_draft(), ASKED, scene()).outcome == "pass"
    assert Privacy()(text_draft(), Guidance(consent=False), scene()).outcome == "fail"


@pytest.mark.parametrize(
    ("owners", "asker", "outcome"),
    [
        ({"u1"}, "u1", "pass"),
        ({"u1"}, "u2", "fail"),
        ({"u1"}, None, "fail"),
        ({"u1", "u2", "u3", "u4"}, "u1", "fail"),
        ({"u1", "u2", "u3", "u4", "u5"}, "u9", "pass"),
        (None, "u1", "unknown"),
        (set(), "u1", "unknown"),
    ],
)
def test_facts_about_people_need_consent_or_a_crowd(owners, asker, outcome):
    said = Evidence("r1", "I bake at night", "v1", trust="person")
    people = {} if owners is None else {"r1": frozenset(owners)}
    draft = text_draft(evidence=(*evidence_of("v1"), said))
    assert Privacy()(draft, Guidance(user_id=asker), scene(people=people)).outcome == outcome


@pytest.mark.parametrize(
    ("guidance", "outcome"),
    [
        (Guidance(likes=(Taste(1.0, words="slow piano at night"),)), "pass"),
        (Guidance(likes=(Taste(1.0, Condition("tags", "in", ("slow piano", "jazz"))),)), "pass"),
        (Guidance(profile=(ProfileLine("p1", "You like slow piano", 1.0),)), "pass"),
        (Guidance(evidence=(Evidence("e", "slow piano", trust="person"),)), "pass"),
        (Guidance(likes=(Taste(1.0, words="slow cello"), Taste(1.0, words="loud piano"))), "unknown"),
        (Guidance(evidence=(Evidence("e", "slow piano", "v1", trust="person"),)), "unknown"),
        (Guidance(), "unknown"),
    ],
)
def test_words_of_whoever_asks_are_theirs(guidance, outcome):
    draft = text_draft(evidence=(*evidence_of("v1"), Evidence("like#0", "slow piano", None, "asked", "person")))
    assert Privacy()(draft, guidance, scene()).outcome == outcome
    review = replace(draft, evidence=(Evidence("like#0", "slow piano", "v1", "asked", "person"),))
    assert Privacy()(review, guidance, scene()).outcome == "unknown"  # of another item's readers


def test_the_policy_says_how_large_a_crowd_is():
    said = Evidence("r1", "I bake at night", "v1", trust="person")
    around = scene(people={"r1": frozenset({"u1", "u2"})}, policy=Policy(users=2))
    assert Privacy()(text_draft(evidence=(said,)), ASKED, around).outcome == "pass"


@pytest.mark.parametrize("text", [CANARY, CANARY.upper(), "the code zq7kv93xtb2pwn8rlm4 is", "Kv93 xTb2 pWn8 rL…"])
def test_a_leaked_canary_is_found(text):
    assert canary_leaks(["harmless", text], [CANARY]) == [Leak(1, 0)]
    leaking = text_draft(f"Loaves prove overnight. {text}")
    assert Privacy()(leaking, ASKED, scene(canaries=(CANARY,))).outcome == "fail"


def test_no_canary_is_seen_in_texts_of_the_world():
    texts = make_world(items=400, users=10).dataset.catalog.frame["description"].to_list()
    assert canary_leaks(texts, [CANARY, "another 5ecret sentence 0f random w0rds"]) == []
    assert canary_leaks([CANARY[:9], ""], [CANARY, ""]) == []


def people(count=200, items=400, width=16, seed=0):
    """User vectors that are the mean of twelve items each: what a recommender makes of a history."""
    walk = np.random.default_rng(seed)
    vectors = walk.standard_normal((items, width))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    histories = [walk.choice(items, 12, replace=False).tolist() for _ in range(count)]
    return np.stack([vectors[history].mean(axis=0) for history in histories]), vectors, histories


def test_a_protected_vector_does_not_give_the_history_away():
    users, items, histories = people()
    assert inversion_auc(users, items, histories) > 0.75
    released = protected(users, 0.1, 2.0, np.random.default_rng(1))
    assert inversion_auc(released, items, histories) <= 0.55
    clipped = protected(users, 0.1, 0.0, np.random.default_rng(1))
    assert np.linalg.norm(clipped, axis=1).max() <= 0.1 + 1e-12
    assert inversion_auc(clipped, items, histories) > 0.75  # clipping alone hides nothing


def test_inversion_against_counting():
    users, items, histories = people(20, 30, 4)
    items = np.round(items, 1)  # ties
    users = np.round(users, 1)
    found = []
    for user, history in zip(users, histories, strict=True):
        scores = items @ user
        others = [row for row in range(30) if row not in history]
        wins = [(scores[a] > scores[b]) + 0.5 * (scores[a] == scores[b]) for a in history for b in others]
        found.append(np.mean(wins))
    assert inversion_auc(users, items, histories) == pytest.approx(np.mean(found))


def test_settings_that_protect_nothing_are_refused():
    users, items, histories = people(5, 20, 4)
    with pytest.raises(UsageError, match="clip"):
        protected(users, 0.0, 1.0, np.random.default_rng(0))
    with pytest.raises(UsageError, match="history"):
        inversion_auc(users, items, [[] for _ in histories])
    assert replace(ASKED, consent=True) == ASKED
