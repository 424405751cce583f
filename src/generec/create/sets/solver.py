"""The exact model in OR-tools CP-SAT: one worker, a seed, a deterministic limit; equal calls answer equally."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from generec.create.sets import paths
from generec.create.sets.paths import Path, Posted
from generec.create.sets.pool import Floats, Ints
from generec.create.sets.rows import Program, Row
from generec.create.sets.rules import Days
from generec.errors import UsageError

Status = Literal["found", "infeasible", "unknown"]

_WORTH = 10**6  # what an objective of 1 counts in whole numbers


@dataclass(frozen=True)
class Effort:
    """How long the solver may look, in its deterministic seconds."""

    limit: float
    seed: int = 0
    gap: float = 0.0
    """Relative distance from the best possible at which it may stop."""
    in_order: bool = False
    """Branch over the columns as they stand, which finds exact sums where clever search does not."""


@dataclass(frozen=True)
class Found:
    """What the solver says: the columns that are true, and the members by days where an order was asked for."""

    status: Status
    columns: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    days: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Wish:
    """What to maximise: items alone (n,), pairs (n, n) where they count exactly, and steps of a path (n, n)."""

    alone: Floats
    pairs: Floats | None = None
    following: Floats | None = None


def solve(
    program: Program, effort: Effort, wish: Wish | None = None, path: Path | None = None, relaxed: int | None = None
) -> Found:
    """Looks for members. relaxed: number of a demand that may be violated, as little as possible, instead of a wish."""
    sat = _cp_model()
    model = sat.CpModel()
    space = program.space
    columns = [model.new_bool_var("") for _ in range(space.width)]
    slack: Any = 0 if relaxed is None else model.new_int_var(0, 2**40, "")
    for number, row in program.rows:
        _post_row(sat, model, [columns[column] for column in row.columns.tolist()], row, slack, number == relaxed)
    items, posted = columns[: len(space.pool)], None
    if path is not None:
        late = slack if relaxed is not None and isinstance(program.demands[relaxed], Days) else 0
        posted = paths.post(model, items, _places(columns, program), path, late)
    if relaxed is not None:
        model.minimize(slack)
    elif wish is not None:
        terms = [*zip(items, wish.alone.tolist(), strict=True), *_pairs(model, items, wish), *_steps(posted, wish)]
        literals, worth = [literal for literal, _ in terms], [round(_WORTH * value) for _, value in terms]
        model.maximize(sat.LinearExpr.weighted_sum(literals, worth))
    solver = sat.CpSolver()
    status = _status(sat, solver, model, effort)
    if status != "found":
        return Found(status)
    values = np.array([solver.boolean_value(column) for column in columns], dtype=np.bool_)
    days = () if posted is None else tuple(tuple(day) for day in posted.read(solver))
    return Found("found", np.flatnonzero(values), days)


def _status(sat: Any, solver: Any, model: Any, effort: Effort) -> Status:
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = effort.seed % 2**31
    solver.parameters.max_deterministic_time = effort.limit
    solver.parameters.relative_gap_limit = effort.gap
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.linearization_level = 2
    if effort.in_order:
        solver.parameters.search_branching = sat.FIXED_SEARCH
    status = solver.solve(model)
    if status == sat.INFEASIBLE:
        return "infeasible"
    return "found" if status in (sat.OPTIMAL, sat.FEASIBLE) else "unknown"


def _places(columns: list[Any], program: Program) -> list[Any]:
    """The number of every item's slot."""
    space = program.space
    found: list[Any] = [0] * len(space.pool)
    for column, item, slot in zip(columns[len(space.pool) :], space.item.tolist(), space.slot.tolist(), strict=False):
        found[item] = found[item] + slot * column
    return found


def _post_row(sat: Any, model: Any, literals: list[Any], row: Row, slack: Any, relaxed: bool) -> None:
    whole = sat.LinearExpr.weighted_sum(literals, row.coefficients.tolist()) if literals else 0
    if relaxed and row.low is not None:
        model.add(whole + slack >= row.low)
    if relaxed and row.high is not None:
        model.add(whole - slack <= row.high)
    if not relaxed and literals:
        low, high = (sat.INT_MIN, sat.INT_MAX)
        model.add_linear_constraint(whole, low if row.low is None else row.low, high if row.high is None else row.high)
    elif not relaxed and not (row.low or 0) <= 0 <= (row.high or 0):
        model.add_bool_or([])  # no member can help


def _pairs(model: Any, items: list[Any], wish: Wish) -> list[tuple[Any, float]]:
    """Literals that are true only where both items are members, and their worth."""
    found = []
    if wish.pairs is not None:
        for one, other in zip(*np.nonzero(np.triu(wish.pairs, 1)), strict=True):
            both = model.new_bool_var("")
            model.add_implication(both, items[one])
            model.add_implication(both, items[other])
            found.append((both, float(wish.pairs[one, other])))
    return found


def _steps(posted: Posted | None, wish: Wish) -> list[tuple[Any, float]]:
    """The literals of steps from item to item, and their worth."""
    if wish.following is None or posted is None:
        return []
    steps = ((one - posted.days, other - posted.days, literal) for (one, other), literal in posted.arcs.items())
    return [(literal, float(wish.following[one, other])) for one, other, literal in steps if min(one, other) >= 0]


def _cp_model() -> Any:
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        raise UsageError('making sets needs OR-tools: pip install "generec[loop]"') from None
    return cp_model
