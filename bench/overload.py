"""Five times what `generec serve` can answer: what is let in is in time, the rest learns when to come back.

    python bench/overload.py MODEL --data DATA --out docs/results/overload.json

Capacity is what clients get that ask again at once; unloaded latency is that of a few requests per second. Latency
counts from the moment a request was due. Who comes while the flood is noticed counts with all others, and also alone.
At the end the server is told to stop while requests are under way.
"""

from __future__ import annotations

import asyncio
import signal
import statistics
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import uvloop

from served import (
    Asked,
    Client,
    Reply,
    Served,
    Target,
    arriving,
    busy,
    filled,
    histories,
    options,
    quantiles,
    quiet,
    reported,
    served,
    settled,
    with_beam,
)

TIMES = 5
NOTICED = 1.0  # seconds of the flood that are shown alone
UNDER_WAY = 6  # requests of each kind when the server is told to stop


def outcome(found: list[Asked]) -> dict[str, Any]:
    """Who was let in, how late, and what the others were told."""
    let_in = [one.seconds for one in found if one.ok]
    refused = [one.reply for one in found if one.reply is not None and one.reply.status == 429]
    told = [int(reply.headers["retry-after"]) for reply in refused if "retry-after" in reply.headers]
    return {
        "asked": len(found), "let_in": len(let_in), "refused": len(refused),
        "failed": len(found) - len(let_in) - len(refused), "without_retry_after": len(refused) - len(told),
        "retry_after_s": statistics.median(told) if told else None, "latency_of_let_in_ms": quantiles(let_in),
    }  # fmt: skip


def distinct(people: list[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Histories no two of which are alike, so that none is answered from memory: people, and the same with one more."""
    yield from (items[-20:] for items in people)
    for more in count():
        yield from (items[-19:] + people[more % len(people)][:1] for items in people)


async def flooded(server: Served, people: list[tuple[str, ...]], chosen: Any) -> dict[str, Any]:
    """Unloaded, at capacity, and flooded."""
    client, histories = Client(server.host, server.port), distinct(people)

    async def recommend(_: int) -> Reply:
        return await client.ask("POST", "/v1/recommend", {"history": next(histories), "k": 10})

    await client.ask("POST", "/v1/turn", {"words": "something new", "history": people[0]})
    await settled(server)
    await busy(recommend, chosen.clients, 100)  # warm
    unloaded = await arriving(recommend, chosen.rate, int(chosen.rate * chosen.seconds))
    capacity, _ = await busy(recommend, chosen.clients, chosen.requests)
    await settled(server)
    before = server.memory()
    flood = await arriving(recommend, TIMES * capacity, int(TIMES * capacity * chosen.seconds), seed=1)
    after = server.memory()
    client.close()
    return {
        "unloaded": {"per_second": chosen.rate, **outcome(unloaded)}, "capacity_per_second": round(capacity, 1),
        "flooded": {"per_second": round(TIMES * capacity, 1), **outcome(flood)},
        "first_second": outcome([one for one in flood if one.due < NOTICED]),
        "memory_mib": [round(before), round(after)], "memory_growth": round(after / before - 1, 4),
    }  # fmt: skip


async def stopped(server: Served, people: list[tuple[str, ...]], pause: float) -> dict[str, Any]:
    """SIGTERM while requests are under way: each must be answered."""
    await settled(server)  # the flood is over, nobody is refused for it any more
    client = Client(server.host, server.port)
    turns = [
        client.ask("POST", "/v1/turn", {"words": "price below 20", "history": some[-20:]})
        for some in people[:UNDER_WAY]
    ]
    slates = [client.ask("POST", "/v1/recommend", {"history": some[-20:]}) for some in people[-UNDER_WAY:]]
    tasks = [asyncio.ensure_future(one) for one in (*turns, *slates)]
    await asyncio.sleep(pause)
    waiting = sum(not task.done() for task in tasks)
    server.process.send_signal(signal.SIGTERM)
    replies = await asyncio.gather(*tasks, return_exceptions=True)
    code = await asyncio.to_thread(server.process.wait, 60)
    lost = sum(not (isinstance(reply, Reply) and reply.status == 200) for reply in replies)
    return {"under_way": waiting, "lost": lost, "exit_code": code}


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--rate", type=float, default=20.0, help="requests per second of the unloaded server")
    parser.add_argument("--clients", type=int, default=6, help="clients that find the capacity")
    parser.add_argument("--requests", type=int, default=2000, help="requests that find the capacity")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long it is unloaded, and flooded")
    parser.add_argument("--pause", type=float, default=0.05, help="seconds from the last requests to the signal")
    chosen = parser.parse_args()
    load = quiet(chosen)
    with tempfile.TemporaryDirectory(prefix="generec-overload-") as workspace:
        folder = Path(workspace)
        model = with_beam(chosen.model, chosen.beam, folder / "model")
        filled(folder, model)
        people = list(dict.fromkeys(items for items in histories(chosen.data, 20_000).values() if items))
        with served(model, folder, "--data", str(chosen.data)) as server:
            figures = uvloop.run(flooded(server, people, chosen))
            figures["stopped"] = uvloop.run(stopped(server, people, chosen.pause))
    flood, unloaded = figures["flooded"], figures["unloaded"]
    ratio = flood["latency_of_let_in_ms"]["p99"] / unloaded["latency_of_let_in_ms"]["p99"]
    figures["p99_against_unloaded"] = round(ratio, 2)
    targets = [
        Target("p99 of who is let in, against unloaded", ratio, most=2),
        Target("answers to the flood per second", flood["let_in"] / chosen.seconds, least=1),
        Target("failed requests", flood["failed"] + unloaded["failed"], most=0),
        Target("refused without Retry-After", flood["without_retry_after"], most=0),
        Target("growth of memory, %", 100 * figures["memory_growth"], most=10),
        Target("lost when it was stopped", figures["stopped"]["lost"], most=0),
    ]
    return reported(
        targets, {"model": chosen.model.name, "beam": chosen.beam, "load_before": load, **figures}, chosen.out
    )


if __name__ == "__main__":
    raise SystemExit(main())
