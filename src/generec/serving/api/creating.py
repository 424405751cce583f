"""Several creations to one wish, which of them is best and why the others are not, and what each set adds up to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from generec.records import Draft, GateReport, SetPayload, Turn
from generec.serving.api.fields import unit_of
from generec.serving.api.talker import Said
from generec.types import Catalog

_SEEDS = 2**31
_SPARED = 200  # items that a further try goes without, at most
_SUMMED = ("price", "duration", "runtime", "minutes", "length_minutes", "reading_time")
"""Fields that people add up, where the catalogue has them."""


@dataclass(frozen=True)
class Sum:
    """What the members of a set add up to. low, high: the bounds that were asked for; unknown: members without one."""

    field: str
    total: float
    unit: str = ""
    low: float | None = None
    high: float | None = None
    holds: bool = True
    unknown: int = 0


@dataclass(frozen=True)
class Candidate:
    """A creation beside others. without: items of earlier ones that it had to do without, to be another.

    reasons: why it was not chosen; none of the chosen one.
    """

    draft: str
    worth: float
    passed: bool
    chosen: bool
    reasons: tuple[str, ...]
    without: int
    totals: tuple[Sum, ...]


@dataclass(frozen=True)
class _Made:
    """A draft and the turn that it comes from."""

    turn: Turn
    draft: Draft
    report: GateReport | None
    without: int

    @property
    def passed(self) -> bool:
        return self.report is not None and self.report.passed

    @property
    def served(self) -> bool:
        return any(one.draft is not None and one.draft.id == self.draft.id for one in self.turn.slate)

    @property
    def rank(self) -> tuple[bool, bool, float]:
        return self.served, self.passed, self.draft.reward


def best_of(n: int, create: Callable[[Said], Turn], said: Said, catalog: Catalog, patience: float) -> Turn:
    """The best of up to n creations that differ; its turn has all of them as drafts, with their checks and marks.

    The trace says of each, under `candidates`, what it is worth and why it was not chosen. Another seed makes another
    one; where it does not, every other item of those before is left out. Ends early after half of `patience` seconds.
    """
    began, made, alike = time.monotonic(), list[_Made](), False
    first = turn = create(said)
    while True:
        before = len(made)
        _take(made, turn, len(_spared(made)) if alike else 0)
        fresh = len(made) > before
        late = 2 * (time.monotonic() - began) > patience
        if not made or (not fresh and alike) or len(made) >= n or late:
            break
        alike = alike or not fresh
        seed = (said.seed + len(made)) % _SEEDS
        away = (*said.person.rejected, *(_spared(made) if alike else ()))
        turn = create(replace(said, seed=seed, person=replace(said.person, rejected=away)))
    return _joined(made, catalog) if made else first


def _take(made: list[_Made], turn: Turn, without: int) -> None:
    """Adds the drafts of a turn that are not there yet."""
    known = {_content(one.draft) for one in made}
    reports = {report.draft: report for report in turn.reports}
    for draft in turn.drafts:
        if _content(draft) not in known:
            known.add(_content(draft))
            made.append(_Made(turn, draft, reports.get(draft.id), without))


def _content(draft: Draft) -> tuple[str, ...]:
    payload = draft.payload
    return tuple(one.item_id for one in payload.members) if isinstance(payload, SetPayload) else (payload.text,)


def _spared(made: Sequence[_Made]) -> tuple[str, ...]:
    """Every other item of what was made so far: without them something else comes about."""
    named = [
        item_id
        for one in made
        for item_id in (_content(one.draft)[::2] if isinstance(one.draft.payload, SetPayload) else one.draft.parents)
    ]
    return tuple(dict.fromkeys(named))[:_SPARED]


def _joined(made: Sequence[_Made], catalog: Catalog) -> Turn:
    best = max(made, key=lambda one: one.rank)  # the earliest of equals
    ordered = [best, *(one for one in made if one is not best)]
    candidates = [
        asdict(Candidate(
            draft=one.draft.id, worth=one.draft.reward, passed=one.passed, chosen=one is best,
            reasons=() if one is best else tuple(_reasons(one, best)), without=one.without,
            totals=tuple(totals(one.draft, best.turn, catalog)),
        ))
        for one in ordered
    ]  # fmt: skip
    marks: dict[str, Any] = {}
    for one in made:
        marks.update(one.turn.trace.get("marks", {}))
    return replace(
        best.turn, drafts=tuple(one.draft for one in ordered),
        reports=tuple(one.report for one in ordered if one.report is not None),
        trace={**best.turn.trace, "marks": marks, "candidates": candidates},
    )  # fmt: skip


def _reasons(one: _Made, best: _Made) -> list[str]:
    """Why another one was chosen."""
    if not one.passed:
        blocking = () if one.report is None else one.report.blocking
        return [f"{each.check}: {'; '.join(each.reasons) or each.outcome}" for each in blocking] or [
            "it was not checked"
        ]
    if not one.served and best.served:
        return ["it was set aside: " + ("; ".join(one.turn.trace["served"]["notes"]) or one.turn.message)]
    if one.draft.reward < best.draft.reward:
        return [f"it fits less: worth {one.draft.reward:.2f}, the chosen one {best.draft.reward:.2f}"]
    return [f"it is worth as much ({one.draft.reward:.2f}) and was made later"]


def totals(draft: Draft, turn: Turn, catalog: Catalog) -> list[Sum]:
    """What a set adds up to in every field that was bounded, and in price and length where the catalogue has them."""
    if not isinstance(draft.payload, SetPayload):
        return []
    rows = catalog.known_rows(_content(draft))
    bounds = {one.field: one for one in turn.guidance.totals}
    found = []
    for name in dict.fromkeys([*bounds, *_SUMMED]):
        if name not in catalog.frame.columns or not catalog.frame.schema[name].is_numeric():
            continue
        values = [float(value) for value in catalog.frame[name][rows].to_list() if value is not None and value == value]
        total, bound, unknown = math.fsum(values), bounds.get(name), len(_content(draft)) - len(values)
        if bound is None and not values:
            continue
        low, high = (None, None) if bound is None else (bound.low, bound.high)
        within = (low is None or total >= low - 1e-6) and (high is None or total <= high + 1e-6)
        holds = within and (bound is None or not unknown)
        found.append(Sum(name, round(total, 6), unit_of(catalog.frame, name), low, high, holds, unknown))
    return found
