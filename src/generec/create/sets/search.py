"""The steps from a pool to members: candidates, exact model, better moves, order; and the proofs that there are none.

Shapes: n items of a pool.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from generec.create.sets import paths
from generec.create.sets.brief import SetBrief
from generec.create.sets.improve import improve
from generec.create.sets.objective import Goal
from generec.create.sets.order import arrange
from generec.create.sets.paths import Path
from generec.create.sets.pool import Ints
from generec.create.sets.reduction import permitted, reduce
from generec.create.sets.rows import Program, Row, at_most, program
from generec.create.sets.rules import Days, Demand, OpeningHours, Size
from generec.create.sets.solver import Effort, Found, Status, Wish, solve
from generec.create.sets.validator import validate
from generec.records import Checked, Member
from generec.types import Condition

Known = Sequence[tuple[frozenset[str], int]]
"""Earlier sets, and how many of their members may come back."""


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a search goes."""

    candidates: int = 200
    """Items that the exact model looks at first; more only where they hold no valid set."""
    stops: int = 24
    """Items of which a plan of days is made in one exact model, ways and times included; among more in two steps."""
    rounds: int = 200
    """How many sets of stops are tried in two steps: chosen first, timed then."""
    exact: int = 16
    """Up to as many candidates pairs and order are part of the exact model, too."""
    limit: float = 0.2
    """Deterministic seconds of the solver for the best set."""
    patience: float = 6.0
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

    def best(self, known: Known = ()) -> tuple[Member, ...] | Status:
        """Members without reasons. "infeasible" is proved over the whole pool; "unknown": none found, nothing proved.

        known: earlier sets and how many of their members may come back.
        """
        demands = self.brief.demands
        allowed = self.goal.take(permitted(self.goal.pool, self.brief, demands))
        made: tuple[Member, ...] | Status = "unknown"
        if self.brief.plans:
            few = reduce(allowed, self.reach.stops)
            made = self._exactly(allowed.take(few), known)
            if len(few) == len(allowed.pool):
                return made
        limit = self.reach.candidates
        while isinstance(made, str):
            rows = reduce(allowed, limit)
            part = allowed.take(rows)
            made = self._in_two_steps(part, demands, known) if self.brief.plans else self._exactly(part, known)
            if len(rows) == len(allowed.pool):
                return made
            limit *= 4
        return made

    def _exactly(self, goal: Goal, known: Known) -> tuple[Member, ...] | Status:
        """Members from the goal's pool, all of which may be candidates, by one model."""
        made = program(goal.pool, self.brief, self.brief.demands, known)
        wish = Wish(goal.alone, goal.pairs, goal.following)
        timed = paths.timed(made)
        small = len(goal.pool) <= self.reach.exact
        path = paths.ordered(made) if small and timed is None and wish.following is not None else timed
        found = self._solved(made, wish if small else estimated(wish, self.brief.most), path, 0.0 if small else None)
        if found.status == "unknown":
            found = self._any(made, timed)
        if found.status != "found":
            return found.status
        if not found.days:
            found = improve(made, found, wish)
            slots = made.slots(found.columns)
            rows = np.array([goal.pool.rows[item_id] for item_id in slots])
            order = arrange(goal.take(rows), list(slots.values()))
            found = replace(found, days=(tuple(rows[order].tolist()),))
        return members(made, timed, found)

    def _in_two_steps(
        self, goal: Goal, demands: Sequence[Demand], known: Known = (), wished: bool = True
    ) -> tuple[Member, ...] | Status:
        """A plan of days from many items: members are chosen without times, then timed.

        What cannot be timed is cut down to a smallest part that cannot, which is forbidden, and so on (combinatorial
        Benders cuts, Codato and Fischetti 2006). Cuts are proofs where a further stop never shortens a way.
        """
        plan = next(demand for demand in demands if isinstance(demand, Days))
        rest = [demand for demand in demands if demand is not plan]
        clocks: list[Demand] = [plan, *(demand for demand in rest if isinstance(demand, OpeningHours))]
        made = program(goal.pool, self.brief, rest, known)
        visits = np.array([plan.minutes(facts) or 0 for facts in goal.pool.facts()])
        cuts = [Row(made.space.items, visits, None, plan.days * (plan.end - plan.start))]
        wish = estimated(Wish(goal.alone, goal.pairs), self.brief.most)
        shortest = Wish(-visits / (plan.end - plan.start))
        proved = plan.travel.metric
        for turn in range(self.reach.rounds):
            trial = replace(made, rows=(*made.rows, *((-1, cut) for cut in cuts)))
            found = self._solved(trial, wish if wished and turn < self.reach.rounds // 2 else shortest)
            if found.status == "unknown":
                found = self._any(trial)
            if found.status != "found":
                return found.status if proved else "unknown"
            slots = made.slots(found.columns)
            rows = np.array([goal.pool.rows[item_id] for item_id in slots], dtype=np.int64)
            timed = self._timed(goal.take(rows), clocks)
            if isinstance(timed, tuple):
                return tuple(replace(member, slot=slots[member.item_id]) for member in timed)
            proved &= timed == "infeasible"
            cuts.append(self._cut(goal, rows, clocks, plan.travel.metric))
        return "unknown"

    def _timed(self, goal: Goal, clocks: Sequence[Demand]) -> tuple[Member, ...] | Status:
        """All items of the pool as stops of a plan."""
        everybody = Size(len(goal.pool), len(goal.pool))
        made = program(goal.pool, self.brief, [*clocks, everybody])
        path = paths.timed(made)
        found = self._solved(made, Wish(goal.alone, None, goal.following), path, 0.0)
        return members(made, path, found) if found.status == "found" else found.status

    def _cut(self, goal: Goal, rows: Ints, clocks: Sequence[Demand], metric: bool) -> Row:
        """Forbids a smallest part of these rows that cannot be timed; where ways are not metric, these rows only."""
        if not metric:
            coefficients = np.where(np.isin(np.arange(len(goal.pool)), rows), 1, -1)
            return Row(np.arange(len(goal.pool)), coefficients, None, len(rows) - 1)
        for row in rows:
            rest = rows[rows != row]
            if self._timed(goal.take(rest), clocks) == "infeasible":
                rows = rest
        return at_most(rows, len(rows) - 1)

    def possible(self, demands: Sequence[Demand]) -> Status:
        """Whether some set meets these demands of the brief."""
        goal = self.goal.take(permitted(self.goal.pool, self.brief, demands))
        planned = any(isinstance(demand, Days) for demand in demands)
        few = goal.take(reduce(goal, self.reach.stops if planned else self.reach.candidates))
        for part in (few, goal):
            if planned and part is goal:
                made = self._in_two_steps(goal, demands, wished=False)
                return "found" if isinstance(made, tuple) else made
            trial = program(part.pool, self.brief, demands)
            status = self._any(trial, paths.timed(trial)).status
            if status == "found" or len(part.pool) == len(goal.pool):
                break
        return status

    def nearest(self, number: int) -> Checked | None:
        """What a set shows of demand `number` that meets all others and misses this one least; None: none was found.

        Of a large pool the least among the most useful candidates.
        """
        demands = self.brief.demands
        unary = isinstance(demands[number], Condition)
        others = [demand for place, demand in enumerate(demands) if not unary or place != number]
        goal = self.goal.take(permitted(self.goal.pool, self.brief, others))
        goal = goal.take(reduce(goal, 2 * self.reach.stops if self.brief.plans else self.reach.candidates))
        made = program(goal.pool, self.brief, demands)
        path = paths.timed(made, endless=isinstance(demands[number], Days))
        found = solve(made, Effort(self.reach.patience, self.seed), path=path, relaxed=number)
        nearest = members(made, path, found) if found.status == "found" else ()
        return validate(self.brief, goal.pool, nearest)[number - len(demands)] if nearest else None

    def bulk(self) -> list[int]:
        """How much every demand adds to the model of the first candidates."""
        made = program(self.goal.take(reduce(self.goal, self.reach.candidates)).pool, self.brief, self.brief.demands)
        sizes = [len(made.space.pool) ** 2 * isinstance(demand, Days) for demand in self.brief.demands]
        for number, row in made.rows:
            if number >= 0:
                sizes[number] += len(row.columns)
        return sizes

    def _any(self, made: Program, path: Path | None = None) -> Found:
        """Members of any worth: a quick look in order, a clever search, and in order again."""
        for limit, in_order in ((self.reach.limit, True), (self.reach.patience, False), (self.reach.patience, True)):
            found = solve(made, Effort(limit, self.seed, in_order=in_order), path=path)
            if found.status != "unknown":
                break
        return found

    def _solved(self, made: Program, wish: Wish, path: Path | None = None, gap: float | None = None) -> Found:
        effort = Effort(self.reach.limit, self.seed, self.reach.gap if gap is None else gap)
        return solve(made, effort, wish, path)


def estimated(wish: Wish, most: int) -> Wish:
    """The wish without pairs: each item counts what it adds to a set that a greedy choice of the others makes.

    The slope of the objective at that choice: diversity is concave in the members, so that a linear model from there
    leads towards its best.
    """
    if wish.pairs is None:
        return wish
    gain, taken = wish.alone.copy(), np.zeros(len(wish.alone), dtype=np.bool_)
    for _ in range(min(most, len(gain))):
        best = int(np.argmax(np.where(taken, -np.inf, gain)))
        taken[best] = True
        gain += wish.pairs[best]
    return Wish(gain, None, wish.following)


def members(made: Program, path: Path | None, found: Found) -> tuple[Member, ...]:
    """What was found, in external ids, with days and the earliest starts where there is a clock."""
    clock, item_ids = None if path is None else path.clock, made.space.pool.item_ids
    slots = made.slots(found.columns)
    listed = []
    for day, items in enumerate(found.days or (tuple(made.space.pool.rows[item_id] for item_id in slots),)):
        starts = [None] * len(items) if clock is None else clock.starts(list(items))
        listed += [
            Member(item_ids[item], "", slots[item_ids[item]], start, day)
            for item, start in zip(items, starts, strict=True)
        ]
    return tuple(listed)
