"""The server under requests made from its own OpenAPI document: none fails, and every answer is one that it documents.

    pip install schemathesis
    python bench/fuzz.py --examples 100 --out docs/results/fuzz.json

Schemathesis makes them: border values of every schema, random bodies, valid and not, and sequences in which one answer
names what the next request is about. Half of the names in paths are of things that are there. Its checks are all on:
no failure of the server, documented statuses, media types, headers and bodies, methods, keys that are needed, and data
that break the schema are refused. Some statuses need a word: 422 also answers what fits and cannot be done (a
condition on a column that nobody has), 504 is what a request that allows too little time asks for, 413 refuses too.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import key, shop

if TYPE_CHECKING:
    from web_world import Site

COMMAND = "from schemathesis.cli import schemathesis; schemathesis()"
WORDS = (
    "\0", "", " ", "i1", "price <= 20", "genres in lamp|rug", "title = x", "cheap lamps, no rugs", "../../etc/passwd",
    "<script>", "'; DROP TABLE items; --", "\u202e", "\ufeff", "x" * 600, "{{7*7}}", "%s%n", "1e999", "-0", "null",
)  # fmt: skip
"""Strings that stand in for random ones now and then: some are understood here, some break servers elsewhere."""
CONDITIONS = ("price <= 20", "genres in lamp|rug", "title = x", "sold = true", "year > 1990", "nowhere = 3")
IN_BODIES = {
    "item_id": ("item_id", "item_ids[*]", "history[*]", "exclude[*]", "items[*].item_id", "events[*].item_id"),
    "condition": ("condition", "conditions[*]", "filters[*]"), "user_id": ("user_id", "events[*].user_id"),
}  # fmt: skip
"""Where the body names such a thing."""
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def planted(site: Site) -> dict[str, tuple[str, ...]]:
    """Something to be found by each name that a path may have."""
    from generec.records import BackendCard, Draft, GateReport, ProfileLine, TextPayload, Verdict

    store, tenant = site.store, "default"
    store.people.put_line(tenant, "u1", ProfileLine("line", "lamps", 1.0, None, (), "stated", True), by="bench")
    rule = store.rules.add(tenant, "bury", ["price > 50"], by="bench")
    job = store.jobs.ask(tenant, "retrain", {}, by="bench")
    payload = TextPayload("A lamp", "It is a lamp.")
    for name in ("d1", "d2", "d3"):
        made = Draft(id=name, mode="created", payload=payload, backend=BackendCard("bench"), guidance="")
        store.approvals.submit(
            tenant, made, GateReport(name, (Verdict("safety", "pass", "block"),), "bench"), by="bench"
        )
    return {
        "item_id": ("i1", "i2", "i3"), "condition": CONDITIONS, "user_id": ("u1", "u2"), "line_id": ("line",),
        "rule_id": (rule.id,), "job_id": (job.id,), "draft_id": ("d1", "d2", "d3"), "version": ("one",),
        "name": ("pareto.png",),
    }  # fmt: skip


def settings(names: Mapping[str, Sequence[str]]) -> str:
    """Schemathesis's configuration. JSON's strings and lists are TOML's as well."""
    lines = ["[checks]", 'positive_data_acceptance.expected-statuses = ["2xx", 401, 403, 404, 409, 422, 429, 504]',
             "negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 413, 415, 422, 429]",
             "[generation.dictionaries]", 'string = {dictionary = "words", probability = 0.1}',
             "[dictionaries.words]", f"values = {json.dumps(WORDS)}"]  # fmt: skip
    for name, values in names.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines.append("[parameters]")
    places = [
        (name, place)
        for name in names
        for place in (f"path.{name}", *(f"body.{one}" for one in IN_BODIES.get(name, ())))
    ]
    lines += [f'"{place}" = {{dictionary = "{name}", probability = 0.5}}' for name, place in places]
    lines += ["[[operations]]", 'include-name = "POST /v1/recommend"',
              'checks.not_a_server_error.expected-statuses = ["2xx", "4xx", 504]']  # fmt: skip
    return "\n".join(lines) + "\n"


@contextmanager
def statuses() -> Iterator[Counter[str]]:
    """Counts what the server logs of its answers meanwhile: status, or kind and place of what nobody expected."""
    found: Counter[str] = Counter()

    class Counting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            line = json.loads(record.getMessage())
            found[str(line.get("error") or line["status"])] += 1

    logger, handler = logging.getLogger("generec.serving.requests"), Counting()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def fuzzed(site: Site, folder: Path, examples: int, seed: int, *options: str) -> dict[str, Any]:
    """What came of it. options: further ones of `schemathesis run`."""
    config, report = folder / "schemathesis.toml", folder / "report.json"
    config.write_text(settings(planted(site)))
    command = [sys.executable, "-c", COMMAND, "--config-file", str(config), "--no-color", "run",
               f"{site.address}/openapi.json", "-H", f"Authorization: Bearer {key(site)}", "--seed", str(seed),
               "--max-examples", str(examples), "--no-shrink", "--wait-for-schema", "60", "--request-timeout", "60",
               "--continue-on-failure", "--warnings", "off",
               "--report", "json", "--report-json-path", str(report), *options]  # fmt: skip
    with statuses() as answered:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "NO_COLOR": "1"})
    if not report.exists():
        raise SystemExit(f"schemathesis ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    found = json.loads(report.read_text())
    (folder / "said.txt").write_text(done.stdout)
    return {
        "schemathesis": version("schemathesis"), "operations": found["operations"], "cases": found["test_cases"],
        "phases": {name: one["status"] for name, one in found["phases"].items()}, "complete": found["complete"],
        "failures": found["failures"], "errors": found["errors"], "answers": dict(sorted(answered.items())),
        "seconds": round(found["running_time"] or 0),
    }  # fmt: skip


def whole(figures: Mapping[str, Any]) -> bool:
    """Whether everything was tried and nothing failed."""
    unexpected = [status for status in figures["answers"] if not status.isdecimal() or status == "500"]
    tried = figures["complete"] and figures["operations"]["tested"] == figures["operations"]["total"]
    return bool(tried and not figures["failures"] and not figures["errors"] and not unexpected)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--examples", type=int, default=100, help="random requests of each operation, beside border values"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--phases", default=",".join(PHASES))
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generec-fuzz-") as place, shop(Path(place)) as site:
        figures = fuzzed(site, Path(place), chosen.examples, chosen.seed, "--phases", chosen.phases)
        said = (Path(place) / "said.txt").read_text()
    if not whole(figures):
        print(said)
    print(json.dumps(figures, indent=1))
    if chosen.out is not None:
        written(chosen.out, {"examples": chosen.examples, "seed": chosen.seed, **figures})
    return 0 if whole(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
