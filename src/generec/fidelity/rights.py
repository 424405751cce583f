"""What may be done with an asset, and with what is made from several: the most restrictive of all.

Rights form a lattice: `meet` is commutative, associative and idempotent, so neither the order of parents nor a
parent met twice matters. A permission that nobody stated is neither given nor refused (None): it blocks all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from generec.fidelity.closed import closed


@dataclass(frozen=True, kw_only=True)
class Rights:
    """Rights to one asset. True: granted, False: refused, None: not stated."""

    publish: bool | None = None
    """To show it to others than the operator of this machine."""
    commercial: bool | None = None
    derivatives: bool | None = None
    """To edit it, or to make something new from it."""
    likeness: bool | None = None
    """Consent of the people who are shown or named."""
    attribution: frozenset[str] = frozenset()
    """Names that must be given wherever it is used."""
    territories: frozenset[str] | None = None
    """Where it may be published; None = everywhere, since licences state limits, not their absence."""
    expires: date | None = None
    """The last day; None = never."""

    def meet(self, other: Rights) -> Rights:
        """What both allow."""
        ends = [day for day in (self.expires, other.expires) if day is not None]
        where = [places for places in (self.territories, other.territories) if places is not None]
        return Rights(
            publish=_both(self.publish, other.publish),
            commercial=_both(self.commercial, other.commercial),
            derivatives=_both(self.derivatives, other.derivatives),
            likeness=_both(self.likeness, other.likeness),
            attribution=self.attribution | other.attribution,
            territories=frozenset.intersection(*where) if where else None,
            expires=min(ends, default=None),
        )


OWN = Rights(publish=True, commercial=True, derivatives=True, likeness=True)
"""The operator's own content: everything is allowed."""

EVALUATION = replace(OWN, publish=False)
"""Everything on this machine, nothing published."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """What is going to be done with a draft."""

    published: bool = False  # shown to others than the operator of this machine
    commercial: bool = False
    territories: frozenset[str] = frozenset()  # where it is published; empty = not stated


def rights_of(stated: object, named: Mapping[str, Rights] | None = None) -> Rights:
    """Rights from what a catalogue says: `own`, `evaluation`, a name that the policy explains, or a table.

    What cannot be understood gives rights in which nothing is stated. Raises UsageError for a misspelt key.
    """
    if isinstance(stated, Rights):
        return stated
    if isinstance(stated, str):
        return {"own": OWN, "evaluation": EVALUATION, **(named or {})}.get(stated, Rights())
    if isinstance(stated, Mapping):  # frames fill the keys that a row does not state with nulls
        return closed(Rights, {key: value for key, value in stated.items() if value is not None}, "rights")
    return Rights()


def effective(
    item_ids: Iterable[str],
    own: Callable[[str], Rights],
    parents: Callable[[str], Sequence[str]],
) -> Rights:
    """Rights to something made from `item_ids`: the meet over them and all their ancestors; OWN where there are none.

    own: rights to an asset by itself. parents: what an asset was made from. Cycles are walked once.
    """
    left, seen, found = list(item_ids), set[str](), OWN
    while left:
        item_id = left.pop()
        if item_id not in seen:
            seen.add(item_id)
            found = found.meet(own(item_id))
            left.extend(parents(item_id))
    return found


def missing(rights: Rights, use: Use, derived: bool, on: date) -> tuple[list[str], list[str]]:
    """What stands against a use: (what is refused, what nobody stated)."""
    needed = [
        *(["publish"] if use.published else []),
        *(["commercial"] if use.commercial else []),
        *(["derivatives", "likeness"] if derived else []),
    ]
    refused = [f"{name} is not allowed" for name in needed if getattr(rights, name) is False]
    doubts = [f"{name} is not stated" for name in needed if getattr(rights, name) is None]
    if rights.expires is not None and rights.expires < on:
        refused.append(f"the rights ended on {rights.expires}")
    if use.published and rights.territories is not None:
        outside = sorted(use.territories - rights.territories)
        if outside:
            refused.append(f"not allowed in {', '.join(outside)}")
        if not use.territories:
            doubts.append(f"allowed in {', '.join(sorted(rights.territories))} only: state where it is published")
    return refused, doubts


def _both(one: bool | None, other: bool | None) -> bool | None:
    """Kleene's conjunction: a refusal wins over what is not stated, that over a grant."""
    if one is False or other is False:
        return False
    return None if one is None or other is None else True
