"""What simulated people want at a moment, from their hidden tastes, and how one tells whether a turn gave it to them.

A goal is stated in terms of the world (subtopics, manners, raw fields) and judged by what the frozen reader finds in
the words and by the raw fields; it names no item and no title. Every goal for items or sets has some in the catalogue
that meet it; a gap goal has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from generec.data.world.items import Floats, Ints
from generec.data.world.manners import FACETS, sizes
from generec.data.world.topics import subtopics, topics
from generec.errors import UsageError
from generec.records import Candidate, Guidance, Kind, Stated, Total, Turn
from generec.simulation.eyes import NOTHING_STATED, Eyes, Terms, Words
from generec.simulation.people import WorldPeople
from generec.types import Catalog, Condition, Dataset

How = tuple[int, ...]
ANY: How = (-1,) * len(FACETS)
MINUTES = (5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240)
EUROS = (1, 2, 3, 5, 10, 15, 20, 30, 50)


@dataclass(frozen=True)
class Found:
    """How far one candidate serves a goal."""

    form: bool  # it is a set or a text where one was asked for
    content: bool  # most of its texts are read to be about what was wanted
    style: float  # share of the named facets that most of its texts are read to have
    avoided: bool  # something in it is about what was not wanted
    broken: tuple[str, ...]  # stated rules that it breaks by the raw fields
    clear: bool  # its words make sense

    @property
    def served(self) -> bool:
        return self.form and self.content and self.style == 1 and self.allowed and self.clear

    @property
    def allowed(self) -> bool:
        """Whether it may be shown at all: hard rules hold and nothing avoided is in it."""
        return not self.broken and not self.avoided

    @property
    def share(self) -> float:
        """How much of the goal is met, 0 to 1, for those who want more than yes or no."""
        return float(np.mean([self.form, self.content, self.style, not self.broken, not self.avoided, self.clear]))


@dataclass(frozen=True)
class Judgement:
    """A turn before a goal."""

    place: int | None  # of the first candidate that serves the goal
    best: Found | None  # what the candidate found that came nearest
    violations: int  # candidates that break a stated rule or hold what was not wanted
    shown: int

    @property
    def met(self) -> bool:
        return self.place is not None


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One wish. Codes as in the world's banks, -1 = not mentioned; `thing` is how the person calls what it is about."""

    user_id: str
    thing: str
    eyes: Eyes = field(repr=False, compare=False)
    topic: int = -1
    subtopic: int = -1  # -1: anything of the topic
    how: How = ANY
    avoids: int = -1  # subtopic
    terms: Terms = NOTHING_STATED
    kind: Kind | None = None  # what is to be made; None: whatever serves
    gap: bool = False  # nothing in the catalogue serves it

    def judge(self, turn: Turn) -> Judgement:
        """Whether the slate serves the goal, as the reader and the raw fields tell; drafts' own claims do not count."""
        found = [self.look(candidate) for candidate in turn.slate]
        served = [place for place, each in enumerate(found) if each.served]
        best = max(found, key=lambda each: (each.served, each.share), default=None)
        return Judgement(served[0] if served else None, best, sum(not each.allowed for each in found), len(found))

    def look(self, candidate: Candidate) -> Found:
        """One candidate. A created text has no fields, so that it can keep no rule on one."""
        rows, words = self.eyes.rows(candidate), self.eyes.words(candidate)
        broken = self.eyes.broken(rows, self.terms) if rows else [str(rule) for rule in self.terms.conditions]
        return Found(
            form=self.kind is None or (candidate.draft is not None and candidate.draft.payload.kind == self.kind),
            content=most(self._about(text) for text in words),
            style=self._style(words),
            avoided=self.avoids >= 0 and any(text.subtopic == self.avoids for text in words),
            broken=tuple(broken),
            clear=bool(words) and all(text.clarity > 0.5 for text in words),
        )

    def _about(self, text: Words) -> bool:
        return text.subtopic == self.subtopic if self.subtopic >= 0 else text.topic == self.topic

    def _style(self, words: Sequence[Words]) -> float:
        named = [facet for facet, code in enumerate(self.how) if code >= 0]
        kept = [most(text.how[facet] == self.how[facet] for text in words) for facet in named]
        return float(np.mean(kept)) if kept else 1.0

    @property
    def meaning(self) -> Guidance:
        """What was bindingly stated, as guidance: for people who answer turns by what they said."""
        return Guidance(
            user_id=self.user_id,
            kind=self.kind,
            hard=tuple(Stated(rule) for rule in self.terms.conditions),
            totals=self.terms.totals,
            count=self.terms.count,
        )


