"""Untrusted words made safe to use as evidence: sellers' texts, reviews, text read from images.

What a reader cannot see is dropped, look-alikes are what they pose as, words addressed to a machine are cut out, and
what nobody checked (ranks, prizes, talk about competitors, repetition) is flagged. Facts are compared with the checked
fields by `contradictions`. Patterns are English; a guard, not a proof: words stay data wherever they go next.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from generec.evidence.characters import shown, unmasked
from generec.evidence.claims import claims_of
from generec.evidence.clauses import read_clauses
from generec.evidence.lexicon import ADDRESSED, ADDRESSING, FUNCTION_WORDS, RANKINGS, SUPERLATIVES
from generec.evidence.markup import visible
from generec.evidence.tokens import singular, tokenise
from generec.records import Evidence

FlagKind = Literal[
    "hidden_text", "hidden_characters", "look_alikes", "instruction", "superlative", "about_others", "repetition",
    "false_specification",
]  # fmt: skip

_INSTRUCTION = re.compile("|".join(f"(?:{pattern})" for pattern in ADDRESSED), re.IGNORECASE)
_RANKING = re.compile("|".join(RANKINGS), re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:competit(?:or|ion|ors)|rivals?|other (?:brands?|sellers?|makers?|shops?)|imitations?|knock-?offs?)\b|"
    r"\b(?:(?i:avoid|beware of|never buy|do not buy|don[’']t buy|stay away from|steer clear of|unlike|worse than))"
    r"\s+(?:the\s+)?[A-Z]",
)
_SENTENCES = re.compile(r"(?<=[.!?])[\"”’)]*\s+|\n+")
_SPACED = re.compile(r"(?<!\w)(?:\w[ ._-]){4,}\w(?!\w)")
_WORDS = re.compile(r"[a-z]+(?:-[a-z]+)*")
_STUFFED = 6  # uses of one content word that are suspicious when they are also a large share
_SHARE = 0.15


@dataclass(frozen=True)
class Flag:
    """Something suspicious, in the words of the text."""

    kind: FlagKind
    quote: str


@dataclass(frozen=True)
class Clean:
    """A text that may serve as evidence, and what was removed from it or should be known about it."""

    text: str
    flags: tuple[Flag, ...] = ()


def sanitize(text: str) -> Clean:
    """Cleans a text. Cleaning what is clean changes nothing but white space."""
    seen, hidden = visible(text)
    drawn, unseen = shown(seen)
    plain, masked = unmasked(drawn)
    flags = [Flag("hidden_text", quote) for quote in hidden]
    flags += [Flag("hidden_characters", name) for name in unseen]
    flags += [Flag("look_alikes", word) for word in masked]
    kept: list[str] = []
    for sentence in _SENTENCES.split(plain):
        bare = " ".join(sentence.split())
        if bare and _addresses_a_machine(bare):
            flags.append(Flag("instruction", bare))
        elif bare and bare.casefold() in {other.casefold() for other in kept}:
            flags.append(Flag("repetition", bare))
        elif bare:
            kept.append(bare)
            flags += _claims_of_rank(bare)
    words = " ".join(kept).split(" ")
    once = " ".join(_once(words))
    if len(once.split(" ")) != len(words) or _stuffed(once):
        flags.append(Flag("repetition", _most_used(words)))
    return Clean(once, tuple(flags))


def contradictions(text: str, facts: Sequence[Evidence]) -> tuple[Flag, ...]:
    """Numbers in a text that differ from the checked fields they speak of: `weighs 1 kg` where the weight is 3 kg.

    A clause speaks of a field when it names it or uses one of its words (costs, weighs, lasts). Only evidence of
    `field` trust is believed.
    """
    known = [(fact, _numbers(fact.text)) for fact in facts if fact.trust == "field"]
    found: list[Flag] = []
    for clause in read_clauses(text):
        said = _numbers(text[clause.start : clause.end])
        words = {singular(token.form) for token in clause.tokens}
        for fact, values in known:
            if len(values) != 1 or words.isdisjoint(_speaks_of(fact.field)):
                continue
            compared = [one for one in said if _comparable(one, values[0])]
            if compared and not any(_equal(one, values[0]) for one in compared):
                found.append(Flag("false_specification", text[clause.start : clause.end]))
    return tuple(found)


def _addresses_a_machine(sentence: str) -> bool:
    together = _SPACED.sub(lambda found: re.sub(r"[ ._-]", "", found.group()), sentence)
    if ADDRESSING.isdisjoint(re.findall(r"[a-z]+", together.casefold())):
        return False
    return _INSTRUCTION.search(sentence) is not None or _INSTRUCTION.search(together) is not None


def _claims_of_rank(sentence: str) -> list[Flag]:
    praised = not SUPERLATIVES.isdisjoint(_WORDS.findall(sentence.casefold()))
    found = [Flag("superlative", sentence)] if praised or _RANKING.search(sentence) else []
    return [*found, Flag("about_others", sentence)] if _OTHERS.search(sentence) else found


def _once(words: Sequence[str]) -> list[str]:
    """The words, with phrases of up to four words that stand three times or more in a row said once."""
    plain = [word.strip(",;|/.!").casefold() for word in words]
    kept: list[str] = []
    at = 0
    while at < len(words):
        for size in range(1, 5):
            times = 1
            while plain[at : at + size] == plain[at + times * size : at + (times + 1) * size] and plain[at]:
                times += 1
            if times >= 3:
                at += (times - 1) * size  # the last one, with the punctuation that ends the row
                break
        kept.append(words[at])
        at += 1
    return kept


def _content_words(words: Sequence[str]) -> list[str]:
    plain = (word.strip(",;|/.!").casefold() for word in words)
    return [word for word in plain if len(word) > 2 and word.isalpha() and word not in FUNCTION_WORDS]


def _stuffed(text: str) -> bool:
    words = _content_words(text.split())
    most = max(Counter(words).values(), default=0)
    return most >= _STUFFED and most > _SHARE * len(words)


def _most_used(words: Sequence[str]) -> str:
    return next((word for word, _ in Counter(_content_words(words)).most_common(1)), " ".join(words)[:40])


_CUES = {
    "duration": "duration lasts last running reading takes time", "price": "price cost costs priced",
    "weight": "weight weighs weigh", "length": "length long", "height": "height high tall", "width": "width wide",
    "year": "year released", "capacity": "capacity holds", "opens": "opens open", "closes": "closes",
}  # fmt: skip
_SIZES = {
    "s": ("time", "1"), "min": ("time", "60"), "h": ("time", "3600"), "day": ("time", "86400"),
    "mg": ("mass", "1/1000"), "g": ("mass", "1"), "kg": ("mass", "1000"), "mm": ("length", "1"),
    "cm": ("length", "10"), "m": ("length", "1000"), "km": ("length", "1000000"), "ml": ("volume", "1"),
    "cl": ("volume", "10"), "l": ("volume", "1000"),
}  # fmt: skip
_Number = tuple[Fraction, str]
"""A value in the smallest unit of its dimension, and the dimension ('' where no unit was given)."""


def _speaks_of(field: str) -> set[str]:
    return {singular(word) for word in [*field.casefold().split("_"), *_CUES.get(field.casefold(), "").split()]}


def _numbers(text: str) -> list[_Number]:
    found = []
    for claim in claims_of(text, tokenise(text)):
        if claim.kind == "number":
            value, _, unit = claim.value.partition(" ")
            dimension, size = _SIZES.get(unit, (unit, "1"))
            if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", value):
                found.append((Fraction(value) * Fraction(size), dimension))
    return found


def _comparable(one: _Number, other: _Number) -> bool:
    return one[1] == other[1] or not other[1]


def _equal(one: _Number, other: _Number) -> bool:
    return one[0] == other[0] or (not other[1] and one[0] in {other[0] * Fraction(size) for _, size in _SIZES.values()})
