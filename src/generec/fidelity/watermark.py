"""A mark in the choice of words: a sampler that prefers green words, and the test that counts them.

Kirchenbauer et al. 2023 (arXiv 2301.10226), with the token before as context. Deviations: a word is green by a keyed
hash of the two *strings*, not of vocabulary ids, so that the test needs no model; a pair that occurs again counts once
(their section 4, since repeats are not independent); the p-value is the exact binomial tail, not a normal one.

Under one key a pair is green in all texts or in none, so texts made of the same phrases share their luck: false
positives are at their rate over keys and phrases, not over near-identical texts under one key. Text with little choice
(copied, templated) can hardly be marked, and paraphrase removes the mark: it is weak evidence of origin, and its
absence is none of a human author.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from generec.errors import UsageError
from generec.fidelity.payload import tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Count:
    """What the test found in a text: green pairs among the distinct ones, and how probable that is by chance."""

    green: int
    pairs: int
    p_value: float


@dataclass(frozen=True, kw_only=True)
class GreenList:
    """Green words under a secret key: after each token a share `gamma` of all words.

    A sampler adds a constant (2 to 4) to the logits where `mask` is true; the more choice a model has, the clearer the
    mark. Its tokens and those of `tokens` must be the same strings.
    """

    key: bytes = field(repr=False)
    gamma: float = 0.5
    tokens: Callable[[str], Sequence[str]] = tokens

    def mask(self, previous: str, vocabulary: Sequence[str]) -> NDArray[np.bool_]:
        """Which words of a vocabulary are green after a token, (V,) bool."""
        return self.over(vocabulary)(previous)

    def over(self, vocabulary: Sequence[str]) -> Callable[[str], NDArray[np.bool_]]:
        """`mask` for one vocabulary, whose words are hashed once: what a sampler calls at every step."""
        import numpy as np

        limit, codes = np.uint64(self._limit), np.array([self._code(word) for word in vocabulary], np.uint64)

        def mask(previous: str) -> NDArray[np.bool_]:
            mixed = _mixed(codes ^ np.uint64(self._code(previous, b"before")))
            green: NDArray[np.bool_] = mixed < limit
            return green

        return mask

    def count(self, text: str) -> Count:
        """Tests a text. p_value: the chance of as many green pairs in a text that knows nothing of the key."""
        import numpy as np
        from scipy.special import betainc

        limit, distinct = np.uint64(self._limit), sorted(set(pairwise(self.tokens(text))))
        before = np.array([self._code(previous, b"before") for previous, _ in distinct], np.uint64)
        after = np.array([self._code(word) for _, word in distinct], np.uint64)
        green = int((_mixed(after ^ before) < limit).sum())
        tail = (
            float(betainc(green, len(distinct) - green + 1, self.gamma)) if green else 1.0
        )  # P(X >= green), X binomial
        return Count(green, len(distinct), tail)

    @property
    def _limit(self) -> int:
        if not 0 < self.gamma < 1 or not 16 <= len(self.key) <= 64:
            found = f"{self.gamma} and {len(self.key)} bytes"
            raise UsageError(f"a green list needs 0 < gamma < 1 and a key of 16 to 64 bytes, got {found}")
        return int(self.gamma * 2**64)

    def _code(self, text: str, place: bytes = b"after") -> int:
        hashed = hashlib.blake2b(text.encode(errors="replace"), digest_size=8, key=self.key, person=place)
        return int.from_bytes(hashed.digest(), "big")


def _mixed(codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64's finaliser (Steele et al. 2014): neighbouring inputs, unrelated outputs."""
    import numpy as np

    codes = (codes ^ (codes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    codes = (codes ^ (codes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return codes ^ (codes >> np.uint64(31))
