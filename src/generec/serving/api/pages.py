"""The web app: a page, its styles and its modules, as they lie in the package, and the pictures of items.

All else that they show comes by the routes.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from generec.serving.api.access import App

router = APIRouter(include_in_schema=False)
_NAME = re.compile(r"([a-z0-9_-]+/)*[a-z0-9_-]+\.(?P<kind>html|css|js|svg)")
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Only files of this server, and no text that becomes code: without inline parts, `innerHTML` and other origins."""


@router.get("/")
def page(request: Request) -> Response:
    """The one page; what it shows is in the hash of its address, which never reaches the server."""
    return _file(request, "index.html")


@router.get("/web/{name:path}")
def part(name: str, request: Request) -> Response:
    """A style, a module or a drawing."""
    return _file(request, name)


@router.get("/pictures/{signature}/{item_id:path}")
def picture(signature: str, item_id: str, request: Request, app: App) -> Response:
    """The picture of an item, at the address that came with it."""
    found = None if app.pictures is None else app.pictures.read(item_id, signature)
    if found is None:
        raise HTTPException(404, "there is no such picture")
    headers = {"etag": f'"{signature}"', "cache-control": "private, max-age=86400, immutable"}
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media_type)


def _file(request: Request, name: str) -> Response:
    """A file of the package; asked for again, browsers are told that theirs is still right."""
    known = _NAME.fullmatch(name)
    found = files("generec.serving").joinpath("web", name)
    if known is None or not found.is_file():
        raise HTTPException(404, "the web app has no such file")
    content = found.read_bytes()
    headers = {
        "etag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "cache-control": "no-cache",
        "content-security-policy": _POLICY,
    }  # fmt: skip
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_TYPES[known["kind"]])
