"""One import under way: the files with a first look at each of them, and one way to read a table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import polars as pl

from generec.data.importers.delimited import MAX_COLUMNS, Dialect, read_delimited, read_text_lines, sniff
from generec.data.importers.files import File, head, refuse
from generec.data.importers.findings import Findings
from generec.data.importers.headerless import named
from generec.data.importers.records import list_names, parse, read_document, read_lines, rows_of
from generec.errors import InputError
from generec.fitting.progress import task

Kind = Literal["delimited", "lines", "document", "parquet", "words", "empty", "other"]
TABLES = ("csv", "tsv", "txt", "dat", "data", "json", "jsonl", "ndjson", "parquet", "inter", "item", "user", "tab")
MEDIA = (
    "jpg",
    "jpeg",
    "png",
    "gif",
    "webp",
    "svg",
    "mp4",
    "pdf",
    "html",
    "htm",
    "md",
    "rst",
    "py",
    "ipynb",
    "tar",
    "zip",
)


@dataclass(frozen=True)
class Sketch:
    """What the first 64 KiB of a file tell: how it is written, its columns, its first rows."""

    file: File
    kind: Kind
    columns: tuple[str, ...] = ()
    """Column names or keys; empty where the first line is data."""
    sample: tuple[tuple[str, ...], ...] = ()
    """First rows of a file without header."""
    dialect: Dialect | None = None
    shape: str = ""
    """Format of a file without header whose rows were recognised; `columns` are then the format's."""


@dataclass(frozen=True)
class Raw:
    """What a format module makes of its files, before the one pipeline that all formats share.

    events: user_id, item_id (strings), and any of timestamp (string or number), value, event, split (strings); `_row`
    and `_file` (position in `files`) say where a row comes from. items: item_id and any columns as strings or lists.
    """

    format: str
    files: tuple[str, ...]
    events: pl.DataFrame | None = None
    items: pl.DataFrame | None = None
    items_file: str = ""
    users: pl.DataFrame | None = None
    event: str = "interaction"
    """What an event is called where no column tells."""
    repeats: bool | None = None
    """Whether items repeat in this kind of data; None: measured."""
    duplicates: bool = False
    """Whether equal events at one time are rows that the data set means."""
    milliseconds: bool = False
    """Whether the format writes times in milliseconds."""
    cold_items: bool = True
    """Whether items without events belong to the catalogue."""
    licence: str = "not stated"
    notes: tuple[str, ...] = ()


class Reading:
    """The files of one import and the policy under which they are read."""

    def __init__(self, files: Sequence[File], findings: Findings, mapping: Mapping[str, str], workspace: Path):
        self.files, self.findings, self.mapping, self.workspace = files, findings, mapping, workspace

    @cached_property
    def sketches(self) -> list[Sketch]:
        """A first look at every file that could hold a table."""
        found = []
        for file in self.files:
            if len(self.files) > 1 and file.ending in MEDIA:
                continue
            try:
                refuse(file)
                found.append(sketch(file))
            except InputError as error:
                if len(self.files) == 1:
                    raise
                self.findings.note(f"not read: {error}")
        for empty in (s for s in found if s.kind == "empty" and s.file.ending in TABLES):
            self.findings.fault(
                "empty file",
                "the file is empty",
                file=empty.file.name,
                remedy="export it again",
                repair="it is not read",
            )
        return [sketch for sketch in found if sketch.kind not in ("empty", "other")]

    def without(self, unwanted: Callable[[Sketch], bool]) -> Reading:
        """The same import without some of its files."""
        left = {sketch.file.name for sketch in self.sketches if unwanted(sketch)}
        kept = [file for file in self.files if file.name not in left]
        return Reading(kept, self.findings, self.mapping, self.workspace)

    def apart(self, path: Path) -> Sketch:
        """The sketch of a file named apart (--items, --users)."""
        if not path.is_file():
            raise InputError("no such file", file=str(path), remedy="check the path")
        file = File(path, path.name)
        refuse(file)
        return sketch(file)

    def read(
        self, sketch: Sketch, keep: Sequence[str] | None = None, encodings: Sequence[str] = ("utf-8",)
    ) -> pl.DataFrame:
        """The table of a file: strings or lists of strings, and `_row`. Raises InputError for what cannot be read."""
        with task(f"read {sketch.file.name}") as bar:
            frame = typed(self._read(sketch, keep, encodings))
            bar.advance(1, f"{frame.height:,} rows")
        return frame

    def read_text(self, sketch: Sketch) -> pl.DataFrame:
        """The lines of a file without columns: `text` and `_row`."""
        with task(f"read {sketch.file.name}") as bar:
            frame = read_text_lines(sketch.file, self.workspace, self.findings)
            bar.advance(1, f"{frame.height:,} rows")
        return frame

    def _read(self, sketch: Sketch, keep: Sequence[str] | None, encodings: Sequence[str]) -> pl.DataFrame:
        if sketch.kind == "delimited" and sketch.dialect is not None:
            frame = read_delimited(sketch.file, sketch.dialect, self.workspace, self.findings, encodings=encodings)
            old = [name for name in frame.columns if name != "_row"]
            return (
                frame
                if sketch.dialect.header is not None
                else frame.rename(dict(zip(old, sketch.columns, strict=False)))
            )
        if sketch.kind == "lines":
            return read_lines(sketch.file, self.findings, keep)
        if sketch.kind == "document":
            return rows_of(read_document(sketch.file, self.findings), sketch.file)
        if sketch.kind == "parquet":
            return read_parquet(sketch.file)
        raise InputError("not a table", file=sketch.file.name, remedy="write csv, tsv, json lines or parquet")


