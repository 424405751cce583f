"""What makes one valid set better than another: relevance + diversity + flow - cost.

With r, c scaled to [0, 1] over the pool, d = (1 - cosine) / 2, s the transition and m the most members possible:

    relevance = sum r_i / m         diversity = sum_{i<j} d_ij / (m (m - 1) / 2)
    cost      = sum c_i / m         flow      = sum over neighbours s_ij / (m - 1)

Sums over a fixed m rather than means: another good member never makes a set worse, and the model stays linear in its
columns. Shapes: n items of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generec.create.sets.brief import SetBrief
from generec.create.sets.pool import Floats, Ints, Pool
from generec.create.sets.rules import Travel


@dataclass(frozen=True)
class SimilarNeighbours:
    """Items follow well that are alike: (1 + cosine) / 2 of their features."""

    def matrix(self, pool: Pool) -> Floats:
        near: Floats = (1 + pool.unit @ pool.unit.T) / 2
        return near


@dataclass(frozen=True)
class SteadyField:
    """Items follow well whose numbers lie close: 1 - |difference| / span, 0 where one is missing."""

    field: str
    span: float
    """The difference at which a transition is worth nothing."""

    def matrix(self, pool: Pool) -> Floats:
        values = pool.numbers(self.field)
        steps = np.abs(values[:, None] - values[None, :]) / self.span
        return np.nan_to_num(np.clip(1 - steps, 0, 1))


@dataclass(frozen=True)
class ShortTravel:
    """Places follow well that lie close: 1 - minutes / hour, 0 from an hour on or where it is not known."""

    travel: Travel

    def matrix(self, pool: Pool) -> Floats:
        facts = pool.facts()
        minutes = [[self.travel.between(one, other) for other in facts] for one in facts]
        return np.nan_to_num(np.clip(1 - np.array(minutes, dtype=np.float64) / 60, 0, 1))


@dataclass(frozen=True)
class Goal:
    """The objective over one pool, weights and divisors multiplied in."""

    brief: SetBrief
    pool: Pool
    relevance: Floats
    """(n,) what each member adds"""
    cost: Floats
    """(n,) what each member takes away"""

    @staticmethod
    def of(brief: SetBrief, pool: Pool) -> Goal:
        """Scales over this pool; `take` keeps the scale for a part of it."""
        weights, most = brief.weights, brief.most
        cost = np.zeros(len(pool))
        if weights.cost:
            cost = weights.cost / most * _unit(np.nan_to_num(pool.numbers(brief.cost)), low=0.0)
        return Goal(brief, pool, weights.relevance / most * _unit(pool.relevance), cost)

    def take(self, rows: Ints) -> Goal:
        return Goal(self.brief, self.pool.take(rows), self.relevance[rows], self.cost[rows])

    @property
    def alone(self) -> Floats:
        """(n,) what each member adds whatever the others are."""
        return self.relevance - self.cost

    @property
    def pairs(self) -> Floats:
        """(n, n) what two members add together, 0 on the diagonal and without features."""
        weight, most = self.brief.weights.diversity, self.brief.most
        if not weight or most < 2 or self.pool.features is None:
            return np.zeros((len(self.pool), len(self.pool)))
        found = weight / (most * (most - 1)) * (1 - np.clip(self.pool.unit @ self.pool.unit.T, -1, 1))
        np.fill_diagonal(found, 0.0)
        return found

    @property
    def following(self) -> Floats | None:
        """(n, n) what one item right after another adds; None where the order does not count."""
        weight, flow = self.brief.weights.flow, self.brief.flow
        if not weight or flow is None or self.brief.most < 2:
            return None
        return weight / (self.brief.most - 1) * flow.matrix(self.pool)

    def parts(self, order: Ints) -> dict[str, float]:
        """The objective of members in their order, part by part; `total` is the sum of the others."""
        members = self.take(order)
        following = members.following
        neighbours = np.arange(len(order) - 1)
        found = {
            "relevance": members.relevance.sum(),
            "diversity": members.pairs.sum() / 2,
            "flow": 0.0 if following is None else following[neighbours, neighbours + 1].sum(),
            "cost": -members.cost.sum(),
        }
        return {name: round(float(value), 6) for name, value in (found | {"total": sum(found.values())}).items()}


def _unit(values: Floats, low: float | None = None) -> Floats:
    """Values scaled to [0, 1]; all equal: 0."""
    least = values.min(initial=np.inf) if low is None else low
    span = values.max(initial=-np.inf) - least
    return (values - least) / span if span > 0 else np.zeros(len(values))
