"""Serves simulated people with a recommender, turn after turn, and says what they really got out of it.

Every recommender meets the same people in the same mood with the same noise, so that two episodes are compared person
by person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generec.errors import UsageError
from generec.metrics.intervals import Interval, difference_interval
from generec.protocols import Recommender
from generec.records import Candidate, Guidance, Turn
from generec.simulation.chance import Doubles
from generec.simulation.people import WorldPeople
from generec.types import Catalog, Request, Slate


@dataclass(frozen=True)
class Episode:
    """What each person got, (n,): sums over the turns, so that those whom a recommender drives away get less."""

    user_ids: tuple[str, ...]
    utility: Doubles  # true utility of what they took
    clicks: Doubles
    likes: Doubles
    dwell: Doubles  # seconds with what they took
    turns: Doubles  # that they stayed for

    def summary(self) -> dict[str, float]:
        """Means over people."""
        names = ("utility", "clicks", "likes", "dwell", "turns")
        return {name: float(getattr(self, name).mean()) for name in names}


def serve(
    recommender: Recommender, people: WorldPeople, user_ids: Sequence[str], turns: int = 5, k: int = 10
) -> Episode:
    """One session of `turns` slates for each person, histories growing by what they take.

    Starts from the people as the log left them; those that are handed in stay as they are. Items that were taken are
    excluded where the data set does not repeat.
    """
    alive = people.fresh()
    repeats = people.world.dataset.repeats
    sums = {name: np.zeros(len(user_ids)) for name in ("utility", "clicks", "likes", "dwell", "turns")}
    for _ in range(turns):
        here = [place for place, user_id in enumerate(user_ids) if not alive.gone(user_id)]
        if not here:
            break
        asked = [user_ids[place] for place in here]
        histories = [alive.person(user_id).history for user_id in asked]
        requests = [
            Request(history=history, user_id=user_id, repeat=repeats)
            for user_id, history in zip(asked, histories, strict=True)
        ]
        slates = rows_of(recommender.recommend(requests, k), people.catalog, k)
        answers = alive.respond_many(asked, slates)
        worth = people.hidden.utility(people.rows(asked), slates.clip(0), people.when)
        sums["utility"][here] += (worth * answers.taken).sum(1)
        sums["clicks"][here] += answers.taken.sum(1)
        sums["likes"][here] += answers.liked.sum(1)
        sums["dwell"][here] += (answers.dwell * answers.taken).sum(1)
        sums["turns"][here] += 1
    return Episode(tuple(user_ids), **sums)


def compare(first: Episode, second: Episode, seed: int = 0) -> Interval:
    """Bootstrap interval of the difference in true utility, person by person."""
    import torch

    if first.user_ids != second.user_ids:
        raise UsageError("two episodes are compared over the same people in the same order")
    return difference_interval(torch.from_numpy(first.utility), torch.from_numpy(second.utility), seed=seed)


def rows_of(slates: Sequence[Slate], catalog: Catalog, k: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Slates as catalogue rows (n, k), -1 where one is shorter."""
    rows = np.full((len(slates), k), -1, np.int64)
    for at, slate in enumerate(slates):
        found = catalog.rows(slate.item_ids)[:k]
        rows[at, : len(found)] = found
    return rows


def as_turn(slate: Slate, guidance: Guidance, catalog: Catalog, turn_id: str) -> Turn:
    """A plain recommendation as a turn of the loop: retrieved items and nothing else."""
    titles = catalog.titles(slate.item_ids)
    shown = [
        Candidate("retrieved", title, item_id, score=score)
        for title, item_id, score in zip(titles, slate.item_ids, slate.scores, strict=True)
    ]
    return Turn(id=turn_id, guidance=guidance, slate=tuple(shown))
