"""Remembers where everything edited or created came from: one append-only file, each record chained to the one before.

One JSON object a line, in one canonical form, so that every flipped byte breaks the chain. Appending holds a file lock
and writes the line in one call: several processes may append, and a process killed at any moment leaves either the
whole record or an unfinished last line, which the next append removes. That the *end* of the file was cut off shows
only against something kept elsewhere: record ids stand in the signed sidecars.

No personal payload is kept: hashes of guidance and of payloads, item ids and verdicts.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal

from generec.errors import GenerecError, InputError
from generec.fidelity.ledger_index import START, LedgerIndex
from generec.records import BackendCard, GateReport, from_json

Origin = Literal["human", "edited", "created", "unknown"]
_BLOCK = 1 << 13


class LedgerError(GenerecError):
    """The origin ledger cannot be written or is damaged: nothing is published until it can be trusted again."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened to an item or draft. `made`: marked, before the gate's last check; `published`: with its report."""

    event: Literal["made", "published", "taken_down"]
    item: str
    sha256: str = ""  # `payload.digest` of what goes out
    origin: Origin = "unknown"
    parents: tuple[str, ...] = ()
    guidance: str = ""  # Guidance.fingerprint
    backend: BackendCard | None = None
    seed: int = 0
    keys: tuple[str, ...] = ()  # of the marks
    report: GateReport | None = None
    reason: str = ""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Record:
    """One line of the ledger; `id` is the hash over all of it and, by `previous`, over all before it."""

    number: int
    time: str
    previous: str
    entry: Entry
    id: str

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Audit:
    """What reading the whole ledger found. `broken`: number of the first record that is not as it was written."""

    records: int
    head: str
    broken: int | None = None
    reason: str = ""
    unfinished: int = 0  # bytes of a last line whose writer was killed; never acknowledged

    @property
    def sound(self) -> bool:
        return self.broken is None


