"""/v1/models: which version answers whom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from generec.serving.api.access import Admin, App, Reader, own
from generec.serving.api.evaluations import Evaluation, drawn, evaluation
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Id
from generec.serving.store.models import ModelVersion

router = APIRouter(prefix="/v1/models", tags=["models"], responses=RESPONSES)


class ModelShown(BaseModel):
    """A version. part: of the people that it answers now; 0 of one that is not in memory.

    evaluation: how it was judged when it was made, where that lies beside it (see Evaluation).
    """

    version: str
    state: str
    share: float
    figures: dict[str, Any]
    watermark: int
    replaced: str | None
    created: int
    loaded: bool
    part: float
    evaluation: Evaluation | None


class ShadowFound(BaseModel):
    """How far an unseen version agreed with what people got. overlap: mean share of items in common."""

    compared: int
    same_first: int
    overlap: float
    dropped: int
    failed: int


class Share(Closed):
    """Part of the people; 0 ends the trial."""

    share: Annotated[float, Field(ge=0, le=1)]


@router.get("")
async def list_models(caller: Reader, app: App) -> list[ModelShown]:
    """All versions, oldest first."""
    own(caller, app)
    return [_shown(app, one) for one in await asyncio.to_thread(app.store.models.list, caller.tenant)]


@router.get("/{version}/plots/{name}", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def read_plot(version: Id, name: Id, caller: Reader, app: App) -> Response:
    """A drawing of a version's evaluation."""
    own(caller, app)
    await _known(app, version)
    one = await asyncio.to_thread(app.store.models.get, caller.tenant, version)
    with missing():
        return Response(drawn(Path(one.folder), name), media_type="image/png")


@router.post("/rollback")
async def roll_back(caller: Admin, app: App) -> ModelShown:
    """Back to the version before."""
    own(caller, app)
    return _shown(app, await app.rollout.roll_back(caller.by))


@router.get("/shadow")
async def read_shadow(caller: Reader, app: App) -> ShadowFound | None:
    """What the shadow has found so far; null without one."""
    own(caller, app)
    found = app.engine.agreement
    if found is None:
        return None
    return ShadowFound(
        compared=found.compared, same_first=found.first, overlap=found.overlap / max(found.compared, 1),
        dropped=found.dropped, failed=found.failed,
    )  # fmt: skip


@router.delete("/shadow")
async def end_shadow(caller: Admin, app: App) -> ShadowFound | None:
    """Ends the shadow and says what it found."""
    found = await read_shadow(caller, app)
    await app.rollout.end_shadow(caller.by)
    return found


@router.post("/{version}/activate")
async def activate_model(version: Id, caller: Admin, app: App) -> ModelShown:
    """Lets a version answer everybody who is in no trial, from the next batch on; no request fails by it."""
    own(caller, app)
    await _known(app, version)
    return _shown(app, await app.rollout.activate(version, caller.by))


@router.put("/{version}/share")
async def share_model(version: Id, body: Share, caller: Admin, app: App) -> ModelShown:
    """Gives a version a part of the people, the same ones for as long as the trial lasts."""
    own(caller, app)
    await _known(app, version)
    return _shown(app, await app.rollout.try_out(version, body.share, caller.by))


@router.post("/{version}/shadow")
async def shadow_model(version: Id, caller: Admin, app: App) -> ModelShown:
    """Lets a version answer a copy of the traffic, unseen."""
    own(caller, app)
    await _known(app, version)
    return _shown(app, await app.rollout.shadow(version, caller.by))


async def _known(app: Parts, version: str) -> None:
    with missing():
        await asyncio.to_thread(app.store.models.get, app.settings.tenant, version)


def _shown(app: Parts, one: ModelVersion) -> ModelShown:
    parts = app.engine.versions.parts()
    return ModelShown(
        version=one.version, state=one.state, share=one.share, figures=dict(one.figures), watermark=one.watermark,
        replaced=one.replaced, created=one.created, loaded=one.version in parts, part=parts.get(one.version, 0.0),
        evaluation=evaluation(Path(one.folder)),
    )  # fmt: skip
