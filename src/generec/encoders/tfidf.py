"""Meaning of item texts without any pre-trained model: word counts, weighted and reduced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from generec.encoders.strings import packed_strings, unpacked_strings
from generec.errors import FittingError
from generec.fitting.progress import task
from generec.types import Catalog, Events


@dataclass(frozen=True, kw_only=True)
class TfidfEncoder:
    """Latent semantic analysis (Deerwester et al. 1990) of `Catalog.texts`: log tf x idf, truncated SVD, unit length.

    Words are runs of two letters or digits and more, without case or accents. The width is smaller than `dimensions`
    where the catalogue has fewer words or items. Raises FittingError when no item has a word.
    """

    dimensions: int = 128
    words: int = 30_000
    """At most so many words are kept, the most frequent ones."""
    pairs: bool = True
    """Neighbouring words count as words too."""

    def fit(self, catalog: Catalog, train: Events) -> FittedTfidf:
        from sklearn.utils.extmath import randomized_svd

        vectorizer = _vectorizer(self.words, self.pairs, None)
        seed = int(torch.randint(2**31, ()))
        with task("count words", 2) as bar:
            try:
                counts = vectorizer.fit_transform(catalog.texts)
            except ValueError as error:  # scikit-learn's word for an empty vocabulary
                raise FittingError(
                    f"the texts of {len(catalog)} items hold no words ({error}); "
                    "give the catalogue a title, or use an encoder that needs no text"
                ) from error
            bar.advance()
            width = min(self.dimensions, *(size - 1 for size in counts.shape)) or 1
            _, _, directions = randomized_svd(counts, width, random_state=seed)
            bar.advance()
        words = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
        components = torch.from_numpy(directions.T.copy()).float()
        return FittedTfidf(self.pairs, tuple(words), torch.from_numpy(vectorizer.idf_.copy()).double(), components)

    def restore(self, state: Mapping[str, Tensor]) -> FittedTfidf:
        return FittedTfidf(self.pairs, unpacked_strings(state["words"]), state["idf"], state["components"])


@dataclass(frozen=True)
class FittedTfidf:
    """Words with their weights (W,) and directions (W, D)."""

    pairs: bool
    words: tuple[str, ...]
    idf: Tensor
    components: Tensor

    @cached_property
    def vectorizer(self) -> Any:
        vectorizer = _vectorizer(None, self.pairs, self.words)
        vectorizer.idf_ = self.idf.numpy()
        return vectorizer

    def encode(self, items: Catalog) -> Tensor:
        """(n, D) of length 1; 0 where no word of the text is known."""
        if len(items) == 0:
            return torch.zeros(0, self.components.shape[1])
        counts = self.vectorizer.transform(items.texts)
        vectors = torch.from_numpy(counts @ self.components.numpy().astype("float64"))
        return torch.nn.functional.normalize(vectors, dim=1).float()

    def state(self) -> dict[str, Tensor]:
        return {"words": packed_strings(self.words), "idf": self.idf, "components": self.components}


def _vectorizer(words: int | None, pairs: bool, vocabulary: Sequence[str] | None) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        sublinear_tf=True, strip_accents="unicode", max_features=words, ngram_range=(1, 2 if pairs else 1),
        vocabulary=vocabulary,
    )  # fmt: skip
