"""Data sets from frames in memory: pandas, polars and pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.importers.columns import EVENT_OF_VALUE, check_mapping, find, find_item, plain
from generec.data.importers.files import File
from generec.data.importers.findings import Findings
from generec.data.importers.items import clean_items
from generec.data.importers.reading import Raw, Sketch
from generec.data.importers.tables import log_of, role_of
from generec.errors import InputError, UsageError

EVENTS, ITEMS, USERS = "the events frame", "the items frame", "the users frame"


def as_polars(frame: Any, name: str) -> pl.DataFrame:
    """Any of the three kinds of frame as polars. Raises UsageError for anything else."""
    kind = type(frame).__module__.split(".")[0]
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame
    if kind not in ("pandas", "pyarrow"):
        raise UsageError(f"{name} must be a pandas, polars or pyarrow frame, got {type(frame).__name__}")
    try:
        found = pl.from_pandas(frame, include_index=False) if kind == "pandas" else pl.from_arrow(frame)
    except (TypeError, ValueError, ImportError, pl.exceptions.PolarsError) as error:
        raise InputError(f"not readable: {error}", file=name, remedy="make every column of one kind") from error
    if not isinstance(found, pl.DataFrame):
        raise UsageError(f"{name} must be a table, got {type(frame).__name__}")
    return found


def read(
    events: Any | None, items: Any | None, users: Any | None, mapping: Mapping[str, str], findings: Findings
) -> Raw:
    """What the importers of files make of their tables, here of frames; rows are counted from 1."""
    tables = {
        name: _numbered(as_polars(frame, name))
        for name, frame in ((EVENTS, events), (ITEMS, items), (USERS, users))
        if frame is not None
    }
    check_mapping(mapping, [column for table in tables.values() for column in table.columns])
    log, event = None, "interaction"
    if EVENTS in tables:
        sketch = Sketch(File(Path(), EVENTS), "delimited", tuple(tables[EVENTS].columns))
        if role_of(sketch, mapping) not in ("events", "sequences"):
            raise InputError(
                f"no user and item columns in {list(tables[EVENTS].columns)}",
                file=EVENTS,
                remedy='pass mapping={"user_id": ..., "item_id": ...}',
            )
        value = find("value", sketch.columns, mapping)
        event = EVENT_OF_VALUE.get(plain(value or ""), event)
        log = log_of(tables[EVENTS], sketch, mapping).with_columns(pl.lit(0, dtype=pl.UInt16).alias("_file"))
    catalog = _described(tables[ITEMS], ITEMS, "item_id", mapping, findings) if ITEMS in tables else None
    people = _described(tables[USERS], USERS, "user_id", mapping, findings) if USERS in tables else None
    if log is None and catalog is None:
        raise UsageError("neither events nor items were given")
    return Raw(
        format="frames", files=(EVENTS if log is not None else ITEMS,), events=log, items=catalog, items_file=ITEMS,
        users=people, event=event,
    )  # fmt: skip


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.int_range(1, frame.height + 1, dtype=pl.UInt32).alias("_row"))


def _described(
    frame: pl.DataFrame, name: str, role: str, mapping: Mapping[str, str], findings: Findings
) -> pl.DataFrame:
    key = find_item(frame.columns, mapping) if role == "item_id" else find("user_id", frame.columns, mapping)
    if key is None:
        raise InputError(f"no id column in {frame.columns}", file=name, remedy=f'pass mapping={{"{role}": ...}}')
    if key != "item_id":
        frame = frame.drop("item_id", strict=False).rename({key: "item_id"})
    cleaned = clean_items(frame, name, findings, mapping if role == "item_id" else {})
    return cleaned if role == "item_id" else cleaned.rename({"item_id": "user_id"})
