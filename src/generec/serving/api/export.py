"""/v1/export: a whole tenant as lines of JSON, to be kept or taken elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import StreamingResponse

from generec.serving.api.access import Admin, App
from generec.serving.api.problems import RESPONSES
from generec.serving.store import Store
from generec.serving.store.database import note

router = APIRouter(prefix="/v1", tags=["operation"], responses=RESPONSES)
_PAGE = 1000
_LINES: dict[int | str, dict[str, Any]] = {
    200: {"description": "One JSON object a line", "content": {"application/x-ndjson": {}}}
}


@router.get("/export", response_class=StreamingResponse, responses={**RESPONSES, **_LINES})
def export_tenant(caller: Admin, app: App) -> StreamingResponse:
    """Items, events, rules and models, one JSON object a line with its `kind`; the last is `end`, with their numbers.

    Of events it has what views are made of. What people said is sealed and comes with their own export
    (/v1/users/{user_id}/export), as do their profiles. Where `end` is missing, the export was cut off.
    """
    with app.store.db.writing(caller.tenant) as (c, _):
        note(c, caller.tenant, caller.by, "export", caller.tenant)
    lines = (json.dumps(line, ensure_ascii=True) + "\n" for line in _lines(app.store, caller.tenant))
    return StreamingResponse(_joined(lines), media_type="application/x-ndjson")


def _lines(store: Store, tenant: str) -> Iterator[dict[str, Any]]:
    count: Counter[str] = Counter()
    for line in _parts(store, tenant):
        count[line["kind"]] += 1
        yield line
    yield {"kind": "end", **count}


def _parts(store: Store, tenant: str) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = store.items.search(tenant, cursor=cursor, limit=_PAGE)
        for item in page.rows:
            yield {
                "kind": "item", "item_id": item.item_id, "fields": dict(item.fields), "version": item.version,
                "updated": item.updated,
            }  # fmt: skip
        cursor = page.cursor
        if cursor is None:
            break
    for row in store.log(tenant).rows():
        yield {"kind": "event", **{("event" if name == "kind" else name): value for name, value in row.items()}}
    for rule in store.rules.list(tenant):
        conditions = [str(condition) for condition in rule.conditions]
        yield {**asdict(rule), "kind": "rule", "act": rule.kind, "conditions": conditions}
    for model in store.models.list(tenant):
        yield {"kind": "model", **asdict(model), "figures": dict(model.figures)}


def _joined(lines: Iterator[str]) -> Iterator[bytes]:
    """Some lines at a time: each piece costs a change of threads."""
    some: list[str] = []
    for line in lines:
        some.append(line)
        if len(some) == _PAGE:
            yield "".join(some).encode()
            some.clear()
    yield "".join(some).encode()
