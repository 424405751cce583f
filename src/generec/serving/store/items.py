"""The catalogue of a tenant: new items at once, every change numbered, so that a model swap can replay what it missed.

A deleted item leaves its number and its place; what it said is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from generec.errors import InputError
from generec.serving.store.border import accepted, documents, frame_of, kinds_of
from generec.serving.store.database import Database, Page, cursor_of, next_number, note, now, page_size, place
from generec.serving.store.tables import ITEMS, TENANTS
from generec.types import Catalog

_CHUNK = 500  # ids in one IN (…)


@dataclass(frozen=True)
class Item:
    """A row of the catalogue. `version` counts the changes to it, `change` is the number of the last one."""

    item_id: str
    fields: Mapping[str, Any]
    version: int
    change: int
    updated: int  # UTC seconds


@dataclass(frozen=True)
class Upserted:
    """What an upsert did, and the catalogue's watermark after it."""

    created: int
    updated: int
    unchanged: int
    watermark: int


@dataclass(frozen=True)
class Changes:
    """What brings a catalogue of an earlier watermark to this one: rows new or changed, and ids that are gone."""

    items: Catalog
    removed: tuple[str, ...]
    watermark: int


@dataclass(frozen=True)
class Items:
    """Items of tenants. Writers of one tenant take turns; readers never wait."""

    db: Database

    def upsert(self, tenant: str, rows: Sequence[Mapping[str, Any]], *, by: str) -> Upserted:
        """Puts rows in, whole: a column that a row leaves out is empty afterwards. All or none.

        rows: `item_id` and any columns. They are taken as `generec data import` takes them, and refused as there, with
        row and remedy (InputError). Made items come in by approval: another origin than `human` is refused, and the
        origin of an item that is there stays. A row that changes nothing gets no number.
        """
        for number, row in enumerate(rows, 1):
            if isinstance(row, Mapping) and row.get("origin") not in (None, "", "human"):
                raise InputError(
                    f"the origin {row['origin']!r} cannot be claimed", file="items", row=number,
                    remedy="leave origin out, or submit the draft for approval",
                )  # fmt: skip
        while True:
            columns = self.columns(tenant)
            catalog = accepted(rows, columns)  # outside of the transaction: nobody waits while rows are read
            frame = catalog.frame.drop("origin", strict=False)
            with self.db.writing(tenant) as (c, mine):
                if mine.columns == columns:
                    return put(c, tenant, Catalog(frame), mine, by)

    def load(self, tenant: str, catalog: Catalog, *, by: str) -> Upserted:
        """Puts a checked catalogue in, such as a model's, with its types and origins."""
        with self.db.writing(tenant) as (c, row):
            return put(c, tenant, catalog, row, by)

    def delete(self, tenant: str, item_ids: Sequence[str], *, by: str) -> int:
        """Takes items out; how many were there."""
        with self.db.writing(tenant) as (c, row):
            there = [found.item_id for found in _found(c, tenant, item_ids) if not found.gone]
            for change, item_id in enumerate(there, row.watermark + 1):
                gone = sql.update(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.item_id == item_id)
                values = {"gone": True, "fields": {}, "words": "", "change": change, "updated": now()}
                c.execute(gone.values(version=ITEMS.c.version + 1, **values))
                note(c, tenant, by, "delete item", item_id)
            _mark(c, tenant, row.watermark + len(there))
        return len(there)

    def get(self, tenant: str, item_id: str) -> Item | None:
        """One item; None where there is none (any more)."""
        with self.db.reading() as c:
            found = c.execute(_there(tenant).where(ITEMS.c.item_id == item_id)).one_or_none()
        return None if found is None else _item(found)

    def search(self, tenant: str, words: str = "", *, cursor: str | None = None, limit: int = 50) -> Page[Item]:
        """Items whose id or texts hold every word, in the order of the catalogue; all of them without words."""
        query = _there(tenant).order_by(ITEMS.c.number)
        for word in words.casefold().split():
            query = query.where(ITEMS.c.words.contains(_storable(word), autoescape=True))
        after = place(cursor)
        if after is not None:
            query = query.where(ITEMS.c.number > after)
        with self.db.reading() as c:
            rows = c.execute(query.limit(page_size(limit) + 1)).all()
        return Page(tuple(map(_item, rows[:limit])), cursor_of(rows[limit - 1].number) if len(rows) > limit else None)

    def catalog(self, tenant: str) -> Catalog:
        """All items, in the order in which they came."""
        with self.db.reading() as c:
            columns = _columns(c, tenant)
            rows = c.execute(_there(tenant).order_by(ITEMS.c.number)).all()
        return _catalog(rows, columns)

    def changes_since(self, tenant: str, watermark: int) -> Changes:
        """What happened to the catalogue after a watermark, as its net effect. 0: the catalogue itself."""
        changed = sql.select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.change > watermark)
        with self.db.reading() as c:
            columns, reached = _columns(c, tenant), _watermark(c, tenant)
            rows = c.execute(changed.order_by(ITEMS.c.number)).all()
        removed = tuple(row.item_id for row in rows if row.gone)
        return Changes(_catalog([row for row in rows if not row.gone], columns), removed, reached)

    def watermark(self, tenant: str) -> int:
        """The number of the last change; 0 of an empty catalogue. Caches are keyed by it."""
        with self.db.reading() as c:
            return _watermark(c, tenant)

    def count(self, tenant: str) -> int:
        """How many items there are."""
        asked = sql.select(sql.func.count()).where(ITEMS.c.tenant == tenant, ITEMS.c.gone.is_(False))
        with self.db.reading() as c:
            return int(c.scalar(asked) or 0)

    def columns(self, tenant: str) -> dict[str, str]:
        """Name -> kind of the catalogue's columns."""
        with self.db.reading() as c:
            return _columns(c, tenant)


