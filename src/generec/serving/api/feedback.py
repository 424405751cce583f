"""/v1/feedback: what people did, acknowledged once it is on the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field, JsonValue

from generec.data.entries import Entry
from generec.records import Stage
from generec.serving.api.access import App, Caller, Writer
from generec.serving.api.bodies import AtOnce, InOneStep
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES
from generec.serving.api.recommend import Closed, Id, UserId
from generec.serving.store.answers import Answer
from generec.serving.store.database import now

router = APIRouter(prefix="/v1/feedback", tags=["feedback"], responses=RESPONSES, route_class=AtOnce)
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[!-~]+$")]
_VERDICTS = ("click", "like", "dislike", "skip", "reject", "correct")
_LONGEST = 2**53
_FEW = 10  # events that are checked on the event loop: some tens of microseconds


class Event(Closed):
    """One thing that a person did, or was shown. The client alone knows what was in sight: it sends impressions."""

    kind: Literal[
        "impression", "click", "like", "dislike", "skip", "reject", "correct", "rating", "play", "view", "purchase"
    ]
    user_id: UserId | None = None
    item_id: Id | None = None
    """The item; of an edit its parent."""
    draft: Id | None = None
    """The variant that was shown."""
    turn: Id | None = None
    stage: Stage = "slate"
    model: Id | None = None
    """The version that the answer named."""
    position: Annotated[int, Field(ge=0, le=10_000)] | None = None
    propensity: Annotated[float, Field(gt=0, le=1)] | None = None
    value: float | None = None
    correction: Annotated[str, Field(max_length=10_000)] = ""
    time: Annotated[int, Field(ge=0, lt=_LONGEST)] | None = None
    """UTC seconds; by default now."""

    def entry(self, key: str) -> Entry:
        """As the log takes it."""
        payload: dict[str, JsonValue] = {"correction": self.correction} if self.correction else {}
        return Entry(
            kind=self.kind, user_id=self.user_id, item_id=self.item_id, variant=self.draft,
            time=now() if self.time is None else self.time,
            stage=self.stage, turn=self.turn, model=self.model, position=self.position, propensity=self.propensity,
            value=self.value, payload=payload, key=key,
        )  # fmt: skip


class Events(Closed):
    """Many at once: all are stored, or none."""

    events: Annotated[list[Event], Field(min_length=1, max_length=1000)]


class Acknowledged(BaseModel):
    """What is on the disk now: how many are new, and how many had been sent before."""

    stored: int
    repeated: int


@router.post("")
async def send_event(body: Annotated[Event, InOneStep()], caller: Writer, app: App, key: Key = None) -> Acknowledged:
    """One event. Sent again under the same Idempotency-Key, it is stored once."""
    return await _taken(app, caller, [body], key)


@router.post("/batch")
async def send_events(body: Annotated[Events, InOneStep()], caller: Writer, app: App, key: Key = None) -> Acknowledged:
    """Many events, with one wait for the disk."""
    return await _taken(app, caller, body.events, key)


async def _taken(app: Parts, caller: Caller, events: Sequence[Event], key: str | None) -> Acknowledged:
    if key is None and len(events) <= _FEW:  # nobody waits in a thread for the disk
        receipt = await asyncio.wrap_future(app.log(caller.tenant).soon(_entries(events), checked=True))
        found = Acknowledged(stored=receipt.stored, repeated=receipt.repeated)
    else:
        found = await asyncio.to_thread(_stored, app, caller, events, key)
    if found.stored:
        about = (event for event in events if event.kind in _VERDICTS and (caller.tenant, event.turn) in app.turns)
        app.learn(caller.tenant, [event.entry("").feedback() for event in about])
    return found


def _stored(app: Parts, caller: Caller, events: Sequence[Event], key: str | None) -> Acknowledged:
    log, answers = app.log(caller.tenant), app.store.answers
    if key is None:
        receipt = log.append(_entries(events), checked=True)
        return Acknowledged(stored=receipt.stored, repeated=receipt.repeated)
    people = {event.user_id for event in events}
    request = "\n".join(event.model_dump_json() for event in events).encode()
    whose = people.pop() if len(people) == 1 else None
    kept = answers.claim(caller.tenant, key, request, user_id=whose)
    if kept is not None:
        return Acknowledged(**kept.body)
    try:
        receipt = log.append(_entries(events, key), checked=True)
    except BaseException:
        answers.release(caller.tenant, key)
        raise
    done = Acknowledged(stored=receipt.stored, repeated=receipt.repeated)
    answers.settle(caller.tenant, key, Answer(200, done.model_dump()))
    return done


def _entries(events: Sequence[Event], key: str = "") -> list[Entry]:
    return [event.entry(f"{key}/{place}" if key else "") for place, event in enumerate(events)]
