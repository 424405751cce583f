"""New texts for a guidance: what the catalogue says of the asked *what* and *how*, written for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from torch import Tensor

from generec.create.text_creator import CARD, FittedTextCreator, Reward, TextBrief
from generec.create.text_evidence import CodedTexts, origin
from generec.loop.arms import Arm
from generec.loop.retrieve import Retriever
from generec.records import Abstain, Code, Draft, Evidence, Guidance, Person
from generec.types import Condition

ARM = Arm(name="text creation", action="create", kind="text", card=CARD, latency_ms=2000.0)
FALLBACK = "the text editor stands in for it"


@dataclass(frozen=True, kw_only=True)
class TextCreateMaker:
    """Writes new texts (a Maker). features, what and how: of the catalogue's rows, as the creator was fitted on them.

    reward: what texts are worth to a person; None: what the creator finds likely.
    """

    retriever: Retriever
    creator: FittedTextCreator
    features: Tensor  # (N, D)
    what: Tensor  # (N, Lw)
    how: Tensor  # (N, Lh)
    reward: Callable[[Guidance, Person], Reward] | None = None
    arm: Arm = ARM

    def make(self, guidance: Guidance, person: Person, near: Sequence[str], n: int) -> tuple[Draft, ...] | Abstain:
        """Up to n drafts, or why there are none and that the editor stands in."""
        catalog = self.retriever.meaning.catalog
        rows, history = catalog.known_rows(near), catalog.known_rows(person.history)
        what, how = self._codes(guidance, rows, history)
        gathered = self.texts.gather(what, [how], rows) if rows or guidance.what else ()
        brief = TextBrief(
            guidance=guidance, evidence=(*guidance.evidence, *_stated(guidance), *gathered), what=what, how=how,
            user=self.features[history].float().mean(0) if history else None,
        )  # fmt: skip
        reward = None if self.reward is None else self.reward(guidance, person)
        made = self.creator.create(brief, n, guidance.seed, reward)
        if isinstance(made, Abstain):
            return replace(made, reason=f"{made.reason}; {FALLBACK}")
        return tuple(self._with_parents(draft) for draft in made)

    def worth(self, draft: Draft, guidance: Guidance, person: Person) -> float:
        """Mean score of the allowed items that it was written from: cautious, since its style is not in it."""
        scores = self.retriever.scores(guidance, person)[self.retriever.meaning.catalog.rows(draft.parents)]
        allowed = scores[np.isfinite(scores)]
        return float(allowed.mean()) if allowed.size else 0.0

    @cached_property
    def texts(self) -> CodedTexts:
        catalog, name = self.retriever.meaning.catalog, self.creator.spec.prose
        prose = [text or "" for text in catalog.frame[name].to_list()]
        return CodedTexts(catalog.item_ids, prose, self.what, self.how, name)

    def _codes(self, guidance: Guidance, near: Sequence[int], history: Sequence[int]) -> tuple[Code, Code]:
        """The probable codes of the guidance; else the what of the nearest item and the how that the person likes."""
        what = guidance.what[0][0] if guidance.what else tuple(self.what[near[0]].tolist()) if near else ()
        if guidance.how:
            return what, guidance.how[0][0]
        liked = Counter(tuple(self.how[row].tolist()) for row in (*history, *near[:1]))
        return what, liked.most_common(1)[0][0] if liked else ()

    def _with_parents(self, draft: Draft) -> Draft:
        known = self.retriever.meaning.catalog
        origins = [origin(one) for one in draft.evidence if one.item_id is None]
        parents = dict.fromkeys((*draft.parents, *(item_id for item_id in origins if item_id in known)))
        return replace(draft, parents=tuple(parents))


def _stated(guidance: Guidance) -> tuple[Evidence, ...]:
    """What was stated of the thing that is wished for, as checked fields: only what is to be so, and exactly so."""
    fixed = [condition for condition in guidance.conditions if condition.operator == "=" and _told(condition)]
    return tuple(
        Evidence(f"stated#{at}", str(condition.value), None, condition.field, "field")
        for at, condition in enumerate(fixed)
    )


def _told(condition: Condition) -> bool:
    return isinstance(condition.value, str) and bool(condition.value.strip())
