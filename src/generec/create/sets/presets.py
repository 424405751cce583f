"""The published kinds of sets as briefs: each a short function over the one engine.

Fields are those of the embedded world unless others are named; what a catalogue lacks is left out by an empty name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from generec.create.sets.brief import SetBrief, Transition, Weights
from generec.create.sets.objective import ShortTravel
from generec.create.sets.rules import (
    AtMostPer,
    Avoid,
    Days,
    Haversine,
    Include,
    NoNearDuplicates,
    Novelty,
    OpeningHours,
    Order,
    Rule,
    Same,
    Slot,
    Travel,
)
from generec.records import Total
from generec.types import Condition


def playlist(
    size: tuple[int, int],
    *,
    minutes: tuple[float | None, float | None] = (None, None),
    per_creator: int = 2,
    order: Order | None = None,
    flow: Transition | None = None,
    seen: frozenset[str] = frozenset(),
    new: float = 0.0,
    include: Iterable[str] = (),
    avoid: Iterable[str] = (),
    rules: Sequence[Rule] = (),
    duration: str = "duration",
    creator: str = "creator",
    fingerprint: str = "",
) -> SetBrief:
    """A sequence to be heard or watched: so many items, so many minutes, few of one creator.

    minutes: fewest and most in all, of the field `duration`. per_creator: most of one `creator`. new: least share of
    items that are not in `seen`. fingerprint: a field equal in copies of one recording. order: Sorted, Arc or Smooth
    over a field such as energy. flow: what makes a transition good.
    """
    own = _total(duration, *minutes)
    if creator:
        own += (AtMostPer(creator, per_creator),)
    if fingerprint:
        own += (AtMostPer(fingerprint),)
    if new:
        own += (Novelty(seen, new),)
    return SetBrief(
        name="playlist", size=size, rules=(*own, *_named(include, avoid), *rules), order=order, flow=flow,
        weights=Weights(relevance=1.0, diversity=0.3, flow=0.3 if flow else 0.0), units=((duration, "minutes"),),
        missing=frozenset({fingerprint} if fingerprint else ()),
    )  # fmt: skip


def bundle(
    slots: Sequence[Slot],
    *,
    budget: float | None = None,
    same: Sequence[str] = (),
    alike: float | None = 0.95,
    include: Iterable[str] = (),
    avoid: Iterable[str] = (),
    rules: Sequence[Rule] = (),
    price: str = "price",
    currency: str = "euros",
) -> SetBrief:
    """One item per role, within a budget, that fit together.

    budget: most of the field `price` in all; cheaper is better. same: fields in which all members agree (a plug, a
    size). alike: no two members closer than this cosine of their features; None for a pool without any.
    """
    own = _total(price, None, budget) + tuple(Same(field) for field in same)
    if alike is not None:
        own += (NoNearDuplicates(alike),)
    return SetBrief(
        name="bundle", slots=tuple(slots), rules=(*own, *_named(include, avoid), *rules), cost=price,
        weights=Weights(relevance=1.0, diversity=0.1, cost=0.2 if price else 0.0), units=((price, currency),),
    )  # fmt: skip


def outfit(
    slots: Sequence[Slot],
    *,
    budget: float | None = None,
    size: str = "size",
    sized: tuple[str, ...] = (),
    rules: Sequence[Rule] = (),
    price: str = "price",
    currency: str = "euros",
) -> SetBrief:
    """Clothes to be worn together: one per role, one size for those roles that have one, alike in style.

    sized: the slots whose members share the field `size`; none: no such rule.
    """
    agreed = (Same(size, sized),) if sized else ()
    return SetBrief(
        name="outfit", slots=tuple(slots), rules=(*_total(price, None, budget), *agreed, *rules),
        weights=Weights(relevance=1.0, diversity=0.0), units=((price, currency),),
    )  # fmt: skip


def itinerary(
    size: tuple[int, int],
    *,
    days: int = 1,
    start: int = 9 * 60,
    end: int = 18 * 60,
    budget: float | None = None,
    travel: Travel | None = None,
    opens: str = "opens",
    closes: str = "closes",
    visit: str = "duration",
    usual_visit: int | None = None,
    include: Iterable[str] = (),
    avoid: Iterable[str] = (),
    rules: Sequence[Rule] = (),
    price: str = "price",
    currency: str = "euros",
) -> SetBrief:
    """Timed visits on one or several days: open, reachable one after another, back in time.

    start, end: of every day, in minutes after midnight. travel: None is a walk over the great circle, an estimate.
    opens, closes: fields of the opening hours; empty: always open. visit: field with the minutes of a visit;
    usual_visit: where it is missing. Short ways are better.
    """
    ways = travel or Haversine()
    plan = Days(days=days, start=start, end=end, visit=visit, usual_visit=usual_visit, travel=ways)
    opening = (OpeningHours(opens, closes),) if opens and closes else ()
    own = (plan, *opening, *_total(price, None, budget), *_named(include, avoid))
    return SetBrief(
        name="itinerary", size=size, rules=(*own, *rules),
        weights=Weights(relevance=1.0, diversity=0.2, flow=0.3), flow=ShortTravel(ways),
        units=((price, currency), (visit, "minutes")),
    )  # fmt: skip


def meal_plan(
    meals: Sequence[Slot],
    *,
    energy: tuple[float | None, float | None] = (None, None),
    without: Sequence[Condition] = (),
    per_dish: int = 1,
    rules: Sequence[Rule] = (),
    calories: str = "calories",
    dish: str = "dish",
    budget: float | None = None,
    price: str = "price",
    currency: str = "euros",
) -> SetBrief:
    """Meals for given slots (Monday lunch …), varied, within bounds of energy and budget.

    without: conditions for every meal, such as `allergens not in nuts|milk`; a dish whose allergens are not known is
    left out. per_dish: how often one `dish` may return (an empty name: no such rule).
    """
    varied = (AtMostPer(dish, per_dish),) if dish else ()
    return SetBrief(
        name="meal plan", slots=tuple(meals), cost=price if budget is not None else "",
        rules=(*without, *_total(calories, *energy), *_total(price, None, budget), *varied, *rules),
        weights=Weights(relevance=1.0, diversity=0.5, cost=0.1 if budget is not None else 0.0),
        units=((price, currency), (calories, "kcal")),
    )  # fmt: skip


def slate(
    size: int,
    *,
    per_value: int = 2,
    vary: Sequence[str] = ("creator", "topic"),
    alike: float | None = None,
    seen: frozenset[str] = frozenset(),
    new: float = 0.0,
    rules: Sequence[Rule] = (),
) -> SetBrief:
    """What is shown next in a session: the most relevant, at most `per_value` of each value of the fields of `vary`.

    alike: no two closer than this cosine. new: least share that is not in `seen`. Stands by relevance.
    """
    own: tuple[Rule, ...] = tuple(AtMostPer(field, per_value) for field in vary)
    if alike is not None:
        own += (NoNearDuplicates(alike),)
    if new:
        own += (Novelty(seen, new),)
    return SetBrief(
        name="slate", size=(size, size), rules=(*own, *rules), weights=Weights(relevance=1.0, diversity=0.5)
    )


def _total(field: str, low: float | None, high: float | None) -> tuple[Rule, ...]:
    return () if low is None and high is None else (Total(field, low, high),)


def _named(include: Iterable[str], avoid: Iterable[str]) -> tuple[Rule, ...]:
    return (*map(Include, include), *map(Avoid, avoid))
