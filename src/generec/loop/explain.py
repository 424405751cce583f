"""Why an item is recommended: ranked atomic statements, each with citations that a reader can check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from generec.data.conditions import mask
from generec.loop.fields import DISTINCT, readable, value_fields
from generec.protocols import Recommender
from generec.records import Guidance, Person, Statement
from generec.types import Catalog, Condition, Request

_SHOWN = 3  # titles named in one statement


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Says what an item has to do with a person, from facts alone.

    Statements are mined from what the instruction asked for and the item has, from values the item shares with the
    history, and from its use by others; each is true by construction, because it is read off the fields it cites.
    A shared value is ranked by effect: how much the item's score falls when the cited events are taken out of the
    history (a counterfactual question to the recommender). Nothing is said of fewer than `crowd` people.
    """

    recommender: Recommender
    catalog: Catalog
    popularity: Sequence[int] = ()  # how many people used each item, (N,)
    statements: int = 3
    crowd: int = 5
    values: int = DISTINCT  # a field with more distinct values describes items, not reasons

    def explain(self, item_id: str, guidance: Guidance, person: Person) -> tuple[Statement, ...]:
        """The strongest statements, best first; none where nothing is supported. Raises UsageError for unknown ids."""
        self.catalog.row(item_id)
        found = [*self._asked(item_id, guidance), *self._shared(item_id, person)]
        found.sort(key=lambda statement: -statement.weight)
        return tuple(found[: self.statements]) or self._popular(item_id)

    def _asked(self, item_id: str, guidance: Guidance) -> list[Statement]:
        """What was asked for and the item has."""
        stated = [
            *(s.condition for s in guidance.hard),
            *(t.condition for t in guidance.likes if t.condition is not None),
        ]
        row = self.catalog.row(item_id)
        met = [condition for condition in dict.fromkeys(stated) if bool(mask(self.catalog, [condition])[row])]
        said = [f"{_sentence(self.catalog, row, condition)}, as you asked" for condition in met]
        return [
            Statement(text, (f"{item_id}#{condition.field}",), "item", 2.0)
            for text, condition in zip(said, met, strict=True)
        ]

    def _shared(self, item_id: str, person: Person) -> list[Statement]:
        """Values that the item shares with the history, by their effect on its score."""
        history = [event for event in person.history if event in self.catalog]
        groups: list[tuple[str, str, list[str]]] = []
        row = self.catalog.row(item_id)
        for name, value in [(name, value) for name, column in self._fields.items() for value in column[row]]:
            holds = mask(self.catalog, [Condition(name, "=", value)])
            events = list(dict.fromkeys(event for event in history if bool(holds[self.catalog.row(event)])))
            if events:
                groups.append((name, value, events))
        effects = self._effects(item_id, history, [set(events) for _, _, events in groups])
        return [
            Statement(
                f"{_field(name)} {value}, like {_titles(self.catalog, events)} in your history",
                (f"{item_id}#{name}", *events), "yours", effect,
            )
            for (name, value, events), effect in zip(groups, effects, strict=True)
            if effect > 0
        ]  # fmt: skip

    @cached_property
    def _fields(self) -> dict[str, list[tuple[str, ...]]]:
        return value_fields(self.catalog, self.values)

    def _effects(self, item_id: str, history: Sequence[str], groups: Sequence[set[str]]) -> list[float]:
        """By how much the item's score falls without each group of events."""
        if not groups:
            return []
        only = (Condition("item_id", "=", item_id),)
        histories = [tuple(history), *(tuple(event for event in history if event not in group) for group in groups)]
        requests = [Request(history=kept, conditions=only, repeat=True) for kept in histories]
        slates = self.recommender.recommend(requests, 1)
        scores = [slate.scores[0] if slate.source == "model" and slate.scores else None for slate in slates]
        full = scores[0]
        # without any history left there is nothing to compare with: all of it spoke for the item
        return [0.0 if full is None else 1.0 if score is None else full - score for score in scores[1:]]

    def _popular(self, item_id: str) -> tuple[Statement, ...]:
        """What others did, where it is true and enough of them did."""
        row = self.catalog.row(item_id)
        if not self.popularity or self.popularity[row] < self.crowd:
            return ()
        share = sum(count < self.popularity[row] for count in self.popularity) / len(self.popularity)
        if share < 0.9:
            return ()
        return (Statement("Among the most used tenth of the catalogue", (f"{item_id}#use",), "others", 0.1),)


def _sentence(catalog: Catalog, row: int, condition: Condition) -> str:
    value = catalog.frame[condition.field][row]
    if isinstance(value, pl.Series):
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        value = ", ".join(str(part) for part in value if str(part) in {str(one) for one in wanted}) or ", ".join(value)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{_field(condition.field)} {shown}"


def _field(name: str) -> str:
    return readable(name).capitalize()


def _titles(catalog: Catalog, events: Sequence[str]) -> str:
    newest = list(reversed(events))[:_SHOWN]
    named = ", ".join(f"“{title}”" for title in catalog.titles(newest))
    return named if len(events) <= _SHOWN else f"{named} and {len(events) - _SHOWN} more"
