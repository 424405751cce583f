"""Sets for a guidance: its constraints become a brief, its ranking the relevance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from generec.create.sets.brief import SetBrief, Weights
from generec.create.sets.creator import CARD, SetCreator
from generec.create.sets.pool import Pool
from generec.create.sets.presets import slate
from generec.create.sets.rules import AtMostPer, Rule, Sorted
from generec.data.conditions import expression
from generec.loop.arms import Arm
from generec.loop.retrieve import Retriever
from generec.records import Abstain, Draft, Guidance, Person, SetPayload, TextPayload
from generec.types import Catalog, Condition

Briefing = Callable[[Guidance, Catalog], SetBrief]
"""Writes the brief of a guidance; an application may hand in its own (an itinerary, a meal plan)."""

ARM = Arm(name="sets", action="create", kind="set", card=CARD, latency_ms=150.0)
_ITEMS = 5000  # the best so many go into the search
_VARIETY = 0.2  # beside a relevance of 1: no less liked than what retrieval would gather, where more of it is


def plain_brief(guidance: Guidance, catalog: Catalog) -> SetBrief:
    """A varied set of the asked size with the asked totals: five members where no size is said.

    Where totals are said without a size, as many as fit. At most two by one maker where items have makers. The first
    direction that was asked for orders it ("the most recent first").
    """
    size = (guidance.count, guidance.count) if guidance.count else (2, 30) if guidance.totals else (5, 5)
    makers = [name for name in ("creator", "brand") if name in catalog.frame.columns]
    asked = {condition.field for condition in guidance.conditions}
    variety: list[Rule] = [AtMostPer(name, 2) for name in makers[:1] if name not in asked]
    missing = frozenset(makers)
    brief = slate(size[1], vary=(), rules=(*guidance.conditions, *guidance.totals, *variety))
    order = Sorted(guidance.directions[0].field, guidance.directions[0].sign > 0) if guidance.directions else None
    told = asked | {total.field for total in guidance.totals}
    units = (("duration", "minutes"),) if "duration" in told else ()  # in which currency prices are, nobody said
    weights = Weights(diversity=_VARIETY)
    return replace(brief, name="set", size=size, order=order, missing=missing, units=units, weights=weights)


@dataclass(frozen=True, kw_only=True)
class SetMaker:
    """Creates sets of real items (a Maker). Hard constraints are rules of the brief: a conflict is explained."""

    retriever: Retriever
    briefing: Briefing = plain_brief
    creator: SetCreator = field(default_factory=SetCreator)
    arm: Arm = ARM

    def worth(self, draft: Draft, guidance: Guidance, person: Person) -> float:
        """Mean score of the members: what the person would have thought of each by itself."""
        scores = self.retriever.scores(guidance, person)
        rows = self.retriever.meaning.catalog.rows(draft.parents)
        return float(np.mean(scores[rows])) if rows else 0.0

    def make(self, guidance: Guidance, person: Person, near: Sequence[str], n: int) -> tuple[Draft, ...] | Abstain:
        """Up to n sets, or which demands contradict each other and what would do."""
        brief = self.briefing(guidance, self.retriever.meaning.catalog)
        pool = self._pool(guidance, person)
        made = self.creator.create(brief, pool, guidance.seed, n)
        stated = tuple(rule for rule in brief.rules if not isinstance(rule, AtMostPer))
        if isinstance(made, Abstain) and len(stated) < len(brief.rules):  # variety is good taste, nobody's condition
            made = self.creator.create(replace(brief, rules=stated), pool, guidance.seed, n)
        if isinstance(made, Abstain):
            return made
        named = [replace(draft, guidance=guidance.fingerprint, payload=_titled(draft, guidance)) for draft in made]
        return tuple(named)

    def _pool(self, guidance: Guidance, person: Person) -> Pool:
        """The items by relevance; what hard constraints exclude stays in, so that the engine can say what conflicts."""
        catalog, meaning = self.retriever.meaning.catalog, self.retriever.meaning
        fits = self.retriever.allowed(guidance.conditions)
        others = self.retriever.scores(replace(guidance, hard=()), person)
        among = self.retriever.scores(guidance, person)  # ranked among what may be chosen, not among everything
        scores = np.where(np.isfinite(among), among, others)
        order = np.argsort(-(scores + np.where(fits, 1e6, 0.0)), kind="stable")
        rows = order[np.isfinite(scores[order])][:_ITEMS]
        low, high = float(scores[rows].min(initial=0.0)), float(scores[rows].max(initial=1.0))
        relevance = (scores[rows].astype(np.float64) - low) / max(high - low, 1e-9)
        return Pool(catalog.frame[rows], relevance, meaning.vectors[rows], _reader)


def _titled(draft: Draft, guidance: Guidance) -> SetPayload | TextPayload:
    """The set under the words that were asked for, where there are any."""
    wished = [taste.words or _plain(taste.condition) for taste in guidance.likes if taste.weight > 0]
    wished += [_plain(condition) for condition in guidance.conditions if condition.operator in ("=", "in")]
    words = list(dict.fromkeys(word for word in wished if word))
    if not words or not isinstance(draft.payload, SetPayload):
        return draft.payload
    title = f"{', '.join(words)}: {len(draft.payload.members)} items"
    return replace(draft.payload, title=title[0].upper() + title[1:])


def _plain(condition: Condition | None) -> str:
    if condition is None or condition.operator not in ("=", "in"):
        return ""
    return " or ".join(condition.value) if isinstance(condition.value, tuple) else str(condition.value)


def _reader(frame: Any, condition: Condition, missing: bool) -> Any:
    """The one grammar of conditions over the rows of a pool."""
    found = frame.select(expression(Catalog(frame), condition).fill_null(missing).alias("holds"))
    return found["holds"].to_numpy().astype(np.bool_)
