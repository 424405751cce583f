"""Conditions on one field: which takes the place of which, and which no item can meet together."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from generec.records import Question, Reading
from generec.types import Condition

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def ordered(condition: Condition) -> bool:
    """Whether a condition bounds a number or a date, or fixes it."""
    return condition.operator in ("<", "<=", ">", ">=") or (
        condition.operator == "="
        and isinstance(condition.value, str)
        and re.fullmatch(r"-?[\d.]+|\d{4}-\d\d-\d\d", condition.value) is not None
    )


def listed(condition: Condition) -> tuple[str, ...]:
    """The values of a condition, also of one that holds a single one."""
    return condition.value if isinstance(condition.value, tuple) else (str(condition.value),)


def overruled(old: Condition, new: Condition) -> bool:
    """Whether a new condition takes an old one's place."""
    if old.field != new.field or old == new:
        return False
    if ordered(old) and ordered(new):
        return side(old) == side(new) or 0 in (side(old), side(new)) or not _compatible(old, new)
    return opposed(old, new, 1)


def opposed(old: Condition, new: Condition, sign: int) -> bool:
    """The same value wanted before and refused now, or the other way round."""
    if old.field != new.field:
        return False
    wanted = ("=", "in")
    before = old.operator in wanted
    now = (new.operator in wanted) == (sign > 0)
    if (
        before == now
        or old.operator not in ("=", "in", "!=", "not in")
        or new.operator not in ("=", "in", "!=", "not in")
    ):
        return False
    return set(listed(old)) <= set(listed(new))


def excluding(refused: Sequence[Condition], stated: Sequence[Condition]) -> tuple[Condition, ...]:
    """What a refused number or range excludes: nothing where bounds stated beside it do already (`80s, not 90s`)."""
    field, values = refused[0].field, [one.value for one in refused]
    if len(values) == 1:
        return (Condition(field, "!=", values[0]),) if refused[0].operator == "=" else ()
    if not all(isinstance(value, float) for value in values):
        return ()
    beside = [one for one in stated if one.field == field and one.operator in _COMPARE]
    if any(not any(_COMPARE[one.operator](value, one.value) for value in values) for one in beside):
        return ()
    first, last = (int(float(str(value))) for value in values)
    return (Condition(field, "not in", tuple(map(str, range(first, last + 1)))),)


def side(condition: Condition) -> int:
    """-1 for a bound from above, 1 for one from below, 0 for any other condition."""
    return {"<": -1, "<=": -1, ">": 1, ">=": 1}.get(condition.operator, 0)


def _compatible(one: Condition, other: Condition) -> bool:
    """Whether a lower and an upper bound leave anything."""
    upper, lower = (one, other) if side(one) < 0 else (other, one)
    high, low = upper.value, lower.value
    if type(high) is not type(low):
        return True
    meet = low == high and upper.operator == "<=" and lower.operator == ">="
    return meet or bool(low < high)  # type: ignore[operator]


def contradictory(conditions: Sequence[Condition], single: Collection[str]) -> tuple[Condition, Condition] | None:
    """Two hard conditions that no item can meet together; None where there are none."""
    for at, one in enumerate(conditions):
        for other in conditions[at + 1 :]:
            if one.field == other.field and _clash(one, other, one.field in single):
                return one, other
    return None


def clash(conditions: Sequence[Condition], single: Collection[str]) -> Question | None:
    """What to ask where hard conditions contradict each other."""
    found = contradictory(conditions, single)
    if found is None:
        return None
    one, other = str(found[0]), str(found[1])
    text = f"Nothing can be both “{one}” and “{other}”; which of them counts?"
    return Question(text, (one, other), (Reading(hard=found[0]), Reading(hard=found[1])))


def _clash(one: Condition, other: Condition, single: bool) -> bool:
    wanted = ("=", "in")
    if ordered(one) and ordered(other):
        if side(one) and side(other):
            return side(one) != side(other) and not _compatible(one, other)
        return not _meets(one, other)
    if one.operator in wanted and other.operator in wanted:
        return single and not set(listed(one)) & set(listed(other))
    if {one.operator, other.operator} <= {"=", "in", "!=", "not in"} and (one.operator in wanted) != (
        other.operator in wanted
    ):
        yes, no = (one, other) if one.operator in wanted else (other, one)
        return set(listed(yes)) <= set(listed(no))
    return False


def _meets(one: Condition, other: Condition) -> bool:
    fixed, bound = (one, other) if side(one) == 0 else (other, one)
    if side(bound) == 0:
        return str(fixed.value) == str(bound.value)
    value, limit = fixed.value, bound.value
    if isinstance(limit, float):
        try:
            return _COMPARE[bound.operator](float(str(value)), limit)
        except ValueError:
            return True
    return _COMPARE[bound.operator](str(value), str(limit))
