"""What a set should be: the brief that a preset writes and the creator fulfils."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from generec.create.sets.pool import Floats, Pool
from generec.create.sets.rules import AtMostPer, Days, Demand, Order, Rule, Same, Size, Slot
from generec.errors import UsageError


class Transition(Protocol):
    """How well one item follows another."""

    def matrix(self, pool: Pool) -> Floats: ...  # (n, n) from 0 (a break) to 1 (seamless)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """How much each part of the objective counts; every part lies between 0 and 1 for a full set."""

    relevance: float = 1.0
    diversity: float = 0.3
    flow: float = 0.0
    cost: float = 0.0

    def __post_init__(self) -> None:
        if min(self.relevance, self.diversity, self.flow, self.cost) < 0:
            raise UsageError(f"weights are never negative, got {self}")


@dataclass(frozen=True, kw_only=True)
class SetBrief:
    """A set to be made: its size or its slots, the rules that hold, the order, and what makes one set better.

    Everything but the weights is hard: a set that violates it is never returned.
    """

    name: str
    """What people call such a set: playlist, outfit …"""
    size: tuple[int, int] | None = None
    """Fewest and most members; None with slots, which say it."""
    slots: tuple[Slot, ...] = ()
    rules: tuple[Rule, ...] = ()
    order: Order | None = None
    """None: as the plan of `Days` has it, or by slots, or by flow (by relevance where that weighs 0)."""
    weights: Weights = Weights()
    flow: Transition | None = None
    cost: str = ""
    """Field of what a member costs, for the weight of that name."""
    missing: frozenset[str] = frozenset()
    """Fields whose unknown values are let pass; everywhere else what is unknown is not met."""
    units: tuple[tuple[str, str], ...] = ()
    """(field, unit) for sentences: ("duration", "minutes")."""

    def __post_init__(self) -> None:
        if self.size is None and not self.slots:
            raise UsageError("a set needs a size or slots")
        if self.size is None and all(slot.optional for slot in self.slots):
            raise UsageError("all slots may stay empty; give a size as well")
        if self.size is not None and not 1 <= self.size[0] <= self.size[1]:
            raise UsageError(f"a size goes from at least 1 up, got {self.size}")
        names = [slot.name for slot in self.slots]
        if len(set(names)) != len(names) or "" in names:
            raise UsageError(f"every slot needs a name of its own, got {names}")
        for rule in self.rules:
            strange = set(rule.slots) - set(names) if isinstance(rule, AtMostPer | Same) else set()
            if strange:
                raise UsageError(f"{rule} names slots that the brief lacks: {sorted(strange)}")
        if len(self.plans) > 1 or (self.plans and self.order is not None):
            raise UsageError("a plan of days gives the order: leave out any other")
        if self.weights.flow and self.flow is None:
            raise UsageError("the flow has a weight but says nothing; give SetBrief.flow")
        if self.weights.cost and not self.cost:
            raise UsageError("the cost has a weight but no field; give SetBrief.cost")

    @property
    def plans(self) -> tuple[Days, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, Days))

    @property
    def demands(self) -> tuple[Demand, ...]:
        """All that must hold, in the order in which people read it."""
        size = () if self.size is None else (Size(*self.size),)
        return (*size, *self.slots, *self.rules, *(() if self.order is None else (self.order,)))

    @property
    def most(self) -> int:
        """The most members that a set can have."""
        return min(self.size[1] if self.size else len(self.slots), len(self.slots) or 10**9)
