"""A frozen reader: recovers *what* and *how* from rendered words, whoever wrote them.

It knows the vocabulary of the world and nothing else: no item, no log, no draft's own claims. Its error on the
catalogue's texts is measured in the tests. For the simulator and the judges only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from generec.data.world import words
from generec.data.world.items import Floats, Ints
from generec.data.world.manners import SERIES, manners, sizes
from generec.data.world.topics import subtopics, topics

_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*|[a-z]+")


@dataclass(frozen=True)
class Reading:
    """What the words say; -1 where they say nothing."""

    topic: Ints  # (n,)
    subtopic: Ints  # (n,)
    how: Ints  # (n, 4) a code per facet


class Reader:
    """Adds up, over the distinct words and word pairs of a text, the evidence of each for every code.

    The evidence of a word for a code is the squared share of its uses in the whole vocabulary that belong to that
    code, so that words used everywhere count for nothing.
    """

    def __init__(self) -> None:
        sides = [_what_words(), *(_manner_words(facet) for facet in range(len(sizes())))]
        total: Counter[str] = Counter()
        for side in [*sides, [_frame_words()]]:
            for uses in side:
                total.update(uses)
        self._rows = {word: row for row, word in enumerate(sorted(total))}
        self._evidence = [self._table(side, total) for side in sides]

    def _table(self, side: Sequence[Counter[str]], total: Counter[str]) -> Floats:
        """Evidence of every known word for the codes of one side, (words, codes)."""
        table = np.zeros((len(self._rows), len(side)), np.float32)
        for code, uses in enumerate(side):
            for word, count in uses.items():
                table[self._rows[word], code] = (count / total[word]) ** 2
        return table

    def read(self, texts: Sequence[str]) -> Reading:
        """Reads each text by itself."""
        scores = self.scores(texts)
        codes = [np.where(score.max(axis=1) > 0, score.argmax(axis=1), -1) for score in scores]
        leaf_topics = np.array([topics().index(subtopic.topic) for subtopic in subtopics()])
        topic = np.where(codes[0] >= 0, leaf_topics[codes[0]], -1)
        return Reading(topic, codes[0], np.stack(codes[1:], axis=1))

    def scores(self, texts: Sequence[str]) -> list[Floats]:
        """The evidence for every code: subtopic (n, C), then one array per facet."""
        found: list[NDArray[np.float32]] = [
            np.zeros((len(texts), table.shape[1]), np.float32) for table in self._evidence
        ]
        for at, text in enumerate(texts):
            known = [self._rows[word] for word in sorted(_terms(text)) if word in self._rows]
            for scores, table in zip(found, self._evidence, strict=True):
                scores[at] = table[known].sum(axis=0)
        return found


@cache
def frozen_reader() -> Reader:
    """The one reader of this vocabulary."""
    return Reader()


def _terms(text: str) -> Counter[str]:
    """Distinct words and pairs of neighbouring words; hyphenated words also by their parts."""
    plain = _WORD.findall(text.lower())
    parts = [part for word in plain if "-" in word for part in word.split("-")]
    pairs = [f"{first} {second}" for first, second in pairwise(plain)]
    return Counter(set(plain + parts + pairs))


def _count(texts: Sequence[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(_terms(text))
    return counted


def _what_words() -> list[Counter[str]]:
    return [_count([leaf.name, leaf.name, *leaf.subjects, *leaf.doings]) for leaf in subtopics()]


def _manner_words(facet: int) -> list[Counter[str]]:
    return [
        _count(
            [
                *(re.sub(r"\{.\}", "|", pattern) for pattern in manner.adjectives),
                *manner.sentences,
                manner.wish,
                *SERIES.get(manner.name, ()),
            ]
        )
        for manner in manners()[facet]
    ]


def _frame_words() -> Counter[str]:
    """The words around: they belong to no code."""
    openings = [opening for kind in words.OPENINGS for opening in kind]
    facts = ["Running time min", "Reading time min", "Free of charge", "Costs euros", "open to at with part nothing"]
    texts = [*openings, *words.ASIDES, *words.ELSEWHERE, *words.LEADS, *facts]
    return _count([re.sub(r"\{.\}", "|", text) for text in texts])
