"""The steps from a pool to members: candidates, exact model, better moves, order; and the proofs that there are none.

Shapes: n items of a pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generec.create.sets import paths
from generec.create.sets.brief import SetBrief
from generec.create.sets.improve import improve
from generec.create.sets.objective import Goal
from generec.create.sets.order import arrange
from generec.create.sets.paths import Path
from generec.create.sets.pool import Floats, Ints
from generec.create.sets.reduction import permitted, reduce
from generec.create.sets.rows import Program, program
from generec.create.sets.rules import Days, Demand
from generec.create.sets.solver import Effort, Found, Status, Wish, solve
from generec.create.sets.validator import validate
from generec.records import Checked, Member
from generec.types import Condition


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a search goes."""

    candidates: int = 200
    """Items that the exact model looks at first; more only where they hold no valid set."""
    stops: int = 24
    """The same for plans of days, whose model grows with the square of the candidates."""
    most_stops: int = 160
    """Plans are never looked for among more."""
    exact: int = 16
    """Up to as many candidates pairs and order are part of the exact model, too."""
    limit: float = 0.2
    """Deterministic seconds of the solver for the best set."""
    patience: float = 2.0
    """Deterministic seconds for any set at all, and for each proof that there is none."""
    gap: float = 0.002
    """Relative distance from the best linear objective at which the solver may stop; pairs are only estimated there."""


@dataclass(frozen=True)
class Search:
    """One brief over one pool (that of the goal)."""

    goal: Goal
    reach: Reach
    seed: int = 0

    @property
    def brief(self) -> SetBrief:
        return self.goal.brief

    def best(self, known: Sequence[tuple[frozenset[str], int]] = ()) -> tuple[Member, ...] | Status:
        """Members without reasons. "infeasible" is proved over the whole pool; "unknown": none found, nothing proved.

        known: earlier sets and how many of their members may come back.
        """
        allowed = self.goal.take(permitted(self.goal.pool, self.brief, self.brief.demands))
        status: Status = "unknown"
        for rows in self._widening(allowed):
            made = self._within(allowed.take(rows), known)
            if isinstance(made, tuple):
                return made
            status = made if len(rows) == len(allowed.pool) else "unknown"
        return status

    def _widening(self, goal: Goal) -> Iterator[Ints]:
        """First the most useful candidates, then more, in the end all (for plans: as many as can be planned)."""
        most = self.reach.most_stops if self.brief.plans else len(goal.pool)
        limit = self._few
        while True:
            yield reduce(goal, min(most, limit))
            if limit >= min(most, len(goal.pool)):
                return
            limit *= 4

    def _within(self, goal: Goal, known: Sequence[tuple[frozenset[str], int]]) -> tuple[Member, ...] | Status:
        """Members from the goal's pool, all of which may be candidates."""
        made = program(goal.pool, self.brief, self.brief.demands, known)
        exact = Wish(goal.alone, goal.pairs, goal.following)
        timed, aim, gap = paths.timed(made), exact, 0.0
        path = timed
        if len(goal.pool) > self.reach.exact:
            aim, gap = replace(exact, alone=estimated(exact, self.brief.most), pairs=None), self.reach.gap
        elif timed is None and exact.following is not None:
            path = paths.ordered(made)
        found = solve(made, Effort(self.reach.limit, self.seed, gap), aim, path)
        if found.status == "unknown":
            found = solve(made, Effort(self.reach.patience, self.seed), path=timed)
        if found.status != "found":
            return found.status
        if not found.days:
            columns = improve(made, found, exact)
            order = arrange(goal.take(made.space.item[columns]), made.space.slot[columns])
            found = replace(found, columns=columns[order])
        return _members(made, path, found)

    def possible(self, demands: Sequence[Demand]) -> Status:
        """Whether some set meets these demands of the brief."""
        goal = self.goal.take(permitted(self.goal.pool, self.brief, demands))
        few = goal.take(reduce(goal, self._few))
        first = self._solved(few, demands).status
        if first == "found" or len(few.pool) == len(goal.pool):
            return first
        untimed = [demand for demand in demands if not isinstance(demand, Days)]
        if len(goal.pool) <= self.reach.most_stops or len(untimed) == len(demands):
            return self._solved(goal, demands).status
        if self.possible(untimed) == "infeasible":
            return "infeasible"
        many = self._solved(goal.take(reduce(goal, self.reach.most_stops)), demands).status
        return many if many == "found" else "unknown"

    def nearest(self, number: int) -> Checked | None:
        """What a set shows of demand `number` that meets all others and misses this one least; None: none was found.

        Of a large pool the least among the most useful candidates.
        """
        demands = self.brief.demands
        unary = isinstance(demands[number], Condition)
        others = [demand for place, demand in enumerate(demands) if not unary or place != number]
        goal = self.goal.take(permitted(self.goal.pool, self.brief, others))
        goal = goal.take(reduce(goal, self._few))
        made = program(goal.pool, self.brief, demands)
        path = paths.timed(made, endless=isinstance(demands[number], Days))
        found = solve(made, Effort(self.reach.patience, self.seed), path=path, relaxed=number)
        if found.status != "found":
            return None
        return validate(self.brief, goal.pool, _members(made, path, found))[number - len(demands)]

    def bulk(self) -> list[int]:
        """How much every demand adds to the model of the first candidates."""
        made = program(self.goal.take(reduce(self.goal, self._few)).pool, self.brief, self.brief.demands)
        sizes = [len(made.space.pool) ** 2 * isinstance(demand, Days) for demand in self.brief.demands]
        for number, row in made.rows:
            if number >= 0:
                sizes[number] += len(row.columns)
        return sizes

    @property
    def _few(self) -> int:
        return self.reach.stops if self.brief.plans else self.reach.candidates

    def _solved(self, goal: Goal, demands: Sequence[Demand]) -> Found:
        made = program(goal.pool, self.brief, demands)
        return solve(made, Effort(self.reach.patience, self.seed), path=paths.timed(made))


def estimated(aim: Wish, most: int) -> Floats:
    """What each item adds to a full set, pairs included, if the others are those that a greedy choice takes, (n,).

    The slope of the objective at that choice: diversity is concave in the members, so that a linear model from there
    leads towards its best.
    """
    if aim.pairs is None:
        return aim.alone
    gain, taken = aim.alone.copy(), np.zeros(len(aim.alone), dtype=np.bool_)
    for _ in range(min(most, len(gain))):
        best = int(np.argmax(np.where(taken, -np.inf, gain)))
        taken[best] = True
        gain += aim.pairs[best]
    return gain


def _members(made: Program, path: Path | None, found: Found) -> tuple[Member, ...]:
    space, clock = made.space, None if path is None else path.clock
    slots = dict(zip(space.item[found.columns].tolist(), space.slot[found.columns].tolist(), strict=True))
    members = []
    for day, items in enumerate(found.days or (tuple(slots),)):
        starts = [None] * len(items) if clock is None else clock.starts(list(items))
        for item, start in zip(items, starts, strict=True):
            slot = space.names[slots[item]] if slots[item] >= 0 else ""
            members.append(Member(space.pool.item_ids[item], "", slot, start, day))
    return tuple(members)
