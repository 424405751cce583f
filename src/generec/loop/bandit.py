"""Which arm to pull in which context, learned from the rewards of those that were pulled.

Every arm keeps a ridge regression of its own (PAK-UCB, Hu et al. 2025, arXiv 2410.13287): exact with any kernel
(`KernelUCB`) or, for RBF, in random Fourier features (`FourierUCB`: constant time per outcome, the default choice).

    bandit = FourierUCB(length=1.0).start(arms, width=8, seed=0)
    pick = bandit.pick(context)
    bandit.learn(context, pick.arm, reward, pick.propensity)
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from generec.errors import ArtefactError, InputError, UsageError, unknown
from generec.loop.arms import RBF, Arm, Array, Kernel, Level, Prior
from generec.loop.ridge import FeatureRidge, KernelRidge
from generec.records import from_json, to_json


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How estimates become choices: score = mean + eta width - price cost."""

    eta: float = 0.5
    """Weight of the width. The paper's bound asks for sqrt(2 log(2 T G / delta)), about 5, which explores far longer
    than rewards in [0, 1] repay."""
    price: float = 0.0
    """Reward that one unit of a card's cost must bring."""
    floor: float = 0.05
    """Share of turns at first in which any arm is drawn evenly: no propensity is ever 0."""
    settle: int = 500
    """Picks after which the floor begins to fall as 1 / sqrt(picks): a constant one would make regret linear."""
    discount: float = 1.0
    """What an outcome is worth one outcome later. Below 1, arms may change, and the floor falls no further than what
    is still remembered, 1 / (1 - discount) outcomes, allows."""
    prior: Prior = field(default_factory=Level)
    """What is expected before any outcome; the regressions learn what differs from it."""

    def __post_init__(self) -> None:
        if not (self.eta >= 0 and 0 < self.floor <= 1 and 0 < self.discount <= 1 and self.settle >= 1):
            raise UsageError(f"eta >= 0, 0 < floor <= 1, 0 < discount <= 1 and settle >= 1 are needed, got {self}")

    def floor_after(self, picks: int) -> float:
        memory = math.inf if self.discount == 1 else 1 / (1 - self.discount)
        return self.floor * min(1.0, math.sqrt(self.settle / max(min(picks, memory), 1)))


@dataclass(frozen=True)
class Pick:
    """A choice and the chances with which it was made; the tuples follow `arms`."""

    arm: str
    arms: tuple[str, ...]
    propensities: tuple[float, ...]
    scores: tuple[float, ...]
    widths: tuple[float, ...]
    explored: bool  # whether the floor, not the score, chose it

    @property
    def propensity(self) -> float:
        return self.propensities[self.arms.index(self.arm)]


@dataclass(frozen=True)
class State:
    """All a bandit has learned: JSON text and named arrays, for safetensors or npz without pickles."""

    text: str
    arrays: Mapping[str, Array]


class Regression(Protocol):
    """What is known of one arm's reward. `now`: how many outcomes the bandit has seen, over all arms."""

    def predict(self, features: Array, now: int) -> tuple[float, float]: ...  # mean and width
    def add(self, features: Array, target: float, now: int) -> None: ...
    def tend(self, now: int) -> None: ...  # forget what has faded; may take long, so only one arm an outcome does it
    def arrays(self) -> dict[str, Array]: ...


class Learner(Protocol):
    """Hyperparameters of a bandit's regressions."""

    @property
    def policy(self) -> Policy: ...
    def features(self, width: int, seed: int) -> Callable[[Array], Array]: ...
    def regression(self, arrays: Mapping[str, Array] | None = None) -> Regression: ...


