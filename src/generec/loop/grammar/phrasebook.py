"""The patterns of the grammar as they lie beside the code: `phrases/NAME.txt`, one phrase a line.

    # a comment
    [refuse]                        a section: a pattern over whole tokens, any of its lines
    not (?:a|an|any)
    without
    {never} again                   the lines of another section of the file
    (?:nothing
        |none)                      an indented line goes on with the one above, without a space between

Forms are lower case with single spaces between (`tokens.Sentence.plain`); each line is a regular expression. A header
may say how the section is to be matched: `[name: anywhere]` (no border of tokens is asked for), `[name: any case]` (on
text as it was written), `[name: end]` (whole tokens at the end of what is matched).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from generec.errors import unknown

_REFERENCE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class Phrases:
    """The sections of one file; nothing is read or compiled before it is asked for."""

    name: str

    def __getitem__(self, section: str) -> re.Pattern[str]:
        """The pattern of a section. Raises UsageError where there is none."""
        return _pattern(self.name, section)

    def text(self, section: str) -> str:
        """The lines of a section as one alternation, to be put into another pattern."""
        return _text(self.name, section)

    def words(self) -> frozenset[str]:
        """Every word of three letters or more that the patterns spell out."""
        return frozenset(
            word for section in _sections(self.name) for word in re.findall(r"(?<!\\)[a-z]{3,}", self.text(section))
        )


@cache
def _sections(name: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    """How each section is matched, and its lines."""
    found: dict[str, tuple[str, list[str]]] = {}
    lines: list[str] = []
    written = (files("generec.loop.grammar") / "phrases" / f"{name}.txt").read_text(encoding="utf-8")
    for line in written.split("\n"):
        header = re.fullmatch(r"\[([a-z_]+)(?:: ([a-z ]+))?\]", line)
        if header:
            lines = []
            found[header[1]] = (header[2] or "", lines)
        elif line.startswith(" "):
            lines[-1] += line.lstrip(" ")
        elif line and not line.startswith("#"):
            lines.append(line)
    return {section: (how, tuple(lines)) for section, (how, lines) in found.items()}


@cache
def _text(name: str, section: str) -> str:
    known = _sections(name)
    if section not in known:
        raise unknown("section", section, known)
    return _REFERENCE.sub(lambda found: _text(name, found[1]), "|".join(known[section][1]))


@cache
def _pattern(name: str, section: str) -> re.Pattern[str]:
    text = _text(name, section)
    how = _sections(name)[section][0]
    match how:
        case "anywhere":
            return re.compile(text)
        case "any case":
            return re.compile(text, re.IGNORECASE)
        case "end":
            return re.compile(rf"(?<!\S)(?:{text})$")
        case _:
            return re.compile(rf"(?<!\S)(?:{text})(?!\S)")
