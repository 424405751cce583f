"""/v1/traffic: what the operator watches, since this process began."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from generec.serving.api.access import App, Reader, own
from generec.serving.api.problems import RESPONSES

router = APIRouter(prefix="/v1", tags=["operation"], responses=RESPONSES)


class Route(BaseModel):
    """A route by its pattern. refused: answered with 400 to 499; failed: with 500 and more, or not at all."""

    route: str
    requests: int
    refused: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None


class Queue(BaseModel):
    """What waits for the model, and turns under way or waiting, each with its limit."""

    waiting: int
    limit: int
    turns: int
    turns_limit: int


class Check(BaseModel):
    """A fidelity check. failed and unknown: verdicts that blocked a draft or warned."""

    check: str
    judged: int
    failed: int
    unknown: int


class Written(BaseModel):
    """Impression events: waiting for the log, and lost because it could not be written."""

    waiting: int
    lost: int


class TrafficShown(BaseModel):
    """since: UTC seconds. turns: how many were answered with what. regret is null: nobody knows what would have been
    better for people; a simulation does (`generec bench loop`)."""

    since: int
    requests: int
    failed: int
    routes: list[Route]
    slates: dict[str, Any]
    queue: Queue
    turns: dict[str, int]
    checks: list[Check]
    regret: float | None
    impressions: Written


@router.get("/traffic")
async def traffic(caller: Reader, app: App) -> TrafficShown:
    """Requests, latencies, queue, errors, what turns were answered with, what the checks found."""
    own(caller, app)
    seen, engine = app.engine.metrics.traffic, app.engine
    routes = [Route(**row) for row in seen.routes()]
    return TrafficShown(
        since=seen.since, requests=sum(one.requests for one in routes), failed=sum(one.failed for one in routes),
        routes=routes, slates=engine.metrics.answered(),
        queue=Queue(waiting=engine.depth, limit=engine.limits.queue, turns=app.talking, turns_limit=app.settings.talks),
        turns=seen.shares(), checks=[Check(**row) for row in seen.verdicts()], regret=None,
        impressions=Written(waiting=app.impressions.waiting, lost=app.impressions.lost),
    )  # fmt: skip
