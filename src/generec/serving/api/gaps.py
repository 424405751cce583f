"""/v1/gaps: what people want and the catalogue lacks, for its owner."""

from __future__ import annotations

import json
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Query

from generec.errors import NothingYetError
from generec.records import to_json
from generec.serving.api.access import App, Reader, own
from generec.serving.api.problems import RESPONSES
from generec.serving.store import Store
from generec.serving.versions import Version
from generec.types import Request

router = APIRouter(prefix="/v1", tags=["operation"], responses=RESPONSES)
_PEOPLE = 5_000  # those who were active last


@router.get("/gaps")
async def gaps(
    caller: Reader,
    app: App,
    rows: Annotated[int, Query(ge=1, le=100)] = 20,
    people: Annotated[int, Query(ge=2, le=1000)] = 5,
    stock: Annotated[int, Query(ge=0, le=100)] = 0,
) -> dict[str, Any]:
    """Pairs of content and style that people want and of which at most `stock` items are there, by demand.

    Of the active version and the events in the store; kept per version and state of the catalogue. Wishes of fewer
    than `people` people are not told. 504: it is being made; ask again.
    """
    own(caller, app)
    version = app.engine.versions.serving.active
    about = ("gaps", version.source, rows, people, stock)
    return await app.reports.get(about, lambda: _found(app.store, caller.tenant, version, rows, people, stock))


def _found(store: Store, tenant: str, version: Version, rows: int, people: int, stock: int) -> dict[str, Any]:
    from generec.loop.gaps import gap_report

    snapshot = version.snapshot
    report = gap_report(snapshot.system, _asked(store, tenant), rows=rows, people=people, stock=stock)
    found: dict[str, Any] = json.loads(to_json(report))
    return {"model": version.name, "catalogue": snapshot.catalogue, **found}


def _asked(store: Store, tenant: str) -> list[Request]:
    """What those who were active last did, items that are gone included: what they wanted is wanted still."""
    from generec.data.split import NEGATIVE_EVENTS
    from generec.serving.store.dataset import stream

    parts, user_ids = [], tuple[str, ...]()
    for told in stream(store, tenant, ("item_id", "time", "kind", "seq"), sources=None):
        user_ids = told.user_ids
        parts.append(told.rows.filter(~pl.col("kind").is_in(list(NEGATIVE_EVENTS))))
    if not any(part.height for part in parts):
        raise NothingYetError("the store has no events yet: nobody's wishes are known")
    events = pl.concat(parts).sort("person", "time", "seq")
    grouped = events.group_by("person", maintain_order=True).agg("item_id", "time")
    latest = grouped.sort(pl.col("time").list.max(), "person").tail(_PEOPLE)
    return [
        Request(user_id=user_ids[person], history=tuple(items), times=tuple(times))
        for person, items, times in latest.iter_rows()
    ]