def most(holds: Iterable[bool]) -> bool:
    """Whether more than half hold; of nothing, no."""
    found = list(holds)
    return 2 * sum(found) > len(found)


class Goals:
    """Draws goals of people from their hidden tastes at the time of `people.when`.

    catalog: what the recommender under test has; a part of the world's where cells were withheld.
    """

    def __init__(self, people: WorldPeople, catalog: Catalog | None = None, seed: int = 0):
        self.people, self.seed = people, seed
        self.eyes = people.eyes if catalog is None else Eyes(catalog, people.hidden.reader)
        self._rows = people.catalog.rows(self.eyes.catalog.item_ids)  # of the world's items, in this catalogue's order

    def for_item(self, user_id: str, number: int = 0) -> Goal:
        """A wish that some item serves: one that the person would love is described by its attributes."""
        draw = self._draw(user_id, number, 0)
        worth = self._worth(user_id)
        for row in draw.permutation(np.argsort(-worth)[:20]).tolist():
            text = self.eyes.items[row]
            whole = draw.random() < 0.2
            named = draw.random(len(FACETS)) < np.array([0.9, 0.4, 0.4, 0.4])
            liked = self._liked(user_id, text.how)
            how = tuple(code if n and ok else -1 for code, n, ok in zip(text.how, named, liked, strict=True))
            avoids = int(draw.integers(len(subtopics()))) if draw.random() < 0.2 else -1
            goal = Goal(
                user_id=user_id,
                thing=topics()[text.topic] if whole else _thing(text.subtopic, draw),
                eyes=self.eyes,
                topic=text.topic,
                subtopic=-1 if whole else text.subtopic,
                how=how,
                avoids=-1 if avoids == text.subtopic else avoids,
                terms=Terms(self._rules(row, draw)),
            )
            if goal.look(Candidate("retrieved", "", self.eyes.catalog.item_ids[row])).served:
                return goal
        raise UsageError(f"no item of the catalogue can be described for {user_id}; the catalogue has too few texts")

    def for_set(self, user_id: str, number: int = 0, count: int = 3) -> Goal:
        """A wish for several things of one topic within totals that some set keeps."""
        draw = self._draw(user_id, number, 1)
        worth, topic = self._worth(user_id), np.array([text.topic for text in self.eyes.items])
        found = [t for t in range(len(topics())) if (topic == t).sum() >= count]
        if not found:
            raise UsageError(f"no topic of the catalogue has {count} items; ask for fewer or use a larger world")
        best = max(found, key=lambda t: float(np.sort(worth[topic == t])[-count:].mean()))
        inside = np.flatnonzero(topic == best)
        witness = draw.choice(inside[np.argsort(-worth[inside])[: 3 * count]], count, replace=False).tolist()
        tones = [self.eyes.items[row].how[0] for row in witness]
        tone = next((code for code in set(tones) if code >= 0 and 2 * tones.count(code) > count), -1)
        return Goal(
            user_id=user_id,
            thing=topics()[best],
            eyes=self.eyes,
            topic=best,
            how=(tone, *ANY[1:]),
            terms=Terms((), self._totals(witness, draw), count),
            kind="set",
        )

    def for_text(self, user_id: str, number: int = 0) -> Goal:
        """A wish for something to be written: favourite content in favourite style, whether it exists or not."""
        draw = self._draw(user_id, number, 2)
        leaf = int(draw.choice(self._leaves(user_id)[:3]))
        how = self._favourites(user_id, (0, int(draw.integers(1, len(FACETS)))))
        return self._cell(user_id, leaf, how, draw, kind="text")

    def for_gap(self, user_id: str, number: int = 0, facets: tuple[int, ...] = (0, 3)) -> Goal | None:
        """A wish for a subtopic in a manner (the facets) that no item has; None where the catalogue has them all."""
        draw = self._draw(user_id, number, 3)
        how = self._favourites(user_id, facets)
        there = {text.subtopic for text in self.eyes.items if all(text.how[f] == how[f] for f in facets)}
        absent = [leaf for leaf in self._leaves(user_id)[:12].tolist() if leaf not in there]
        return self._cell(user_id, int(draw.choice(absent[:3])), how, draw, gap=True) if absent else None

    def _cell(
        self, user_id: str, leaf: int, how: How, draw: np.random.Generator, kind: Kind | None = None, gap: bool = False
    ) -> Goal:
        topic = topics().index(subtopics()[leaf].topic)
        thing = _thing(leaf, draw)
        return Goal(
            user_id=user_id, thing=thing, eyes=self.eyes, topic=topic, subtopic=leaf, how=how, kind=kind, gap=gap
        )

    def _draw(self, user_id: str, number: int, use: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, int(self.people.rows([user_id])[0]), number, use])

    def _worth(self, user_id: str) -> Floats:
        users, rows = self.people.rows([user_id]), np.array([self._rows])
        worth: Floats = self.people.hidden.utility(users, rows, self.people.when)[0]
        return worth

    def _leaves(self, user_id: str) -> Ints:
        """Subtopics, best liked first."""
        every = [Words(-1, leaf, ANY, 1.0) for leaf in range(len(subtopics()))]
        order: Ints = np.argsort(-self.people.read_worth(self.people.rows([user_id]), every)[0])
        return order

    def _favourites(self, user_id: str, facets: tuple[int, ...]) -> How:
        parts = self._tastes(user_id)
        return tuple(int(part.argmax()) if facet in facets else -1 for facet, part in enumerate(parts))

    def _liked(self, user_id: str, how: How) -> list[bool]:
        """Whether the person likes each facet's value more than the average one."""
        return [code >= 0 and bool(part[code] > 0) for code, part in zip(how, self._tastes(user_id), strict=True)]

    def _tastes(self, user_id: str) -> list[Floats]:
        style = self.people.hidden.people.style[self.people.rows([user_id])[0]]
        return np.split(style, np.cumsum(sizes())[:-1])

    def _rules(self, row: int, draw: np.random.Generator) -> tuple[Condition, ...]:
        """Rules on raw fields that the item keeps."""
        item = self.eyes.catalog.frame.row(row, named=True)
        rules = []
        if draw.random() < 0.4 and item["duration"] <= MINUTES[-1]:
            rules.append(Condition("duration", "<=", float(_above(item["duration"], MINUTES, draw))))
        if draw.random() < 0.3 and item["price"] <= EUROS[-1]:
            bound = 0.0 if item["price"] == 0 else float(_above(item["price"], EUROS, draw))
            rules.append(Condition("price", "<=", bound))
        if draw.random() < 0.25:
            rules.append(Condition("kind", "=", str(item["kind"])))
        return tuple(rules)

    def _totals(self, witness: Sequence[int], draw: np.random.Generator) -> tuple[Total, ...]:
        frame = self.eyes.catalog.frame
        minutes, euros = (float(frame[name].gather(list(witness)).sum()) for name in ("duration", "price"))
        totals = [Total("duration", high=float(10 * np.ceil(1.15 * minutes / 10)))]
        if draw.random() < 0.5:
            totals.append(Total("price", high=float(5 * np.ceil((euros + 0.01) / 5))))
        return tuple(totals)


