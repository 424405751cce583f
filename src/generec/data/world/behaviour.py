"""How the people of the embedded world behave: sessions, what they are shown, what they choose, how they respond.

Everything is computed for many people at once, step by step of their histories.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generec.data.world.items import DAY, DAYS, START, Floats, Ints, Items
from generec.data.world.people import People
from generec.data.world.topics import subtopics
from generec.fitting.progress import task

Mask = NDArray[np.bool_]
PLAY, SKIP, LIKE = 0, 1, 2
EVENTS = ("play", "skip", "like")
BLOCK = 4096
"""People simulated at once; bounds the memory of what each has seen."""


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """The laws of the world. Utilities are in units of the choice noise (standard Gumbel)."""

    sessions: float = 8.0
    """Mean number of sessions of a person beyond the first (geometric)."""
    steps: float = 3.2
    """Mean number of choices in a session beyond the first (geometric)."""
    longest: int = 160
    """No person chooses more often than this."""
    follow: float = 0.35
    """Chance to go on with the next episode of the series that was watched last."""
    stay: float = 0.34
    """Chance that the next choice of a session is about the same subtopic."""
    lead: float = 0.24
    """Chance that it is about one of the two subtopics that this one leads to."""
    chart: float = 0.12
    """Chance that a choice is made from what is popular everywhere. What is left is chosen by taste."""
    resume: float = 0.2
    """Chance that a session begins with the subtopic where the last one ended."""
    shown: int = 14
    """Items on the slate from which a choice is made; drawn by appeal, so that the popular are shown more."""
    what: float = 3.0
    """Weight of the taste for what in the utility of an item."""
    style: float = 1.1
    """Weight of the taste for how."""
    quality: float = 0.4
    """Weight of what everybody likes."""
    fresh: float = 0.8
    """Weight of news: exp(-age / 14 days)."""
    position: float = 0.5
    """What each doubling of the position on the slate costs."""
    focus: float = 4.5
    """How sharply taste decides between subtopics."""
    skip_below: float = 1.1
    """An item whose felt utility is below is skipped; felt = utility + `doubt` times normal noise."""
    like_above: float = 5.6
    doubt: float = 0.8


@dataclass(frozen=True)
class Log:
    """One entry per event, by person, oldest first."""

    user: Ints
    item: Ints
    time: Ints  # UTC seconds, strictly increasing within a person
    event: NDArray[np.int8]  # PLAY, SKIP or LIKE
    dwell: Floats  # seconds


def neighbours(generator: np.random.Generator) -> Ints:
    """The two subtopics that each subtopic leads to, (C, 2); never itself."""
    count = len(subtopics())
    ring = generator.permutation(count)
    after = np.empty(count, np.int64)
    after[ring] = np.roll(ring, -1)
    jump = np.empty(count, np.int64)
    jump[ring] = np.roll(ring, -7)
    return np.stack([after, jump], axis=1)


def simulate(
    items: Items, people: People, leaves: Floats, leads: Ints, behaviour: Behaviour, generator: np.random.Generator
) -> Log:
    """The log of all people. leaves: vectors of the subtopics; leads: `neighbours`."""
    parts = []
    with task("people act", len(people)) as bar:
        for begin in range(0, len(people), BLOCK):
            users = np.arange(begin, min(begin + BLOCK, len(people)))
            parts.append(_Crowd(items, people, leaves, leads, behaviour, users, generator).act())
            bar.advance(users.size)
    return Log(*(np.concatenate([getattr(part, name) for part in parts]) for name in Log.__dataclass_fields__))


@dataclass(frozen=True)
class _Plan:
    """When a block of people acts. Rows are people, the busiest first; B people, T steps."""

    users: Ints  # (B,)
    steps: Ints  # (B,) non-increasing
    starts: Ints  # (B, T) start of the step's session, UTC seconds
    first: Mask  # (B, T) whether the step begins a session


def _plan(people: People, users: Ints, behaviour: Behaviour, generator: np.random.Generator) -> _Plan:
    sessions = generator.geometric(1 / (behaviour.sessions + 1), users.size)
    owner = np.repeat(np.arange(users.size), sessions)
    lengths = generator.geometric(1 / (behaviour.steps + 1), owner.size)
    end = START + DAYS * DAY
    joined = people.joined[users][owner]
    days = (joined + (end - joined) * generator.random(owner.size)) // DAY
    hour = np.where(generator.random(owner.size) < 0.65, 20, 11) + 2 * generator.standard_normal(owner.size)
    starts = np.maximum(joined, days * DAY + (hour.clip(0, 23.5) * 3600).astype(np.int64)).astype(np.int64)
    order = np.lexsort((starts, owner))
    starts, lengths = starts[order], lengths[order]
    total = np.bincount(owner, weights=lengths, minlength=users.size).astype(np.int64)
    steps = total.clip(max=behaviour.longest)
    at = np.arange(int(total.sum())) - np.repeat(np.cumsum(total) - total, total)
    row, begins = np.repeat(owner, lengths), np.zeros(int(total.sum()), bool)
    begins[np.cumsum(lengths) - lengths] = True
    kept = at < behaviour.longest
    grid, first = np.zeros((users.size, int(steps.max())), np.int64), np.zeros((users.size, int(steps.max())), bool)
    grid[row[kept], at[kept]] = np.repeat(starts, lengths)[kept]
    first[row[kept], at[kept]] = begins[kept]
    busiest = np.argsort(-steps, kind="stable")
    return _Plan(users[busiest], steps[busiest], grid[busiest], first[busiest])


class _Shelves:
    """Draws items by appeal, from all or from one subtopic, in time independent of the catalogue's size."""

    def __init__(self, items: Items):
        self.rows = np.argsort(items.subtopic, kind="stable")
        self.bounds = np.searchsorted(items.subtopic[self.rows], np.arange(len(subtopics()) + 1))
        self.mass = np.concatenate([[0.0], np.cumsum(np.exp(items.appeal[self.rows].astype(np.float64)))])

    def draw(self, shelf: Ints, count: int, generator: np.random.Generator) -> Ints:
        """count items for each row (n, count), with repetition; shelf -1 is the whole catalogue."""
        low = np.where(shelf < 0, 0.0, self.mass[self.bounds[shelf]])
        high = np.where(shelf < 0, self.mass[-1], self.mass[self.bounds[shelf + 1]])
        spots = low[:, None] + (high - low)[:, None] * generator.random((shelf.size, count))
        found = np.searchsorted(self.mass, spots, side="right") - 1
        drawn: Ints = self.rows[found.clip(0, self.rows.size - 1)]
        return drawn


