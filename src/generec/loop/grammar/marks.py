"""What stretches of a sentence are: the marks that the lexer lays over the tokens and the reader walks along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generec.loop.lexicon import Entry
from generec.types import Condition

Role = Literal["price", "duration", "year", "energy", "rank", "opens", "closes", "episode"]
Comparison = Literal["<", "<=", ">", ">=", "="]


@dataclass(frozen=True, slots=True)
class Mark:
    """Tokens [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ValueMark(Mark):
    """A phrase that names values. `readings`: by certainty, the first decides; `asked`: they return different items."""

    readings: tuple[tuple[Entry, ...], ...] = ()
    asked: bool = False


@dataclass(frozen=True, slots=True)
class TitleMark(Mark):
    """Items that are named; more than one is asked about. `value`: what the words name beside a title."""

    items: tuple[str, ...] = ()
    value: ValueMark | None = None


@dataclass(frozen=True, slots=True)
class BoundMark(Mark):
    """Conditions on an ordered field. `soft`: about, around. `plain`: no comparison was said."""

    field: str = ""
    low: Condition | None = None
    high: Condition | None = None
    soft: bool = False
    plain: bool = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        if self.low == self.high and self.low is not None:
            return (self.low,)
        return tuple(one for one in (self.low, self.high) if one is not None)


@dataclass(frozen=True, slots=True)
class DirectionMark(Mark):
    """More or less of a field."""

    field: str = ""
    sign: Literal[-1, 1] = 1


@dataclass(frozen=True, slots=True)
class CountMark(Mark):
    count: int = 1


@dataclass(frozen=True, slots=True)
class AudienceMark(Mark):
    """Whom something is for. told: by an age, or after `for`, which counts more than who is merely spoken of."""

    audience: str = ""
    told: bool = False


@dataclass(frozen=True, slots=True)
class CueMark(Mark):
    """A change of what follows: its sign, and whether it is a taste or a condition."""

    sign: Literal[-1, 1] = 1
    soft: bool = False
    request: bool = False  # begins what is asked for
    whole: bool = False  # what follows up to the end of the clause is one phrase


@dataclass(frozen=True, slots=True)
class RefusedMark(Mark):
    """What was said before it is refused: `is out of the question`. soft: `bores me`; back: `so none of that`."""

    soft: bool = False
    back: bool = False  # reaches over the clause


@dataclass(frozen=True, slots=True)
class SoftenMark(Mark):
    """`maybe`, `if possible`, `would be ideal`: what the clause said before is a taste."""


@dataclass(frozen=True, slots=True)
class ContrastMark(Mark):
    """`rather than`, `instead of`, `to` after prefer: what follows is the other side."""

    replaces: bool = False


@dataclass(frozen=True, slots=True)
class ContainsMark(Mark):
    """A word that a text field must hold: `with 'argan' in the name`."""

    field: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class TotalMark(Mark):
    """`in total`, `altogether`: the bound of the clause is of the whole; `each`: of a member."""

    each: bool = False


@dataclass(frozen=True, slots=True)
class WordsMark(Mark):
    """A stretch that is one wish in words, whatever stands in it."""


@dataclass(frozen=True, slots=True)
class NoiseMark(Mark):
    """Words that carry nothing."""
