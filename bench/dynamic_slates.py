"""Dynamic slates (Eide et al. 2022) on simulated people whose tastes are known: does each part earn its place?

    python bench/dynamic_slates.py --out docs/results/dynamic_slates.json

1. Likelihood: trained on everybody's first steps, judged on their later ones (log-probability of what was taken,
   nothing included, over 16 draws of the posterior): the hierarchical prior with a GRU beside a flat prior, a linear
   movement, and uniform candidates instead of what was shown. The last one's scores of taking nothing are fitted again
   on slates as shown, so that only what it learnt of items and people counts.
2. Online: the same new people meet greedy slates, slates of one Thompson draw, and slates that ten draws share; after
   every round each policy learns from its own log. Clicks per person, and how unlike the items of a slate are.

The people are no model of the library (simulation/slates.py): what comes out says how the parts compare where the
truth has topics that lead on, places that are overlooked and items that are simply better, not what people do.
Passes where the 95 % intervals of the first part's differences lie above 0, and clicks of the shared slates are not
below greedy ones (interval above -2 %; the target is +2 %) with no less diversity than one draw has.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from generec.loop.slate_policy import SlatePolicy
from generec.metrics.beyond_accuracy import intra_list_diversity
from generec.metrics.intervals import difference_interval, mean_interval
from generec.models.slate_gru import SlateModel
from generec.nn.slates import Slates
from generec.objectives.slate_likelihood import uniform
from generec.recipes.dynamic_slates import PHASES, SETTINGS, dynamic_slates, learn
from generec.simulation.slates import Crowd, Shelves, SlateLaw, SlateWorld, live
from measured import written

POLICIES = {"greedy": SlatePolicy(draws=0), "one draw": SlatePolicy(draws=1), "in-slate": SlatePolicy(draws=10)}
AGAIN = replace(SETTINGS, epochs=20)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is simulated."""

    items: int = 1000
    people: int = 1000  # of the first part
    steps: int = 20  # of each, the last quarter held out
    first: int = 200  # people in the log that policies begin with
    newcomers: int = 100  # of each round
    rounds: int = 8
    session: int = 10  # steps of a newcomer
    places: int = 8


def likelihood(world: SlateWorld, size: Size, seed: int) -> dict[str, Tensor]:
    """Mean log-probability of each person's held-out steps, (people,), by what is left out of the system."""
    slates = live(world.arrive(np.arange(size.people)), Shelves(), size.steps)
    known = size.steps * 3 // 4
    train, topics = slates.until(known), torch.from_numpy(world.topics)
    fitted = {
        "whole": dynamic_slates(train, topics, seed=seed),
        "flat prior": dynamic_slates(train, torch.zeros_like(topics), seed=seed),
        "linear": dynamic_slates(train, topics, phases=PHASES[:1] * 2, seed=seed),
        "uniform candidates": calibrated(
            dynamic_slates(train, topics, candidates=uniform, seed=seed), train, seed
        ),
    }  # fmt: skip
    draw = torch.Generator().manual_seed(seed)
    found = {name: model.predictive(slates, known, 16, draw)[:, known:].mean(1) for name, model in fitted.items()}
    return {**found, "guess": guessed(train, slates)[:, known:].mean(1)}


