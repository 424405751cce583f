"""One grammar for conditions everywhere: command-line filters, the API, guidance.

    field = v     field != v     field < v     field <= v     field > v     field >= v
    field in a|b     field not in a|b     field contains w

Fields and values may stand in single or double quotes, with a backslash before a quote inside: `title contains "red
wine"`. Nothing of the text is ever executed: it becomes a `Condition`, and that a polars expression.

Meaning, by the type of the column:

- text: `=` and `in` compare whole values exactly; `contains` finds a part, ignoring case; no order.
- lists: one element that fits suffices for `=`, `in` and `contains`; for `!=` and `not in` none may fit.
- numbers and dates (ISO, UTC): all comparisons; no `contains`.
- truth values: `=` and `!=` with true/false, `in` and `not in`.
- a missing value (null, NaN) satisfies nothing, not even `!=` and `not in`: what is unknown cannot be promised.
  Callers may decide otherwise (`missing=True`). An empty list is known: it has no elements.
- `origin` is `human` where it is not given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import polars as pl

from generec.errors import UsageError, unknown
from generec.types import Catalog, Condition, Operator

if TYPE_CHECKING:
    from torch import Tensor

_QUOTED = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_SENTENCE = re.compile(
    rf"\s*(?P<field>{_QUOTED}|[^\s=!<>\"'|]+)\s*"
    r"(?P<operator>!=|<=|>=|=|<|>|(?<=[\s\"'])not\s+in(?=[\s\"'])|(?<=[\s\"'])in(?=[\s\"'])|(?<=[\s\"'])contains(?=[\s\"']))"
    r"\s*(?P<value>.*?)\s*",
    re.DOTALL,
)
_ALTERNATIVE = re.compile(rf"\s*({_QUOTED}|[^|\"'\s][^|]*?)\s*(\||$)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_OPERATORS: dict[str, Operator] = {
    "=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=", "in": "in", "not in": "not in",
    "contains": "contains",
}  # fmt: skip
_Reader = Callable[[str, "str | float"], "float | datetime"]
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse(text: str) -> Condition:
    """Reads one condition. Raises UsageError that shows the grammar.

    Values stay text, except that a number after `<`, `<=`, `>` or `>=` becomes a float; `mask` reads them as the
    column's type demands. `str(condition)` is read back as an equal condition.
    """
    found = _SENTENCE.fullmatch(text)
    if found is None:
        raise UsageError(f"cannot read the condition {text!r}; write: field = v, field <= 3, field in a|b, …")
    field, operator = _unquote(found["field"]), _OPERATORS[" ".join(found["operator"].split())]
    raw = found["value"]
    if not raw:
        raise UsageError(f"the condition {text!r} has no value")
    if operator in ("in", "not in"):
        return Condition(field, operator, _alternatives(raw, text))
    if raw[0] in "\"'" and re.fullmatch(_QUOTED, raw, re.DOTALL) is None:
        raise UsageError(f"the quotes of {text!r} do not close; put a backslash before a quote inside")
    if operator in ("<", "<=", ">", ">=") and _NUMBER.fullmatch(raw):
        return Condition(field, operator, float(raw))
    return Condition(field, operator, _unquote(raw))


def mask(catalog: Catalog, conditions: Sequence[Condition], missing: bool = False) -> Tensor:
    """Which items satisfy all conditions, (N,) bool.

    missing: whether an item without a value for a field satisfies the conditions on it. Raises UsageError on an
    unknown field (with the nearest one) and on a value or operator that does not suit the column.
    """
    import torch

    if not conditions:
        return torch.ones(len(catalog), dtype=torch.bool)
    holds = [expression(catalog, condition).fill_null(missing) for condition in conditions]
    column = catalog.frame.select(pl.all_horizontal(holds).alias("holds"))["holds"]
    return torch.tensor(column.to_numpy(), dtype=torch.bool).expand(len(catalog)).clone()


def expression(catalog: Catalog, condition: Condition) -> pl.Expr:
    """The condition over the catalogue's frame: a Boolean per item, null where its value is missing."""
    frame, name = catalog.frame, condition.field
    if name == "origin":
        origin = pl.col("origin").fill_null("human") if "origin" in frame.columns else pl.lit("human")
        return _on_text(origin, condition)
    if name not in frame.columns:
        raise unknown("field", name, frame.columns)
    kind, column = frame.schema[name], pl.col(name)
    if isinstance(kind, pl.List | pl.Array):
        return _on_list(column, kind, condition)
    return _on_scalar(column, kind, condition)