class Bandit:
    """Chooses among arms that may join at any time and learns from the one that was pulled."""

    def __init__(self, learner: Learner, arms: Sequence[Arm], width: int, seed: int = 0):
        if width < 1:
            raise UsageError(f"a context needs at least one feature, got width {width}")
        self.learner, self.policy, self.width, self.seed = learner, learner.policy, width, seed
        self.picks = self.outcomes = 0
        self._features = learner.features(width, seed)
        self._arms: dict[str, Arm] = {}
        self._learned: dict[str, Regression] = {}
        self._expected: dict[str, Callable[[Array], float]] = {}
        self._tally: dict[str, list[float]] = {}
        for arm in arms:
            self.join(arm)

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(self._arms)

    def join(self, arm: Arm) -> None:
        """Adds an arm, or renews the card of one that is known."""
        if self._arms.get(arm.name) == arm:
            return
        self._arms[arm.name] = arm
        self._learned.setdefault(arm.name, self.learner.regression())
        self._tally.setdefault(arm.name, [0.0, 0.0])
        self._expected[arm.name] = self.policy.prior.of(arm)

    def pick(self, context: Sequence[float], among: Sequence[str] | None = None, examples: Array | None = None) -> Pick:
        """Chooses one arm. Deterministic: equal seed, equal picks and outcomes before, equal choice.

        among: the arms that can be had now (default: all). examples (m, d): what the person likes, for the prior;
        default: the context. Raises InputError on a context that does not fit, UsageError on an unknown arm.
        """
        names = tuple(self.arms if among is None else dict.fromkeys(among))
        if not names:
            raise UsageError("there is no arm to pick from; join at least one")
        row = self._row(context)
        features = self._features(row)
        scores, widths = [], []
        for name in names:
            mean, width = self._of(name).predict(features, self.outcomes)
            mean += self._prior(name, row, examples)
            scores.append(mean + self.policy.eta * width - self.policy.price * self._arms[name].cost)
            widths.append(width)
        best = np.array(scores) >= max(scores) - 1e-12
        floor = self.policy.floor_after(self.picks)
        chances = tuple((floor / len(names) + (1 - floor) * best / best.sum()).tolist())
        at = self.draw(chances)
        return Pick(names[at], names, chances, tuple(scores), tuple(widths), not bool(best[at]))

    def draw(self, chances: Sequence[float]) -> int:
        """Draws one of several chances, counted as a pick: for rules that choose while the bandit still learns."""
        ends = np.cumsum(chances)
        drawn = np.random.default_rng((self.seed, self.picks)).random() * ends[-1]
        self.picks += 1
        return min(int(np.searchsorted(ends, drawn, side="right")), len(ends) - 1)

    def learn(
        self, context: Sequence[float], arm: str, reward: float, propensity: float, examples: Array | None = None
    ) -> None:
        """Takes in one outcome; `propensity` and `examples` as they were when the arm was picked."""
        if not 0 < propensity <= 1 or not math.isfinite(reward):
            raise InputError(f"a reward must be finite and a propensity in (0, 1], got {reward} and {propensity}")
        regression, row = self._of(arm), self._row(context)
        regression.add(self._features(row), reward - self._prior(arm, row, examples), self.outcomes)
        self.outcomes += 1
        self._learned[self.arms[self.outcomes % len(self._arms)]].tend(self.outcomes)
        self._tally[arm][0] += reward / propensity
        self._tally[arm][1] += 1 / propensity

    def always(self, arm: str) -> float:
        """Self-normalised estimate of the mean reward had this arm alone been pulled; NaN before its first outcome."""
        self._of(arm)
        reward, weight = self._tally[arm]
        return reward / weight if weight else math.nan

    def state(self) -> State:
        text = json.dumps({
            "format": 1, "seed": self.seed, "width": self.width, "picks": self.picks, "outcomes": self.outcomes,
            "arms": [to_json(arm) for arm in self._arms.values()], "tally": self._tally,
        })  # fmt: skip
        named = {
            f"{at}.{key}": array
            for at, name in enumerate(self._arms)
            for key, array in self._learned[name].arrays().items()
        }
        return State(text, named)

    @staticmethod
    def restore(learner: Learner, state: State) -> Bandit:
        """The bandit as it was. `learner` must have the hyperparameters it was started with."""
        try:
            found: dict[str, Any] = json.loads(state.text)
            bandit = Bandit(learner, [from_json(Arm, arm) for arm in found["arms"]], found["width"], found["seed"])
            bandit.picks, bandit.outcomes = found["picks"], found["outcomes"]
            bandit._tally = {name: [float(number) for number in sums] for name, sums in found["tally"].items()}
            for at, name in enumerate(bandit.arms):
                own = {key.split(".", 1)[1]: rows for key, rows in state.arrays.items() if key.startswith(f"{at}.")}
                bandit._learned[name] = learner.regression(own)
        except (InputError, KeyError, TypeError, ValueError) as error:
            raise ArtefactError(f"this is no saved bandit, or one of other hyperparameters: {error}") from error
        return bandit

    def _of(self, arm: str) -> Regression:
        if arm not in self._learned:
            raise unknown("arm", arm, self._arms)
        return self._learned[arm]

    def _row(self, context: Sequence[float]) -> Array:
        row = np.array(context, float)
        if row.shape != (self.width,) or not np.isfinite(row).all():
            raise InputError(f"a context must be {self.width} finite numbers, got {tuple(context)!r:.80}")
        return row

    def _prior(self, arm: str, row: Array, examples: Array | None) -> float:
        return self._expected[arm](row[None] if examples is None else examples)


