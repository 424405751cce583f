"""Errors as OpenAI's clients read them: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from generec.errors import GenerecError
from generec.serving.api.problems import MissingError, of_error
from generec.serving.openai.ask import WHY

_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}
_KINDS = {"extra_forbidden": "unsupported_parameter", "literal_error": "unsupported_value", "missing": "missing_value"}


class NoSuchModelError(MissingError):
    """Nothing of that name answers here."""


def shape(message: str, status: int, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    """The body of an error."""
    kind = "server_error" if status >= 500 else "requests" if status == 429 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": _CODES.get(status, code)}}


def of_raised(error: GenerecError, request_id: str) -> JSONResponse:
    """What was raised on purpose; the same statuses as of a problem, but that bad requests are 400 in this protocol."""
    plain = of_error(error, request_id)
    found = json.loads(bytes(plain.body))
    status = 400 if plain.status_code == 422 else plain.status_code
    code = str(found["type"]).rpartition(":")[2].replace("-", "_")
    missing = isinstance(error, NoSuchModelError)
    body = shape(found["detail"], status, "model_not_found" if missing else code, "model" if missing else None)
    kept = {name: plain.headers[name] for name in ("retry-after", "www-authenticate") if name in plain.headers}
    return JSONResponse(body, status, kept)


def install(app: FastAPI) -> None:
    """Lets the application answer with these errors, whatever is raised."""

    async def raised(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, GenerecError)
        return of_raised(error, request.state.request_id)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return JSONResponse(_invalid(error.errors()[0]), 400)

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        message = f"{error.detail}; there are chat/completions and models here"
        return JSONResponse(shape(message, error.status_code, "http"), error.status_code, error.headers)

    async def failed(request: Request, error: Exception) -> JSONResponse:
        message = f"it was not your request; tell the operator the request id {request.state.request_id}"
        return JSONResponse(shape(message, 500, "failed"), 500)

    app.add_exception_handler(GenerecError, raised)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, failed)


def _invalid(fault: Any) -> dict[str, Any]:
    """The first thing that is wrong with a request."""
    where = [part for part in fault["loc"] if part != "body"]
    param = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).removeprefix(".")
    detail = str(fault["msg"]).removeprefix("Value error, ")
    code = _KINDS.get(fault["type"], "invalid_value")
    name = str(where[0]) if where else ""
    if code.startswith("unsupported"):
        detail = WHY.get(name, "it is not known here") if len(where) == 1 else detail
        return shape(f"Unsupported: {param}; {detail}", 400, code, param)
    return shape(f"{param}: {detail}" if param else detail, 400, code, param or None)
