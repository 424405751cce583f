"""The items that a set may be made of, as arrays for the model.

Shapes: n items, d width of the features. Masks are (n,) bool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.create.sets import facts
from generec.create.sets.rules import Facts
from generec.errors import InputError, unknown
from generec.types import Condition

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Pool:
    """Items with their raw columns, how well each suits the person, and vectors in which alike items lie close.

    Raises InputError where shapes differ or a number is not finite.
    """

    frame: pl.DataFrame
    """(n, ...): item_id and any columns."""
    relevance: Floats
    """(n,) in any unit; higher is better."""
    features: NDArray[np.float32] | None = None
    """(n, d)"""
    reader: Callable[[pl.DataFrame, Condition, bool], Mask] | None = None
    """Which rows fulfil a condition, a missing value counting as the flag says; None: the reader of facts.py."""

    def __post_init__(self) -> None:
        n = self.frame.height
        if "item_id" not in self.frame.columns or self.frame.schema["item_id"] != pl.String:
            raise InputError(f"a pool needs a string column item_id, got {self.frame.columns}")
        if self.frame["item_id"].n_unique() != n:
            raise InputError("an item occurs more than once in the pool; give every item one row")
        if self.relevance.shape != (n,) or not np.isfinite(self.relevance).all():
            raise InputError(f"relevance must be {n} finite numbers, got shape {self.relevance.shape}")
        if self.features is not None and (self.features.ndim != 2 or len(self.features) != n):
            raise InputError(f"features must be ({n}, d), got {self.features.shape}")
        if self.features is not None and not np.isfinite(self.features).all():
            raise InputError("a feature is not finite")

    def __len__(self) -> int:
        return self.frame.height

    @cached_property
    def item_ids(self) -> list[str]:
        return self.frame["item_id"].to_list()

    @cached_property
    def rows(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.item_ids)}

    @cached_property
    def unit(self) -> Floats:
        """(n, d) features of length one; a zero vector stays zero, unlike everything. Raises InputError without any."""
        if self.features is None:
            raise InputError("the pool has no features; give some, or leave out what compares items by them")
        wide = self.features.astype(np.float64)
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
        unit: Floats = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
        return unit

    def take(self, rows: Ints) -> Pool:
        """The pool of these rows only."""
        features = None if self.features is None else self.features[rows]
        return replace(self, frame=self.frame[rows], relevance=self.relevance[rows], features=features)

    def column(self, field: str) -> pl.Series:
        """A raw column. Raises UsageError with the nearest name."""
        if field not in self.frame.columns:
            raise unknown("field", field, self.frame.columns)
        return self.frame[field]

    def numbers(self, field: str) -> Floats:
        """(n,) values of a numeric, Boolean or date column; NaN where missing."""
        column = self.column(field)
        if not (column.dtype.is_numeric() or column.dtype.is_temporal() or column.dtype == pl.Boolean):
            raise InputError(f"the field {field!r} holds {column.dtype}; numbers or dates are needed here")
        plain = column.to_physical() if column.dtype.is_temporal() else column
        numbers: Floats = plain.cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return numbers

    def values(self, field: str) -> list[tuple[str, ...] | None]:
        """The values of every item as text, several where the column holds lists; None where missing."""
        self.column(field)
        return [facts.values(row, field) for row in self.frame.select(field).to_dicts()]

    def holds(self, condition: Condition, missing: bool) -> Mask:
        """Which items fulfil the condition, where a missing value counts as `missing`."""
        if self.reader is not None:
            return self.reader(self.frame, condition, missing)
        if condition.field != "origin":
            self.column(condition.field)
        rows = self.facts([condition.field]) if condition.field in self.frame.columns else [{}] * len(self)
        found = [facts.holds(row, condition) for row in rows]
        return np.array([missing if held is None else held for held in found], dtype=np.bool_)

    def facts(self, fields: list[str] | None = None) -> list[Facts]:
        """The raw fields of every item; only those named, where names are given."""
        chosen = self.frame if fields is None else self.frame.select(fields)
        return list(chosen.iter_rows(named=True))
