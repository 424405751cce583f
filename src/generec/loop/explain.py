"""Why an item is recommended: ranked atomic statements, each with citations that a reader can check."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from generec.data.conditions import mask
from generec.loop.fields import DISTINCT, readable, value_fields
from generec.protocols import Recommender
from generec.records import Guidance, Person, Statement
from generec.types import Catalog, Condition, Request

_ASKED = 100.0  # what was asked for goes before everything else
_SHOWN = 3  # titles named in one statement


@dataclass(frozen=True, kw_only=True)
class Explainer:
    """Says what an item has to do with a person, from facts alone.

    Statements are mined from what the instruction asked for and the item has, from values the item shares with the
    history, and from its use by others; each is true by construction, because it is read off the fields it cites.
    A shared value is ranked by how rare it is and by effect: how much the item's score falls, per cited event, when
    those are taken out of the history (a counterfactual question to the recommender). Nothing is said of fewer than
    `crowd` people.
    """

    recommender: Recommender
    catalog: Catalog
    popularity: Sequence[int] = ()  # how many people used each item, (N,)
    statements: int = 3
    crowd: int = 5
    values: int = DISTINCT  # a field with more distinct values describes items, not reasons

    def explain(self, item_id: str, guidance: Guidance, person: Person) -> tuple[Statement, ...]:
        """The strongest statements, best first; none where nothing is supported. Raises UsageError for unknown ids."""
        shared = self._shared(item_id, guidance, person)
        history = [event for event in person.history if event in self.catalog]
        effects = self._effects(item_id, history, [set(each.events) for each in shared])
        ranked = [(each, effect) for each, effect in zip(shared, effects, strict=True) if effect > 0]
        found = [*self._asked(item_id, guidance), *(each.statement(self.catalog, effect) for each, effect in ranked)]
        found.sort(key=lambda statement: -statement.weight)
        return tuple(found[: self.statements]) or self._popular(item_id)

    def reason(self, item_id: str, guidance: Guidance, person: Person) -> str:
        """One line for a card: the strongest statement by rarity alone, without asking the recommender; '' for none."""
        shared = [
            each.statement(self.catalog, math.log1p(len(each.events)))
            for each in self._shared(item_id, guidance, person)
        ]
        found = [*self._asked(item_id, guidance), *shared]
        best = max(found, key=lambda statement: statement.weight, default=None)
        popular = self._popular(item_id) if best is None else (best,)
        return popular[0].text if popular else ""

    def _asked(self, item_id: str, guidance: Guidance) -> list[Statement]:
        """What was asked for and the item has, one statement a field."""
        stated = [
            *(s.condition for s in guidance.hard),
            *(t.condition for t in guidance.likes if t.condition is not None),
        ]
        row = self.catalog.row(item_id)
        holds = {condition: mask(self.catalog, [condition]) for condition in dict.fromkeys(stated)}
        met = {condition.field: condition for condition, rows in reversed(holds.items()) if bool(rows[row])}
        return [
            Statement(
                f"{_sentence(self.catalog, row, condition)}, as you asked", (f"{item_id}#{field}",), "item",
                _ASKED - math.log(float(holds[condition].float().mean())),  # what few items have says more
            )
            for field, condition in met.items()
        ]  # fmt: skip

    def _shared(self, item_id: str, guidance: Guidance, person: Person) -> list[_Shared]:
        """Values that the item shares with events of the history and that were not asked for anyway."""
        asked = {(condition.field, condition.value) for condition in guidance.conditions}
        rows = [(event, self.catalog.row(event)) for event in person.history if event in self.catalog]
        row = self.catalog.row(item_id)
        found: list[_Shared] = []
        for name, column in self._fields.items():
            for value in column[row]:
                events = tuple(dict.fromkeys(event for event, at in rows if value in column[at]))
                if events and (name, value) not in asked:
                    rarity = -math.log(max(self._shares[name][value], 1e-9))
                    found.append(_Shared(item_id, name, value, events, rarity))
        return found

    @cached_property
    def _shares(self) -> dict[str, dict[str, float]]:
        """Share of the items that have a value, by field and value."""
        return {
            name: {
                value: count / len(column) for value, count in Counter(v for row in column for v in set(row)).items()
            }
            for name, column in self._fields.items()
        }

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
        falls = [0.0 if full is None else 1.0 if score is None else full - score for score in scores[1:]]
        return [fall / math.sqrt(len(group)) for fall, group in zip(falls, groups, strict=True)]

    def _popular(self, item_id: str) -> tuple[Statement, ...]:
        """What others did, where it is true and enough of them did."""
        row = self.catalog.row(item_id)
        if not self.popularity or self.popularity[row] < self.crowd:
            return ()
        share = sum(count < self.popularity[row] for count in self.popularity) / len(self.popularity)
        if share < 0.9:
            return ()
        return (Statement("Among the most used tenth of the catalogue", (f"{item_id}#use",), "others", 0.1),)


@dataclass(frozen=True)
class _Shared:
    """A value that an item has in common with events of a history."""

    item_id: str
    field: str
    value: str
    events: tuple[str, ...]
    rarity: float  # nats: how surprising the value is in this catalogue

    def statement(self, catalog: Catalog, effect: float) -> Statement:
        text = f"{self.value[:1].upper()}{self.value[1:]}, like {_titles(catalog, self.events)} in your history"
        return Statement(text, (f"{self.item_id}#{self.field}", *self.events), "yours", self.rarity * effect)


def _sentence(catalog: Catalog, row: int, condition: Condition) -> str:
    value = catalog.frame[condition.field][row]
    if isinstance(value, pl.Series):
        wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        value = ", ".join(str(part) for part in value if str(part) in {str(one) for one in wanted}) or ", ".join(value)
    if isinstance(value, str):  # a name tells what it is by itself, a number does not
        return value[:1].upper() + value[1:]
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{_field(condition.field)} {shown}"


def _field(name: str) -> str:
    return readable(name).capitalize()


def _titles(catalog: Catalog, events: Sequence[str]) -> str:
    newest = list(reversed(events))[:_SHOWN]
    named = ", ".join(f"“{title}”" for title in catalog.titles(newest))
    return named if len(events) <= _SHOWN else f"{named} and {len(events) - _SHOWN} more"
