"""The proof of the loop: what each generator has to show, what policies are worth to people, what a router learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from generec.data.world.topics import topics
from generec.loop.arms import RETRIEVE
from generec.loop.generec import GeneRec
from generec.loop.router import Router, Rules
from generec.loop.text_create_maker import TextCreateMaker
from generec.loop.turn import Loop
from generec.metrics.intervals import difference_interval
from generec.simulation.closed_loop import ClosedLoop, Policy, Run
from generec.simulation.generators import Generators
from generec.simulation.goals import Goals
from generec.simulation.people import WorldPeople
from generec.simulation.proof import Case, cases
from generec.simulation.routing import Bench, Round, report
from generec.types import Dataset

COSTS = {"text edits": 0.02, "sets": 0.02, "text creation": 0.05}
"""What a maker's work costs, in satisfied wishes: so that what retrieval does as well is left to retrieval."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A loop over a world and people whom nothing was trained on. Kinds of goals take turns."""

    generec: GeneRec
    people: WorldPeople
    asking: Sequence[str]
    kinds: tuple[str, ...] = ("item", "set", "item", "gap")
    patience: int = 3
    enough: int = 300
    """Outcomes after which the learned router decides by what it has learned."""
    costs: Mapping[str, float] = field(default_factory=lambda: dict(COSTS))
    seed: int = 0

    def proofs(self, count: int) -> dict[str, dict[str, Any]]:
        """One table per generator, over at most `count` people."""
        loop = self.loop
        generators = Generators(
            people=self.people, retriever=loop.retriever, makers=tuple(loop.makers.values()),
            lines=lambda person: self.generec.person(history=person.history).profile,
        )  # fmt: skip
        asked = {"sets": self._topic, "text edits": self._item, "text creation": self._gap}
        return {
            proof.name: proof.table(self._cases(asked[proof.name], count), self.seed) for proof in generators.proofs()
        }

    def policies(self, count: int) -> dict[str, Run]:
        """Whole dialogues of `count` people under each policy."""
        makers = self.loop.makers
        edits, creations = (
            tuple(name for name, maker in makers.items() if maker.arm.action == action) for action in ("edit", "create")
        )
        policies = (
            Policy("retrieve only"), Policy("edits allowed", edits), Policy("creations allowed", creations),
            Policy("everything, by rule", tuple(makers), lambda: Router(seed=self.seed)),
            Policy("everything, learned router", tuple(makers), self.learner),
        )  # fmt: skip
        return {policy.name: self.closed.run(policy, self.asking[:count], self.seed) for policy in policies}

    def rounds(self, count: int) -> list[Round]:
        """A table of `count` turns with what every arm would have earned."""
        people = [self.asking[number % len(self.asking)] for number in range(count)]
        return Bench(asked=self.closed, costs=self.costs).table(people, self.seed)

    def routing(self, rounds: Sequence[Round]) -> dict[str, Any]:
        """Regret of fixed policies, of the rule of thumb, and of the router that learns."""
        never = replace(Rules(), enough=len(rounds) + 1)
        routers = {"rule of thumb": Router(rules=never, seed=self.seed), "learned router": self.learner()}
        return report(rounds, routers, self.seed)

    def gaps(self, rounds: Sequence[Round]) -> dict[str, Any]:
        """How often retrieving and creating met a wish that no item serves; and what creating costs elsewhere."""
        creation = next((n for n, maker in self.loop.makers.items() if isinstance(maker, TextCreateMaker)), None)
        names = [RETRIEVE.name, *([creation] if creation else [])]
        met = {
            kind: {name: [self._met(each, name) for each in rounds if each.kind == kind] for name in names}
            for kind in sorted({each.kind for each in rounds})
        }
        found: dict[str, Any] = {
            kind: {"turns": len(of[RETRIEVE.name])} | {name: sum(v) / max(1, len(v)) for name, v in of.items()}
            for kind, of in met.items()
        }
        if creation is not None and "item" in met:
            created, retrieved = (torch.tensor(met["item"][name]) for name in (creation, RETRIEVE.name))
            more = difference_interval(created, retrieved)
            found["outside gaps, creation less retrieval"] = more
        return found

    def learner(self) -> Router:
        """A router that learns early."""
        return Router(rules=replace(Rules(), enough=self.enough), seed=self.seed)

    @cached_property
    def loop(self) -> Loop:
        return self.generec.loop

    @cached_property
    def closed(self) -> ClosedLoop:
        goals = Goals(self.people, seed=self.seed)
        return ClosedLoop(
            loop=self.loop, people=self.people, goals=goals, kinds=self.kinds, patience=self.patience,
            profiles=self.generec.profile_writer,
        )  # fmt: skip

    def _met(self, each: Round, name: str) -> float:
        """1 where the arm met the wish, whatever it cost."""
        return float(each.rewards[name] > 0.5)

    def _cases(self, about: Callable[[str, int], tuple[int, str] | None], count: int) -> list[Case]:
        return cases(self.people, self.asking[:count], about, self.seed)

    def _topic(self, user_id: str, number: int) -> tuple[int, str]:
        """Each topic in turn."""
        return number % len(topics()), ""

    def _item(self, user_id: str, number: int) -> tuple[int, str]:
        """Any item that the person has not used."""
        used = set(self.people.person(user_id).history)
        draw = np.random.default_rng([self.seed, number])
        unused = [item_id for item_id in self.people.catalog.item_ids if item_id not in used]
        return -1, str(draw.choice(unused))

    def _gap(self, user_id: str, number: int) -> tuple[int, str] | None:
        """A subtopic that has no item in the person's favourite tone."""
        goal = Goals(self.people, seed=self.seed).for_gap(user_id, number, (0,))
        return None if goal is None else (goal.subtopic, "")


def unseen(dataset: Dataset, share: float = 0.1) -> tuple[Dataset, list[str]]:
    """The data without the last people, and who they are."""
    users = dataset.users["user_id"].to_list() if dataset.users is not None else []
    asking = users[len(users) - max(1, round(share * len(users))) :]
    kept = dataset.events.filter(~dataset.events["user_id"].is_in(asking))
    left = None if dataset.users is None else dataset.users.filter(~dataset.users["user_id"].is_in(asking))
    return Dataset(kept, dataset.catalog, left, dataset.info), asking
