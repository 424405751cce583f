"""People with known tastes who take one thing from a slate or nothing: what models of slates are measured on.

Made so that no model in the library is the truth. Glances become rarer down the slate; people want a topic, which
they stay with, leave for the one it leads to, or for one of their own; some items are simply better; nobody takes a
thing twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generec.nn.slates import Slates
from generec.simulation.chance import Doubles, Ints, normal, uniform

Mask = NDArray[np.bool_]
_APPEAL, _GLANCE, _CHOICE, _NOTHING, _MOVE, _WHERE, _SHOW = range(7)  # names of chances


@dataclass(frozen=True, kw_only=True)
class SlateLaw:
    """How the world is made and how its people choose. Utilities are in units of the choice noise (standard Gumbel)."""

    items: int = 1000
    topics: int = 40
    width: int = 6
    """Dimensions of what items are about."""
    spread: float = 0.35
    """How far items lie from the middle of their topic, which has length 1."""
    sharpness: float = 6.0
    """What a perfect fit is worth."""
    quality: float = 0.8
    """Standard deviation of what everybody likes about an item."""
    favourites: int = 3
    """Topics that a person returns to."""
    restraint: float = 5.0
    """What an item must be worth to be taken half of the time when it alone was seen."""
    glance: float = 0.9
    """Chance that a place is looked at, to the power of its number from 0."""
    stay: float = 0.5
    """Chance that a click leaves a person with their topic."""
    lead: float = 0.3
    """Chance that it leads on to the topic that follows; else to a favourite, by chance."""
    bored: float = 0.2
    """Chance of turning to a favourite after a slate from which nothing was taken."""


@dataclass(frozen=True)
class SlateWorld:
    """The truth: N items, G topics."""

    law: SlateLaw
    seed: int
    middles: Doubles  # (G, W) unit length
    vectors: Doubles  # (N, W)
    topics: Ints  # (N,)
    quality: Doubles  # (N,)
    follows: Ints  # (G,) the topic that each leads to

    @staticmethod
    def make(law: SlateLaw, seed: int) -> SlateWorld:
        draw = np.random.default_rng([seed, 0])
        middles = draw.normal(size=(law.topics, law.width))
        middles /= np.linalg.norm(middles, axis=1, keepdims=True)
        topics = draw.integers(law.topics, size=law.items)
        vectors = middles[topics] + law.spread * draw.normal(size=(law.items, law.width))
        ring = draw.permutation(law.topics)
        follows = np.empty(law.topics, np.int64)
        follows[ring] = np.roll(ring, -1)
        return SlateWorld(law, seed, middles, vectors, topics, law.quality * draw.normal(size=law.items), follows)

    def arrive(self, users: Ints) -> Crowd:
        """People (n,) as they come: users are their numbers, by which their tastes are known."""
        each = users[:, None] * self.law.favourites + np.arange(self.law.favourites)
        favourites = (uniform(self.seed, each, _APPEAL) * self.law.topics).astype(np.int64)
        nobody = np.zeros((users.size, self.law.items), bool)
        return Crowd(self, users, favourites, favourites[:, 0], nobody, 0)


@dataclass(frozen=True)
class Crowd:
    """n people at one step."""

    world: SlateWorld
    users: Ints  # (n,)
    favourites: Ints  # (n, F) topics
    topic: Ints  # (n,) what each wants now
    had: Mask  # (n, N)
    step: int

    def worth(self, shown: Ints) -> Doubles:
        """What items (n, S) are worth to each now, -inf where there is none or it was had."""
        law, world = self.world.law, self.world
        fit = np.einsum("nsw,nw->ns", world.vectors[shown.clip(0)], world.middles[self.topic])
        open_ = (shown >= 0) & ~np.take_along_axis(self.had, shown.clip(0), axis=1)
        return np.where(open_, law.sharpness * fit + world.quality[shown.clip(0)], -np.inf)

    def meet(self, shown: Ints) -> tuple[Ints, Crowd]:
        """What each takes from slates (n, S): its place or -1; and the people after it.

        The same people with the same slate at the same step do the same, whatever else is asked.
        """
        law, world = self.world.law, self.world
        users, places = self.users[:, None], np.arange(shown.shape[1])
        seen = uniform(world.seed, users, self.step, places, _GLANCE) < law.glance**places
        felt = self.worth(shown) - np.log(-np.log(uniform(world.seed, users, self.step, shown.clip(0), _CHOICE)))
        nothing = law.restraint - np.log(-np.log(uniform(world.seed, self.users, self.step, _NOTHING)))
        choices = np.column_stack([nothing, np.where(seen, felt, -np.inf)])
        taken = choices.argmax(1) - 1
        return taken, self._after(shown, taken)

    def _after(self, shown: Ints, taken: Ints) -> Crowd:
        law, world, each = self.world.law, self.world, np.arange(len(self.users))
        clicks = taken >= 0
        item = shown[each, taken.clip(0)]
        found = np.where(clicks, world.topics[item], self.topic)
        which = (uniform(world.seed, self.users, self.step, _WHERE) * law.favourites).astype(np.int64)
        own, chance = self.favourites[each, which], uniform(world.seed, self.users, self.step, _MOVE)
        led = np.where(chance < law.stay, found, np.where(chance < law.stay + law.lead, world.follows[found], own))
        topic = np.where(clicks, led, np.where(chance < law.bored, own, self.topic))
        had = self.had.copy()
        had[each[clicks], item[clicks]] = True
        return replace(self, topic=topic, had=had, step=self.step + 1)


def live(crowd: Crowd, show: Callable[[Crowd, Tensor], Ints], steps: int) -> Slates:
    """So many steps of a crowd; `show` reads who is there and what they clicked (n, t), and returns slates (n, S)."""
    shown: list[Tensor] = []
    taken: list[Tensor] = []
    clicked = torch.empty(len(crowd.users), 0, dtype=torch.int64)
    for _ in range(steps):
        slate = show(crowd, clicked)
        places, crowd = crowd.meet(slate)
        shown.append(torch.from_numpy(slate))
        taken.append(torch.from_numpy(places))
        item = shown[-1].gather(1, taken[-1].clamp(min=0)[:, None])
        clicked = torch.cat([clicked, item.where(taken[-1][:, None] >= 0, -1)], dim=1)
    return Slates(torch.stack(shown, dim=1), torch.stack(taken, dim=1))


@dataclass(frozen=True, kw_only=True)
class Shelves:
    """How slates were filled before anybody learnt: part from one of the person's topics, the rest by a fixed appeal.

    The appeal has nothing to do with quality, so that what is shown often is not what is good; slates differ in size.
    """

    least: int = 4
    most: int = 12
    topical: float = 0.4
    """Chance that a place is filled from one topic of the person's own."""
    skew: float = 1.5
    """Standard deviation of the log of how often an item is put on a shelf."""

    def __call__(self, crowd: Crowd, clicked: Tensor) -> Ints:
        world, step, users = crowd.world, crowd.step, crowd.users
        draw = np.random.default_rng([world.seed, 1, step, int(users[0]), len(users)])
        appeal = self.skew * normal(world.seed, np.arange(world.law.items), _SHOW)
        drawn = appeal - np.log(-np.log(draw.random((len(users), world.law.items))))
        topic = crowd.favourites[np.arange(len(users)), draw.integers(world.law.favourites, size=len(users))]
        lifted = np.where(world.topics == topic[:, None], 0.0, -30.0)
        own = np.argsort(-(drawn + lifted), axis=1)[:, : self.most]
        others = np.argsort(-(drawn - lifted), axis=1)[:, : self.most]
        inside = (draw.random(own.shape) < self.topical) & (world.topics[own] == topic[:, None])
        slate: Ints = np.where(inside, own, others)
        size = draw.integers(self.least, self.most + 1, size=len(users))
        return np.where(np.arange(self.most) < size[:, None], slate, -1)
