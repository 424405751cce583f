"""New items for a catalogue that a model was trained on: read from a file, made to fit its columns."""

from __future__ import annotations

import difflib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from generec.data.importers.cells import ids_of
from generec.data.importers.columns import rename_item_columns
from generec.data.importers.findings import Findings
from generec.data.importers.reading import Reading
from generec.errors import InputError, UsageError
from generec.types import Catalog

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MISSPELT = 0.8  # likeness from which a column that the catalogue lacks is taken for a misspelt one


@dataclass(frozen=True)
class Additions:
    """Items to insert, and the columns of their file that the catalogue does not have."""

    items: Catalog
    ignored: tuple[str, ...]


def read_additions(path: str | os.PathLike[str], catalog: Catalog) -> Additions:
    """Reads csv, tsv, json lines or parquet with `item_id` and any columns of the catalogue, in the catalogue's types.

    Lists may be written a|b. Raises InputError naming file, row and remedy for a cell that does not fit, an empty,
    repeated or existing id; UsageError for a column that looks like a misspelt one.
    """
    file = Path(path)
    with tempfile.TemporaryDirectory(prefix="generec-items-") as workspace:
        reading = Reading([], Findings("fail"), {}, Path(workspace))
        sketch = reading.apart(file)
        if sketch.kind == "empty":
            raise InputError(
                "the file is empty", file=str(file), remedy="write a header with item_id, and one row an item"
            )
        frame = reading.read(sketch)
    columns = [name for name in frame.columns if name != "_row"]
    if "item_id" not in columns:
        raise InputError(
            f"no column item_id, got {', '.join(columns)}", file=str(file), row=1, remedy="name the id column item_id"
        )
    names = rename_item_columns([name for name in columns if name not in catalog.frame.columns], {})
    names = {old: new for old, new in names.items() if new not in columns}
    frame = frame.rename(names).with_columns(ids_of(frame["item_id"]))
    _check_ids(frame, file, catalog)
    known = [name for name in frame.columns if name in catalog.frame.columns or name == "origin"]
    ignored = tuple(name for name in frame.columns if name not in known and name != "_row")
    _check_spelling(ignored, [name for name in catalog.frame.columns if name not in known])
    fitted = [_fitted(frame, name, catalog.frame.schema.get(name, pl.String()), file) for name in known]
    return Additions(Catalog(pl.DataFrame(fitted)), ignored)


def _check_ids(frame: pl.DataFrame, file: Path, catalog: Catalog) -> None:
    if not frame.height:
        raise InputError("there are no items in it", file=str(file), remedy="write one row per item")
    seen: set[str] = set()
    for item_id, row in frame.select("item_id", "_row").iter_rows():
        if item_id is None:
            raise InputError("item_id is empty", file=str(file), row=row, remedy="fill it in")
        if item_id in seen:
            raise InputError(f"item {item_id!r} occurs twice", file=str(file), row=row, remedy="give it one row")
        if item_id in catalog:
            raise InputError(
                f"item {item_id!r} is in the catalogue already", file=str(file), row=row, remedy="leave it out"
            )
        seen.add(item_id)


def _check_spelling(ignored: Sequence[str], free: Sequence[str]) -> None:
    for name in ignored:
        near = difflib.get_close_matches(name, free, n=1, cutoff=_MISSPELT)
        if near:
            raise UsageError(f"unknown field {name!r}; did you mean {near[0]!r}?")


def _fitted(frame: pl.DataFrame, name: str, kind: pl.DataType, file: Path) -> pl.Series:
    """A column in the catalogue's type; empty cells become null."""
    raw = frame[name]
    if raw.dtype == pl.String:
        text = raw.str.strip_chars()
        raw = frame.select(pl.when(text != "").then(text).alias(name)).to_series()
    if raw.dtype == kind:
        return raw
    try:
        found = _cast(raw, kind)
    except pl.exceptions.PolarsError:
        found = pl.Series(name, [None] * len(raw), dtype=kind)
    wrong = raw.is_not_null() & found.is_null()
    if kind.is_float():
        wrong = wrong | (~found.is_finite()).fill_null(False)
    if wrong.any():
        place = int(wrong.arg_max() or 0)
        raise InputError(
            f"{name} must be {_spoken(kind)}, got {raw[place]!r}", file=str(file), row=int(frame["_row"][place]),
            remedy="correct the cell, or leave it empty",
        )  # fmt: skip
    return found.alias(name)


def _cast(raw: pl.Series, kind: pl.DataType) -> pl.Series:
    if isinstance(kind, pl.List):
        lists = raw if isinstance(raw.dtype, pl.List) else raw.cast(pl.String).str.split("|")
        texts = lists.cast(pl.List(pl.String)).list.eval(pl.element().str.strip_chars())
        texts = texts.list.eval(pl.element().filter(pl.element() != ""))
        return texts.cast(pl.List(kind.inner), strict=False)
    if isinstance(raw.dtype, pl.List):
        return raw.cast(pl.List(pl.String)).list.join(", ") if kind == pl.String else raw.cast(kind)
    if kind == pl.Boolean and not raw.dtype.is_numeric():
        return raw.cast(pl.String).str.to_lowercase().replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)
    if kind == pl.Date and raw.dtype == pl.String:
        return raw.str.to_date(strict=False)
    if isinstance(kind, pl.Datetime) and raw.dtype == pl.String:
        return raw.str.to_datetime(time_unit=kind.time_unit, time_zone=kind.time_zone, strict=False)
    if kind.is_integer() and raw.dtype in (pl.String, pl.Float64, pl.Float32):
        number = raw.cast(pl.Float64, strict=False)
        whole = number.is_finite() & (number == number.floor())
        return raw.to_frame().select(pl.when(whole).then(number).cast(kind, strict=False).alias(raw.name)).to_series()
    return raw.cast(kind, strict=False)


def _spoken(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        return f"a list of {_spoken(kind.inner if isinstance(kind.inner, pl.DataType) else kind.inner())} (a|b)"
    if kind.is_integer():
        return "a whole number"
    if kind.is_float():
        return "a number"
    return {pl.Boolean: "true or false", pl.Date: "a date such as 2024-05-31"}.get(type(kind), f"of type {kind}")
