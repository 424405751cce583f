"""What a turn says, before it is joined with the dialogue: wishes with their sign, and what to ask."""

from __future__ import annotations

from dataclasses import dataclass, field

from generec.loop.lexicon import Named
from generec.records import Act, Kind, Reading
from generec.types import Condition


@dataclass(frozen=True, slots=True)
class Wish:
    """One wish in tokens [start, end): of a value, of a bound, or in words."""

    start: int
    end: int
    sign: int
    soft: bool
    named: Named | None = None
    bounds: tuple[Condition, ...] = ()
    words: str = ""
    group: int = 0  # wishes of one group are alternatives
    quote: str = ""


@dataclass
class Found:
    """Everything one turn says; filled by the reader."""

    act: Act = "recommend"
    kind: Kind | None = None
    item: str | None = None
    wishes: list[Wish] = field(default_factory=list)
    anchors: list[tuple[str, int, str]] = field(default_factory=list)  # id, sign, quote
    directions: list[tuple[str, int, str]] = field(default_factory=list)  # field, sign, quote
    totals: list[tuple[str, Condition, str]] = field(default_factory=list)  # field, bound, quote
    count: int | None = None
    audience: str = ""
    asked: list[tuple[str, dict[str, Reading]]] = field(default_factory=list)  # the words, what they may mean
    unread: list[str] = field(default_factory=list)
    instead: bool = False  # what is said replaces what was said in the same field
    instead_of: list[Named] = field(default_factory=list)
    carried: bool = False  # the act is that of the turn before
    also: bool = False  # `or a conditioner`: an alternative to what was said before
    replaced_words: list[str] = field(default_factory=list)
