"""Lays marks over a sentence: titles, values, bounds, audiences, directions and cues, the longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from generec.loop.grammar.audiences import audiences
from generec.loop.grammar.bounds import Bounds
from generec.loop.grammar.counts import counts
from generec.loop.grammar.cues import cues, likenesses, purposes
from generec.loop.grammar.directions import directions
from generec.loop.grammar.marks import (
    AudienceMark,
    BoundMark,
    ContainsMark,
    ContrastMark,
    CountMark,
    CueMark,
    DirectionMark,
    Mark,
    NoiseMark,
    RefusedMark,
    SoftenMark,
    TitleMark,
    ValueMark,
)
from generec.loop.grammar.named import NamedItems
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, Sentence, Token, phrase
from generec.loop.grammar.values import Values
from generec.loop.grammar.words import GENERIC, SERVICE
from generec.loop.lexicon import Lexicon
from generec.loop.numbers import quantities
from generec.loop.titles import Titles

LEXER = Phrases("lexer")
_RANKS: tuple[type[Mark], ...] = (
    TitleMark,
    ContainsMark,
    BoundMark,
    CountMark,
    AudienceMark,
    ValueMark,
    DirectionMark,
    SoftenMark,
    RefusedMark,
    ContrastMark,
    CueMark,
)
_SERVICE = phrase("|".join(sorted(SERVICE, key=len, reverse=True)))


@dataclass(frozen=True)
class Lexer:
    """The marks of one catalogue's sentences."""

    lexicon: Lexicon
    titles: Titles
    roles: Roles

    def marks(
        self,
        sentence: Sentence,
        fixed: Iterable[Mark] = (),
        usual: str | None = None,
        adjusting: bool = False,
        about: tuple[int, int] | None = None,
    ) -> list[Mark]:
        """Marks that do not overlap, in order. `fixed` are laid first: what the act and the dialogue already took."""
        matcher = Matcher.of(sentence)
        tokens = sentence.tokens
        stems = ["and" if token.form == "&" else token.stem if token.is_word else "" for token in tokens]
        numbers = quantities(tokens)
        laid = sorted(fixed, key=lambda mark: mark.start)
        taken = {place for mark in laid for place in range(mark.start, mark.end)}
        free = ["" if at in taken else one for at, one in enumerate(stems)]
        named = Values(self.lexicon)
        values = [*named.activities(matcher), *named.marks(tokens, free, matcher)]
        titled = list(
            NamedItems(self.lexicon, self.titles, self.roles).marks(
                tokens, stems, matcher, values, laid, about or (0, 0)
            )
        )
        found: list[Mark] = [*titled, *values]
        found += self._contained(matcher)
        many = {mark.start for mark in counts(sentence, numbers, values) if _at_most(matcher, mark, values)}
        measured = [one for one in numbers if one.start not in many]
        bounds = list(Bounds(self.roles, usual, adjusting).marks(matcher, measured))
        found += bounds
        heard = list(audiences(matcher))
        found += heard
        found += directions(matcher, self.roles)
        found += (_before(_after(mark, heard), titled) for mark in cues(matcher))
        found += likenesses(matcher)
        found += purposes(matcher, [*titled, *values, *bounds, *heard])
        found += (NoiseMark(start, end) for start, end, _ in matcher.all(_SERVICE))
        chosen = _chosen(laid, found, tokens)
        counted = list(counts(sentence, numbers, chosen))
        return sorted([*chosen, *counted], key=lambda mark: mark.start)

    def _contained(self, matcher: Matcher) -> Iterator[ContainsMark]:
        frame = self.lexicon.frame
        for start, end, found in matcher.all(LEXER["in_title"]):
            words = found["words"] or found["words2"] or found["words3"]
            field = (found["field"] or found["field2"] or "title").rstrip("s")
            field = "title" if field == "name" else field
            quoted = re.search(r"[\"'“‘]", found.group()) or re.search(r"\bwords?\b", found.group())
            words = re.sub(
                r"^(?:with|the|an?|words?|has|have|having|containing|something|anything|one|it|that|which|is|are) ",
                "",
                words,
            )
            if field in frame.columns and (quoted or len(words.split()) <= 2):
                yield ContainsMark(start, end, field, words.strip(" \"'"))


def _at_most(matcher: Matcher, count: CountMark, values: list[ValueMark]) -> bool:
    """Whether a comparison before a number is said of how many items there are: `up to five videos`."""
    tokens, at = matcher.sentence.tokens, count.end
    if [token.form for token in tokens[at : at + 2]] == ["or", "so"]:  # three or so films
        return True
    value = next((mark for mark in values if mark.start == at), None)
    end = value.end if value is not None else at + 1
    named = value is not None or (at < len(tokens) and tokens[at].form in GENERIC)
    many = named and tokens[end - 1].form.endswith("s")
    return many and LEXER["so_many"].search(matcher.plain[: matcher.starts[count.start]]) is not None


def _after(mark: Mark, heard: list[AudienceMark]) -> Mark:
    """A cue without the audience that it begins with: `my kids adore`."""
    end = next((one.end for one in heard if one.start == mark.start and one.end < mark.end), mark.start)
    return replace(mark, start=end) if isinstance(mark, CueMark) else mark


def _before(mark: Mark, titled: list[Mark]) -> Mark:
    """A cue without the article of the title that follows it: `not The Paper Chase`."""
    end = next((one.start for one in titled if mark.start < one.start == mark.end - 1), mark.end)
    return replace(mark, end=end) if isinstance(mark, CueMark) else mark


def _chosen(laid: list[Mark], found: list[Mark], tokens: tuple[Token, ...]) -> list[Mark]:
    """The marks laid first, then the longest; at equal length by kind."""
    taken = [False] * len(tokens)
    for mark in laid:
        for place in range(mark.start, mark.end):
            taken[place] = True
    chosen = list(laid)

    def rank(mark: Mark) -> tuple[int, int, int]:
        kind = next((at for at, one in enumerate(_RANKS) if isinstance(mark, one)), len(_RANKS))
        return -(mark.end - mark.start), kind, mark.start

    for mark in sorted(found, key=rank):
        if mark.end > mark.start and not any(taken[mark.start : mark.end]):
            chosen.append(mark)
            for place in range(mark.start, mark.end):
                taken[place] = True
    return chosen
