"""What guidance says of a person in words: for the relevance of a text, and to open a text with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import mul

from generec.evidence.frames import Frame
from generec.evidence.lexicon import FINITE, HEDGES, NEGATIONS
from generec.evidence.sanitize import sanitize
from generec.evidence.tokens import singular, tokenise
from generec.records import Evidence, Guidance, Taste

_LIKING = re.compile(
    r"^(?:(?:i|you)\s+)?(?:really\s+)?(?:likes?|loves?|enjoys?|prefers?|liked|wants?)\s+", re.IGNORECASE
)
_PHRASE = 10  # words up to which a person's words are quoted


@dataclass(frozen=True)
class Opening:
    """How a text begins: nothing, or a frame around the person's own words, with how much these mean to them."""

    text: str = ""
    evidence: Evidence | None = None
    weight: float = 0.0

    @property
    def words(self) -> int:
        return len(self.text.split())


def content(text: str) -> frozenset[str]:
    """The content words of a text in the singular."""
    return frozenset(singular(token.form) for token in tokenise(text) if token.is_content)


def overlaps(wanted: Sequence[frozenset[str]], text: str) -> list[float]:
    """Share of each set of wanted words that a text has; none for a text that denies something, whatever it denies."""
    forms = [token.form for token in tokenise(text)]
    has = set() if any(form in NEGATIONS for form in forms) else {singular(form) for form in forms}
    return [len(words & has) / max(1, len(words)) for words in wanted]


def lexical_relevance(guidance: Guidance) -> Callable[[Sequence[str]], list[float]]:
    """Scores texts by the words they share with likes, dislikes and profile lines, by their weights."""
    wishes = [(weight, content(words)) for weight, words, _ in _wishes(guidance)]
    wishes += [(-abs(taste.weight), content(_said(taste))) for taste in guidance.dislikes]
    weights, wanted = [weight for weight, _ in wishes], [words for _, words in wishes]

    def relevance(texts: Sequence[str]) -> list[float]:
        return [sum(map(mul, weights, overlaps(wanted, text))) for text in texts]

    return relevance


def openings(guidance: Guidance, frames: Sequence[Frame]) -> tuple[Opening, ...]:
    """The ways in which a text may open with the person's likes and wishes, the weightiest first.

    Only short phrases that affirm something are quoted, as evidence of `person` trust.
    """
    of = {frame.field: frame for frame in frames}
    found: dict[str, Opening] = {}
    for weight, words, said in _wishes(guidance):
        phrase = sanitize(words).text.rstrip(".!")
        if said.field in of and weight > 0 and _quotable(phrase):
            evidence = Evidence(said.id, phrase, None, said.field, "person")
            found.setdefault(phrase, Opening(of[said.field].words(phrase), evidence, weight))
    return tuple(sorted(found.values(), key=lambda opening: -opening.weight))


def _wishes(guidance: Guidance) -> Iterator[tuple[float, str, Evidence]]:
    """Weight, words and where they come from, of all that is liked (profile lines may also be disliked)."""
    for at, taste in enumerate(guidance.likes):
        words = _said(taste)
        asked = "asked" if taste.source.kind == "instruction" else "likes"
        yield taste.weight, words, Evidence(f"like#{at}", words, None, asked, "person")
    for line in guidance.profile:
        words = _LIKING.sub("", line.text)
        yield line.weight, words, Evidence(line.id, words, None, "likes", "person")


def _said(taste: Taste) -> str:
    if taste.words or taste.condition is None:
        return taste.words
    value = taste.condition.value
    positive = taste.condition.operator in ("=", "in", "contains")
    texts = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    return " ".join(texts) if positive else ""


def _quotable(phrase: str) -> bool:
    forms = [token.form for token in tokenise(phrase)]
    plain = not re.search(r"[:;.!?\n\"“”()]", phrase) and 0 < len(phrase.split()) <= _PHRASE
    return plain and FINITE.isdisjoint(forms) and NEGATIONS.isdisjoint(forms) and HEDGES.isdisjoint(forms)
