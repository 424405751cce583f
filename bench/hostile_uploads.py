"""Hostile files and rows sent to a running server: refused with the row, nothing half in, nothing run, memory bounded.

    python bench/hostile_uploads.py --out docs/results/hostile_uploads.json

The files are those that `generec data import` refuses in the tests (tests/data/test_hostile.py: bombs, traversal,
pickles, wrong encodings, giant rows, NaN prices, duplicates …), sent to /v1/import as what they claim to be, by
name; the rows go to /v1/items, each behind a good one that must not come in alone. What is taken is harmless as text.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import ROOT, shop

if TYPE_CHECKING:
    import httpx
    from web_world import Site

MOST = 256  # MiB that a request may cost
_GOOD = '{"item_id": "good", "title": "A good one"}'
ROWS: Mapping[str, str] = {
    "no id": '{"title": "x"}',
    "empty id": '{"item_id": ""}',
    "blank id": '{"item_id": "  "}',
    "id of a list": '{"item_id": ["x"]}',
    "id of 300 characters": json.dumps({"item_id": "x" * 300}),
    "id with NUL": '{"item_id": "a\\u0000b"}',
    "id turned round": '{"item_id": "a\\u202eb"}',
    "id with a line end": '{"item_id": "a\\nb"}',
    "half a character": '{"item_id": "x", "title": "\\ud800"}',
    "same id twice": '{"item_id": "x", "title": "1"}, {"item_id": "x", "title": "2"}',
    "NaN price": '{"item_id": "x", "price": NaN}',
    "infinite price": '{"item_id": "x", "price": 1e999}',
    "negative price": '{"item_id": "x", "price": -3}',
    "price in words": '{"item_id": "x", "price": "cheap"}',
    "price of a list": '{"item_id": "x", "price": [1]}',
    "year of 30 digits": '{"item_id": "x", "year": 9e29}',
    "whole number of 400 digits": '{"item_id": "x", "year": ' + "9" * 400 + "}",
    "lists in lists": '{"item_id": "x", "genres": [["a"]]}',
    "deep cell": '{"item_id": "x", "title": ' + "[" * 900 + "]" * 900 + "}",
    "deeper than Python": '{"item_id": "x", "title": ' + "[" * 90_000 + "]" * 90_000 + "}",
    "cyclic category": '{"item_id": "x", "genres": {"a": {"b": "a"}}}',
    "column of a control": '{"item_id": "x", "\\u0007": 1}',
    "column of 200 characters": json.dumps({"item_id": "x", "c" * 200: 1}),
    "misspelt column": '{"item_id": "x", "titel": "y"}',
    "2,000 columns": json.dumps({"item_id": "x", **{f"c{n}": n for n in range(2000)}}),
    "1,001 rows": ", ".join(f'{{"item_id": "n{n}"}}' for n in range(1001)),
    "giant cell": json.dumps({"item_id": "x", "title": "y" * 3_000_000}),
    "too large": json.dumps({"item_id": "x", "title": "y" * 5_000_000}),
    "claimed origin": '{"item_id": "x", "origin": "created"}',
    "not closed": '{"item_id": "x", "title": "y',
    "traversal": '{"item_id": "../../etc/passwd", "title": "../../etc/passwd"}',
    "script": '{"item_id": "x", "title": "<script>"}',
}


def peak() -> float:
    """MiB that this process held at most since `forget`."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def forget() -> float:
    """Begins to count anew; MiB held now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def cases() -> Iterator[tuple[str, dict[str, bytes], int | None]]:
    """Name, files by name, the row at fault where there is one: of the importer's tests."""
    sys.path += [str(ROOT / "tests" / "data")]
    from test_hostile import CASES

    for name, (files, row, _, _) in CASES.items():
        yield name, files, row


def sent(client: httpx.Client, files: Mapping[str, bytes]) -> httpx.Response:
    """One file as text/csv, or items and events together."""
    if len(files) == 1:
        name, content = next(iter(files.items()))
        part = "items" if name.startswith(("items", "a.")) else "events"
        return client.post("/v1/import", files={part: (name, content, "text/csv")})
    return client.post("/v1/import", files={name.partition(".")[0]: (name, each) for name, each in files.items()})


def body_of(name: str) -> str:
    """A good row, then those of a case."""
    return f'{{"items": [{_GOOD.replace("good", f"good {name}", 1)}, {ROWS[name]}]}}'


def state(site: Site) -> tuple[Any, ...]:
    """What an upload could have changed."""
    store = site.store
    return store.items.count("default"), store.items.watermark("default"), store.log("default").events().height


def tried(site: Site, client: httpx.Client, response: httpx.Response, before: tuple[Any, ...]) -> dict[str, Any]:
    """How one upload ended."""
    ended = {
        "status": response.status_code,
        "said": response.json().get("detail", "")[:300],
        "changed": state(site) != before,
    }
    alive = client.get("/readyz").status_code == 200
    wrong = not alive or response.status_code >= 500 or (response.status_code >= 400 and ended["changed"])
    return {**ended, "wrong": wrong or (response.status_code >= 400 and not ended["said"])}


def run(site: Site, folder: Path) -> dict[str, Any]:
    """All files and rows."""
    import httpx

    canary = folder / "canary"
    os.environ["GENEREC_TEST_CANARY"] = str(canary)
    found: dict[str, dict[str, Any]] = {}
    uploads = list(cases())
    with httpx.Client(base_url=site.address, timeout=600) as client:
        held, most = forget(), 0.0
        for name, files, row in uploads:
            before = state(site)
            ended = tried(site, client, sent(client, files), before)
            named = re.search(r"row (\d+)", ended["said"])
            found[f"file: {name}"] = {**ended, "row": row, "row_named": int(named[1]) if named else None}
        for name in ROWS:
            before = state(site)
            response = client.post("/v1/items", content=body_of(name), headers={"content-type": "application/json"})
            found[f"row: {name}"] = tried(site, client, response, before)
        most = peak() - held
    return {
        "cases": len(found), "refused": sum(one["status"] >= 400 for one in found.values()),
        "taken": sorted(name for name, one in found.items() if one["status"] < 400),
        "wrong": {name: one for name, one in found.items() if one["wrong"]},
        "other_row_named": {name: (one["row"], one["row_named"]) for name, one in found.items()
                            if one.get("row") is not None and one["status"] >= 400 and one["row"] != one["row_named"]},
        "run": canary.exists(), "extra_mib": round(most),
        "answers": {name: f"{one['status']} {one['said']}" for name, one in found.items()},
    }  # fmt: skip


def held(figures: Mapping[str, Any]) -> bool:
    """Whether nothing went wrong."""
    return not figures["wrong"] and not figures["run"] and figures["extra_mib"] <= MOST and figures["cases"] >= 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generec-hostile-") as place, shop(Path(place)) as site:
        figures = run(site, Path(place))
    print(json.dumps(figures, indent=1, ensure_ascii=False))
    if chosen.out is not None:
        written(chosen.out, figures)
    return 0 if held(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
