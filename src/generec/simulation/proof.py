"""Does a generator personalise? The same table for every generator, judged by what people get.

A case is one wish of one person, with two others to swap in: a random one, who often shares the taste, and one of
disjoint taste. A row is a way of answering the case. What an answer is worth is read from its words or members by the
world's hidden utility and frozen reader, which no generator has seen; people whom nothing was trained on are asked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from generec.data.world.manners import sizes
from generec.errors import UsageError
from generec.fitting.progress import task
from generec.metrics.intervals import Interval, difference_interval, mean_interval
from generec.records import Candidate, Person
from generec.simulation.people import WorldPeople

RIGHT, RANDOM, ANOTHER, DISJOINT, NOBODY = (
    "right person", "swapped, random", "swapped, another", "swapped, disjoint taste", "nobody",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One wish: who asks, whom to swap in, what it is about (a subtopic or a topic by its code, or an item)."""

    user_id: str
    random: str
    another: str  # a second random person, for the null
    disjoint: str
    about: int
    item_id: str = ""
    seed: int = 0


Answer = Callable[[Case], Candidate | None]
Personal = Callable[[Case, Person], Candidate | None]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What one generator has to show.

    make: answers a case for a person, who may be another than the one who asks. others: rows without a person (what is
    shown, retrieved, popular) or with the truth given. hit: whether an answer is what the person wanted; worth: what it
    is worth to them, read from what they get.
    """

    name: str
    people: WorldPeople
    make: Personal
    others: Mapping[str, Answer]
    hit: Callable[[Case, Candidate], bool]
    worth: Callable[[Case, Candidate], float]

    def table(self, cases: Sequence[Case], seed: int = 0) -> dict[str, Any]:
        """Rows and columns with intervals over cases; differences of the right person's row to each other row."""
        if not cases:
            raise UsageError("a proof needs at least one case; use a larger world")
        found: dict[str, list[Candidate | None]] = {}
        with task(f"proof: {self.name}", len(cases)) as bar:
            spent: dict[str, list[float]] = {}
            for case in cases:
                for row, answer in self._rows().items():
                    began = time.perf_counter()
                    found.setdefault(row, []).append(answer(case))
                    spent.setdefault(row, []).append(1000 * (time.perf_counter() - began))
                bar.advance(1)
        worth = {row: self._column(cases, answers, self.worth) for row, answers in found.items()}
        hits = {row: self._column(cases, answers, self._hit) for row, answers in found.items()}
        right = worth[RIGHT]
        return {
            "cases": len(cases),
            "rows": {
                row: {
                    "made": sum(answer is not None for answer in answers) / len(cases),
                    "utility": mean_interval(worth[row], seed=seed),
                    "hit": mean_interval(hits[row], seed=seed),
                    "right person more": difference_interval(right, worth[row], seed=seed),
                    "milliseconds": float(np.median(spent[row])),
                }
                for row, answers in found.items()
            },
            "own against other (AUC)": self._auc(cases, found[RIGHT], found[RANDOM], seed),
            "null: other against another (AUC)": self._auc(cases, found[RANDOM], found[ANOTHER], seed),
            "hit, right over disjoint": _ratio(hits[RIGHT], hits[DISJOINT]),
        }  # fmt: skip

    def _rows(self) -> dict[str, Answer]:
        person = self.people.person
        return {
            **self.others,
            NOBODY: lambda case: self.make(case, Person()),
            RANDOM: lambda case: self.make(case, person(case.random)),
            ANOTHER: lambda case: self.make(case, person(case.another)),
            DISJOINT: lambda case: self.make(case, person(case.disjoint)),
            RIGHT: lambda case: self.make(case, person(case.user_id)),
        }

    def _column(
        self,
        cases: Sequence[Case],
        answers: Sequence[Candidate | None],
        judged: Callable[[Case, Candidate], float],
    ) -> Tensor:
        pairs = zip(cases, answers, strict=True)
        return torch.tensor([0.0 if answer is None else judged(case, answer) for case, answer in pairs])

    def _hit(self, case: Case, answer: Candidate) -> float:
        return float(self.hit(case, answer))

    def _auc(
        self, cases: Sequence[Case], ones: Sequence[Candidate | None], others: Sequence[Candidate | None], seed: int
    ) -> Interval:
        """How often the judge says that the one suits the person who asks better than the other; ties count half."""
        values = []
        for case, one, other in zip(cases, ones, others, strict=True):
            if one is not None and other is not None:
                more = self.worth(case, one) - self.worth(case, other)
                values.append(0.5 if more == 0 else float(more > 0))
        return mean_interval(torch.tensor(values or [0.5]), seed=seed)


def cases(
    people: WorldPeople, user_ids: Sequence[str], abouts: Callable[[str, int], tuple[int, str] | None], seed: int = 0
) -> list[Case]:
    """One case a person, where somebody of disjoint taste can be found. abouts: what a person asks about."""
    draw = np.random.default_rng(seed)
    favourite = {user_id: _favourites(people, user_id) for user_id in user_ids}
    found = []
    for number, user_id in enumerate(user_ids):
        about = abouts(user_id, number)
        others = [other for other in user_ids if other != user_id]
        apart = [o for o in others if all(a != b for a, b in zip(favourite[o], favourite[user_id], strict=True))]
        if about is not None and apart:
            random, another = map(str, draw.choice(others, 2, replace=False))
            found.append(Case(user_id, random, another, str(draw.choice(apart)), *about, seed=seed + number))
    return found


def _favourites(people: WorldPeople, user_id: str) -> tuple[int, ...]:
    style = people.hidden.people.style[people.rows([user_id])[0]]
    return tuple(int(part.argmax()) for part in np.split(style, np.cumsum(sizes())[:-1]))


def _ratio(more: Tensor, less: Tensor) -> float | None:
    """How many times as often; None where the other never hits."""
    return float(more.mean() / less.mean()) if float(less.mean()) else None
