"""Reads delimited text (csv, tsv, `::`, `|`) at full speed when it is clean, and line by line when it is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from generec.data.importers.files import MAX_LINE, File, TruncatedError, chunks, lines
from generec.data.importers.findings import Findings
from generec.errors import InputError

MAX_COLUMNS = 1_000
SEPARATORS = ("\t", "::", ",", "|", ";")
UNIT = "\x1f"  # stands for a separator of two characters in the copy that is read


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a file is written."""

    separator: str
    quoted: bool
    """Whether double quotes enclose cells; never in tab-separated files, whose titles may begin with one."""
    header: tuple[str, ...] | None
    """Column names of the first line; None where the first line is data."""
    width: int


def sniff(text: str, ending: str) -> Dialect | None:
    """Separator, quoting and header from the first lines; None when no separator cuts them evenly."""
    first = [line.removesuffix("\r") for line in text.split("\n")[:50]]
    first = [line for line in first[: max(1, len(first) - 1)] if line.strip()] or first
    best: tuple[float, Dialect] | None = None
    for rank, separator in enumerate(SEPARATORS):
        quoted = separator in ",;" and '"' in text
        cells = _split("\n".join(first), separator) if quoted else [line.split(separator) for line in first]
        width = len(cells[0]) if cells else 0
        if not 1 < width <= MAX_COLUMNS:
            continue
        even = sum(len(row) == width for row in cells) / len(cells)
        preferred = {"tsv": "\t", "csv": ",", "dat": "::", "item": "|", "user": "|"}.get(ending) == separator
        score = even + 0.5 * preferred - 0.01 * rank
        if best is None or score > best[0]:
            header = cells[0] if _is_header(cells[0]) else None
            names = None if header is None else tuple(_name(cell) or "index" for cell in header)
            best = score, Dialect(separator=separator, quoted=separator in ",;", header=names, width=width)
    return None if best is None else best[1]


def _split(text: str, separator: str) -> list[list[str]]:
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator))
    except csv.Error:
        return []


def _name(cell: str) -> str:
    return cell.strip().lstrip("\ufeff").strip('"').strip()


def _is_header(cells: Sequence[str]) -> bool:
    """Names are short words and none of them a number; only a row index may have no name."""
    names = [_name(cell) for cell in cells]
    return all(names[1:]) and all(
        len(name) <= 80 and not name[:1].isdigit() and not name.startswith("-") and "://" not in name for name in names
    )


@dataclass
class _Scan:
    """What one pass over the bytes found; clean files go to the fast reader as they are."""

    width: int
    quote: bool
    separator: int
    records: int = 0
    trouble: str = ""
    carriage: bool = False
    _open: int = 0  # parity of quotes so far
    _cells: int = 0  # separators seen in the unfinished record
    _bytes: int = 0  # bytes seen in the unfinished record
    _tail: bytes = field(default=b"")  # the unfinished character

    def feed(self, chunk: bytes) -> None:
        if b"\0" in chunk:
            self.trouble = self.trouble or "NUL"
        self._check_utf8(chunk)
        data = np.frombuffer(chunk, dtype=np.uint8)
        ends, marks = data == 10, data == self.separator
        if self.quote and (self._open or b'"' in chunk):
            inside = (np.cumsum(data == 34, dtype=np.uint8) + self._open) & 1
            self._open = int(inside[-1])
            ends &= inside == 0
            marks &= inside == 0
        at = np.flatnonzero(ends)
        total = np.cumsum(marks, dtype=np.uint32)
        if len(at):
            cells = np.diff(total[at].astype(np.int64), prepend=0)
            cells[0] += self._cells
            sizes = np.diff(at, prepend=-1)
            sizes[0] += self._bytes
            if (cells != self.width - 1).any():
                self.trouble = self.trouble or "ragged"
            if (sizes > MAX_LINE).any():
                self.trouble = self.trouble or "long"
            self._cells = int(total[-1]) - int(total[at[-1]])
            self._bytes = len(data) - 1 - int(at[-1])
            self.records += len(at)
            self.carriage = self.carriage or b"\r\n" in chunk
        else:
            self._cells += int(total[-1]) if len(total) else 0
            self._bytes += len(data)
        if self._bytes > MAX_LINE:
            self.trouble = self.trouble or "long"

    def _check_utf8(self, chunk: bytes) -> None:
        text = self._tail + chunk
        try:
            text.decode()
            self._tail = b""
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and len(text) - error.start < 4:
                self._tail = text[error.start :]
            else:
                self.trouble = self.trouble or "encoding"
                self._tail = b""

    def finish(self) -> None:
        if self._bytes:
            self.records += 1
            if self._cells != self.width - 1:
                self.trouble = self.trouble or "ragged"
        if self._open:
            self.trouble = self.trouble or "quote"
        if self._tail:
            self.trouble = self.trouble or "encoding"


