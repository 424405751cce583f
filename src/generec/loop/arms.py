"""What a turn can be answered with: the arms, what they show of themselves, and kernels to compare contexts with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from generec.errors import InputError, UsageError
from generec.records import BackendCard, Kind

Array = NDArray[np.float64]

Action = Literal["retrieve", "edit", "create"]


class Kernel(Protocol):
    """Similarity of two sets of contexts, positive definite: (n, d), (m, d) -> (n, m)."""

    def __call__(self, rows: Array, others: Array) -> Array: ...


@dataclass(frozen=True, kw_only=True)
class RBF:
    """exp(-|x - y|^2 / (2 length^2))."""

    length: float = 1.0
    """Distance at which two contexts begin to tell little of each other."""

    def __post_init__(self) -> None:
        if self.length <= 0:
            raise UsageError(f"a length must be positive, got {self.length}")

    def __call__(self, rows: Array, others: Array) -> Array:
        squares = (rows * rows).sum(1)[:, None] + (others * others).sum(1) - 2 * (rows @ others.T)
        found: Array = np.exp(np.maximum(squares, 0.0) / (-2 * self.length**2))
        return found


@dataclass(frozen=True, kw_only=True)
class Polynomial:
    """(scale x.y + offset)^degree. Unlike `RBF` it grows with the length of a context: bring contexts to one scale."""

    degree: int = 3
    scale: float = 1.0
    offset: float = 1.0

    def __post_init__(self) -> None:
        if self.degree < 1 or self.scale <= 0 or self.offset < 0:
            raise UsageError(f"degree must be at least 1, scale positive and offset not negative, got {self}")

    def __call__(self, rows: Array, others: Array) -> Array:
        found: Array = (self.scale * (rows @ others.T) + self.offset) ** self.degree
        return found


@dataclass(frozen=True)
class Examples:
    """What an arm has been good at: a reduced kernel mean embedding, q points and their weights.

    The weighted points stand for the mean of many contexts in the kernel's space (Wu et al. 2023, "Model reuse with
    reduced kernel mean embedding specification"), so that a card tells much without giving the contexts away.
    """

    points: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.points) != len(self.weights) or not self.points:
            raise InputError(f"examples need a weight per point, got {len(self.points)} and {len(self.weights)}")


def reduce(contexts: Array, kernel: Kernel, size: int = 50) -> Examples:
    """Examples that stand for contexts (n, d): at most `size` of them.

    Points are chosen by kernel herding (Chen, Welling and Smola 2010), then weighted so that the distance between the
    two means is smallest: w = K_zz^-1 mean_x k(z, x). Deviation from the paper: the points are picked, not optimised.
    """
    if contexts.ndim != 2 or not len(contexts):
        raise InputError(f"contexts must be (n, d) with n at least 1, got {contexts.shape}")
    gram = kernel(contexts, contexts)
    mean = gram.mean(1)
    chosen: list[int] = []
    total = np.zeros(len(contexts))
    for _ in range(min(size, len(contexts))):
        want = mean - total / (len(chosen) + 1)
        want[chosen] = -np.inf
        chosen.append(int(want.argmax()))
        total += gram[:, chosen[-1]]
    inner = gram[np.ix_(chosen, chosen)]
    jitter = 1e-8 * float(np.trace(inner)) / len(chosen)  # copies of one context would leave it singular
    weights = np.linalg.solve(inner + jitter * np.eye(len(chosen)), mean[chosen])
    return Examples(tuple(tuple(row) for row in contexts[chosen].tolist()), tuple(weights.tolist()))


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to answer a turn: retrieval, or a maker with its card."""

    name: str
    action: Action
    kind: Kind | None = None  # what it makes; None: anything
    card: BackendCard
    latency_ms: float = 0.0  # what a call usually takes
    examples: Examples | None = None

    @property
    def cost(self) -> float:
        return self.card.cost


RETRIEVE = Arm(name="retrieve", action="retrieve", card=BackendCard("retrieval"))
"""Plain retrieval: always available, what everything else is measured against."""


class Prior(Protocol):
    """The reward expected of an arm before any outcome, from contexts like the one at hand, (m, d)."""

    def of(self, arm: Arm) -> Callable[[Array], float]: ...


@dataclass(frozen=True)
class Level:
    """Expects the same of every arm. Too low a level, and the first arm that pays is never left."""

    reward: float = 0.5

    def of(self, arm: Arm) -> Callable[[Array], float]:
        return lambda rows: self.reward


@dataclass(frozen=True, kw_only=True)
class Resemblance:
    """Expects more of an arm whose card resembles the person's examples (GENEREC, cold start by example).

    The resemblance is the cosine of two mean embeddings: of the examples at hand and of the card's, 0 to 1 under an
    `RBF`. `low` and `high` are the rewards expected at 0 and 1; an arm without examples gets their middle.
    """

    kernel: Kernel
    low: float = 0.0
    high: float = 1.0

    def of(self, arm: Arm) -> Callable[[Array], float]:
        if arm.examples is None:
            middle = (self.low + self.high) / 2
            return lambda rows: middle
        points, weights = np.array(arm.examples.points, float), np.array(arm.examples.weights, float)
        length = float(np.sqrt(max(weights @ self.kernel(points, points) @ weights, 1e-12)))

        def expected(rows: Array) -> float:
            own = np.sqrt(max(float(self.kernel(rows, rows).mean()), 1e-12))
            cosine = float((self.kernel(rows, points) @ weights).mean()) / (own * length)
            return self.low + (self.high - self.low) * float(np.clip(cosine, 0.0, 1.0))

        return expected
