"""Blanks out what only pretends to be a wish: pasted or quoted commands, words about the machine, markup."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generec.evidence.characters import shown
from generec.evidence.markup import visible

LONGEST = 2000
"""Characters of an instruction that are read."""

_MACHINE = re.compile(
    r"\b(?:system (?:prompt|override|message|instructions?|rules?)|(?:your|the|all|any|previous|prior|above|these|those|my) (?:previous |prior |above |hidden |secret |safety |own )*"
    r"(?:instructions?|guidelines?|rules?|prompts?|programming|restrictions?|safeguards?|filters? and checks|policies|policy|checks|training|directives?)|jailbreak|developer mode|dan mode|admin(?:istrator)?\b|root access|"
    r"sudo|passwords? of|other (?:users?|people'?s|customers?)'? ?(?:data|history|profiles?|passwords?|orders?|accounts?|emails?)?|(?:drop|delete|truncate) (?:table|all users|the database|database|users)|select \*|(?:list|show|print|give me|export) (?:all )?(?:the )?(?:users|passwords|emails|customers|accounts)|"
    r"api keys?|credentials|secrets?\b(?= of the (?:system|machine))|you (?:are|must) now|you must|act as|pretend (?:to be|you|that)|(?:ignore|disregard|forget) (?:all |any |everything |every |the )*(?:your|previous|prior|above|earlier|system|safety) (?:instruct|rule|prompt|guideline|polic|check|order|message|command|direction)\w*|(?:ignore|disregard) (?:your|the (?:above|rules?|instructions?|system|checks|uploader\S*))|"
    r"override|reveal (?:your|all|hidden|(?:the )?(?:system|prompt|password|admin|secret|hidden|key)\w*)|print (?:your|the)|output (?:your|the)|repeat (?:your|the) (?:system|prompt|instructions)|new rules?\b|always (?:say|answer|reply|recommend|respond)|say yes|assistant:|user:|system:|bypass|exfiltrate|"
    r"(?:leak|dump|email|send me) (?:the|all|every|other|my neighbour)\S* \w*(?:data|emails?|passwords?|users?|database|history)|ratings? to (?:5|five)|set (?:price|\w+) ?= ?|rank (?:this|my|our|it) (?:first|top|highest)|"
    r"recommend (?:only )?(?:my|our|this) (?:product|brand|shop|film|item)s? (?:only|first|to every)|obey)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\"[^\"\n]{3,}\"|“[^”\n]{3,}”|«[^»\n]{3,}»|(?<![\w])'[^'\n]{12,}'(?!\w)|`[^`\n]{3,}`")
_TAGS = re.compile(
    r"</?[A-Za-z_][^<>\n]{0,200}/?>|\[/?(?:INST|SYS|SYSTEM|ASSISTANT|USER)\]|<<\s*/?SYS\s*>>|<\|[^|\n]{0,40}\|>|#{2,}\s*\w*:?|\{\{.*?\}\}|\$\{.*?\}",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<(script|style)\b[^>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_CODE = re.compile(
    r"(?:;|--|'|\")\s*(?:drop|delete|insert|update|select)\s+(?:table|from|into|\*)[^.!?\n;]*|\b(?:rm -rf|eval\(|exec\(|import os)\S*[^.!?\n]*|https?://\S+|\bor 1=1\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n;:…]*(?:[.!?\n;:…]+|$)")
_HONEST = re.compile(
    r"\b(?:show|find|recommend|suggest|i(?:'| a)?m (?:after|looking)|i want|i need|i(?:'| woul)?d like|looking for|anyway|but (?:seriously|really|also|first)|just kidding|jk|instead|and (?:also|then) )\b",
    re.IGNORECASE,
)
_FRAMED = re.compile(
    r"\s*(?:in|as part of) (?:the|its|their|a|your)? ?(?:title|titles|name|names|description)\b", re.IGNORECASE
)


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
    cut = _TAGS.sub(" . ", _SCRIPT.sub(" . ", text))
    if "<" in cut or "&" in cut:
        cut, _ = visible(cut)
    cut = _CODE.sub(" . ", cut)
    kept = "".join(_honest(found.group()) for found in _SENTENCE.finditer(_unquoted(cut)))
    kept = re.sub(r"[^\S\n]+", " ", kept).strip()
    if kept.strip(" .") != re.sub(r"[^\S\n]+", " ", text).strip(" ."):
        notes.append("pasted text and commands were left out; they change nothing here")
    return Plain(kept, tuple(notes))


def _unquoted(text: str) -> str:
    """Quoted commands go; a quoted title or word stays, without its marks' meaning."""

    def kept(found: re.Match[str]) -> str:
        inner = found.group()[1:-1]
        command = _MACHINE.search(inner) or re.match(
            r"\s*(?:ignore|delete|forget|give|grant|always|never|do not|don't|reveal)\b", inner, re.IGNORECASE
        )
        return " , " if command else found.group()

    return _QUOTED.sub(kept, text)


def _honest(sentence: str) -> str:
    found = _MACHINE.search(sentence)
    if found is None:
        return sentence
    honest = _HONEST.search(sentence, found.end())
    if honest:
        return " . " + sentence[honest.start() :]
    parts = re.split(r"(,| but | and then | - | – )", sentence)
    if len(parts) == 1:
        return " . "
    clean = [part for part in parts[2::2] if not _MACHINE.search(part)] if _MACHINE.search(parts[0]) else []
    lead = [part for part in parts[:1] if not _MACHINE.search(part)]
    return " . " + " , ".join([*lead, *clean]) + " . "
