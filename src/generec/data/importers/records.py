"""Reads JSON: lines of objects, the loose JSON of 2014 (Python literals), and whole documents keyed by id."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import polars as pl

from generec.data.importers.delimited import MAX_COLUMNS
from generec.data.importers.files import File, TruncatedError, chunks, lines
from generec.data.importers.findings import Findings
from generec.errors import InputError

MAX_DOCUMENT = 64 << 20  # bytes of a JSON document that cannot be read in pieces
MAX_LITERAL = 256 << 10  # bytes of one Python literal: its syntax tree takes a hundred times as much
ROWS = 20_000  # rows held as Python objects at a time

Fields = dict[str, Callable[[Any], Any]]
"""Columns to keep and how to make each of them a string or a list of strings."""

_MALFORMED = (ValueError, SyntaxError, RecursionError, MemoryError, TypeError)


def parse(text: str) -> Any:
    """One JSON value, or one Python literal where it is no JSON; nothing is ever run. Raises ValueError."""
    try:
        return json.loads(text)
    except _MALFORMED as error:
        if len(text) > MAX_LITERAL or not text.lstrip().startswith(("{'", "['", '{"')):
            raise ValueError(str(error)) from error
    try:
        return ast.literal_eval(text.strip())
    except _MALFORMED as error:
        raise ValueError(f"neither JSON nor a Python literal: {error}") from error


def text_of(value: Any) -> str | list[str] | None:
    """A cell: strings as they are, numbers written out, lists of such, None for objects and nothing."""
    if value is None or isinstance(value, dict):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        cells = (text_of(part) for part in _flat(value))
        return [cell for cell in cells if isinstance(cell, str) and cell]
    return str(value)


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from (part for part in value if not isinstance(part, list))
        else:
            yield value


def read_lines(file: File, findings: Findings, keep: Sequence[str] | None = None) -> pl.DataFrame:
    """One row per object, `_row` its line; columns are strings or lists of strings, in the order first seen.

    keep: the only keys read. Faulty lines raise InputError or are left out, counted and listed.
    """
    batches: list[pl.DataFrame] = []
    rows: list[tuple[int, dict[str, Any]]] = []
    faults: dict[str, list[int]] = {}
    number = 0
    try:
        for number, line in lines(file):
            value = _object(number, line, faults)
            if faults and not findings.repairs:
                break
            if value is not None:
                rows.append((number, {k: text_of(value[k]) for k in (keep or value) if k in value}))
            if len(rows) == ROWS:
                batches.append(_frame(rows, file))
                rows = []
    except TruncatedError:
        faults.setdefault("truncated gzip", []).append(number + 1)
    _report(file, faults, findings)
    batches.append(_frame(rows, file))
    return stack(batches)


def _object(number: int, line: bytes | None, faults: dict[str, list[int]]) -> dict[str, Any] | None:
    if line is None:
        faults.setdefault("line too long", []).append(number)
        return None
    if not line.strip(b" \t\r\0"):
        return None
    if b"\0" in line:
        faults.setdefault("NUL byte", []).append(number)
        line = line.replace(b"\0", b"")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        faults.setdefault("wrong encoding", []).append(number)
        text = line.decode("cp1252", errors="replace")
    try:
        value = parse(text)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        faults.setdefault("malformed line", []).append(number)
        return None
    return value


def _report(file: File, faults: dict[str, list[int]], findings: Findings) -> None:
    remedies = {
        "line too long": ("the line is too long", "write one object a line", "the line is left out"),
        "NUL byte": ("the line holds NUL bytes", "export the file again as text", "the bytes are removed"),
        "wrong encoding": ("the line is not UTF-8", "convert it to UTF-8", "the line is read as Windows-1252"),
        "malformed line": ("the line is no JSON object", "write one object a line", "the line is left out"),
        "truncated gzip": (
            "the compressed file ends early or is damaged",
            "fetch it again",
            "the rows before are kept",
        ),
    }
    for kind, rows in sorted(faults.items(), key=lambda fault: fault[1][0]):
        message, remedy, repair = remedies[kind]
        findings.fault(kind, message, file=file.name, rows=rows, remedy=remedy, repair=repair)


def _frame(rows: list[tuple[int, dict[str, Any]]], file: File) -> pl.DataFrame:
    names: dict[str, bool] = {}  # column -> whether it holds lists
    for _, row in rows:
        for name, value in row.items():
            names[name] = names.get(name, False) or isinstance(value, list)
    if len(names) > MAX_COLUMNS:
        raise InputError(
            f"more than {MAX_COLUMNS} different keys",
            file=file.name,
            row=rows[0][0],
            remedy="keep the keys that matter",
        )
    columns = {
        name: pl.Series(
            name,
            [_as_list(row.get(name)) if many else row.get(name) or None for _, row in rows],
            dtype=pl.List(pl.String) if many else pl.String,
        )
        for name, many in names.items()
        if name and not name.startswith("_")
    }
    return pl.DataFrame({**columns, "_row": pl.Series([number for number, _ in rows], dtype=pl.UInt32)})


def _as_list(value: Any) -> list[str] | None:
    return value if isinstance(value, list) or value is None else [value]


def stack(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames one below the other; a column that is a list in one of them becomes a list in all."""
    many = {name for frame in frames for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)}
    alike = []
    for frame in frames:
        single = [name for name in frame.columns if name in many and not isinstance(frame.schema[name], pl.List)]
        alike.append(
            frame.with_columns(
                pl.when(pl.col(name).is_not_null()).then(pl.concat_list(pl.col(name).cast(pl.String))).alias(name)
                for name in single
            )
        )
    return pl.concat(alike, how="diagonal")


