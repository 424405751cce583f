"""How much of an answer with citations each of its sources gets (Aggarwal et al. 2024, GEO, 2311.09735).

An answer is its sentences in order; a sentence cites none, one or several of n sources, counted from 0. A sentence's
length is its number of words of more than two characters; sources that are cited together share it evenly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError

_WORD = re.compile(r"\w+(?:['’-]\w+)*")


@dataclass(frozen=True)
class Cited:
    """A sentence of an answer and the sources it cites."""

    text: str
    sources: tuple[int, ...] = ()

    @property
    def words(self) -> int:
        """Of more than two characters."""
        return sum(len(word) > 2 for word in _WORD.findall(self.text))


def word_count(answer: Sequence[Cited], sources: int) -> Tensor:
    """Share of the cited words of an answer that each source gets, (n,) float64; zeros where nothing is cited."""
    return _shares(answer, sources, [1.0] * len(answer))


def position_adjusted(answer: Sequence[Cited], sources: int) -> Tensor:
    """As `word_count`, a sentence at position i of n counting exp(-i / (n - 1)): first sentences are read most.

    I(c) = sum over sentences s that cite c of |s| exp(-pos(s) / (n - 1)) / #sources cited by s, then normalised over
    the sources. A single sentence counts 1.
    """
    last = max(len(answer) - 1, 1)
    return _shares(answer, sources, [math.exp(-at / last) for at in range(len(answer))])


def _shares(answer: Sequence[Cited], sources: int, weights: Sequence[float]) -> Tensor:
    impression = torch.zeros(sources, dtype=torch.float64)
    for sentence, weight in zip(answer, weights, strict=True):
        cited = set(sentence.sources)
        if not cited <= set(range(sources)):
            raise UsageError(f"the answer cites {sorted(cited)}, but there are {sources} sources, counted from 0")
        for source in cited:
            impression[source] += sentence.words * weight / len(cited)
    total = float(impression.sum())
    return impression / total if total else impression
