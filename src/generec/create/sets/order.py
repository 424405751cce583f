"""The order of the members of a set that is chosen already. Shapes: k members."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import numpy as np

from generec.create.sets.objective import Goal
from generec.create.sets.pool import Floats, Ints, Mask
from generec.create.sets.rules import Arc, Smooth, Sorted


def arrange(goal: Goal, slots: Sequence[str]) -> Ints:
    """All items of the goal's pool in order: as demanded, by the slot that each fills, by flow or by relevance."""
    brief, following = goal.brief, goal.following
    by_relevance = np.argsort(-goal.relevance, kind="stable")
    if brief.order is not None:
        values = goal.pool.numbers(brief.order.field)
        return placed(brief.order, values, following, by_relevance)
    if brief.slots:
        names = [slot.name for slot in brief.slots]
        return np.argsort([names.index(slot) for slot in slots], kind="stable")
    if following is None:
        return by_relevance
    return _flowing(by_relevance, following, np.ones_like(following, dtype=np.bool_))


@singledispatch
def placed(order: object, values: Floats, following: Floats | None, members: Ints) -> Ints:
    """Members in the order demanded of their values (k,); unknown values, where they are let pass, stand last."""
    raise TypeError(f"no arrangement is written for {type(order).__name__}")


@placed.register(Sorted)
def _(order: Sorted, values: Floats, following: Floats | None, members: Ints) -> Ints:
    keys = -values[members] if order.descending else values[members]
    return members[np.argsort(keys, kind="stable")]  # NaN sorts last


@placed.register(Arc)
def _(order: Arc, values: Floats, following: Floats | None, members: Ints) -> Ints:
    """Every other of the sorted members rises; the others fall."""
    known = members[np.isfinite(values[members])]
    ascending = known[np.argsort(values[known], kind="stable")]
    return np.concatenate([ascending[::2], ascending[1::2][::-1], members[~np.isfinite(values[members])]])


@placed.register(Smooth)
def _(order: Smooth, values: Floats, following: Floats | None, members: Ints) -> Ints:
    known = members[np.isfinite(values[members])]
    ascending = known[np.argsort(values[known], kind="stable")]
    if following is not None:
        near = np.abs(values[:, None] - values[None, :]) <= order.step + 1e-9
        ascending = _improved(ascending, following, near)
    return np.concatenate([ascending, members[~np.isfinite(values[members])]])


def _flowing(members: Ints, following: Floats, allowed: Mask) -> Ints:
    """From the most relevant on always the best follower, then improved."""
    left, order = members.tolist()[1:], [int(members[0])]
    while left:
        order.append(max(left, key=lambda member: following[order[-1], member]))
        left.remove(order[-1])
    return _improved(np.array(order), following, allowed)


def _improved(order: Ints, following: Floats, allowed: Mask, rounds: int = 100) -> Ints:
    """Best reversals of a stretch (2-opt on an open path) until none helps; a step that is not allowed is never made.

    Reversing [a, b] replaces two steps at its ends and turns those inside, whose worth is taken from running sums.
    """
    barred = np.where(allowed, following, -np.inf)
    count = len(order)
    first, last = np.triu_indices(count, 1)
    for _ in range(rounds):
        ahead, behind = barred[order[:-1], order[1:]], barred[order[1:], order[:-1]]
        turned = np.concatenate([[0.0], np.cumsum(behind - ahead)])
        before = np.where(first > 0, first - 1, 0)
        after = np.where(last < count - 1, last + 1, count - 1)
        entering = barred[order[before], order[last]] - barred[order[before], order[first]]
        leaving = barred[order[first], order[after]] - barred[order[last], order[after]]
        gain = (
            np.where(first > 0, entering, 0.0) + np.where(last < count - 1, leaving, 0.0) + turned[last] - turned[first]
        )
        best = int(np.argmax(gain)) if count > 1 else 0
        if count < 2 or not gain[best] > 1e-9:
            return order
        order = order.copy()
        order[first[best] : last[best] + 1] = order[first[best] : last[best] + 1][::-1]
    return order
