"""Orders and timed plans inside the exact model: one circuit through the members, broken into days.

Nodes of the circuit are the days (each begins and ends there) and the n items; an item that is no member loops onto
itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from generec.create.sets.pool import Floats, Ints, Mask
from generec.create.sets.rows import Program
from generec.create.sets.rules import Arc, Days, OpeningHours, Smooth, Sorted

_NEVER = 4 * 24 * 60  # minutes; beyond every plan


@dataclass(frozen=True)
class Clock:
    """Whole minutes of a plan of days: windows and visits (n,), travel (n, n), from and to the base (n,)."""

    days: int
    start: int
    end: int
    visit: Ints
    opens: Ints
    closes: Ints
    travel: Ints
    out: Ints
    back: Ints

    def starts(self, day: list[int]) -> list[int]:
        """The earliest start of every visit of one day, in the order given."""
        found: list[int] = []
        for before, item in zip([None, *day], day, strict=False):
            if before is None:
                arrival = self.start + self.out[item]
            else:
                arrival = found[-1] + self.visit[before] + self.travel[before, item]
            found.append(int(max(arrival, self.opens[item])))
        return found


@dataclass(frozen=True)
class Path:
    """What may follow what, (n, n), and a clock, the heights of an arc, or the order of the slots."""

    allowed: Mask
    clock: Clock | None = None
    heights: Floats | None = None
    by_slots: bool = False

    @property
    def days(self) -> int:
        return 1 if self.clock is None else self.clock.days


def timed(found: Program, endless: bool = False) -> Path | None:
    """The path of a program with a plan of days, None without one. endless: its days may end later than planned."""
    plans = [demand for demand in found.demands if isinstance(demand, Days)]
    if not plans:
        return None
    plan, space = plans[0], found.space
    facts = space.pool.facts()
    minutes = [plan.travel.between(one, other) for one in facts for other in facts]
    travel = np.array([_NEVER if way is None else way for way in minutes]).reshape(len(facts), len(facts))
    out, back, visit, opens, closes = (np.zeros(len(facts), dtype=np.int64) for _ in range(5))
    closes += _NEVER
    hours = [demand for demand in found.demands if isinstance(demand, OpeningHours)]
    for row, one in enumerate(facts):
        ways = plan.travel.between(None, one), plan.travel.between(one, None)
        out[row], back[row] = (_NEVER if way is None else way for way in ways)
        visit[row] = plan.minutes(one) or 0
        windows = [window for window in (demand.window(one) for demand in hours) if window is not None]
        opens[row] = max((window[0] for window in windows), default=0)
        closes[row] = min((window[1] for window in windows), default=_NEVER)
    opens = np.maximum(opens, plan.start)
    closes = closes if endless else np.minimum(closes, plan.end)
    clock = Clock(plan.days, plan.start, plan.end, visit, opens, closes, travel, out, back)
    allowed = (opens + visit)[:, None] + travel + visit[None, :] <= closes[None, :]
    return Path(allowed & _others(len(facts)), clock)


def ordered(found: Program) -> Path | None:
    """The path of a program whose members have an order but no times; None where a value of that order is missing."""
    pool, path = found.space.pool, Path(_others(len(found.space.pool)))
    orders = [demand for demand in found.demands if isinstance(demand, Sorted | Arc | Smooth)]
    for demand in orders:
        values = pool.numbers(demand.field)
        if np.isnan(values).any():
            return None
        path = _along(demand, values, path)
    return path if orders else replace(path, by_slots=bool(found.space.names))


def _along(demand: Sorted | Arc | Smooth, values: Floats, path: Path) -> Path:
    rise = values[None, :] - values[:, None]
    if isinstance(demand, Sorted):
        return replace(path, allowed=path.allowed & ((rise <= 0) if demand.descending else (rise >= 0)))
    if isinstance(demand, Smooth):
        return replace(path, allowed=path.allowed & (np.abs(rise) <= demand.step + 1e-9))
    return replace(path, heights=values)


def _others(items: int) -> Mask:
    return ~np.eye(items, dtype=np.bool_)


@dataclass(frozen=True)
class Posted:
    """The literals of a path in a model: arcs by (node, node), nodes counted days first."""

    arcs: dict[tuple[int, int], Any]
    days: int

    def read(self, solver: Any) -> list[list[int]]:
        """The items of every day in their order."""
        following = {one: other for (one, other), literal in self.arcs.items() if solver.boolean_value(literal)}
        found: list[list[int]] = [[] for _ in range(self.days)]
        for day in range(self.days):
            node = following.get(day, day)
            while node >= self.days:
                found[day].append(node - self.days)
                node = following[node]
        return found


def post(model: Any, chosen: list[Any], places: list[Any], path: Path, slack: Any) -> Posted:
    """Adds the circuit through the chosen items.

    chosen: a literal for each of n items; places: the number of its slot, as expressions, for a path by slots; slack:
    minutes (or 0) by which every day may end later.
    """
    days = path.days
    arcs = {
        (days + int(one), days + int(other)): model.new_bool_var("")
        for one, other in zip(*np.nonzero(path.allowed), strict=True)
    }
    for day in range(days):
        following = (day + 1) % days
        arcs[day, following] = model.new_bool_var("")  # an empty day
        for item in range(len(chosen)):
            arcs[day, days + item] = model.new_bool_var("")
            arcs[days + item, following] = model.new_bool_var("")
    loops = [(days + item, days + item, ~literal) for item, literal in enumerate(chosen)]
    model.add_circuit([(one, other, literal) for (one, other), literal in arcs.items()] + loops)
    if days == 1:  # the loop of the only day would let other nodes make a circuit of their own
        for literal in chosen:
            model.add_implication(arcs[0, 0], ~literal)
    if path.clock is not None:
        _post_times(model, chosen, path.clock, arcs, slack)
    if path.heights is not None:
        _post_arc(model, path.heights, arcs, chosen)
    if path.by_slots:
        for (one, other), literal in arcs.items():
            if one and other:
                model.add(places[one - 1] < places[other - 1]).only_enforce_if(literal)
    return Posted(arcs, days)


def _post_times(model: Any, chosen: list[Any], clock: Clock, arcs: dict[tuple[int, int], Any], slack: Any) -> None:
    latest = clock.closes - clock.visit
    starts = [
        model.new_int_var(int(low), int(max(low, high)), "") for low, high in zip(clock.opens, latest, strict=True)
    ]
    for item in np.flatnonzero(latest < clock.opens).tolist():
        model.add_bool_or([~chosen[item]])
    busy = [int(minutes) * literal for minutes, literal in zip(clock.visit, chosen, strict=True)]
    for (one, other), literal in arcs.items():
        before, after = one - clock.days, other - clock.days
        if before < 0 <= after:
            way = int(clock.out[after])
            model.add(starts[after] >= clock.start + way).only_enforce_if(literal)
        elif after < 0 <= before:
            way = int(clock.back[before])
            model.add(starts[before] + int(clock.visit[before]) + way <= clock.end + slack).only_enforce_if(literal)
        elif before >= 0:
            way = int(clock.travel[before, after])
            model.add(starts[after] >= starts[before] + int(clock.visit[before]) + way).only_enforce_if(literal)
        else:
            continue
        busy.append(way * literal)
    # Implied, and what proofs need: all days together hold the visits and the ways.
    model.add(sum(busy) <= clock.days * (clock.end - clock.start + slack))


def _post_arc(model: Any, heights: Floats, arcs: dict[tuple[int, int], Any], chosen: list[Any]) -> None:
    """rising[i]: the step into item i does not fall. Once falling always falling; from three on both happen."""
    rising = [model.new_bool_var("") for _ in chosen]
    several = model.new_bool_var("")  # at least three members
    model.add(sum(chosen) >= 3).only_enforce_if(several)
    model.add(sum(chosen) <= 2).only_enforce_if(~several)
    for (one, other), literal in arcs.items():
        if one == other == 0:
            continue
        if one == 0:
            model.add_implication(literal, rising[other - 1])
        elif other == 0:
            model.add_bool_or([~literal, ~several, ~rising[one - 1]])
        else:
            _post_step(model, heights[other - 1] - heights[one - 1], literal, rising[one - 1], rising[other - 1])
            model.add_bool_or([~literal, ~several, ~arcs[0, one], rising[other - 1]])


def _post_step(model: Any, rise: float, literal: Any, before: Any, after: Any) -> None:
    if rise > 0:
        model.add_implication(literal, after)
    if rise < 0:
        model.add_implication(literal, ~after)
    model.add_bool_or([~literal, ~after, before])
