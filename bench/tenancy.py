"""Every route of the server, asked by those who may not: without a key, with a wrong one, by another tenant.

    python bench/tenancy.py --out docs/results/tenancy.json

The routes are those of the server's own document and of its OpenAI face (`tests/serving/api/every_route.py`, which the
tests use as well, fails where one is missing). One tenant has a text that stands nowhere else in every table; nobody
else may read it, and nothing of that tenant may have changed in the end.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import ROOT, key, shop

if TYPE_CHECKING:
    import httpx
    from web_world import Site

    from generec.serving.store import Store

Headers = dict[str, str]


@dataclass(frozen=True)
class Server:
    """As the tests' world asks a server."""

    client: httpx.Client
    store: Store


def callers(site: Site) -> dict[str, tuple[Headers, frozenset[int]]]:
    """Who asks, and the statuses that are no for them; none: their own rows may be shown to them."""

    def bearing(secret: str, scheme: str = "Bearer") -> Headers:
        return {"authorization": f"{scheme} {secret}"}

    read, revoked = key(site, "read"), key(site, "admin")
    site.store.keys.revoke("default", revoked.split("_")[1], by="bench")
    nobody = frozenset({401})
    return {
        "no key": ({}, nobody), "wrong key": (bearing(read[:-4] + "AAAA"), nobody),
        "revoked key": (bearing(revoked), nobody), "another scheme": (bearing(read, "Basic"), nobody),
        "read only": (bearing(read), frozenset({403})), "write only": (bearing(key(site, "write")), frozenset({403})),
        "another tenant, read": (bearing(key(site, "read", tenant="other")), frozenset()),
        "another tenant, admin": (bearing(key(site, "admin", tenant="other")), frozenset()),
    }  # fmt: skip


def told(text: str, canary: str) -> str:
    """An answer without what the asker said themselves."""
    for own in (f'"user_id":"{canary}"', f"'{canary}'"):
        text = text.replace(own, "")
    return text


def matrix(site: Site) -> dict[str, Any]:
    """One row for each route and caller who must not get there, and whether everything is as before."""
    sys.path += [str(ROOT / "tests" / "serving" / "api")]
    import httpx
    from api_world import CANARY
    from every_route import OF_ENGINE, OPENAI, ROUTES, ask, kept, plant

    routes = {**ROUTES, **{route: ("read", body) for route, body in OPENAI.items()}}
    found: list[dict[str, Any]] = []
    with httpx.Client(base_url=site.address, timeout=300) as client:
        server = Server(client, site.store)
        plant(server)
        asking = callers(site)
        before = kept(site.store)
        for route, (scope, body) in routes.items():
            for who, (headers, no) in asking.items():
                if (who == "read only" and scope == "read") or (who == "write only" and scope != "admin"):
                    continue  # they may
                held = who.startswith("another tenant") and route[1].startswith((*OF_ENGINE, "/openai"))
                response = ask(server, route, body, headers)
                right = response.status_code in (no or ({403} if held else range(200, 500)))
                leak = CANARY in told(response.text, CANARY)
                found.append({"route": " ".join(route), "caller": who, "status": response.status_code,
                              "refused_rightly": right, "leak": leak})  # fmt: skip
        unchanged = kept(site.store) == before
    return {
        "routes": len(routes), "asked": len(found), "leaks": sum(row["leak"] for row in found),
        "wrong": [row for row in found if row["leak"] or not row["refused_rightly"]], "unchanged": unchanged,
        "statuses": {who: dict(sorted(Counter(str(row["status"]) for row in found if row["caller"] == who).items()))
                     for who in asking},
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generec-tenancy-") as place, shop(Path(place)) as site:
        figures = matrix(site)
    for name, one in figures.items():
        print(f"{name}: {one}")
    if chosen.out is not None:
        written(chosen.out, figures)
    return 1 if figures["wrong"] or not figures["unchanged"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
