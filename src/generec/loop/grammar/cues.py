"""Words that change what follows: refusals, tastes, requests, hedges, and talk that carries nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generec.loop.grammar.marks import (
    ContrastMark,
    CueMark,
    Mark,
    NoiseMark,
    RefusedMark,
    SoftenMark,
    TotalMark,
    WordsMark,
)
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher

CUES = Phrases("cues")


def cues(matcher: Matcher) -> Iterator[Mark]:
    """Every cue of a sentence; where several overlap, the lexer keeps the longest."""
    for start, end, _ in matcher.all(CUES["request"]):
        yield CueMark(start, end, 1, request=True)
    for start, end, found in matcher.all(CUES["likes"]):
        if not CUES["request"].fullmatch(found.group()):
            yield CueMark(start, end, 1, soft=True, whole=found.group().endswith(" when"))
    for start, end, _ in matcher.all(CUES["loves"]):
        yield CueMark(start, end, 1, soft=True)
    for start, end, _ in matcher.all(CUES["hates"]):
        yield CueMark(start, end, -1, soft=True)
    for start, end, _ in matcher.all(CUES["when"]):
        yield CueMark(start, end, 1, soft=True, whole=True)
    for _, _, found in matcher.all(CUES["not_but"]):
        yield ContrastMark(*matcher.span(found, "not"), replaces=True)
    for _, _, found in matcher.all(CUES["all_but"]):
        yield CueMark(*matcher.span(found, "but"), -1)
    for start, end, _ in matcher.all(CUES["maybe"]):
        yield CueMark(start, end, 1, soft=True)
    for start, end, found in matcher.all(CUES["dislikes"]):
        yield CueMark(start, end, -1, soft=True, whole=found.group().endswith((" when", " how")))
    for start, end, _ in matcher.all(CUES["not_too"]):
        yield CueMark(start, end, -1, soft=True)
    for start, end, _ in matcher.all(CUES["not_do"]):
        yield CueMark(start, end, -1, whole=True)
    for start, end, found in matcher.all(CUES["never"]):
        joined = end < len(matcher.starts) and matcher.sentence.tokens[end].joined and found.group() == "no"
        if not joined:  # no-nonsense
            yield CueMark(start, end, -1)
    for start, end, found in matcher.all(CUES["contrast"]):
        yield ContrastMark(start, end, replaces=found.group() in ("instead of", "in place of"))
    for _, _, found in matcher.all(CUES["over"]):
        link = matcher.span(found, "link")
        yield ContrastMark(*link)
    for start, end, found in matcher.all(CUES["soften"]):
        asked = CUES["asked"].search(matcher.plain[: found.start()]) is not None
        yield NoiseMark(start, end) if asked else SoftenMark(start, end)
    for start, end, _ in matcher.all(CUES["refused"]):
        yield RefusedMark(start, end)
    for start, end, _ in matcher.all(CUES["repelled"]):
        yield RefusedMark(start, end, soft=True)
    for start, end, _ in matcher.all(CUES["none_of_that"]):
        yield RefusedMark(start, end, back=True)
    for start, end, _ in matcher.all(CUES["totals"]):
        yield TotalMark(start, end)
    for start, end, _ in matcher.all(CUES["each"]):
        yield TotalMark(start, end, each=True)
    for pattern in (CUES["noise"], CUES["thing"]):
        for start, end, _ in matcher.all(pattern):
            yield NoiseMark(start, end)
    for start, end, _ in matcher.all(CUES["restart"]):
        yield CueMark(start, end, 1)


def purposes(matcher: Matcher, known: Sequence[Mark]) -> Iterator[WordsMark]:
    """What something is for or how it is told, where nothing else is known of its words: `to cheer up my flatmate`."""
    for _, _, found in [*matcher.all(CUES["purpose"]), *matcher.all(CUES["telling"])]:
        start, end = matcher.span(found, "wish")
        if all(mark.end <= start or end <= mark.start for mark in known):
            yield WordsMark(start, end)


def likenesses(matcher: Matcher) -> Iterator[CueMark]:
    """`like`, `similar to`: what follows is an example."""
    for start, end, found in matcher.all(CUES["alike"]):
        lead = matcher.plain[: found.start()]
        if start and any(token.joined for token in matcher.sentence.tokens[start:end]):
            continue
        if found.group().endswith("like") and CUES["likes_before"].search(lead + found.group()):
            continue
        yield CueMark(start, end, 1, soft=True)
    for start, end, _ in matcher.all(CUES["unlike"]):
        yield CueMark(start, end, -1, soft=True)
    for _, _, found in matcher.all(CUES["as_as"]):
        yield CueMark(*matcher.span(found, "first"), 1)
        yield CueMark(*matcher.span(found, "second"), 1, soft=True)
