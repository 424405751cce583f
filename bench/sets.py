"""Set creators over thousands of random briefs: always found, always valid, how fast, how close to the best?

    python bench/sets.py --out sets.json                        10,000 briefs with a hidden answer, a quarter of an hour
    python bench/sets.py --briefs 300 --force 30 --runs 20      a look

Validity is judged by the plain reader of tests/create/set_worlds.py, which shares no code with the engine; a greedy
creator (the most relevant item that breaks no upper bound yet) shows how hard the briefs are. "force" compares pools of
at most 12 items with every set in every order. Latency is that of one call on one core: 2,000 items, 30 members.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.create.sets.brief import SetBrief, Weights
from generec.create.sets.creator import SetCreator
from generec.create.sets.objective import SimilarNeighbours
from generec.create.sets.pool import Pool
from generec.create.sets.rules import Arc, AtMostPer, Avoid, Count, NoNearDuplicates, Smooth
from generec.fitting.progress import Bars, reporting, task
from generec.records import Abstain, Member, Total
from generec.types import Condition
from measured import written

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "create"))  # the judge is shared with the tests

from set_worlds import best_by_force, faults, naive_worth, planted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--briefs", type=int, default=10_000, help="random briefs with a hidden answer")
    parser.add_argument("--first", type=int, default=10_000, help="seed of the first (the tests use those below 1,000)")
    parser.add_argument("--items", type=int, default=300, help="most items of a pool")
    parser.add_argument("--force", type=int, default=200, help="small pools to be compared with every set")
    parser.add_argument("--runs", type=int, default=100, help="calls per kind of set that are timed")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    load = os.getloadavg()
    with reporting(Bars()):
        figures = {
            "validity": validity(range(chosen.first, chosen.first + chosen.briefs), chosen.items),
            "force": force(range(chosen.first, chosen.first + 20 * chosen.force), chosen.force),
            "latency": latency(chosen.runs),
        }
    for name, found in figures.items():
        print(f"{name}: {json.dumps(found)}")
    if chosen.out is not None:
        seeds = [chosen.first, chosen.first + chosen.briefs]
        written(chosen.out, {"seeds": seeds, "ortools": version("ortools"), "load before": load, **figures})
    return 1 if figures["validity"]["wrong"] or figures["force"]["least"] < 0.95 else 0


def validity(seeds: range, items: int) -> dict[str, Any]:
    """Briefs with a hidden answer: what was made of them, by kind, and the seeds of all that went wrong."""
    kinds: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    used: list[float] = []
    greedy: Counter[bool] = Counter()
    with task("briefs", len(seeds)) as bar:
        for seed in seeds:
            brief, pool, hidden = planted(seed, items)
            assert not faults(brief, pool, hidden), seed
            began = time.process_time()
            made = SetCreator().create(brief, pool, seed=seed)
            used.append(time.process_time() - began)
            if isinstance(made, Abstain):
                wrong.append({"seed": seed, "abstained": made.reason})
            elif broken := faults(brief, pool, made[0].payload.members):
                wrong.append({"seed": seed, "invalid": broken})
            kinds["plan" if brief.plans else "slots" if brief.slots else "free"] += 1
            if not brief.plans and brief.order is None:
                greedy[greedy_is_valid(brief, pool)] += 1
            bar.advance(note=f"{len(wrong)} wrong")
    return {"briefs": len(seeds), "valid": len(seeds) - len(wrong), "wrong": wrong, "kinds": dict(kinds),
            "greedy": {"valid": greedy[True], "tried": greedy.total()}, "cpu_ms": quantiles(used)}  # fmt: skip


def greedy_is_valid(brief: SetBrief, pool: Pool) -> bool:
    """Whether taking the most relevant item that breaks nothing yet gives a valid set; not for plans and orders."""
    upper = [demand for demand in brief.demands if isinstance(demand, AtMostPer | Avoid | Condition | NoNearDuplicates)]
    upper += [Total(rule.field, None, rule.high) for rule in brief.rules if isinstance(rule, Total) and rule.high]
    upper += [Count(condition=rule.condition, high=rule.high) for rule in brief.rules if isinstance(rule, Count)]
    slots = [slot.name for slot in brief.slots] or [""] * brief.most
    members: list[Member] = []
    for row in np.argsort(-pool.relevance):
        left = [slot for slot in slots if not slot or slot not in {member.slot for member in members}]
        for slot in left[: len(slots) - len(members)]:
            filled = [*members, Member(pool.item_ids[row], slot=slot)]
            own = [demand for demand in brief.slots if demand.name == slot]
            if not faults(brief, pool, filled, [*upper, *own]):
                members = filled
                break
    return not faults(brief, pool, members)


def force(seeds: range, wanted: int) -> dict[str, Any]:
    """Objective reached over the best of all sets and orders, on pools of at most 12 items."""
    ratios: list[float] = []
    with task("every set", wanted) as bar:
        for seed in seeds:
            brief, pool, hidden = planted(seed, 12, kinds="fs")
            if len(hidden) > 4:
                continue
            made = SetCreator().create(brief, pool)
            best = best_by_force(brief, pool)
            if isinstance(made, Abstain):
                ratios.append(0.0)
            elif best > 0:
                ratios.append(naive_worth(brief, pool)(made[0].parents) / best)
            bar.advance()
            if len(ratios) >= wanted:
                break
    return {"pools": len(ratios), "least": round(min(ratios, default=1.0), 6), "mean": round(float(np.mean(ratios)), 6)}


def latency(runs: int, items: int = 2000, members: int = 30, width: int = 64) -> dict[str, Any]:
    """Wall and CPU milliseconds of one call, the solver loaded before."""
    found = {}
    for name, brief in timed_briefs(members).items():
        wall, cpu = [], []
        with task(name, runs) as bar:
            for run in range(runs + 1):
                pool = songs(items, width, run)
                began, used = time.perf_counter(), time.process_time()
                made = SetCreator().create(brief, pool)
                assert not isinstance(made, Abstain), made
                if run:  # the first loads the solver
                    wall.append(time.perf_counter() - began)
                    cpu.append(time.process_time() - used)
                bar.advance()
        found[name] = {"wall_ms": quantiles(wall), "cpu_ms": quantiles(cpu)}
    return found


def timed_briefs(members: int) -> dict[str, SetBrief]:
    size = (members - 2, members)
    rules = (Total("duration", 4 * members, 4 * members + 5), AtMostPer("creator", 2), Condition("explicit", "=", "no"),
             Count(condition=Condition("genre", "=", "jazz"), low=5, high=10))  # fmt: skip
    flow = SimilarNeighbours()
    return {
        "playlist": SetBrief(name="playlist", size=size, rules=rules),
        "playlist, arc": SetBrief(name="playlist", size=size, rules=rules, order=Arc("energy")),
        "playlist, flow": SetBrief(name="playlist", size=size, rules=rules, flow=flow, weights=Weights(flow=0.3)),
        "playlist, small steps, no near copies": SetBrief(
            name="playlist", size=size, rules=(*rules, NoNearDuplicates(0.6)), order=Smooth("energy", 0.1)
        ),
    }


def songs(items: int, width: int, seed: int) -> Pool:
    draw = np.random.default_rng(seed)
    frame = pl.DataFrame({
        "item_id": [f"s{row}" for row in range(items)],
        "duration": draw.integers(100, 900, items) / 100,
        "creator": [f"c{row}" for row in draw.integers(0, items // 7, items)],
        "genre": draw.choice(["jazz", "rock", "folk", "drone", "pop"], items),
        "explicit": draw.random(items) < 0.2,
        "energy": draw.random(items).round(3),
    })  # fmt: skip
    taste = draw.standard_normal(width)
    features = draw.standard_normal((items, width)).astype(np.float32)
    return Pool(frame, features @ taste / width + draw.random(items), features)


def quantiles(seconds: list[float]) -> dict[str, float]:
    points = np.percentile(np.array(seconds) * 1000, [50, 99, 100]) if seconds else [float("nan")] * 3
    return {name: round(float(value), 1) for name, value in zip(("p50", "p99", "most"), points, strict=True)}


if __name__ == "__main__":
    raise SystemExit(main())
