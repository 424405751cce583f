"""Asks a server for what the tools need, and says in words what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
from mcp.server.mcpserver.exceptions import ToolError

from generec.errors import UsageError

KEY = "GENEREC_API_KEY"
"""The environment variable with the key of the server; it goes into the requests' header and nowhere else."""
_PATIENCE = 60.0  # seconds for an answer; the server's own is shorter


@dataclass(frozen=True)
class Api:
    """A server, by a client that knows its address and key. Raises ToolError with what to do."""

    client: httpx.AsyncClient

    async def get(self, path: str, params: dict[str, Any] | None = None) -> Any:
        return await self._asked("GET", path, params=params)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        return await self._asked("POST", path, body=body)

    async def _asked(
        self, method: str, path: str, params: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> Any:
        try:
            response = await self.client.request(method, path, params=params, json=body)
        except httpx.TimeoutException:
            raise ToolError("the recommender did not answer in time; ask again, or for less") from None
        except httpx.HTTPError as error:
            where = self.client.base_url
            raise ToolError(
                f"no recommender answers at {where} ({type(error).__name__}); is `generec serve` running?"
            ) from None
        if response.is_success:
            return response.json()
        raise ToolError(_said(response))


def connected(url: str, key: str | None) -> httpx.AsyncClient:
    """A client of a running server. Raises UsageError for what is no address, or a key that fits in no header."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"a server's address is http://HOST:PORT or https://…, got {url!r}")
    return httpx.AsyncClient(base_url=url.rstrip("/"), headers=bearing(key), timeout=_PATIENCE)


def bearing(key: str | None) -> dict[str, str]:
    """The header that carries a key. Raises UsageError, without the key, where it could not be one."""
    if key is not None and not (key.isascii() and key.isprintable()):
        raise UsageError(f"${KEY} is no key: it holds characters that no key has; copy it again")
    return {"authorization": f"Bearer {key}"} if key else {}


def _said(response: httpx.Response) -> str:
    """A problem document, or OpenAI's shape of an error, in one sentence with a remedy."""
    try:
        found = response.json()
    except ValueError:
        found = {}
    found = found if isinstance(found, dict) else {}
    error = found.get("error")
    detail = error.get("message") if isinstance(error, dict) else found.get("detail")
    said = str(detail)[:500] if detail else f"the server answered {response.status_code}"
    if response.status_code == 401:
        return f"{said} (and set ${KEY} where this tool server runs)"
    again = response.headers.get("retry-after")
    return f"{said}; ask again in {again} s" if again and response.status_code in (429, 503) else said
