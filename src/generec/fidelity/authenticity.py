"""Does it claim anything that nobody can vouch for, or pass off a copy as new?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from generec.fidelity.facts import Facts, holds
from generec.fidelity.grounding import ungrounded, unsaid
from generec.fidelity.payload import sources
from generec.fidelity.scene import Scene, conclude
from generec.records import Draft, Evidence, Guidance, SetPayload, TextPayload, Total, Verdict


class Objection(Protocol):
    """A claim without support."""

    @property
    def kind(self) -> str: ...
    @property
    def quote(self) -> str: ...
    @property
    def reason(self) -> str: ...


class Verified(Protocol):
    """What a verifier answers."""

    @property
    def supported(self) -> bool: ...
    @property
    def findings(self) -> Sequence[Objection]: ...


Verifier = Callable[[str, Sequence[Evidence]], Verified]


@dataclass(frozen=True, kw_only=True)
class Authenticity:
    """Fails on unsupported claims, on evidence that the catalogue does not hold, on copies, on broken rules of a set.

    Evidence counts only where it can be found again in the facts of its item: a maker cannot vouch for itself.
    """

    name: str = "authenticity"
    verifier: Verifier | None = None
    """Compares a text with its evidence; None: `generec.evidence.verify.verify`."""
    tolerance: float = 1e-6
    """By how much the total of a set may miss its bound, per member."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        faults = [f"item {item_id} does not exist" for item_id in sources(draft) if item_id not in scene.items]
        faults += [fault for evidence in draft.evidence for fault in ungrounded(evidence, guidance, scene)]
        doubts: list[str] = []
        if isinstance(draft.payload, SetPayload):
            faults += self._set(draft.payload, guidance, scene)
        else:
            faults += self._claims(draft.payload, draft.evidence)
            copied, unknown = _copied(draft, draft.payload, scene)
            faults, doubts = faults + copied, doubts + unknown
        return conclude(self.name, faults=faults, doubts=doubts, evidence=[evidence.id for evidence in draft.evidence])

    def _claims(self, payload: TextPayload, evidence: Sequence[Evidence]) -> list[str]:
        verify = self.verifier or _default_verifier()
        found: list[str] = []
        for text in (payload.title, payload.text):
            verified = verify(text, evidence) if text else None
            if verified is None or verified.supported:
                continue
            said = [f"{each.kind} without support: {each.quote!r} ({each.reason})" for each in verified.findings]
            found += said or [f"without support: {text!r}"]
        return found

    def _set(self, payload: SetPayload, guidance: Guidance, scene: Scene) -> list[str]:
        members = [(member, scene.items[member.item_id]) for member in payload.members if member.item_id in scene.items]
        counts = Counter(member.item_id for member in payload.members)
        faults = [f"item {item_id} stands {count} times in the set" for item_id, count in counts.items() if count > 1]
        faults += [] if payload.members else ["the set is empty"]
        broken = [rule for rule in payload.rules if not rule.holds]
        faults += [f"its own rule does not hold: {rule.rule} ({rule.value})" for rule in broken]
        if guidance.count is not None and len(payload.members) != guidance.count:
            faults.append(f"{guidance.count} items were asked for, the set has {len(payload.members)}")
        for stated in guidance.hard:
            outside = [member.item_id for member, facts in members if not holds(stated.condition, facts)]
            faults += [f"{item_id} does not fulfil {stated.condition}" for item_id in outside]
        for total in guidance.totals:
            faults += self._sum(total, [facts for _, facts in members])
        return faults + [fault for member, facts in members for fault in unsaid(member, facts, len(members))]

    def _sum(self, total: Total, members: Sequence[Facts]) -> list[str]:
        values = [facts.get(total.field) for facts in members]
        if None in values:
            return [f"{total.field} is not known of every member: nothing can be promised of their sum"]
        found, slip = math.fsum(float(value) for value in values if value is not None), self.tolerance * len(members)
        if total.low is not None and found < total.low - slip:
            return [f"{total.field} must be at least {total.low:g} in all, it is {found:g}"]
        if total.high is not None and found > total.high + slip:
            return [f"{total.field} must be at most {total.high:g} in all, it is {found:g}"]
        return []


def _default_verifier() -> Verifier:
    from generec.evidence.verify import verify

    return verify


def _copied(draft: Draft, payload: TextPayload, scene: Scene) -> tuple[list[str], list[str]]:
    """(copies passed off as something else, why they could not be looked for)."""
    if scene.originals is None:
        return [], [] if draft.mode == "edited" else ["no texts were given to look for copies in (Scene.originals)"]
    nearest = scene.originals.nearest(payload.text)
    if nearest is None or (draft.mode == "edited" and nearest[0] in draft.parents):
        return [], []
    return [f"it is a copy of {nearest[0]} (similarity {nearest[1]:.2f}), presented as {draft.mode}"], []
