"""Retrieval of the loop under the operator's rules, and without what a person turned down."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from generec.data.conditions import mask
from generec.errors import UsageError
from generec.loop.retrieve import Retrieved, Retriever
from generec.loop.turn import Loop
from generec.records import Guidance, Person, Turn
from generec.serving.rules import Rule, arranged


@dataclass(frozen=True, kw_only=True)
class RuledRetriever(Retriever):
    """A retriever whose slates the operator's rules arrange; what makers rank by stays the person's own taste.

    How well the best item serves the person (coverage, gap) is said of the best one, not of the one that is pinned.
    """

    rules: tuple[Rule, ...] = ()

    def retrieve(self, guidance: Guidance, person: Person, k: int) -> Retrieved:
        if not self.rules:
            return super().retrieve(guidance, person, k)
        found = super().retrieve(guidance, person, len(self.meaning.catalog))
        return replace(found, item_ids=self._ruled(found.item_ids)[:k], scores=found.scores[:k])

    def pinned(self, item_id: str | None) -> bool:
        """Whether an item stands where it is because a rule put it first."""
        return any(item_id in self._fitting_rules[rule.id] for rule in self.rules if rule.kind == "pin")

    def _ruled(self, item_ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(arranged(item_ids, self.rules, lambda rule, item_id: item_id in self._fitting_rules[rule.id]))

    @cached_property
    def _fitting_rules(self) -> dict[str, frozenset[str]]:
        """The items of every rule; none where the catalogue cannot be asked for them (any more)."""
        catalog, found = self.meaning.catalog, {}
        for rule in self.rules:
            try:
                rows = mask(catalog, rule.conditions).nonzero().squeeze(1).tolist()
            except UsageError:
                rows = []
            found[rule.id] = frozenset(catalog.item_ids[row] for row in rows)
        return found


PINNED = "put first by the operator of this service"
"""What a person reads of an item that stands first for a reason that is not theirs."""


def told(turn: Turn, loop: Loop) -> Turn:
    """The turn, in which retrieved items that a rule put first say so."""
    retriever = loop.retriever
    if not isinstance(retriever, RuledRetriever):
        return turn
    slate = (
        replace(one, reason=PINNED) if one.mode == "retrieved" and retriever.pinned(one.item_id) else one
        for one in turn.slate
    )
    return replace(turn, slate=tuple(slate))


def with_rules(loop: Loop, rules: tuple[Rule, ...], away: frozenset[str]) -> Loop:
    """The loop whose retriever, makers' included, leaves items out and shows the others as rules want them."""
    if not rules and not away:
        return loop
    before = loop.retriever
    kept: dict[str, Any] = {one.name: getattr(before, one.name) for one in fields(before) if one.init}
    fresh = RuledRetriever(**{**kept, "rules": rules, "away": before.away | away})
    makers: dict[str, Any] = dict(loop.makers)
    makers = {name: replace(maker, retriever=fresh) for name, maker in makers.items()}
    return replace(loop, retriever=fresh, makers=makers)
