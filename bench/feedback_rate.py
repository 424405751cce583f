"""Feedback over HTTP into SQLite: single and batched events per second, acknowledged once they are on the disk.

    python bench/feedback_rate.py MODEL --data DATA --out docs/results/feedback_rate.json

Then the server is killed at random moments while both kinds of client write: every acknowledged event must be in the
log, none twice, and the log must be whole.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from served import (
    TENANT,
    Client,
    Reply,
    Served,
    Target,
    busy,
    filled,
    histories,
    options,
    quiet,
    reported,
    served,
    settled,
    store_of,
    with_beam,
)

Event = dict[str, Any]


class Events:
    """Clicks of many people, each with a turn of its own by which it is found again."""

    def __init__(self, data: Path):
        self.known = [(user, items[0]) for user, items in histories(data).items() if items]
        self.number = count()

    def some(self, size: int) -> list[Event]:
        return [self._one(next(self.number)) for _ in range(size)]

    def _one(self, number: int) -> Event:
        user, item = self.known[number % len(self.known)]
        return {"kind": "click", "user_id": user, "item_id": item, "turn": f"turn-{number}", "position": number % 10}


async def written_by(client: Client, events: list[Event]) -> Reply:
    """Sends one event alone, more as a batch."""
    if len(events) == 1:
        return await client.ask("POST", "/v1/feedback", events[0])
    return await client.ask("POST", "/v1/feedback/batch", {"events": events})


async def rates(server: Served, events: Events, chosen: Any) -> dict[str, Any]:
    """Events per second, one by one and batched, and what each cost the server."""
    client, found = Client(server.host, server.port), dict[str, Any]()
    await settled(server)
    for name, size, clients, most in (
        ("single", 1, chosen.clients, chosen.single),
        ("batched", chosen.batch, chosen.senders, chosen.batches),
    ):
        bodies = [events.some(size) for _ in range(most)]
        used = server.cpu()
        per_second, replies = await busy(lambda place: written_by(client, bodies[place]), clients, most)  # noqa: B023
        stored = sum(reply.json()["stored"] for reply in replies if reply.status == 200)
        found[name] = {
            "clients": clients, "events": stored, "events_per_second": round(per_second * stored / most, 1),
            "failed": sum(reply.status != 200 for reply in replies),
            "cpu_ms_per_event": round(1000 * (server.cpu() - used) / max(stored, 1), 4),
        }  # fmt: skip
    client.close()
    return found


async def until_killed(server: Served, events: Events, seconds: float, size: int) -> set[str]:
    """The turns of the events that were acknowledged before the server was killed."""
    acknowledged: set[str] = set()
    client = Client(server.host, server.port)

    async def sending(size: int) -> None:
        while True:
            some = events.some(size)
            reply = await written_by(client, some)
            assert reply.status == 200, reply
            acknowledged.update(event["turn"] for event in some)

    tasks = [asyncio.create_task(sending(each)) for each in (1, 1, 1, 1, size, size)]
    await asyncio.sleep(seconds)
    server.process.kill()
    for failed in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(failed, OSError | EOFError), failed
    return acknowledged


def kept(folder: Path, acknowledged: set[str]) -> dict[str, int]:
    """What is wrong with the log after the kills: it should be nothing."""
    with store_of(folder) as store:
        log = store.log(TENANT)
        stored = Counter(log.events(kinds=["click"])["turn"].drop_nulls().to_list())
        whole = log.verify() is None
    return {
        "acknowledged": len(acknowledged), "lost": len(acknowledged - stored.keys()),
        "doubled": sum(number > 1 for number in stored.values()), "broken": int(not whole),
    }  # fmt: skip


def killed(model: Path, folder: Path, events: Events, kills: Sequence[float], size: int) -> dict[str, Any]:
    """So many kills, each after so many seconds of writing."""
    acknowledged: set[str] = set()
    for seconds in kills:
        with served(model, folder) as server:
            acknowledged |= asyncio.run(until_killed(server, events, seconds, size))
    return {"kills": len(kills), **kept(folder, acknowledged)}


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--single", type=int, default=5000, help="events that are sent one by one")
    parser.add_argument("--clients", type=int, default=16, help="clients that send them")
    parser.add_argument("--batch", type=int, default=1000, help="events of a batch")
    parser.add_argument("--batches", type=int, default=200)
    parser.add_argument("--senders", type=int, default=3, help="clients that send batches")
    parser.add_argument("--kills", type=int, default=5)
    chosen = parser.parse_args()
    load = quiet(chosen)
    moments = random.Random(0)
    with tempfile.TemporaryDirectory(prefix="generec-feedback-") as workspace:
        folder, events = Path(workspace), Events(chosen.data)
        model = with_beam(chosen.model, chosen.beam, folder / "model")
        filled(folder, model)
        with served(model, folder) as server:
            figures = asyncio.run(rates(server, events, chosen))
            server.stop()
        kills = [moments.uniform(0.2, 2.0) for _ in range(chosen.kills)]
        figures["killed"] = killed(model, folder, events, kills, chosen.batch // 10)
    targets = [
        Target("single events per second", figures["single"]["events_per_second"], least=400),
        Target("batched events per second", figures["batched"]["events_per_second"], least=20_000),
        Target("failed requests", figures["single"]["failed"] + figures["batched"]["failed"], most=0),
        *(Target(f"{name} after kills", figures["killed"][name], most=0) for name in ("lost", "doubled", "broken")),
    ]
    return reported(targets, {"model": chosen.model.name, "load_before": load, **figures}, chosen.out)


if __name__ == "__main__":
    raise SystemExit(main())
