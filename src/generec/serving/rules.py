"""What an operator wants of every slate: some items first, some higher, some lower, between two dates.

A rule moves what may be shown; it never lets in what may not: seen and refused items, those above a person's age and
those that a stated wish excludes are gone before a rule is read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from generec.types import Condition, Request, Slate

RuleKind = Literal["boost", "pin", "bury"]
"""Boosts raise and buries lower the items that fit, by their weight; pins put them first."""

DEEPEST = 1000
"""Places of the model's ranking that rules can see: what stands further down is moved by pins alone."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A wish about the items that satisfy all conditions, from `starts` until before `ends` (None: open)."""

    id: str
    kind: RuleKind
    conditions: tuple[Condition, ...]
    weight: float = 1.0  # a boost divides an item's place by it, a bury multiplies; of two pins the greater comes first
    starts: int | None = None  # UTC seconds
    ends: int | None = None

    def acts(self, now: int) -> bool:
        """Whether it is in force at a moment (UTC seconds)."""
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


Fits = Callable[[Rule, str], bool]
"""Whether an item satisfies all conditions of a rule."""


def in_force(rules: Iterable[Rule], now: int) -> tuple[Rule, ...]:
    """The rules that act at a moment (UTC seconds), in their order."""
    return tuple(rule for rule in rules if rule.acts(now))


def arranged(ranked: Sequence[str], rules: Sequence[Rule], fits: Fits) -> list[str]:
    """A ranking, best first, as rules in force want it. Pure, and the same whatever the scores are made of.

    What a pin fits comes first, in the model's order, of two pins the heavier one's, then the earlier one's. All else
    goes by place / boosts * buries: a boost of 2 lets the tenth compete as the fifth. Equal items keep their order.
    """
    pins = _pins(rules)
    others = [rule for rule in rules if rule.kind != "pin"]

    def standing(entry: tuple[int, str]) -> tuple[int, float]:
        place, item_id = entry
        for order, pin in enumerate(pins):
            if fits(pin, item_id):
                return order, place
        strength = math.prod(_strength(rule) for rule in others if fits(rule, item_id))
        return len(pins), round(place / strength, 9)  # what is equal but for its last bits is equal

    return [item_id for _, item_id in sorted(enumerate(ranked, 1), key=standing)]


def depth(k: int, rules: Sequence[Rule]) -> int:
    """How many places of a ranking decide the first k: what stands deeper cannot come so far up, but by a pin.

    With boosts of B and buries of U in all, an item at place p competes at p / B at best, while the first k compete at
    k * U at worst.
    """
    reach = math.prod(max(rule.weight, 1 / rule.weight) for rule in rules if rule.kind != "pin")
    return max(k, min(DEEPEST, math.ceil(k * min(reach, DEEPEST))))


def questions(request: Request, k: int, rules: Sequence[Rule]) -> list[tuple[Request, int]]:
    """What a recommender has to be asked, requests with sizes: the ranking itself, then the best of every pin."""
    stated = request.conditions
    pinned = [replace(request, conditions=(*stated, *pin.conditions)) for pin in _pins(rules)]
    return [(request, depth(k, rules)), *((one, k) for one in pinned)]


def answered(slates: Sequence[Slate], k: int, rules: Sequence[Rule], fits: Fits) -> Slate:
    """The slate made of the answers to `questions`. An item that was moved has the score of the place it takes.

    Pinned items stand as the model ranks them when it is asked for them alone: where scores depend on what else is
    allowed, that need not be their order in the whole.
    """
    whole, *pinned = slates
    first = dict.fromkeys(item_id for slate in pinned for item_id in slate.item_ids)  # heaviest pin first
    moved = arranged(whole.item_ids, [rule for rule in rules if rule.kind != "pin"], fits)
    item_ids = (*first, *(item_id for item_id in moved if item_id not in first))[:k]
    last = whole.scores[-1] if whole.scores else 0.0
    scores = (*whole.scores[: len(item_ids)], *[last] * (len(item_ids) - len(whole.scores)))
    return replace(whole, item_ids=item_ids, scores=scores)


def _pins(rules: Sequence[Rule]) -> list[Rule]:
    """The pins, of which the first wins."""
    return sorted((rule for rule in rules if rule.kind == "pin"), key=lambda rule: -rule.weight)


def _strength(rule: Rule) -> float:
    return rule.weight if rule.kind == "boost" else 1 / rule.weight
