"""Planted gaps raise an alarm, the null does not, and a maker that follows a protected attribute is caught."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_scene import ASKED, ITEMS, scene, set_draft, text_draft

from generec.errors import UsageError
from generec.fidelity.bias import Bias, Shown, ai_share, exposure_gap, quality_gap
from generec.fidelity.counterfactual import counterfactual_gap, gender_swap, swapped, word_swap
from generec.records import Abstain, Evidence, Guidance, ProfileLine, Source, Stated, Taste
from generec.types import Condition

ELIGIBLE = {"north": 0.5, "south": 0.3, "east": 0.2}


def slates(count=120, seed=0, favour=0.0, places=6, better=0.0):
    """Slates drawn from what is eligible; `favour` of the places go to the north besides, `better` is its quality."""
    walk, groups = np.random.default_rng(seed), list(ELIGIBLE)
    chances = (1 - favour) * np.array(list(ELIGIBLE.values())) + favour * np.array([1.0, 0.0, 0.0])
    drawn = walk.choice(3, (count, places), p=chances)
    return [
        [Shown(groups[at], quality=walk.normal(better if at == 0 else 0.0, 0.3)) for at in slate] for slate in drawn
    ]


def alarms(gaps):
    return {gap.group for gap in gaps if gap.alarm}


@pytest.mark.parametrize("seed", range(5))
def test_a_planted_exposure_gap_is_found(seed):
    gaps = exposure_gap(slates(seed=seed, favour=0.4), ELIGIBLE)
    assert "north" in alarms(gaps)
    assert gaps[0].group == "north"
    assert gaps[0].low < gaps[0].gap < gaps[0].high
    assert gaps[0].gap == pytest.approx(0.2, abs=0.06)


def test_the_null_raises_no_alarm():
    found = [exposure_gap(slates(seed=seed), ELIGIBLE, draws=400) for seed in range(60)]
    assert sum(bool(alarms(gaps)) for gaps in found) == 0
    strict = [exposure_gap(slates(seed=seed), ELIGIBLE, limit=0.0, draws=400) for seed in range(60)]
    assert sum(bool(alarms(gaps)) for gaps in strict) <= 8  # without a limit: about 5 %


def test_order_matters_for_exposure():
    """Equal counts, but one group always stands first."""
    ordered = [[Shown("a"), Shown("b")]] * 40
    gaps = {gap.group: gap.gap for gap in exposure_gap(ordered, {"a": 1, "b": 1})}
    assert gaps["a"] == pytest.approx(1 / (1 + 1 / np.log2(3)) - 0.5)
    assert gaps["a"] == -gaps["b"]
    assert alarms(exposure_gap(ordered, {"a": 1, "b": 1})) == {"a", "b"}


def test_a_group_that_is_never_shown_has_a_gap():
    gaps = exposure_gap([[Shown("a")]] * 30, {"a": 0.5, "b": 0.5})
    assert alarms(gaps) == {"a", "b"}


def test_nothing_to_compare_is_refused():
    for batch, eligible in (([], ELIGIBLE), ([[Shown("a")]], {})):
        with pytest.raises(UsageError, match="compare"):
            exposure_gap(batch, eligible)


def test_a_planted_quality_gap_is_found_and_the_null_is_silent():
    assert alarms(quality_gap(slates(better=0.4))) >= {"north"}
    assert quality_gap(slates(better=0.4))[0].gap == pytest.approx(0.4, abs=0.1)
    assert sum(bool(alarms(quality_gap(slates(seed=seed), draws=300))) for seed in range(20)) == 0
    assert quality_gap([[Shown("a", quality=1.0), Shown("b")]]) == ()


def test_the_share_of_ai_counts_places():
    assert ai_share([]) == 0.0
    assert ai_share([[Shown("a", ai=True)], [Shown("a")]]) == 0.5
    first, last = ai_share([[Shown("a", ai=True), Shown("a")]]), ai_share([[Shown("a"), Shown("a", ai=True)]])
    assert first > 0.5 > last
    assert first + last == pytest.approx(1)


def outcome(check, draft=None, guidance=ASKED, **changed):
    return check(draft or set_draft(), guidance, scene(**changed)).outcome


def test_the_check_looks_at_the_batch():
    assert outcome(Bias(), batch=slates(favour=0.4), eligible=ELIGIBLE) == "fail"
    assert outcome(Bias(), batch=slates(), eligible=ELIGIBLE) == "pass"
    assert outcome(Bias(), batch=slates(better=0.5), eligible=ELIGIBLE) == "fail"
    assert outcome(Bias(), batch=[[Shown("a", ai=True), Shown("a")]] * 40, eligible={"a": 1}) == "fail"
    assert outcome(Bias(), batch=[[Shown("a"), Shown("a", ai=True)]] * 40, eligible={"a": 1}) == "pass"
    for few in ({"batch": slates(10, favour=0.9), "eligible": ELIGIBLE}, {"batch": slates(favour=0.9)}, {}):
        found = Bias()(set_draft(), ASKED, scene(**few))
        assert found.outcome == "pass"
        assert "not compared" in found.reasons[-1]


def test_a_set_from_one_hand_fails_unless_it_was_asked_for():
    items = {
        item_id: {**facts, "creator": "Ada Long" if item_id != "v5" else "Ed Vale"} for item_id, facts in ITEMS.items()
    }
    draft = set_draft("v1", "v2", "v3", "v5")
    assert outcome(Bias(), draft) == "pass"
    assert outcome(Bias(), draft, items=items) == "fail"
    wish = Condition("creator", "=", "Ada Long")
    assert outcome(Bias(), draft, Guidance(hard=(Stated(wish),)), items=items) == "pass"
    assert outcome(Bias(), draft, Guidance(likes=(Taste(1.0, wish),)), items=items) == "pass"
    assert outcome(Bias(), draft, items=items, eligible={"Ada Long": 0.8}) == "pass"
    assert outcome(Bias(), set_draft("v1", "v2", "v3"), items=items) == "pass"  # three tell nothing
    assert outcome(Bias(most=0.8), draft, items=items) == "pass"


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("He gave his wife her book.", "She gave her husband his book."),
        ("A gift for her and him", "A gift for him and her"),
        ("films for my MOTHER", "films for my FATHER"),
        ("this shelf is hers, that one his.", "this shelf is his, that one hers."),
        ("she heated the theatre with others", "he heated the theatre with others"),
        ("Mr Long met the actress", "Mrs Long met the actor"),
        ("nothing to exchange", "nothing to exchange"),
    ],
)
def test_words_for_women_and_men_are_exchanged(text, twin):
    assert gender_swap(text) == twin
    assert gender_swap(twin) == text


NAMES = word_swap([("Ahmed", "James"), ("Fatima", "Emily")])


def test_names_are_exchanged():
    assert NAMES("Emily and AHMED, not Jameson") == "Fatima and JAMES, not Jameson"
    assert word_swap([])("as it was") == "as it was"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["he", "She", "king", "MAN", "girl", "sings", "bread"]), max_size=8).map(" ".join))
def test_an_exchange_undoes_itself(text):
    assert gender_swap(gender_swap(text)) == text


FOR_HER = Guidance(likes=(Taste(1.0, words="a present for my daughter", source=Source(quote="for my daughter")),))


def test_all_words_of_a_person_are_exchanged_and_no_field():
    asked = replace(
        FOR_HER,
        hard=(Stated(Condition("title", "contains", "king"), Source(quote="the king")),),
        profile=(ProfileLine("p", "mother of two", 1.0),),
        evidence=(Evidence("e", "my son", trust="person"), Evidence("f", "a king", "v1")),
        tone=("manly", "for men"),
        audience="girls",
        unread=("sister",),
    )
    twin = swapped(asked, gender_swap)
    assert twin.likes[0].words == "a present for my son"
    assert twin.likes[0].source.quote == "for my son"
    assert (twin.hard[0].condition, twin.hard[0].source.quote) == (asked.hard[0].condition, "the queen")
    assert (twin.profile[0].text, twin.audience, twin.unread) == ("father of two", "boys", ("brother",))
    assert [one.text for one in twin.evidence] == ["my daughter", "a king"]
    assert twin.tone == ("manly", "for women")
    assert swapped(twin, gender_swap) == asked


def biased(guidance):
    return set_draft("v1", "v5") if "daughter" in guidance.likes[0].words else set_draft("v2", "v3")


def even(guidance):
    return set_draft("v1", "v2")


def echoing(guidance):
    """Repeats the protected word and nothing else changes."""
    return text_draft(f"Bread as {guidance.likes[0].words}, baked at home with time and salt.")


def shy(guidance):
    return Abstain("no") if "daughter" in guidance.likes[0].words else set_draft()


@pytest.mark.parametrize(("make", "gap"), [(biased, 1.0), (even, 0.0), (echoing, 0.0), (shy, 1.0)])
def test_a_maker_is_asked_again(make, gap):
    assert counterfactual_gap(make, FOR_HER, gender_swap) == gap
    assert outcome(Bias(make=make), guidance=FOR_HER) == ("fail" if gap else "pass")


def test_who_names_no_group_is_not_asked_again():
    asked = Guidance(likes=(Taste(1.0, words="calm bread films"),))
    assert counterfactual_gap(biased, asked, gender_swap) is None
    assert outcome(Bias(), guidance=asked) == "pass"
    assert outcome(Bias(), guidance=FOR_HER) == "unknown"
    assert outcome(Bias(swaps=(NAMES,)), guidance=FOR_HER) == "pass"


def test_two_refusals_are_alike():
    assert counterfactual_gap(lambda _: Abstain("no"), FOR_HER, gender_swap) == 0.0
