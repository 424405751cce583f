"""A turn as plain text, in pieces that can be streamed, and how its length is counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from generec.loop.chips import chips
from generec.records import Candidate, Guidance, SetPayload, Turn
from generec.types import Catalog

COUNTED = r"\w+|[^\w\s]"
"""A token of the usage figures: a run of letters and digits, or another visible character."""
_TOKEN = re.compile(COUNTED)


def tokens(text: str) -> int:
    """How long a text is by the rule of `COUNTED`."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(pieces: Iterable[str], most: int | None) -> Iterator[str]:
    """The pieces up to so many tokens, the last one ending with its last token that fits."""
    left = most
    for piece in pieces:
        if left is None:
            yield piece
            continue
        found = list(_TOKEN.finditer(piece))
        if len(found) > left:
            if left:
                yield piece[: found[left - 1].end()]
            return
        left -= len(found)
        yield piece


def understood(guidance: Guidance, catalog: Catalog) -> str:
    """The first line of an answer: what was understood, so that it can be corrected."""
    return f"Understood: {'; '.join(chips(guidance, catalog)) or 'nothing in particular'}.\n"


def rest(turn: Turn, catalog: Catalog) -> Iterator[str]:
    """What follows it: what there is to say, the slate, and last the question where one is asked."""
    asked = turn.question.text if turn.question is not None else ""
    message = " ".join(turn.message.replace(asked, "").split()) if asked else turn.message
    if message:
        yield f"\n{message}\n"
    if turn.slate:
        yield "\n"
    for place, candidate in enumerate(turn.slate, 1):
        yield from _place(place, candidate, catalog)
    if turn.question is not None:
        options = f" ({' / '.join(turn.question.options)})" if turn.question.options else ""
        yield f"\n{line(asked).rstrip('?.')}{options}?\n"


def _place(place: int, candidate: Candidate, catalog: Catalog) -> Iterator[str]:
    named = f" ({candidate.item_id})" if candidate.item_id else ""
    label = f"[{candidate.label or candidate.mode}] " if candidate.mode != "retrieved" else ""
    reason = f": {line(candidate.reason)}" if candidate.reason else ""
    yield f"{place}. {label}{line(candidate.title)}{named}{reason}\n"
    payload = candidate.draft.payload if candidate.draft is not None else None
    if isinstance(payload, SetPayload):
        ids = [member.item_id for member in payload.members]
        for member, title in zip(payload.members, catalog.titles(ids), strict=True):
            why = f": {line(member.reason)}" if member.reason else ""
            yield f"   - {line(title)} ({member.item_id}){why}\n"
    elif payload is not None:
        yield f"   {line(payload.text)}\n"


def line(text: str) -> str:
    """A text of the catalogue on one line: it cannot pose as another place of the list."""
    return " ".join(text.split())
