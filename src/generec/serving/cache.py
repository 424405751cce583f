"""Answers kept for those who ask the same of the same model, catalogue and history: no clock decides, only versions."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from generec.errors import UsageError
from generec.records import Age
from generec.serving.rules import Rule
from generec.types import Request, Slate

Source = tuple[str, int]
"""One load of a model and how many changes of the catalogue it has taken in."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question to the engine: all that its answer may depend on, besides the model and its catalogue.

    The request itself stands for the version of the history, for filters and for what is excluded: a new interaction
    is another question. guidance: `Guidance.fingerprint` of what was asked in words.
    """

    request: Request
    k: int = 10
    tenant: str = ""
    guidance: str = ""
    rules: tuple[Rule, ...] = ()
    age: Age = "adult"

    @property
    def person(self) -> str | None:
        """Who asks, across tenants; None where nobody is named."""
        user_id = self.request.user_id
        return None if user_id is None else person_of(self.tenant, user_id)


def person_of(tenant: str, user_id: str) -> str:
    """What a person is called across tenants."""
    return f"{tenant}\x00{user_id}"


@dataclass(frozen=True)
class Answer:
    """A slate and who gave it."""

    slate: Slate
    version: str  # of the model
    source: Source
    cached: bool = False

    @property
    def catalogue(self) -> int:
        """Changes of the catalogue that the version had taken in."""
        return self.source[1]


class AnswerCache:
    """The `size` answers used last; 0 keeps none.

    A key holds everything that an answer depends on, so a kept answer is never wrong, only no longer asked for: it
    goes when others need its place. Nothing is shared between tenants, nor between users.
    """

    def __init__(self, size: int):
        if size < 0:
            raise UsageError(f"a cache keeps 0 or more answers, got {size}")
        self.size = size
        self._kept: OrderedDict[tuple[Ask, Source], Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, ask: Ask, source: Source) -> Answer | None:
        """The answer that `source` gave to this question, if it is still here."""
        found = self._kept.get((ask, source))
        if found is not None:
            self._kept.move_to_end((ask, source))
        return found

    def put(self, ask: Ask, answer: Answer) -> None:
        if self.size:
            self._kept[ask, answer.source] = answer
            self._kept.move_to_end((ask, answer.source))
            if len(self._kept) > self.size:
                self._kept.popitem(last=False)

    def forget(self, person: str) -> int:
        """Drops the answers to one person, `Ask.person`; how many there were."""
        theirs = [key for key in self._kept if key[0].person == person]
        for key in theirs:
            del self._kept[key]
        return len(theirs)
