"""What the answers to a question would say, and which of them a person gave."""

from __future__ import annotations

import re
from dataclasses import replace

from generec.loop.grammar.words import FUNCTION
from generec.records import Anchor, Guidance, Question, Source, Stated, Taste

_WORD = re.compile(r"[^\W_]+")
_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
_LONGEST = 8  # words of an answer; more are a new wish


def read_as(guidance: Guidance, question: Question, at: int, turn: int = 0) -> Guidance:
    """The guidance under one reading of its question. turn: in which it was chosen."""
    chosen, text = question.readings[at], question.options[at]
    source = Source("instruction", text, turn)
    others = {one.hard for place, one in enumerate(question.readings) if place != at}
    hard = tuple(one for one in guidance.hard if one.condition not in others)
    if chosen.hard is not None and chosen.hard not in guidance.conditions:
        hard = (*hard, Stated(chosen.hard, source))
    read = replace(guidance, hard=hard, question=None)
    if chosen.like is not None:
        read = replace(read, likes=(*read.likes, Taste(1.0, chosen.like, "", source)))
    if chosen.item_id is None:
        return read
    if guidance.act in ("edit", "explain"):
        return replace(read, item_id=chosen.item_id)
    return replace(read, anchors=(*read.anchors, Anchor(chosen.item_id, 1.0, source)))


def answered(words: str, question: Question) -> int | None:
    """Which option a person chose: by its place, or by words that only it has; None where that is not clear."""
    if len(question.readings) != len(question.options):
        return None
    if question.options.count(words.strip()) == 1:
        return question.options.index(words.strip())
    said = [word.lower() for word in _WORD.findall(words)]
    if len(said) > _LONGEST:
        return None
    places = [at for at, place in enumerate(_PLACES[: len(question.options)]) if place in said]
    telling = {word for word in said if word not in FUNCTION and word not in _PLACES}
    if len(places) == 1 and not telling:
        return places[0]
    offered = [{word.lower() for word in _WORD.findall(option)} for option in question.options]
    fitting = [at for at, option in enumerate(offered) if telling and telling <= option]
    whole = [at for at in fitting if telling >= offered[at] - FUNCTION]
    found = whole if len(whole) == 1 else fitting
    return found[0] if len(found) == 1 else None