def read_delimited(
    file: File, dialect: Dialect, workspace: Path, findings: Findings, *, encodings: Sequence[str] = ("utf-8",)
) -> pl.DataFrame:
    """Every cell as text, empty ones null, with `_row`: the line of the record, counted from 1.

    encodings: what the format is known to be written in; a file that is not UTF-8 is a fault unless a further one is
    named. Raises InputError for faults unless they are to be repaired.
    """
    if dialect.width > MAX_COLUMNS:
        raise InputError(
            f"more than {MAX_COLUMNS} columns", file=file.name, row=1, remedy="keep the columns that matter"
        )
    path, numbers, carriage = _prepare(file, dialect, workspace, findings, encodings)
    separator = UNIT if len(dialect.separator) > 1 else dialect.separator
    names = dialect.header or tuple(f"column_{n + 1}" for n in range(dialect.width))
    if len(set(names)) < len(names) or not all(names):
        raise InputError(
            f"the header has empty or equal names: {list(names)}",
            file=file.name,
            row=1,
            remedy="give every column its own name",
        )
    try:
        frame = pl.read_csv(
            path,
            separator=separator,
            quote_char='"' if dialect.quoted else None,
            has_header=dialect.header is not None,
            new_columns=list(names),
            infer_schema=False,
            low_memory=True,
        )
    except pl.exceptions.NoDataError:
        frame = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    except pl.exceptions.PolarsError as error:
        raise InputError(f"not readable as a table: {error}", file=file.name, remedy="write it as plain csv") from error
    if carriage and not dialect.quoted:
        frame = frame.with_columns(pl.col(names[-1]).str.strip_suffix("\r"))
    frame = frame.with_columns(pl.when(pl.col(pl.String) != "").then(pl.col(pl.String)).name.keep())
    first = 2 if dialect.header is not None else 1
    rows = pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True)
    if numbers is not None:
        rows = pl.Series(numbers[first - 1 :], dtype=pl.UInt32)
    return frame.with_columns(rows.alias("_row"))


def _prepare(
    file: File, dialect: Dialect, workspace: Path, findings: Findings, encodings: Sequence[str]
) -> tuple[Path, list[int] | None, bool]:
    """A clean plain file to read, with the original line of every record where lines were left out."""
    wide = len(dialect.separator) > 1
    scan = _Scan(width=dialect.width, quote=dialect.quoted, separator=ord(UNIT if wide else dialect.separator))
    copy = workspace / f"{len(list(workspace.iterdir()))}.txt"
    compressed = head_is_gzip(file)
    try:
        with copy.open("wb") as out:
            for chunk in _separated(file, dialect.separator) if wide else chunks(file):
                scan.feed(chunk)
                if scan.trouble:
                    break
                if wide or compressed:
                    out.write(chunk)
        scan.finish()
    except TruncatedError:
        scan.trouble = "truncated"
    if not scan.trouble:
        return (copy if wide or compressed else file.path), None, scan.carriage
    numbers = _clean(file, dialect, copy, findings, encodings)
    return copy, numbers, False


def head_is_gzip(file: File) -> bool:
    with file.path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _separated(file: File, separator: str) -> Iterator[bytes]:
    """Chunks with a two-character separator replaced by one unit separator."""
    mark, rest = separator.encode(), b""
    for chunk in chunks(file):
        text = rest + chunk
        cut = len(text) - (text.endswith(mark[:1]) and not text.endswith(mark))
        rest = text[cut:]
        yield text[:cut].replace(mark, UNIT.encode())
    if rest:
        yield rest


def _clean(file: File, dialect: Dialect, copy: Path, findings: Findings, encodings: Sequence[str]) -> list[int]:
    """Writes a copy without the faults, each of them raised or recorded; returns the line of every record kept."""
    repair = _Repair(file, dialect, encodings, findings)
    numbers: list[int] = []
    with copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=dialect.separator, lineterminator="\n") if dialect.quoted else None
        for number, cells in repair.records():
            numbers.append(number)
            if writer:
                writer.writerow(cells)
            else:
                joint = UNIT if len(dialect.separator) > 1 else dialect.separator
                out.write(joint.join(cell.replace(joint, " ") for cell in cells) + "\n")
    repair.report()
    return numbers


