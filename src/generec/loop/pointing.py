"""Items that are named by their place in what was shown: the second one, number 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from generec.records import Anchor, Guidance, Source

_NAMES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_PLACE = rf"(?P<name>{'|'.join(_NAMES)}|last) one\b|(?:number|no\.?|#) ?(?P<number>\d+)\b"
_POINTED = re.compile(rf"(?:\bthe |\byour |\bthat )?(?:{_PLACE})", re.IGNORECASE)
_LIKE = re.compile(r"\b(?:like|similar to)(?: the)? $", re.IGNORECASE)
_UNLIKE = re.compile(r"\b(?:not|nothing|unlike) (?:(?:like|as)(?: the)? )?$", re.IGNORECASE)


def pointed(guidance: Guidance, words: str, shown: Sequence[str], turn: int = 0) -> Guidance:
    """The guidance with the item that the words point at: what is edited or explained, else an example.

    shown: item ids of the last slate in its order; words that point at none of them change nothing.
    """
    found = _POINTED.search(words)
    item_id = _at(found, shown) if found is not None else None
    if found is None or item_id is None:
        return guidance
    said = found.group().lower()
    guidance = replace(
        guidance, unread=tuple(one for one in guidance.unread if one.lower() not in said),
        likes=tuple(one for one in guidance.likes if not one.words or one.words.lower() not in said),
    )  # fmt: skip
    if guidance.act in ("edit", "explain"):
        return guidance if guidance.item_id is not None else replace(guidance, item_id=item_id)
    before = words[: found.start()]
    sign = -1.0 if _UNLIKE.search(before) else 1.0 if _LIKE.search(before) else 0.0
    if not sign:
        return guidance
    example = Anchor(item_id, sign, Source("instruction", found.group(), turn))
    return replace(guidance, anchors=(*(one for one in guidance.anchors if one.item_id != item_id), example))


def points(words: str) -> bool:
    """Whether words name something by its place: only then does anybody need to know what was shown."""
    return _POINTED.search(words) is not None


def _at(found: re.Match[str], shown: Sequence[str]) -> str | None:
    if found["number"] is not None:
        place = int(found["number"]) - 1 if len(found["number"]) < 4 else -1
    else:
        name = found["name"].lower()
        place = len(shown) - 1 if name == "last" else _NAMES.index(name)
    return shown[place] if 0 <= place < len(shown) else None
