"""Rows for the catalogue of a store, under the rules of `generec data import` and in the catalogue's own types."""

from __future__ import annotations

import json
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.additions import read_additions
from generec.data.importers import from_frames
from generec.data.importers.files import File
from generec.data.importers.frames import ITEMS as FRAME
from generec.data.importers.records import rows_of
from generec.errors import InputError
from generec.types import Catalog

PLACE = "items"
LONGEST_ID = 200  # characters
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # controls, what is not drawn or turns the writing round, halves, line ends
KINDS: Mapping[str, pl.DataType] = {
    "text": pl.String(), "whole": pl.Int64(), "number": pl.Float64(), "truth": pl.Boolean(),
    "list": pl.List(pl.String()), "date": pl.Date(), "moment": pl.Datetime("us"),
}  # fmt: skip
"""What a column of a store's catalogue may hold."""

Columns = Mapping[str, str]
"""Name -> kind, of every column but item_id."""


def accepted(rows: Sequence[Mapping[str, Any]], columns: Columns) -> Catalog:
    """Rows as they may be kept: cleaned as an import cleans them, in the types of the columns that are known.

    A column that is new gets the type that an import would give it. Raises InputError with row and remedy for what an
    import refuses and for a cell that does not fit; UsageError for a column that looks like a misspelt one.
    """
    rows = list(rows)
    with _speaking_of_items() as path:
        cleaned = from_frames(items=rows_of(rows, File(Path(), PLACE)).drop("_row")).catalog.frame
        _check_ids(cleaned["item_id"])
        if not columns:
            return Catalog(cleaned)
        path.write_text("".join(json.dumps(row, default=str) + "\n" for row in rows), encoding="ascii")
        fitted = read_additions(path, Catalog(empty(columns))).items.frame
    fresh = [
        cleaned[name].cast(KINDS[columns[name]] if name in columns else cleaned.schema[name], strict=False)
        for name in cleaned.columns
        if name not in fitted.columns
    ]
    return Catalog(fitted.with_columns(fresh))


def kinds_of(frame: pl.DataFrame) -> dict[str, str]:
    """Name -> kind of a catalogue's columns. Raises InputError for a column that no store keeps."""
    return {name: _kind(name, dtype) for name, dtype in frame.schema.items() if name != "item_id"}


def _kind(name: str, dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "whole"
    if dtype.is_float():
        return "number"
    if isinstance(dtype, pl.List):
        return "list"
    if isinstance(dtype, pl.Datetime):
        return "moment"
    if dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        return "text"
    found = next((kind for kind, known in KINDS.items() if dtype == known), None)
    if found is None:
        raise InputError(f"column {name} holds {dtype}, which a catalogue cannot keep; write it as text or numbers")
    return found


def empty(columns: Columns) -> pl.DataFrame:
    """No rows, in the types of a catalogue."""
    return pl.DataFrame(schema={"item_id": pl.String(), **{name: KINDS[kind] for name, kind in columns.items()}})


def documents(frame: pl.DataFrame, columns: Columns) -> list[dict[str, Any]]:
    """The cells of each row that has any, without item_id, as JSON takes them; dates are written out."""
    typed = frame.select(
        pl.col(name).cast(pl.List(pl.String)) if kind == "list" else pl.col(name).cast(KINDS[kind])
        for name, kind in columns.items()
        if name in frame.columns
    )
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items() if known(value)}
        for row in typed.iter_rows(named=True)
    ]


def known(value: object) -> bool:
    """Whether a cell says anything."""
    return value is not None and value == value  # NaN is not


def frame_of(item_ids: Sequence[str], rows: Sequence[Mapping[str, Any]], columns: Columns) -> pl.DataFrame:
    """The inverse of `documents`."""
    made = [pl.Series("item_id", item_ids, dtype=pl.String)]
    for name, kind in columns.items():
        dated = kind in ("date", "moment")
        cells = pl.Series(name, [row.get(name) for row in rows], dtype=pl.String if dated else KINDS[kind])
        made.append(cells.str.strptime(KINDS[kind]) if dated else cells)  # type: ignore[arg-type]
    return pl.DataFrame(made)


def _check_ids(item_ids: pl.Series) -> None:
    for row, item_id in enumerate(item_ids, 1):
        wrong = odd(item_id)
        if wrong:
            raise InputError(
                f"item_id {wrong}", file=PLACE, row=row, remedy=f"give it 1 to {LONGEST_ID} visible characters"
            )


def odd(item_id: str) -> str:
    """What is wrong with an id; empty where it can be written, read and told apart from others by eye."""
    if not item_id.strip():
        return "is empty"
    if len(item_id) > LONGEST_ID:
        return f"is {len(item_id)} characters long"
    hidden = next((one for one in item_id if unicodedata.category(one) in _HIDDEN), None)
    return "" if hidden is None else f"holds the control character U+{ord(hidden):04X}"


@contextmanager
def _speaking_of_items() -> Iterator[Path]:
    """A file to write rows to; errors about it call it by what a person sent."""
    with tempfile.TemporaryDirectory(prefix="generec-items-") as folder:
        path = Path(folder) / "items.jsonl"
        try:
            yield path
        except InputError as error:
            text = str(error).partition(", or `--on-error repair`")[0]  # which is for files
            refused = InputError(text.replace(str(path), PLACE).replace(path.name, PLACE).replace(FRAME, PLACE))
            refused.file, refused.row, refused.remedy = PLACE, error.row, error.remedy
            raise refused from None
