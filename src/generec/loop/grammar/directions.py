"""More or less of an ordered field, without a number: shorter, not too pricey, the older the better."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from generec.loop.grammar.marks import DirectionMark, Role
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, phrase

DIRECTIONS = Phrases("directions")

_TABLE: tuple[tuple[Role, Literal[-1, 1], str], ...] = (
    ("duration", -1, "duration_less_whole"),
    ("duration", 1, "duration_more_whole"),
    ("price", -1, "price_less_whole"),
    ("price", 1, "price_more_whole"),
    ("year", 1, "year_more_whole"),
    ("year", -1, "year_less_whole"),
    ("energy", 1, "energy_more_whole"),
    ("energy", -1, "energy_less_whole"),
    ("rank", -1, "rank_less_whole"),
    ("rank", 1, "rank_more_whole"),
)
_BETTER: tuple[tuple[Role, Literal[-1, 1], str], ...] = (
    ("year", -1, "year_less_said"),
    ("year", 1, "year_more_said"),
    ("duration", -1, "duration_less_said"),
    ("duration", 1, "duration_more_said"),
    ("price", -1, "price_less_said"),
    ("price", 1, "price_more_said"),
    ("energy", 1, "energy_more_said"),
    ("energy", -1, "energy_less_said"),
)


def directions(matcher: Matcher, roles: Roles) -> Iterator[DirectionMark]:
    """Every direction whose field the catalogue has, with a negation in front of it turned round."""
    taken = [(start, end) for start, end, _ in matcher.all(DIRECTIONS["not_new"])]
    for role, sign, said in _BETTER:
        if role in roles.fields:
            for start, end, _ in matcher.all(DIRECTIONS[said]):
                yield DirectionMark(start, end, roles.fields[role], sign)
    for role, sign, said in _TABLE:
        if role not in roles.fields:
            continue
        for start, end, _ in matcher.all(DIRECTIONS[said]):
            if any(start < last and first < end for first, last in taken):
                continue
            begin, turned = _turned(matcher, start)
            yield DirectionMark(begin, end, roles.fields[role], -sign if turned else sign)
    yield from _named(matcher, roles)


def _turned(matcher: Matcher, start: int) -> tuple[int, bool]:
    """Where a negation or `too` before a direction begins, and whether there is one."""
    for pattern in (DIRECTIONS["turned"], DIRECTIONS["too"]):
        for found in pattern.finditer(matcher.plain[: matcher.starts[start]]):
            if matcher.at(found.end()) == start:
                return matcher.at(found.start()), True
    return start, False


def _named(matcher: Matcher, roles: Roles) -> Iterator[DirectionMark]:
    """`more energy`, `a lower price`: a field by its name."""
    for name in sorted(roles.numeric):
        said = name.replace("_", " ")
        if len(said) < 4:
            continue
        for words, sign in ((rf"(?:more|higher|greater) {said}", 1), (rf"(?:less|lower|smaller) {said}", -1)):
            for start, end, _ in matcher.all(phrase(words)):
                yield DirectionMark(start, end, name, sign)  # type: ignore[arg-type]
