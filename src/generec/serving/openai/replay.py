"""What stands after a conversation, from its messages alone: nothing of it is remembered here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from generec.records import Guidance, Turn
from generec.serving.api.talker import Said, Talker
from generec.serving.api.wishes import owned


class _UnderstoodError(Exception):
    """Ends a turn of the past where its words are understood: what it showed is not asked for again."""

    def __init__(self, guidance: Guidance):
        self.guidance = guidance


def answered(talker: Talker, words: Sequence[str], base: Said, told: Callable[[Guidance], None]) -> Turn:
    """The turn of the last words, after those before them; an undo answers as before the words that it takes back.

    told: hears what was understood, but not of an undo, whose answer is an earlier one.
    """
    states: list[Guidance | None] = [None]
    for said in words[:-1]:
        found = _understood(talker, _after(states, replace(base, words=said)))
        if found.act == "undo" and len(states) > 1:
            states.pop()
            continue
        if found.act == "reset":
            states = [None]
        states.append(found)

    def tell(guidance: Guidance) -> None:
        if guidance.act != "undo" or len(states) < 2:
            told(guidance)

    turn = talker.turn(_after(states, replace(base, words=words[-1])), tell)
    if turn.guidance.act != "undo" or len(states) < 2:
        return turn
    states.pop()
    before = states[-1] or Guidance()
    again = owned(before, base.person) or before
    return talker.turn(replace(base, guidance=replace(again, question=before.question)), told)


def _after(states: Sequence[Guidance | None], said: Said) -> Said:
    """The words after what stands: that is this server's own reading, a question that was put included."""
    return replace(said, before=states[-1])


def _understood(talker: Talker, said: Said) -> Guidance:
    """What words mean, without the answer to them."""

    def stop(guidance: Guidance) -> None:
        raise _UnderstoodError(guidance)

    try:
        return talker.turn(said, stop).guidance
    except _UnderstoodError as found:
        return found.guidance
