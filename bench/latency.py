"""How long a turn of the loop takes: reading words, retrieving, editing, creating, and the whole of it.

    generec train world --recipe one_pass -o model
    python bench/latency.py model --data world --out docs/results/latency.json

Words are wishes of simulated people of the embedded world, so that the data have to be one (`generec data world`).
Sentence vectors of the catalogue are computed before; those of new words are part of what is measured. One thread.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generec.cli.teach import writer_of
from generec.data.dataset import read_dataset
from generec.data.world import make_world
from generec.fidelity.keys import Keys
from generec.loop.conversation import Conversation
from generec.loop.generec import GeneRec
from generec.recipe.artefact import load
from generec.records import Abstain, Guidance, Stated, Total
from generec.simulation.goals import Goals
from generec.simulation.language import say
from generec.simulation.people import WorldPeople
from generec.types import Condition
from measured import written

BUDGETS = {"instruct": 60.0, "set": 150.0, "text edit": 50.0, "turn": 300.0}
"""Milliseconds on two cores, at the median."""


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def figures(spent: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(float(np.median(spent)), 1),
        "p95": round(float(np.quantile(spent, 0.95)), 1),
        "runs": len(spent),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    system, data = load(asked.model), read_dataset(asked.data)
    users = 0 if data.users is None else data.users.height
    people = WorldPeople(make_world(len(data.catalog), users, asked.seed), asked.seed)
    goals = Goals(people, seed=asked.seed)
    with tempfile.TemporaryDirectory() as home:
        generec = GeneRec(
            system=system, data=data, folder=Path(home) / "ledger", keys=Keys(Path(home) / "keys"),
            writer=writer_of(asked.model, system.catalog),
        )  # fmt: skip
        spent = durations(generec, people, goals, asked.turns)
    found = {name: figures(values) for name, values in spent.items()}
    print(json.dumps(found, indent=1))
    written(asked.out, {
        "seed": asked.seed, "items": len(system.catalog), "recipe": system.record["recipe"]["name"], "budgets": BUDGETS,
        "milliseconds": found,
    })  # fmt: skip


def durations(generec: GeneRec, people: WorldPeople, goals: Goals, turns: int) -> dict[str, list[float]]:
    """Milliseconds of every part, over wishes of different people."""
    loop, spent = generec.loop, dict[str, list[float]]()
    draw = {"item": goals.for_item, "set": goals.for_set}
    for number, user_id in enumerate(people.user_ids[:turns]):
        kind = "set" if number % 3 == 2 else "item"
        words, person = say(draw[kind](user_id), number), generec.person(user_id)
        talk = Conversation(loop, person, generec.profile_writer)
        whole = timed(partial(talk.say, words))
        found: dict[str, Any] = talk.states[-1].turn.trace["milliseconds"]  # type: ignore[union-attr]
        for stage, value in found.items():
            spent.setdefault(stage, []).append(value)
        spent.setdefault("turn", []).append(whole)
        spent.setdefault(f"turn, {kind}", []).append(whole)
        near = loop.retriever.retrieve(Guidance(), person, 20).item_ids
        edit = Guidance(act="edit", kind="text", item_id=near[0], profile=person.profile)
        spent.setdefault("text edit", []).append(timed(partial(made, loop.makers["text edits"], edit, person, near)))
        rules = (Stated(Condition("kind", "=", "video")),)
        gather = Guidance(act="create", kind="set", hard=rules, totals=(Total("duration", high=120.0),), count=5)
        spent.setdefault("set", []).append(timed(partial(made, loop.makers["sets"], gather, person, near)))
    return spent


def made(maker: Any, guidance: Guidance, person: Any, near: Sequence[str]) -> bool:
    return not isinstance(maker.make(guidance, person, near, 1), Abstain)


if __name__ == "__main__":
    main()
