"""What stands after a conversation, from its messages alone: nothing of it is remembered here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from generec.loop.pointing import points
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
    past = _Past(talker, base)
    for said in words[:-1]:
        past.heard(said)

    def tell(guidance: Guidance) -> None:
        if not past.undone(guidance):
            told(guidance)

    turn = talker.turn(past.then(words[-1]), tell)
    if not past.undone(turn.guidance):
        return turn
    past.states.pop()
    return past.again(told)


@dataclass(frozen=True)
class _Past:
    """What was understood so far, a state for each turn that stands; the first one is nothing."""

    talker: Talker
    base: Said
    states: list[Guidance | None] = field(default_factory=lambda: [None])

    def heard(self, words: str) -> None:
        """One turn of the past: what it meant, without the answer to it."""

        def stop(guidance: Guidance) -> None:
            raise _UnderstoodError(guidance)

        try:
            found = self.talker.turn(self.then(words), stop).guidance
        except _UnderstoodError as understood:
            found = understood.guidance
        if self.undone(found):
            self.states.pop()
            return
        if found.act == "reset":
            del self.states[1:]
        self.states.append(found)

    def undone(self, guidance: Guidance) -> bool:
        """Whether it takes a turn back, and there is one."""
        return guidance.act == "undo" and len(self.states) > 1

    def then(self, words: str) -> Said:
        """The words after what stands: that is this server's own reading, a question that was put included.

        The slate before is made again only for words that point at a place of it.
        """
        shown: tuple[str, ...] = ()
        if self.states[-1] is not None and points(words):
            slate = self.again(lambda guidance: None).slate
            shown = tuple(one.item_id for one in slate if one.item_id is not None)
        return replace(self.base, words=words, before=self.states[-1], shown=shown)

    def again(self, told: Callable[[Guidance], None]) -> Turn:
        """The answer to what stands."""
        before = owned(self.states[-1] or Guidance(), self.base.person, asking=True)
        return self.talker.turn(replace(self.base, guidance=before), told)
