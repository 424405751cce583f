"""Where requests for the model are let in or refused, before anything else is done for them."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from generec.serving.admission import Admission
from generec.serving.api.problems import of_error
from generec.serving.batcher import OverloadError


class Door:
    """Stands behind the guard, and before all that finds a route, reads a body and asks the store.

    A flood is answered here: what a refusal costs is taken from those who were let in. routes: those that need a place,
    none with parts of its path left open.
    """

    def __init__(self, app: ASGIApp, admission: Admission, routes: Iterable[BaseRoute]):
        self.app, self.admission = app, admission
        self.routes = {str(getattr(route, "path", "")): route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route  # what is counted and logged also where no router comes to see it
        try:
            async with self.admission.one():
                await self.app(scope, receive, send)
        except OverloadError as error:
            await of_error(error, scope["state"]["request_id"])(scope, receive, send)