def put(c: Connection, tenant: str, catalog: Catalog, row: Row[Any], by: str) -> Upserted:
    """Writes rows that were checked; the caller holds the tenant's row. Raises InputError where types clash."""
    frame, given = catalog.frame, kinds_of(catalog.frame)
    columns = {**given, **row.columns}
    clash = next((name for name, kind in given.items() if columns[name] != kind), None)
    if clash is not None:
        raise InputError(f"column {clash} of the catalogue holds {columns[clash]}, the new rows {given[clash]}")
    there = {found.item_id: found for found in _found(c, tenant, catalog.item_ids)}
    number, change = next_number(c, ITEMS.c.number, tenant), row.watermark
    created: list[dict[str, Any]] = []
    updated: list[dict[str, Any]] = []
    for item_id, fields, text in zip(catalog.item_ids, documents(frame, columns), catalog.texts, strict=True):
        old = there.get(item_id)
        if old is not None and "origin" in old.fields:
            fields = {**fields, "origin": old.fields["origin"]}
        if old is not None and not old.gone and old.fields == fields:
            continue
        change += 1
        new = {"tenant": tenant, "item_id": item_id, "change": change, "updated": now(), "gone": False,
               "fields": fields, "words": _storable(f"{item_id} {text}".casefold())}  # fmt: skip
        if old is None:
            created.append({**new, "number": number + len(created), "version": 1})
        else:
            updated.append({**new, "number": old.number, "version": old.version + 1})
    if updated:
        c.execute(sql.delete(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.item_id == sql.bindparam("old")),
                  [{"old": one["item_id"]} for one in updated])  # fmt: skip
    if created or updated:
        c.execute(sql.insert(ITEMS), [*created, *updated])
        one = catalog.item_ids[0] if len(catalog) == 1 else f"{len(catalog)} items"
        note(c, tenant, by, "upsert item", one, {"created": len(created), "updated": len(updated)})
    _mark(c, tenant, change, columns)
    return Upserted(len(created), len(updated), len(catalog) - len(created) - len(updated), change)


def _mark(c: Connection, tenant: str, watermark: int, columns: Mapping[str, str] | None = None) -> None:
    changed = sql.update(TENANTS).where(TENANTS.c.name == tenant).values(watermark=watermark)
    c.execute(changed if columns is None else changed.values(columns=dict(columns)))


def _found(c: Connection, tenant: str, item_ids: Sequence[str]) -> Iterator[Row[Any]]:
    for start in range(0, len(item_ids), _CHUNK):
        part = list(item_ids[start : start + _CHUNK])
        yield from c.execute(sql.select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.item_id.in_(part)))


def _there(tenant: str) -> sql.Select[Any]:
    return sql.select(ITEMS).where(ITEMS.c.tenant == tenant, ITEMS.c.gone.is_(False))


def _columns(c: Connection, tenant: str) -> dict[str, str]:
    return dict(c.scalar(sql.select(TENANTS.c.columns).where(TENANTS.c.name == tenant)) or {})


def _watermark(c: Connection, tenant: str) -> int:
    return int(c.scalar(sql.select(TENANTS.c.watermark).where(TENANTS.c.name == tenant)) or 0)


def _item(row: Row[Any]) -> Item:
    return Item(row.item_id, row.fields, row.version, row.change, row.updated)


def _catalog(rows: Sequence[Row[Any]], columns: Mapping[str, str]) -> Catalog:
    return Catalog(frame_of([row.item_id for row in rows], [row.fields for row in rows], columns))


def _storable(text: str) -> str:
    """Text that every store takes: PostgreSQL keeps neither NUL nor halves of a character."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
