"""Rights are those of the most restrictive parent, and a takedown works at once."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_scene import ASKED, ITEMS, evidence_of, scene, set_draft, text_draft

from generec.errors import UsageError
from generec.fidelity.ledger import Ledger
from generec.fidelity.legality import Legality
from generec.fidelity.payload import digest, rendering
from generec.fidelity.policy import Jurisdiction, Policy
from generec.fidelity.provenance import label
from generec.fidelity.rights import EVALUATION, OWN, Rights, Use, effective, missing, rights_of
from generec.records import TextPayload

TODAY = date(2026, 1, 1)
THREE = st.sampled_from([True, False, None])
PLACES = st.none() | st.frozensets(st.sampled_from(["DE", "FR", "US"]))
RIGHTS = st.builds(
    Rights,
    publish=THREE, commercial=THREE, derivatives=THREE, likeness=THREE,
    attribution=st.frozensets(st.sampled_from(["Ada", "Bo"])),
    territories=PLACES,
    expires=st.none() | st.integers(-2, 2).map(lambda days: TODAY + timedelta(days)),
)  # fmt: skip
USES = st.builds(
    Use, published=st.booleans(), commercial=st.booleans(), territories=st.frozensets(st.sampled_from(["DE", "FR"]))
)


@settings(max_examples=50, deadline=None)
@given(RIGHTS, RIGHTS, RIGHTS)
def test_meet_is_a_lattice(a, b, c):
    assert a.meet(b) == b.meet(a)
    assert a.meet(b).meet(c) == a.meet(b.meet(c))
    assert a.meet(a) == a == a.meet(OWN)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_rights_graphs_against_brute_force(data):
    """Every use of a draft is allowed exactly when it is of each ancestor by itself."""
    names = [f"n{number}" for number in range(data.draw(st.integers(1, 6)))]
    own = {name: data.draw(RIGHTS) for name in names}
    parents = {name: data.draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}
    made_from = data.draw(st.lists(st.sampled_from(names), max_size=3))
    use, derived = data.draw(USES), data.draw(st.booleans())

    ancestors, left = set(), list(made_from)
    while left:
        ancestors |= set(left)
        left = [parent for name in left for parent in parents[name] if parent not in ancestors]
    alone = [missing(own[name], use, derived, TODAY) for name in ancestors]

    refused, doubts = missing(effective(made_from, own.get, parents.get), use, derived, TODAY)
    assert bool(refused) == any(each for each, _ in alone)
    assert (not refused and not doubts) == all(not each and not doubt for each, doubt in alone)


def check(draft, **changed):
    return Legality()(draft, ASKED, scene(on=TODAY, **changed))


@pytest.mark.parametrize(
    ("rights", "use", "outcome"),
    [
        ("own", Use(published=True, commercial=True), "pass"),
        ("evaluation", Use(), "pass"),
        ("evaluation", Use(published=True), "fail"),
        ("evaluation", Use(commercial=True), "pass"),
        (None, Use(), "unknown"),
        ("TERMS.txt", Use(), "unknown"),
        ({"publish": True, "derivatives": True, "likeness": True}, Use(published=True), "pass"),
        ({"publish": True, "derivatives": True, "likeness": True}, Use(published=True, commercial=True), "unknown"),
        ({"publish": True, "derivatives": False, "likeness": True}, Use(), "fail"),
        ({"publish": True, "derivatives": True, "likeness": False}, Use(), "fail"),
        (replace(OWN, expires=date(2025, 12, 31)), Use(), "fail"),
        (replace(OWN, expires=TODAY), Use(), "pass"),
        (replace(OWN, territories=frozenset({"DE"})), Use(published=True, territories=frozenset({"DE"})), "pass"),
        (replace(OWN, territories=frozenset({"DE"})), Use(published=True, territories=frozenset({"DE", "US"})), "fail"),
        (replace(OWN, territories=frozenset({"DE"})), Use(published=True), "unknown"),
        (replace(OWN, territories=frozenset({"DE"})), Use(), "pass"),
    ],
)
def test_rights_to_the_catalogue(rights, use, outcome):
    assert check(text_draft(), rights=rights, use=use).outcome == outcome


def test_a_set_only_names_its_members():
    no_changes = replace(OWN, derivatives=False, likeness=False)
    assert check(set_draft(), rights=no_changes).outcome == "pass"
    assert check(text_draft(), rights=no_changes).outcome == "fail"


@pytest.mark.parametrize("place", ["parent", "evidence", "member", "grandparent"])
def test_one_restrictive_item_is_enough(place):
    items = {**ITEMS, "v3": {**ITEMS["v3"], "rights": {"publish": False}}}
    draft = {
        "parent": text_draft(parents=("v1", "v3")),
        "evidence": text_draft(evidence=(*evidence_of("v1"), *evidence_of("v3"))),
        "member": set_draft("v1", "v3"),
        "grandparent": text_draft(),
    }[place]
    if place == "grandparent":
        items["v1"] = {**items["v1"], "parents": ["v3"]}
    used = {"use": Use(published=True), "rights": "own"}
    assert check(draft, **used).outcome == "pass"
    assert check(draft, items=items, **used).outcome == "fail"


def test_what_was_created_has_no_more_rights_than_what_it_was_learned_from():
    draft = text_draft(mode="created")
    items = {"v1": {**ITEMS["v1"], "rights": "own"}}
    used = {"items": items, "rights": "evaluation", "use": Use(published=True)}
    assert check(draft, **used).outcome == "fail"
    assert check(replace(draft, mode="edited"), **used).outcome == "pass"


def test_an_item_that_is_not_known_grants_nothing():
    assert check(text_draft(parents=("v1", "v99"))).outcome == "unknown"


def test_a_policy_explains_the_terms_of_a_catalogue():
    policy = Policy(rights={"TERMS.txt": OWN})
    assert check(text_draft(), rights="TERMS.txt", policy=policy).outcome == "pass"


def test_stated_rights():
    assert rights_of("own") == OWN
    assert rights_of("evaluation") == EVALUATION
    assert rights_of({"publish": True, "commercial": None}) == Rights(publish=True)
    assert rights_of(3) == Rights() == rights_of("who knows")
    with pytest.raises(UsageError, match="commercial"):
        rights_of({"comercial": True})


def test_credits_must_be_given_and_can_be():
    rights = replace(OWN, attribution=frozenset({"Ada Long", "Bo Reed"}))
    around = scene(rights=rights, on=TODAY)
    found = Legality()(text_draft(), ASKED, around)
    assert found.outcome == "fail"
    assert len(found.reasons) == 2
    credited = Legality().disclosed(text_draft(), around)
    assert "Credit: Ada Long" in label(credited)
    assert Legality()(credited, ASKED, around).outcome == "pass"
    assert Legality().disclosed(credited, around) == credited
    named = text_draft(payload=TextPayload("Loaves prove overnight, says Ada Long after Bo Reed."))
    assert Legality()(named, ASKED, around).outcome == "pass"


def test_an_advert_must_say_so_in_the_words_of_the_place():
    around = scene(
        items={**ITEMS, "v1": {**ITEMS["v1"], "sponsored": True}},
        policy=Policy(jurisdiction=Jurisdiction(advert_words=("Anzeige",))),
    )
    assert Legality()(set_draft("v1", "v2"), ASKED, around).outcome == "fail"
    assert Legality()(set_draft("v2", "v3"), ASKED, around).outcome == "pass"
    said = Legality().disclosed(set_draft("v1", "v2"), around)
    assert "Anzeige" in label(said)
    assert Legality()(said, ASKED, around).outcome == "pass"


@pytest.mark.parametrize("target", ["item", "draft", "payload"])
@pytest.mark.parametrize("listed", ["ledger", "policy list"])
def test_a_takedown_is_effective_in_one_request(target, listed, tmp_path):
    draft, ledger = text_draft(), Ledger(tmp_path / "ledger")
    around = scene(ledger=ledger, on=TODAY)
    name = {"item": "v1", "draft": draft.id, "payload": digest(rendering(draft.payload))}[target]
    assert Legality()(draft, ASKED, around).outcome == "pass"
    if listed == "ledger":
        Ledger(tmp_path / "ledger").take_down(name, "asked for")  # by another process
    else:
        around = replace(around, taken_down=frozenset({name}))
    assert Legality()(draft, ASKED, around).outcome == "fail"
    assert Legality()(text_draft(item_id="v2", id="d2", text="Rope is needed."), ASKED, around).outcome == "pass"
