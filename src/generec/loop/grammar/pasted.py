"""Blanks out what only pretends to be a wish: pasted or quoted commands, words about the machine, markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generec.evidence.characters import shown
from generec.evidence.markup import visible
from generec.loop.grammar.phrasebook import Phrases

PASTED = Phrases("pasted")

LONGEST = 2000
"""Characters of an instruction that are read."""

_QUOTED = re.compile(r"\"[^\"\n]{3,}\"|“[^”\n]{3,}”|«[^»\n]{3,}»|(?<![\w])'[^'\n]{12,}'(?!\w)|`[^`\n]{3,}`")
_SCRIPT = re.compile(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_INLINE = re.compile(r"</?(?:b|i|em|strong|u|mark|small|span)\b[^<>\n]{0,200}>", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n;:…]*(?:[.!?\n;:…]+|$)")


@dataclass(frozen=True)
class Plain:
    """A text fit to be read, and notes on what was left out."""

    text: str
    notes: tuple[str, ...] = ()


def plain(words: str) -> Plain:
    """The honest part of an instruction: at most `LONGEST` characters of visible text, pasted commands taken out."""
    notes = []
    if len(words) > LONGEST:
        words = words[:LONGEST]
        notes.append(f"only the first {LONGEST:,} characters were read")
    text, _ = shown(words)
    cut = PASTED["tags"].sub(" . ", _INLINE.sub("", _SCRIPT.sub(" . ", text)))
    if "<" in cut or "&" in cut:
        cut, _ = visible(cut)
    cut = PASTED["code"].sub(" . ", cut)
    kept = "".join(_honest(found.group()) for found in _SENTENCE.finditer(_unquoted(cut)))
    kept = re.sub(r"[^\S\n]+", " ", kept).strip()
    if kept.strip(" .") != re.sub(r"[^\S\n]+", " ", text).strip(" ."):
        notes.append("pasted text and commands were left out; they change nothing here")
    return Plain(kept, tuple(notes))


def _unquoted(text: str) -> str:
    """Quoted commands go; a quoted title or word stays, without its marks' meaning."""

    def kept(found: re.Match[str]) -> str:
        inner = found.group()[1:-1]
        command = PASTED["machine"].search(inner) or re.match(
            r"\s*(?:ignore|delete|forget|give|grant|always|never|do not|don't|reveal)\b", inner, re.IGNORECASE
        )
        return " , " if command else found.group()

    return _QUOTED.sub(kept, text)


def _honest(sentence: str) -> str:
    found = PASTED["machine"].search(sentence)
    if found is None:
        return sentence
    honest = PASTED["honest"].search(sentence, found.end())
    if honest:
        return " . " + sentence[honest.start() :]
    parts = re.split(r"(,| but | and then | - | – )", sentence)
    if len(parts) == 1:
        return " . "
    clean = (
        [part for part in parts[2::2] if not PASTED["machine"].search(part)]
        if PASTED["machine"].search(parts[0])
        else []
    )
    lead = [part for part in parts[:1] if not PASTED["machine"].search(part)]
    return " . " + " , ".join([*lead, *clean]) + " . "
