"""/v1/gaps: what people want and the catalogue lacks, for its owner."""

from __future__ import annotations

import json
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Query

from generec.errors import UsageError
from generec.records import to_json
from generec.serving.api.access import App, Reader, own
from generec.serving.api.problems import RESPONSES
from generec.serving.store import Store
from generec.serving.versions import Version

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
    from generec.recipe.histories import requests
    from generec.serving.store.dataset import read

    system = version.snapshot.system
    data = read(store, tenant, sources=None)
    if not data.events.height:
        raise UsageError("the store has no events yet: nobody's wishes are known")
    last = data.events.group_by("user_id").agg(pl.col("timestamp").max()).sort("timestamp", "user_id")
    users = last["user_id"].tail(_PEOPLE).to_list()
    asked = [request for block in requests(data, users) for request in block]
    report = gap_report(system, asked, rows=rows, people=people, stock=stock)
    found: dict[str, Any] = json.loads(to_json(report))
    return {"model": version.name, "catalogue": version.snapshot.catalogue, **found}