class _Crowd:
    """A block of people as they act; arrays are indexed by the rows of the plan."""

    def __init__(
        self,
        items: Items,
        people: People,
        leaves: Floats,
        leads: Ints,
        behaviour: Behaviour,
        users: Ints,
        generator: np.random.Generator,
    ):
        self.items, self.people, self.leaves, self.leads = items, people, leaves, leads
        self.behaviour, self.generator = behaviour, generator
        self.plan, self.shelves = _plan(people, users, behaviour, generator), _Shelves(items)
        self.seen = np.zeros((users.size, len(items)), bool)
        self.place = np.full(users.size, -1)  # the subtopic where each person is
        self.next = np.full(users.size, -1)  # the next episode of the series watched last
        self.clock = np.zeros(users.size, np.int64)

    def act(self) -> Log:
        """All steps of all people of the block."""
        rows: list[Ints] = []
        columns: list[tuple[Ints, Ints, NDArray[np.int8], Floats]] = []
        for step in range(self.plan.starts.shape[1]):
            active = np.arange(int(np.searchsorted(-self.plan.steps, -step, side="left")))
            begins, starts = self.plan.first[active, step], self.plan.starts[active, step]
            self.clock[active] = np.where(begins, np.maximum(self.clock[active] + 60, starts), self.clock[active])
            chosen = self._choose(active, begins)
            active, chosen = active[chosen >= 0], chosen[chosen >= 0]
            now = self.clock[active].copy()
            event, dwell = self._respond(active, chosen, now)
            rows.append(active)
            columns.append((chosen, now, event, dwell))
        row = np.concatenate(rows)
        item, time, event, dwell = (np.concatenate(parts) for parts in zip(*columns, strict=True))
        order = np.lexsort((time, self.plan.users[row]))
        return Log(self.plan.users[row][order], item[order], time[order], event[order], dwell[order])

    def _choose(self, active: Ints, begins: Mask) -> Ints:
        """The item that each active person turns to, -1 where nothing new was on the slate."""
        law = self.behaviour
        following = self.next[active]
        able = (following >= 0) & (self.items.published[following] <= self.clock[active])
        able &= ~self.seen[active, following]
        goes_on = able & (self.generator.random(active.size) < law.follow)
        chosen = np.where(goes_on, following, -1)
        rest = np.flatnonzero(~goes_on)
        chosen[rest] = self._pick(active[rest], self._shelf(active[rest], begins[rest]))
        return chosen

    def _shelf(self, active: Ints, begins: Mask) -> Ints:
        """Where each person looks: a subtopic, or -1 for the charts."""
        law, place = self.behaviour, self.place[active]
        draw = self.generator.random(active.size)
        lead = self.leads[place.clip(0), self.generator.integers(0, 2, active.size)]
        known = place >= 0
        stays = known & np.where(begins, draw < law.resume, draw < law.stay)
        leads = known & ~begins & ~stays & (draw < law.stay + law.lead)
        charts = ~stays & ~leads & (draw > 1 - law.chart)
        by_taste = self._taste(active)
        shelf: Ints = np.select([stays, leads, charts], [place, lead, np.full_like(place, -1)], by_taste)
        return shelf

    def _taste(self, active: Ints) -> Ints:
        """A subtopic drawn by each person's taste."""
        taste = self.people.what(self.plan.users[active], self._when(active))
        noise = self.generator.gumbel(size=(active.size, len(self.leaves)))
        drawn: Ints = (self.behaviour.focus * taste @ self.leaves.T + noise).argmax(axis=1)
        return drawn

    def _when(self, active: Ints) -> NDArray[np.float64]:
        return (self.clock[active] - START) / (DAYS * DAY)

    def _pick(self, active: Ints, shelf: Ints) -> Ints:
        """The best item of a slate: utility, news and position, with noise; seen and unpublished ones are not shown."""
        law = self.behaviour
        slate = self.shelves.draw(shelf, law.shown, self.generator)  # (n, shown)
        users, now = self.plan.users[active], self.clock[active][:, None]
        true = utility(self.items, self.people, law, users, slate, self._when(active))
        age = (now - self.items.published[slate]) / DAY
        worth = true + law.fresh * np.exp(-age.clip(0) / 14) - law.position * np.log2(np.arange(law.shown) + 1)
        worth += self.generator.gumbel(size=worth.shape)
        worth[(age < 0) | self.seen[active[:, None], slate]] = -np.inf
        best = worth.argmax(axis=1)
        each = np.arange(active.size)
        chosen: Ints = np.where(np.isfinite(worth[each, best]), slate[each, best], -1)
        return chosen

    def _respond(self, active: Ints, chosen: Ints, now: Ints) -> tuple[NDArray[np.int8], Floats]:
        """Event and dwell in seconds; moves the person's clock, place and series."""
        law, items = self.behaviour, self.items
        users = self.plan.users[active]
        worth = utility(items, self.people, law, users, chosen[:, None], self._when(active))[:, 0]
        felt = worth + law.doubt * self.generator.standard_normal(active.size)
        event = np.where(felt < law.skip_below, SKIP, np.where(felt > law.like_above, LIKE, PLAY)).astype(np.int8)
        share = 1 / (1 + np.exp(-(felt - 1.5) + 0.5 * self.generator.standard_normal(active.size)))
        share = np.where(event == SKIP, 0.15 * share, share)
        # of an event somebody reads the page: five minutes at most
        length = np.where(items.kind[chosen] == 2, 5, items.duration[chosen]) * 60
        dwell = np.maximum(1, np.round(length * share)).astype(np.float32)
        self.seen[active, chosen] = True
        pause = 5 + self.generator.exponential(40, active.size)
        self.clock[active] = now + (dwell.clip(max=3 * 3600) + pause).astype(np.int64)
        stays = event != SKIP
        self.place[active] = np.where(stays, items.subtopic[chosen], self.place[active])
        self.next[active] = np.where(stays & (items.series[chosen] >= 0), items.following[chosen], self.next[active])
        return event, dwell


def utility(
    items: Items, people: People, law: Behaviour, users: Ints, rows: Ints, when: NDArray[np.float64] | float
) -> Floats:
    """What items are worth to people at a time (0 first day, 1 last): users (n,), rows (n, m) -> (n, m)."""
    what = np.einsum("nd,nmd->nm", people.what(users, when), items.what[rows])
    style = np.einsum("ns,nms->nm", people.style[users], items.style[rows])
    worth: Floats = law.what * what + law.style * style + law.quality * items.quality[rows]
    return worth
