"""The server's engine in one process, without HTTP: where a request's time goes, latency, throughput, swaps, overload.

    python bench/engine.py --model MODEL --data DATA --out docs/results/engine.json

Requests are the histories of the data's people, one after another; nothing is cached. Arrivals are random (Poisson) and
do not wait for answers; latency counts from the moment a request was due. In the swaps every version read from disk
knows one half of the items only, so that an answer shows which one gave it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import polars as pl
import torch

from generec.decoding.beam import BeamSearch
from generec.recipe.artefact import load
from generec.serving.batcher import Limits, OverloadError
from generec.serving.cache import Answer, Ask
from generec.serving.changes import Deletion
from generec.serving.engine import Engine
from generec.system import System
from generec.types import Request
from measured import written

K = 10


def people(data: Path, most: int = 5000) -> list[Request]:
    """What people asked from: their histories without the last item."""
    events = pl.read_parquet(data / "events.parquet").group_by("user_id", maintain_order=True).agg("item_id")
    return [Request(history=tuple(items[:-1]), user_id=user) for user, items in events.head(most).iter_rows()]


def profile(system: System[Any], requests: Sequence[Request], rounds: int) -> dict[str, Any]:
    """CPU and wall milliseconds of one call, median, for batches of 1, 8 and 32; and of its parts."""
    found: dict[str, Any] = {}
    for size in (1, 8, 32):
        batches = [requests[start : start + size] for start in range(0, size * rounds, size)]
        system.recommend(batches[0], K)
        cpu, wall = [], []
        for batch in batches:
            begun = time.process_time(), time.perf_counter()
            system.recommend(batch, K)
            cpu.append(1000 * (time.process_time() - begun[0]))
            wall.append(1000 * (time.perf_counter() - begun[1]))
        found[str(size)] = {"cpu_ms": round(statistics.median(cpu), 2), "wall_ms": round(statistics.median(wall), 2)}
    return found


def quantiles(seconds: Sequence[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    ordered = sorted(seconds)
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {
        name: round(1000 * ordered[min(len(ordered) - 1, int(at * len(ordered)))], 2) for name, at in places.items()
    }


def memory() -> float:
    """Resident MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


async def arriving(
    engine: Engine, requests: Iterator[Request], rate: float, number: int, seed: int = 0
) -> tuple[list[float], list[Answer | BaseException]]:
    """So many requests at random moments: seconds from each moment to its end, and what came of it."""
    moments, draw = [0.0], random.Random(seed)
    for _ in range(number - 1):
        moments.append(moments[-1] + draw.expovariate(rate))
    begun, took = time.perf_counter() + 0.01, [0.0] * number

    async def one(place: int) -> Answer:
        try:
            return await engine.recommend(Ask(request=next(requests), k=K))
        finally:
            took[place] = time.perf_counter() - begun - moments[place]

    tasks = []
    for place, moment in enumerate(moments):
        left = begun + moment - time.perf_counter()
        if left > 0:
            await asyncio.sleep(left)
        elif place % 50 == 0:
            await asyncio.sleep(0)  # late: let others run all the same
        tasks.append(asyncio.create_task(one(place)))
    return took, await asyncio.gather(*tasks, return_exceptions=True)


async def closed_loop(engine: Engine, requests: Iterator[Request], clients: int, number: int) -> float:
    """Requests per second when so many clients ask again as soon as they are answered."""
    left = iter(range(number))

    async def client() -> None:
        for _ in left:
            await engine.recommend(Ask(request=next(requests), k=K))

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return number / (time.perf_counter() - begun)


async def swaps(model: Path, width: int, limits: Limits, requests: Iterator[Request], chosen: Any) -> dict[str, Any]:
    """A version is read from disk and swapped in again and again while requests arrive."""
    ids = load(model).catalog.item_ids
    halves = [frozenset(ids[start::2]) for start in (0, 1)]

    held = [memory()]

    async def swapping(engine: Engine) -> None:
        for number in range(1, chosen.swaps + 1):
            gone = Deletion(tuple(item for item in ids if item not in halves[number % 2]))
            await engine.versions.load(f"v{number}", lambda: beamed(model, width), [gone], inserting=False)
            engine.versions.activate(f"v{number}")
            held.append(memory())

    async with Engine(limits, cached=0) as engine:
        gone = Deletion(tuple(item for item in ids if item not in halves[0]))
        await engine.versions.load("v0", lambda: beamed(model, width), [gone], inserting=False)
        engine.versions.activate("v0")
        task = asyncio.create_task(swapping(engine))
        took, answers = await arriving(engine, requests, chosen.swap_rate, chosen.requests)
        await task
        begun = time.perf_counter()
        name = engine.versions.roll_back()
        answer = await engine.recommend(Ask(request=next(requests), k=K))
        back = time.perf_counter() - begun
        assert answer.version == name
    good = [answer for answer in answers if isinstance(answer, Answer)]
    mixed = sum(not set(answer.slate.item_ids) <= halves[int(answer.version[1:]) % 2] for answer in good)
    return {
        "requests": len(answers), "rate": chosen.swap_rate, "swaps": chosen.swaps, "failed": len(answers) - len(good),
        "mixed": mixed, "short": sum(len(answer.slate.item_ids) != K for answer in good),
        "versions_seen": len({answer.version for answer in good}), "latency_ms": quantiles(took),
        "roll_back_ms": round(1000 * back, 2), "memory_mib": [round(each) for each in held],
    }  # fmt: skip


