"""Keeps a recommender that trains on what it made from living on itself: general functions, used wherever it retrains.

Human data are accumulated and never replaced, the synthetic share is capped, a frozen human anchor is never trained on
and always judged, what people see is mostly human, and rankers are asked whether they favour what machines wrote.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from generec.errors import FittingError, UsageError
from generec.metrics.intervals import Interval, mean_interval
from generec.simulation.chance import Doubles, Ints

T = TypeVar("T", bound=Hashable)
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Mix(Generic[T]):
    """A training set whose origins are known."""

    human: tuple[T, ...]
    synthetic: tuple[T, ...]
    left_out: int = 0  # synthetic examples beyond the cap

    @property
    def examples(self) -> tuple[T, ...]:
        return self.human + self.synthetic

    @property
    def share(self) -> float:
        """Of synthetic examples."""
        return len(self.synthetic) / max(len(self.human) + len(self.synthetic), 1)


def by_origin(examples: Sequence[T], origins: Sequence[str | None]) -> tuple[list[T], list[T]]:
    """Human and synthetic examples; whose origin is not known to be human counts as synthetic."""
    human = [example for example, origin in zip(examples, origins, strict=True) if origin == "human"]
    return human, [example for example, origin in zip(examples, origins, strict=True) if origin != "human"]


def capped_mix(
    human: Sequence[T], synthetic: Sequence[T], share: float = 0.2, anchor: Collection[T] = (), seed: int = 0
) -> Mix[T]:
    """All human examples and at most `share` synthetic ones, drawn at random; the anchor stays out of both.

    Raises UsageError on a share that is no share, FittingError where no human example is left to train on.
    """
    if not 0 <= share < 1:
        raise UsageError(f"the synthetic share must lie in [0, 1), got {share}")
    frozen = set(anchor)
    kept = tuple(example for example in human if example not in frozen)
    made = [example for example in synthetic if example not in frozen]
    if not kept:
        raise FittingError("no human example is left outside the anchor; retraining on synthetic data alone is refused")
    most = min(len(made), math.floor(len(kept) * share / (1 - share) + 1e-9))
    chosen = np.sort(np.random.default_rng(seed).permutation(len(made))[:most])
    return Mix(kept, tuple(made[at] for at in chosen.tolist()), len(made) - most)


def capped_slates(synthetic: Mask, k: int, share: float) -> Ints:
    """Places of the first k candidates of each list of which at most `share` * k are synthetic, (B, k), -1 at the end.

    synthetic (B, M): candidates best first. Order is kept; a list without enough human candidates ends early.
    """
    allowed = ~synthetic | (np.cumsum(synthetic, axis=1) <= math.floor(share * k + 1e-9))
    places = np.argsort(~allowed, axis=1, kind="stable")[:, :k]
    found = np.full((len(synthetic), k), -1, np.int64)
    found[:, : places.shape[1]] = np.where(np.take_along_axis(allowed, places, 1), places, -1)
    return found


@dataclass(frozen=True)
class SourceBias:
    """Whether a ranker favours synthetic texts at equal relevance (Dai et al. 2024, source bias)."""

    wins: Interval  # how often the synthetic text of a pair scores higher, ties counting half, 95 %
    by_relevance: tuple[tuple[float, int, float], ...]  # relevance, pairs, wins

    @property
    def favours(self) -> str:
        """synthetic, human or neither: the interval decides."""
        return "synthetic" if self.wins.low > 0.5 else "human" if self.wins.high < 0.5 else "neither"


def audit_source_bias(
    scores_human: Doubles, scores_synthetic: Doubles, relevance: Doubles, seed: int = 0
) -> SourceBias:
    """Compares scores of pairs, one text by a person and one by a machine, equally relevant to the same request, (n,).

    Raises UsageError where the pairs do not match.
    """
    import torch

    if not scores_human.shape == scores_synthetic.shape == relevance.shape or scores_human.ndim != 1:
        shapes = scores_human.shape, scores_synthetic.shape, relevance.shape
        raise UsageError(f"an audit needs pairs, equally many scores and relevances, got {shapes}")
    if not scores_human.size:
        raise UsageError("an audit needs at least one pair of texts, got none")
    wins = (scores_synthetic > scores_human) + 0.5 * (scores_synthetic == scores_human)
    levels = [(float(level), relevance == level) for level in np.unique(relevance)]
    found = tuple((level, int(here.sum()), float(wins[here].mean())) for level, here in levels)
    return SourceBias(mean_interval(torch.from_numpy(wins), seed=seed), found)


@dataclass(frozen=True)
class Health:
    """How a retraining loop is after a round. Reward and coverage are read together."""

    number: int
    reward: float  # what the average thing made is worth to the average person
    coverage: float  # share of the rare sorts of the human data that are still made
    coverage_noise: float  # its standard error
    diversity: float  # effective number of sorts made
    noise: float  # standard error of its logarithm
    human_exposure: float  # share of what was seen
    anchor: float  # log-likelihood a word of the frozen human texts
    synthetic: float  # share of the training set


class Guard(Protocol):
    """What a retraining loop asks before it trains, before it shows, and after each round."""

    def mix(self, human: Sequence[str], synthetic: Sequence[str], anchor: Sequence[str], seed: int) -> Mix[str]: ...
    def slates(self, synthetic: Mask, k: int) -> Ints: ...
    def gather(self, before: Sequence[str], new: Sequence[str]) -> list[str]: ...  # synthetic texts for the next round
    def breach(self, first: Health, now: Health) -> tuple[str, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Safeguards:
    """The limits of a retraining loop; a breach stops it."""

    share: float = 0.2
    """Of synthetic examples in a training set, at most."""
    exposure: float = 0.3
    """Of a slate that is synthetic, at most."""
    human_floor: float = 0.6
    """Of what is seen that must be human."""
    diversity: float = 0.95
    """Of round 0's that must be kept."""
    coverage: float = 0.95
    """Of round 0's that must be kept."""

    def mix(self, human: Sequence[str], synthetic: Sequence[str], anchor: Sequence[str], seed: int) -> Mix[str]:
        """See `capped_mix`."""
        return capped_mix(human, synthetic, self.share, anchor, seed)

    def slates(self, synthetic: Mask, k: int) -> Ints:
        """See `capped_slates`."""
        return capped_slates(synthetic, k, self.exposure)

    def gather(self, before: Sequence[str], new: Sequence[str]) -> list[str]:
        """Accumulates; nothing is replaced."""
        return [*before, *new]

    def breach(self, first: Health, now: Health) -> tuple[str, ...]:
        """Which limits a round broke, in words for the owner."""
        found = []
        luck = 2 * math.hypot(first.noise, now.noise)  # a round is no breach for what sampling alone may do
        if math.log(now.diversity / first.diversity) + luck < math.log(self.diversity):
            found.append(f"diversity fell to {now.diversity / first.diversity:.0%} of round 0")
        missed = 2 * math.hypot(first.coverage_noise, now.coverage_noise)
        if now.coverage + missed < self.coverage * first.coverage:
            found.append(f"coverage of rare sorts fell to {now.coverage / first.coverage:.0%} of round 0")
        if now.human_exposure < self.human_floor:
            found.append(f"only {now.human_exposure:.0%} of what was seen is human")
        if now.synthetic > self.share + 1e-9:
            found.append(f"{now.synthetic:.0%} of the training set is synthetic")
        return tuple(found)


@dataclass(frozen=True)
class Unguarded:
    """The control: what was made replaces human data, anything is shown, nothing stops. For experiments only."""

    def mix(self, human: Sequence[str], synthetic: Sequence[str], anchor: Sequence[str], seed: int) -> Mix[str]:
        frozen = set(anchor)
        return Mix((), tuple(synthetic)) if synthetic else Mix(tuple(text for text in human if text not in frozen), ())

    def slates(self, synthetic: Mask, k: int) -> Ints:
        return capped_slates(synthetic, k, 1.0)

    def gather(self, before: Sequence[str], new: Sequence[str]) -> list[str]:
        return list(new)

    def breach(self, first: Health, now: Health) -> tuple[str, ...]:
        return ()
