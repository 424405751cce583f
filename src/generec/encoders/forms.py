"""How a text is written, in numbers: length, rhythm, reading ease, punctuation, persons; not what it is about.

Function words and persons are English; a text in another language has none of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import torch
from torch import Tensor

FORMS = (
    "length", "sentence length", "word length", "reading ease", "punctuation", "function words", "first person",
    "second person", "numbers", "questions", "exclamations",
)  # fmt: skip
"""What the columns of `forms` measure."""

_WORD = re.compile(r"\b[^\W\d_](?:[\w'’-]*\w)?")
_NUMBER = re.compile(r"\b\d[\d.,:]*")
_SENTENCE = re.compile(r"[.!?…]+(?=\s|$)")
_MARK = re.compile(r"[,;:()\"“”–—/-]")
_VOWELS = re.compile(r"[aeiouyà-öø-ý]+")
_FIRST = frozenset(_WORD.findall("i me my mine myself we us our ours ourselves i'm i've i'll i'd we're we've we'll"))
_SECOND = frozenset(_WORD.findall("you your yours yourself yourselves you're you've you'll you'd"))
_FUNCTION = frozenset(
    _WORD.findall(
        "a about above after again against all also although an and any are as at be because been before behind being "
        "below between both but by can could did do does down during each either else enough every few for from had "
        "has have he her here hers him his how if in into is it its itself just less like many may might more most "
        "much must near neither no nor not nothing of off on once one only onto or other others out over own per "
        "rather same she should since so some such than that the their them then there these they this those though "
        "through to too toward under until up upon very was were what when where whether which while who whom whose "
        "why will with within without would yet"
    )
)


def forms(texts: Sequence[str]) -> Tensor:
    """The measures of FORMS for every text, (n, 11) float32; an empty text measures 0 everywhere.

    Lengths are logarithms; word length is syllables per word; reading ease is Flesch's formula (1948) over 100, with
    syllables counted as groups of vowels; the others are shares of the words, questions and exclamations of the
    sentences.
    """
    syllables: dict[str, int] = {}
    rows = [_measured(text, syllables) for text in texts]
    return torch.tensor(rows, dtype=torch.float32).reshape(len(rows), len(FORMS))


def _measured(text: str, syllables: dict[str, int]) -> list[float]:
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if not words:
        return [0.0] * len(FORMS)
    for word in words:
        if word not in syllables:
            syllables[word] = syllable_count(word)
    count, sentences = len(words), max(1, len(_SENTENCE.findall(text)))
    spoken = sum(syllables[word] for word in words) / count
    numbers = len(_NUMBER.findall(text))
    return [
        math.log(count),
        math.log(count / sentences),
        spoken,
        2.06835 - 0.01015 * count / sentences - 0.846 * spoken,
        len(_MARK.findall(text)) / count,
        sum(word in _FUNCTION or word in _FIRST or word in _SECOND for word in words) / count,
        sum(word in _FIRST for word in words) / count,
        sum(word in _SECOND for word in words) / count,
        numbers / (count + numbers),
        text.count("?") / sentences,
        text.count("!") / sentences,
    ]


def syllable_count(word: str) -> int:
    """Groups of vowels of a lower-case word, a silent final e left out; at least 1."""
    groups = len(_VOWELS.findall(word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)
