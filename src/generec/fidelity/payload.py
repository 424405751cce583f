"""What a person gets of a draft: the words, the bytes that are signed, and the items that it rests on."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict

from generec.records import Draft, SetPayload, TextPayload

CREDIT = "credit: "
"""Begins a note of a draft that names somebody to be credited."""
ADVERT = "advert: "
"""Begins the note of a draft that somebody paid for; the word that must say so follows."""

_TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")


def words(payload: TextPayload | SetPayload) -> str:
    """All words of a draft that a person reads."""
    if isinstance(payload, TextPayload):
        return "\n\n".join(part for part in (payload.title, payload.text) if part)
    shown = [payload.title, *(part for member in payload.members for part in (member.slot, member.reason))]
    return "\n".join(part for part in shown if part)


def rendering(payload: TextPayload | SetPayload) -> bytes:
    """The bytes that go out and are signed: the words of a text, the JSON of a set; UTF-8."""
    if isinstance(payload, TextPayload):
        return words(payload).encode()
    return json.dumps(asdict(payload), sort_keys=True, ensure_ascii=False).encode()


def digest(content: str | bytes) -> str:
    """sha256 of a rendering, the same after a change of Unicode form or of white space (a page wraps its lines).

    Raises UnicodeDecodeError on bytes that are no UTF-8.
    """
    text = content.decode() if isinstance(content, bytes) else content
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


def tokens(text: str) -> list[str]:
    """Words and punctuation marks: what the watermark counts."""
    return _TOKEN.findall(text)


def sources(draft: Draft) -> list[str]:
    """Ids of all items that a draft is made from or names, each once: parents, evidence, members."""
    members = [member.item_id for member in draft.payload.members] if isinstance(draft.payload, SetPayload) else []
    rested = [item_id for one in draft.evidence for item_id in (one.item_id, one.origin) if item_id is not None]
    return list(dict.fromkeys([*draft.parents, *rested, *members]))