def withhold(dataset: Dataset, eyes: Eyes, cells: Iterable[tuple[int, int]]) -> Dataset:
    """The data without the items of some cells (subtopic, tone), as they are read, nor anything done with them.

    Raises UsageError where too little is left.
    """
    gone = set(cells)
    kept = [row for row, text in enumerate(eyes.items) if (text.subtopic, text.how[0]) not in gone]
    if len(kept) < 2:
        raise UsageError(f"withholding {len(gone)} cells leaves {len(kept)} items; withhold fewer")
    catalog = Catalog(dataset.catalog.frame[kept])
    events = dataset.events.filter(pl.col("item_id").is_in(catalog.item_ids))
    return Dataset(events, catalog, dataset.users, {**dataset.info, "withheld_cells": sorted(gone)})


def _thing(leaf: int, draw: np.random.Generator) -> str:
    """How a person calls a subtopic: by its name, or by one of its subjects or doings."""
    found = subtopics()[leaf]
    return str(draw.choice([found.name, *found.subjects, *found.doings]))


def _above(value: float, steps: Sequence[int], draw: np.random.Generator) -> int:
    """A round number that the value does not exceed: the next one, or the one after it."""
    fitting = [step for step in steps if step >= value]
    return fitting[min(int(draw.integers(2)), len(fitting) - 1)]
