"""Which field of a catalogue holds prices, durations, years: what people compare without naming the field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from generec.loop.grammar.marks import Comparison, Role
from generec.loop.numbers import Quantity, Unit
from generec.types import Catalog, Condition

_NAMES: Mapping[Role, tuple[str, ...]] = {
    "price": ("price", "cost", "fee"),
    "duration": ("duration", "runtime", "running_time", "minutes", "length"),
    "year": ("year", "release_year", "published", "released", "release_date", "date"),
    "energy": ("energy",),
    "rank": ("sales_rank", "rank"),
    "opens": ("opens", "opening"),
    "closes": ("closes", "closing"),
    "episode": ("episode", "part"),
}
_OF_UNIT: Mapping[Unit, Role] = {
    "money": "price", "minutes": "duration", "year": "year", "decade": "year", "date": "year",
}  # fmt: skip
_FLIPPED: Mapping[Comparison, Comparison] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "="}
COMPARISONS = frozenset(["<", "<=", ">", ">="])


@dataclass(frozen=True)
class Roles:
    """The fields of one catalogue by role, and which of them are dates."""

    fields: Mapping[Role, str]
    dates: frozenset[str]
    numeric: frozenset[str]

    @staticmethod
    def of(catalog: Catalog) -> Roles:
        kinds = catalog.frame.schema
        ordered = {name for name, kind in kinds.items() if kind.is_numeric() or kind in (pl.Date, pl.Datetime)}
        fields = {
            role: name
            for role, names in _NAMES.items()
            if (name := next((one for one in names if one in ordered), None))
        }
        dates = frozenset(name for name in ordered if not kinds[name].is_numeric())
        return Roles(fields, dates, frozenset(ordered - dates))

    def of_unit(self, unit: Unit) -> str | None:
        role = _OF_UNIT.get(unit)
        return self.fields.get(role) if role else None

    def compare(
        self, field: str, comparison: Comparison, quantity: Quantity
    ) -> tuple[Condition | None, Condition | None]:
        """The lower and the upper condition that a comparison with a quantity makes."""
        low, high = self._ends(field, quantity)
        if comparison == "=":
            if low == high:
                return Condition(field, "=", _text(low)), Condition(field, "=", _text(low))
            return _bound(field, ">=", low), _bound(field, "<=", high)
        if comparison in (">", ">="):
            return _bound(field, comparison, high if comparison == ">" else low), None
        return None, _bound(field, comparison, low if comparison == "<" else high)

    def about(self, field: str, quantity: Quantity) -> tuple[Condition, Condition]:
        """A fifth to either side of a number, two years of a year, the ends of a decade or a month."""
        low, high = quantity.low, quantity.high
        if quantity.unit == "year":
            low, high = low - 2, high + 2
        elif quantity.unit in ("money", "minutes", "number", "clock"):
            low, high = round(0.8 * low, 2), round(1.2 * high, 2)
        ends = self._ends(field, Quantity(quantity.unit, low, high, quantity.start, quantity.end))
        return _bound(field, ">=", ends[0]), _bound(field, "<=", ends[1])

    def _ends(self, field: str, quantity: Quantity) -> tuple[float | str, float | str]:
        low, high = quantity.low, quantity.high
        if quantity.unit == "date":
            first, last = date.fromordinal(int(low)), date.fromordinal(int(high))
            return (
                (first.isoformat(), last.isoformat()) if field in self.dates else (float(first.year), float(last.year))
            )
        if field in self.dates:
            return f"{int(low):04d}-01-01", f"{int(high):04d}-12-31"
        return low, high


def flipped(comparison: str) -> Comparison:
    """What a negated comparison says."""
    return _FLIPPED[comparison]  # type: ignore[index]


def _bound(field: str, comparison: Comparison, value: float | str) -> Condition:
    return Condition(field, comparison, value)


def _text(value: float | str) -> str:
    """A value after `=` as the grammar of conditions reads it: text."""
    return f"{value:g}" if isinstance(value, float) else value
