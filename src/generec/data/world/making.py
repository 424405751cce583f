"""Makes the embedded world: a data set to learn from, and the hidden truth behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.world import people as people_module
from generec.data.world import words
from generec.data.world.behaviour import EVENTS, Behaviour, Log, neighbours, simulate, utility
from generec.data.world.items import Floats, Ints, Items, make_items, subtopic_vectors
from generec.data.world.people import People, make_people
from generec.data.world.reader import Reader, frozen_reader
from generec.errors import UsageError
from generec.fitting.progress import task
from generec.types import Catalog, Dataset


@dataclass(frozen=True)
class Hidden:
    """What no recommender may read: the truth about items and people, the laws of behaviour and a frozen reader.

    Positions are rows of the catalogue and of the users frame.
    """

    items: Items
    people: People
    behaviour: Behaviour
    leaves: Floats  # (C, WIDTH) unit vectors of the subtopics
    leads: Ints  # (C, 2) the subtopics that each one leads to
    reader: Reader

    def utility(self, users: Ints, items: Ints | None = None, when: NDArray[np.float64] | float = 1.0) -> Floats:
        """What items are worth to people: users (n,), items (n, m), all N when None -> (n, m) float32.

        when: 0 on the first day of the log, 1 on the last; a number, or one per person.
        """
        if items is not None:
            return utility(self.items, self.people, self.behaviour, users, items, when)
        law = self.behaviour
        what = law.what * self.people.what(users, when) @ self.items.what.T
        style = law.style * self.people.style[users] @ self.items.style.T
        worth: Floats = (what + style + law.quality * self.items.quality).astype(np.float32)
        return worth


@dataclass(frozen=True)
class World:
    """The embedded world: `dataset` is what a platform would have; `hidden` is for the simulator only."""

    dataset: Dataset
    hidden: Hidden


def make_world(items: int = 2000, users: int = 3000, seed: int = 0, behaviour: Behaviour | None = None) -> World:
    """Makes the world of a seed: the same numbers give the same world in every process.

    A person acts about 35 times, so that 30,000 users give about a million events. Raises UsageError on sizes
    that cannot hold the world's topics.
    """
    if items < 200 or users < 10:
        raise UsageError(f"the world needs at least 200 items and 10 users, got {items} and {users}")
    streams = [np.random.default_rng(number) for number in np.random.SeedSequence(seed).spawn(5)]
    law = behaviour or Behaviour()
    leaves, leads = subtopic_vectors(streams[0]), neighbours(streams[0])
    truth, people = make_items(items, leaves, streams[1]), make_people(users, leaves, streams[2])
    with task("items are written", items) as bar:
        catalog = Catalog(words.frame(truth, streams[3]))
        bar.advance(items)
    log = simulate(truth, people, leaves, leads, law, streams[4])
    described = people_module.frame(people, streams[3])
    info = {
        "source": "embedded world",
        "world": {"items": items, "users": users, "seed": seed},
        "licence": "Apache-2.0: invented items and simulated people",
        "rights": "own",
        "ties": "none",
        "repeats": False,
    }
    dataset = Dataset(_events(log, catalog, described), catalog, described, info)
    return World(dataset, Hidden(truth, people, law, leaves, leads, frozen_reader()))


def _events(log: Log, catalog: Catalog, users: pl.DataFrame) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "user_id": users["user_id"].gather(log.user),
            "item_id": catalog.frame["item_id"].gather(log.item),
            "timestamp": log.time,
            "event": pl.Series(EVENTS, dtype=pl.String).gather(log.event.astype(np.int64)),
            "value": log.dwell.astype(np.float64),
        }
    )
    return frame.with_columns(split=pl.lit(None, pl.String))
