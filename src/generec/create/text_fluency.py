"""How usual a text reads in a catalogue: a small word n-gram model."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generec.errors import UsageError

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """The words and punctuation marks of a text in lower case."""
    return _WORD.findall(text.casefold())


@dataclass(frozen=True)
class _Grams:
    """All n-grams of one length, by number; the key of one is that of the n-gram before its last word, and that word.

    Flat dictionaries of numbers: they are made in a moment, and the garbage collector has nothing to visit in them.
    """

    numbers: Mapping[int, int]  # key -> number
    counts: Sequence[int]  # number -> times
    totals: Sequence[int]  # number of what stands before the last word -> times that any word follows
    kinds: Sequence[int]  # the same -> number of different words that follow


@dataclass(frozen=True)
class NgramFluency:
    """Probabilities of words after the `order - 1` words before them, interpolated over all shorter histories.

    Witten and Bell's estimate (1991; in Chen and Goodman 1996, section 2.4): P(w|h) = (c(hw) + T(h) P(w|h')) /
    (c(h) + T(h)), T(h) being the number of different words seen after h; below the single word, all words and one
    unknown word are equally likely.
    """

    order: int
    words: Mapping[str, int]  # word -> number
    grams: tuple[_Grams, ...]  # of one word, of two, ... of `order`

    @staticmethod
    def fit(texts: Iterable[str], order: int = 3) -> NgramFluency:
        """Counts the words of the texts; each text begins anew. Raises UsageError for order < 1."""
        if order < 1:
            raise UsageError(f"the order of an n-gram model must be at least 1, got {order}")
        words: dict[str, int] = {}
        read = [[words.setdefault(word, len(words)) for word in words_of(text)] for text in texts]
        ids = np.array([word for text in read for word in text], np.int64)
        place = np.concatenate([np.zeros(0, np.int64), *(np.arange(len(text)) for text in read)])  # within its text
        ended, before = np.zeros(len(ids), np.int64), 1  # n-gram that ends at each word, how many there are
        grams: list[_Grams] = []
        for length in range(1, order + 1):
            whole = np.flatnonzero(place >= length - 1)
            follows = ended[whole - 1] if length > 1 else np.zeros(len(whole), np.int64)
            keys, numbers, counts = np.unique(
                follows * len(words) + ids[whole], return_inverse=True, return_counts=True
            )
            prefixes = keys // max(1, len(words))
            totals, kinds = np.bincount(prefixes, counts, before).astype(int), np.bincount(prefixes, minlength=before)
            known = dict(zip(keys.tolist(), range(len(keys)), strict=True))
            grams.append(_Grams(known, counts.tolist(), totals.tolist(), kinds.tolist()))
            ended[whole], before = numbers, len(keys)
        return NgramFluency(order, words, tuple(grams))

    def probability(self, word: str, history: Sequence[str]) -> float:
        """P(word | the last words of the history)."""
        size, at = len(self.words), self.words.get(word, -1)
        ids = [self.words.get(one, -1) for one in history[max(0, len(history) - self.order + 1) :]]
        found = 1.0 / (size + 1)
        for length, grams in enumerate(self.grams[: len(ids) + 1]):
            before: int | None = 0
            for shorter, one in zip(self.grams, ids[len(ids) - length :], strict=False):
                before = shorter.numbers.get(before * size + one) if before is not None and one >= 0 else None
            if before is None or not grams.kinds[before]:
                continue
            own = grams.numbers.get(before * size + at) if at >= 0 else None
            times = 0 if own is None else grams.counts[own]
            found = (times + grams.kinds[before] * found) / (grams.totals[before] + grams.kinds[before])
        return found

    def log_probs(self, words: Sequence[str], before: Sequence[str] = ()) -> list[float]:
        """Log-probability of each word after those before it."""
        whole = [*before, *words]
        return [math.log(self.probability(word, whole[:at])) for at, word in enumerate(whole)][len(before) :]

    def mean(self, text: str) -> float:
        """Mean log-probability per word of a text; 0 for an empty one."""
        found = self.log_probs(words_of(text))
        return sum(found) / len(found) if found else 0.0
