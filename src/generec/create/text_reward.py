"""Which of several wordings people will take, learned from what they took: for best-of-N with the human text in it.

After "Let AI Entertain You" (Nextdoor 2023, arXiv 2312.12457): pairs of wordings shown in one test train a pairwise
reward (Bradley and Terry 1952); the best of the drafts and of the original is served, so that the human line can win;
a reward that is no better than chance on held-out tests serves the original. Deviation: a linear model of hashed words
and word pairs instead of a language model. Its features are none of those that guide the text creator.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generec.errors import ArtefactError, FittingError, UsageError

_WEIGHTS, _CARD = "text_reward.safetensors", "text_reward.json"


@dataclass(frozen=True)
class Wording:
    """One text of a test, how often it was shown and taken."""

    text: str
    shown: int
    taken: int

    @property
    def rate(self) -> float:
        return self.taken / self.shown if self.shown else 0.0


Test = Sequence[Wording]
"""Wordings of one thing, shown to like people at the same time."""


def advantage(first: Wording, second: Wording) -> float:
    """z of the difference of two rates under their common one; 0 where it says nothing."""
    if not first.shown or not second.shown:
        return 0.0
    common = (first.taken + second.taken) / (first.shown + second.shown)
    spread = math.sqrt(common * (1 - common) * (1 / first.shown + 1 / second.shown))
    return (first.rate - second.rate) / spread if spread else 0.0


def pairs(test: Test, least: float) -> list[tuple[str, str]]:
    """(better, worse) for every two wordings that differ by at least so many standard errors."""
    found = [(first, second, advantage(first, second)) for first, second in combinations(test, 2)]
    return [
        (first.text, second.text) if z > 0 else (second.text, first.text)
        for first, second, z in found
        if z != 0 and abs(z) >= least
    ]


@dataclass(frozen=True, kw_only=True)
class PairwiseReward:
    """Learns a text's worth from tests: logistic regression on differences of hashed TF features."""

    buckets: int = 1 << 14
    words: int = 2
    """Longest run of words that is a feature."""
    strength: float = 3.0
    """Inverse of the regularisation."""
    certain: float = 1.96
    """Standard errors by which two wordings must differ for their pair to count."""
    held_out: float = 0.25
    """Share of the tests by which the accuracy is measured; the reward is then learned from all."""
    seed: int = 0

    def fit(self, tests: Sequence[Test]) -> FittedReward:
        """Raises FittingError where the tests leave no pair to learn from or none to measure by."""
        order = np.random.default_rng(self.seed).permutation(len(tests))
        held = round(self.held_out * len(tests))
        learned, judged = (
            [found for test in chosen if (found := pairs(tests[test], self.certain))]
            for chosen in (order[held:], order[:held])
        )
        if not learned or len(judged) < 2:
            raise FittingError(
                f"{len(tests)} tests leave {len(learned)} with certain pairs to learn from and {len(judged)} to "
                "measure by; collect more, or ask for less certainty"
            )
        measured = FittedReward(self, self._weights(learned), 1.0, 0.0, len(judged))
        right = np.array([measured.orders(found) for found in judged])
        error = float(right.std(ddof=1) / math.sqrt(len(right)))
        return FittedReward(self, self._weights(learned + judged), float(right.mean()), error, len(judged))

    def _weights(self, found: Sequence[Sequence[tuple[str, str]]]) -> NDArray[np.float32]:
        from scipy.sparse import vstack
        from sklearn.linear_model import LogisticRegression

        of = [pair for test in found for pair in test]
        features = self.features([text for pair in of for text in pair])
        gaps = features[::2] - features[1::2]
        sides = np.repeat([1, 0], len(of))
        model = LogisticRegression(C=self.strength, fit_intercept=False, max_iter=1000)
        weights: NDArray[np.float32] = model.fit(vstack([gaps, -gaps]), sides).coef_[0].astype(np.float32)
        return weights

    def features(self, texts: Sequence[str]) -> Any:
        """(n, buckets) sparse, of unit length."""
        from sklearn.feature_extraction.text import HashingVectorizer

        hashed = HashingVectorizer(ngram_range=(1, self.words), n_features=self.buckets, alternate_sign=False)
        return hashed.transform(texts)


@dataclass(frozen=True)
class FittedReward:
    """A reward, and the share of the certain pairs of a held-out test that it orders rightly (ties count half)."""

    spec: PairwiseReward
    weights: NDArray[np.float32] = field(repr=False)  # (buckets,)
    accuracy: float  # mean over held-out tests
    error: float  # its standard error; pairs of one test share wordings, so tests are the unit
    measured: int  # held-out tests

    @property
    def trusted(self) -> bool:
        """Whether it is better than chance by two standard errors; retrain it where it no longer is."""
        return self.accuracy - 2 * self.error > 0.5

    def orders(self, of: Sequence[tuple[str, str]]) -> float:
        """Share of (better, worse) pairs that it orders so; ties count half."""
        better, worse = (self.scores([pair[side] for pair in of]) for side in (0, 1))
        return float(((better > worse) + 0.5 * (better == worse)).mean())

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """What each text is worth, on a free scale."""
        if not len(texts):
            return np.zeros(0)
        found: NDArray[np.float64] = np.asarray(self.spec.features(texts) @ self.weights, np.float64)
        return found

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """As `scores`; all alike where it is not to be trusted, so that the original, which wins ties, stays."""
        return self.scores(texts).tolist() if self.trusted else [0.0] * len(texts)

    def pick(self, original: str, drafts: Sequence[str]) -> int:
        """Which to serve: 0 for the original, else the draft's position from 1. Ties go to the earlier."""
        return int(np.argmax(self([original, *drafts])))

    def save(self, folder: Path) -> None:
        """Writes weights (safetensors) and card (JSON) into a folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({"weights": self.weights}, folder / _WEIGHTS)
        card = {"spec": asdict(self.spec), "accuracy": self.accuracy, "error": self.error, "measured": self.measured}
        (folder / _CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> FittedReward:
        """Reads it back. Raises ArtefactError on a damaged or foreign folder."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
            spec, weights = PairwiseReward(**card["spec"]), load_file(folder / _WEIGHTS)["weights"]
            accuracy, spread = float(card["accuracy"]), float(card["error"])
            found = FittedReward(spec, weights, accuracy, spread, int(card["measured"]))
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise ArtefactError(f"{folder} holds no text reward ({error}); fit and save one") from error
        if weights.shape != (spec.buckets,):
            raise ArtefactError(f"{folder}: expected weights of {(spec.buckets,)}, got {weights.shape}; fit it again")
        return found


def rate_of_picks(reward: FittedReward, tests: Sequence[Test]) -> NDArray[np.float64]:
    """Rates of the picked, the first and the mean wording of each test, (T, 3): what picking is worth.

    The first wording of a test is its original. Raises UsageError on a test without wordings.
    """
    if not all(len(test) for test in tests):
        raise UsageError("every test needs at least one wording")
    picked = [reward.pick(test[0].text, [one.text for one in test[1:]]) for test in tests]
    rows = [
        (test[at].rate, test[0].rate, float(np.mean([one.rate for one in test])))
        for at, test in zip(picked, tests, strict=True)
    ]
    return np.array(rows, np.float64).reshape(-1, 3)
