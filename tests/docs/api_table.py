"""The table of routes of docs/api.md, as the server describes itself and as it lets people in.

python tests/docs/api_table.py          writes the table into the page
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from fastapi.testclient import TestClient

from generec.serving.api.app import create_app
from generec.serving.api.talker import Talker
from generec.serving.engine import Engine
from generec.serving.store import Store

PAGE = Path(__file__).parents[2] / "docs" / "api.md"
BEGIN, END = "<!-- routes: written by tests/docs/api_table.py -->\n", "<!-- end of routes -->\n"
_SCOPES = ("read", "write", "admin")


def table() -> str:
    """Method, path, the least scope of a key that gets in, and the first sentence of what it does."""
    rows = ["| | Route | Key | |", "|---|---|---|---|"]
    with tempfile.TemporaryDirectory() as place, Store.open(f"sqlite:///{place}/s.db", f"{place}/keys") as store:
        app = create_app(Engine(), store, cast(Talker, None))
        store.tenants.create("default")
        keys = {scope: store.keys.create("default", scope, [scope], by="test").secret for scope in _SCOPES}
        with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
            for path, methods in client.get("/openapi.json").json()["paths"].items():
                for method, about in methods.items():
                    said = " ".join(about.get("description", "").split("\n\n")[0].split())
                    rows.append(f"| {method.upper()} | `{path}` | {_least(client, method, path, keys)} | {said} |")
    return "\n".join(rows) + "\n"


def _least(client: Any, method: str, path: str, keys: dict[str, str]) -> str:
    """The scope that a route asks for, found by asking it."""
    there = re.sub(r"\{[^}]*\}", "x", path)
    if client.request(method, there).status_code not in (401, 403):
        return "none"
    for scope, secret in keys.items():
        if client.request(method, there, headers={"authorization": f"Bearer {secret}"}).status_code not in (401, 403):
            return scope
    raise AssertionError(f"no key opens {method} {path}")


def described(page: str) -> str:
    """The table that a page has."""
    return page.partition(BEGIN)[2].partition(END)[0]


if __name__ == "__main__":
    sys.path.insert(0, str(PAGE.parents[1] / "src"))
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(described(text), table()) if described(text) else text, encoding="utf-8")
