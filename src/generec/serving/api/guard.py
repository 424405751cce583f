"""What stands before every route: request ids, Host and Origin, size, headers, and a log without personal data."""

from __future__ import annotations

import json
import logging
import random
import re
import time
import traceback
from collections.abc import Callable, Mapping
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from generec.serving.api.problems import problem
from generec.serving.api.settings import Settings

LOG = logging.getLogger("generec.serving.requests")
SLASH = "\0"
"""Stands for a slash within a name of a path, until the name is read (api/recommend.py): no name may hold it."""
_NAMED = ("/v1/users/", "/v1/items/")
_SLASH = re.compile("%2f", re.IGNORECASE)
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()", "cache-control": "no-store",
}  # fmt: skip
"""Of every response that does not say otherwise."""

Counted = Callable[[str, int, float], None]
"""Told of every request: the pattern of its route, its status and its seconds."""


class Guard:
    """The outermost part of the application; nothing is raised through it.

    The log has one JSON line per request: id, method, route (its pattern, never its values), status, milliseconds and
    tenant. Of an error that was not raised on purpose it has the kind and the place, not the message.
    """

    def __init__(self, app: ASGIApp, settings: Settings, counted: Counted = lambda route, status, seconds: None):
        self.app, self.settings, self.counted = app, settings, counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, headers = time.perf_counter(), Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"  # no secret
        state = scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        status, scope["path"] = 0, parted(scope["path"], scope.get("raw_path") or b"")

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                out["x-request-id"] = request_id
                for name, value in HEADERS.items():
                    out.setdefault(name, value)
            await send(message)

        failed = ""
        try:
            refused = self._refused(headers, request_id)
            if refused is not None:
                await refused(scope, receive, sending)
            else:
                await self.app(scope, self._limited(receive), sending)
        except Exception as error:  # the last resort: who asks learns that it failed, the log learns where
            last = traceback.extract_tb(error.__traceback__)[-1]
            failed = f"{type(error).__name__} at {last.filename.rpartition('/')[2]}:{last.lineno}"
            if not status:
                detail = f"it was not your request; tell the operator the request id {request_id}"
                answer = problem(request_id, 500, "failed", "The server failed", detail)
                await answer(scope, receive, sending)
        finally:
            seconds = time.perf_counter() - began
            self.counted(route_of(scope), status, seconds)
            line = {
                "request": request_id, "method": scope["method"], "route": route_of(scope), "status": status,
                "ms": round(1000 * seconds, 2), "tenant": state.get("tenant", ""),
                **({"error": failed} if failed else {}),
            }  # fmt: skip
            LOG.log(logging.ERROR if failed else logging.INFO, json.dumps(line))

    def _refused(self, headers: Headers, request_id: str) -> JSONResponse | None:
        """The answer to what must not reach any route."""
        host = headers.get("host", "")
        if _name(host) not in self.settings.hosts:
            detail = "the Host header names another server; address this one by a name that its operator allowed"
            return problem(request_id, 421, "misdirected", "Another server is meant", detail)
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host and origin not in self.settings.origins:
            detail = "a page of another server may not call this one unless its operator allowed that origin"
            return problem(request_id, 403, "foreign-origin", "The page is not allowed", detail)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.settings.body:
            detail = f"a request has at most {self.settings.body:,} bytes; send it in parts"
            return problem(request_id, 413, "too-large", "The request is too large", detail)
        return None

    def _limited(self, receive: Receive) -> Receive:
        """For bodies that do not say how long they are."""
        size = 0

        async def receiving() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self.settings.body:
                raise HTTPException(413, f"a request has at most {self.settings.body:,} bytes; send it in parts")
            return message

        return receiving


def parted(path: str, raw: bytes) -> str:
    """A path whose names may hold slashes, sent as %2F: SLASH stands for these, so that only others part it.

    What is routed is decoded, and DELETE /v1/users/ann/profile/lines would delete a person of the name
    `ann/profile/lines`. raw: as it came; one that holds the stand-in itself leads nowhere.
    """
    if not path.startswith(_NAMED) or (b"%2f" not in raw.lower() and SLASH not in path):
        return path
    return "" if SLASH in path else unquote(_SLASH.sub("%00", raw.decode("latin-1")))


def _name(host: str) -> str:
    """The host of a Host header, without its port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def route_of(scope: Scope) -> str:
    """The pattern of the route that was taken; empty where there was none."""
    route = scope.get("route")
    return str(getattr(route, "path_format", getattr(route, "path", "")))
