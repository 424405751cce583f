"""`generec serve` under random arrivals: latency, throughput, memory and start, with the client in a second process.

    python bench/load.py MODEL --data DATA --out docs/results/load.json

Everybody asks once, by their id, so that history, rules and profile are read from the store and nothing is cached.
Arrivals do not wait for answers, and latency counts from the moment a request was due.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

from served import (
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

STARTS = 3


async def asked(
    server: Served, users: list[str], rate: float, seconds: float, clients: int, most: int
) -> dict[str, Any]:
    """Latency at a rate of arrivals, then throughput of clients that ask again at once."""
    client, number = Client(server.host, server.port), count()

    async def recommend(_: int) -> Reply:
        return await client.ask("POST", "/v1/recommend", {"user_id": users[next(number) % len(users)], "k": 10})

    await client.ask("POST", "/v1/turn", {"words": "something new", "user_id": users[-1]})  # the loop is there
    await settled(server)
    await arriving(recommend, rate, int(2 * rate))  # warm
    used = server.cpu()
    found = await arriving(recommend, rate, int(rate * seconds), seed=1)
    used = 1000 * (server.cpu() - used) / len(found)
    late = quantiles([one.seconds for one in found])
    cached = sum(one.reply.json()["cached"] for one in found if one.ok and one.reply)
    memory = server.memory()
    through = server.cpu()
    per_second, replies = await busy(recommend, clients, most)
    through = 1000 * (server.cpu() - through) / most
    return {
        "rate": {"per_second": rate, "requests": len(found), "failed": sum(not one.ok for one in found),
                 "cached": cached, "latency_ms": late, "cpu_ms_per_request": round(used, 2)},
        "throughput": {"clients": clients, "requests": most, "per_second": round(per_second, 1),
                       "answered_per_second": round(per_second * sum(one.status == 200 for one in replies) / most, 1),
                       "cpu_ms_per_request": round(through, 2)},
        "memory_mib": {"at the rate": round(memory), "after the throughput": round(server.memory())},
    }  # fmt: skip


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second for the latency")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the latency is measured")
    parser.add_argument("--clients", type=int, default=6, help="clients for the throughput")
    parser.add_argument("--requests", type=int, default=3000, help="requests for the throughput")
    chosen = parser.parse_args()
    load = quiet(chosen)
    with tempfile.TemporaryDirectory(prefix="generec-load-") as workspace:
        folder = Path(workspace)
        model = with_beam(chosen.model, chosen.beam, folder / "model")
        filled(folder, model, chosen.data)
        users = list(histories(chosen.data, int(chosen.rate * (chosen.seconds + 2)) + chosen.requests + 1))
        starts = []
        for _ in range(STARTS - 1):
            with served(model, folder, "--data", str(chosen.data)) as server:
                starts.append(server.started)
                server.stop()
        with served(model, folder, "--data", str(chosen.data)) as server:
            starts.append(server.started)
            figures = asyncio.run(asked(server, users, chosen.rate, chosen.seconds, chosen.clients, chosen.requests))
    start = statistics.median(starts)
    rate, throughput, memory = figures["rate"], figures["throughput"], max(figures["memory_mib"].values())
    targets = [
        Target(f"p50 ms at {chosen.rate:g}/s", rate["latency_ms"]["p50"], most=15),
        Target(f"p99 ms at {chosen.rate:g}/s", rate["latency_ms"]["p99"], most=60),
        Target(f"failed at {chosen.rate:g}/s", rate["failed"], most=0),
        Target("answered per second", throughput["answered_per_second"], least=150),
        Target("resident MiB", memory, most=1430),  # 1.5 GB
        Target("seconds to start", start, most=5),
    ]
    about = {
        "model": chosen.model.name,
        "beam": chosen.beam,
        "load_before": load,
        "starts_s": [round(one, 2) for one in starts],
    }
    return reported(targets, {**about, **figures}, chosen.out)


if __name__ == "__main__":
    raise SystemExit(main())
