"""Nine ways of rewriting a text so that an answer engine cites it more (Aggarwal et al. 2024, GEO), by rule.

The paper has a language model rewrite; these rules do what its prompts ask for, on every second sentence where they add
something. A rewriting that states facts which nobody has checked says so: `fabricated`. Such texts are for measuring
engines and defences and may never be shown as true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import cycle

from generec.evidence.lexicon import FUNCTION_WORDS
from generec.simulation.geo.engine import SENTENCES


@dataclass(frozen=True)
class Rewriting:
    """A rewritten text."""

    text: str
    fabricated: bool = False  # states facts that nobody has checked


Rewriter = Callable[[str, str], Rewriting]
"""(text, question) -> rewriting; only keyword stuffing looks at the question."""

_PEOPLE = ("Nora Vale", "Henrik Olsen", "Amara Diop", "Luis Prado")
_SOURCES = ("the National Review of Leisure", "the Vale Institute", "the Northern Survey", "the Open Press Index")
_FIGURES = ("72% of visitors agree", "it held the attention of 8 in 10 people", "rising by 35% within 12 months",
            "with a mark of 4.6 in 1,200 replies")  # fmt: skip
_LINKS = ("Moreover,", "In addition,", "What is more,", "Above that,")
_SURE = {"may": "will", "might": "will", "could": "will", "can": "will always", "seems": "is", "perhaps": "certainly",
         "good": "definitive", "some": "all"}  # fmt: skip
_EASY = {"tolerances": "limits", "parameters": "settings", "methodology": "method", "practitioners": "experts",
         "advanced": "hard", "demonstrates": "shows", "discussed": "talked about", "detail": "full",
         "commences": "starts", "approximately": "about", "numerous": "many", "treatment": "look",
         "moderate": "medium", "affection": "love"}  # fmt: skip
_UNIQUE = {"film": "cinematic opus", "watch": "behold", "come": "sally forth", "look": "gaze", "good": "consummate",
           "half": "a moiety of", "evening": "eventide", "people": "denizens", "plenty": "a plethora",
           "long": "protracted", "short": "fleeting", "everything": "the entirety", "calm": "halcyon"}  # fmt: skip
_TECHNICAL = {"film": "audiovisual production", "watch": "observe the workflow of", "people": "participants",
              "speed": "temporal cadence", "tempo": "temporal cadence", "time": "duration metric",
              "look": "analysis", "part": "module", "section": "module", "sound": "acoustic signal",
              "pictures": "visual frames", "size": "scale parameter", "cost": "unit expenditure",
              "costs": "incurs a unit expenditure of"}  # fmt: skip


def identity(text: str, question: str) -> Rewriting:
    """Changes nothing; what the others are compared with."""
    return Rewriting(text)


def authoritative(text: str, question: str) -> Rewriting:
    """Says everything as if there were no doubt."""
    return Rewriting(_every_second(_replaced(text, _SURE), lambda body, end, _: f"Without doubt, {_small(body)}{end}"))


def statistics(text: str, question: str) -> Rewriting:
    """Adds figures."""
    figures = cycle(_FIGURES)
    return Rewriting(_every_second(text, lambda body, end, _: f"{body}, {next(figures)}{end}"), fabricated=True)


def keyword_stuffing(text: str, question: str) -> Rewriting:
    """Works the words of the question into the text."""
    words = [word for word in re.findall(r"[^\W\d_]+", question.casefold()) if word not in FUNCTION_WORDS]
    return Rewriting(_every_second(text, lambda body, end, _: f"{body}, {', '.join(words)}{end}") if words else text)


def cite_sources(text: str, question: str) -> Rewriting:
    """Says from where things are known."""
    sources = cycle(_SOURCES)
    return Rewriting(_every_second(text, lambda body, end, _: f"{body}, according to {next(sources)}{end}"), True)


def quotation(text: str, question: str) -> Rewriting:
    """Has somebody say what the text said."""
    people = cycle(_PEOPLE)
    return Rewriting(_every_second(text, lambda body, end, _: f"“{body},” says {next(people)}{end}"), True)


def easy_language(text: str, question: str) -> Rewriting:
    """Plain words and short sentences."""
    parts = re.sub(r",\s+(?:and|with|but|so)\s+(\w)", lambda found: f". {found[1].upper()}", text)
    return Rewriting(_replaced(re.sub(r";\s+(\w)", lambda found: f". {found[1].upper()}", parts), _EASY))


def fluency(text: str, question: str) -> Rewriting:
    """Leads from each sentence to the next."""
    links = cycle(_LINKS)
    return Rewriting(
        _every_second(text, lambda body, end, at: f"{next(links)} {_small(body)}{end}" if at else body + end)
    )


def unique_words(text: str, question: str) -> Rewriting:
    """Rare words for common ones."""
    return Rewriting(_replaced(text, _UNIQUE))


def technical_terms(text: str, question: str) -> Rewriting:
    """Terms of art for common words."""
    return Rewriting(_replaced(text, _TECHNICAL))


REWRITERS: tuple[Rewriter, ...] = (
    authoritative, statistics, keyword_stuffing, cite_sources, quotation, easy_language, fluency, unique_words,
    technical_terms,
)  # fmt: skip


def _every_second(text: str, change: Callable[[str, str, int], str]) -> str:
    """Changes sentences 0, 2, 4 …; the change gets the sentence, its last mark, and its place."""
    changed = []
    for at, sentence in enumerate(part for part in SENTENCES.split(text) if part.strip()):
        body, end = (sentence[:-1], sentence[-1]) if sentence[-1] in ".!?" else (sentence, ".")
        changed.append(sentence if at % 2 else change(body, end, at))
    return " ".join(changed)


def _replaced(text: str, words: Mapping[str, str]) -> str:
    def other(found: re.Match[str]) -> str:
        word = words.get(found.group().casefold(), found.group())
        return word[0].upper() + word[1:] if found.group()[0].isupper() else word

    return re.sub(r"[^\W\d_]+", other, text)


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
