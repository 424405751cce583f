"""Whom something is for: children, teenagers, a family, beginners or experts."""

from __future__ import annotations

from collections.abc import Iterator

from generec.loop.grammar.marks import AudienceMark
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher
from generec.loop.numbers import cardinal

AUDIENCES = Phrases("audiences")

_PATTERNS = (
    ("family", "for_a_family"),
    ("children", "for_children"),
    ("teenagers", "for_teenagers"),
    ("beginners", "for_beginners"),
    ("experts", "for_experts"),
)

_AGES = ("age", "age2", "age3", "age4", "age5", "age6")


def audiences(matcher: Matcher) -> Iterator[AudienceMark]:
    """Every audience that is named. Who is merely spoken of (`about children`) is none."""
    young = [
        one
        for one in matcher.all(AUDIENCES["young"])
        if AUDIENCES["young_ones"].search(matcher.plain[: one[2].start()])
    ]
    for start, end, found in [*matcher.all(AUDIENCES["age"]), *young]:
        told = found.groupdict()
        word = next(told[name] for name in _AGES if told.get(name))
        age = next((one for ending in ("", "s", "es") if (one := cardinal([word.removesuffix(ending)], 0))), None)
        if age is not None and age[0] < 18:
            yield AudienceMark(start, end, "children" if age[0] <= 12 else "teenagers", told=True)
    for name, said in _PATTERNS:
        for start, end, found in matcher.all(AUDIENCES[said]):
            if not AUDIENCES["not_after"].search(matcher.plain[: found.start()]):
                yield AudienceMark(start, end, name, told=found.group().startswith("for "))
