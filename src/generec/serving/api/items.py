"""/v1/items: the catalogue of a tenant. What is put in can be recommended with the answer, what is deleted cannot."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, JsonValue, field_validator

from generec.errors import unknown
from generec.serving.api.access import App, Caller, Reader, Writer
from generec.serving.api.approvals import Marks, marks_of
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Id, ItemName
from generec.serving.store.items import Item

_COLUMN = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
router = APIRouter(prefix="/v1/items", tags=["items"], responses=RESPONSES)


class Shown(BaseModel):
    """An item with its fields; `version` counts its changes.

    codes: its semantic ID with the active model, coarse first: items that begin alike are alike. None of an item that
    the model does not have. picture: where this server shows one; needs no key.
    """

    item_id: str
    fields: dict[str, Any]
    codes: tuple[int, ...] = ()
    picture: str | None = None
    version: int
    updated: int


class WithMarks(Shown):
    """An item; one that was created here with its signed sidecar, by which POST /v1/detect recognises it."""

    marks: Marks | None = None


class ItemPage(BaseModel):
    """Some items; `cursor` is null on the last page."""

    items: list[Shown]
    cursor: str | None


class ItemRows(Closed):
    """Whole rows: item_id and any columns."""

    items: Annotated[list[dict[str, JsonValue]], Field(min_length=1, max_length=1000)]

    @field_validator("items")
    @classmethod
    def _of_characters(cls, rows: list[dict[str, JsonValue]]) -> list[dict[str, JsonValue]]:
        try:
            json.dumps(rows, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError:
            raise ValueError("a text holds half a character (a lone surrogate); send whole ones") from None
        odd = next((name for row in rows for name in row if not _COLUMN.fullmatch(name)), None)
        if odd is not None:
            raise ValueError(f"a column's name is 1 to 100 printable characters, got {odd[:100]!r}")
        for number, row in enumerate(rows, 1):
            if not isinstance(row.get("item_id", ""), str | int):
                raise ValueError(f"row {number}: item_id is a text")
        return rows


class Stored(BaseModel):
    """What an upsert did, and the number of the catalogue's last change."""

    created: int
    updated: int
    unchanged: int
    watermark: int


class Deleted(BaseModel):
    """How many there were."""

    deleted: int


@router.get("")
def search_items(
    caller: Reader,
    app: App,
    q: Annotated[str, Query(max_length=200)] = "",
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    item_id: Annotated[tuple[Id, ...], Query(max_length=200)] = (),
) -> ItemPage:
    """Items whose id or texts hold every word of q, in the order of the catalogue; or those named, as far as they are.

    item_id: repeatable; names the items instead of searching for them.
    """
    if item_id:
        found = (app.store.items.get(caller.tenant, one) for one in dict.fromkeys(item_id))
        return ItemPage(items=[_shown(app, caller, item) for item in found if item is not None], cursor=None)
    page = app.store.items.search(caller.tenant, q, cursor=cursor, limit=limit)
    return ItemPage(items=[_shown(app, caller, item) for item in page.rows], cursor=page.cursor)


@router.get("/{item_id}")
def get_item(item_id: ItemName, caller: Reader, app: App) -> WithMarks:
    """One item."""
    item = _there(app, caller, item_id)
    created = item.fields.get("origin") == "created"
    marks = marks_of(app.store, caller.tenant, item_id) if created else None
    return WithMarks(**_shown(app, caller, item).model_dump(), marks=marks)


@router.post("")
async def upsert_items(body: ItemRows, caller: Writer, app: App) -> Stored:
    """Puts rows in, all or none; a column that a row leaves out is empty afterwards."""
    before = await asyncio.to_thread(app.store.items.watermark, caller.tenant)
    done = await asyncio.to_thread(app.store.items.upsert, caller.tenant, body.items, by=caller.by)
    await _taken_in(app, caller, before)
    return Stored(created=done.created, updated=done.updated, unchanged=done.unchanged, watermark=done.watermark)


@router.delete("/{item_id}")
async def delete_item(item_id: ItemName, caller: Writer, app: App) -> Deleted:
    """Takes an item out: no answer that begins after this one shows it."""
    await asyncio.to_thread(_there, app, caller, item_id)
    before = await asyncio.to_thread(app.store.items.watermark, caller.tenant)
    deleted = await asyncio.to_thread(app.store.items.delete, caller.tenant, [item_id], by=caller.by)
    await _taken_in(app, caller, before)
    return Deleted(deleted=deleted)


async def _taken_in(app: Parts, caller: Caller, watermark: int) -> None:
    if caller.tenant == app.settings.tenant:
        await app.rollout.changed(watermark)


def _there(app: Parts, caller: Caller, item_id: str) -> Item:
    found = app.store.items.get(caller.tenant, item_id)
    with missing():
        if found is None:
            raise unknown("item", item_id, ())
    assert found is not None
    return found


def _shown(app: Parts, caller: Caller, item: Item) -> Shown:
    here = caller.tenant == app.settings.tenant
    return Shown(
        item_id=item.item_id, fields=dict(item.fields), codes=_codes(app, item.item_id) if here else (),
        picture=app.pictures.address(item.item_id) if here and app.pictures is not None else None,
        version=item.version, updated=item.updated,
    )  # fmt: skip


def _codes(app: Parts, item_id: str) -> tuple[int, ...]:
    routing = app.engine.versions.routing
    if routing is None:  # no model is active yet
        return ()
    system = routing.active.snapshot.system
    return tuple(system.index.ids.codes[system.catalog.row(item_id)].tolist()) if item_id in system.catalog else ()
