"""Re-checks every demand of a brief on the finished set, from the raw fields alone.

Independent of the model: it reads the members as a person would, by plain Python and in the three values true, false
and unknown; unknown does not hold. It shares with the model only the brief, how long a way or a visit takes, and,
unless `Pool.reader` is given, the reader of conditions.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from generec.create.sets import facts as reading
from generec.create.sets.brief import SetBrief
from generec.create.sets.pool import Pool
from generec.create.sets.rules import (
    Arc,
    AtMostPer,
    Avoid,
    Count,
    Days,
    Facts,
    Include,
    NoNearDuplicates,
    Novelty,
    OpeningHours,
    Same,
    Size,
    Slot,
    Smooth,
    Sorted,
)
from generec.create.sets.words import clock, describe, quantity
from generec.errors import unknown
from generec.records import Checked, Member, Total
from generec.types import Condition

TOLERANCE = 1e-6
"""By how much a sum may miss its bound for each member, in units of the field."""

Answer = tuple[str, bool]


@dataclass(frozen=True)
class Set:
    """The finished set as the rules read it."""

    brief: SetBrief
    members: tuple[Member, ...]
    facts: tuple[Facts, ...]
    vectors: tuple[tuple[float, ...], ...] = ()

    def among(self, slots: tuple[str, ...]) -> list[Facts]:
        """The members in these slots, or all."""
        return [
            facts for facts, member in zip(self.facts, self.members, strict=True) if not slots or member.slot in slots
        ]

    def certain(self, field: str) -> bool:
        """Whether an unknown value of the field is let pass."""
        return field in self.brief.missing


def validate(brief: SetBrief, pool: Pool, members: Sequence[Member]) -> tuple[Checked, ...]:
    """Every demand with what was found. Raises UsageError on a member that the pool does not have."""
    rows = []
    for member in members:
        if member.item_id not in pool.rows:
            raise unknown("item", member.item_id, pool.item_ids)
        rows.append(pool.rows[member.item_id])
    vectors = () if pool.features is None else tuple(tuple(map(float, pool.features[row])) for row in rows)
    made = Set(brief, tuple(members), tuple(pool.frame.row(row, named=True) for row in rows), vectors)
    ids = [member.item_id for member in members]
    found = [Checked("every item at most once", f"{len(set(ids))} items", len(set(ids)) == len(ids))]
    if brief.slots:
        strange = [member.slot for member in members if member.slot not in {slot.name for slot in brief.slots}]
        found.append(Checked("every item in a slot", ", ".join(strange) or "yes", not strange))
    for demand in brief.demands:
        value, holds = check(demand, made)
        found.append(Checked(describe(demand, brief), value, holds))
    return tuple(found)


@singledispatch
def check(demand: object, made: Set) -> Answer:
    """What the set shows of a demand, and whether it holds."""
    raise TypeError(f"no check is written for {type(demand).__name__}")


@check.register(Size)
def _(demand: Size, made: Set) -> Answer:
    return str(len(made.members)), demand.low <= len(made.members) <= demand.high


@check.register(Condition)
def _(demand: Condition, made: Set) -> Answer:
    held = [reading.holds(facts, demand) for facts in made.facts]
    passed = [True if one is None and made.certain(demand.field) else bool(one) for one in held]
    return f"{sum(passed)} of {len(held)}{_unknown(held)}", all(passed)


@check.register(Total)
def _(demand: Total, made: Set) -> Answer:
    numbers = [reading.number(facts, demand.field) for facts in made.facts]
    total = math.fsum(number for number in numbers if number is not None)
    slip = TOLERANCE * (len(numbers) + 1) + 1e-9 * abs(total)
    within = (demand.low is None or total >= demand.low - slip) and (demand.high is None or total <= demand.high + slip)
    sure = made.certain(demand.field) or None not in numbers
    return quantity(total, demand.field, made.brief) + _unknown(numbers), within and sure


@check.register(Count)
def _(demand: Count, made: Set) -> Answer:
    held = [reading.holds(facts, demand.condition) for facts in made.facts]
    least = held.count(True)
    most = least if made.certain(demand.condition.field) else least + held.count(None)
    return f"{least}{_unknown(held)}", demand.low <= least and (demand.high is None or most <= demand.high)


@check.register(AtMostPer)
def _(demand: AtMostPer, made: Set) -> Answer:
    several = [reading.values(facts, demand.field) for facts in made.among(demand.slots)]
    counts = Counter(value for values in several for value in values or ())
    value, most = counts.most_common(1)[0] if counts else ("", 0)
    doubtful = 0 if made.certain(demand.field) else several.count(None)
    return f"{most}{f' ({value})' if value else ''}{_unknown(several)}", most + doubtful <= demand.most


@check.register(Same)
def _(demand: Same, made: Set) -> Answer:
    several = [reading.values(facts, demand.field) for facts in made.among(demand.slots)]
    known = [set(values) for values in several if values is not None]
    shared = set.intersection(*known) if known else set()
    sure = made.certain(demand.field) or None not in several
    words = " and ".join(sorted(shared)) or ", ".join(sorted(set().union(*known))) or "none"
    return words + _unknown(several), sure and (bool(shared) or not known)


@check.register(Include)
def _(demand: Include, made: Set) -> Answer:
    inside = demand.item_id in [member.item_id for member in made.members]
    return "yes" if inside else "left out", inside


@check.register(Avoid)
def _(demand: Avoid, made: Set) -> Answer:
    inside = demand.item_id in [member.item_id for member in made.members]
    return "it is in" if inside else "yes", not inside


@check.register(NoNearDuplicates)
def _(demand: NoNearDuplicates, made: Set) -> Answer:
    closest = max((_cosine(one, other) for one, other in combinations(made.vectors, 2)), default=-1.0)
    return f"{closest:.2f}", closest <= demand.threshold + 1e-9


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    lengths = math.hypot(*one) * math.hypot(*other)
    return float(np.dot(one, other)) / lengths if lengths else 0.0


@check.register(Novelty)
def _(demand: Novelty, made: Set) -> Answer:
    new = sum(member.item_id not in demand.seen for member in made.members)
    return f"{new} of {len(made.members)}", new >= demand.share * len(made.members) - TOLERANCE


@check.register(Slot)
def _(demand: Slot, made: Set) -> Answer:
    inside = [facts for facts, member in zip(made.facts, made.members, strict=True) if member.slot == demand.name]
    fits = all(_fulfils(facts, condition, made) for facts in inside for condition in demand.conditions)
    enough = len(inside) == 1 or (demand.optional and not inside)
    return ", ".join(facts["item_id"] for facts in inside) or "empty", enough and fits


def _fulfils(facts: Facts, condition: Condition, made: Set) -> bool:
    held = reading.holds(facts, condition)
    return made.certain(condition.field) if held is None else held


@check.register(Sorted)
def _(demand: Sorted, made: Set) -> Answer:
    line, sure, words = _line(demand.field, made)
    rises = all(one >= other if demand.descending else one <= other for one, other in pairwise(line))
    return words, sure and rises


@check.register(Arc)
def _(demand: Arc, made: Set) -> Answer:
    line, sure, words = _line(demand.field, made)
    peaks = range(1, len(line) - 1) if len(line) > 2 else range(len(line))
    arched = not line or any(
        all(one <= other for one, other in pairwise(line[: peak + 1]))
        and all(one >= other for one, other in pairwise(line[peak:]))
        for peak in peaks
    )
    return words, sure and arched


@check.register(Smooth)
def _(demand: Smooth, made: Set) -> Answer:
    line, sure, _ = _line(demand.field, made)
    step = max((abs(one - other) for one, other in pairwise(line)), default=0.0)
    return f"{step:g} at most", sure and step <= demand.step + 1e-9


def _line(field: str, made: Set) -> tuple[list[Any], bool, str]:
    """The known values in the order of the members, whether that is enough, and the words for them."""
    raw = [facts.get(field) for facts in made.facts]
    line: list[Any] = [value for value in raw if reading.known(value)]
    return line, made.certain(field) or len(line) == len(raw), ", ".join(map(_short, line))


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


@check.register(Days)
def _(demand: Days, made: Set) -> Answer:
    holds, ends = True, []
    numbers = [member.day for member in made.members]
    holds &= numbers == sorted(numbers) and set(numbers) <= set(range(demand.days))
    for day in range(demand.days):
        visits = [
            (member.start, facts) for member, facts in zip(made.members, made.facts, strict=True) if member.day == day
        ]
        end = _end_of_day(demand, visits)
        holds &= end is not None and (not visits or end <= demand.end)
        ends.append(
            f"day {day + 1} " + ("cannot be timed" if end is None else f"ends {clock(end)}" if visits else "is free")
        )
    return ", ".join(ends), holds


def _end_of_day(plan: Days, visits: Sequence[tuple[float | None, Facts]]) -> float | None:
    """When the way back is over; None where a visit begins before it can or something is unknown."""
    free, before = float(plan.start), None
    for start, facts in visits:
        way, minutes = plan.travel.between(before, facts), plan.minutes(facts)
        if start is None or way is None or minutes is None or start < free + way:
            return None
        free, before = start + minutes, facts
    home = plan.travel.between(before, None) if visits else 0
    return None if home is None else free + home


@check.register(OpeningHours)
def _(demand: OpeningHours, made: Set) -> Answer:
    kept = 0
    for member, facts in zip(made.members, made.facts, strict=True):
        window = demand.window(facts)
        minutes = [plan.minutes(facts) or 0 for plan in made.brief.plans]
        if window is None:
            kept += bool(made.brief.missing & set(demand.fields))
        elif not minutes or member.start is None:
            kept += not minutes
        else:
            kept += window[0] <= member.start and member.start + minutes[0] <= window[1]
    return f"{kept} of {len(made.members)}", kept == len(made.members)


def _unknown(found: Sequence[object]) -> str:
    count = sum(one is None for one in found)
    return f", {count} unknown" if count else ""
