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
    common: frozenset[str]  # of the targets, those meant more often
    names: Mapping[str, tuple[str, ...]]  # words of makers and places
    ordinary: Mapping[str, tuple[str, ...]]  # words that name nothing

    @staticmethod
    def of(values: Iterable[str], parts: Iterable[str], names: Iterable[str], texts: Sequence[str]) -> Speller:
        """values: words that are values; parts: words of longer values; texts: where other real words are found."""
        from generec.loop.grammar.english import ENGLISH
        from generec.loop.grammar.known import grammar_words
        from generec.loop.grammar.words import CUES, FUNCTION, MOODS

        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(set(re.findall(r"[^\W\d_]+", text.lower())))
        common = frozenset(values) | CUES
        wanted = common | frozenset(parts)
        named = frozenset(names)
        graded = {
            form
            for mood in MOODS
            for form in (mood + "er", mood + "r", mood[:-1] + "ier", mood + "est", mood[:-1] + "iest", mood + "ly")
        }
        known = wanted | ENGLISH | grammar_words() | named | graded
        plain = _by_letter(FUNCTION | MOODS)
        return Speller(known, _by_letter(wanted), counts, common, _by_letter(named), plain)

    def candidates(self, word: str, named: bool = False) -> tuple[str, ...]:
        """The words that may be meant, the likeliest first; none where the word is known or nothing is near.

        named: whether it may be a name, by a capital or by what stands before it.
        """
        if len(word) < SHORTEST or not word.isalpha() or word in self.known:
            return ()
        seen = self.counts.get(word, 0)
        near = self.nearest(word, self.names.get(word[0], ())) if named and len(word) > SHORTEST else ()
        near = near or self.nearest(word, self.targets.get(word[0], ()))
        if _inflected(word, self.known):
            near = tuple(other for other in near if slips(word, other, 1) == 1)
        elif not near and not seen and not named and len(word) > SHORTEST:
            near = self.nearest(word, self.ordinary.get(word[0], ()))[:1]
        return tuple(other for other in near if seen < 2 or self.counts.get(other, 0) > RARER * seen)

    def nearest(self, word: str, among: Iterable[str]) -> tuple[str, ...]:
        """Those that are the fewest slips away, within what is believed; common words first, then swaps of letters."""
        least = 2 if len(word) >= LONG else 1
        found: list[tuple[bool, bool, str]] = []
        for other in among:
            if abs(len(other) - len(word)) > least:
                continue
            number = slips(word, other, least)
            if number < least:
                found, least = [], number
            if number == least:
                found.append((other not in self.common, sorted(word) != sorted(other), other))
        return tuple(other for *_, other in sorted(found))


def _inflected(word: str, known: frozenset[str]) -> bool:
    """Whether a word is a known one with an ending: `lectures`, `baked`, `trekking`."""
    for ending in ("s", "ed", "ing"):
        stump = word.removesuffix(ending)
        if stump == word or len(stump) < SHORTEST - 1:
            continue
        verbs = (stump + "e", stump[:-1]) if ending != "s" and stump[-1] == stump[-2] else (stump + "e",)
        if stump in known or (ending != "s" and not known.isdisjoint(verbs)):
            return True
    return False


def _by_letter(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    letters: dict[str, list[str]] = defaultdict(list)
    for word in sorted(words):
        if len(word) >= SHORTEST:
            letters[word[0]].append(word)
    return {letter: tuple(found) for letter, found in letters.items()}


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
