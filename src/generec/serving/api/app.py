"""The application: engine, store and loop behind routes, one small file per resource."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from generec.serving.api import (
    approvals,
    codes,
    data_health,
    export,
    feedback,
    fields,
    gaps,
    health,
    imports,
    items,
    jobs,
    making,
    models,
    pages,
    recommend,
    rules,
    traffic,
    turn,
    users,
)
from generec.serving.api.door import Door
from generec.serving.api.guard import Guard
from generec.serving.api.parts import Parts
from generec.serving.api.problems import Problem, install
from generec.serving.api.rollout import Rollout
from generec.serving.api.settings import Settings
from generec.serving.api.talker import Talker
from generec.serving.api.tracing import SILENT
from generec.serving.engine import Engine
from generec.serving.openai.routes import openai_app
from generec.serving.store import Store

_ROUTERS: tuple[APIRouter, ...] = (
    health.router, recommend.router, items.router, feedback.router, turn.router, users.router,
    making.router, models.router, rules.router, pages.router, approvals.router, jobs.router, export.router,
    gaps.router, traffic.router, codes.router, data_health.router, imports.router, fields.router,
)  # fmt: skip


def create_app(engine: Engine, store: Store, talker: Talker, settings: Settings | None = None) -> FastAPI:
    """The ASGI application. Its lifespan starts the engine with the store's active version, and drains it at the end.

    The caller closes the store after that. Everything that is raised becomes a problem document.
    """
    settings = settings or Settings()
    parts = Parts(engine, store, talker, settings, Rollout(engine, store, settings.tenant))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine:
            await parts.rollout.restore()
            yield
            await parts.close()
            await engine.drain(settings.drain)
            await parts.impressions.close()

    app = FastAPI(
        title="generec", lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,  # what a generated client calls the operation
        telemetry=SILENT,
    )  # fmt: skip
    app.state.parts = parts
    for router in _ROUTERS:
        app.include_router(router)
    install(app, [route for router in _ROUTERS for route in router.routes])
    app.mount("/openai/v1", openai_app(parts))  # errors in another shape
    app.add_middleware(Door, admission=engine.admission, routes=recommend.router.routes)
    app.add_middleware(Guard, settings=settings, counted=engine.metrics.traffic.request)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = get_openapi(title=app.title, version="1", routes=app.routes)
            schemas = app.openapi_schema.setdefault("components", {}).setdefault("schemas", {})
            described = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(described.pop("$defs", {}))
            schemas["Problem"] = described
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    return app
