"""What is said of an item that was named: `was lovely`, `bored me to tears`."""

from __future__ import annotations

from collections.abc import Sequence

from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.words import ADVERBS, BAD, DEGREES, MOODS, STOPS

READER = Phrases("reader")


def judged(words: str) -> bool:
    """Whether words begin with what a good or a bad item did."""
    return any(READER[name].match(words) for name in ("bad_verbs", "good_verbs"))


def judgement(forms: Sequence[str], at: int) -> tuple[int, int]:
    """The sign of a judgement that begins at a token, 0 where none does, and the token after it."""
    said = READER["bad_verbs"].match(" ".join(forms[at:]))
    if said:
        return -1, at + len(said.group().split())
    said = READER["good_verbs"].match(" ".join(forms[at:]))
    if said:
        return 1, at + len(said.group().split())
    if at >= len(forms) or forms[at] not in ("was", "is", "were", "are"):
        return 0, at
    refused = "not" in forms[at + 1 : at + 2]
    end = at + 1 + refused
    while end < len(forms) and forms[end] in DEGREES | ADVERBS and forms[end] not in MOODS:
        end += 1
    word, after = [*forms[end : end + 2], "", ""][:2]
    closes = not after or after in STOPS or after in (",", "and", "but", "so")
    if not closes or (word not in MOODS and word not in BAD):
        return 0, at
    return (-1 if (word in BAD) != refused else 1), end + 1