_REMEDIES = {
    "NUL byte": ("the line holds NUL bytes", "export the file again as text", "the bytes are removed"),
    "wrong encoding": (
        "the line is not UTF-8",
        "convert it: iconv -f ISO-8859-1 -t UTF-8",
        "the line is read as Windows-1252",
    ),
    "line too long": (f"the line is longer than {MAX_LINE} bytes", "cut it into rows", "the line is left out"),
    "mixed separators": (
        "the line uses another separator than the first one",
        "write one separator throughout",
        "the line is read by its own separator",
    ),
    "wrong number of cells": (
        "the line has more or fewer cells than the first one",
        "quote cells that hold the separator",
        "the line is left out",
    ),
    "open quote": ("a quote is opened and never closed", "double the quotes inside cells", "the line is left out"),
    "truncated gzip": (
        "the compressed file ends early or is damaged",
        "fetch it again",
        "the rows before the damage are kept",
    ),
}


class _Repair:
    """Reads a faulty file line by line: what can be saved comes out, what was wrong is remembered."""

    def __init__(self, file: File, dialect: Dialect, encodings: Sequence[str], findings: Findings):
        self.file, self.dialect, self.encodings, self.findings = file, dialect, encodings, findings
        self.faults: dict[str, list[int]] = {}
        self._read: int = 0

    def report(self) -> None:
        for kind, rows in sorted(self.faults.items(), key=lambda fault: fault[1][0]):
            message, remedy, repair = _REMEDIES[kind]
            self.findings.fault(kind, message, file=self.file.name, rows=rows, remedy=remedy, repair=repair)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        if not self.dialect.quoted:
            for number, text in self._texts():
                cells = self._cells(number, text.split(self.dialect.separator), text)
                if cells is not None:
                    yield number, cells
            return
        pending: list[tuple[int, str]] = []
        size = quotes = 0
        for number, text in self._texts():
            pending.append((number, text))
            size, quotes = size + len(text) + 1, quotes + text.count('"')
            if quotes % 2 == 0:
                yield from self._joined(pending)
            elif size > MAX_LINE:
                yield from self._unclosed(pending)
            else:
                continue
            pending, size, quotes = [], 0, 0
        if pending:
            yield from self._unclosed(pending)

    def _joined(self, pending: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
        text = "\n".join(line for _, line in pending)
        separator = self.dialect.separator
        rows = _split(text, separator) if '"' in text else [text.split(separator)]  # csv is ten times as slow
        cells = self._cells(pending[0][0], rows[0] if len(rows) == 1 else [], text)
        if cells is not None:
            yield pending[0][0], cells

    def _unclosed(self, pending: list[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
        self._fault("open quote", pending[0][0])
        for number, text in pending[1:]:
            if text.count('"') % 2 == 0:
                yield from self._joined([(number, text)])
            else:
                self._fault("open quote", number)

    def _texts(self) -> Iterator[tuple[int, str]]:
        try:
            for number, line in lines(self.file):
                self._read = number
                if line is None:
                    self._fault("line too long", number)
                elif line.strip(b" \t\r\0"):
                    yield number, self._text(number, line)
        except TruncatedError:
            self._fault("truncated gzip", self._read + 1)

    def _text(self, number: int, line: bytes) -> str:
        if b"\0" in line:
            self._fault("NUL byte", number)
            line = line.replace(b"\0", b"")
        for encoding in self.encodings:
            try:
                return line.decode(encoding)
            except UnicodeDecodeError:
                continue
        self._fault("wrong encoding", number)
        return line.decode("cp1252", errors="replace")

    def _cells(self, number: int, cells: list[str], text: str) -> list[str] | None:
        if len(cells) == self.dialect.width:
            return cells
        for other in SEPARATORS:
            if other != self.dialect.separator and len(found := text.split(other)) == self.dialect.width:
                self._fault("mixed separators", number)
                return found
        self._fault("wrong number of cells", number)
        return None

    def _fault(self, kind: str, number: int) -> None:
        """Remembers a fault; without repairs the first one raises."""
        self.faults.setdefault(kind, []).append(number)
        if not self.findings.repairs:
            self.report()


def read_text_lines(file: File, workspace: Path, findings: Findings) -> pl.DataFrame:
    """Lines of text as they stand: `text` and `_row`; faulty ones raise InputError or are repaired."""
    dialect = Dialect(separator=UNIT, quoted=False, header=None, width=1)
    frame = read_delimited(file, dialect, workspace, findings)
    return frame.rename({"column_1": "text"})