def beamed(model: Path, width: int) -> System[Any]:
    """The model with a beam instead of its recipe's decoder; width 0 keeps that one."""
    system = load(model)
    return replace(system, decoder=BeamSearch(width=width)) if width else system


async def overload(engine: Engine, requests: Iterator[Request], capacity: float, seconds: float) -> dict[str, Any]:
    """Five times what the engine can do: what is admitted is answered in time, the rest is told when to come back."""
    before = memory()
    took, answers = await arriving(engine, requests, 5 * capacity, int(5 * capacity * seconds))
    refused = [answer for answer in answers if isinstance(answer, OverloadError)]
    admitted = [each for each, answer in zip(took, answers, strict=True) if isinstance(answer, Answer)]
    return {
        "asked": len(answers), "admitted": len(admitted), "refused": len(refused),
        "failed": len(answers) - len(refused) - len(admitted), "latency_of_admitted_ms": quantiles(admitted),
        "retry_after_s": round(statistics.median(error.retry_after for error in refused), 3) if refused else None,
        "memory_mib": [round(before), round(memory())],
    }  # fmt: skip


async def run(chosen: argparse.Namespace) -> dict[str, Any]:
    requests = people(chosen.data)
    turn = cycle(requests)
    limits = Limits(batch=chosen.batch, queue=chosen.queue, threads=chosen.threads, timeout=30)
    system = beamed(chosen.model, chosen.beam)
    figures: dict[str, Any] = {
        "recommend": {
            "as the recipe says": profile(load(chosen.model), requests, chosen.rounds),
            f"beam {chosen.beam}": profile(system, requests, chosen.rounds),
        }
    }
    async with Engine(limits, cached=0) as engine:
        await engine.versions.load("v", lambda: system, inserting=False)
        engine.versions.activate("v")
        await arriving(engine, turn, chosen.rate, int(2 * chosen.rate))  # warm
        used = time.process_time()
        took, _ = await arriving(engine, turn, chosen.rate, int(chosen.seconds * chosen.rate))
        used = 1000 * (time.process_time() - used) / len(took)
        figures["rate"] = {
            "per_second": chosen.rate, "requests": len(took), "latency_ms": quantiles(took),
            "cpu_ms_per_request": round(used, 2),
        }  # fmt: skip
        capacity = await closed_loop(engine, turn, min(2 * limits.batch, limits.queue), chosen.requests)
        figures["throughput"] = {"per_second": round(capacity, 1), "requests": chosen.requests}
        figures["overload"] = await overload(engine, turn, capacity, chosen.overload_seconds)
        figures["overload"]["p99_against_unloaded"] = round(
            figures["overload"]["latency_of_admitted_ms"]["p99"] / figures["rate"]["latency_ms"]["p99"], 2
        )
    figures["swaps"] = await swaps(chosen.model, chosen.beam, limits, turn, chosen)
    figures["memory_mib"] = round(memory())
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True, help="a trained model's folder")
    parser.add_argument("--data", type=Path, required=True, help="the folder of its data")
    parser.add_argument("--beam", type=int, default=20, help="beam width; 0 for the recipe's own decoder")
    parser.add_argument("--batch", type=int, default=Limits().batch)
    parser.add_argument("--queue", type=int, default=Limits().queue)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second for the latency")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the latency is measured")
    parser.add_argument("--requests", type=int, default=10_000, help="for the throughput and for the swaps")
    parser.add_argument("--swaps", type=int, default=20)
    parser.add_argument("--swap-rate", type=float, default=200.0, help="requests per second during the swaps")
    parser.add_argument("--overload-seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=30, help="calls per batch size in the profile")
    parser.add_argument("--busy", action="store_true", help="measure on a loaded machine too; the load is recorded")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    before = os.getloadavg()
    if before[0] > (os.cpu_count() or 1) / 2 and not chosen.busy:
        sys.exit(f"the load is {before[0]:.1f}: wait for a quiet machine, or accept its noise with --busy")
    torch.set_num_threads(chosen.threads)
    settings = {name: value for name, value in vars(chosen).items() if name not in ("out", "model", "data")}
    figures = {"model": chosen.model.name, "data": chosen.data.name, "settings": settings, "load_before": before[0]}
    figures |= asyncio.run(run(chosen))
    print(json.dumps(figures, indent=2))
    if chosen.out is not None:
        written(chosen.out, figures)
    return 1 if figures["swaps"]["failed"] or figures["swaps"]["mixed"] or figures["overload"]["failed"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
