"""Errors as RFC 9457 problems: what is wrong, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from generec.errors import ArtefactError, GenerecError, InputError, NothingYetError, UnsuitedError, UsageError
from generec.serving.api.rates import RateError
from generec.serving.batcher import DeadlineError, NotServingError, OverloadError
from generec.serving.store.answers import BusyError

MEDIA_TYPE = "application/problem+json"


class MissingError(UsageError):
    """There is nothing of that name."""


class UnauthenticatedError(GenerecError):
    """Nobody knows who asks."""


class ForbiddenError(GenerecError):
    """Who asks may not do this."""


class Fault(BaseModel):
    """One part of a request that cannot be used."""

    pointer: str
    detail: str


class Problem(BaseModel):
    """RFC 9457. `instance` names the request, as the server's log does."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Fault] = []


_KINDS: tuple[tuple[type[GenerecError], int, str, str], ...] = (
    (RateError, 429, "rate-limited", "Too many requests from you"),
    (OverloadError, 429, "overloaded", "Too many requests"),
    (DeadlineError, 504, "too-late", "No answer in time"),
    (NotServingError, 503, "not-serving", "Not serving now"),
    (BusyError, 409, "in-progress", "The same request is being worked on"),
    (MissingError, 404, "not-found", "Not found"),
    (UnauthenticatedError, 401, "unauthenticated", "An API key is needed"),
    (ForbiddenError, 403, "forbidden", "Not allowed"),
    (ArtefactError, 409, "unusable-model", "The model cannot be used"),
    (InputError, 422, "invalid-data", "The data cannot be used"),
    (UnsuitedError, 422, "unsuited-model", "The model cannot do this"),
    (NothingYetError, 422, "nothing-yet", "There is nothing to tell yet"),
    (UsageError, 422, "invalid-request", "The request cannot be answered"),
)
_TITLES = {404: "Not found", 405: "Method not allowed", 413: "The request is too large", 400: "The request is broken"}

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    for status, title in {
        400: "The request is broken", 401: "An API key is needed", 403: "Not allowed", 404: "Not found",
        409: "In conflict", 413: "The request is too large", 421: "Another server is meant",
        422: "The request cannot be answered", 429: "Too many requests", 503: "Not serving now",
        504: "No answer in time",
    }.items()
}  # fmt: skip
"""What any route may answer besides its own."""


@contextmanager
def missing() -> Iterator[None]:
    """Stands around what looks a name of the path up: that it is unknown means 404."""
    try:
        yield
    except UsageError as error:
        raise MissingError(str(error)) from None


def problem(
    request_id: str,
    status: int,
    slug: str,
    title: str,
    detail: str,
    errors: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as a response."""
    found = Problem(
        type=f"urn:generec:problem:{slug}", title=title, status=status, detail=detail,
        instance=f"urn:generec:request:{request_id}", errors=list(errors),
    )  # fmt: skip
    return JSONResponse(found.model_dump(), status, dict(headers or {}), MEDIA_TYPE)


def of_error(error: GenerecError, request_id: str) -> JSONResponse:
    """What was raised on purpose, for who asked."""
    status, slug, title = next(
        ((status, slug, title) for kind, status, slug, title in _KINDS if isinstance(error, kind)),
        (500, "failed", "The server failed"),
    )
    headers: dict[str, str] = {}
    if isinstance(error, OverloadError):
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    elif status in (409, 503):
        headers["Retry-After"] = "1"
    elif status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="generec"'
    return problem(request_id, status, slug, title, str(error), headers=headers)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Lets the application answer with problems, whatever is raised. routes: all that it has."""

    async def raised(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, GenerecError)
        return of_error(error, request.state.request_id)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [Fault(pointer="/" + "/".join(map(str, one["loc"])), detail=str(one["msg"])) for one in error.errors()]
        first = f"{faults[0].pointer}: {faults[0].detail}" if faults else "it does not fit the schema"
        detail = f"{first}; /openapi.json says what is expected"
        title = "The request does not fit its schema"
        return problem(request.state.request_id, 422, "invalid-request", title, detail, faults)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        title = _TITLES.get(error.status_code, "The request was refused")
        detail = f"{error.detail}; /openapi.json lists what there is"
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = _allowed(routes, request)
        return problem(request.state.request_id, error.status_code, "http", title, detail, headers=headers)

    app.add_exception_handler(GenerecError, raised)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)


def _allowed(routes: Sequence[BaseRoute], request: Request) -> str:
    """The methods of all routes of a path; the router itself names those of the first."""
    there = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return ", ".join(sorted({method for route in there for method in getattr(route, "methods", None) or ()}))
