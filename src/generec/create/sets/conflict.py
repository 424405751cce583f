"""Why a brief cannot be met: a smallest set of demands that contradict one another, and what would help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from generec.create.sets.brief import SetBrief
from generec.create.sets.rules import AtMostPer, Count, Days, Demand, Novelty, Size, Slot
from generec.create.sets.solver import Status
from generec.create.sets.words import describe
from generec.records import Abstain, Checked, Total
from generec.types import Condition

_GRADED = Condition | Total | Count | AtMostPer | Novelty | Size | Days
"""Demands with a number that can give way little by little; the others can only be left out."""


class Trials(Protocol):
    """Questions about some demands of a brief over a whole pool."""

    def possible(self, demands: Sequence[Demand]) -> Status: ...  # whether some set meets them
    def bulk(self) -> list[int]: ...  # how much every demand adds to the model
    def nearest(self, number: int) -> Checked | None:
        """What a set shows of demand `number` that meets all others and misses this one least; None: none was found."""


def explain(brief: SetBrief, trials: Trials) -> Abstain:
    """The refusal of a brief that the solver proved infeasible: a minimal conflict, then relaxations.

    Deletion filter: every demand is left out in turn, for good where the rest is still infeasible. What remains cannot
    be met, and could be met without any one of its demands. The bulkiest are tried first: once they are gone, proofs
    are quick. Where the solver runs out of effort the demand is kept and the reason says that fewer may be to blame.
    """
    bulk, kept, doubtful = trials.bulk(), list(range(len(brief.demands))), False
    for number in sorted(kept, key=lambda number: -bulk[number]):
        rest = [other for other in kept if other != number]
        status = trials.possible([brief.demands[other] for other in rest])
        doubtful |= status == "unknown"
        if status == "infeasible":
            kept = rest
    found = tuple(describe(brief.demands[number], brief) for number in kept)
    ways = (_relaxation(brief, number, trials) for number in kept)
    relaxations = tuple(way for way in ways if way)
    reason = f"no {brief.name} meets these together: {'; '.join(found)}"
    if doubtful:
        reason += " (perhaps not all of them are to blame: the search for fewer ran out of effort)"
    if not relaxations:
        reason += "; changing one of them alone does not help"
    return Abstain(reason, found, relaxations)


def _relaxation(brief: SetBrief, number: int, trials: Trials) -> str:
    """What to change about one demand so that all others can be met; '' where nothing helps or is known to help."""
    demands, demand = list(brief.demands), brief.demands[number]
    if isinstance(demand, _GRADED):
        checked = trials.nearest(number)
        return "" if checked is None else f"{checked.rule}: {checked.value} would be enough"
    if isinstance(demand, Slot) and not demand.optional and len(brief.slots) > 1:
        demands[number] = replace(demand, optional=True)
        return f"leave {demand.name} empty" if trials.possible(demands) == "found" else ""
    del demands[number]
    return f"leave out: {describe(demand, brief)}" if trials.possible(demands) == "found" else ""
