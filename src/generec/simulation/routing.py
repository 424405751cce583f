"""What a router loses: every way of answering is tried on every turn, then routers are played back over the table.

A turn of the table has the satisfaction that each arm alone would have given, so that the regret of any router is
exact: what the best arm of that turn gave, less what the chosen one gave. A router that learns is told the outcome of
what it chose, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generec.fitting.progress import task
from generec.loop.arms import RETRIEVE
from generec.loop.outcomes import Regret, regret_report
from generec.loop.router import Decision, Router, Scene, context
from generec.loop.turn import TurnRequest
from generec.metrics.intervals import Interval
from generec.records import Guidance, Turn
from generec.simulation.closed_loop import ClosedLoop
from generec.simulation.goals import Goal
from generec.simulation.language import say


@dataclass(frozen=True)
class Round:
    """One turn: what the router may know, and what each arm would have earned (satisfaction less cost)."""

    kind: str  # of the goal
    guidance: Guidance
    scene: Scene
    rewards: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Bench:
    """How turns are judged. costs: of asking an arm, in satisfactions; a person waits for what is made."""

    asked: ClosedLoop
    costs: Mapping[str, float]

    def table(self, user_ids: Sequence[str], seed: int = 0) -> list[Round]:
        """One turn per person: the wish in words, answered by every arm."""
        rounds: list[Round] = []
        with task("every arm on every turn", len(user_ids)) as bar:
            for number, user_id in enumerate(user_ids):
                kind = self.asked.kinds[number % len(self.asked.kinds)]
                goal = self.asked.goal(user_id, kind, number // len(self.asked.kinds))
                if goal is not None:
                    rounds.append(self._round(goal, kind, seed + number))
                bar.advance(1)
        return rounds

    def _round(self, goal: Goal, kind: str, seed: int) -> Round:
        loop, person = self.asked.loop, self.asked.person(self.asked.people, goal.user_id)
        request = TurnRequest(words=say(goal, seed), person=person, k=self.asked.k, seed=seed)
        seen = _Watch()
        turns = {RETRIEVE.name: replace(loop, makers={}, router=seen).turn(request)}
        for name, maker in loop.makers.items():
            turns[name] = replace(loop, makers={name: maker}, router=_Always(name)).turn(request)
        assert seen.guidance is not None
        assert seen.scene is not None
        scene = replace(seen.scene, arms=tuple(maker.arm for maker in loop.makers.values()))
        return Round(kind, seen.guidance, scene, {name: self._earned(goal, turn, name) for name, turn in turns.items()})

    def _earned(self, goal: Goal, turn: Turn, arm: str) -> float:
        used = turn.trace["served"]["arm"] == arm
        return float(goal.judge(turn).met) - (self.costs.get(arm, 0.0) if used else 0.0)


class _Watch(Router):
    """Retrieves, and keeps what a router gets to see."""

    guidance: Guidance | None = None
    scene: Scene | None = None

    def route(self, guidance: Guidance, scene: Scene) -> Decision:
        self.guidance, self.scene = guidance, scene
        return Decision(reason="watching", features=context(guidance, scene))


class _Always(Router):
    """Asks one maker in every turn."""

    def __init__(self, name: str):
        super().__init__()
        self.name = name

    def route(self, guidance: Guidance, scene: Scene) -> Decision:
        return Decision(arms=(self.name,), reason="always", features=context(guidance, scene))


def played(rounds: Sequence[Round], router: Router) -> list[str]:
    """The arm that a router chooses in every round; it is told what each choice earned."""
    chosen = []
    for each in rounds:
        decision = router.route(each.guidance, each.scene)
        reward = each.rewards[decision.arm]
        router.learn(decision.outcome(reward))
        chosen.append(decision.arm)
    return chosen


def report(rounds: Sequence[Round], routers: Mapping[str, Router], seed: int = 0) -> dict[str, Any]:
    """Regret per round of every fixed policy and every router: in all, over the last quarter, and by kind of goal."""
    arms = list(rounds[0].rewards)
    choices = {f"always {arm}": [arm] * len(rounds) for arm in arms}
    best = max(choices, key=lambda name: sum(each.rewards[choices[name][0]] for each in rounds))
    choices |= {name: played(rounds, router) for name, router in routers.items()}
    last = len(rounds) - max(1, len(rounds) // 4)
    return {
        "rounds": len(rounds),
        "best fixed policy": best,
        "best possible": sum(max(each.rewards.values()) for each in rounds) / len(rounds),
        "policies": {
            name: {
                "regret": _regret(rounds, chosen, best, seed).regret,
                "behind the best fixed": _regret(rounds, chosen, best, seed).behind,
                "last quarter": _regret(rounds[last:], chosen[last:], best, seed).regret,
                "by goal": _by_goal(rounds, chosen),
                "chosen": {arm: chosen.count(arm) / len(chosen) for arm in arms},
            }
            for name, chosen in choices.items()
        },
    }


def _regret(rounds: Sequence[Round], chosen: Sequence[str], best: str, seed: int) -> Regret:
    """Regret of choices, and how far it is from that of the best fixed policy (below 0: better)."""
    table = {arm: [each.rewards[arm] for each in rounds] for arm in rounds[0].rewards}
    own, *fixed = regret_report(table, chosen, seed=seed)
    other = next(each for each in fixed if each.name == best)
    behind = other.behind  # of the fixed policy above the choices
    return replace(own, behind=Interval(-behind.mean, -behind.high, -behind.low))


def _by_goal(rounds: Sequence[Round], chosen: Sequence[str]) -> dict[str, float]:
    lost: dict[str, list[float]] = {}
    for each, arm in zip(rounds, chosen, strict=True):
        lost.setdefault(each.kind, []).append(max(each.rewards.values()) - each.rewards[arm])
    return {kind: sum(values) / len(values) for kind, values in sorted(lost.items())}
