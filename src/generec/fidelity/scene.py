"""What the checks may look at besides the draft and the guidance. They open nothing by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Literal

from generec.fidelity.facts import Facts
from generec.fidelity.policy import Policy
from generec.fidelity.rights import Use
from generec.records import Verdict

if TYPE_CHECKING:
    from generec.fidelity.bias import Shown
    from generec.fidelity.keys import Keys
    from generec.fidelity.ledger import Ledger
    from generec.fidelity.originals import Originals
    from generec.fidelity.provenance import Marks
    from generec.fidelity.watermark import GreenList


def _today() -> date:
    return datetime.now(UTC).date()


@dataclass(frozen=True, kw_only=True)
class Scene:
    """The facts around one draft. What is left out makes the checks that need it say `unknown`."""

    items: Mapping[str, Facts] = field(default_factory=dict)
    """Facts of every item that the draft may name (`facts_of`); an id that is not here does not exist."""
    rights: object = None
    """Rights to the catalogue as a whole (`Dataset.info["rights"]`); a field `rights` of an item goes before it."""
    policy: Policy = field(default_factory=Policy)
    """The gate puts its own here."""
    use: Use = field(default_factory=Use)
    on: date = field(default_factory=_today)
    originals: Originals | None = None
    """Texts that exist already: a copy of one is nothing new."""
    people: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Evidence id -> the users whose words or doings it rests on."""
    canaries: tuple[str, ...] = ()
    """Secrets planted in the training data: whoever repeats one has memorised it."""
    taken_down: frozenset[str] = frozenset()
    """Item ids and payload hashes that may not be used, besides those of the ledger."""
    batch: Sequence[Sequence[Shown]] = ()
    """Slates as shown lately, this draft's among them."""
    eligible: Mapping[str, float] = field(default_factory=dict)
    """Group -> its share of what could have been shown: what exposure is compared with."""
    marks: Marks | None = None
    ledger: Ledger | None = None
    keys: Keys | None = None
    watermark: GreenList | None = None


def conclude(
    check: str,
    *,
    faults: Sequence[str] = (),
    doubts: Sequence[str] = (),
    notes: Sequence[str] = (),
    evidence: Sequence[str] = (),
    score: float | None = None,
) -> Verdict:
    """A verdict: any fault fails, any doubt is unknown, else it passes, which means that no fault was found.

    The gate sets the severity as its policy says; until then a verdict blocks.
    """
    outcome: Literal["pass", "fail", "unknown"] = "fail" if faults else "unknown" if doubts else "pass"
    reasons = (*faults, *doubts, *notes) or ("no fault found",)
    return Verdict(check, outcome, "block", reasons, tuple(evidence), score)
