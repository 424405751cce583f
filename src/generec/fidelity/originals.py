"""Texts that exist already: a near-copy of one is nothing new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from generec.fidelity.extras import loop_extra
from generec.fidelity.payload import tokens
from generec.fidelity.personal_data import plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SLACK = 0.25
"""How far below the threshold an estimate may lie and still be looked at: four standard errors at 64 permutations."""


class Originals:
    """Texts to be compared with: MinHash over word shingles (Broder 1997), then the exact Jaccard of the likely ones.

    threshold: share of common shingles from which a text is a copy. shingle: words in one. All sketches are compared at
    once, which takes a millisecond for 20,000 texts and 256 bytes for each. Give texts of the kind that is judged
    (descriptions for descriptions): a copy of one part of a long text is not like the whole.
    """

    def __init__(self, threshold: float = 0.7, shingle: int = 3, permutations: int = 64) -> None:
        with loop_extra("datasketch"):
            import datasketch  # noqa: F401  here rather than at the first question
        self.threshold, self.shingle, self.permutations = threshold, shingle, permutations
        self._rows: dict[str, int] = {}
        self._texts: list[str] = []
        self._sketches: list[NDArray[np.uint32]] = []
        self._stacked: NDArray[np.uint32] | None = None  # (N, permutations), of all sketches so far

    @staticmethod
    def of(texts: Mapping[str, str]) -> Originals:
        """The originals of a catalogue: item id -> text."""
        originals = Originals()
        for item_id, text in texts.items():
            originals.add(item_id, text)
        return originals

    def add(self, item_id: str, text: str) -> None:
        """Adds a text, or replaces the one of that id."""
        sketch, row = self._sketch(self._shingles(text)), self._rows.setdefault(item_id, len(self._texts))
        self._stacked = None
        self._texts[row : row + 1], self._sketches[row : row + 1] = [text], [sketch]

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The most similar original at or above the threshold and its Jaccard similarity; ties by who came first."""
        import numpy as np

        own = self._shingles(text)
        if not own or not self._texts:
            return None
        if self._stacked is None:
            self._stacked = np.stack(self._sketches)
        alike = (self._stacked == self._sketch(own)).mean(axis=1)  # (N,)
        likely = np.flatnonzero(alike >= self.threshold - _SLACK)
        others = [self._shingles(self._texts[row]) for row in likely]
        similar = [len(own & other) / len(own | other) for other in others]
        best = max(range(len(similar)), key=similar.__getitem__, default=None)
        if best is None or similar[best] < self.threshold:
            return None
        return list(self._rows)[likely[best]], similar[best]

    def _shingles(self, text: str) -> frozenset[str]:
        spoken = [token for token in tokens(plain(text).casefold()) if token[0].isalnum()]
        length = min(self.shingle, len(spoken))
        return frozenset(" ".join(spoken[at : at + length]) for at in range(len(spoken) - length + 1) if length)

    def _sketch(self, shingles: frozenset[str]) -> NDArray[np.uint32]:
        import numpy as np
        from datasketch import MinHash

        sketch = MinHash(num_perm=self.permutations)
        sketch.update_batch([shingle.encode() for shingle in sorted(shingles)])
        return np.asarray(sketch.hashvalues).astype(np.uint32)
