"""Retrieval under guidance: the recommender's ranking, moved by what was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.conditions import expression, mask
from generec.errors import InputError
from generec.fidelity.facts import Facts
from generec.fidelity.safety import Safety, above
from generec.loop.meaning import Meaning, Nearness, Scores
from generec.protocols import Recommender
from generec.records import Age, Anchor, Direction, Guidance, Person, Taste
from generec.types import Condition, Request

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Retrieved:
    """The best allowed items for a guidance, best first, and how well the best of them serves it."""

    item_ids: tuple[str, ...]
    scores: tuple[float, ...]
    coverage: float  # share of the stated likes that the best item meets; 1 where nothing was stated
    gap: float  # distance from what was described to the nearest allowed item, in units of the catalogue's spacing
    allowed: int  # how many items the hard constraints leave
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each source moves the ranking; the recommender's own rank is worth 1 from last to first."""

    like: float = 1.5
    profile: float = 0.4
    anchor: float = 1.5
    direction: float = 0.8
    audience: float = 0.8
    manner: float = 0.8
    unread: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Retriever:
    """Scores the allowed catalogue for a person and a guidance.

    The score of an item is its rank in the recommender's answer (1 the first, 0 beyond `depth`) plus, for every taste,
    what fits: 1 or 0 for a condition, a squashed standard score of `Meaning.similarity` for words, of closeness to an
    item that was named, and the rank by a field for "shorter", "newer". How items are made counts, where `manner` tells
    how far each leans as a history does: few rankings tell two items of one kind apart by it. Hard constraints are
    masks: what they exclude has no score.
    """

    recommender: Recommender
    meaning: Meaning
    weights: Weights = Weights()
    depth: int = 500
    repeat: bool = False  # whether items of the history may come back
    safety: Safety = field(default_factory=Safety)  # reads age ratings
    manner: Callable[[Person], Scores] | None = None  # person -> (N,); None: nothing is known of it
    alive: Callable[[], Mask] | None = None  # (N,) items that have not been removed; None: all
    away: frozenset[str] = frozenset()  # items that are never shown
    _fitting: dict[Age, Mask] = field(default_factory=dict, init=False, repr=False, compare=False)

    def retrieve(self, guidance: Guidance, person: Person, k: int) -> Retrieved:
        """The k best allowed items; fewer where fewer are allowed."""
        catalog = self.meaning.catalog
        scores, note = self._scored(guidance, person)
        rows = np.argsort(-scores, kind="stable")[:k]
        rows = rows[np.isfinite(scores[rows])]
        ids = tuple(catalog.item_ids[row] for row in rows)
        best = int(rows[0]) if len(rows) else None
        return Retrieved(
            ids,
            tuple(float(scores[row]) for row in rows),
            0.0 if best is None else self.coverage(guidance, best),
            float("inf") if best is None else self._gap(guidance, np.isfinite(scores)),
            int(np.isfinite(scores).sum()),
            note,
        )

    def scores(self, guidance: Guidance, person: Person) -> Scores:
        """Score of every item, (N,); -inf where it is not allowed."""
        return self._scored(guidance, person)[0]

    def _scored(self, guidance: Guidance, person: Person) -> tuple[Scores, str]:
        catalog = self.meaning.catalog
        scores, note = self._ranks(guidance, person)
        scores += self.weights.manner * self.leaning(person)
        for taste in (*guidance.likes, *guidance.dislikes):
            scores += self.weights.like * taste.weight * self.fit(taste)
        for line in guidance.profile:
            scores += self.weights.profile * line.weight * self.fit(Taste(1.0, line.condition, line.text))
        for anchor in guidance.anchors:
            scores += self.weights.anchor * anchor.weight * self._closeness(anchor)
        for words in (guidance.audience, *guidance.tone):
            if words:
                scores += self.weights.audience * self._meant(words)
        if guidance.unread:  # what no rule understood may still mean something
            scores += self.weights.unread * np.max([self._meant(words) for words in guidance.unread], axis=0)
        gone = {*person.rejected, *(anchor.item_id for anchor in guidance.anchors)}
        allowed = self.allowed(guidance.conditions) & self._fit_for(guidance.age) & self._fit_for(person.age)
        allowed[catalog.known_rows(tuple(gone) + (() if self.repeat else person.history))] = False
        for direction in guidance.directions:
            scores += self.weights.direction * self._rank_by(direction, allowed)
        return np.where(allowed, scores, -np.inf).astype(np.float32), note

    def imagined(
        self,
        text: str,
        about: Sequence[str],
        guidance: Guidance,
        person: Person,
        met: Mapping[str, float] | None = None,
        like: Sequence[str] = (),
    ) -> float:
        """The score that a new text would have as an item; `about`: the items that it rests on.

        Its place with the recommender, and how it meets conditions and named items, is the mean of theirs; words it
        has to meet itself. By a field it has no rank. met: words of which it is known how far it meets them; like:
        items that are made as it is, those it rests on where none are given.
        """
        catalog = self.meaning.catalog
        rows = catalog.known_rows(about)
        if not rows:
            return 0.0
        score = float(self._ranks(guidance, person)[0][rows].mean())
        score += self.weights.manner * float(self.leaning(person)[catalog.known_rows(like) or rows].mean())
        for taste in (*guidance.likes, *guidance.dislikes):
            fits = float(self.fit(taste)[rows].mean()) if taste.condition is not None else self._fits(text, taste.words)
            score += self.weights.like * taste.weight * (met or {}).get(taste.words, fits)
        for line in guidance.profile:
            taste = Taste(1.0, line.condition, line.text)
            fits = self._fits(text, line.text) if line.condition is None else float(self.fit(taste)[rows].mean())
            score += self.weights.profile * line.weight * fits
        for anchor in guidance.anchors:
            score += self.weights.anchor * anchor.weight * float(self._closeness(anchor)[rows].mean())
        if guidance.unread:
            score += self.weights.unread * max(self._fits(text, words) for words in guidance.unread)
        return score + self.weights.audience * sum(
            (met or {}).get(words, self._fits(text, words)) for words in (guidance.audience, *guidance.tone) if words
        )

    def allowed(self, conditions: Sequence[Condition]) -> Mask:
        """(N,) items that are still there and that the hard constraints leave."""
        found: Mask = mask(self.meaning.catalog, conditions).numpy().copy()
        found[self.meaning.catalog.known_rows(tuple(self.away))] = False
        return found if self.alive is None else found & self.alive()[: len(found)]

    def _fit_for(self, age: Age) -> Mask:
        """(N,) items whose own age rating lets them be shown; one that cannot be read lets nobody under age see it."""
        if age not in self._fitting:
            self._fitting[age] = np.array([self._rated_for(facts, age) for facts in self._rated])
        return self._fitting[age] if len(self._rated) else np.ones(len(self.meaning.catalog), bool)

    def _rated_for(self, facts: Facts, age: Age) -> bool:
        try:
            return not above(self.safety.rated(facts), age)
        except InputError:
            return age == "adult"

    @cached_property
    def _rated(self) -> list[dict[str, Any]]:
        """The age ratings of every item; nothing where the catalogue has none."""
        frame = self.meaning.catalog.frame
        names = [name for name in self.safety.age_fields if name in frame.columns]
        return frame.select(names).to_dicts() if names else []

    def fit(self, taste: Taste) -> Scores:
        """How far each item meets a taste, (N,) from -1 to 1; the sign of the taste's weight is not applied."""
        catalog = self.meaning.catalog
        if taste.condition is not None:
            holds = catalog.frame.select(expression(catalog, taste.condition).fill_null(False).alias("holds"))
            return holds["holds"].to_numpy().astype(np.float32)
        return self._meant(taste.words)

    def coverage(self, guidance: Guidance, row: int) -> float:
        """Share of the stated likes that an item meets."""
        wished = [taste for taste in guidance.likes if taste.source.kind == "instruction"]
        met = [float(self.fit(taste)[row]) > 0.5 for taste in wished]
        return sum(met) / len(met) if met else 1.0

    def _ranks(self, guidance: Guidance, person: Person) -> tuple[Scores, str]:
        catalog = self.meaning.catalog
        request = Request(
            history=person.history, user_id=person.user_id, conditions=guidance.conditions,
            exclude=frozenset(person.rejected), repeat=self.repeat,
        )  # fmt: skip
        slate = self.recommender.recommend([request], min(self.depth, len(catalog)))[0]
        scores = np.zeros(len(catalog), np.float32)
        known = [item_id for item_id in slate.item_ids if item_id in catalog]  # but for what was inserted since
        scores[catalog.rows(known)] = 1 - np.arange(len(known)) / self.depth
        return scores, slate.note

    def leaning(self, person: Person) -> Scores:
        """How far each item leans as the person does, (N,) from -1 to 1."""
        if self.manner is None or not self.meaning.catalog.known_rows(person.history):
            return np.zeros(len(self.meaning.catalog), np.float32)
        return _squashed(self.manner(person))

    def _meant(self, words: str) -> Scores:
        similarity = self.meaning.similarity(words)
        return _squashed(similarity)

    def _fits(self, text: str, words: str) -> float:
        """As `_meant`, of a text that is no item."""
        every = self.meaning.similarity(words)
        return float(np.tanh((self.meaning.fit(text, words) - every.mean()) / (2 * (float(every.std()) or 1.0))))

    def _closeness(self, anchor: Anchor) -> Scores:
        vectors = self.meaning.vectors
        return _squashed(vectors @ vectors[self.meaning.catalog.row(anchor.item_id)])

    def _rank_by(self, direction: Direction, allowed: Mask) -> Scores:
        """Rank of each item by a field among the allowed, from 0 to 1; 0 where it has no value."""
        column = self.meaning.catalog.frame[direction.field]
        values = column.to_physical() if column.dtype.is_temporal() else column
        numbers = values.cast(pl.Float64).fill_nan(None).set(~pl.Series(allowed), None)
        ranked = (numbers * direction.sign).rank("average") / max(numbers.count(), 1)
        found: Scores = ranked.fill_null(0.0).to_numpy().astype(np.float32)
        return found

    def _gap(self, guidance: Guidance, allowed: Mask) -> float:
        words = [taste.words for taste in guidance.likes if taste.words]
        if not words:
            return 0.0
        wanted = self.meaning.encode([" ".join(words)])[0]
        near = np.where(allowed, self.meaning.vectors @ wanted, -np.inf)
        return Nearness(self.meaning.vectors).distance(wanted, int(near.argmax()))


def _squashed(similarity: Scores) -> Scores:
    """Standard scores through a tanh: three deviations above the catalogue's mean is nearly 1."""
    spread = float(similarity.std()) or 1.0
    found: Scores = np.tanh((similarity - similarity.mean()) / (2 * spread)).astype(np.float32)
    return found
