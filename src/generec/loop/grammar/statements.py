"""Which words only tell of the speaker, the service or the weather, so that no wish is read from them."""

from __future__ import annotations

import itertools
import re

from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher
from generec.records import Act

STATEMENTS = Phrases("statements")


def stated(matcher: Matcher, act: Act) -> frozenset[int]:
    """The tokens of clauses from which neither words nor values are read."""
    silent: set[int] = set()
    borders = [0, *(found.start() for found in STATEMENTS["cuts"].finditer(matcher.plain)), len(matcher.plain)]
    for first, last in itertools.pairwise(borders):
        text = re.sub(r"^(?:[.!?;:,()…]+|but|so|because|and|though) ?", "", matcher.plain[first:last]).strip()
        start = matcher.plain.find(text, first) if text else first
        if _silent(text, act):
            silent.update(range(matcher.at(start), matcher.at(start + len(text))))
    for start, end, _ in matcher.all(STATEMENTS["others"]):
        silent.update(range(start, end))
    return frozenset(silent)


def _silent(text: str, act: Act) -> bool:
    if not text:
        return False
    if STATEMENTS["service"].fullmatch(text) and not re.search(
        r"(?<!\S)(?:show|recommend|suggest|looking for|want (?:a|an|some)|need (?:a|an|some)|have (?:a|an|any)|with) ",
        text.split(" in ")[0],
    ):
        return True
    if (
        act in ("undo", "reset", "stop_creating")
        and re.match(r"(?:it|this|that|i|they|those|these|we|you) ", text)
        and not re.search(r"(?:want|like|need|looking|would|show)", text)
    ):
        return True
    if STATEMENTS["body"].search(text):
        return False
    started = STATEMENTS["start"].match(text)
    if started is None or (STATEMENTS["have"].match(text) and re.search(r"\d|hour|minute|euro|dollar", text)):
        return bool(
            STATEMENTS["have"].match(text) and re.search(r"\d|hour|minute|euro|dollar", text) and " to " not in text
        )
    return STATEMENTS["wishes"].search(text) is None
