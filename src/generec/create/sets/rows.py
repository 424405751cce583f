"""Demands as whole-number rows over 0/1 columns: the exact model of everything but times and orders.

The first n columns say which items are members; P more place an item into a slot, where there are slots; auxiliary
columns follow. A row says low <= sum of coefficient * column <= high. Shapes: n items of the pool, P placings.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import singledispatch

import numpy as np

from generec.create.sets.brief import SetBrief
from generec.create.sets.pool import Floats, Ints, Mask, Pool
from generec.create.sets.rules import (
    Arc,
    AtMostPer,
    Avoid,
    Count,
    Days,
    Demand,
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
from generec.errors import InputError
from generec.records import Total
from generec.types import Condition


@dataclass(frozen=True)
class Row:
    """low <= sum of coefficients * columns <= high; None: no bound."""

    columns: Ints
    coefficients: Ints
    low: int | None
    high: int | None


@dataclass
class Space:
    """The columns of a model; `auxiliary` hands out more while rows are written."""

    pool: Pool
    missing: frozenset[str]
    item: Ints
    """(P,) which item a placing column places"""
    slot: Ints
    """(P,) number of the slot it is placed into"""
    names: tuple[tuple[str, ...], ...]
    """names by number: slots that take the same items and are asked the same count as one with several places"""
    width: int = 0

    def __post_init__(self) -> None:
        self.width = self.placed

    @property
    def items(self) -> Ints:
        """The columns of all items, which are the rows of the pool."""
        return np.arange(len(self.pool))

    @property
    def placed(self) -> int:
        """Where placing columns end and auxiliary ones begin."""
        return len(self.pool) + len(self.item)

    def within(self, slots: Sequence[str]) -> Ints:
        """The columns of members in these slots, or of all members."""
        if not slots:
            return self.items
        numbers = [number for number, names in enumerate(self.names) if names[0] in slots]
        return len(self.pool) + np.flatnonzero(np.isin(self.slot, numbers))

    def item_of(self, column: int) -> int:
        return column if column < len(self.pool) else int(self.item[column - len(self.pool)])

    def auxiliary(self, count: int) -> Ints:
        self.width += count
        return np.arange(self.width - count, self.width)


@dataclass(frozen=True)
class Program:
    """A space with the rows of some demands. rows: (number of the demand, row), -1 = not a demand."""

    space: Space
    demands: tuple[Demand, ...]
    rows: tuple[tuple[int, Row], ...]

    def slots(self, columns: Ints) -> dict[str, str]:
        """The members among the true columns, with the names of their slots ('' without slots)."""
        space, count = self.space, len(self.space.pool)
        found = {space.pool.item_ids[column]: "" for column in columns.tolist() if column < count}
        left = [list(names) for names in space.names]
        for column in columns[(columns >= count) & (columns < space.placed)].tolist():
            found[space.pool.item_ids[space.item_of(column)]] = left[space.slot[column - count]].pop(0)
        return found


def program(
    pool: Pool, brief: SetBrief, demands: Sequence[Demand], known: Sequence[tuple[frozenset[str], int]] = ()
) -> Program:
    """The rows of the demands given (of the brief, or some of them) over all items of the pool.

    Where a slot of the brief is not demanded, items may also be placed freely. known: sets of which at most so many
    members may come back.
    """
    slots = [demand for demand in demands if isinstance(demand, Slot)]
    space = _space(pool, brief, slots)
    written = []
    for number, demand in enumerate(demands):
        out = np.flatnonzero(excluded(demand, pool, brief.missing))
        if len(out):
            written.append((number, at_most(out, 0)))
        written.extend((number, row) for row in rows(demand, space))
    if slots:
        written.extend((-1, row) for row in _placed(space, free=len(slots) < len(brief.slots)))
    for item_ids, most in known:
        inside = [row for row, item_id in enumerate(pool.item_ids) if item_id in item_ids]
        written.append((-1, at_most(np.array(inside, dtype=np.int64), most)))
    return Program(space, tuple(demands), tuple(written))


def _space(pool: Pool, brief: SetBrief, slots: Sequence[Slot]) -> Space:
    alike: dict[tuple[object, ...], list[Slot]] = defaultdict(list)
    lists = [rule.slots for rule in brief.rules if isinstance(rule, AtMostPer | Same)]
    apart = brief.order is None and brief.flow is not None  # the order of the slots is that of the members
    for slot in slots:
        asked = tuple(slot.name in names for names in lists)
        alike[slot.conditions, slot.optional, asked, slot.name if apart else ""].append(slot)
    items = [np.flatnonzero(fitting(pool, group[0], brief.missing)) for group in alike.values()]
    numbers = [np.full(len(several), number) for number, several in enumerate(items)]
    none = np.empty(0, dtype=np.int64)
    names = tuple(tuple(slot.name for slot in group) for group in alike.values())
    return Space(pool, brief.missing, np.concatenate([none, *items]), np.concatenate([none, *numbers]), names)


def fitting(pool: Pool, slot: Slot, missing: frozenset[str]) -> Mask:
    """Items that a slot can take, (n,)."""
    fits = np.ones(len(pool), dtype=np.bool_)
    for condition in slot.conditions:
        fits &= pool.holds(condition, condition.field in missing)
    return fits


def _placed(space: Space, free: bool) -> list[Row]:
    """Every member is in one slot (free: or in none)."""
    columns: dict[int, list[int]] = defaultdict(list)
    for column, item in enumerate(space.item.tolist(), start=len(space.pool)):
        columns[item].append(column)
    return [
        Row(np.array([item, *columns[item]]), np.array([-1] + [1] * len(columns[item])), None if free else 0, 0)
        for item in space.items.tolist()
    ]


def at_most(columns: Ints, high: int) -> Row:
    return Row(columns, np.ones(len(columns), dtype=np.int64), None, high)


def at_least(columns: Ints, low: int) -> Row:
    return Row(columns, np.ones(len(columns), dtype=np.int64), low, None)


@singledispatch
def excluded(demand: object, pool: Pool, missing: frozenset[str]) -> Mask:
    """Items that the demand rules out whatever else is in the set, (n,)."""
    return np.zeros(len(pool), dtype=np.bool_)


@excluded.register(Condition)
def _(demand: Condition, pool: Pool, missing: frozenset[str]) -> Mask:
    return ~pool.holds(demand, demand.field in missing)


@excluded.register(Avoid)
def _(demand: Avoid, pool: Pool, missing: frozenset[str]) -> Mask:
    return np.array([item_id == demand.item_id for item_id in pool.item_ids], dtype=np.bool_)


@excluded.register(Total)
@excluded.register(Sorted)
@excluded.register(Arc)
@excluded.register(Smooth)
def _(demand: Total | Sorted | Arc | Smooth, pool: Pool, missing: frozenset[str]) -> Mask:
    return np.isnan(pool.numbers(demand.field)) & (demand.field not in missing)


@excluded.register(OpeningHours)
def _(demand: OpeningHours, pool: Pool, missing: frozenset[str]) -> Mask:
    if missing & set(demand.fields):
        return np.zeros(len(pool), dtype=np.bool_)
    return np.isnan(pool.numbers(demand.opens)) | np.isnan(pool.numbers(demand.closes))


@excluded.register(Days)
def _(demand: Days, pool: Pool, missing: frozenset[str]) -> Mask:
    for field in demand.fields:
        pool.column(field)
    facts = pool.facts()
    return np.array([demand.minutes(one) is None or demand.travel.between(one, one) is None for one in facts])


@singledispatch
def rows(demand: object, space: Space) -> list[Row]:
    """What the demand says of the members together."""
    return []


@rows.register(Size)
def _(demand: Size, space: Space) -> list[Row]:
    return [Row(space.items, np.ones(len(space.pool), dtype=np.int64), demand.low, demand.high)]


@rows.register(Slot)
def _(demand: Slot, space: Space) -> list[Row]:
    names = next((names for names in space.names if names[0] == demand.name), ())
    columns = space.within(names[:1])
    low = 0 if demand.optional else len(names)
    return [Row(columns, np.ones(len(columns), dtype=np.int64), low, len(names))] if names else []


@rows.register(Include)
def _(demand: Include, space: Space) -> list[Row]:
    row = space.pool.rows.get(demand.item_id)
    return [at_least(np.array([] if row is None else [row], dtype=np.int64), 1)]


@rows.register(Count)
def _(demand: Count, space: Space) -> list[Row]:
    found = []
    if demand.low > 0:
        found.append(at_least(np.flatnonzero(space.pool.holds(demand.condition, False)), demand.low))
    if demand.high is not None:
        possible = space.pool.holds(demand.condition, demand.condition.field not in space.missing)
        found.append(at_most(np.flatnonzero(possible), demand.high))
    return found


@rows.register(Total)
def _(demand: Total, space: Space) -> list[Row]:
    values = np.nan_to_num(space.pool.numbers(demand.field))
    scale, exact = _scale(values, demand.field)
    columns, slip = space.items, 1e-6 if exact else 1.0
    # Where values are no decimals, each bound is rounded so that no valid set is lost: what slips through lies within
    # a millionth per member, which is the validator's tolerance.
    down, up = (np.rint, np.rint) if exact else (np.floor, np.ceil)
    found = []
    if demand.low is not None:
        found.append(Row(columns, up(values * scale).astype(np.int64), math.ceil(demand.low * scale - slip), None))
    if demand.high is not None:
        found.append(Row(columns, down(values * scale).astype(np.int64), None, math.floor(demand.high * scale + slip)))
    return found


def _scale(values: Floats, field: str) -> tuple[int, bool]:
    """The power of ten that makes the values whole, and whether it does; a million where none up to 10^4 does."""
    for digits in range(5):
        scaled = values * 10**digits
        if np.abs(scaled - np.rint(scaled)).max(initial=0.0) < 1e-7:
            return 10**digits, True
    if np.abs(values).sum() > 2**40:
        raise InputError(f"the values of {field!r} are too large to be summed exactly; use a larger unit")
    return 10**6, False


@rows.register(AtMostPer)
def _(demand: AtMostPer, space: Space) -> list[Row]:
    groups, unknown = _groups(demand.field, demand.slots, space)
    if demand.field in space.missing:
        unknown = []
    found = [np.array(columns + unknown) for columns in groups.values() if len(columns) + len(unknown) > demand.most]
    if len(unknown) > demand.most:
        found.append(np.array(unknown))
    return [at_most(columns, demand.most) for columns in found]


def _groups(field: str, slots: tuple[str, ...], space: Space) -> tuple[dict[str, list[int]], list[int]]:
    """Columns (of the slots) by value, and those without a known one."""
    groups: dict[str, list[int]] = defaultdict(list)
    unknown: list[int] = []
    values = space.pool.values(field)
    for column in space.within(slots).tolist():
        several = values[space.item_of(column)]
        if several is None:
            unknown.append(column)
        for value in several or ():
            groups[value].append(column)
    return groups, unknown


@rows.register(Same)
def _(demand: Same, space: Space) -> list[Row]:
    """One auxiliary column per value: exactly one is chosen, and every member has it."""
    groups, unknown = _groups(demand.field, demand.slots, space)
    agreed = space.auxiliary(len(groups))
    found = [Row(agreed, np.ones(len(agreed), dtype=np.int64), None, 1)]
    having: dict[int, list[int]] = defaultdict(list)
    for value, columns in zip(agreed.tolist(), groups.values(), strict=True):
        for column in columns:
            having[column].append(value)
    let_pass = set(unknown) if demand.field in space.missing else set()
    for column in space.within(demand.slots).tolist():
        if column not in let_pass:
            agreeing = np.array([column, *having[column]])
            found.append(Row(agreeing, np.array([1] + [-1] * len(having[column])), None, 0))
    return found


@rows.register(NoNearDuplicates)
def _(demand: NoNearDuplicates, space: Space) -> list[Row]:
    unit = space.pool.unit
    alike = np.empty((len(unit), len(unit)), dtype=np.bool_)
    for start in range(0, len(unit), 512):
        alike[start : start + 512] = unit[start : start + 512] @ unit.T > demand.threshold
    np.fill_diagonal(alike, False)
    return [at_most(np.array(clique), 1) for clique in _cliques(alike)]


def _cliques(alike: Mask) -> list[list[int]]:
    """Groups of mutually alike items that together cover every alike pair."""
    left, found = alike.copy(), []
    for first in range(len(alike)):
        while left[first].any():
            clique, common = [first], alike[first].copy()
            while common.any():
                choice = common & left[first]
                member = int(np.argmax(choice if choice.any() else common))
                clique.append(member)
                common &= alike[member]
            left[np.ix_(clique, clique)] = False
            found.append(clique)
    return found


@rows.register(Novelty)
def _(demand: Novelty, space: Space) -> list[Row]:
    share = Fraction(demand.share).limit_denominator(10**6)
    new = np.array([item_id not in demand.seen for item_id in space.pool.item_ids], dtype=np.bool_)
    return [Row(space.items, share.denominator * new - share.numerator, 0, None)]


@rows.register(Smooth)
def _(demand: Smooth, space: Space) -> list[Row]:
    """In the order of the field every member but the last has another within the step above it.

    No order has a smaller largest step than the sorted one: whoever goes from the lowest to the highest crosses every
    gap between. One auxiliary column per item says who is last.
    """
    values = space.pool.numbers(demand.field)
    order = np.argsort(values, kind="stable")
    order = order[: int(np.isfinite(values).sum())]
    last = space.auxiliary(len(order))
    found = [at_most(last, 1)]
    ends = np.searchsorted(values[order], values[order] + demand.step + 1e-9, side="right")
    for place, (column, end) in enumerate(zip(order.tolist(), ends.tolist(), strict=True)):
        near = order[place + 1 : end]
        columns = np.concatenate([[column, last[place]], near]).astype(np.int64)
        found.append(Row(columns, np.array([1, -1] + [-1] * len(near)), None, 0))
    return found
