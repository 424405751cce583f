"""The hidden truth about the items of the embedded world: what they are about, how they are made, how good they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generec.data.world.manners import manners, sizes
from generec.data.world.places import places
from generec.data.world.topics import subtopics, topics

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

KINDS = ("video", "article", "event")
START = 1_704_067_200
"""When the log begins: 2024-01-01 UTC, in seconds."""
DAY = 86_400
DAYS = 365
"""How many days the log spans."""
WIDTH = 16
"""Dimensions of the *what* side."""


@dataclass(frozen=True)
class Items:
    """One entry per item, in catalogue order (the order of publication). N items; codes are positions in the banks."""

    topic: Ints  # (N,)
    subtopic: Ints  # (N,)
    subject: Ints  # (N,) position in the subtopic's subjects
    how: Ints  # (N, 4) a code per facet: tone, pace, length, register
    what: Floats  # (N, WIDTH) unit vectors: subtopic and, less, subject
    style: Floats  # (N, S) one-hot facets, centred per facet
    quality: Floats  # (N,) what everybody likes about it, standard normal
    appeal: Floats  # (N,) log-weight of being shown: Zipf-like, loosely tied to quality
    published: Ints  # (N,) UTC seconds
    series: Ints  # (N,) number of the series, -1 where it stands alone
    episode: Ints  # (N,) from 1 within a series, 0 where it stands alone
    following: Ints  # (N,) the item that is the next episode, -1 where there is none
    kind: Ints  # (N,) position in KINDS
    creator: Ints  # (N,)
    duration: Floats  # (N,) minutes
    price: Floats  # (N,) euros, 0 = free
    energy: Floats  # (N,) 0 to 1, follows tone and pace
    place: Ints  # (N,) position in places(), -1 where it takes place nowhere

    def __len__(self) -> int:
        return self.topic.size


def make_items(count: int, leaves: Floats, generator: np.random.Generator) -> Items:
    """Draws the items: some alone, some in series whose episodes share subtopic, style, kind and creator.

    What and how are drawn independently of each other. leaves: `subtopic_vectors`.
    """
    group, episode = _groups(count, generator)
    groups = int(group[-1]) + 1
    alone = np.bincount(group) == 1  # (G,)
    kind = np.where(alone, generator.choice(3, groups, p=(0.56, 0.28, 0.16)), generator.choice(2, groups, p=(0.8, 0.2)))
    subtopic = generator.choice(len(subtopics()), groups, p=_shares(len(subtopics()), 0.35, generator))
    how = np.stack([generator.integers(0, size, groups) for size in sizes()], axis=1)
    born = generator.random(groups)
    first = START + DAY * np.where(born < 0.6, -500 * generator.random(groups), (DAYS - 10) * generator.random(groups))
    rhythm = generator.integers(2, 7, groups) * DAY
    published = (first[group] + (episode - 1).clip(0) * rhythm[group]).astype(np.int64)
    order = np.argsort(published, kind="stable")
    group, episode = group[order], episode[order]
    at = np.empty(count, np.int64)
    at[order] = np.arange(count)
    following = np.full(count, -1)
    linked = np.flatnonzero((np.diff(group[at]) == 0) & (episode[at][:-1] > 0))  # in the order before sorting
    following[at[linked]] = at[linked + 1]
    series = np.where(alone, -1, np.cumsum(~alone) - 1)[group]
    topic_names = list(topics())
    topic = np.array([topic_names.index(subtopic.topic) for subtopic in subtopics()])[subtopic[group]]
    subject = generator.integers(0, 8, count)
    quality = generator.standard_normal(count)
    appeal = _appeal(0.8 * generator.standard_normal(groups)[group] + 0.5 * quality, generator)
    length, kinds = how[group, 2], kind[group]
    minutes = np.array([[4, 28, 95], [3, 9, 30], [45, 100, 210]])[kinds, length]
    return Items(
        topic=topic,
        subtopic=subtopic[group],
        subject=subject,
        how=how[group],
        what=_what(leaves, subtopic[group], subject, generator),
        style=style_vectors(how[group]),
        quality=quality.astype(np.float32),
        appeal=appeal,
        published=published[order],
        series=series,
        episode=episode,
        following=following,
        kind=kinds,
        creator=_creators(topic, subtopic, group, generator),
        duration=np.maximum(1, np.round(minutes * np.exp(0.25 * generator.standard_normal(count)))).astype(np.float32),
        price=_prices(kinds, generator),
        energy=_energy(how[group], generator),
        place=np.where(kinds == 2, generator.integers(0, len(places()), count), -1),
    )


def style_vectors(how: Ints) -> Floats:
    """Facet codes (n, 4) as centred one-hot vectors (n, S); a negative code is no information (zeros)."""
    parts = [
        (np.eye(size)[codes.clip(0)] - 1 / size) * (codes >= 0)[:, None]
        for size, codes in zip(sizes(), how.T, strict=True)
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def _groups(count: int, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Group of each item and its episode (0 where it stands alone); about half of the items are in series."""
    lengths = np.where(generator.random(count) < 0.2, generator.integers(3, 9, count), 1)
    lengths = lengths[: int(np.searchsorted(np.cumsum(lengths), count)) + 1]
    group = np.repeat(np.arange(lengths.size), lengths)[:count]
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    sizes_left = np.bincount(group)
    episode = np.arange(count) - np.repeat(starts, sizes_left) + 1
    return group, np.where(np.repeat(sizes_left, sizes_left) == 1, 0, episode)


