"""Guidance from outside: its wishes are the client's; who the person is and what counts as evidence is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from generec.data.conditions import expression
from generec.errors import UsageError, unknown
from generec.records import Guidance, Person, ProfileLine
from generec.types import Catalog, Condition

_HEAVIEST = 10.0  # of a taste or an anchor; the loop's own are 1
_MOST = 200  # wishes of one kind
_ANSWERS = 12  # to one question


def owned(guidance: Guidance | None, person: Person, *, asking: bool = False) -> Guidance | None:
    """The guidance as this person may give it: without what the loop adds itself.

    asking: with its question, which the words that come next may answer.
    """
    if guidance is None:
        return None
    return replace(
        guidance, user_id=person.user_id, profile=person.profile, consent=person.consent and guidance.consent,
        age=person.age, locale=person.locale, evidence=(), what=(), how=(), oracle=(), variance=(), notes=(),
        question=guidance.question if asking else None,
    )  # fmt: skip


def askable(condition: Condition, catalog: Catalog) -> None:
    """Raises UsageError for a condition that the catalogue cannot be asked, with the nearest that it can."""
    catalog.frame[:1].select(expression(catalog, condition))


def fitting(lines: Sequence[ProfileLine], catalog: Catalog) -> tuple[ProfileLine, ...]:
    """Lines as this catalogue can be asked: one about a column that it has no more stays as words alone."""

    def fitted(line: ProfileLine) -> ProfileLine:
        try:
            if line.condition is not None:
                askable(line.condition, catalog)
        except UsageError:
            return replace(line, condition=None)
        return line

    return tuple(map(fitted, lines))


def check(guidance: Guidance | None, catalog: Catalog) -> None:
    """Raises UsageError for wishes that the catalogue cannot be asked, with the nearest that it can."""
    if guidance is None:
        return
    tastes = (*guidance.likes, *guidance.dislikes)
    wishes = (guidance.hard, tastes, guidance.anchors, guidance.directions, guidance.totals, guidance.tone)
    if any(len(one) > _MOST for one in wishes):
        raise UsageError(f"a guidance holds at most {_MOST} wishes of a kind; say the ones that matter")
    readings = guidance.question.readings if guidance.question is not None else ()
    if guidance.question is not None and max(len(readings), len(guidance.question.options)) > _ANSWERS:
        raise UsageError(f"a question has at most {_ANSWERS} answers")
    asked = (*(one.hard for one in readings), *(one.like for one in readings), *(taste.condition for taste in tastes))
    for condition in (*guidance.conditions, *(one for one in asked if one is not None)):
        askable(condition, catalog)
    for weight in (*(taste.weight for taste in tastes), *(anchor.weight for anchor in guidance.anchors)):
        if not abs(weight) <= _HEAVIEST:
            raise UsageError(f"a wish weighs -{_HEAVIEST:g} to {_HEAVIEST:g}, got {weight}")
    items = (*(anchor.item_id for anchor in guidance.anchors), *(one.item_id for one in readings), guidance.item_id)
    for item_id in items:
        if item_id is not None:
            catalog.row(item_id)
    for field in (*(one.field for one in guidance.directions), *(one.field for one in guidance.totals)):
        numeric = [name for name, kind in catalog.frame.schema.items() if kind.is_numeric()]
        if field not in numeric:
            raise unknown("numeric field", field, numeric)
    for total in guidance.totals:
        if any(bound is not None and not math.isfinite(bound) for bound in (total.low, total.high)):
            raise UsageError(f"the bounds on {total.field!r} must be finite; leave one out for an open end")
    if guidance.count is not None and not 1 <= guidance.count <= 1000:
        raise UsageError(f"a slate or a set has 1 to 1000 items, got {guidance.count}")
