"""Feedback by stage: who is credited, what a correction changes, which stage is at fault, and what is learned of it."""

import ast
import importlib.util
import json
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.log import EventLog
from generec.errors import InputError, UsageError
from generec.loop.feedback import COMPLAINTS, STAGES, Labelled, Step, attribute, credit, replay, shadow
from generec.records import (
    Anchor,
    BackendCard,
    Candidate,
    Draft,
    Feedback,
    Guidance,
    Source,
    Statement,
    Taste,
    TextPayload,
    Turn,
    from_json,
    to_json,
)

BENCH = Path(__file__).parents[2] / "bench" / "next_search.py"
DRAFT = Draft(id="d1", mode="edited", payload=TextPayload("calmer words"), parents=("i3",), backend=BackendCard("own"))
GUIDANCE = Guidance(
    user_id="ann",
    likes=(Taste(1.0, words="calm", source=Source(quote="calm")), Taste(0.5, words="jazz", source=Source("profile"))),
    anchors=(Anchor("i9", source=Source(quote="like i9")),),
    unread=("frobnicate",),
)
TURN = Turn(
    id="t1",
    guidance=GUIDANCE,
    slate=(
        Candidate("retrieved", "One", "i1"),
        Candidate("retrieved", "Two", "i2"),
        Candidate("edited", "Three", "i3", DRAFT),
    ),
    drafts=(DRAFT,),
    explanation=(Statement("You liked i9.", ("i9",), "yours"), Statement("It is calm.", ("i1",), "item")),
)


def said(stage, verdict="like", **more):
    return Feedback(turn="t1", stage=stage, verdict=verdict, **more)


def pairs(feedback, words=""):
    found = credit(TURN, [feedback], words)
    assert set(found) <= {feedback.stage}
    return [(pair.given, pair.answer, pair.label, pair.instead) for pair in found.get(feedback.stage, ())]


ASKED = to_json(GUIDANCE)


def test_an_instruction_learns_from_words_and_the_right_guidance():
    right = Guidance(act="create", likes=(Taste(1.0, words="loud"),))
    asked = "something calm, please"
    assert pairs(said("instruction", "correct", correction=to_json(right)), asked) == [
        (asked, to_json(right), 1, ASKED)
    ]
    assert pairs(said("instruction", "correct", correction='{"act": "create"}'), asked)[0][1] == to_json(
        Guidance(act="create")
    )
    assert pairs(said("instruction", "dislike")) == [("calm like i9 frobnicate", ASKED, -1, "")]


def test_retrieval_learns_from_items():
    assert pairs(said("retrieval", "click", item_id="i1")) == [(ASKED, "i1", 1, "")]
    assert pairs(said("retrieval", "reject")) == [(ASKED, '["i1", "i2"]', -1, "")]
    corrected = said("retrieval", "correct", correction='["i7", "i2"]')
    assert pairs(corrected) == [(ASKED, "i7", 1, ""), (ASKED, "i2", 1, ""), (ASKED, "i1", -1, "")]


@pytest.mark.parametrize("stage", ["edit", "creation"])
def test_makers_learn_from_drafts(stage):
    assert pairs(said(stage, "like", draft="d1")) == [(ASKED, to_json(DRAFT), 1, "")]
    assert pairs(said(stage, "reject", draft="d1")) == [(ASKED, to_json(DRAFT), -1, "")]
    corrected = said(stage, "correct", draft="d1", correction="quieter words")
    assert pairs(corrected) == [(ASKED, "quieter words", 1, to_json(DRAFT))]
    for unknown in ("d2", None):
        with pytest.raises(UsageError, match="unknown draft"):
            credit(TURN, [said(stage, "like", draft=unknown)])


def test_an_explanation_learns_from_its_words():
    whole = "You liked i9. It is calm."
    assert pairs(said("explanation", "dislike")) == [(ASKED, whole, -1, "")]
    assert pairs(said("explanation", "correct", correction="Since you asked.")) == [
        (ASKED, "Since you asked.", 1, whole)
    ]


@pytest.mark.parametrize("verdict", ["click", "like", "dislike", "skip", "reject", "correct"])
@pytest.mark.parametrize("item_id", [None, "i3"])
def test_without_a_stage_the_slate_alone_is_credited(verdict, item_id):
    feedback = Feedback(turn="t1", verdict=verdict, item_id=item_id, draft=item_id and "d1", correction="{}")
    found = credit(TURN, [feedback])
    assert list(found) == ["slate"]
    (pair,) = found["slate"]
    shown = '["i1", "i2", "i3"]'
    if verdict == "correct":
        assert (pair.answer, pair.instead, pair.label) == ("{}", shown, 1)
    else:
        assert (pair.answer, pair.label) == (item_id or shown, 1 if verdict in ("click", "like") else -1)
    assert pair.variant == feedback.draft  # the parent is credited, the variant stands beside it