def sketch(file: File) -> Sketch:
    """Looks at the beginning of a file. Raises InputError for what is never opened."""
    start = head(file)
    if not start.strip(b"\xef\xbb\xbf \t\r\n"):
        return Sketch(file, "empty")
    if start.startswith(b"PAR1"):
        return Sketch(file, "parquet", tuple(_parquet_schema(file)))
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("UTF-16 text", file=file.name, row=1, remedy="convert it: iconv -f UTF-16 -t UTF-8")
    text = start.decode("utf-8", errors="replace").lstrip("\ufeff")
    if text.lstrip()[:1] in "{[" and file.ending not in ("csv", "tsv"):
        return _sketch_json(file, text)
    dialect = sniff(text.replace("\0", ""), file.ending)
    rows = [line.removesuffix("\r") for line in text.split("\n")[:40]]
    rows = [row for row in (rows[:-1] or rows) if row.strip()]
    if dialect is None or _is_words(rows, dialect):
        numbers = bool(rows) and all(cell.isdigit() for row in rows for cell in row.split())
        return Sketch(file, "words" if numbers else "other", sample=tuple(tuple(row.split()) for row in rows))
    if dialect.header is not None:
        return Sketch(file, "delimited", dialect.header, dialect=dialect)
    sample = tuple(tuple(row.split(dialect.separator)) for row in rows)
    shape, names = named(sample, dialect.separator)
    return Sketch(file, "delimited", names, sample, dialect, shape)


def _is_words(rows: Sequence[str], dialect: Dialect) -> bool:
    """Whether lines are numbers of varying count, which no table is."""
    widths = {len(row.split()) for row in rows}
    return dialect.header is None and len(widths) > 1 and all(cell.isdigit() for row in rows for cell in row.split())


def _sketch_json(file: File, text: str) -> Sketch:
    text = text.lstrip()
    first, *others = text.split("\n")[:20]
    lines_by_name = file.ending in ("jsonl", "ndjson")
    try:
        value = parse(first)
    except ValueError:
        value = None
        nested = re.match(r'\{\s*"[^"]*":\s*[\[{]', first) and not any(line.startswith("{") for line in others)
        opened = first.strip() in ("{", "[") or nested
        if not lines_by_name and (opened or first.startswith("[")):
            return _sketch_document(file, text)
    alone = not any(line.strip() for line in others)
    keyed = isinstance(value, dict) and value and all(isinstance(part, dict | list) for part in value.values())
    if isinstance(value, list) or (keyed and alone and not lines_by_name):
        return _sketch_document(file, text)
    keys: dict[str, None] = {}
    for line in [first, *others]:
        try:
            row = parse(line)
        except ValueError:
            continue
        keys.update(dict.fromkeys(row if isinstance(row, dict) else ()))
    return Sketch(file, "lines", tuple(keys))


def _sketch_document(file: File, text: str) -> Sketch:
    """Columns of a document from its first entry: objects in a list or under ids, or lists under user ids."""
    start = re.match(r'\[\s*|\{\s*"[^"]*"\s*:\s*', text)
    try:
        entry = json.JSONDecoder().raw_decode(text, start.end() if start else 0)[0]
    except (ValueError, RecursionError):
        entry = dict.fromkeys(re.findall(r'"([^"\\]{1,80})"\s*:', text[start.end() if start else 0 :][:4096]))
    if isinstance(entry, dict):
        return Sketch(file, "document", tuple(entry) if text.startswith("[") else ("item_id", *entry))
    codes = not isinstance(entry, list) or any(str(part).startswith("<") for part in entry)
    return Sketch(file, "other") if codes else Sketch(file, "document", list_names(file))


def typed(frame: pl.DataFrame) -> pl.DataFrame:
    """RecBole's `name:token_seq` columns as lists, cut at blanks as RecBole cuts them; other columns as they are."""
    cut = [name for name in frame.columns if name.endswith(":token_seq") and frame.schema[name] == pl.String]
    return frame.with_columns(pl.col(name).str.strip_chars().str.split(" ") for name in cut)


def _parquet_schema(file: File) -> list[str]:
    try:
        return pl.scan_parquet(file.path).collect_schema().names()
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        raise InputError(f"a damaged parquet file: {error}", file=file.name, remedy="write it again") from error


def read_parquet(file: File) -> pl.DataFrame:
    """A parquet table; refuses one that would swell like a bomb. Raises InputError."""
    try:
        scan = pl.scan_parquet(file.path)
        names = scan.collect_schema().names()
        rows = scan.select(pl.len()).collect().item()
        if len(names) > MAX_COLUMNS or (rows > 1_000_000 and rows > 100 * file.path.stat().st_size):
            raise InputError(
                f"{rows} rows of {len(names)} columns in a small file", file=file.name, remedy="write it as csv"
            )
        return scan.collect().with_columns(pl.int_range(1, rows + 1, dtype=pl.UInt32).alias("_row"))
    except (pl.exceptions.PolarsError, OSError, pl.exceptions.PanicException) as error:
        raise InputError(f"a damaged parquet file: {error}", file=file.name, remedy="write it again") from error
