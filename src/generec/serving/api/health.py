"""At the root: whether the server lives, whether it can answer, and its figures."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from generec.serving.api.access import App, Reader, own
from generec.serving.api.problems import RESPONSES
from generec.serving.batcher import NotServingError

router = APIRouter(tags=["server"], responses=RESPONSES)


class Health(BaseModel):
    """How the server is."""

    status: str
    model: str = ""


@router.get("/healthz")
async def healthz() -> Health:
    """The process answers."""
    return Health(status="alive")


@router.get("/readyz")
async def readyz(app: App) -> Health:
    """A model is active and nothing is being stopped; otherwise 503."""
    if app.closing:
        raise NotServingError("the server is being stopped; ask another one")
    return Health(status="ready", model=app.engine.versions.serving.active.name)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(caller: Reader, app: App) -> Response:
    """Counters and histograms in the text format of Prometheus."""
    own(caller, app)
    return Response(app.engine.figures(), media_type="text/plain; version=0.0.4; charset=utf-8")
