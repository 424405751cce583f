"""What a router loses: every way of answering is tried on every turn, then routers are played back over the table.

A turn of the table has the satisfaction that each arm alone would have given, so that the regret of any router is
exact: what the best arm of that turn gave, less what the chosen one gave. A router that learns is told the outcome of
what it chose, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from generec.fitting.progress import task
from generec.loop.arms import RETRIEVE
from generec.loop.outcomes import Outcome
from generec.loop.router import Decision, Router, Scene, context
from generec.loop.turn import TurnRequest
from generec.metrics.intervals import difference_interval, mean_interval
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

    @property
    def best(self) -> float:
        return max(self.rewards.values())


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


def fixed(rounds: Sequence[Round], arm: str) -> list[float]:
    """Regret of one arm in every round."""
    return [each.best - each.rewards[arm] for each in rounds]


def played(rounds: Sequence[Round], router: Router, learn: bool = True) -> list[float]:
    """Regret of a router in every round; it is told what its choice earned."""
    regrets = []
    for each in rounds:
        decision = router.route(each.guidance, each.scene)
        reward = each.rewards[decision.arm]
        regrets.append(each.best - reward)
        if learn:
            router.learn(
                Outcome(
                    context=decision.features, arms=decision.arms, propensity=decision.propensities[decision.arm],
                    reward=reward,
                )
            )  # fmt: skip
    return regrets


def report(rounds: Sequence[Round], routers: Mapping[str, Router], seed: int = 0) -> dict[str, Any]:
    """Regret per round of every fixed policy and every router, in all, over the last quarter, and by kind of goal."""
    arms = list(rounds[0].rewards)
    regrets = {f"always {arm}": fixed(rounds, arm) for arm in arms}
    best = min(regrets, key=lambda name: sum(regrets[name]))
    regrets |= {name: played(rounds, router) for name, router in routers.items()}
    last = slice(-max(1, len(rounds) // 4), None)
    kinds = sorted({each.kind for each in rounds})
    best_fixed = torch.tensor(regrets[best])
    found = {
        name: {
            "regret": mean_interval(torch.tensor(values), seed=seed),
            "last quarter": mean_interval(torch.tensor(values[last]), seed=seed),
            "less than the best fixed": difference_interval(best_fixed, torch.tensor(values), seed=seed),
            "by goal": {
                kind: sum(v for v, e in zip(values, rounds, strict=True) if e.kind == kind)
                / sum(each.kind == kind for each in rounds)
                for kind in kinds
            },
        }
        for name, values in regrets.items()
    }  # fmt: skip
    return {
        "rounds": len(rounds), "best fixed policy": best, "policies": found,
        "best possible": sum(each.best for each in rounds) / len(rounds),
        "share won by": {arm: sum(e.rewards[arm] == e.best for e in rounds) / len(rounds) for arm in arms},
    }  # fmt: skip
