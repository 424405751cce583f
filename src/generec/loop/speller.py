"""Puts misspelt words right: a word nobody knows becomes the known word that one or two slips away."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

SHORTEST = 4
"""Shorter words have too many neighbours."""
RARER = 100
"""How much rarer than the word meant a misspelling is where texts hold it more than once."""
LONG = 8
"""From this length on, two slips are believed."""


@dataclass(frozen=True)
class Speller:
    """Known words, and those that others may be corrected to, by first letter."""

    known: frozenset[str]
    targets: Mapping[str, tuple[str, ...]]
    counts: Mapping[str, int]

    @staticmethod
    def of(targets: Iterable[str], texts: Sequence[str]) -> Speller:
        """targets: words of the catalogue's values; texts: where other real words are found (seen twice or more)."""
        from generec.loop.grammar.english import ENGLISH
        from generec.loop.grammar.known import grammar_words
        from generec.loop.grammar.words import CUES

        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(re.findall(r"[^\W\d_]+", text.lower())))
        wanted = {*targets, *CUES}
        letters: dict[str, list[str]] = defaultdict(list)
        for word in sorted(wanted):
            if len(word) >= SHORTEST:
                letters[word[0]].append(word)
        known = wanted | ENGLISH | grammar_words()
        return Speller(frozenset(known), {letter: tuple(words) for letter, words in letters.items()}, counts)

    def correct(self, word: str) -> str:
        """The word meant; the word itself where it is known or nothing is near."""
        if len(word) < SHORTEST or word in self.known or not word.isalpha():
            return word
        found = self.nearest(word, self.targets.get(word[0], ()))
        seen = self.counts.get(word, 0)
        return found if seen < 2 or self.counts.get(found, 0) > RARER * seen else word

    def nearest(self, word: str, among: Iterable[str]) -> str:
        allowed = 2 if len(word) >= LONG else 1
        best, least = word, allowed + 1
        for other in among:
            if abs(len(other) - len(word)) < least:
                found = slips(word, other, least - 1)
                if found < least:
                    best, least = other, found
        return best


def slips(one: str, other: str, most: int) -> int:
    """Letters added, lost, changed or swapped with their neighbour between two words; `most` + 1 if there are more."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        older, before, row = before, row, [at]
        for place, against in enumerate(other, 1):
            cost = min(before[place] + 1, row[-1] + 1, before[place - 1] + (letter != against))
            if at > 1 and place > 1 and letter == other[place - 2] and one[at - 2] == against:
                cost = min(cost, older[place - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
