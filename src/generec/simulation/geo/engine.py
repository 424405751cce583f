"""A deterministic engine that answers a question with sentences of its sources and cites them, as answer engines do.

Stands in for the language model of Aggarwal et al. 2024 (GEO, 2311.09735), which gets the five best sources of a search
and answers with [i] citations; it copies where that one rewords.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generec.evidence.lexicon import FUNCTION_WORDS
from generec.metrics.visibility import Cited

Scores = NDArray[np.float32]

SENTENCES = re.compile(r"(?<=[.!?])[\"”’)]*\s+|\n+")
_CUES = (
    re.compile(r"\d"),
    re.compile(r"[\"“][^\"”]{8,}[\"”]"),
    re.compile(
        r"\b(?:[Aa]ccording to|[Ss]ays|[Ss]aid|[Rr]eports?|[Rr]eported by|[Ss]ource:)\s+(?:the\s+|an?\s+)?[A-Z]"
    ),
)
"""Numbers, quoted words, a named source."""


class Closeness(Protocol):
    """Cosines of texts with others, (n, m): `Meaning.between`, or `TfidfCloseness`."""

    def __call__(self, texts: Sequence[str], others: Sequence[str]) -> Scores: ...


class TfidfCloseness:
    """Cosines of TF-IDF words, weighted by a corpus."""

    def __init__(self, corpus: Sequence[str]):
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._words = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", dtype=np.float32).fit(corpus)

    def __call__(self, texts: Sequence[str], others: Sequence[str]) -> Scores:
        found: Scores = (self._words.transform(texts) @ self._words.transform(others).T).toarray()
        return found


@dataclass(frozen=True, kw_only=True)
class CitingEngine:
    """Says the sentences of the sources that answer a question best, best first.

    A sentence scores its closeness to the question plus `cue` for each kind of evidence it shows. That relevance comes
    first is what language models were found to do (Wan et al. 2024, 2402.11782, who find cues of credibility almost
    without effect); numbers and names are long-standing cues of extractive summaries (Ferreira et al. 2013). What is
    no sentence (few function words: a list of keywords) is not said. Near-copies are said once and cite all sources.
    The weights were set before any rewriter was tried; `cue=0` is the engine that goes by relevance alone.
    """

    closeness: Closeness
    search: int = 5
    """Sources found for a question."""
    sentences: int = 6
    """Of an answer, at most."""
    cue: float = 0.1
    fluent: float = 0.2
    """Share of function words that a sentence has at least."""
    same: float = 0.8
    """Closeness from which two sentences say the same."""

    def find(self, question: str, texts: Sequence[str]) -> list[int]:
        """Rows of the texts nearest to the question, best first; ties go to the first."""
        return [int(row) for row in np.argsort(-self.closeness([question], texts)[0], kind="stable")[: self.search]]

    def answer(self, question: str, sources: Sequence[str]) -> tuple[Cited, ...]:
        """Sentences with the sources they cite, the best sentence first; none where no source has one."""
        said = [
            (sentence, at) for at, text in enumerate(sources) for sentence in SENTENCES.split(text)
            if self._is_sentence(sentence)
        ]  # fmt: skip
        if not said:
            return ()
        texts = [sentence for sentence, _ in said]
        scores = self.closeness([question], texts)[0] + self.cue * np.array([cues(text) for text in texts])
        alike = self.closeness(texts, texts) >= self.same
        np.fill_diagonal(alike, True)
        answer: list[Cited] = []
        left = np.ones(len(said), bool)
        for row in np.argsort(-scores, kind="stable").tolist():
            if left[row] and len(answer) < self.sentences:
                answer.append(Cited(texts[row], tuple(sorted({said[at][1] for at in np.flatnonzero(alike[row])}))))
                left[alike[row]] = False
        return tuple(answer)

    def _is_sentence(self, text: str) -> bool:
        words = re.findall(r"[^\W\d_]+", text.casefold())
        return len(words) > 2 and sum(word in FUNCTION_WORDS for word in words) >= self.fluent * len(words)


def cues(text: str) -> int:
    """How many kinds of evidence a sentence shows: numbers, quoted words, a named source; 0 to 3."""
    return sum(cue.search(text) is not None for cue in _CUES)