def _on_scalar(column: pl.Expr, kind: pl.DataType, condition: Condition) -> pl.Expr:
    if kind in (pl.String, pl.Categorical, pl.Enum):
        return _on_text(column.cast(pl.String), condition)
    if kind == pl.Boolean:
        return _on_truth(column, condition)
    if kind.is_numeric():
        return _compare(column.cast(pl.Float64).fill_nan(None), condition, _number)
    if kind in (pl.Date, pl.Datetime):
        if isinstance(kind, pl.Datetime) and kind.time_zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return _compare(column.cast(pl.Datetime("us")), condition, _moment)
    raise UsageError(f"the field {condition.field!r} holds {kind}, which conditions do not compare")


def _on_list(column: pl.Expr, kind: pl.List | pl.Array, condition: Condition) -> pl.Expr:
    """One fitting element suffices; `!=` and `not in` say that none fits. Missing elements are passed over."""
    if condition.operator in ("<", "<=", ">", ">="):
        raise UsageError(f"the field {condition.field!r} holds lists, which have no order; use =, in or contains")
    negated = condition.operator in ("!=", "not in")
    positive: Operator = {"!=": "=", "not in": "in"}.get(condition.operator, condition.operator)  # type: ignore[assignment]
    inner = kind.inner if isinstance(kind.inner, pl.DataType) else kind.inner()
    element = _on_scalar(pl.element(), inner, Condition(condition.field, positive, condition.value))
    fits = column.cast(pl.List(inner)).list.eval(element.fill_null(False)).list.any()
    return ~fits if negated else fits


def _on_text(column: pl.Expr, condition: Condition) -> pl.Expr:
    operator = condition.operator
    if operator in ("in", "not in"):
        within = column.is_in(list(_texts(condition)))
        return within if operator == "in" else ~within
    value = _single(condition)
    if operator == "contains":
        return column.str.to_lowercase().str.contains(str(value).lower(), literal=True)
    if operator in ("=", "!="):
        return column == str(value) if operator == "=" else column != str(value)
    raise UsageError(f"the field {condition.field!r} holds text, which has no order; use =, != , in or contains")


def _on_truth(column: pl.Expr, condition: Condition) -> pl.Expr:
    if condition.operator not in ("=", "!=", "in", "not in"):
        raise UsageError(f"the field {condition.field!r} holds true or false; use = or !=")
    wanted = []
    for text in _texts(condition):
        if text.lower() not in _TRUTH:
            raise UsageError(f"the field {condition.field!r} holds true or false, got {text!r}")
        wanted.append(_TRUTH[text.lower()])
    within = column.is_in(wanted)
    return ~within if condition.operator in ("!=", "not in") else within


def _compare(column: pl.Expr, condition: Condition, read: _Reader) -> pl.Expr:
    operator = condition.operator
    if operator == "contains":
        raise UsageError(f"the field {condition.field!r} is no text; contains cannot search it")
    if operator in ("in", "not in"):
        within = column.is_in([read(condition.field, text) for text in _texts(condition)])
        return within if operator == "in" else ~within
    value = pl.lit(read(condition.field, _single(condition)))
    compared = {
        "=": column == value, "!=": column != value, "<": column < value, "<=": column <= value,
        ">": column > value, ">=": column >= value,
    }  # fmt: skip
    return compared[operator]


def _number(field: str, value: str | float) -> float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is None:
        raise UsageError(f"the field {field!r} holds numbers, got {value!r}")
    number = float(value)
    if number - number != 0:
        raise UsageError(f"the field {field!r} cannot be compared with {value!r}")
    return number


def _moment(field: str, value: str | float) -> datetime:
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        today = date(2024, 5, 31).isoformat()
        raise UsageError(f"the field {field!r} holds dates; write them like {today}, got {value!r}") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _texts(condition: Condition) -> tuple[str, ...]:
    value = condition.value
    return value if isinstance(value, tuple) else (str(value),)


def _single(condition: Condition) -> str | float:
    if isinstance(condition.value, tuple):
        raise UsageError(f"the operator {condition.operator!r} compares {condition.field!r} with one value")
    return condition.value


def _alternatives(raw: str, text: str) -> tuple[str, ...]:
    values, at = [], 0
    while True:
        found = _ALTERNATIVE.match(raw, at)
        if found is None:
            raise UsageError(f"cannot read the alternatives of {text!r}; write a|b, quoted where one holds | or '")
        values.append(_unquote(found[1]))
        at = found.end()
        if not found[2]:
            return tuple(values)


def _unquote(text: str) -> str:
    if len(text) >= 2 and text[0] in "\"'" and text[-1] == text[0]:
        return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
    return text
