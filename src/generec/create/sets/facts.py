"""What a condition says of one item's raw fields, in plain Python; the meaning is that of data/conditions.py."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from generec.create.sets.rules import Facts
from generec.errors import UsageError
from generec.types import Condition

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt, "<=": operators.le, ">": operators.gt, ">=": operators.ge,
}  # fmt: skip
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def known(value: object) -> bool:
    """Whether a field has a value: neither None nor NaN."""
    return value is not None and value == value


def number(facts: Facts, field: str) -> float | None:
    value = facts.get(field)
    return float(value) if value is not None and value == value else None


def values(facts: Facts, field: str) -> tuple[str, ...] | None:
    """The values of a field as text, each once; a list has several. None where it is not known."""
    value = facts.get(field)
    if not known(value):
        return None
    several = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(str(element) for element in several if known(element)))


def holds(facts: Facts, condition: Condition) -> bool | None:
    """Whether the item fulfils the condition; None where the field has no value.

    Raises UsageError where the condition's value or operator does not suit what the field holds.
    """
    value = facts.get(condition.field)
    if condition.field == "origin" and not known(value):
        value = "human"
    if not known(value):
        return None
    if isinstance(value, list | tuple):
        negated = condition.operator in ("!=", "not in")
        positive = {"!=": "=", "not in": "in"}.get(condition.operator, condition.operator)
        return any(_fits(element, positive, condition) for element in value if known(element)) != negated
    return _fits(value, condition.operator, condition)


def _fits(value: Any, operator: str, condition: Condition) -> bool:
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if operator == "contains":
        if not isinstance(value, str):
            raise UsageError(f"the field {condition.field!r} is no text; contains cannot search it")
        return str(wanted[0]).lower() in value.lower()
    value = _comparable(value)
    read = [_read(value, one, condition) for one in wanted]
    if operator in _ORDERED:
        if isinstance(value, str | bool):
            raise UsageError(f"the field {condition.field!r} has no order; use =, != or in")
        return _ORDERED[operator](value, read[0])
    return (value in read) != (operator in ("!=", "not in"))


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    return value


def _read(value: Any, wanted: str | float, condition: Condition) -> Any:
    """What was asked for, as the kind of thing that the field holds."""
    try:
        if isinstance(value, bool):
            return _TRUTH[str(wanted).lower()]
        if isinstance(value, int | float):
            return float(wanted)
        return _comparable(datetime.fromisoformat(str(wanted).strip())) if isinstance(value, datetime) else str(wanted)
    except (KeyError, ValueError):
        raise UsageError(f"the field {condition.field!r} holds values like {value!r}, got {wanted!r}") from None
