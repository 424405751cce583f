"""/v1/import: an own csv of items, and optionally one of events, brought into the store whole or not at all."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request

from generec.data import chain as sealed
from generec.data.check import check as examined
from generec.data.entries import Entry
from generec.data.importers import Policy, import_data
from generec.data.importers.columns import parse_mapping
from generec.data.importers.files import GZIP
from generec.errors import GenerecError, InputError, UsageError
from generec.serving.api.access import Admin, App, Caller
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES
from generec.serving.store import Store
from generec.serving.store.border import accepted, kinds_of, odd
from generec.serving.store.database import locked, note
from generec.serving.store.imports import Histories
from generec.serving.store.items import Upserted, put
from generec.types import Catalog, Dataset

ITEMS, EVENTS, KNOWN = "items.csv", "events.csv", "catalogue.csv"
"""What the files are called in messages: the two that were sent, and what the store has already."""
_PARTS = {"items": ITEMS, "events": EVENTS}
_NAMED = "call the columns item_id, and user_id in events, or say what they are called with map=item_id=COLUMN"
_CSV = {"type": "string", "description": "text/csv in UTF-8, a header line first"}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"description": _CSV["description"]}},  # of no type: bytes are never of another
            "multipart/form-data": {"schema": {"type": "object", "properties": dict.fromkeys(_PARTS, _CSV)}},
        },
    }
}
router = APIRouter(prefix="/v1", tags=["items"], responses=RESPONSES)


class Trouble(BaseModel):
    """Something wrong with a file. rows: the first places, the header is row 1; count: how many there are.

    repair: what is done about it with repair=true; empty where nothing can be, so that the file cannot be brought in.
    """

    file: str
    rows: tuple[int, ...] = ()
    count: int = 1
    message: str
    remedy: str
    repair: str = ""


class Counted(BaseModel):
    """Rows of a file, without its header, and how many of them are taken."""

    rows: int = 0
    accepted: int = 0


class Imported(BaseModel):
    """What a file holds and, where it was brought in, what that did to the catalogue and the log.

    usable: whether it can be brought in (with repair=true where there are problems). columns: name -> kind. report:
    that of `generec data check` on the files. repeated: events that were there before.
    """

    imported: bool
    usable: bool
    items: Counted
    events: Counted
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: int = 0
    columns: dict[str, str]
    problems: list[Trouble]
    report: dict[str, Any] | None
    watermark: int


@router.post("/import", openapi_extra=_BODY)
async def import_csv(
    request: Request,
    caller: Admin,
    app: App,
    check: bool = False,
    repair: bool = False,
    map: Annotated[tuple[str, ...], Query(max_length=50)] = (),
) -> Imported:
    """Brings a csv in: items as text/csv, or `items`, `events` or both as files of multipart/form-data.

    Rows of items take the place of those of the same id; new ones can be recommended with the answer. Either all of it
    is in or nothing. check: only says what would come of it. repair: goes on where rows are faulty, without them.
    map: repeatable, `item_id=sku` says which column holds what.
    """
    files = _files(request.headers.get("content-type", ""), await request.body())
    upload = _Upload(files, parse_mapping(map), app.store, caller)
    gone = frozenset(app.gone) if caller.tenant == app.settings.tenant else frozenset()
    if check:
        return await asyncio.to_thread(upload.checked)
    before = await asyncio.to_thread(app.store.items.watermark, caller.tenant)
    done = await asyncio.to_thread(upload.brought, repair, gone)
    await _taken_in(app, caller, before)
    return done


async def _taken_in(app: Parts, caller: Caller, watermark: int) -> None:
    if caller.tenant == app.settings.tenant:
        await app.rollout.changed(watermark)


@dataclass(frozen=True)
class _Read:
    """The files as they may be kept. own: uploaded items; new: those and what only the events name."""

    own: int
    new: Catalog | None
    data: Dataset
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class _Upload:
    """Files of one tenant, on their way into the store."""

    files: Mapping[str, bytes]
    mapping: Mapping[str, str]
    store: Store
    caller: Caller

    def checked(self) -> Imported:
        """The report; what cannot be used at all is a problem of it."""
        columns = self.store.items.columns(self.caller.tenant)
        try:
            return self._told(self._read(columns))
        except (InputError, UsageError) as error:
            items, events = self._counted(0, 0)
            watermark = self.store.items.watermark(self.caller.tenant)
            return Imported(
                imported=False, usable=False, items=items, events=events, columns={}, problems=[_trouble(error)],
                report=None, watermark=watermark,
            )  # fmt: skip

    def brought(self, repair: bool, gone: frozenset[str]) -> Imported:
        """Items and events in one transaction. Raises InputError, and nothing has changed, for faults not repaired."""
        tenant = self.caller.tenant
        while True:
            columns = self.store.items.columns(tenant)
            read = self._read(columns)
            if read.troubles and not repair:
                raise _refused(read.troubles)
            log = self.store.log(tenant)
            events = log.ready(entry for entry in self._entries(read.data) if entry.user_id not in gone)
            with sealed.writing(self.store.db.engine) as (c, head):
                mine = locked(c, tenant)
                if mine.columns != columns:  # somebody added one meanwhile: read the files in its light
                    continue
                done = Upserted(0, 0, 0, mine.watermark)
                if read.new is not None:
                    done = put(c, tenant, read.new, mine, self.caller.by)
                receipt = log.append_in(c, head, events)
                counts = {"items": 0 if read.new is None else len(read.new), "events": receipt.stored}
                note(c, tenant, self.caller.by, "import", "csv", counts)
            told = self._told(read)
            counted = Counted(rows=told.events.rows, accepted=receipt.stored)
            return told.model_copy(update={
                "imported": True, "events": counted, "created": done.created, "updated": done.updated,
                "unchanged": done.unchanged, "repeated": receipt.repeated, "watermark": done.watermark,
            })  # fmt: skip

    def _read(self, columns: Mapping[str, str]) -> _Read:
        """Both files by the importer of `generec data import`, then under the rules of the store."""
        with tempfile.TemporaryDirectory(prefix="generec-import-") as place, _speaking(place):
            folder = Path(place)
            self._check_mapping()
            for name, content in self.files.items():
                _refuse_binary(name, content)
                (folder / name).write_bytes(content)
            items = self._imported(folder, ITEMS, "items", None)
            own = [] if items is None else items.catalog.item_ids
            there = set(self.store.items.catalog(self.caller.tenant).item_ids) if EVENTS in self.files else set()
            known = list(dict.fromkeys([*own, *there]))
            pl.DataFrame({"item_id": known, "title": known}).write_csv(folder / KNOWN)
            events = self._imported(folder, EVENTS, "events", folder / KNOWN if known else None)
        rows = [] if items is None else items.catalog.frame.to_dicts()
        if events is not None:
            _check_people(events)
            rows += events.catalog.frame.filter(~pl.col("item_id").is_in(known)).to_dicts()
        found = [one for one in (items, events) if one is not None]
        troubles = tuple(_finding(each) for one in found for each in one.info["findings"])
        new = _fitted(rows, columns, whole=not troubles) if rows else None
        named = (new or Catalog(pl.DataFrame(schema={"item_id": pl.String}))).frame
        last = found[-1]
        bare = last.events.select("item_id").unique(maintain_order=True).join(named, on="item_id", how="anti")
        full = Catalog(pl.concat([named, bare], how="diagonal"))
        return _Read(len(own), new, Dataset(last.events, full, None, last.info), troubles)

    def _imported(self, folder: Path, name: str, what: str, known: Path | None) -> Dataset | None:
        if name not in self.files:
            return None
        mapping = {role: column for role, column in self.mapping.items() if column in _header(self.files[name])}
        found = import_data(
            folder / name, mapping=mapping, items=known, on_error="repair", rights="own", policy=Policy(repeats=True)
        )
        if (found.events.height > 0) != (what == "events"):
            other = "events: who did what with which item" if what == "items" else "items: it names nobody"
            raise InputError(f"this holds {other}", file=name, row=1, remedy="send it as the other of the two files")
        return found

    def _entries(self, data: Dataset) -> Iterator[Entry]:
        """The events as the log takes them: those of a file that is sent again are not stored again."""
        about = {"fingerprint": hashlib.sha256(self.files.get(EVENTS, b"")).hexdigest()}
        return Histories(self.store, self.caller.tenant, replace(data, info=about), self.caller.by).entries()

    def _told(self, read: _Read) -> Imported:
        items, events = self._counted(read.own, read.data.events.height)
        return Imported(
            imported=False, usable=True, items=items, events=events, columns=kinds_of(read.data.catalog.frame),
            problems=list(read.troubles), report=examined(read.data).document(),
            watermark=self.store.items.watermark(self.caller.tenant),
        )  # fmt: skip

    def _counted(self, items: int, events: int) -> tuple[Counted, Counted]:
        first, second = (
            Counted(rows=max(_rows(self.files.get(name, b"")), taken), accepted=taken)
            for name, taken in ((ITEMS, items), (EVENTS, events))
        )
        return first, second

    def _check_mapping(self) -> None:
        header = "\n".join(map(_header, self.files.values()))
        strange = next((column for column in self.mapping.values() if column not in header), None)
        if strange is not None:
            raise UsageError(f"map names the column {strange!r}, which no header line has")


def _files(kind: str, body: bytes) -> dict[str, bytes]:
    """The files of a request. Raises InputError for a body of another kind."""
    media = kind.partition(";")[0].strip().lower()
    found: dict[str, bytes] = {}
    if media == "text/csv":
        found = {ITEMS: body}
    elif media == "multipart/form-data":
        try:
            whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
        except RecursionError:  # parts within parts within parts
            raise _unread() from None
        for part in whole.iter_parts() if whole.is_multipart() else ():
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if name not in _PARTS or _PARTS[name] in found or not isinstance(content, bytes):
                raise _unread()
            found[_PARTS[name]] = content
    found = {name: content for name, content in found.items() if content.strip() or media == "text/csv"}
    if not found:
        raise _unread()
    return found


def _unread() -> InputError:
    return InputError(
        "no csv was sent",
        remedy="send it as text/csv, or as the files `items` and `events` of multipart/form-data, each once",
    )


def _refuse_binary(name: str, content: bytes) -> None:
    if content[:2] == GZIP or content[:4] == b"PAR1":
        raise InputError("this is no text", file=name, row=1, remedy="send the csv itself, neither packed nor parquet")


def _fitted(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], whole: bool) -> Catalog:
    """Rows under the rules of the store. whole: none was left out, so that places in the file are known."""
    claimed = next((at for at, row in enumerate(rows) if row.get("origin") not in (None, "", "human")), None)
    if claimed is not None:
        raise InputError(
            f"the origin {rows[claimed]['origin']!r} of item {rows[claimed]['item_id']!r} cannot be claimed",
            file=ITEMS, row=claimed + 2 if whole else None, remedy="leave the column origin out",
        )  # fmt: skip
    try:
        return Catalog(accepted(rows, columns).frame.drop("origin", strict=False))
    except InputError as error:
        if error.row is None:
            raise
        message = str(error).removeprefix(f"{error.file}, row {error.row}: ").removesuffix(f". {error.remedy}")
        about = f"item {rows[error.row - 1]['item_id']!r}: {message}"
        raise InputError(about, file=ITEMS, row=error.row + 1 if whole else None, remedy=error.remedy) from None


def _check_people(data: Dataset) -> None:
    for user_id in data.events["user_id"].unique(maintain_order=True):
        wrong = odd(user_id)
        if wrong:
            raise InputError(f"user_id {user_id[:40]!r} {wrong}", file=EVENTS, remedy="give people visible names")


def _finding(found: Mapping[str, Any]) -> Trouble:
    return Trouble(
        file=found["file"], rows=found["rows"], count=found["count"], message=found["message"], repair=found["repair"],
        remedy="correct it in the file" if found["repair"] else "",
    )  # fmt: skip


def _trouble(error: GenerecError) -> Trouble:
    file, row, remedy = (getattr(error, name, None) for name in ("file", "row", "remedy"))
    place = "" if file is None else f"{file}: " if row is None else f"{file}, row {row}: "
    message = str(error).removeprefix(place).removesuffix(f". {remedy}")
    return Trouble(file=file or "", rows=() if row is None else (row,), message=message, remedy=remedy or "")


def _refused(troubles: Sequence[Trouble]) -> InputError:
    first = troubles[0]
    more = f"; and {len(troubles) - 1} more kinds of fault" if len(troubles) > 1 else ""
    return InputError(
        f"{first.message} ({first.count} rows){more}", file=first.file, row=first.rows[0] if first.rows else None,
        remedy=f"correct it, or bring it in with repair=true: {first.repair}; check=true lists everything",
    )  # fmt: skip


def _header(content: bytes) -> str:
    return content.partition(b"\n")[0].decode("utf-8", "replace")


def _rows(content: bytes) -> int:
    """Records of a csv without its header."""
    text = io.StringIO(content.decode("utf-8", "replace"), newline="")
    try:
        return max(0, sum(any(cell.strip() for cell in record) for record in csv.reader(text)) - 1)
    except csv.Error:
        return content.count(b"\n")


@contextmanager
def _speaking(place: str) -> Iterator[None]:
    """Stands around reading: errors call a file as who sent it does, and name options as this route has them."""

    def said(text: str) -> str:
        text = text.replace(f"{place}/", "").replace(place, "the upload")
        return re.sub(r"name [^;.]*--map .*", _NAMED, text)

    try:
        yield
    except InputError as error:
        refused = InputError(said(str(error)))
        refused.file, refused.row = error.file and said(error.file), error.row
        refused.remedy = error.remedy and said(error.remedy)
        raise refused from None