@dataclass(frozen=True, kw_only=True)
class KernelUCB:
    """Exact kernel ridge per arm: mean = k'(K + alpha I)^-1 v, width = sqrt((k(x,x) - k'(K + alpha I)^-1 k) / alpha).

    An outcome and a prediction cost the square of an arm's number of outcomes (incremental inverse Cholesky factor),
    so an arm remembers at most `budget` of them: when full, the oldest quarter is forgotten and the factor computed
    anew. Under a discount, outcome i has the noise alpha / discount^age, brought up to date whenever weights have lost
    a quarter.
    """

    policy: Policy = Policy()
    kernel: Kernel = field(default_factory=RBF)
    alpha: float = 3.0
    """Variance of the noise over that of the arms' rewards around the prior; about 3 for rewards of 0 and 1."""
    budget: int = 2000

    def __post_init__(self) -> None:
        if self.alpha <= 0 or self.budget < 4:
            raise UsageError(f"alpha must be positive and budget at least 4, got {self.alpha} and {self.budget}")

    def start(self, arms: Sequence[Arm], width: int, seed: int = 0) -> Bandit:
        return Bandit(self, arms, width, seed)

    def restore(self, state: State) -> Bandit:
        return Bandit.restore(self, state)

    def features(self, width: int, seed: int) -> Callable[[Array], Array]:
        return lambda row: row

    def regression(self, arrays: Mapping[str, Array] | None = None) -> KernelRidge:
        return KernelRidge(self.kernel, self.alpha, self.budget, self.policy.discount, arrays)


@dataclass(frozen=True, kw_only=True)
class FourierUCB:
    """RFF-UCB: ridge in random Fourier features of an RBF kernel (Rahimi and Recht 2007), constant time per outcome.

    phi(x) = frequencies^-1/2 [cos w'x, sin w'x] with w ~ N(0, I / length^2): unit length, and phi(x).phi(y) tends
    to the kernel. The 256 features are 128 cosines and 128 sines; all arms share them.
    """

    policy: Policy = Policy()
    length: float = 1.0
    frequencies: int = 128
    alpha: float = 3.0

    def __post_init__(self) -> None:
        if self.alpha <= 0 or self.frequencies < 1 or self.length <= 0:
            raise UsageError(f"alpha, length and frequencies must be positive, got {self}")

    def start(self, arms: Sequence[Arm], width: int, seed: int = 0) -> Bandit:
        return Bandit(self, arms, width, seed)

    def restore(self, state: State) -> Bandit:
        return Bandit.restore(self, state)

    def features(self, width: int, seed: int) -> Callable[[Array], Array]:
        waves = np.random.default_rng(seed).normal(scale=1 / self.length, size=(self.frequencies, width))
        scale = self.frequencies**-0.5

        def features(row: Array) -> Array:
            turns = waves @ row
            found: Array = scale * np.concatenate((np.cos(turns), np.sin(turns)))
            return found

        return features

    def regression(self, arrays: Mapping[str, Array] | None = None) -> FeatureRidge:
        return FeatureRidge(2 * self.frequencies, self.alpha, self.policy.discount, arrays)
