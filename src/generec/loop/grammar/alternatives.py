"""Which wishes of a turn are alternatives: values of one field that `or`, `either` or a list joins."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import replace

from generec.loop.grammar.found import Wish
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher, Token
from generec.loop.grammar.words import ARTICLES, GENERIC, word_set

READER = Phrases("reader")
_BESIDE = word_set("by from about on with either maybe else even perhaps at in for to possibly just")


def alternatives(wishes: list[Wish], matcher: Matcher, counted: Collection[int] = ()) -> list[Wish]:
    """Values of one field that `or`, `either`, a list or numbers join form a group. counted: where numbers of items
    stand: `two westerns and three comedies`."""
    tokens = matcher.sentence.tokens
    either = READER["either"].search(matcher.plain) is not None
    named = [at for at, wish in enumerate(wishes) if wish.named is not None]
    links = []
    for one, two in itertools.pairwise(named):
        parted = any(wishes[one].end <= at < wishes[two].start for at in counted)
        links.append(_link(tokens, wishes[one], wishes[two], either, parted))
    group = 0
    for place in range(len(links) - 1, -1, -1):
        one, two = named[place], named[place + 1]
        joined = links[place] == "or" or (links[place] == "," and wishes[two].group and _or_after(two, named, links))
        if joined:
            group = wishes[two].group or group + 1
            wishes[two] = replace(wishes[two], group=group)
            wishes[one] = replace(wishes[one], group=group)
    return wishes


def _or_after(at: int, named: list[int], links: list[str]) -> bool:
    return "or" in links[named.index(at) :][:4]


def _link(tokens: tuple[Token, ...], one: Wish, two: Wish, either: bool, counted: bool) -> str:
    if (
        one.named is None
        or two.named is None
        or one.named.field != two.named.field
        or one.sign != two.sign
        or one.soft != two.soft
    ):
        return ""
    between = [token.form for token in tokens[one.end : two.start]]
    if one.start == two.start:
        return ""
    rest = [form for form in between if form not in GENERIC | ARTICLES | _BESIDE]
    if ("or" in between or counted) and len(rest) <= 3:
        return "or"
    if rest in (["and"], ["&"], ["nor"], [",", "and"]):
        return "or" if either else "and"
    return "," if rest == [","] or rest == [] else ""
