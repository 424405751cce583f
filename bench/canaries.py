"""Texts of one person that stand nowhere else: told to themselves, and to nobody and nothing besides.

    python bench/canaries.py --out docs/results/canaries.json

A person uses every route that takes words, and fails in every way that it can fail. Then their texts are looked for in
all logs (down to DEBUG), in /metrics and what operators watch, in error answers to requests that did not hold them, and
in what others get. Their own export must have them: that is the control. After "delete me" no file of the server may
hold any of them: database, write-ahead log, keys, ledger and signatures. Secrets of keys are looked for everywhere.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from measured import written
from shop import key, shop

if TYPE_CHECKING:
    import httpx

PERSON, OTHER = "person-zq7canary", "person-other-kx3"
SAID = {
    "profile line": "quiet-zq7violet", "instruction": "zeppelin-zq7museum", "stream": "orchid-zq7house",
    "correction": "saffron-zq7attic", "chat": "marble-zq7dragon", "creation": "copper-zq7lagoon",
    "edit": "walnut-zq7comet", "detection": "velvet-zq7glacier",
}  # fmt: skip
WATCHED = (
    "/metrics",
    "/v1/traffic",
    "/v1/jobs",
    "/v1/models",
    "/v1/health/data",
    "/v1/rules",
    "/v1/approvals",
    "/v1/codes",
)
CLIENT = ("httpx", "httpcore", "playwright")  # loggers of who asks, who is in the same process


@contextmanager
def logged() -> Iterator[list[str]]:
    """Everything that any logger of the server says meanwhile."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith(CLIENT):
                lines.append(f"{record.name} {self.format(record)}")  # with the traceback, where there is one

    root, handler = logging.getLogger(), Keeping()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def lived(client: httpx.Client, person: str, said: Mapping[str, str]) -> list[int]:
    """A person does everything that takes words, rightly and wrongly; the statuses."""
    line, path = {"text": f"I like {said['profile line']}"}, f"/v1/users/{person}"
    ask = client.request
    done = [
        ask("POST", f"{path}/profile/lines", json=line),
        ask("POST", f"{path}/profile/lines", json={**line, "condition": f"{said['profile line']} = 3"}),
        ask("POST", f"{path}/profile/lines", json={**line, "weight": said["profile line"]}),
        ask("PATCH", f"{path}/profile", json={"age": "adult", "locale": said["profile line"]}),
        ask("POST", "/v1/recommend", json={"user_id": person}),
        ask("POST", "/v1/recommend", json={"user_id": person, "filters": [said["instruction"]]}),
        ask("POST", "/v1/turn", json={"user_id": person, "words": f"lamps, no {said['instruction']}"}),
        ask("POST", "/v1/turn", json={"user_id": person, "words": f"a set of 3 lamps for {said['instruction']}"}),
        ask("POST", "/v1/turn", json={"user_id": person, "words": said["instruction"], "k": 99}),
        ask("POST", "/v1/turn", json={"user_id": person, "words": f"rugs {said['stream']}"},
            headers={"accept": "text/event-stream"}),
        ask("POST", "/v1/edit", json={"user_id": person, "words": f"about {said['edit']}", "item_id": "i1"}),
        ask("POST", "/v1/edit", json={"user_id": person, "words": said["edit"], "item_id": "nowhere"}),
        ask("POST", "/v1/create", json={"user_id": person, "words": f"3 lamps {said['creation']}"}),
        ask("POST", "/v1/create", json={"user_id": person, "words": said["creation"], "conditions": ["?"]}),
        ask("POST", "/v1/create", json={"user_id": person, "words": f"lamps {said['creation']}", "kind": "text"}),
        ask("POST", "/v1/explain", json={"user_id": person, "item_id": "i1"}),
        ask("POST", "/v1/detect", json={"content": said["detection"], "sidecar": said["detection"]}),
        ask("POST", "/openai/v1/chat/completions", json={
            "model": "generec", "user": person, "messages": [{"role": "user", "content": f"lamps {said['chat']}"}]}),
        ask("POST", "/openai/v1/chat/completions", json={
            "model": said["chat"], "user": person, "messages": [{"role": "user", "content": said["chat"]}]}),
    ]  # fmt: skip
    event = {"kind": "correct", "user_id": person, "item_id": "i1", "correction": said["correction"]}
    for each in (event, {**event, "kind": "click"}, {**event, "kind": said["correction"]}):
        for again in (each, each, {**each, "item_id": "i2"}):
            done.append(
                ask("POST", "/v1/feedback", json=again, headers={"idempotency-key": f"{person}-{each['kind'][:5]}"})
            )
    return [response.status_code for response in done]


