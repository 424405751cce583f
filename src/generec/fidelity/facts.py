"""The catalogue as the checks read it: one mapping of field to value per item, and whether a condition holds there.

An independent reader of the raw fields: what a maker says about its own draft is not looked at. Conditions mean what
docs and data/conditions.py say they mean; the tests compare the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from generec.errors import UsageError
from generec.types import TEXT_FIELDS, Catalog, Condition, Operator

Facts = Mapping[str, Any]
"""Field -> value of one item; lists for multi-valued fields, None for what is not known."""

_POSITIVE: dict[Operator, Operator] = {"!=": "=", "not in": "in"}
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def facts_of(catalog: Catalog, item_ids: Sequence[str]) -> dict[str, Facts]:
    """The facts of some items; ids that the catalogue lacks are left out."""
    rows = catalog.known_rows(list(dict.fromkeys(item_ids)))
    return {row["item_id"]: row for row in catalog.frame[rows].to_dicts()}


def described(facts: Facts) -> str:
    """All words that the publisher supplied about an item."""
    values = [facts.get(name) for name in (*TEXT_FIELDS, *(name for name in facts if name not in TEXT_FIELDS))]
    return "\n".join(text for value in values for text in _texts_in(value))


def holds(condition: Condition, facts: Facts) -> bool | None:
    """Whether an item satisfies a condition; None where its value is missing, which promises nothing.

    Raises UsageError when operator or value do not suit the field.
    """
    value = facts.get(condition.field)
    if value is None and condition.field == "origin":
        value = "human"
    if value is None or value != value:
        return None
    if not isinstance(value, list | tuple):
        return _single(value, condition)
    if condition.operator in ("<", "<=", ">", ">="):
        raise UsageError(f"the field {condition.field!r} holds lists, which have no order; use =, in or contains")
    positive = _POSITIVE.get(condition.operator, condition.operator)
    asked = Condition(condition.field, positive, condition.value)
    found = any(_single(element, asked) for element in value if element is not None)
    return found is (positive == condition.operator)


def _single(value: Any, condition: Condition) -> bool:
    asked = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    if condition.operator == "contains":
        if not isinstance(value, str):
            raise UsageError(f"the field {condition.field!r} is no text; contains cannot search it")
        return str(asked[0]).lower() in value.lower()
    if condition.operator in ("=", "!=", "in", "not in"):
        within = any(_like(value, one) == _comparable(value) for one in asked)
        return within is (condition.operator in ("=", "in"))
    if isinstance(value, str | bool):
        raise UsageError(f"the field {condition.field!r} holds {type(value).__name__}, which has no order; use = or in")
    here, there = _comparable(value), _like(value, asked[0])
    compared: dict[str, bool] = {"<": here < there, "<=": here <= there, ">": here > there, ">=": here >= there}
    return compared[condition.operator]


def _comparable(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return datetime(value.year, value.month, value.day) if isinstance(value, date) else value


def _like(value: Any, asked: str | float) -> Any:
    """What was asked for, in the type of the field."""
    try:
        if isinstance(value, bool):
            return _TRUTH[str(asked).lower()]
        if isinstance(value, int | float):
            return float(asked)
        if isinstance(value, date):
            return _comparable(datetime.fromisoformat(str(asked).strip()))
    except (KeyError, ValueError):
        raise UsageError(f"{asked!r} cannot be compared with {value!r}") from None
    return str(asked)


def _texts_in(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for element in value for text in _texts_in(element)]
    return [value] if isinstance(value, str) and value else []
