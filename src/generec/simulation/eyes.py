"""What anybody can see of a candidate: its words, read by the frozen reader, and the raw fields of the items in it.

Declared codes, scores and reasons of a draft are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from generec.data.conditions import mask
from generec.data.world.reader import Reader, Reading
from generec.errors import InputError
from generec.records import Candidate, SetPayload, TextPayload, Total
from generec.types import Catalog, Condition

_FUNCTION_WORD = re.compile(
    "a|about|after|all|an|and|any|are|as|at|be|before|but|by|do|for|from|has|have|here|how|i|if|in|into|"
    "is|it|its|let|me|more|most|my|no|not|nothing|of|off|on|one|or|our|out|over|so|than|that|the|their|"
    "them|there|these|they|this|those|through|to|too|under|up|us|was|we|what|when|where|which|who|will|"
    "with|without|you|your"
)
"""Words that hold sentences together in English; a list of keywords has none."""


@dataclass(frozen=True)
class Words:
    """One text as the frozen reader reads it; -1 where it says nothing."""

    topic: int
    subtopic: int
    how: tuple[int, ...]
    clarity: float  # 0 nobody can make sense of it, 1 plain sentences about something


@dataclass(frozen=True)
class Terms:
    """What was stated as binding: rules on every item, sums over a set, how many."""

    conditions: tuple[Condition, ...] = ()
    totals: tuple[Total, ...] = ()
    count: int | None = None


NOTHING_STATED = Terms()


class Eyes:
    """Looks at candidates over one catalogue. Readings and masks are kept; nothing else changes."""

    def __init__(self, catalog: Catalog, reader: Reader):
        self.catalog, self.reader = catalog, reader
        self._read: dict[str, Words] = {}
        self._holds: dict[Condition, NDArray[np.bool_]] = {}

    def read(self, text: str) -> Words:
        """One text, whoever wrote it."""
        if text not in self._read:
            self._read[text] = as_words(self.reader.read([text]), [text])[0]
        return self._read[text]

    @cached_property
    def items(self) -> list[Words]:
        """Every item of the catalogue, read from its title and description."""
        texts = self.texts(range(len(self.catalog)))
        return as_words(self.reader.read(texts), texts)

    def texts(self, rows: Sequence[int]) -> list[str]:
        """The words that a person sees of items."""
        frame = self.catalog.frame
        titles = frame["title"].gather(list(rows)).to_list()
        if "description" not in frame.columns:
            return titles
        return [f"{title}. {text}" for title, text in zip(titles, frame["description"].gather(list(rows)), strict=True)]

    def rows(self, candidate: Candidate) -> list[int]:
        """The items in a candidate: itself, the parent of an edit, the members of a set; none of a created text.

        Raises InputError where the candidate names no item, UsageError where the catalogue has no such item.
        """
        draft = candidate.draft
        if draft is not None and isinstance(draft.payload, SetPayload):
            return self.catalog.rows([member.item_id for member in draft.payload.members])
        if draft is not None and draft.mode == "created":
            return []
        item_id = candidate.item_id or (draft.parents[0] if draft and draft.parents else None)
        if item_id is None:
            raise InputError(f"a {candidate.mode} candidate ({candidate.title!r}) must name its item or its parent")
        return [self.catalog.row(item_id)]

    def words(self, candidate: Candidate) -> list[Words]:
        """What the words of a candidate say: of its text where it has one, else of each item in it."""
        if candidate.draft is not None and isinstance(candidate.draft.payload, TextPayload):
            payload = candidate.draft.payload
            return [self.read(". ".join(part for part in (payload.title or candidate.title, payload.text) if part))]
        return [self.items[row] for row in self.rows(candidate)]

    def broken(self, rows: Sequence[int], terms: Terms) -> list[str]:
        """The stated rules that items, taken together, break by their raw fields. Unknown values hold nothing."""
        found = [str(rule) for rule in terms.conditions if not self.holds(rule)[list(rows)].all()]
        for total in terms.totals:
            values = self.catalog.frame[total.field].gather(list(rows))
            low, high = -np.inf if total.low is None else total.low, np.inf if total.high is None else total.high
            if values.null_count() or not low - 1e-6 <= float(values.sum()) <= high + 1e-6:
                found.append(f"{low:g} <= sum of {total.field} <= {high:g}")
        if terms.count is not None and len(rows) != terms.count:
            found.append(f"{terms.count} items")
        return found + (["no item twice"] if len(set(rows)) < len(rows) else [])

    def holds(self, rule: Condition) -> NDArray[np.bool_]:
        """Which items satisfy a condition, (N,)."""
        if rule not in self._holds:
            self._holds[rule] = mask(self.catalog, [rule]).numpy()
        return self._holds[rule]


def as_words(reading: Reading, texts: Sequence[str]) -> list[Words]:
    """A reading of texts, text by text."""
    columns = (reading.topic.tolist(), reading.subtopic.tolist(), reading.how.tolist(), texts)
    return [
        Words(topic, subtopic, tuple(how), clarity(text) if subtopic >= 0 else 0.0)
        for topic, subtopic, how, text in zip(*columns, strict=True)
    ]


def clarity(text: str) -> float:
    """How far a text is made of sentences rather than of keywords or of one phrase again and again, 0 to 1.

    Share of function words (full from 12 %) times share of distinct words (full from one half). It sees stuffing and
    loops, not grammar: shuffled sentences pass.
    """
    words = re.findall(r"[a-z']+", text.lower())
    if len(words) < 3:
        return 0.0
    held = sum(_FUNCTION_WORD.fullmatch(word) is not None for word in words) / len(words)
    distinct = len(set(words)) / len(words)
    return min(1.0, held / 0.12) * min(1.0, distinct / 0.5)