class Ledger:
    """The origin ledger of one store: a file that is created on the first append.

    sync: whether every append waits for the disk. Without it a record survives the death of the process, not that of
    the machine; takedowns always wait.
    """

    def __init__(self, path: str | Path, sync: bool = False) -> None:
        self.path = Path(path)
        self.sync = sync
        self._lock = threading.Lock()
        self._index = LedgerIndex()

    def append(self, entry: Entry) -> Record:
        """Adds a record. Raises LedgerError when the file cannot be written or its last record is damaged."""
        with self._locked() as file:
            end, number, previous = _last(file, self.path)
            body = {
                "number": number,
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "previous": previous,
                "entry": asdict(entry),
            }
            record_id = hashlib.sha256(_canonical(body)).hexdigest()
            line = _canonical({**body, "id": record_id}) + b"\n"
            os.ftruncate(file, end)  # an unfinished line that a killed writer left
            try:
                written = os.pwrite(file, line, end)
                if written != len(line):
                    raise OSError(f"only {written} of {len(line)} bytes were written")
                if self.sync or entry.event == "taken_down":
                    os.fsync(file)
            except OSError:
                os.ftruncate(file, end)
                raise
        return Record(number, str(body["time"]), previous, entry, record_id)

    def verify(self) -> Audit:
        """Reads the whole ledger and finds the first broken record; an absent file is an empty, sound ledger."""
        number, head = 0, START
        with self._reading() as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    hidden = _holds_a_record(line)
                    return Audit(number, head, *((number, "its end is damaged") if hidden else (None, "", len(line))))
                try:
                    head = _checked(line, number, head)["id"]
                except InputError as error:
                    return Audit(number, head, number, str(error))
                number += 1
        return Audit(number, head)

    def with_hash(self, sha256: str) -> list[Record]:
        """All records about a payload, oldest first."""
        with self._refreshed() as index:
            return self._at(index.at("sha256", sha256))

    def about(self, item: str) -> list[Record]:
        """All records about an item or draft, oldest first."""
        with self._refreshed() as index:
            return self._at(index.at("item", item))

    def record(self, record_id: str) -> Record | None:
        """The record of an id; None where there is none."""
        with self._refreshed() as index:
            found = self._at(index.at("id", record_id))
        return found[0] if found else None

    def take_down(self, target: str, reason: str) -> Record:
        """Withdraws an item, a draft or a payload (by its sha256); all readers know at their next look."""
        return self.append(Entry(event="taken_down", item=target, reason=reason))

    def taken_down(self) -> frozenset[str]:
        """What is withdrawn: what was taken down and all that was made from it, items, drafts and payload hashes."""
        with self._refreshed() as index:
            return index.down()

    def rootless(self, roots: Collection[str] = ()) -> list[str]:
        """Edited and created items with no way back to a human-made item or a declared root, oldest first."""
        with self._refreshed() as index:
            return index.rootless(roots)

    def _at(self, offsets: Sequence[int]) -> list[Record]:
        found = []
        with self._reading() as stream:
            for offset in offsets:
                stream.seek(offset)
                found.append(from_json(Record, stream.readline()))
        return found

    @contextmanager
    def _refreshed(self) -> Iterator[LedgerIndex]:
        """The index with what others appended since, for this thread alone; checks the chain as it goes."""
        with self._lock, self._indexing() as index:
            with self._reading() as stream:
                if os.fstat(stream.fileno()).st_size < index.offset:
                    raise LedgerError(f"{self.path} became shorter: records are gone; restore it from a copy")
                stream.seek(index.offset)
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    try:
                        found = _checked(line, index.number, index.head)
                    except InputError as error:
                        raise LedgerError(
                            f"{self.path}, record {index.number}: {error}; restore it from a copy"
                        ) from None
                    index.enter(found, len(line))
            yield index

    @contextmanager
    def _indexing(self) -> Iterator[LedgerIndex]:
        """The index as it is; one that failed may be half written, so that the next look reads the ledger anew."""
        try:
            yield self._index
        except sqlite3.Error as error:
            self._index = LedgerIndex()
            raise LedgerError(
                f"the index of {self.path} cannot be kept ({error}): nothing is published until it can; free the disk "
                "of temporary files (SQLITE_TMPDIR)"
            ) from error

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with open(self.path if self.path.exists() else os.devnull, "rb") as stream:
                yield stream
        except OSError as error:
            raise LedgerError(f"the origin ledger {self.path} cannot be read ({error.strerror})") from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The open file, alone: a descriptor of its own per call, so that the lock holds between threads as well."""
        try:
            fresh = not self.path.exists()
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield file
                if fresh:
                    _sync_folder(self.path.parent)
            finally:
                os.close(file)
        except OSError as error:
            raise LedgerError(
                f"the origin ledger {self.path} cannot be written ({error.strerror or error}): nothing is published "
                "until it can; free the disk or correct the rights of the file"
            ) from error


def ledger_of(folder: Path) -> Ledger:
    """The ledger of a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    return Ledger(folder / "origins.jsonl")


def _canonical(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()


def _checked(line: bytes, number: int | None = None, previous: str | None = None) -> dict[str, Any]:
    """One line as it was written, byte by byte. Raises InputError when it is not, or follows another record."""
    try:
        found = json.loads(line)
        body = {key: value for key, value in found.items() if key != "id"}
        sound = found["id"] == hashlib.sha256(_canonical(body)).hexdigest() and _canonical(found) + b"\n" == line
    except (ValueError, AttributeError, KeyError, RecursionError):
        raise InputError("this is no record") from None
    if not sound:
        raise InputError("its hash is not that of its content")
    if number is not None and (found["number"], found["previous"]) != (number, previous):
        raise InputError("it does not follow the record before it")
    return dict(found)


def _last(file: int, path: Path) -> tuple[int, int, str]:
    """Where the finished records end, the number of the next one and the id of the last."""
    size, block = os.fstat(file).st_size, _BLOCK
    while True:
        start = max(0, size - block)
        tail = os.pread(file, size - start, start)
        end = tail.rfind(b"\n") + 1
        begin = tail.rfind(b"\n", 0, end - 1) + 1 if end else 0
        if begin or not start:
            break
        block *= 2
    if _holds_a_record(tail[end:]):
        raise LedgerError(f"{path} is damaged at its end: nothing is published until it is restored from a copy")
    if not end:
        return start, 0, START
    try:
        last = _checked(tail[begin:end])
    except InputError as error:
        raise LedgerError(
            f"the last record of {path} is damaged ({error}): nothing is published until it is restored from a copy"
        ) from None
    return start + end, int(last["number"]) + 1, str(last["id"])


def _holds_a_record(unfinished: bytes) -> bool:
    """Whether a last line without an end holds a whole record and more: no killed writer leaves that, damage does."""
    text = unfinished.decode(errors="replace")
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return end < len(text)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
