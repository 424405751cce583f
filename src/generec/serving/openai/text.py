"""A turn as plain text, in pieces that can be streamed, and how its length is counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
    return f"Understood: {'; '.join(phrases(guidance, catalog)) or 'nothing in particular'}.\n"


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


def phrases(guidance: Guidance, catalog: Catalog) -> list[str]:
    """The guidance in short phrases, one per wish; items by their titles."""
    made = f" a {guidance.kind}" if guidance.kind else ""
    found = [] if guidance.act == "recommend" else [f"{guidance.act.replace('_', ' ')}{made}"]
    found += [str(condition) for condition in guidance.conditions]
    for sign, tastes in (("likes", guidance.likes), ("not", guidance.dislikes)):
        found += [f"{sign} {taste.words or taste.condition}" for taste in tastes]
    for anchor in guidance.anchors:
        title = catalog.titles([anchor.item_id])[0] if anchor.item_id in catalog else anchor.item_id
        found.append(f"{'like' if anchor.weight > 0 else 'unlike'} {title}")
    found += [f"{'more' if each.sign > 0 else 'less'} {each.field}" for each in guidance.directions]
    for total in guidance.totals:
        low = [f"at least {total.low:g}"] if total.low is not None else []
        high = [f"at most {total.high:g}"] if total.high is not None else []
        found.append(f"{total.field} in all {' and '.join([*low, *high])}")
    found += [f"{guidance.count} items"] if guidance.count else []
    found += [f"for {guidance.audience}"] if guidance.audience else []
    return [line(each) for each in found]
