"""/v1/recommend and /v1/similar: slates of the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, StringConstraints

from generec.data.conditions import parse
from generec.errors import unknown
from generec.serving.api.access import App, Reader, own
from generec.serving.api.guard import SLASH
from generec.serving.api.known import Known
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.cache import Ask
from generec.serving.rules import Rule
from generec.types import Request, Slate

Id = Annotated[str, StringConstraints(min_length=1, max_length=512, pattern=r"^[^\x00]+$")]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
"""Shorter than other names: the log keeps it behind the tenant's."""
ItemName = Annotated[Id, BeforeValidator(lambda given: given.replace(SLASH, "/"))]
"""An item in a path."""
UserName = Annotated[UserId, BeforeValidator(lambda given: given.replace(SLASH, "/"))]
"""A person in a path."""
Expression = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Row = Strict(False)  # of a tuple: JSON has lists alone


router = APIRouter(prefix="/v1", tags=["recommend"], responses=RESPONSES)


class Closed(BaseModel):
    """A body in which an unknown field is an error, and so is a value of another type: true is no number."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class RecommendAsk(Closed):
    """What should this person see?"""

    user_id: UserId | None = None
    history: Annotated[list[Id], Field(max_length=1000)] | None = None
    """Item ids, oldest first; without it what the store knows of the person."""
    k: Annotated[int, Field(ge=1, le=100)] = 10
    filters: Annotated[list[Expression], Field(max_length=20)] = []
    """All must hold: price <= 20, genres in Comedy|Drama …"""
    exclude: Annotated[list[Id], Field(max_length=1000)] = []
    repeat: bool = False
    """Whether items of the history may come back."""
    timeout: Annotated[float, Field(gt=0, le=30)] | None = None


class SimilarAsk(Closed):
    """What is like these items?"""

    item_ids: Annotated[list[Id], Field(min_length=1, max_length=50)]
    k: Annotated[int, Field(ge=1, le=100)] = 10


class Place(BaseModel):
    """One place of a slate. pinned: it stands there because the operator put it first, and people should be told."""

    rank: int
    item_id: str
    title: str
    score: float
    pinned: bool = False


class Recommended(BaseModel):
    """A slate, and which model over which state of the catalogue gave it. id: what feedback on it names as `turn`."""

    id: str
    items: list[Place]
    source: str
    note: str
    model: str
    catalogue: int
    cached: bool


class Similar(BaseModel):
    """For each item asked for, those like it."""

    item_id: str
    items: list[Place]
    note: str


@router.post("/recommend")
async def recommend(body: RecommendAsk, caller: Reader, app: App) -> Recommended:
    """A slate for a person: their events in the store count from the moment they are acknowledged."""
    own(caller, app)
    await app.store.rules.recent(caller.tenant).fresh()
    rules = app.rules(caller.tenant)
    known = Known() if body.user_id is None else await asyncio.to_thread(app.known, caller.tenant, body.user_id)
    request = Request(
        history=known.history if body.history is None else tuple(body.history), user_id=body.user_id,
        conditions=tuple(map(parse, body.filters)), exclude=known.refused | frozenset(body.exclude),
        repeat=body.repeat,
    )  # fmt: skip
    ask = Ask(request=request, k=body.k, tenant=caller.tenant, rules=rules, age=known.profile.age)
    answer = await app.engine.recommend(ask, body.timeout)
    slate_id = uuid4().hex
    app.impressions.slate(ask, answer, slate_id)
    return Recommended(
        id=slate_id, items=_places(app, answer.slate, rules), source=answer.slate.source, note=answer.slate.note,
        model=answer.version, catalogue=answer.catalogue, cached=answer.cached,
    )  # fmt: skip


@router.post("/similar")
async def similar(body: SimilarAsk, caller: Reader, app: App) -> list[Similar]:
    """The items most like each of those named."""
    own(caller, app)
    return await asyncio.to_thread(_similar, app, body)


def _similar(app: Parts, body: SimilarAsk) -> list[Similar]:
    system = app.engine.versions.serving.active.snapshot.system
    alive = system.index.alive
    with missing():
        for item_id in body.item_ids:
            if not alive[system.catalog.row(item_id)]:
                raise unknown("item", item_id, ())
    more = body.k + int((~alive).sum())  # what was deleted is like others still
    found = []
    for item_id, slate in zip(body.item_ids, system.similar(body.item_ids, more), strict=True):
        pairs = zip(slate.item_ids, slate.scores, strict=True)
        kept = [(one, score) for one, score in pairs if alive[system.catalog.row(one)]][: body.k]
        left = replace(slate, item_ids=tuple(one for one, _ in kept), scores=tuple(score for _, score in kept))
        found.append(Similar(item_id=item_id, items=_places(app, left), note=slate.note))
    return found


def _places(app: Parts, slate: Slate, rules: Sequence[Rule] = ()) -> list[Place]:
    snapshot = app.engine.versions.serving.active.snapshot
    catalog, pins = snapshot.system.catalog, [rule for rule in rules if rule.kind == "pin"]
    known = [item_id for item_id in slate.item_ids if item_id in catalog]
    titles = dict(zip(known, catalog.titles(known), strict=True))
    return [
        Place(
            rank=rank,
            item_id=item_id,
            title=titles.get(item_id, item_id),
            score=score,
            pinned=any(snapshot.fits(pin, item_id) for pin in pins),
        )
        for rank, (item_id, score) in enumerate(zip(slate.item_ids, slate.scores, strict=True), 1)
    ]
