"""Puts the items and wishes of the embedded world into words: a grammar over topics and manners."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import polars as pl

from generec.data.world.items import DAY, KINDS, Items
from generec.data.world.manners import SERIES, Manner, manners
from generec.data.world.places import creator_name, places
from generec.data.world.topics import Subtopic, subtopics

T = TypeVar("T")

OPENINGS = (
    (
        "This film is about {S}, with a closer look at {D}.", "All about {S}, and in the middle of them {D}.",
        "Watch {D}, with plenty of {S} around.", "We filmed {S} and people {D}.",
    ),
    (
        "An article on {S} and on {D}.", "Notes about {S}, from {D} onwards.", "Read about {S} and the art of {D}.",
        "Pages on {S}, with pictures of {D}.",
    ),
    (
        "Meet others who care about {S}; the programme includes {D}.", "An open day around {S}, with a try at {D}.",
        "Come for {S}, stay for {D}.", "An evening of {S}, where you can join in {D}.",
    ),
)  # fmt: skip
"""How a description begins, by kind: {S} subject, {D} doing."""
ASIDES = ("There is also a part on {D}.", "Look out for {D}.", "Includes {D}.", "The bonus is {D}.")
ELSEWHERE = ("If you liked {S}, stay for this.", "Shown next to {S}.", "From the people behind {S}.")
LEADS = (
    "I'd love something", "Looking for anything", "Please find me something", "In the mood for something",
    "Could you show me something", "I would enjoy anything",
)  # fmt: skip


def frame(items: Items, generator: np.random.Generator) -> pl.DataFrame:
    """The catalogue as people see it: one row per item, every title distinct."""
    writer = _Writer(items)
    draws = generator.random((len(items), 48))
    written = [writer.write(row, _Draws(draws[row].tolist())) for row in range(len(items))]
    found, leaves = places(), subtopics()
    at = [None if place < 0 else found[place] for place in items.place.tolist()]
    return pl.DataFrame(
        {
            "item_id": [f"v{row:05d}" for row in range(len(items))],
            "kind": [KINDS[kind] for kind in items.kind.tolist()],
            "title": [title for title, _, _ in written],
            "description": [description for _, description, _ in written],
            "topic": [leaves[leaf].topic for leaf in items.subtopic.tolist()],
            "tags": [tags for _, _, tags in written],
            "creator": [creator_name(creator) for creator in items.creator.tolist()],
            "series": [writer.series.get(series) for series in items.series.tolist()],
            "episode": [episode or None for episode in items.episode.tolist()],
            "published": pl.Series(items.published // DAY, dtype=pl.Int32).cast(pl.Date),
            "duration": items.duration.astype(np.float64),
            "price": items.price.astype(np.float64).round(2),
            "energy": items.energy.astype(np.float64).round(2),
            "place": [place and place.name for place in at],
            "latitude": [place and place.latitude for place in at],
            "longitude": [place and place.longitude for place in at],
            "opens": [place and place.opens for place in at],
            "closes": [place and place.closes for place in at],
        },
        schema_overrides={
            "episode": pl.Int64(),
            "tags": pl.List(pl.String),
            "series": pl.String(),
            "place": pl.String(),
            **dict.fromkeys(("latitude", "longitude", "opens", "closes"), pl.Float64()),
        },
    )


def wish(leaf: Subtopic, how: Sequence[int], avoided: Subtopic | None, free: bool, numbers: Sequence[float]) -> str:
    """A wish in plain words: about a subtopic, with the facets that `how` names (negative codes are not mentioned).

    numbers: uniform draws that choose the words.
    """
    draws = _Draws(numbers)
    named = [values[code] for values, code in zip(manners(), how, strict=True) if code >= 0]
    tone = [manner.wish for manner in named if manner.facet == "tone"]
    rest = [manner.wish for manner in named if manner.facet != "tone"]
    thing = draws.pick((leaf.name, *leaf.subjects, *leaf.doings))
    parts = [" ".join([draws.pick(LEADS), *tone, "about", thing]), *rest]
    if avoided:
        parts.append(f"nothing with {avoided.name}")
    if free:
        parts.append("free of charge")
    return ", ".join(parts) + "."


class _Draws:
    """Chooses words by ready-made uniform draws, one after another (and round again)."""

    def __init__(self, numbers: Sequence[float]):
        self._numbers, self._at = numbers, -1

    def pick(self, options: Sequence[T]) -> T:
        self._at = (self._at + 1) % len(self._numbers)
        return options[int(self._numbers[self._at] * len(options))]

    def chance(self, share: float) -> bool:
        self._at = (self._at + 1) % len(self._numbers)
        return self._numbers[self._at] < share


class _Writer:
    """Writes item after item; remembers the titles and series names that are taken."""

    def __init__(self, items: Items):
        self.items = items
        self.series: dict[int, str] = {}
        self._taken: set[str] = set()

    def write(self, row: int, draws: _Draws) -> tuple[str, str, list[str]]:
        """Title, description and tags of one item."""
        tone, _, _, register = chosen = _manners(self.items, row)
        leaf = subtopics()[self.items.subtopic[row]]
        subject = leaf.subjects[self.items.subject[row]]
        series = int(self.items.series[row])
        if series < 0:
            title = self._title(row, subject, leaf, chosen, draws)
        else:
            if series not in self.series:
                self.series[series] = self._series(row, leaf, tone, register, draws)
            title = f"{self.series[series]}, Part {self.items.episode[row]}: {_capitals(subject)}"
        self._taken.add(title)
        tags = [leaf.topic, leaf.name, subject.replace(" ", "-")]
        if draws.chance(1 / 3):
            tags.append(draws.pick(tone.adjectives))
        return title, self._description(row, subject, leaf, chosen, draws), tags

    def _title(self, row: int, subject: str, leaf: Subtopic, chosen: Sequence[Manner], draws: _Draws) -> str:
        tone, pace, length, register = chosen
        place, title = int(self.items.place[row]), ""
        for attempt in range(12):
            title = draws.pick(register.adjectives).format(
                S=_capitals(subject),
                A=_capitals(draws.pick(tone.adjectives)),
                P=_capitals(draws.pick(pace.adjectives)),
                F=_capitals(draws.pick(length.adjectives)),
            )
            title += f" at {places()[place].name}" if place >= 0 else ""
            title += f", with {creator_name(int(self.items.creator[row]))}" if attempt >= 4 else ""
            title += f" and {_capitals(draws.pick(leaf.doings))}" if attempt >= 8 else ""
            if title not in self._taken:
                return title
        return self._numbered(title)

    def _series(self, row: int, leaf: Subtopic, tone: Manner, register: Manner, draws: _Draws) -> str:
        name = f"{_capitals(draws.pick(tone.adjectives))} {_capitals(leaf.name)} {draws.pick(SERIES[register.name])}"
        whole = f"The {name}"
        if whole in self._taken:
            whole = f"{creator_name(int(self.items.creator[row]))}'s {name}"
        if whole in self._taken:
            whole = self._numbered(whole)
        self._taken.add(whole)
        return whole

    def _numbered(self, title: str) -> str:
        """The title with the first number that makes it distinct."""
        number = 2
        while f"{title} {number}" in self._taken:
            number += 1
        return f"{title} {number}"

    def _description(self, row: int, subject: str, leaf: Subtopic, chosen: Sequence[Manner], draws: _Draws) -> str:
        tone, pace, length, register = chosen
        doing, other = draws.pick(leaf.doings), draws.pick(leaf.doings)
        sentences = [draws.pick(pace.sentences), draws.pick(length.sentences)]
        # the title tells tone and register already, so that their sentences may be missing
        sentences += [draws.pick(manner.sentences) for manner in (tone, register) if draws.chance(0.75)]
        if other != doing:
            sentences.append(draws.pick(ASIDES).format(D=other))
        if draws.chance(0.1):
            sentences.append(draws.pick(ELSEWHERE).format(S=draws.pick(draws.pick(subtopics()).subjects)))
        shuffled: list[str] = []
        for sentence in sentences:
            shuffled.insert(draws.pick(range(len(shuffled) + 1)), sentence)
        opening = draws.pick(OPENINGS[self.items.kind[row]]).format(S=subject, D=doing)
        return " ".join([opening, *shuffled, self._facts(row)])

    def _facts(self, row: int) -> str:
        items = self.items
        price, kind = float(items.price[row]), KINDS[items.kind[row]]
        cost = "Free of charge" if price == 0 else f"Costs {price:.2f} euros"
        if kind == "event":
            place = places()[items.place[row]]
            return f"At {place.name}, open {place.opens:g} to {place.closes:g}. {cost}."
        return f"{'Running' if kind == 'video' else 'Reading'} time {int(items.duration[row])} min. {cost}."


def _manners(items: Items, row: int) -> list[Manner]:
    return [values[code] for values, code in zip(manners(), items.how[row].tolist(), strict=True)]


def _capitals(text: str) -> str:
    return re.sub(r"(^|[\s(-])(\w)", lambda found: found[1] + found[2].upper(), text)