def test_many_reactions_are_sorted_by_stage_with_their_weight_and_source():
    reactions = [
        said("retrieval", "like", item_id="i1", weight=0.2, source="simulated"),
        said("instruction", "like"),
        said("retrieval", "like", item_id="i2"),
    ]
    found = credit(TURN, reactions, "calm")
    assert list(found) == ["instruction", "retrieval"]
    assert found["retrieval"][0] == Labelled(
        stage="retrieval", turn="t1", given=ASKED, answer="i1", label=1, weight=0.2, source="simulated"
    )
    assert [pair.answer for pair in found["retrieval"]] == ["i1", "i2"]
    assert credit(TURN, []) == {}


@pytest.mark.parametrize(
    ("feedback", "message"),
    [
        (Feedback(turn="t2", verdict="like"), "turn 't2', not 't1'"),
        (said("retrieval", "correct", correction="i1"), "JSON list of item ids"),
        (said("retrieval", "correct", correction="[1]"), "JSON list of item ids"),
        (said("retrieval", "correct", correction='{"i1": 1}'), "JSON list of item ids"),
        (said("instruction", "correct", correction="calmer"), "no Guidance"),
        (said("instruction", "correct", correction='{"mood": "calm"}'), "no Guidance: mood"),
    ],
)
def test_feedback_that_cannot_be_credited_is_refused(feedback, message):
    with pytest.raises(InputError, match=message):
        credit(TURN, [feedback])


def recorder(stage, ran):
    def run(turn):
        ran.append(stage)
        return replace(turn, trace={**turn.trace, stage: f"{stage} after {list(turn.trace)[-1:]}"})

    def accept(turn, text):
        ran.append(f"{stage} := {text}")
        return replace(turn, trace={**turn.trace, stage: text})

    return Step(stage, run, accept)


@pytest.mark.parametrize("at", range(4))
def test_a_correction_runs_again_what_follows_and_nothing_else(at):
    stages, ran = ("instruction", "retrieval", "creation", "explanation"), []
    steps = [recorder(stage, ran) for stage in stages]
    turn = TURN
    for step in steps:
        turn = step.run(turn)
    ran.clear()
    again = replay(turn, stages[at], "mine", steps)
    assert ran == [f"{stages[at]} := mine", *stages[at + 1 :]]
    assert again.trace["replayed"] == list(stages[at + 1 :])
    assert again.trace["corrected"] == stages[at]
    assert again.trace[stages[at]] == "mine"
    for before in stages[:at]:
        assert again.trace[before] == turn.trace[before]
    assert replace(again, trace=turn.trace) == turn
    with pytest.raises(UsageError, match="unknown stage 'edit'"):
        replay(turn, "edit", "mine", steps)


def test_a_shadow_speaks_more_quietly_and_under_its_own_name(tmp_path):
    class Clicker:
        def respond(self, turn):
            return [Feedback(turn=turn.id, verdict="click", user_id="ann", item_id="i1", weight=0.5, time=1)]

    (quiet,) = shadow(Clicker(), TURN, discount=0.1)
    assert (quiet.source, quiet.weight, quiet.verdict) == ("simulated", 0.05, "click")
    log = EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")
    human = Feedback(turn="t1", verdict="click", user_id="ann", item_id="i2", time=2)
    log.append([quiet, human])
    assert log.feedback() == (quiet, human)
    assert log.feedback(sources=["human"]) == (human,)
    assert log.share("simulated") == 0.5


def test_nobody_complains_nobody_is_at_fault():
    assert attribute([]) is None
    assert attribute([said("retrieval", "like"), said("edit", "skip"), said("creation", "reject", weight=0.0)]) is None


def test_thumbs_alone_name_the_slate():
    found = attribute([Feedback(turn=f"t{n}", verdict="dislike") for n in range(5)])
    assert (found.stage, found.share) == ("slate", 1.0)


def test_the_earliest_stage_of_a_turn_is_the_fault_and_the_rest_symptoms():
    found = attribute([said("creation", "reject"), said("instruction", "correct"), said("slate", "dislike")])
    assert (found.stage, found.share, found.turns) == ("instruction", 1.0, 1.0)


