"""Versions activated over HTTP while people ask: none fails, none is answered by a mixture, going back takes no second.

    python bench/swap.py MODEL --data DATA --out docs/results/swap.json

Every version knows one half of the items only, so that an answer shows which one gave it; each is read from its folder
when it is activated.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

from generec.recipe.artefact import load
from served import (
    Client,
    Reply,
    Served,
    Target,
    also,
    arriving,
    filled,
    histories,
    options,
    quantiles,
    quiet,
    reported,
    saved,
    served,
    settled,
    store_of,
    with_beam,
)

K = 10


def halves(model: Path, width: int, into: Path) -> list[tuple[Path, frozenset[str]]]:
    """Two models, and the items that each knows."""
    made = []
    for part in (0, 1):
        system = load(model)
        ids = system.catalog.item_ids
        system.remove(ids[1 - part :: 2])
        made.append((saved(system, width, into / f"half{part}"), frozenset(ids[part::2])))
    return made


async def swapped(server: Served, people: list[tuple[str, ...]], chosen: Any) -> dict[str, Any]:
    """Requests at random moments while one version after the other is activated."""
    client, histories = Client(server.host, server.port), cycle(people)

    async def recommend(_: int) -> Reply:
        return await client.ask("POST", "/v1/recommend", {"history": next(histories)[-20:], "k": K, "timeout": 30})

    async def swapping() -> list[float]:
        took, every = [], chosen.requests / chosen.rate / (chosen.swaps + 1)
        for number in range(1, chosen.swaps + 1):
            began = time.perf_counter()
            reply = await client.ask("POST", f"/v1/models/v{number}/activate")
            assert reply.status == 200, reply
            took.append(time.perf_counter() - began)
            held.append(round(server.memory()))
            await asyncio.sleep(max(0.0, every - took[-1]))
        return took

    assert (await client.ask("POST", "/v1/models/v0/activate")).status == 200
    await settled(server)
    held = [round(server.memory())]
    task = asyncio.create_task(swapping())
    found = await arriving(recommend, chosen.rate, chosen.requests)
    took = await task
    began = time.perf_counter()
    back = (await client.ask("POST", "/v1/models/rollback")).json()["version"]
    answer = (await recommend(0)).json()
    took_back = time.perf_counter() - began
    good = [one.reply.json() for one in found if one.ok and one.reply]
    return {
        "answers": good, "requests": len(found), "failed": len(found) - len(good),
        "statuses": sorted({one.reply.status if one.reply else one.error for one in found}, key=str),
        "latency_ms": quantiles([one.seconds for one in found]), "activation_s": [round(one, 2) for one in took],
        "roll_back_s": round(took_back, 3), "went_back": int(answer["model"] == back == f"v{chosen.swaps - 1}"),
        "memory_mib": held,
    }  # fmt: skip


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=60.0, help="requests per second")
    parser.add_argument("--swaps", type=int, default=20)
    chosen = parser.parse_args()
    load = quiet(chosen)
    with tempfile.TemporaryDirectory(prefix="generec-swap-") as workspace:
        folder = Path(workspace)
        model = with_beam(chosen.model, chosen.beam, folder / "model")
        filled(folder, model)
        parts = halves(chosen.model, chosen.beam, folder)
        with store_of(folder) as store:
            for number in range(chosen.swaps + 1):
                also(store, f"v{number}", parts[number % 2][0])
        people = [items for items in histories(chosen.data).values() if items]
        with served(model, folder, "--data", str(chosen.data)) as server:
            figures = asyncio.run(swapped(server, people, chosen))
    answers = figures.pop("answers")
    given = [(answer["model"], {place["item_id"] for place in answer["items"]}) for answer in answers]
    figures["mixed"] = sum(not items <= parts[int(name[1:]) % 2][1] for name, items in given)
    figures["short"] = sum(len(items) != K for _, items in given)
    figures["versions_seen"] = len({name for name, _ in given})
    targets = [
        Target("failed requests", figures["failed"], most=0),
        Target("answers of a mixture", figures["mixed"], most=0),
        Target("answers that are too short", figures["short"], most=0),
        Target("versions that answered", figures["versions_seen"], least=chosen.swaps + 1),
        Target("seconds to go back, with an answer", figures["roll_back_s"], most=1),
        Target("answered by the version before", figures["went_back"], least=1),
    ]
    about = {
        "model": chosen.model.name,
        "beam": chosen.beam,
        "rate": chosen.rate,
        "swaps": chosen.swaps,
        "load_before": load,
    }
    return reported(targets, {**about, **figures}, chosen.out)


if __name__ == "__main__":
    raise SystemExit(main())
