"""What the API needs of the loop; the command line brings it, so that neither knows the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from generec.records import Feedback, Guidance, Kind, Person, ProfileLine, Statement, Total, Turn
from generec.serving.rules import Rule
from generec.types import Condition


@dataclass(frozen=True, kw_only=True)
class Said:
    """One thing said in a dialogue. guidance: set right by the person, and answered instead of words."""

    person: Person
    words: str = ""
    before: Guidance | None = None
    guidance: Guidance | None = None
    shown: tuple[str, ...] = ()  # item ids of the last slate, at which words may point
    refused: frozenset[str] = frozenset()  # items that the person turned down before this dialogue
    rules: tuple[Rule, ...] = ()  # the operator's, those in force
    count: int | None = None  # how many items a set is to have, whatever the words say
    totals: tuple[Total, ...] = ()  # what the items of a set may come to, beside what the words say
    k: int = 5
    asked: int = 0  # questions asked in a row so far
    seed: int = 0


@dataclass(frozen=True)
class Layer:
    """One place where a mark may be, and whether one is: valid, invalid, absent …"""

    name: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Detected:
    """Whether a text was edited or created here. That nothing is found proves nothing."""

    found: bool
    layers: tuple[Layer, ...]
    p_value: float | None
    withdrawn: bool


class Talker(Protocol):
    """The loop as the API sees it. One thread at a time calls it."""

    def turn(self, said: Said, understood: Callable[[Guidance], None]) -> Turn: ...  # told as soon as it is read
    def edit(self, item_id: str, said: Said) -> Turn: ...
    def create(self, kind: Kind, conditions: Sequence[Condition], said: Said) -> Turn: ...
    def explain(self, item_id: str, person: Person) -> tuple[Statement, ...]: ...
    def detect(self, content: str, sidecar: str | None) -> Detected: ...
    def learn(self, turn: Turn, verdicts: Sequence[Feedback]) -> None: ...
    def profile(
        self, history: Sequence[str], own: Sequence[ProfileLine], deleted: Sequence[ProfileLine]
    ) -> tuple[ProfileLine, ...]: ...

    # the person's own lines, then what their history says, but for the lines that they deleted and their evidence