def test_the_interval_is_wilsons():
    complaints = [replace(said("retrieval", "reject"), turn=f"t{n}") for n in range(8)]
    complaints += [replace(said("edit", "reject"), turn=f"e{n}") for n in range(2)]
    found = attribute(complaints)
    assert (found.stage, found.share, found.turns) == ("retrieval", 0.8, 10.0)
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    quiet = attribute([replace(each, weight=0.2) for each in complaints])
    assert quiet.share == pytest.approx(0.8)
    assert quiet.low < found.low  # the same said quietly is known less surely
    assert quiet.high > found.high


def naive_shares(reactions):
    turns = defaultdict(list)
    for each in reactions:
        if each.verdict in COMPLAINTS and each.weight > 0:
            turns[each.turn].append(each)
    weights = defaultdict(float)
    for complaints in turns.values():
        first = min(STAGES.index(each.stage) for each in complaints)
        weights[STAGES[first]] += max(each.weight for each in complaints if each.stage == STAGES[first])
    if len(weights) > 1:
        weights.pop("slate", None)
    return {stage: weight / sum(weights.values()) for stage, weight in weights.items()}


@given(
    st.lists(
        st.builds(
            Feedback,
            turn=st.sampled_from("abcdef"),
            verdict=st.sampled_from(["like", "dislike", "skip", "reject", "correct"]),
            stage=st.sampled_from(STAGES),
            weight=st.sampled_from([0.0, 0.25, 1.0, 2.0]),
        ),
        max_size=15,
    )
)
@settings(max_examples=150, deadline=None)
def test_attribution_equals_its_naive_twin(reactions):
    found, shares = attribute(reactions), naive_shares(reactions)
    assert (found.shares if found else {}) == pytest.approx(shares)
    if found:
        assert found.share == max(found.shares.values()) == found.shares[found.stage]
        assert 0 <= found.low <= found.share <= found.high <= 1


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("next_search", BENCH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["next_search"] = module  # where dataclasses look up the types of their fields
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def searched(bench):
    return bench.library(600, 100)


def test_a_planted_fault_is_named_by_stage_and_not_by_thumbs(bench, searched):
    found = bench.naming(searched, 100, 12)
    assert found["by_stage"] >= 0.8
    assert found["by_stage_in_one_turn"] >= 0.7
    assert found["by_thumbs"] <= 0.45


def test_corrections_by_stage_bring_back_what_thumbs_do_not(bench, searched):
    found = bench.recovery(searched, 100, 40, 200)
    worth = {name: figures["ndcg"] for name, figures in found["measured"].items()}
    assert worth["healthy"] - worth["faulty"] > 0.3  # there is something to bring back
    assert found["recovered_by_stage"] >= 0.5
    assert found["recovered_by_thumbs"] <= found["recovered_by_stage"] / 2
    assert worth["healthy_after_stage"] >= worth["healthy"] - 0.03  # who errs now and then does no harm
    assert found["measured"]["after_stage"]["honest"] > found["measured"]["faulty"]["honest"] + 0.3


def test_a_correction_in_the_pipeline_changes_its_stage_and_what_follows(bench, searched):
    draw = np.random.default_rng(0)
    person = bench.asker(searched, draw)
    faulty = replace(bench.healthy(searched), cues=dict.fromkeys(bench.CUES, 0.0))
    turn = faulty.answer(1, person.words)
    right = to_json(replace(turn.guidance, likes=tuple(Taste(1.0, words=need) for need in person.needs)))
    mended = replay(turn, "instruction", right, faulty.steps())
    assert mended.guidance == from_json(Guidance, right)
    assert mended.slate != turn.slate
    themes = {person.catalogue[candidate.title] for candidate in mended.slate[: bench.READ]}
    assert set(person.needs) <= themes
    ranked = json.dumps([candidate.title for candidate in reversed(turn.slate)])
    reordered = replay(turn, "retrieval", ranked, faulty.steps())
    assert reordered.guidance == turn.guidance
    assert [candidate.title for candidate in reordered.slate] == json.loads(ranked)


def test_who_plants_faults_and_who_finds_them_share_no_code():
    tree = ast.parse(BENCH.read_text(encoding="utf-8"))
    made = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}

    def reach(names):
        seen, left = set(), list(names)
        while left:
            name = left.pop()
            if name in made and name not in seen:
                seen.add(name)
                bodies = made[name].body if isinstance(made[name], ast.FunctionDef) else [made[name]]
                left += [node.id for body in bodies for node in ast.walk(body) if isinstance(node, ast.Name)]
        return seen

    planting = reach(["dropped", "scrambled", "invented"])
    finding = reach(["Asker", "asker"])
    assert {"dropped", "scrambled", "invented"} <= planting
    assert {"Asker", "asker"} <= finding
    assert not planting & finding
