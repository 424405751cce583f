"""May it be made of this, shown there, by this operator? Not legal advice: it applies what the operator states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from generec.fidelity.facts import Facts
from generec.fidelity.payload import ADVERT, CREDIT, digest, rendering, sources, words
from generec.fidelity.provenance import label
from generec.fidelity.rights import Rights, effective, missing, rights_of
from generec.fidelity.scene import Scene, conclude
from generec.records import Draft, Guidance, Verdict


@dataclass(frozen=True, kw_only=True)
class Legality:
    """Fails on a refused right, something taken down, a missing credit, a hidden advert; unknown on an unstated right.

    Rights to a draft are the most restrictive of all items it names, their own parents, and, for what was created, of
    the catalogue that its maker learned from.
    """

    name: str = "legality"
    derived: frozenset[str] = frozenset({"text"})
    """Kinds of draft that change what they are made from; a set only names its members."""
    advert_field: str = "sponsored"
    """Catalogue field that says whether somebody paid for an item to be shown."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        rights = rights_to(draft, scene)
        refused, doubts = missing(rights, scene.use, draft.payload.kind in self.derived, scene.on)
        doubts += [
            f"item {item_id} is not in the catalogue" for item_id in sources(draft) if item_id not in scene.items
        ]
        shown = f"{label(draft)}\n{words(draft.payload)}"
        refused += [f"{name} must be credited" for name in sorted(rights.attribution) if name not in shown]
        adverts = [word for word in scene.policy.jurisdiction.advert_words if word.casefold() in shown.casefold()]
        paid = self._paid(draft, scene)
        if paid and not adverts:
            refused.append(f"{', '.join(paid)} is paid for, and nothing says so")
        refused += [f"{target} was taken down" for target in sorted(_withdrawn(draft, scene))]
        return conclude(self.name, faults=refused, doubts=doubts, evidence=sources(draft))

    def disclosed(self, draft: Draft, scene: Scene) -> Draft:
        """The draft with notes of whom to credit and that it is an advert, which its label then says."""
        notes = [CREDIT + name for name in sorted(rights_to(draft, scene).attribution)]
        if self._paid(draft, scene):
            notes.append(ADVERT + scene.policy.jurisdiction.advert_words[0])
        return replace(draft, notes=(*draft.notes, *(note for note in notes if note not in draft.notes)))

    def _paid(self, draft: Draft, scene: Scene) -> list[str]:
        """Items that somebody pays for."""
        return [item_id for item_id in sources(draft) if scene.items.get(item_id, {}).get(self.advert_field)]


def rights_to(draft: Draft, scene: Scene) -> Rights:
    """The rights to a draft; an item that the scene does not know grants nothing."""
    learned = rights_of(scene.rights, scene.policy.rights)

    def own(item_id: str) -> Rights:
        facts = scene.items.get(item_id)
        if facts is None:
            return Rights()
        stated = facts.get("rights")
        return learned if stated is None else rights_of(stated, scene.policy.rights)

    def parents(item_id: str) -> Sequence[str]:
        facts: Facts = scene.items.get(item_id, {})
        return [parent for parent in facts.get("parents") or () if isinstance(parent, str)]

    found = effective(sources(draft), own, parents)
    return found.meet(learned) if draft.mode == "created" else found


def _withdrawn(draft: Draft, scene: Scene) -> frozenset[str]:
    down = scene.taken_down | (scene.ledger.taken_down() if scene.ledger is not None else frozenset())
    return down & {draft.id, digest(rendering(draft.payload)), *sources(draft)}
