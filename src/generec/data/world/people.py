"""The hidden truth about the people of the embedded world: tastes for *what* and *how*, their drift, their wishes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.world import words
from generec.data.world.items import DAY, DAYS, START, Floats, Ints
from generec.data.world.manners import sizes
from generec.data.world.places import places
from generec.data.world.topics import subtopics, topics

AGES = ("18-24", "25-34", "35-49", "50-64", "65+")


@dataclass(frozen=True)
class People:
    """One entry per person. U people; codes are positions in the banks; a negative code is not mentioned."""

    what_first: Floats  # (U, WIDTH) taste for what on the first day
    what_last: Floats  # (U, WIDTH) on the last day; in between it drifts in a straight line
    style: Floats  # (U, S) taste for each value of each facet
    joined: Ints  # (U,) UTC seconds
    wish_subtopic: Ints  # (U,)
    wish_how: Ints  # (U, 4) facets that the wish names
    wish_avoids: Ints  # (U,) subtopic not wanted, or -1
    wish_free: NDArray[np.bool_]  # (U,) whether it must cost nothing

    def __len__(self) -> int:
        return self.joined.size

    def what(self, users: Ints, when: NDArray[np.float64] | float) -> Floats:
        """Taste for what at a time between 0 (first day) and 1 (last day), (n, WIDTH)."""
        share = np.broadcast_to(np.asarray(when, np.float32), users.shape)[:, None].clip(0, 1)
        taste: Floats = ((1 - share) * self.what_first[users] + share * self.what_last[users]).astype(np.float32)
        return taste


def make_people(count: int, leaves: Floats, generator: np.random.Generator) -> People:
    """Draws the people: three favourite subtopics each, of which one is replaced in the course of the log.

    Tastes for what and how are independent. leaves: unit vectors of the subtopics.
    """
    names = list(topics())
    of = np.array([names.index(leaf.topic) for leaf in subtopics()])
    fashion = generator.permutation(np.arange(1, of.size + 1) ** -0.4)
    fashion /= fashion.sum()
    first, third, later = (generator.choice(of.size, count, p=fashion) for _ in range(3))
    kin = np.argsort(generator.random((count, of.size)) + (of[None, :] != of[first][:, None]), axis=1)[:, :2]
    second = np.where(kin[:, 0] == first, kin[:, 1], kin[:, 0])  # another subtopic of the same topic
    noise = 0.15 * generator.standard_normal((count, leaves.shape[1]))
    common = 1.0 * leaves[first] + 0.6 * leaves[second] + noise
    style = np.concatenate(
        [_facet_taste(count, size, generator) for size in sizes()],
        axis=1,
    )
    wish_how, wish_avoids = _wishes(style, first, generator)
    return People(
        what_first=(common + 0.7 * leaves[third]).astype(np.float32),
        what_last=(common + 0.7 * leaves[later]).astype(np.float32),
        style=style.astype(np.float32),
        joined=(START + 0.7 * DAYS * DAY * generator.random(count) ** 1.5).astype(np.int64),
        wish_subtopic=np.where(generator.random(count) < 0.7, first, later),
        wish_how=wish_how,
        wish_avoids=wish_avoids,
        wish_free=generator.random(count) < 0.15,
    )


def _facet_taste(count: int, size: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """How much each value of a facet is liked, centred: most people favour one value."""
    taste = 0.5 * generator.standard_normal((count, size))
    taste[np.arange(count), generator.integers(0, size, count)] += 1.5
    centred: NDArray[np.float64] = taste - taste.mean(axis=1, keepdims=True)
    return centred


def _wishes(style: NDArray[np.float64], first: Ints, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """What each person asks for: favourite values of some facets (U, 4), at times a subtopic to avoid (U,)."""
    count = len(style)
    ends = np.cumsum(sizes())[:-1]
    favourite = np.stack([part.argmax(axis=1) for part in np.split(style, ends, axis=1)], axis=1)
    named = generator.random((count, len(sizes()))) < np.array([0.9, 0.5, 0.5, 0.5])
    avoided = generator.integers(0, len(subtopics()), count)
    avoids = (generator.random(count) < 0.15) & (avoided != first)
    return np.where(named, favourite, -1), np.where(avoids, avoided, -1)


def frame(people: People, generator: np.random.Generator) -> pl.DataFrame:
    """The users as the platform knows them: name, age band, home, the day they joined and a wish in their words."""
    count, leaves = len(people), subtopics()
    draws = generator.random((count, 8)).tolist()
    homes = generator.integers(0, len(places()), count).tolist()
    wishes = [
        words.wish(leaves[leaf], how, leaves[avoided] if avoided >= 0 else None, bool(free), numbers)
        for leaf, how, avoided, free, numbers in zip(
            people.wish_subtopic.tolist(),
            people.wish_how.tolist(),
            people.wish_avoids.tolist(),
            people.wish_free.tolist(),
            draws,
            strict=True,
        )
    ]
    ages = generator.choice(len(AGES), count, p=(0.18, 0.27, 0.28, 0.17, 0.10)).tolist()
    return pl.DataFrame(
        {
            "user_id": [f"u{row:05d}" for row in range(count)],
            "age": [AGES[age] for age in ages],
            "home": [places()[home].name for home in homes],
            "joined": pl.Series(people.joined // DAY, dtype=pl.Int32).cast(pl.Date),
            "wish": wishes,
        }
    )