def calibrated(model: SlateModel, slates: Slates, seed: int) -> SlateModel:
    """The model with its scores of taking nothing fitted to slates as shown, and nothing else."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name == "nothing")
    return learn(model, slates, settings=AGAIN, seed=seed)


def guessed(train: Slates, slates: Slates) -> Tensor:
    """Log-probabilities (B, T) by how often something is taken from a slate of that size, every place alike."""
    sizes = int(slates.sizes.max()) + 1
    taken = torch.bincount(train.sizes.flatten(), (train.taken >= 0).flatten().double(), minlength=sizes)
    rate = (taken / torch.bincount(train.sizes.flatten(), minlength=sizes).clamp(min=1))[slates.sizes]
    return torch.where(slates.taken >= 0, rate / slates.sizes, 1 - rate).log()


def online(world: SlateWorld, size: Size, seed: int, policy: SlatePolicy) -> dict[str, Any]:
    """Clicks of every newcomer (rounds * newcomers,) and the mean diversity of slates, under one policy."""
    topics, draw = torch.from_numpy(world.topics), torch.Generator().manual_seed(seed)
    log = live(world.arrive(np.arange(size.first)), Shelves(), size.session)
    model = dynamic_slates(log, topics, seed=seed)

    def show(crowd: Crowd, clicked: Tensor) -> Any:
        return policy.choose(model, clicked, size.places, draw).numpy()

    clicks, shown, arrived = [], [], size.first
    for number in range(size.rounds):
        lived = live(world.arrive(np.arange(arrived, arrived + size.newcomers)), show, size.session)
        arrived += size.newcomers
        clicks.append((lived.taken >= 0).sum(1).double())
        shown.append(lived.shown.flatten(0, 1))
        wide = pad(lived.shown, (0, log.shown.shape[2] - size.places), value=-1)
        log = Slates(torch.cat([log.shown, wide]), torch.cat([log.taken, lived.taken]))
        if number + 1 < size.rounds:
            learn(model, log, settings=AGAIN, seed=seed)
    diversity = intra_list_diversity(torch.cat(shown), torch.from_numpy(world.vectors))
    coverage = len(torch.cat(shown).unique()) / world.law.items
    return {"clicks": torch.cat(clicks), "diversity": diversity, "coverage": coverage,
            "by_round": [float(each.mean()) for each in clicks]}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=100, help="those below 100 were looked at while it was built")
    parser.add_argument("--small", action="store_true", help="a tenth of everything, to see that it runs")
    parser.add_argument("--part", choices=["likelihood", "online", "both"], default="both")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    asked = parser.parse_args()
    size = Size(items=200, people=150, steps=12, first=60, newcomers=30, rounds=3) if asked.small else Size()
    law = SlateLaw(items=size.items, topics=max(8, size.items // 25))
    began, cpu = time.monotonic(), time.process_time()
    held_out: dict[str, list[Tensor]] = {}
    lives: dict[str, list[dict[str, Any]]] = {}
    for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
        world = SlateWorld.make(law, seed)
        if asked.part != "online":
            for name, values in likelihood(world, size, seed).items():
                held_out.setdefault(name, []).append(values)
        if asked.part != "likelihood":
            for name, policy in POLICIES.items():
                lives.setdefault(name, []).append(online(world, size, seed, policy))
        print(f"seed {seed}: {time.monotonic() - began:.0f} s", flush=True)
    found = {**({"likelihood": compared(held_out)} if held_out else {}), **({"online": earned(lives)} if lives else {})}
    print(json.dumps(found, indent=1))
    if asked.out is not None:
        written(asked.out, {
            **found, "seeds": [*range(asked.first_seed, asked.first_seed + asked.seeds)],
            "size": asdict(size), "law": asdict(law), "cpu_seconds": round(time.process_time() - cpu, 1),
        })  # fmt: skip
    return 0 if all(part["accepted"] for part in found.values()) else 1


def compared(held_out: dict[str, list[Tensor]]) -> dict[str, Any]:
    """Means by seed, and what each part adds to the log-probability of a step: an interval over people."""
    whole = torch.cat(held_out["whole"])
    gains = {
        name: asdict(difference_interval(whole, torch.cat(values)))
        for name, values in held_out.items()
        if name != "whole"
    }
    rows = {name: [float(values.mean()) for values in by_seed] for name, by_seed in held_out.items()}
    return {"rows": rows, "whole_minus": gains, "accepted": all(gain["low"] > 0 for gain in gains.values())}


def earned(lives: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Clicks per person, and shared slates beside the others: intervals over people, as shares of the others' mean."""
    clicks = {name: torch.cat([each["clicks"] for each in runs]) for name, runs in lives.items()}
    rows = {
        name: {"clicks": asdict(mean_interval(clicks[name])), **{
            key: [each[key] for each in runs] for key in ("diversity", "coverage", "by_round")
        }}
        for name, runs in lives.items()
    }  # fmt: skip
    relative = {}
    for name in ("greedy", "one draw"):
        mean = float(clicks[name].mean())
        gap = difference_interval(clicks["in-slate"], clicks[name])
        relative[name] = {"mean": gap.mean / mean, "low": gap.low / mean, "high": gap.high / mean}
    diversity = {name: float(np.mean([each["diversity"] for each in runs])) for name, runs in lives.items()}
    not_below = relative["greedy"]["low"] > -0.02
    return {
        "rows": rows, "in_slate_over": relative, "diversity": diversity,
        "target_met": relative["greedy"]["mean"] >= 0.02,
        "accepted": not_below and diversity["in-slate"] >= diversity["one draw"],
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
