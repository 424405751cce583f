"""Mixed traffic for long: whether the server's memory grows, and whether anything fails.

    python bench/soak.py MODEL --data DATA --minutes 30 --out docs/results/soak.json

Slates, feedback, turns, items and profiles in the shares below, at random moments. What is kept up to a bound (answers,
turns) is filled before the clock starts; the slope is the least-squares line through the resident memory after that.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import count, cycle, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from generec.recipe.artefact import load
from measured import stolen
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

Call = tuple[str, str, dict[str, Any] | None]
SHARES = {"recommend": 0.6, "feedback": 0.25, "turn": 0.06, "item": 0.04, "profile": 0.04, "change": 0.01}
WORDS = ("something new", "cheaper", "price below 20", "not like the last one", "a gift for my sister", "surprise me")
EVERY = 5.0  # seconds between two looks at the memory
LONGEST = 20  # waits that are told one by one; a moment before 0 belongs to the minute before the clock started


class Sample(NamedTuple):
    """A look at the machine. at: seconds since the clock started; stolen: CPU seconds that the host took so far."""

    at: float
    mib: float
    stolen: float


def slope(samples: list[Sample]) -> float:
    """MiB per minute of the line through the resident memory."""
    times, sizes, _ = zip(*samples, strict=True)
    middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
    spread = sum((at - middle) ** 2 for at in times)
    return 60 * sum((one.at - middle) * (one.mib - mean) for one in samples) / max(spread, 1e-9)


class Traffic:
    """What people and a shop ask, each kind as often as SHARES says."""

    def __init__(self, model: Path, data: Path):
        self.users = list(histories(data, 20_000))
        frame = load(model).catalog.frame
        self.rows = cycle(frame.select(pl.col(pl.String)).head(500).fill_null("").rows(named=True))
        self.items, self.draw, self.number = frame["item_id"].to_list(), random.Random(0), count()
        self.makers: dict[str, Callable[[str], Call]] = {
            "recommend": lambda user: ("POST", "/v1/recommend", {"user_id": user, "k": 10}),
            "feedback": lambda user: ("POST", "/v1/feedback", self._event(user)),
            "turn": lambda user: ("POST", "/v1/turn", {"words": self.draw.choice(WORDS), "user_id": user}),
            "item": lambda user: ("GET", f"/v1/items/{self.draw.choice(self.items)}", None),
            "profile": lambda user: ("GET", f"/v1/users/{user}/profile", None),
            "change": lambda user: ("POST", "/v1/items", {"items": [self._changed()]}),
        }

    def call(self, kind: str) -> Call:
        return self.makers[kind](self.draw.choice(self.users))

    def any_call(self) -> tuple[str, Call]:
        (kind,) = self.draw.choices(list(SHARES), list(SHARES.values()))
        return kind, self.call(kind)

    def _event(self, user: str) -> dict[str, Any]:
        return {"kind": self.draw.choice(["impression", "click", "like"]), "user_id": user,
                "item_id": self.draw.choice(self.items)}  # fmt: skip

    def _changed(self) -> dict[str, Any]:
        row = next(self.rows)
        return {**row, "title": f"{row.get('title') or row['item_id']} ({next(self.number)})"}


async def soaked(server: Served, traffic: Traffic, chosen: Any) -> dict[str, Any]:
    client = Client(server.host, server.port)
    statuses: Counter[str] = Counter()
    waits: list[tuple[float, float, str, int]] = []  # seconds, when it was asked, what, with which status

    async def told(kind: str, call: Call) -> Reply:
        reply = await client.ask(*call)
        statuses[f"{kind} {reply.status}"] += 1
        return reply

    async def one(_: int) -> Reply:
        kind, call = traffic.any_call()
        began = time.perf_counter()
        reply = await told(kind, call)
        waits.append((time.perf_counter() - began, began, kind, reply.status))
        return reply

    await told("turn", traffic.call("turn"))
    await settled(server)
    for kind, most in (("recommend", chosen.answers), ("turn", chosen.turns)):
        await busy(lambda _: told(kind, traffic.call(kind)), 4, most)  # noqa: B023
    await arriving(one, chosen.rate, int(chosen.rate * 60 * min(1.0, chosen.minutes)))
    samples: list[Sample] = []

    async def looking() -> None:
        began = time.perf_counter()
        while True:
            samples.append(Sample(time.perf_counter() - began, server.memory(), stolen()))
            await asyncio.sleep(EVERY)

    looks = asyncio.create_task(looking())
    used, started = server.cpu(), time.perf_counter()
    found = await arriving(one, chosen.rate, int(60 * chosen.minutes * chosen.rate), seed=1)
    looks.cancel()
    late = {kind: [took for took, _, what, _ in waits if what == kind] for kind in SHARES}
    return {
        "minutes": chosen.minutes, "per_second": chosen.rate, "requests": len(found),
        "cpu_ms_per_request": round(1000 * (server.cpu() - used) / len(found), 2),
        "lost": sum(one.reply is None for one in found), "statuses": dict(sorted(statuses.items())),
        "failed": sum(number for name, number in statuses.items() if int(name.split()[1]) >= 500),
        "refused": sum(number for name, number in statuses.items() if 400 <= int(name.split()[1]) < 500),
        "latency_ms": {kind: quantiles(seconds) for kind, seconds in late.items() if seconds},
        "longest": [{"at_s": round(began - started, 1), "what": f"{what} {status}", "ms": round(1000 * took)}
                    for took, began, what, status in sorted(waits, reverse=True)[:LONGEST]],
        "memory_mib": {"first": round(samples[0].mib), "last": round(samples[-1].mib),
                       "most": round(max(one.mib for one in samples)),
                       "by_minute": [round(one.mib) for one in _by_minute(samples)]},
        "stolen_cpu_s_by_minute": [
            round(after.stolen - before.stolen, 1) for before, after in pairwise(_by_minute(samples))
        ],
        "slope_mib_per_minute": round(slope(samples), 3),
    }  # fmt: skip


def _by_minute(samples: list[Sample]) -> list[Sample]:
    return [one for place, one in enumerate(samples) if not place or one.at // 60 > samples[place - 1].at // 60]


def main() -> int:
    parser = options(__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=15.0, help="requests per second")
    parser.add_argument("--answers", type=int, default=12_000, help="slates before the clock starts")
    parser.add_argument("--turns", type=int, default=2_100, help="turns before the clock starts")
    chosen = parser.parse_args()
    load_before = quiet(chosen)
    with tempfile.TemporaryDirectory(prefix="generec-soak-") as workspace:
        folder = Path(workspace)
        model = with_beam(chosen.model, chosen.beam, folder / "model")
        filled(folder, model, chosen.data)
        traffic = Traffic(model, chosen.data)
        with served(model, folder, "--data", str(chosen.data)) as server:
            figures = asyncio.run(soaked(server, traffic, chosen))
    targets = [
        Target("MiB per minute", figures["slope_mib_per_minute"], most=1),
        Target("answers 5xx", figures["failed"], most=0),
        Target("requests without an answer", figures["lost"], most=0),
    ]
    about = {"model": chosen.model.name, "beam": chosen.beam, "load_before": load_before, "shares": SHARES}
    return reported(targets, {**about, **figures}, chosen.out)


if __name__ == "__main__":
    raise SystemExit(main())
