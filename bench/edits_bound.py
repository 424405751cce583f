"""How personal edits of texts can be: what the best reader of histories reaches, which knows how every item is made.

    python bench/edits_bound.py --seed 2 --out docs/results/edits_bound.json

Asks the people of `generec bench loop` about the same items, and puts that statement first which the person would like
best after their history. Subjects and styles of items are known, where the loop has to tell them from texts, and the
two numbers of the estimate are chosen on the very people who are asked: more than an editor can do that knows a person
by what they did. Once statements say what they were written to say; once what the judge reads in them, whose eyes no
editor may have: it takes half of them, which are about subjects, for manners as well.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generec.data.world import make_world
from generec.data.world.manners import manners, sizes
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


def meant(sentence: str, item: Words) -> Floats:
    """What a statement was written to say: a manner, or else what its item is about."""
    for facet, values in enumerate(manners()):
        for value, manner in enumerate(values):
            if any(sentence.strip(" .") == one.strip(" .") for one in manner.sentences):
                how = tuple(value if at == facet else -1 for at in range(len(sizes())))
                return marks(Words(-1, -1, how, 1.0))
    return marks(Words(-1, item.subtopic, (-1,) * len(sizes()), 1.0))


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
    best = [
        int(people.read_worth(people.rows([case.user_id]), [people.eyes.read(one) for one in each])[0].argmax())
        for case, each in zip(found, said, strict=True)
    ]
    items = [people.eyes.items[people.catalog.row(case.item_id)] for case in found]
    readings = {
        "as written": [np.array([meant(one, item) for one in each]) for each, item in zip(said, items, strict=True)],
        "as judged": [np.array([marks(people.eyes.read(one)) for one in each]) for each in said],
    }
    figures: dict[str, Any] = {"seed": chosen.seed, "cases": len(found)}
    for name, says in readings.items():
        tried = [hits(people, asking, found, says, best, *each) for each in product(SMOOTHING, SUBJECTS)]
        figures[name] = {"most times as often": max(tried, key=lambda one: one["times"]), "tried": tried}
        print(name, figures[name]["most times as often"])
    if chosen.out is not None:
        written(chosen.out, figures)


def hits(
    people: WorldPeople,
    asking: list[str],
    found: list[Case],
    says: list[Floats],
    best: list[int],
    smoothing: float,
    subjects: float,
) -> dict[str, float]:
    """How often the statement put first is the best one, for the right person and for somebody of disjoint taste."""
    weights = np.repeat((subjects, *(1.0 for _ in sizes())), WIDTHS)
    of = dict(zip(asking, tastes(people, asking, smoothing) * weights, strict=True))
    right, disjoint = (
        float(np.mean([(marked @ of[user]).argmax() == at for user, marked, at in zip(users, says, best, strict=True)]))
        for users in ([case.user_id for case in found], [case.disjoint for case in found])
    )
    return {
        "smoothing": smoothing,
        "subjects": subjects,
        "right": right,
        "disjoint": disjoint,
        "times": right / disjoint,
    }


if __name__ == "__main__":
    main()
