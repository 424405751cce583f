"""/v1/turn: one turn of a dialogue. The client keeps the dialogue: it sends back the guidance of the turn before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field, TypeAdapter
from starlette.responses import Response, StreamingResponse

from generec.errors import GenerecError, UsageError
from generec.records import Guidance, Turn, to_json
from generec.serving.api.access import App, Reader, own
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, of_error
from generec.serving.api.recommend import Closed, Id, Row, UserId
from generec.serving.api.talker import Said
from generec.serving.api.wishes import check, owned

router = APIRouter(prefix="/v1", tags=["loop"], responses=RESPONSES)
Words = Annotated[str, Field(max_length=2000)]


@cache
def _guidances() -> TypeAdapter[Guidance]:
    return TypeAdapter(Guidance)


def _read(given: Any) -> Any:
    """A guidance as JSON alone may say it, as strictly as the rest of the body: a record by itself takes true for 1."""
    return _guidances().validate_json(json.dumps(given), strict=True) if isinstance(given, dict) else given


Given = Annotated[Guidance, BeforeValidator(_read)]


class TurnAsk(Closed):
    """What a person says. guidance: set right by the person, and answered instead of words."""

    words: Words = ""
    user_id: UserId | None = None
    history: Annotated[tuple[Id, ...], Row, Field(max_length=1000)] = ()
    """Item ids, oldest first; without any what the store knows of the person."""
    before: Given | None = None
    guidance: Given | None = None
    rejected: Annotated[tuple[Id, ...], Row, Field(max_length=200)] = ()
    """Items turned down in this dialogue."""
    shown: Annotated[tuple[Id, ...], Row, Field(max_length=200)] = ()
    """Items of the last slate in its order, at which words may point: the second one."""
    k: Annotated[int, Field(ge=1, le=50)] = 5
    asked: Annotated[int, Field(ge=0, le=10)] = 0
    """Questions that were asked back in a row."""
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    def said(self, app: Parts, tenant: str) -> Said:
        """With what the store knows of the person; asks the talker."""
        catalog = app.engine.versions.serving.active.snapshot.system.catalog
        check(self.before, catalog)
        check(self.guidance, catalog)
        person = app.person(tenant, self.user_id, self.history)
        person = replace(person, rejected=self.rejected)
        refused = app.known(tenant, self.user_id).refused
        return Said(
            person=person, words=self.words, before=owned(self.before, person, asking=True),
            guidance=owned(self.guidance, person), shown=self.shown, refused=refused, rules=app.rules(tenant), k=self.k,
            asked=self.asked, seed=self.seed,
        )  # fmt: skip


_STREAM = {"text/event-stream": {"schema": {"type": "string"}}}
TURN: dict[int | str, dict[str, Any]] = {200: {"description": "A turn, or its events", "model": Turn}}


def whole(turn: Turn) -> Response:
    """A turn as JSON."""
    return Response(to_json(turn), media_type="application/json")


@router.post(
    "/turn",
    response_class=Response,
    responses={200: {**TURN[200], "content": {"application/json": {}, **_STREAM}}},  # generated clients take the first
)
async def turn(body: TurnAsk, request: Request, caller: Reader, app: App) -> Response:
    """Answers one turn: JSON, or with `Accept: text/event-stream` guidance, drafts, checks, slate and done."""
    own(caller, app)
    if not body.words.strip() and body.guidance is None:
        raise UsageError("a turn needs words, or a guidance to answer")

    def answered(understood: Callable[[Guidance], None]) -> Turn:
        return app.talker.turn(body.said(app, caller.tenant), understood)

    if "text/event-stream" not in request.headers.get("accept", ""):
        found = await app.talk(lambda: answered(lambda guidance: None))
        app.keep(caller.tenant, found)
        return whole(found)
    told: asyncio.Queue[Guidance | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(guidance: Guidance | None) -> None:
        loop.call_soon_threadsafe(told.put_nowait, guidance)

    task = asyncio.create_task(app.talk(lambda: answered(tell)))
    task.add_done_callback(lambda done: told.put_nowait(None))
    guidance = await told.get()
    if guidance is None:  # it failed before anything was understood: an ordinary problem
        await task
    events = _events(app, caller.tenant, guidance, task, request.state.request_id)
    return StreamingResponse(events, media_type="text/event-stream")


async def _events(
    app: Parts, tenant: str, guidance: Guidance | None, task: asyncio.Task[Turn], request_id: str
) -> AsyncIterator[str]:
    if guidance is not None:
        yield _event("guidance", to_json(guidance))
    try:
        found = await task
    except GenerecError as error:
        yield _event("problem", bytes(of_error(error, request_id).body).decode())
        return
    app.keep(tenant, found)
    whole = json.loads(to_json(found))
    yield _event("drafts", json.dumps(whole["drafts"]))
    yield _event("checks", json.dumps(whole["reports"]))
    told = {name: whole[name] for name in ("slate", "message", "question", "explanation")}
    yield _event("slate", json.dumps(told))
    yield _event("done", json.dumps({"id": found.id, "guidance": whole["guidance"], "trace": whole["trace"]}))


def _event(name: str, data: str) -> str:
    return f"event: {name}\ndata: {data}\n\n"
