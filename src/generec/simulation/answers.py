"""How a person goes down a slate: looks, takes or passes, is pleased or not, tires and leaves. One law, two paths.

`answer` walks one slate in plain Python; `answer_many` does the same for many people at once. Both draw the same named
numbers (chance.py), so that they agree event for event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generec.data.world.behaviour import Behaviour
from generec.simulation.chance import Doubles, Ints, logistic, normal, uniform

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Temper:
    """How people answer what they are shown. Utilities and costs are in units of the choice noise."""

    interest: float = 2.0
    """What a candidate must promise to be taken half of the time at the top of the slate."""
    again: float = 4.0
    """What it costs that something was taken before."""
    patience: tuple[int, int] = (5, 14)
    """Least and greatest number of disappointments after which somebody leaves; each person has their own."""
    relief: float = 2.0
    """Disappointments that one pleasant thing makes up for."""
    tiring: float = 0.05
    """What each look tires, in disappointments; only rest helps."""
    dislike_below: float = -1.0
    """What was taken and felt worth less is disliked aloud."""
    unreadable: float = 4.0
    """What words cost that nobody can make sense of."""
    glance: float = 1.5
    """Seconds that a look takes."""


@dataclass(frozen=True)
class Shown:
    """Slates as people meet them, each (n, k): what the words promise, what it proves to be worth, how long it is."""

    promise: Doubles
    worth: Doubles
    seconds: Doubles
    known: Mask  # taken before
    there: Mask  # False where a slate is shorter than k


@dataclass(frozen=True)
class Moods:
    """The state of people within a session, each (n,)."""

    boredom: Doubles
    tired: Doubles
    clock: Ints  # UTC seconds


@dataclass(frozen=True)
class Answers:
    """What came back, (n, k): seen from outside, no utilities."""

    looked: Mask
    taken: Mask
    liked: Mask
    disliked: Mask
    dwell: Doubles  # whole seconds; of a glance where it was passed over, 0 where nobody looked
    time: Ints  # UTC seconds of the event
    gone: Mask  # (n,) who left
    after: Moods

    def __len__(self) -> int:
        return len(self.gone)


def patience(temper: Temper, seed: int, users: Ints) -> Doubles:
    """How many disappointments each person bears, (n,)."""
    least, most = temper.patience
    return np.floor(least + (most - least + 1) * uniform(seed, users, 1))


def answer_many(
    shown: Shown, moods: Moods, bears: Doubles, names: tuple[int, Ints, Ints], temper: Temper, law: Behaviour
) -> Answers:
    """The answers of n people. names: seed, users (n,), number of each person's turn (n,)."""
    n, k = shown.promise.shape
    masks = [np.zeros((n, k), bool) for _ in range(4)]
    looked, taken, liked, disliked = masks
    dwell, time = np.zeros((n, k)), np.zeros((n, k), np.int64)
    boredom, tired, clock = moods.boredom.copy(), moods.tired.copy(), moods.clock.copy()
    for place in range(k):
        there = shown.there[:, place] & (boredom + tired <= bears)
        pull = shown.promise[:, place] - law.position * math.log2(place + 1) - temper.again * shown.known[:, place]
        take = there & (pull + logistic(*names, place, 2) > temper.interest)
        felt = shown.worth[:, place] - temper.again * shown.known[:, place] + law.doubt * normal(*names, place, 3)
        share = 1 / (1 + np.exp(-(felt - 1.5) + 0.5 * normal(*names, place, 4)))  # as the world's own people dwell
        glance = np.round(temper.glance * (0.5 + uniform(*names, place, 5)))
        spent = np.where(take, np.maximum(1, np.round(shown.seconds[:, place] * share)), glance) * there
        looked[:, place], taken[:, place] = there, take
        liked[:, place], disliked[:, place] = take & (felt > law.like_above), take & (felt < temper.dislike_below)
        dwell[:, place] = spent
        time[:, place] = np.where(there, clock, 0)
        clock += spent.clip(max=3 * 3600).astype(np.int64) + there
        pleased = take & (felt >= law.skip_below)
        boredom = np.where(pleased, (boredom - temper.relief).clip(0), boredom + there)
        tired += temper.tiring * there
    return Answers(looked, taken, liked, disliked, dwell, time, boredom + tired > bears, Moods(boredom, tired, clock))


def answer(
    shown: Shown, moods: Moods, bears: Doubles, names: tuple[int, Ints, Ints], temper: Temper, law: Behaviour
) -> Answers:
    """The naive twin of `answer_many` for one person (n = 1), place by place."""
    seed, user, turn = names[0], int(names[1][0]), int(names[2][0])
    k = shown.promise.shape[1]
    looked, taken, liked, disliked = (np.zeros((1, k), bool) for _ in range(4))
    dwell, time = np.zeros((1, k)), np.zeros((1, k), np.int64)
    boredom, tired, clock = float(moods.boredom[0]), float(moods.tired[0]), int(moods.clock[0])
    for place in range(k):
        if not shown.there[0, place] or boredom + tired > bears[0]:
            continue
        looked[0, place], time[0, place] = True, clock
        again = temper.again if shown.known[0, place] else 0.0
        pull = float(shown.promise[0, place]) - law.position * math.log2(place + 1) - again
        pleased = False
        if pull + logistic(seed, user, turn, place, 2) > temper.interest:
            taken[0, place] = True
            felt = float(shown.worth[0, place]) - again + law.doubt * float(normal(seed, user, turn, place, 3))
            share = 1 / (1 + math.exp(-(felt - 1.5) + 0.5 * float(normal(seed, user, turn, place, 4))))
            dwell[0, place] = max(1.0, round(float(shown.seconds[0, place]) * share))
            liked[0, place], disliked[0, place] = felt > law.like_above, felt < temper.dislike_below
            pleased = felt >= law.skip_below
        else:
            dwell[0, place] = round(temper.glance * (0.5 + float(uniform(seed, user, turn, place, 5))))
        clock += int(min(dwell[0, place], 3 * 3600)) + 1
        boredom = max(0.0, boredom - temper.relief) if pleased else boredom + 1
        tired += temper.tiring
    after = Moods(np.array([boredom]), np.array([tired]), np.array([clock]))
    return Answers(looked, taken, liked, disliked, dwell, time, np.array([boredom + tired > bears[0]]), after)
