"""Every word that the grammar's own patterns know, so that none of them is taken for a misspelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType

from generec.loop.grammar import (
    acts,
    audiences,
    bounds,
    cues,
    dialogue,
    directions,
    lexer,
    named,
    statements,
    values,
    words,
)
from generec.loop.grammar.idle import IDLE
from generec.loop.grammar.phrasebook import Phrases

FILES = ("acts", "audiences", "bounds", "cues", "dialogue", "directions", "lexer", "statements")


def grammar_words() -> frozenset[str]:
    """Words of the patterns and lists of the grammar, in lower case."""
    modules = (acts, audiences, bounds, cues, dialogue, directions, lexer, named, statements, values)
    listed = {word for value in vars(words).values() if isinstance(value, frozenset) for word in value}
    written = {word for name in FILES for word in Phrases(name).words()}
    return frozenset(word for module in modules for word in _spoken(module)) | listed | written | IDLE


def _spoken(module: ModuleType) -> Iterator[str]:
    for value in vars(module).values():
        for pattern in value if isinstance(value, tuple) else (value,):
            for part in pattern if isinstance(pattern, tuple) else (pattern,):
                if isinstance(part, re.Pattern):
                    yield from re.findall(r"(?<!\\)[a-z]{3,}", part.pattern)
