"""/v1/edit, /v1/create, /v1/explain and /v1/detect: what is made for a person, why, and how it is recognised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from generec.data.conditions import parse
from generec.records import Guidance, Kind, Statement, Total, Turn
from generec.serving.api.access import App, Caller, Reader, Writer, own
from generec.serving.api.creating import best_of
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Expression, Id, Row, UserId
from generec.serving.api.talker import Detected, Said
from generec.serving.api.turn import TURN, Words, whole
from generec.serving.api.wishes import check
from generec.serving.store.database import note

router = APIRouter(prefix="/v1", tags=["loop"], responses=RESPONSES)


class ForWhom(Closed):
    """The person that something is for, and what they say to it."""

    words: Words = ""
    user_id: UserId | None = None
    history: Annotated[tuple[Id, ...], Row, Field(max_length=1000)] = ()
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def said(self, app: Parts, tenant: str) -> Said:
        """With what the store knows of the person; asks the talker."""
        person = app.person(tenant, self.user_id, self.history)
        refused = app.known(tenant, self.user_id).refused
        rules = app.rules(tenant)
        return Said(person=person, words=self.words.strip(), refused=refused, rules=rules, k=2, seed=self.seed)


class EditAsk(ForWhom):
    """An item's text for a person: its own words, what they care about first."""

    item_id: Id


class Bound(Closed):
    """What a number may come to over all items of a set: at most 40 euros, two hours at least."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    low: Annotated[float, Field(allow_inf_nan=False)] | None = None
    high: Annotated[float, Field(allow_inf_nan=False)] | None = None


class CreateAsk(ForWhom):
    """A set of real items, or a text."""

    kind: Kind = "set"
    conditions: Annotated[tuple[Expression, ...], Row, Field(max_length=20)] = ()
    count: Annotated[int, Field(ge=1, le=100)] | None = None
    """Items of a set; without it as many as the words say, else five, or as many as the totals allow."""
    totals: Annotated[tuple[Bound, ...], Row, Field(max_length=10)] = ()
    best_of: Annotated[int, Field(ge=1, le=8)] = 1
    """Creations to choose the best of; `trace.candidates` says why the others were not chosen."""


class ExplainAsk(Closed):
    """Why this item, for this person?"""

    item_id: Id
    user_id: UserId | None = None
    history: Annotated[tuple[Id, ...], Row, Field(max_length=1000)] = ()


class Explained(BaseModel):
    """Statements, each with what it rests on; none where nothing explains it."""

    item_id: str
    statements: tuple[Statement, ...]


class DetectAsk(Closed):
    """A text, exactly as it was found, and the signed sidecar that came with it."""

    content: Annotated[str, StringConstraints(max_length=1_000_000)]
    sidecar: Annotated[str, StringConstraints(max_length=100_000)] | None = None


@router.post("/edit", response_class=Response, responses=TURN)
async def edit(body: EditAsk, caller: Writer, app: App) -> Response:
    """A turn whose slate has the edited text, checked and labelled; or says why there is none."""
    own(caller, app)
    with missing():
        app.engine.versions.serving.active.snapshot.system.catalog.row(body.item_id)
    return await _made(app, caller, lambda: app.talker.edit(body.item_id, body.said(app, caller.tenant)))


@router.post("/create", response_class=Response, responses=TURN)
async def create(body: CreateAsk, caller: Writer, app: App) -> Response:
    """A turn whose slate has the best creation; or says which wishes contradict each other.

    Its drafts are all that were made, the best first. `trace.candidates` has for each what it is worth, why it was not
    chosen, and what a set adds up to.
    """
    own(caller, app)
    conditions = tuple(map(parse, body.conditions))
    catalog = app.engine.versions.serving.active.snapshot.system.catalog
    bounds = tuple(Total(one.field, one.low, one.high) for one in body.totals)
    check(Guidance(totals=bounds), catalog)

    def made() -> Turn:
        said = replace(body.said(app, caller.tenant), count=body.count, totals=bounds)
        create_one = partial(app.talker.create, body.kind, conditions)
        return best_of(body.best_of, create_one, said, catalog, app.settings.patience)

    return await _made(app, caller, made)


@router.post("/explain")
async def explain(body: ExplainAsk, caller: Reader, app: App) -> Explained:
    """Why an item is shown to a person, with citations."""
    own(caller, app)
    with missing():
        app.engine.versions.serving.active.snapshot.system.catalog.row(body.item_id)

    def explained() -> tuple[Statement, ...]:
        return app.talker.explain(body.item_id, app.person(caller.tenant, body.user_id, body.history))

    return Explained(item_id=body.item_id, statements=await app.talk(explained))


@router.post("/detect")
async def detect(body: DetectAsk, caller: Reader, app: App) -> Detected:
    """Whether a text was edited or created here; that nothing is found proves nothing."""
    own(caller, app)
    return await app.talk(lambda: app.talker.detect(body.content, body.sidecar))


async def _made(app: Parts, caller: Caller, make: Callable[[], Turn]) -> Response:
    turn = await app.talk(make)
    app.keep(caller.tenant, turn)
    await asyncio.to_thread(_audited, app, caller, turn)
    return whole(turn)


def _audited(app: Parts, caller: Caller, turn: Turn) -> None:
    """Who had what made; for whom and in which words the audit does not say."""
    made = [one.draft for one in turn.slate if one.draft is not None]
    if made:
        with app.store.db.writing(caller.tenant) as (c, _):
            for draft in made:
                note(c, caller.tenant, caller.by, f"{draft.mode} draft", draft.id, {"parents": list(draft.parents)})
