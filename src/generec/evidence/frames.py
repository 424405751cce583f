"""The closed list of words with which a text may turn to a person, and what each of them needs as evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """`opening` <what the person said or likes> `:` <facts about the item>. Needs person evidence of the `field`."""

    opening: str
    field: str

    def words(self, phrase: str) -> str:
        return f"{self.opening} {phrase}: "


BECAUSE_YOU_LIKE = Frame("Because you like", "likes")
YOU_ASKED_FOR = Frame("You asked for", "asked")
FRAMES = (BECAUSE_YOU_LIKE, YOU_ASKED_FOR)


@dataclass(frozen=True)
class Framed:
    """A text that opens with a frame: the frame, where the phrase stands, and where what follows begins."""

    frame: Frame
    start: int
    end: int
    body: int


def framed(text: str) -> Framed | None:
    """The frame that a text opens with; its phrase ends at the first colon that is followed by a space."""
    for frame in FRAMES:
        found = re.match(rf"\s*{re.escape(frame.opening)}\s+(\S.*?)\s*:\s+", text, re.IGNORECASE | re.DOTALL)
        if found is not None:
            return Framed(frame, found.start(1), found.end(1), found.end())
    return None
