"""Demands as whole-number rows over 0/1 columns: the exact model of everything but times and orders.

A column places one item into one slot (the free slot, -1, where there are none); auxiliary columns follow. A row says
low <= sum of coefficient * column <= high. Shapes: C placing columns, n items of the pool.
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
    """(C,) row of the pool"""
    slot: Ints
    """(C,) slot number, -1 = free"""
    names: tuple[str, ...]
    """slot names by number"""
    width: int = 0

    def __post_init__(self) -> None:
        self.width = len(self.item)

    def where(self, mask: Mask, slots: Sequence[str] = ()) -> Ints:
        """Columns of the items of the mask, in these slots or in all."""
        within = mask[self.item]
        if slots:
            within &= np.isin(self.slot, [number for number, name in enumerate(self.names) if name in slots])
        return np.flatnonzero(within)

    def auxiliary(self, count: int) -> Ints:
        self.width += count
        return np.arange(self.width - count, self.width)


@dataclass(frozen=True)
class Program:
    """A space with the rows of some demands. rows: (number of the demand, row), -1 = not a demand."""

    space: Space
    demands: tuple[Demand, ...]
    rows: tuple[tuple[int, Row], ...]


def program(
    pool: Pool, brief: SetBrief, demands: Sequence[Demand], known: Sequence[tuple[frozenset[str], int]] = ()
) -> Program:
    """The rows of the demands given (of the brief, or some of them) over all items of the pool.

    Where a slot of the brief is not demanded, items may also be placed freely. known: sets of which at most so many
    members may come back.
    """
    slots = [demand for demand in demands if isinstance(demand, Slot)]
    space = _space(pool, brief, slots, free=len(slots) < max(1, len(brief.slots)))
    written = []
    for number, demand in enumerate(demands):
        out = space.where(excluded(demand, pool, brief.missing))
        if len(out):
            written.append((number, at_most(out, 0)))
        written.extend((number, row) for row in rows(demand, space))
    if len(np.unique(space.item)) < len(space.item):
        columns = defaultdict(list)
        for column, item in enumerate(space.item.tolist()):
            columns[item].append(column)
        written.extend((-1, at_most(np.array(several), 1)) for several in columns.values() if len(several) > 1)
    for item_ids, most in known:
        inside = np.array([item_id in item_ids for item_id in pool.item_ids], dtype=np.bool_)
        written.append((-1, at_most(space.where(inside), most)))
    return Program(space, tuple(demands), tuple(written))


def _space(pool: Pool, brief: SetBrief, slots: Sequence[Slot], free: bool) -> Space:
    items, numbers = [], []
    for number, slot in enumerate(slots):
        fits = np.ones(len(pool), dtype=np.bool_)
        for condition in slot.conditions:
            fits &= pool.holds(condition, condition.field in brief.missing)
        items.append(np.flatnonzero(fits))
        numbers.append(np.full(len(items[-1]), number))
    if free:
        items.append(np.arange(len(pool)))
        numbers.append(np.full(len(pool), -1))
    names = tuple(slot.name for slot in slots)
    return Space(pool, brief.missing, np.concatenate(items), np.concatenate(numbers), names)


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
    return [Row(np.arange(len(space.item)), np.ones(len(space.item), dtype=np.int64), demand.low, demand.high)]


@rows.register(Slot)
def _(demand: Slot, space: Space) -> list[Row]:
    columns = np.flatnonzero(space.slot == space.names.index(demand.name))
    return [Row(columns, np.ones(len(columns), dtype=np.int64), 0 if demand.optional else 1, 1)]


@rows.register(Include)
def _(demand: Include, space: Space) -> list[Row]:
    row = space.pool.rows.get(demand.item_id, -1)
    return [at_least(np.flatnonzero(space.item == row), 1)]


@rows.register(Count)
def _(demand: Count, space: Space) -> list[Row]:
    found = []
    if demand.low > 0:
        found.append(at_least(space.where(space.pool.holds(demand.condition, False)), demand.low))
    if demand.high is not None:
        possible = space.pool.holds(demand.condition, demand.condition.field not in space.missing)
        found.append(at_most(space.where(possible), demand.high))
    return found


@rows.register(Total)
def _(demand: Total, space: Space) -> list[Row]:
    values = np.nan_to_num(space.pool.numbers(demand.field))[space.item]
    scale, exact = _scale(values, demand.field)
    columns, slip = np.arange(len(values)), 1e-6 if exact else 1.0
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
    for column in space.where(np.ones(len(space.pool), dtype=np.bool_), slots).tolist():
        several = values[space.item[column]]
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
    everywhere = space.where(np.ones(len(space.pool), dtype=np.bool_), demand.slots)
    let_pass = set(unknown) if demand.field in space.missing else set()
    for column in everywhere.tolist():
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
    return [at_most(np.flatnonzero(np.isin(space.item, clique)), 1) for clique in _cliques(alike)]


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
    new = np.array([item_id not in demand.seen for item_id in space.pool.item_ids], dtype=np.bool_)[space.item]
    return [Row(np.arange(len(new)), share.denominator * new - share.numerator, 0, None)]


@rows.register(Smooth)
def _(demand: Smooth, space: Space) -> list[Row]:
    """In the order of the field every member but the last has another within the step above it.

    No order has a smaller largest step than the sorted one: whoever goes from the lowest to the highest crosses every
    gap between. One auxiliary column per column says who is last.
    """
    values = space.pool.numbers(demand.field)[space.item]
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