def seen_by_others(client: httpx.Client, anybody: httpx.Client) -> dict[str, str]:
    """What operators watch, what another person gets, and errors of requests that hold nothing of the person."""
    watched = {path: client.get(path).text for path in WATCHED}
    other = [
        client.get(f"/v1/users/{OTHER}/export"), client.get(f"/v1/users/{OTHER}/profile"),
        client.post("/v1/recommend", json={"user_id": OTHER}),
        client.post("/v1/turn", json={"user_id": OTHER, "words": "lamps"}),
    ]  # fmt: skip
    wrong = [
        client.post("/v1/turn", json={"words": "x", "before": {"act": "?"}}), client.get("/v1/items?cursor=x"),
        client.put(f"/v1/users/{OTHER}/profile/lines/person-zq7", json={"text": "x"}), client.get("/v1/jobs/x"),
        client.delete("/v1/users/"), client.post("/v1/approvals", json={"turn": "t", "draft": "d"}),
        anybody.get("/v1/export"), anybody.get("/metrics"), anybody.post("/v1/turn", json={"words": "x"}),
    ]  # fmt: skip
    assert all(response.status_code >= 400 for response in wrong), [response.status_code for response in wrong]
    return {
        **watched,
        "another person": " ".join(one.text for one in other),
        "errors": " ".join(one.text for one in wrong),
    }


def found(texts: Mapping[str, str], where: str | bytes) -> list[str]:
    """Names of the texts that stand somewhere."""
    place = where.encode() if isinstance(where, str) else where
    return [name for name, text in texts.items() if text.encode() in place]


def files(folder: Path, but: Sequence[str]) -> dict[str, bytes]:
    """All that a server left in its folder."""
    return {str(one.relative_to(folder)): one.read_bytes() for one in sorted(folder.rglob("*"))
            if one.is_file() and not one.is_relative_to(folder / "model") and one.name not in but}  # fmt: skip


def run(folder: Path) -> dict[str, Any]:
    """Where what was found, which is nowhere if all is well, and the controls, which are not empty."""
    import httpx

    texts = {"user id": PERSON, **SAID}
    with logged() as lines, shop(folder) as site:
        secret = key(site)
        parts = {"secret of a key": secret, "end of a secret": secret.rsplit("_", 1)[-1]}
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=site.address, timeout=300, headers=headers) as client, \
             httpx.Client(base_url=site.address, timeout=300) as anybody:  # fmt: skip
            lived(client, OTHER, {name: f"other {name}" for name in SAID})
            statuses = lived(client, PERSON, SAID)
            shown = {place: found({**texts, **parts}, text) for place, text in seen_by_others(client, anybody).items()}
            own = client.get(f"/v1/users/{PERSON}/export").text
            tenant = client.get("/v1/export").text
            gone = client.delete(f"/v1/users/{PERSON}").json()
            after = {place: client.get(place).text for place in (f"/v1/users/{PERSON}/profile", "/v1/export", *WATCHED)}
            left = client.get(f"/v1/users/{PERSON}/export").json()
    kept = files(folder, ())
    return {
        "statuses": {str(status): statuses.count(status) for status in sorted(set(statuses))},
        "log lines": len(lines), "in logs": found({**texts, **parts}, "\n".join(lines)),
        "in what others see": {place: names for place, names in shown.items() if names},
        "words in a tenant's export": found(SAID, tenant),
        "deleted": gone, "known afterwards": left["known"],
        "after deletion": {place: names for place, text in after.items() if (names := found(texts, text))},
        "files": {name: len(content) for name, content in kept.items()},
        "in files": {name: names for name, content in kept.items() if (names := found({**texts, **parts}, content))},
        "control: own export": found(texts, own), "control: another person in files": [
            name for name, content in kept.items() if b"i1" in content],
    }  # fmt: skip


NOWHERE = (
    "in logs",
    "in what others see",
    "words in a tenant's export",
    "known afterwards",
    "after deletion",
    "in files",
)
"""Where nothing may be found."""


def clean(figures: Mapping[str, Any]) -> bool:
    """Whether nothing was found where nothing may be, and something where it must be."""
    controls = {"user id", "profile line", "correction"} <= set(figures["control: own export"])
    return controls and figures["deleted"]["wiped"] and not any(figures[name] for name in NOWHERE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="generec-canaries-") as place:
        figures = run(Path(place))
    for name, one in figures.items():
        print(f"{name}: {one}")
    if chosen.out is not None:
        written(chosen.out, figures)
    return 0 if clean(figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
