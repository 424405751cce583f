"""/openai/v1: chat completions and models, for clients that speak OpenAI's protocol. Keys and limits are those of /v1.

A completion is a turn of the loop. The conversation is in its messages: the guidance of the earlier ones is read again
for each answer, so that any server can give it. Its text says what was understood, the slate and what is asked back;
the field `generec` has the whole turn.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from generec.errors import GenerecError
from generec.records import Guidance, Turn, to_json
from generec.serving.api.access import App, Reader, own
from generec.serving.api.parts import Parts
from generec.serving.api.tracing import SILENT
from generec.serving.api.turn import TurnAsk
from generec.serving.openai.ask import ChatAsk
from generec.serving.openai.errors import NoSuchModelError, install, of_raised
from generec.serving.openai.replay import answered
from generec.serving.openai.text import COUNTED, cut, rest, tokens, understood
from generec.types import Catalog

ALIAS = "generec"
"""Whatever model is active."""
router = APIRouter()


def openai_app(parts: Parts) -> FastAPI:
    """The application to mount at /openai/v1: its errors have another shape than those around it."""
    app = FastAPI(title="generec, OpenAI's protocol", docs_url=None, redoc_url=None, redirect_slashes=False,
                  telemetry=SILENT)  # fmt: skip
    app.state.parts = parts
    app.include_router(router)
    install(app)
    app.add_middleware(_Keyless, parts=parts)
    return app


class _Keyless:
    """Clients of this protocol always send a key. Where the store has none yet it counts as no key at all."""

    def __init__(self, app: ASGIApp, parts: Parts):
        self.app, self.parts = app, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not await self.parts.store.keys.ring.fresh():
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"authorization"]
        await self.app(scope, receive, send)


@dataclass(frozen=True)
class _Answer:
    """One answer under way: who asked for what, and what its parts have in common."""

    ask: ChatAsk
    app: Parts
    tenant: str
    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def catalog(self) -> Catalog:
        return self.app.engine.versions.serving.active.snapshot.system.catalog

    def turn(self, told: Callable[[Guidance], None]) -> Turn:
        """Asks the talker: call it in `talk`."""
        extra, said = self.ask.generec, self.ask.said
        plain = TurnAsk(
            words=said[-1], user_id=self.ask.user, history=extra.history, rejected=extra.rejected, k=extra.k,
            asked=min(self.ask.asked, 10), seed=self.ask.seed,
        )  # fmt: skip
        return answered(self.app.talker, said, plain.said(self.app, self.tenant), told)

    def usage(self, content: str) -> dict[str, int]:
        """Counted by the rule that the vendor's field states; not what any language model would bill."""
        prompt, completion = sum(tokens(one.content) for one in self.ask.messages), tokens(content)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def whole(self, found: Turn) -> dict[str, Any]:
        pieces = [understood(found.guidance, self.catalog), *rest(found, self.catalog)]
        content = "".join(cut(pieces, self.ask.most)).rstrip()
        message = {"role": "assistant", "content": content, "refusal": None}
        reason = _reason(pieces, self.ask.most)
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return {**self.head("chat.completion"), "choices": [choice], "usage": self.usage(content), **self.vendor(found)}

    def head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def vendor(self, found: Turn) -> dict[str, Any]:
        """The turn itself, and which messages were not read."""
        unread = [at for at, one in enumerate(self.ask.messages) if one.role in ("system", "developer")]
        turn = json.loads(to_json(found))
        return {"generec": {"turn": turn, "unread_messages": unread, "token": COUNTED}}


@router.post("/chat/completions", response_class=Response)
async def complete(body: ChatAsk, request: Request, caller: Reader, app: App) -> Response:
    """A turn of the loop as a chat completion, whole or streamed."""
    own(caller, app)
    answer = _Answer(body, app, caller.tenant, _model(app, body.model))
    if not body.stream:
        found = await app.talk(lambda: answer.turn(lambda guidance: None))
        app.keep(caller.tenant, found)
        return JSONResponse(answer.whole(found))
    told: asyncio.Queue[Guidance | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def tell(guidance: Guidance | None) -> None:
        loop.call_soon_threadsafe(told.put_nowait, guidance)

    task = asyncio.create_task(app.talk(lambda: answer.turn(tell)))
    task.add_done_callback(lambda done: told.put_nowait(None))
    guidance = await told.get()
    if guidance is None:  # it failed before anything was understood: an ordinary error
        await task
    chunks = _chunks(answer, guidance, task, request.state.request_id)
    return StreamingResponse(chunks, media_type="text/event-stream")


@router.get("/models")
async def models(caller: Reader, app: App) -> JSONResponse:
    """What may be named as `model`: the active version, and the alias that means whatever is active."""
    own(caller, app)
    active = await _described(app, _model(app, ALIAS))
    return JSONResponse({"object": "list", "data": [active, {**active, "id": ALIAS}]})


@router.get("/models/{name:path}")
async def model(name: str, caller: Reader, app: App) -> JSONResponse:
    """One of them."""
    own(caller, app)
    return JSONResponse({**await _described(app, _model(app, name)), "id": name})


async def _described(app: Parts, version: str) -> dict[str, Any]:
    found = await asyncio.to_thread(app.store.models.get, app.settings.tenant, version)
    return {"id": version, "object": "model", "created": found.created, "owned_by": app.settings.tenant}


def _model(app: Parts, name: str) -> str:
    """The version that a name means. Raises NoSuchModelError for any but the active one."""
    active = app.engine.versions.serving.active.name
    if name not in (active, ALIAS):
        raise NoSuchModelError(f"The model {name[:100]!r} does not answer here; {active!r} does, or {ALIAS!r}")
    return active


def _reason(pieces: list[str], most: int | None) -> str:
    return "length" if most is not None and tokens("".join(pieces)) > most else "stop"


async def _chunks(
    answer: _Answer, guidance: Guidance | None, task: asyncio.Task[Turn], request_id: str
) -> AsyncIterator[str]:
    """The answer's pieces as events: what was understood while the rest is still being worked on."""
    most, sent = answer.ask.most, ""

    def more(pieces: list[str]) -> Iterator[str]:
        nonlocal sent
        left = None if most is None else most - tokens(sent)
        for piece in cut(pieces, left):
            sent += piece
            yield _chunk(answer, {"content": piece})

    yield _chunk(answer, {"role": "assistant", "content": ""})
    first = [] if guidance is None else [understood(guidance, answer.catalog)]
    for event in more(first):
        yield event
    try:
        found = await task
    except GenerecError as error:
        yield f"data: {bytes(of_raised(error, request_id).body).decode()}\n\n"
        return
    answer.app.keep(answer.tenant, found)
    last = [*([] if first else [understood(found.guidance, answer.catalog)]), *rest(found, answer.catalog)]
    for event in more(last):
        yield event
    yield _chunk(answer, {}, _reason([*first, *last], most), answer.vendor(found))
    options = answer.ask.stream_options
    if options is not None and options.include_usage:
        yield _event({**answer.head("chat.completion.chunk"), "choices": [], "usage": answer.usage(sent)})
    yield "data: [DONE]\n\n"


def _chunk(
    answer: _Answer, delta: dict[str, Any], reason: str | None = None, extra: dict[str, Any] | None = None
) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _event({**answer.head("chat.completion.chunk"), "choices": [choice], **(extra or {})})


def _event(found: dict[str, Any]) -> str:
    return f"data: {json.dumps(found)}\n\n"
