"""Can people and machines tell where it comes from, once it has left the house?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generec.fidelity.payload import rendering, tokens
from generec.fidelity.provenance import ALPHA, Marks, detect
from generec.fidelity.scene import Scene, conclude
from generec.records import Draft, Guidance, TextPayload, Verdict


def _unchanged(content: bytes) -> bytes:
    return content


@dataclass(frozen=True, kw_only=True)
class Identifiability:
    """Fails unless the operator's own detector finds every mark in what goes out: label, sidecar, ledger, watermark.

    The watermark is asked of texts from the length that the jurisdiction names, unless the policy is content with the
    sidecar. `Scene` must bring marks, ledger and keys.
    """

    name: str = "identifiability"
    encode: Callable[[bytes], bytes] = _unchanged
    """What happens to the bytes on their way out and back: they are looked at after it."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        marks = scene.marks
        if marks is None or scene.ledger is None or scene.keys is None:
            return conclude(self.name, doubts=("there are no marks, no ledger or no keys to look at",))
        found = detect(self.encode(marks.content), marks.sidecar, scene.ledger, scene.keys, scene.watermark)
        faults = [
            f"the detector does not find the {layer} of what was just marked"
            for layer in ("sidecar", "ledger")
            if found.state(layer) != "valid"
        ]
        wanted = scene.policy.jurisdiction.label_words
        if not marks.label or not set(wanted) & set(tokens(marks.label)):
            faults.append(f"the visible label {marks.label!r} says none of {', '.join(wanted)}")
        if marks.content != rendering(draft.payload) or marks.record.entry.item != draft.id:
            faults.append("the marks belong to another draft")
        if found.withdrawn:
            faults.append("it was taken down")
        faults += _watermark(draft, marks, found.p_value, scene)
        return conclude(self.name, faults=faults, notes=(f"label: {marks.label}",), score=found.p_value)


def _watermark(draft: Draft, marks: Marks, p_value: float | None, scene: Scene) -> list[str]:
    law, length = scene.policy.jurisdiction, len(tokens(marks.content.decode()))
    if not isinstance(draft.payload, TextPayload) or length < law.watermark_from or scene.policy.sidecar_only:
        return []
    if p_value is not None and p_value <= ALPHA:
        return []
    found = "none was looked for" if p_value is None else f"p = {p_value:.2g}"
    return [f"a text of {length} tokens needs a watermark ({found}), or the policy's sidecar_only"]