def read_document(file: File, findings: Findings) -> Any:
    """A whole JSON document of at most MAX_DOCUMENT bytes; of equal keys the first counts. Raises InputError."""
    text = bytearray()
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(reversed(pairs))
        if len(value) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice.append(key)
                seen.add(key)
        return dict(reversed(value.items()))

    try:
        for chunk in chunks(file):
            text += chunk
            if len(text) > MAX_DOCUMENT:
                raise InputError(
                    f"a JSON document of more than {MAX_DOCUMENT >> 20} MiB",
                    file=file.name,
                    remedy="write json lines, one object a line",
                )
        document = json.loads(bytes(text).decode("utf-8-sig"), object_pairs_hook=once)
    except TruncatedError as error:
        raise InputError("the compressed file ends early", file=file.name, remedy="fetch it again") from error
    except json.JSONDecodeError as error:
        raise InputError(f"no JSON: {error.msg}", file=file.name, row=error.lineno, remedy="export it again") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"no JSON document: {error}", file=file.name, remedy="export it again as UTF-8") from error
    if twice:
        findings.fault(
            "duplicate key",
            f"the key {twice[0]!r} occurs twice",
            file=file.name,
            count=len(twice),
            remedy="give every item one entry",
            repair="the first entry is kept",
        )
    return document


def rows_of(document: Any, file: File) -> pl.DataFrame:
    """A table from a list of objects, of objects under item ids, or of lists of items under user ids."""
    pairs: list[tuple[int, dict[str, Any]]] = []
    if isinstance(document, dict):
        entries = [_entry(key, value, list_names(file)) for key, value in document.items()]
    elif isinstance(document, list):
        entries = [value if isinstance(value, dict) else None for value in document]
    else:
        entries = []
    for number, entry in enumerate(entries, 1):
        if entry is None:
            raise InputError("an entry is no object", file=file.name, row=number, remedy="write a list of objects")
        pairs.append((number, {name: text_of(value) for name, value in entry.items()}))
    if not pairs:
        raise InputError("no entries", file=file.name, remedy="write a list of objects")
    return stack([_frame(pairs[start : start + ROWS], file) for start in range(0, len(pairs), ROWS)])


def list_names(file: File) -> tuple[str, str]:
    """What lists under keys are: attributes of items where the file's name says so, else the items of users."""
    attributes = "item2" in file.stem or "attribute" in file.stem
    return ("item_id", "tags") if attributes else ("user_id", "items")


def _entry(key: str, value: Any, names: tuple[str, str]) -> dict[str, Any] | None:
    if isinstance(value, list):
        return {names[0]: key, names[1]: value}
    return {"item_id": key, **value} if isinstance(value, dict) else None