def _shares(count: int, exponent: float, generator: np.random.Generator) -> NDArray[np.float64]:
    """Zipf-like probabilities in random order."""
    weights = np.arange(1, count + 1) ** -exponent
    shares: NDArray[np.float64] = generator.permutation(weights / weights.sum())
    return shares


def _what(leaves: Floats, subtopic: Ints, subject: Ints, generator: np.random.Generator) -> Floats:
    shades = generator.standard_normal((len(leaves), 8, WIDTH)) / np.sqrt(WIDTH)
    return _unit(leaves[subtopic] + 0.5 * shades[subtopic, subject])


def subtopic_vectors(generator: np.random.Generator) -> Floats:
    """Unit vectors of the subtopics, (C, WIDTH); those of one topic lie closer together."""
    names = list(topics())
    of = np.array([names.index(subtopic.topic) for subtopic in subtopics()])
    centres = generator.standard_normal((len(names), WIDTH))
    return _unit(centres[of] + 0.9 * generator.standard_normal((of.size, WIDTH)))


def _unit(vectors: NDArray[np.float64]) -> Floats:
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _appeal(scores: NDArray[np.float64], generator: np.random.Generator) -> Floats:
    """Log-weights that fall with the rank as 1 / rank (Zipf-Mandelbrot: flat among the first few)."""
    rank = np.argsort(np.argsort(-(scores + 0.6 * generator.standard_normal(scores.size))))
    weights: Floats = -np.log(rank + 1 + scores.size / 200).astype(np.float32)
    return weights


def _creators(topic: Ints, subtopic: Ints, group: Ints, generator: np.random.Generator) -> Ints:
    """A creator per group among those of its topic; a few creators make much."""
    each = max(2, topic.size // 120)  # creators per topic
    within = np.floor(each * generator.random(subtopic.size) ** 2.0).astype(np.int64)
    names = list(topics())
    of = np.array([names.index(leaf.topic) for leaf in subtopics()])
    creators: Ints = (of[subtopic] * each + within)[group]
    return creators


def _prices(kind: Ints, generator: np.random.Generator) -> Floats:
    draws, chosen = generator.random(kind.size), generator.integers(0, 4, kind.size)
    video = np.where(draws < 0.8, 0, np.array([0.99, 1.99, 2.99, 4.99])[chosen])
    article = np.where(draws < 0.85, 0, np.array([0.5, 1.0, 1.5, 2.0])[chosen])
    event = np.where(draws < 0.2, 0, np.round(np.exp(2.7 + 0.6 * generator.standard_normal(kind.size))))
    prices: Floats = np.select([kind == 0, kind == 1], [video, article], event).astype(np.float32)
    return prices


def _energy(how: Ints, generator: np.random.Generator) -> Floats:
    tones = {"calm": 0.2, "playful": 0.6, "earnest": 0.4, "daring": 0.85, "warm": 0.45}
    tone = np.array([tones[manner.name] for manner in manners()[0]])[how[:, 0]]
    energy = tone + 0.12 * (how[:, 1] - 1) + 0.06 * generator.standard_normal(len(how))
    bounded: Floats = np.round(energy.clip(0, 1), 2).astype(np.float32)
    return bounded
