"""Texts that exist already: a near-copy of one is nothing new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generec.fidelity.extras import loop_extra
from generec.fidelity.payload import tokens
from generec.fidelity.personal_data import plain


class Originals:
    """Texts that exist, to be asked for near-copies: MinHash over word shingles (Broder 1997), then the exact Jaccard.

    threshold: share of common shingles from which a text is a copy. shingle: words in one. Candidates are found well
    below the threshold, so that hardly one above it is missed.
    """

    def __init__(self, threshold: float = 0.7, shingle: int = 3, permutations: int = 64) -> None:
        with loop_extra("datasketch"):
            from datasketch import MinHashLSH
        self.threshold, self.shingle, self.permutations = threshold, shingle, permutations
        self._table = MinHashLSH(threshold=0.6 * threshold, num_perm=permutations)
        self._texts: dict[str, str] = {}

    @staticmethod
    def of(texts: Mapping[str, str]) -> Originals:
        """The originals of a catalogue: item id -> text. About half a millisecond a text."""
        originals = Originals()
        for item_id, text in texts.items():
            originals.add(item_id, text)
        return originals

    def add(self, item_id: str, text: str) -> None:
        """Adds a text, or replaces the one of that id."""
        if item_id in self._texts:
            self._table.remove(item_id)
        self._texts[item_id] = text
        self._table.insert(item_id, self._hashed(self._shingles(text)))

    def nearest(self, text: str) -> tuple[str, float] | None:
        """The most similar original at or above the threshold and its Jaccard similarity; ties by id."""
        found = [pair for pair in self._similar(text) if pair[1] >= self.threshold]
        return min(found, key=lambda pair: (-pair[1], pair[0]), default=None)

    def _similar(self, text: str) -> Iterator[tuple[str, float]]:
        own = self._shingles(text)
        for item_id in self._table.query(self._hashed(own)) if own else ():
            other = self._shingles(self._texts[item_id])
            yield item_id, len(own & other) / len(own | other)

    def _shingles(self, text: str) -> frozenset[str]:
        spoken = [token for token in tokens(plain(text).casefold()) if token[0].isalnum()]
        length = min(self.shingle, len(spoken))
        return frozenset(" ".join(spoken[at : at + length]) for at in range(len(spoken) - length + 1) if length)

    def _hashed(self, shingles: frozenset[str]) -> Any:
        from datasketch import MinHash

        sketch = MinHash(num_perm=self.permutations)
        sketch.update_batch([shingle.encode() for shingle in sorted(shingles)])
        return sketch
