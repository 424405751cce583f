"""How personal edits of texts can be: what the best reader of histories reaches, which knows how every item is made.

    python bench/edits_bound.py --seed 2 --out docs/results/edits_bound.json

Asks the people of `generec bench loop` about the same items. The reader knows subjects and styles as the judge reads
them, where the loop has to tell them from texts, and its two numbers are chosen on the very people who are asked: what
it reaches is more than any editor can, that knows a person by what they did.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from generec.data.world import make_world
from generec.data.world.manners import sizes
from generec.data.world.topics import subtopics
from generec.simulation.experiment import unseen
from generec.simulation.eyes import Words
from generec.simulation.generators import Generators
from generec.simulation.people import WorldPeople
from generec.simulation.proof import Case, cases
from measured import written

Floats = NDArray[np.float64]
SMOOTHING = (2.0, 5.0, 15.0, 50.0)  # uses by everybody that weigh as much as one's own
SUBJECTS = (0.0, 0.3, 1.0, 3.0)  # what a subject counts beside a manner


def marks(words: Words) -> Floats:
    """What a text says, as ones: subtopics, then the values of each manner."""
    parts = (words.subtopic, *words.how)
    return np.concatenate(
        [np.eye(size)[at] if at >= 0 else np.zeros(size) for at, size in zip(parts, WIDTHS, strict=True)]
    )


WIDTHS = (len(subtopics()), *sizes())


def tastes(people: WorldPeople, user_ids: list[str], smoothing: float) -> Floats:
    """How much oftener than everybody a person takes what says so: logarithms, (U, marks)."""
    said = np.array([marks(words) for words in people.eyes.items])
    usual = said.mean(0) + 1e-9
    found = []
    for user_id in user_ids:
        person = people.person(user_id)
        liked = frozenset(person.liked)
        weights = np.array([2.0 if item_id in liked else 1.0 for item_id in person.history])
        rows = people.catalog.rows(person.history)
        taken = (weights[:, None] * said[rows]).sum(0) if rows else np.zeros(len(usual))
        found.append(np.log((taken + smoothing * usual) / (weights.sum() + smoothing) / usual))
    return np.array(found)


def asked(people: WorldPeople, asking: list[str], seed: int) -> list[Case]:
    """As simulation/experiment.py asks for edits."""

    def item(user_id: str, number: int) -> tuple[int, str]:
        used = set(people.person(user_id).history)
        unused = [item_id for item_id in people.catalog.item_ids if item_id not in used]
        return -1, str(np.random.default_rng([seed, number]).choice(unused))

    return cases(people, asking, item, seed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    world = make_world(items=2000, users=3000, seed=chosen.seed)
    people, asking = WorldPeople(world, seed=chosen.seed), unseen(world.dataset)[1]
    found = asked(people, asking[: chosen.people], chosen.seed)
    texts = people.catalog.frame["description"]
    said = [Generators.sentences(str(texts[people.catalog.row(case.item_id)])) for case in found]
    says = [np.array([marks(people.eyes.read(one)) for one in each]) for each in said]
    best = [
        int(people.read_worth(people.rows([case.user_id]), [people.eyes.read(one) for one in each])[0].argmax())
        for case, each in zip(found, said, strict=True)
    ]
    tried = []
    for smoothing, subjects in product(SMOOTHING, SUBJECTS):
        weights = np.repeat((subjects, *(1.0 for _ in sizes())), WIDTHS)
        of = dict(zip(asking, tastes(people, asking, smoothing) * weights, strict=True))
        hits = {
            name: float(
                np.mean(
                    [
                        int((mark @ of[who(case)]).argmax()) == at
                        for case, mark, at in zip(found, says, best, strict=True)
                    ]
                )
            )
            for name, who in (("right", lambda case: case.user_id), ("disjoint", lambda case: case.disjoint))
        }
        tried.append({"smoothing": smoothing, "subjects": subjects, **hits, "times": hits["right"] / hits["disjoint"]})
        print(tried[-1])
    top = max(tried, key=lambda one: one["right"])
    print("most hits:", top)
    print("most times as often:", max(tried, key=lambda one: one["times"]))
    if chosen.out is not None:
        written(
            chosen.out,
            {
                "seed": chosen.seed,
                "cases": len(found),
                "sentences": float(np.mean([len(one) for one in said])),
                "most hits": top,
                "most times as often": max(tried, key=lambda one: one["times"]),
                "tried": tried,
            },
        )


if __name__ == "__main__":
    main()
