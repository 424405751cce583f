"""Does editing and creating serve people better than retrieving alone? Whole dialogues, judged by what people got.

Simulated people of the embedded world talk with the loop under several policies: the same people, goals, words and
noise for each. What counts is the true utility of what they took and whether their goal was met, both read from the
rendered words and the members by the world's frozen reader, never from what a draft declares. The router learns from
what people do, never from utilities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from generec.fitting.progress import task
from generec.loop.conversation import Conversation
from generec.loop.feedback import earned
from generec.loop.profile import FittedProfileWriter
from generec.loop.router import Router
from generec.loop.turn import Loop
from generec.metrics.intervals import Interval, mean_interval
from generec.records import Candidate, Feedback, Person, Turn
from generec.simulation.goals import Goal, Goals
from generec.simulation.language import Dialogue
from generec.simulation.people import WorldPeople


@dataclass(frozen=True)
class Policy:
    """What the loop may do beside retrieving. makers: their names; router: a fresh one for each run."""

    name: str
    makers: tuple[str, ...] = ()
    router: Callable[[], Router] = Router


@dataclass(frozen=True, kw_only=True)
class Row:
    """One turn of one person."""

    user_id: str
    goal: str  # item, set, text or gap
    turn: int
    utility: float  # true utility of what was taken, 0 where nothing was
    best: float  # of the best that exists, for regret
    likes: int
    met: bool
    violations: int
    modes: tuple[str, ...]  # of what was taken
    shown: tuple[str, ...]  # items on the slate
    made: int
    blocked: int
    milliseconds: float


@dataclass(frozen=True)
class Run:
    """All turns under one policy."""

    policy: str
    rows: tuple[Row, ...] = field(repr=False)

    def figures(self, items: int, seed: int = 0) -> dict[str, Any]:
        """The columns of the closed-loop table; intervals over people."""
        rows = self.rows
        taken = Counter(mode for row in rows for mode in row.modes)
        gaps = [row for row in rows if row.goal == "gap"]
        return {
            "turns": len(rows),
            "utility per turn": _interval(rows, lambda row: row.utility, seed),
            "regret per turn": _interval(rows, lambda row: row.best - row.utility, seed),
            "likes per turn": _interval(rows, lambda row: float(row.likes), seed),
            "goals met": _met(rows),
            "gaps met": _met(gaps) if gaps else None,
            "violations": sum(row.violations for row in rows),
            "items shown": len({item for row in rows for item in row.shown}) / items,
            "taken": {mode: count / max(sum(taken.values()), 1) for mode, count in sorted(taken.items())},
            "drafts made": sum(row.made for row in rows),
            "drafts blocked": sum(row.blocked for row in rows),
            "milliseconds, median": sorted(row.milliseconds for row in rows)[len(rows) // 2] if rows else None,
        }


@dataclass(frozen=True, kw_only=True)
class ClosedLoop:
    """One experiment: who talks, about what, for how long."""

    loop: Loop
    people: WorldPeople
    goals: Goals
    kinds: tuple[str, ...] = ("item", "set", "item", "gap")
    """What people want, in turn; `gap` is something that no item is."""
    patience: int = 3
    """Turns of one dialogue at most."""
    k: int = 5
    profiles: FittedProfileWriter | None = None
    """Writes the lines that a turn knows of a person; None: histories alone."""

    def run(self, policy: Policy, user_ids: Sequence[str], seed: int = 0) -> Run:
        """One dialogue of each person under a policy; the router learns on the way."""
        router, alive = policy.router(), self.people.fresh()
        makers = {name: self.loop.makers[name] for name in policy.makers}
        loop = replace(self.loop, makers=makers, router=router)
        rows: list[Row] = []
        with task(policy.name, len(user_ids)) as bar:
            for number, user_id in enumerate(user_ids):
                kind = self.kinds[number % len(self.kinds)]
                goal = self.goal(user_id, kind)
                if goal is not None:
                    rows += self._dialogue(loop, alive, goal, kind, seed + number)
                bar.advance(1, f"{len(rows)} turns")
        return Run(policy.name, tuple(rows))

    def person(self, people: WorldPeople, user_id: str) -> Person:
        """What a turn may know of a person, with the lines that their history gives."""
        person = people.person(user_id)
        return person if self.profiles is None else replace(person, profile=self.profiles.write(person.history))

    def goal(self, user_id: str, kind: str, number: int = 0) -> Goal | None:
        """What a person wants; None where nothing of that kind can be wanted (a catalogue without gaps)."""
        drawn: dict[str, Callable[[str, int], Goal | None]] = {
            "item": self.goals.for_item, "set": self.goals.for_set, "text": self.goals.for_text,
            "gap": self.goals.for_gap,
        }  # fmt: skip
        return drawn[kind](user_id, number)

    def _dialogue(self, loop: Loop, people: WorldPeople, goal: Goal, kind: str, seed: int) -> list[Row]:
        dialogue = Dialogue(goal, seed, self.patience)
        talk = Conversation(loop, self.person(people, goal.user_id), k=self.k, seed=seed)
        best = people.oracle(goal.user_id, self.goals.eyes.catalog.item_ids).utility
        rows: list[Row] = []
        while not dialogue.over and not people.gone(goal.user_id):
            turn = talk.say(dialogue.words)
            feedback = people.respond(_owned(turn, goal.user_id), goal.meaning)
            taken = _taken(turn, feedback)
            worth = [people.true_utility(goal.user_id, candidate, goal.meaning) for candidate in taken]
            outcome = earned(turn, feedback)
            if outcome is not None:
                loop.router.learn(outcome)
            dialogue.hear(turn)
            judged = dialogue.judgements[-1]
            rows.append(
                Row(
                    user_id=goal.user_id, goal=kind, turn=len(rows), utility=max(worth, default=0.0), best=best,
                    likes=sum(each.verdict == "like" for each in feedback), met=judged.met,
                    violations=judged.violations, modes=tuple(candidate.mode for candidate in taken),
                    shown=tuple(c.item_id for c in turn.slate if c.item_id is not None), made=len(turn.drafts),
                    blocked=sum(not report.passed for report in turn.reports),
                    milliseconds=sum(turn.trace["milliseconds"].values()),
                )
            )  # fmt: skip
        return rows


def _owned(turn: Turn, user_id: str) -> Turn:
    return replace(turn, guidance=replace(turn.guidance, user_id=user_id))


def _taken(turn: Turn, feedback: Sequence[Feedback]) -> list[Candidate]:
    places = [each.position for each in feedback if each.verdict == "click" and each.position is not None]
    return [turn.slate[place] for place in places]


def _interval(rows: Sequence[Row], figure: Callable[[Row], float], seed: int) -> Interval | None:
    """Mean over people of their mean over turns."""
    by_person: dict[str, list[float]] = {}
    for row in rows:
        by_person.setdefault(row.user_id, []).append(figure(row))
    if not by_person:
        return None
    return mean_interval(torch.tensor([sum(each) / len(each) for each in by_person.values()]), seed=seed)


def _met(rows: Sequence[Row]) -> float:
    """Share of dialogues whose goal was met."""
    met: dict[str, bool] = {}
    for row in rows:
        met[row.user_id] = met.get(row.user_id, False) or row.met
    return sum(met.values()) / len(met) if met else 0.0
