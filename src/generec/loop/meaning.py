"""Which items a few words mean: sentence vectors where they are installed, and shared words in any case."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.encoders.sentence import FittedSentenceEncoder
from generec.encoders.text import text_encoder
from generec.evidence.trusted import trusted
from generec.protocols import FittedEncoder
from generec.types import Catalog, Events

Scores = NDArray[np.float32]

_REMEMBERED = 512  # phrases whose scores are kept
_SHARED_WORDS = 0.5  # weight of shared words beside the sentence vectors; both are cosines


class Meaning:
    """Scores every item of a catalogue for a phrase; fitted once, phrases are remembered.

    A score is the cosine of sentence vectors (`encoders.text_encoder`) plus half the cosine of TF-IDF words, so that
    a rare word that a text repeats counts even where the sentence model does not know it. `read` gives the catalogue
    as it may be believed: what sellers wrote for machines does not count (`evidence.trusted`).
    """

    def __init__(
        self, catalog: Catalog, encoder: FittedEncoder | None = None, read: Callable[[Catalog], Catalog] = trusted
    ):
        self.catalog, believed = catalog, read(catalog)
        self.encoder = encoder or text_encoder().fit(believed, Events.pack([]))
        self.vectors: Scores = _unit(self.encoder.encode(believed).numpy())
        self.words, self.counts = _words(believed.texts)
        self._remembered: OrderedDict[str, Scores] = OrderedDict()

    def warm(self) -> None:
        """Loads the sentence model, where there is one, so that the first turn need not."""
        if isinstance(self.encoder, FittedSentenceEncoder):
            self.encoder.warm()

    def similarity(self, words: str) -> Scores:
        """How well each item fits the words, (N,) float32; about -0.2 to 1.5. Do not write into it."""
        said = " ".join(words.lower().split())
        found = self._remembered.pop(said, None)  # a cache around a method would hold on to its owner
        found = self._score(said) if found is None else found
        self._remembered[said] = found
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return found

    def between(self, texts: Sequence[str], others: Sequence[str]) -> Scores:
        """Cosines of the sentence vectors of texts with those of others, (n, m)."""
        vectors = self.encode([*texts, *others])
        found: Scores = vectors[: len(texts)] @ vectors[len(texts) :].T
        return found

    def encode(self, texts: Sequence[str]) -> Scores:
        """Unit sentence vectors, (n, D)."""
        if not texts:
            return self.vectors[:0]
        frame = pl.DataFrame({"item_id": [str(at) for at in range(len(texts))], "title": list(texts)})
        return _unit(self.encoder.encode(Catalog(frame)).numpy())

    def fit(self, text: str, words: str) -> float:
        """How well a text fits the words, on the scale of `similarity`: the score it would have as an item."""
        meant = float(self.between([text], [words])[0, 0])
        if self.words is None:
            return meant
        shared = self.words.transform([text]) @ self.words.transform([words]).T
        return meant + _SHARED_WORDS * float(shared.sum())

    def taste(self, texts: Sequence[str], rows: Sequence[int]) -> Scores:
        """How far texts use the words that some items use more than the catalogue does: cosines, (n,)."""
        if self.words is None or not rows or not texts:
            return np.zeros(len(texts), np.float32)
        own = np.asarray(self.counts[list(rows)].mean(0) - self._usual_words)[0]
        found: Scores = np.asarray(self.words.transform(list(texts)) @ own, np.float32)
        return found / max(float(np.linalg.norm(own)), 1e-12)

    @cached_property
    def _usual_words(self) -> Any:
        return self.counts.mean(0)

    def _score(self, words: str) -> Scores:
        meant: Scores = self.vectors @ self.encode([words])[0]
        if self.words is None:
            return meant
        shared = self.counts @ self.words.transform([words]).T
        found: Scores = (meant + _SHARED_WORDS * np.asarray(shared.todense())[:, 0]).astype(np.float32)
        return found


def _words(texts: Sequence[str]) -> tuple[Any, Any]:
    """A TF-IDF vectoriser and the texts by it; None where no text has a word."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not any(re.search(r"\w\w", text) for text in texts):
        return None, None
    vectorizer = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", dtype=np.float32)
    return vectorizer, vectorizer.fit_transform(texts)


def _unit(vectors: Scores) -> Scores:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Scores = (vectors / np.maximum(length, 1e-12)).astype(np.float32)
    return found


@dataclass(frozen=True)
class Nearness:
    """How near an item is to others, in units of the catalogue's own spacing there."""

    vectors: Scores  # (N, D) unit

    def spacing(self, row: int, neighbours: int = 5) -> float:
        """Mean distance of an item to its nearest neighbours."""
        distance = 1 - self.vectors @ self.vectors[row]
        distance[row] = np.inf
        return float(np.sort(distance)[:neighbours].mean())

    def distance(self, wanted: Scores, row: int) -> float:
        """Distance from a wanted vector (D,) to an item, divided by the spacing around the item."""
        gap = 1 - float(wanted @ self.vectors[row]) / max(float(np.linalg.norm(wanted)), 1e-12)
        return gap / max(self.spacing(row), 1e-6)
