"""How usual a text reads in a catalogue: a small word n-gram model."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generec.errors import UsageError

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*|[^\w\s]")


def words_of(text: str) -> list[str]:
    """The words and punctuation marks of a text in lower case."""
    return _WORD.findall(text.casefold())


@dataclass(frozen=True)
class NgramFluency:
    """Probabilities of words after the `order - 1` words before them, interpolated over all shorter histories.

    Witten and Bell's estimate (1991; in Chen and Goodman 1996, section 2.4): P(w|h) = (c(hw) + T(h) P(w|h')) /
    (c(h) + T(h)), T(h) being the number of different words seen after h; below the single word, all words and one
    unknown word are equally likely.
    """

    order: int
    counts: Mapping[tuple[str, ...], Mapping[str, int]]  # history, newest word last -> word -> times
    totals: Mapping[tuple[str, ...], int]  # history -> times

    @staticmethod
    def fit(texts: Iterable[str], order: int = 3) -> NgramFluency:
        """Counts the words of the texts; each text begins anew. Raises UsageError for order < 1."""
        if order < 1:
            raise UsageError(f"the order of an n-gram model must be at least 1, got {order}")
        counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for text in texts:
            words = words_of(text)
            for at, word in enumerate(words):
                for length in range(min(order - 1, at) + 1):
                    counts[tuple(words[at - length : at])][word] += 1
        return NgramFluency(order, dict(counts), {history: seen.total() for history, seen in counts.items()})

    def probability(self, word: str, history: Sequence[str]) -> float:
        """P(word | the last words of the history)."""
        start = max(0, len(history) - self.order + 1)
        found = 1.0 / (len(self.counts.get((), ())) + 1)
        for length in range(len(history) - start + 1):
            context = tuple(history[len(history) - length :])
            seen = self.counts.get(context)
            if seen is not None:
                found = (seen.get(word, 0) + len(seen) * found) / (self.totals[context] + len(seen))
        return found

    def log_probs(self, words: Sequence[str], before: Sequence[str] = ()) -> list[float]:
        """Log-probability of each word after those before it."""
        whole = [*before, *words]
        return [math.log(self.probability(word, whole[:at])) for at, word in enumerate(whole)][len(before) :]

    def mean(self, text: str) -> float:
        """Mean log-probability per word of a text; 0 for an empty one."""
        found = self.log_probs(words_of(text))
        return sum(found) / len(found) if found else 0.0
