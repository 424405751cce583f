"""The router: its rule of thumb, what no rule may change, and what it learns in worlds where the best arm is known."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import ArtefactError, UsageError
from generec.loop.arms import RETRIEVE, Arm
from generec.loop.bandit import FourierUCB, Policy, State
from generec.loop.outcomes import always, off_policy, read, regret_report, written
from generec.loop.router import (
    FEATURES,
    TRIAL,
    Decision,
    Drafted,
    Missing,
    Router,
    Rules,
    Scene,
    context,
    merge,
    respond,
    value_of_asking,
)
from generec.records import (
    Abstain,
    BackendCard,
    Budget,
    Candidate,
    Condition,
    Draft,
    GateReport,
    Guidance,
    Question,
    Stated,
    Taste,
    TextPayload,
    Verdict,
    from_json,
    to_json,
)

EDITOR = Arm(name="editor", action="edit", kind="text", card=BackendCard("editor", cost=0.2), latency_ms=20)
CREATOR = Arm(name="creator", action="create", card=BackendCard("creator", cost=0.4), latency_ms=100)
RICH = Guidance(budget=Budget(cost=1.0))
STRICT = Rules(explore=0.0)


def hits(*scores: float) -> tuple[Candidate, ...]:
    return tuple(Candidate("retrieved", f"item {at}", f"i{at}", score=score) for at, score in enumerate(scores))


SEEN = Scene(hits=hits(0.8, 0.6, 0.5), allowed=40, gap=0.5, arms=(EDITOR, CREATOR))


def drafted(score: float, lower: float, *, passed: bool = True, name: str = "d") -> Drafted:
    draft = Draft(id=name, mode="created", payload=TextPayload("words"), backend=BackendCard("creator"))
    report = GateReport(name, (Verdict("safety", "pass" if passed else "fail", "block"),), "default")
    return Drafted(Candidate("created", name, draft=draft, report=report, score=score), lower)


def chance(decision: Decision, arm: str) -> float:
    return decision.propensities.get(arm, 0.0)


@pytest.mark.parametrize(
    ("guidance", "scene", "arms"),
    [
        (RICH, SEEN, ()),  # near: retrieve
        (RICH, replace(SEEN, gap=2.0), ("editor", "creator")),  # middle: edit the nearest
        (RICH, replace(SEEN, gap=4.0), ("creator", "editor")),  # far: create
        (RICH, replace(SEEN, coverage=0.5), ("editor", "creator")),
        (RICH, replace(SEEN, coverage=0.5, gap=9.0), ("creator", "editor")),
        (RICH, replace(SEEN, rejected=2), ()),
        (RICH, replace(SEEN, rejected=3), ("editor", "creator")),
        (RICH, replace(SEEN, hits=(), gap=math.inf, allowed=0), ("creator",)),  # nothing to edit either
        (replace(RICH, act="create"), SEEN, ("creator",)),
        (replace(RICH, act="edit"), SEEN, ("editor",)),
        (replace(RICH, act="edit", kind="set"), SEEN, ()),  # nobody can
        (replace(RICH, kind="set"), replace(SEEN, gap=2.0), ("creator",)),
        (RICH, replace(SEEN, gap=4.0, arms=(EDITOR,)), ("editor",)),
    ],
)
def test_the_rule_of_thumb(guidance: Guidance, scene: Scene, arms: tuple[str, ...]):
    decision = Router(rules=STRICT).route(guidance, scene)
    assert decision.arms == arms
    assert decision.ask is None
    assert not decision.exploration
    assert chance(decision, decision.arm) == 1


@pytest.mark.parametrize(
    ("budget", "arms"),
    [
        (Budget(), ()),  # no money: none of these
        (Budget(cost=0.3), ("editor",)),
        (Budget(cost=0.5), ("creator",)),  # either alone, not both
        (Budget(cost=1.0, latency_ms=110), ("creator",)),
        (Budget(cost=1.0, latency_ms=50), ("editor",)),
        (Budget(cost=1.0, latency_ms=10), ()),
    ],
)
def test_only_what_the_budget_allows(budget: Budget, arms: tuple[str, ...]):
    assert Router(rules=STRICT).route(Guidance(budget=budget), replace(SEEN, gap=9.0)).arms == arms


@pytest.mark.parametrize(
    "closed",
    [{"consent": False}, {"act": "stop_creating"}, {"age": "child"}, {"act": "undo"}, {"act": "explain"}],
)
@pytest.mark.parametrize("rules", [Rules(explore=1.0), Rules(enough=0)])
def test_closed_generation_is_plain_retrieval(closed: dict[str, Any], rules: Rules):
    """In any scene, before and after the bandit takes over, nobody is asked to make anything."""

    def never(arm: Arm) -> tuple[Drafted, ...]:
        raise AssertionError(arm.name)

    for scene in (replace(SEEN, gap=9.0), replace(SEEN, rejected=5), replace(SEEN, hits=(), gap=math.inf)):
        guidance = replace(RICH, **closed)
        decision = Router((EDITOR, CREATOR), rules=rules).route(guidance, scene)
        assert decision.arms == ()
        assert decision.propensities == {"retrieve": 1.0}
        served = respond(decision, guidance, scene, never)
        assert served.slate == scene.hits == respond(Decision(reason=""), RICH, replace(scene, arms=()), never).slate
        assert (served.arm, served.cost, served.notes) == ("retrieve", 0.0, ())


def readings(*slates: str, chances: tuple[float, ...] = ()) -> Missing:
    return Missing(Question("which?", tuple(slates)), tuple(tuple(slate) for slate in slates), chances)


def test_a_question_is_worth_what_an_answer_would_change():
    assert value_of_asking(readings("abcd", "abcd")) == 0
    assert value_of_asking(readings("abcd", "dcba")) == 0
    assert value_of_asking(readings("abcd", "efgh")) == pytest.approx(0.5)
    assert value_of_asking(readings("abcd", "abef")) == pytest.approx(0.25)
    assert value_of_asking(readings("abcd", "efgh", chances=(9.0, 1.0))) == pytest.approx(0.1)
    assert value_of_asking(readings("ab", "cd", "ef")) == pytest.approx(2 / 3)
    assert value_of_asking(readings("ab", "")) == pytest.approx(0.5)
    assert value_of_asking(readings("ab")) == value_of_asking(readings()) == 0
    with pytest.raises(UsageError, match="not negative"):
        value_of_asking(readings("a", "b", chances=(1.0,)))


def test_asks_the_question_worth_most_and_not_three_times():
    small, large = readings("abcd", "abce"), readings("abcd", "efgh")
    scene = replace(SEEN, missing=(small, large), gap=9.0)
    for asked, expected in ((0, large.question), (1, large.question), (2, None)):
        decision = Router(rules=STRICT).route(RICH, replace(scene, asked=asked))
        assert decision.ask == expected
        assert bool(decision.arms) == (expected is None)
    same = Router(rules=replace(STRICT, turn_cost=0.0)).route(RICH, replace(SEEN, missing=(readings("ab", "ba"),)))
    assert same.ask is None
    stuck = replace(RICH, question=Question("before 1990 or after 2000?"))
    assert Router().route(stuck, replace(SEEN, hits=())).ask == stuck.question
    assert Router(rules=STRICT).route(stuck, SEEN).ask is None


def test_exploration_is_a_small_logged_share():
    router = Router(rules=Rules(explore=0.09))
    decisions = [router.route(RICH, SEEN) for _ in range(3000)]
    assert decisions[0].propensities == pytest.approx({"retrieve": 0.94, "editor": 0.03, "creator": 0.03})
    assert sum(found.exploration for found in decisions) / 3000 == pytest.approx(0.06, abs=0.015)
    assert all(found.exploration == (found.arm != "retrieve") for found in decisions)
    assert {found.arm for found in decisions} == {"retrieve", "editor", "creator"}
    again = Router(rules=Rules(explore=0.09))
    assert [again.route(RICH, SEEN) for _ in range(50)] == decisions[:50]


def test_features_lie_between_0_and_1():
    guidance = replace(
        RICH, act="create", kind="text", likes=(Taste(1.0, words="cosy"),), hard=(Stated(Condition("year", "=", "1")),)
    )
    found = dict(zip(FEATURES, context(guidance, replace(SEEN, rejected=9)), strict=True))
    assert found["gap"] == pytest.approx(1 / 3)
    assert found["best"] == pytest.approx((1 + 0.8 / 1.8) / 2)
    assert found["margin"] == pytest.approx(0.2 / 1.2)
    assert found["wishes"] == pytest.approx(0.4)
    assert (found["rejected"], found["create"], found["edit"], found["text"], found["set"]) == (1, 1, 0, 1, 0)
    empty = context(Guidance(), Scene(gap=math.inf, coverage=0.0))
    assert empty[:3] == (1.0, 0.0, 0.0)
    assert all(0 <= value <= 1 for value in (*found.values(), *empty))


scores = st.floats(-2, 2, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(
    retrieved=st.lists(scores, min_size=1, max_size=12),
    drafts=st.lists(st.tuples(scores, scores, st.booleans()), max_size=12),
    size=st.integers(1, 10),
    explicit=st.booleans(),
    exploration=st.booleans(),
)
def test_the_best_retrieved_item_is_on_every_slate(retrieved, drafts, size, explicit, exploration):
    found = hits(*sorted(retrieved, reverse=True))
    made = [drafted(score, lower, passed=passed, name=f"d{at}") for at, (score, lower, passed) in enumerate(drafts)]
    slate = merge(found, made, size=size, explicit=explicit, exploration=exploration)
    assert found[0] in slate
    assert len(slate) <= size
    assert len(set(map(id, slate))) == len(slate)
    kept = [candidate for candidate in slate if candidate.mode == "retrieved"]
    assert tuple(kept) == found[: len(kept)]
    lower = {of.candidate.title: of.lower for of in made}
    for candidate in slate:
        if candidate.draft is not None:
            assert candidate.report is not None
            assert candidate.report.passed
            assert candidate.label
            earned = explicit or lower[candidate.title] > found[0].score
            assert earned or (exploration and candidate.reason == TRIAL)
    if len(slate) < size:
        assert len(kept) == len(found)


def titles(slate: tuple[Candidate, ...]) -> list[str]:
    return [candidate.title for candidate in slate]


def test_merge_orders_by_promise_and_marks_trials():
    found = hits(0.5, 0.4)
    good, better, poor = (
        drafted(0.7, 0.6, name="good"),
        drafted(0.7, 0.65, name="better"),
        drafted(0.9, 0.1, name="poor"),
    )
    titles = lambda slate: [candidate.title for candidate in slate]  # noqa: E731
    assert titles(merge(found, [good, poor, better])) == ["better", "good", "item 0", "item 1"]
    assert titles(merge(found, [poor, good], exploration=True)) == ["good", "item 0", "poor", "item 1"]
    assert titles(merge(found, [poor], explicit=True)) == ["poor", "item 0", "item 1"]
    assert titles(merge((), [poor])) == ["poor"]
    assert titles(merge(found, [good, better], size=2)) == ["better", "item 0"]
    assert merge(found, [drafted(9, 9, passed=False)], explicit=True) == found
    assert merge(found, [replace(good, candidate=replace(good.candidate, report=None))]) == found
    assert [of.label for of in merge(found, [good])] == ["created", "", ""]
    with pytest.raises(UsageError, match="at least one place"):
        merge(found, [], size=0)


def test_whatever_goes_wrong_with_a_maker_ends_in_retrieval_with_the_reason():
    decision = Decision(arms=("creator", "editor"), reason="far")

    def fails(arm: Arm) -> tuple[Drafted, ...]:
        raise ConnectionError("no route to host")

    served = respond(decision, RICH, SEEN, fails)
    assert served.slate == SEEN.hits
    assert served.notes == tuple(f"{name} failed: ConnectionError: no route to host" for name in decision.arms)
    assert served.cost == pytest.approx(0.6)
    served = respond(decision, RICH, SEEN, lambda arm: Abstain("too few songs"))
    assert (served.slate, served.notes[0]) == (SEEN.hits, "creator made nothing: too few songs")
    served = respond(decision, RICH, SEEN, lambda arm: (drafted(0.9, 0.9, passed=False),))
    assert served.slate == SEEN.hits
    assert "gate" in served.notes[0]
    times = iter([0.0, 0.5])
    served = respond(decision, RICH, SEEN, lambda arm: (drafted(0.9, 0.9),), clock=lambda: next(times))
    assert (served.slate, served.notes) == (SEEN.hits, ("creator was dropped: 500 ms of 300 ms are gone",))
    with pytest.raises(UsageError, match="unknown arm 'creator'"):
        respond(decision, RICH, replace(SEEN, arms=(EDITOR,)), fails)


def test_makers_stand_in_for_each_other_in_order():
    asked = []

    def make(arm: Arm) -> tuple[Drafted, ...] | Abstain:
        asked.append(arm.name)
        return Abstain("no") if arm is CREATOR else (drafted(0.95, 0.9), drafted(0.5, 0.4))

    served = respond(Decision(arms=("creator", "editor"), reason="far"), RICH, SEEN, make)
    assert asked == ["creator", "editor"]
    assert served.arm == "editor"
    assert [candidate.mode for candidate in served.slate] == ["created", *["retrieved"] * 3]
    assert respond(Decision(reason="near"), RICH, SEEN, make).slate == SEEN.hits
    few = replace(RICH, budget=Budget(cost=1.0, candidates=2))
    assert len(respond(Decision(arms=("editor",), reason="middle"), few, SEEN, make).slate) == 2


PRICE = 0.1


def scene(draw: np.random.Generator, scenario: str) -> Scene:
    """Covered: mostly near and complete. Gap: mostly far. Mixed: half and half."""
    if draw.random() < {"covered": 0.95, "gap": 0.08, "mixed": 0.5}[scenario]:
        gap, coverage = draw.gamma(2, 0.4), 1.0 if draw.random() < 0.85 else 0.5
    else:
        gap, coverage = 2 + draw.gamma(2, 1.5), draw.choice([0.4, 0.7, 1.0])
    best = draw.uniform(0.3, 1)
    return Scene(
        hits=hits(best, best - 0.1, best - 0.2), coverage=float(coverage), gap=float(gap), arms=(EDITOR, CREATOR),
        allowed=int(draw.integers(5, 300)), rejected=int(min(draw.geometric(0.6) - 1, 5)),
    )  # fmt: skip


def worth(of: Scene) -> dict[str, float]:
    """The chance that each arm pleases, net of cost: retrieval suffers from gaps, editing less, creating not at all."""
    return {
        "retrieve": 0.05 + 0.8 * of.coverage * math.exp(-of.gap / 4) * 0.8**of.rejected,
        "editor": 0.7 * math.exp(-of.gap / 5) - PRICE * EDITOR.cost,
        "creator": 0.5 - PRICE * CREATOR.cost,
    }


def simulated(scenario: str, router: Router, turns: int, judged: int, seed: int = 0) -> tuple[Any, list[Any]]:
    """Learns for some turns; the report is on those that follow, in which it still explores."""
    draw, rows, chosen = np.random.default_rng(seed), [], []
    table: dict[str, list[float]] = {"retrieve": [], "editor": [], "creator": []}
    for turn in range(turns + judged):
        seen = scene(draw, scenario)
        decision, net = router.route(RICH, seen), worth(seen)
        cost = {"editor": EDITOR.cost, "creator": CREATOR.cost}.get(decision.arm, 0.0)
        if turn < turns:
            rows.append(decision.outcome(float(draw.random() < net[decision.arm] + PRICE * cost), cost))
            router.learn(rows[-1])
        else:
            chosen.append(decision.arm)
            for name, value in net.items():
                table[name].append(value)
    return {row.name: row for row in regret_report(table, chosen, draws=200)}, rows


LEARNER = FourierUCB(policy=Policy(price=PRICE), length=0.7)


@pytest.mark.parametrize("scenario", ["covered", "gap", "mixed"])
def test_after_two_thousand_turns_the_router_beats_every_constant(scenario: str):
    found, rows = simulated(scenario, Router(learner=LEARNER), 2000, 1000)
    constants = [row for name, row in found.items() if name.startswith("always")]
    best = min(row.regret.mean for row in constants)
    assert len(constants) == 3
    assert all(row.behind.low > 0 for row in constants)  # worse than the router, by a paired interval
    assert found["router"].regret.mean <= best * (0.5 if scenario == "mixed" else 1.0)
    assert found["oracle"].regret.mean == 0
    assert min(row.propensity for row in rows) > 0


def test_the_bandit_takes_over_and_unlearns_a_wrong_rule():
    """Thresholds that always create where retrieval is right: the router stays wrong until it may learn."""
    rules = Rules(near=-1.0, far=-0.5, enough=600)
    wrong, _ = simulated("covered", Router(rules=replace(rules, enough=10**9), learner=LEARNER), 1200, 300)
    right, _ = simulated("covered", Router(rules=rules, learner=LEARNER), 1200, 300)
    assert right["router"].regret.mean < 0.3 * wrong["router"].regret.mean


def test_learned_routers_survive_json_and_replay_of_their_log():
    router = Router(rules=Rules(enough=100, explore=0.2), learner=LEARNER)
    _, rows = simulated("mixed", router, 300, 1)
    assert read(written(rows)) == rows
    state = router.state()
    restored = Router.restore(State(str(json.loads(json.dumps(state.text))), state.arrays), rules=router.rules,
                              learner=LEARNER)  # fmt: skip
    replayed = Router((EDITOR, CREATOR), rules=router.rules, learner=LEARNER)
    for row in rows:
        replayed.learn(row)
    draw = np.random.default_rng(1)
    scenes = [scene(draw, "mixed") for _ in range(50)]
    decisions = [router.route(RICH, of) for of in scenes]
    assert [restored.route(RICH, of) for of in scenes] == decisions
    for of, decision in zip(scenes, decisions, strict=True):
        found = replayed.bandit.pick(context(RICH, of), ("retrieve", "editor", "creator"))
        best = max(decision.propensities, key=lambda name: decision.propensities[name])
        assert found.arms[int(np.argmax(found.scores))] == best
    value = off_policy(rows, always("creator"), price=PRICE, draws=100).snips
    assert value.low < 0.5 - PRICE * CREATOR.cost < value.high
    assert from_json(Decision, to_json(decisions[0])) == decisions[0]


def test_foreign_states_and_unknown_arms_are_refused():
    other = LEARNER.start((RETRIEVE,), 3)
    with pytest.raises(ArtefactError, match="12 features"):
        Router.restore(other.state(), learner=LEARNER)
    row = Decision(arms=("editor",), reason="", propensities={"editor": 0.5}, features=(0.0,) * 12).outcome(1.0)
    with pytest.raises(UsageError, match="unknown arm 'editor'"):
        Router().learn(row)
