"""Sets in plain sentences: what is demanded, why a member is there, a title. Facts only; nothing is made up."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from generec.create.sets import facts as reading
from generec.create.sets.brief import SetBrief
from generec.create.sets.pool import Pool
from generec.create.sets.rules import (
    Arc,
    AtMostPer,
    Avoid,
    Count,
    Days,
    Demand,
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
    fields,
)
from generec.records import Evidence, Total
from generec.types import Condition

_LONG = 40  # letters; longer values are prose, not attributes


def quantity(value: float, field: str, brief: SetBrief) -> str:
    """A number with the unit of its field."""
    unit = dict(brief.units).get(field)
    return f"{round(value, 4):.10g}" + (f" {unit}" if unit else "")


def clock(minutes: float) -> str:
    """Minutes after midnight as a time of day."""
    return f"{int(minutes // 60) % 24}:{int(minutes % 60):02d}"


@singledispatch
def describe(demand: object, brief: SetBrief) -> str:
    """A demand in words."""
    raise TypeError(f"no words are written for {type(demand).__name__}")


@describe.register(Size)
def _(demand: Size, brief: SetBrief) -> str:
    return f"{_range(demand.low, demand.high)} members"


@describe.register(Condition)
def _(demand: Condition, brief: SetBrief) -> str:
    return f"every member: {demand}"


@describe.register(Total)
def _(demand: Total, brief: SetBrief) -> str:
    low, high = (None if one is None else quantity(one, demand.field, brief) for one in (demand.low, demand.high))
    bounds = [*(() if low is None else (f"at least {low}",)), *(() if high is None else (f"at most {high}",))]
    return f"{demand.field} in all " + (" and ".join(bounds) or "known")


@describe.register(Count)
def _(demand: Count, brief: SetBrief) -> str:
    return f"{_range(demand.low, demand.high)} with {demand.condition}"


@describe.register(AtMostPer)
def _(demand: AtMostPer, brief: SetBrief) -> str:
    return f"at most {demand.most} of the same {demand.field}{_within(demand.slots)}"


@describe.register(Same)
def _(demand: Same, brief: SetBrief) -> str:
    return f"one {demand.field} in common{_within(demand.slots)}"


@describe.register(Include)
def _(demand: Include, brief: SetBrief) -> str:
    return f"with {demand.item_id}"


@describe.register(Avoid)
def _(demand: Avoid, brief: SetBrief) -> str:
    return f"without {demand.item_id}"


@describe.register(NoNearDuplicates)
def _(demand: NoNearDuplicates, brief: SetBrief) -> str:
    return f"no two more alike than {demand.threshold:g}"


@describe.register(Novelty)
def _(demand: Novelty, brief: SetBrief) -> str:
    return f"at least {100 * demand.share:g} % new to the person"


@describe.register(Slot)
def _(demand: Slot, brief: SetBrief) -> str:
    what = ", ".join(map(str, demand.conditions)) or "any item"
    return f"{demand.name}{' (optional)' if demand.optional else ''}: {what}"


@describe.register(Sorted)
def _(demand: Sorted, brief: SetBrief) -> str:
    return f"{demand.field} never {'rises' if demand.descending else 'falls'}"


@describe.register(Arc)
def _(demand: Arc, brief: SetBrief) -> str:
    return f"{demand.field} rises, then falls"


@describe.register(Smooth)
def _(demand: Smooth, brief: SetBrief) -> str:
    return f"{demand.field} changes by at most {quantity(demand.step, demand.field, brief)} at a time"


@describe.register(Days)
def _(demand: Days, brief: SetBrief) -> str:
    days = "one day" if demand.days == 1 else f"{demand.days} days"
    kind = " (estimate)" if demand.travel.estimate else ""
    return f"{days} from {clock(demand.start)} to {clock(demand.end)}, travel{kind} included"


@describe.register(OpeningHours)
def _(demand: OpeningHours, brief: SetBrief) -> str:
    return "every visit within opening hours"


def _range(low: int, high: int | None) -> str:
    if low == high:
        return str(low)
    if high is None:
        return f"at least {low}"
    return f"{low} to {high}" if low else f"at most {high}"


def _within(slots: Sequence[str]) -> str:
    return f" among {', '.join(slots)}" if slots else ""


@dataclass(frozen=True)
class Shared:
    """The attribute that tells most about a set, and how many members have it; the default: they share nothing."""

    field: str = ""
    value: str = ""
    count: int = 0


def shared(members: Sequence[Facts], pool: Pool) -> Shared:
    """What members have in common, short text values only: the most surprising, count * log(1 / share of the pool)."""
    counts: Counter[tuple[str, str]] = Counter()
    for facts in members:
        for field, value in facts.items():
            if field != "item_id" and isinstance(value, str | list):
                counts.update((field, one) for one in reading.values(facts, field) or () if len(one) <= _LONG)
    several = [(pair, count) for pair, count in counts.most_common(20) if count > 1]
    everywhere = {field: Counter(one for values in pool.values(field) for one in values or ())
                  for field in {pair[0] for pair, _ in several}}  # fmt: skip
    told = [(count * math.log(len(pool) / everywhere[field][value]), count) for (field, value), count in several]
    if not several or max(told)[0] <= 0:
        return Shared()
    (field, value), count = several[told.index(max(told))]
    return Shared(field, value, count)


def title(brief: SetBrief, size: int, common: Shared) -> str:
    """The kind of set, its size and what its members share."""
    words = f"{brief.name[:1].upper()}{brief.name[1:]} of {size}"
    if common.count == size > 1:
        return f"{words}: {common.value}"
    return f"{words}: mostly {common.value}" if common.count >= 0.6 * size > 1 else words


def reason(brief: SetBrief, facts: Facts, common: Shared, most: int = 3) -> tuple[str, tuple[Evidence, ...]]:
    """Why an item is in, and the evidence: its facts that the brief asks about, then what it shares with the others."""
    asked = dict.fromkeys(name for demand in brief.demands for name in _spoken(demand))
    known = [name for name in asked if name in facts and reading.known(facts[name])][:most]
    parts = [_fact(brief, facts, name) for name in known]
    if common.count and common.value in (reading.values(facts, common.field) or ()) and common.field not in known:
        parts.append(f"{common.field} {common.value}, as {common.count - 1} other{'s' if common.count > 2 else ''}")
        known.append(common.field)
    proofs = [
        Evidence(f"{facts['item_id']}.{name}", _text(facts[name]), facts["item_id"], name, trust="field")
        for name in known
    ]
    return ", ".join(parts), tuple(proofs)


def _spoken(demand: Demand) -> tuple[str, ...]:
    """Fields worth naming in a reason: not what every member or every plan has in common."""
    if isinstance(demand, Condition | OpeningHours):
        return ()
    return (demand.visit,) if isinstance(demand, Days) else fields(demand)


def _fact(brief: SetBrief, facts: Facts, field: str) -> str:
    value = facts[field]
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = quantity(float(value), field, brief)
        return number if field in dict(brief.units) else f"{field} {number}"
    return f"{field} {_text(value)}"


def _text(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
