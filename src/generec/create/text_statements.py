"""What of a text can be said by itself, what of a draft its evidence supports, and what it repeats from elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generec.create.text_fluency import words_of
from generec.evidence.claims import claims
from generec.evidence.clauses import Clause, read_clauses
from generec.evidence.verify import EvidenceIndex
from generec.records import Evidence, Span

_OF_ONE_ITEM = ("number", "date", "name")
_OFFER = frozenset(["free", "charge", "cost", "costs", "price", "priced", "sale", "stock", "delivery", "guarantee"])


def statements(text: str) -> tuple[str, ...]:
    """The sentences of a text that need no other beside them, each with its stop, in order and once each."""
    clauses = read_clauses(text)
    bound = [clause.tied for clause in clauses[1:]] + [False]
    found = [
        _stopped(text, clause)
        for clause, limited in zip(clauses, bound, strict=True)
        if not (clause.reach or clause.tied or clause.opens or limited) and text[clause.start].isupper()
    ]
    return tuple(dict.fromkeys(one for one in found if _stands_alone(one)))


def is_specific(statement: str) -> bool:
    """Whether it names a number, a date, a name or a price: such a fact is of one item and goes for no other."""
    named = any(claim.kind in _OF_ONE_ITEM for claim in claims(statement))
    return named or not _OFFER.isdisjoint(words_of(statement))


def sayings(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """What may be written on some evidence: statements of prose, fields with their names; never a person's words."""
    found: list[str] = []
    for source in EvidenceIndex(tuple(evidence)).sources:
        prose = source.evidence.trust == "prose"
        found += statements(source.text) if prose else (source.text,)
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Supported:
    """What is left of a text when all that its evidence does not support is left out."""

    text: str
    spans: tuple[Span, ...]
    statements: int
    whole: bool  # nothing was left out


def supported(text: str, index: EvidenceIndex) -> Supported | None:
    """The text as far as it can be verified, None where nothing of it can. What it repeats is said once."""
    clauses = read_clauses(text)
    pieces = [_stopped(text, clause) for clause in clauses]
    kept = list(dict.fromkeys(piece for piece in pieces if index.verify(piece).supported))
    while kept:
        shorter = " ".join(kept)
        found = index.verify(shorter)
        if found.supported:
            return Supported(shorter, found.spans, len(kept), len(kept) == len(pieces))
        kept.pop()  # what fails together, as facts of two items do, was right up to here
    return None


def support(text: str, index: EvidenceIndex) -> tuple[int, int]:
    """Content words of a text in clauses that the evidence supports, and all its content words."""
    right = total = 0
    for clause in read_clauses(text):
        content = sum(token.is_content for token in clause.tokens)
        total += content
        right += content * index.verify(_stopped(text, clause)).supported
    return right, total


@dataclass(frozen=True)
class Phrases:
    """The stretches of `length` words of many texts, by their hashes."""

    hashes: NDArray[np.int64]  # sorted, distinct
    length: int

    @staticmethod
    def of(texts: Iterable[str], length: int) -> Phrases:
        found = {code for text in texts for code in _windows(words_of(text), length)}
        return Phrases(np.array(sorted(found), np.int64), length)

    def repeated(self, text: str, spans: Sequence[Span] = ()) -> bool:
        """Whether a stretch of `length` words outside of the spans stands in one of the texts in the same words."""
        ends = [0, *(end for span in spans for end in (span.start, span.end)), len(text)]
        outside = [text[start:end] for start, end in zip(ends[::2], ends[1::2], strict=True) if start < end]
        codes = np.array([code for part in outside for code in _windows(words_of(part), self.length)], np.int64)
        at = np.searchsorted(self.hashes, codes).clip(max=max(0, len(self.hashes) - 1))
        return bool(len(self.hashes)) and bool((self.hashes[at] == codes).any())


def _windows(words: Sequence[str], length: int) -> Iterable[int]:
    for at in range(len(words) - length + 1):
        hashed = hashlib.blake2b(" ".join(words[at : at + length]).encode(), digest_size=8)
        yield int.from_bytes(hashed.digest(), "big", signed=True)


def _stopped(text: str, clause: Clause) -> str:
    stop = text[clause.end : clause.end + 1]
    return text[clause.start : clause.end] + (stop if stop in ("!", "?") else ".")


def _stands_alone(statement: str) -> bool:
    clauses = read_clauses(statement)
    return len(clauses) == 1 and not (clauses[0].opens or clauses[0].reach or clauses[0].tied)
