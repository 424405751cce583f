"""Models trained on their own outputs that people kept: the exact loop beside its recursion, and a text model's loop.

Prints reward and coverage side by side, and writes JSON.

    python bench/self_consuming.py --out self_consuming.json
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.data.world import make_world
from generec.simulation.people import WorldPeople
from generec.simulation.safeguards import Guard, Safeguards, Unguarded
from generec.simulation.self_consuming import Curation, Round, rounds, sampled_rounds
from generec.simulation.self_training import Loop, Ngrams, SelfTraining
from measured import written


def exact(items: int, count: int, samples: int, seed: int) -> dict[str, Any]:
    """The exact loops of a catalogue, and the distance of a sampled one."""
    draw = np.random.default_rng(seed)
    data = draw.permutation(1.0 / np.arange(1, items + 1) ** 0.8)
    data, reward = data / data.sum(), draw.normal(size=items)
    results: dict[str, Any] = {}
    for draws, real in ((1, 0.0), (4, 0.0), (4, 0.5)):
        curation = Curation(draws=draws, real=real)
        loop = list(rounds(data, reward, curation, count))
        noisy = list(sampled_rounds(data, reward, curation, samples, count, seed))
        far = [float(np.abs(one.model - two.model).sum() / 2) for one, two in zip(loop, noisy, strict=True)]
        name = f"K={draws}, {real:.0%} real"
        print(f"{name}: total variation of the sampled loop from the recursion at most {max(far):.4f}")
        print(pl.DataFrame([{**_figures(each), "tv": tv} for each, tv in zip(loop, far, strict=True)]))
        results[name] = {"rounds": [_figures(each) for each in loop], "total_variation": far, "checks": {
            "reward rises every round": all(b.reward > a.reward for a, b in pairwise(loop)),
            "divergence bound": -math.log(real) if real else None,
        }}  # fmt: skip
    return results


def _figures(each: Round) -> dict[str, float]:
    return {name: value for name, value in asdict(each).items() if name != "model"}


def guarded(items: int, users: int, count: int, texts: int, seed: int) -> dict[str, Any]:
    """The text loop with safeguards, without, and without where kept texts are drawn blindly (noise alone)."""
    people = WorldPeople(make_world(items, users, seed), seed)
    cases: tuple[tuple[str, Guard, bool], ...] = (
        ("safeguards", Safeguards(), False),
        ("none", Unguarded(), False),
        ("none, kept blindly", Unguarded(), True),
    )
    results = {}
    for name, guard, blind in cases:
        training = SelfTraining(writer=Ngrams(), rounds=count, texts=texts, blind=blind, seed=seed)
        started = time.process_time()
        loop = training.run(people, guard)
        print(f"{name}: {'stopped: ' + '; '.join(loop.breach) if loop.breach else 'went through'}")
        print(pl.DataFrame([asdict(each) for each in loop.rounds]))
        results[name] = {**_loop(loop), "cpu_seconds": time.process_time() - started}
    return results


def _loop(loop: Loop) -> dict[str, Any]:
    first, last = loop.rounds[0], loop.rounds[-1]
    mean = float(np.mean([each.diversity for each in loop.rounds[1:]]))
    return {
        "rounds": [asdict(each) for each in loop.rounds],
        "breach": loop.breach,
        "mean diversity kept": mean / first.diversity,
        "last diversity kept": last.diversity / first.diversity,
        "last coverage kept": last.coverage / first.coverage,
        "least human exposure": min(each.human_exposure for each in loop.rounds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="self_consuming.json")
    parser.add_argument("--items", type=int, default=1000, help="of the exact catalogue")
    parser.add_argument("--samples", type=int, default=4_000_000, help="kept a round, in the sampled loop")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--texts", type=int, default=1200, help="written a round")
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    with pl.Config(tbl_rows=20, tbl_cols=12, float_precision=3):
        results = {
            "exact": exact(asked.items, asked.rounds, asked.samples, asked.seed),
            "texts": guarded(400, asked.users, asked.rounds, asked.texts, asked.seed),
        }
    written(Path(asked.out), {"seed": asked.seed, **results})


if __name__ == "__main__":
    main()
