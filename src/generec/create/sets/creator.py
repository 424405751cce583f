"""Sets that meet a brief, every rule re-checked from the raw fields; or which rules contradict one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from generec.create.sets import words
from generec.create.sets.brief import SetBrief
from generec.create.sets.conflict import explain
from generec.create.sets.objective import Goal
from generec.create.sets.pool import Pool
from generec.create.sets.rules import Days, fields
from generec.create.sets.search import Reach, Search
from generec.create.sets.validator import validate
from generec.records import Abstain, BackendCard, Draft, Evidence, Member, SetPayload, fingerprint

CARD = BackendCard(name="cp-sat sets")


@dataclass(frozen=True, kw_only=True)
class SetCreator:
    """The engine of all set creators; what is made is the brief's affair.

    What demands rule out by themselves is left out; the most useful candidates go into an exact model; its answer is
    improved, ordered and validated. A brief is called infeasible only where the solver proved it over the whole pool.
    """

    reach: Reach = field(default_factory=Reach)
    different: float = 0.25
    """Share of its members by which each further set differs from every earlier one; at least one member."""

    def create(self, brief: SetBrief, pool: Pool, seed: int = 0, n: int = 1) -> tuple[Draft, ...] | Abstain:
        """Up to n sets, the best first (fewer where there are no more), or why there is none.

        Raises UsageError on a field that the pool lacks, and where OR-tools is not installed.
        """
        for name in dict.fromkeys(name for demand in brief.demands for name in fields(demand)):
            if name != "origin":
                pool.column(name)
        search = Search(Goal.of(brief, pool), self.reach, seed)
        drafts: list[Draft] = []
        while len(drafts) < n:
            known = [(frozenset(draft.parents), self._shared(len(draft.parents))) for draft in drafts]
            made = search.best(known)
            if isinstance(made, str):
                return tuple(drafts) or _refusal(search, made)
            draft = _draft(search, made)
            if isinstance(draft, Abstain):
                return tuple(drafts) or draft
            drafts.append(draft)
        return tuple(drafts)

    def _shared(self, size: int) -> int:
        """How many members of an earlier set may come back."""
        return size - max(1, math.ceil(self.different * size))


def _refusal(search: Search, status: str) -> Abstain:
    brief = search.brief
    untimed = [demand for demand in brief.demands if not isinstance(demand, Days)]
    if status == "infeasible" or (brief.plans and search.possible(untimed) == "infeasible"):
        return explain(brief, search)
    return Abstain(
        f"no {brief.name} was found in the time given, which does not prove that there is none; "
        "loosen a rule, or give the search more patience"
    )


def _draft(search: Search, members: Sequence[Member]) -> Draft | Abstain:
    """The finished set with its checks, its objective and its facts. Fail-closed: what fails its check is not shown."""
    brief, pool = search.brief, search.goal.pool
    checked = validate(brief, pool, members)
    broken = [f"{one.rule}: {one.value}" for one in checked if not one.holds]
    if broken:
        return Abstain(f"the {brief.name} found does not pass its check ({'; '.join(broken)})")
    rows = np.array([pool.rows[member.item_id] for member in members], dtype=np.int64)
    facts = [pool.frame.row(int(row), named=True) for row in rows]
    common = words.shared(facts, pool)
    evidence: list[Evidence] = []
    spoken = []
    for member, one in zip(members, facts, strict=True):
        reason, proofs = words.reason(brief, one, common)
        spoken.append(replace(member, reason=reason))
        evidence.extend(proofs)
    objective = search.goal.parts(rows)
    item_ids = tuple(member.item_id for member in members)
    payload = SetPayload(words.title(brief, len(members), common), tuple(spoken), checked, objective)
    return Draft(
        id=fingerprint("set", brief.name, item_ids), mode="created", payload=payload, parents=item_ids,
        evidence=tuple(evidence), backend=CARD, seed=search.seed, reward=objective["total"], notes=_notes(search),
    )  # fmt: skip


def _notes(search: Search) -> tuple[str, ...]:
    if search.goal.pool.features is None and search.brief.weights.diversity:
        return ("the pool has no features: diversity was not part of the objective",)
    return ()
