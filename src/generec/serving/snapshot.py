"""A system as it is at one moment, and what it answers to asks with rules and ages."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from generec.data.conditions import mask
from generec.errors import UsageError
from generec.records import Age
from generec.serving.ages import unfit
from generec.serving.cache import Ask
from generec.serving.rules import Rule, answered, questions
from generec.system import System
from generec.types import Condition, Request, Slate

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """A system with a catalogue that never changes; a change makes the next one."""

    system: System[Any]
    catalogue: int = 0
    _unfit: dict[Age, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _fitting: dict[tuple[Condition, ...], frozenset[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def slates(self, asks: Sequence[Ask]) -> list[Slate]:
        """One slate per ask, with one call per slate size: a beam's answer may depend on the size asked for."""
        rules = [tuple(rule for rule in ask.rules if self.fitting(rule)) for ask in asks]
        wanted = [questions(self._of_age(ask), ask.k, acting) for ask, acting in zip(asks, rules, strict=True)]
        found: list[list[Slate | None]] = [[None] * len(each) for each in wanted]
        for size in {size for each in wanted for _, size in each}:
            here = [(ask, part) for ask, each in enumerate(wanted) for part, one in enumerate(each) if one[1] == size]
            slates = self.system.recommend([wanted[ask][part][0] for ask, part in here], size)
            for (ask, part), slate in zip(here, slates, strict=True):
                found[ask][part] = slate
        whole = [[slate for slate in each if slate is not None] for each in found]
        return [
            answered(slates, ask.k, acting, self.fits) if acting else slates[0]
            for ask, acting, slates in zip(asks, rules, whole, strict=True)
        ]

    def fits(self, rule: Rule, item_id: str) -> bool:
        """Whether an item satisfies a rule."""
        return item_id in self.fitting(rule)

    def fitting(self, rule: Rule) -> frozenset[str]:
        """The items of a rule; none where the catalogue cannot be asked for them (any more)."""
        if rule.conditions not in self._fitting:
            try:
                rows = mask(self.system.catalog, rule.conditions).nonzero().squeeze(1).tolist()
            except UsageError as error:
                _LOG.warning("rule %s does not suit the catalogue: %s", rule.id, error)
                rows = []
            self._fitting[rule.conditions] = frozenset(self.system.catalog.item_ids[row] for row in rows)
        return self._fitting[rule.conditions]

    def _of_age(self, ask: Ask) -> Request:
        if ask.age == "adult":  # who may see everything
            return ask.request
        if ask.age not in self._unfit:
            self._unfit[ask.age] = unfit(self.system.catalog, ask.age)
        away = self._unfit[ask.age]
        return replace(ask.request, exclude=ask.request.exclude | away) if away else ask.request
