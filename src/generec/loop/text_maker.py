"""Texts of items edited for a guidance: the item's own words, what the person asked for first."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from generec.create.text_editor import DESCRIPTION, HEADLINE, SNIPPET, Form, TextEditor
from generec.create.text_fluency import NgramFluency
from generec.loop.arms import Arm
from generec.loop.retrieve import Retriever
from generec.records import Abstain, BackendCard, Draft, Guidance, Person
from generec.types import TEXT_FIELDS, Catalog, Condition

ARM = Arm(name="text edits", action="edit", kind="text", card=BackendCard("text editor"), latency_ms=50.0)
_SEVERAL = 5  # items that say the same
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_MANNER = 1.0  # worth of a statement whose items lean as the person does, in cosines
FORMS = (SNIPPET, DESCRIPTION, HEADLINE)
"""Tried in this order; the first that gives something other than the original is taken."""


SHORTER = re.compile(r"(?:shorten|condense|trim|tighten|cut|boil|summari[sz]e|sum up|shorter|briefer|abridge)\b", re.I)
"""Words that ask for less text."""


@dataclass(frozen=True, kw_only=True)
class TextEditMaker:
    """Edits the text of the item that was named, else of the best one retrieved (a Maker)."""

    retriever: Retriever
    editor: TextEditor
    forms: tuple[Form, ...] = FORMS
    arm: Arm = ARM

    @cached_property
    def _shared(self) -> dict[str, list[int]]:
        """Rows of the items that say a thing in the same words, of what several say; none where no manner is known."""
        found: dict[str, list[int]] = {}
        if self.retriever.manner is None:
            return found
        for row, text in enumerate(self.retriever.meaning.catalog.texts):
            for said in _SENTENCE.split(text):
                found.setdefault(_key(said), []).append(row)
        return {said: rows for said, rows in found.items() if len(rows) >= _SEVERAL}

    def make(self, guidance: Guidance, person: Person, near: Sequence[str], n: int) -> tuple[Draft, ...] | Abstain:
        """One draft, or why the original stands."""
        item_id = guidance.item_id or (near[0] if near else None)
        if item_id is None:
            return Abstain("no item was named and none was found whose text could be edited")
        if guidance.act == "edit" and guidance.item_id is None and guidance.unread:
            return Abstain("it is not clear whose text; name an item, or point at one, such as: the second one")
        editor = replace(self.editor, relevance=_Relevance(self.retriever, guidance, person, self._shared))
        source = texts_of(self.retriever.meaning.catalog, item_id)
        shorter = any(SHORTER.match(words) for words in guidance.tone)
        reasons: list[str] = []
        for form in (_halved(source),) if shorter else self.forms:
            made = editor.edit(item_id, source, guidance, form)
            if isinstance(made, Draft):
                return (made,)
            reasons.append(f"{form.name}: {made.reason}")
        return Abstain("; ".join(dict.fromkeys(reasons)))

    def worth(self, draft: Draft, guidance: Guidance, person: Person) -> float:
        """The score of the item itself: an edit shows what is there, it does not make it better."""
        scores = self.retriever.scores(guidance, person)
        return float(scores[self.retriever.meaning.catalog.row(draft.parents[0])])


@dataclass(frozen=True)
class _Relevance:
    """How near texts are to what the guidance says of the person, by meaning, and to the words of their history.

    What many items say tells how things are made: it counts as far as those items are made as the person likes it.
    """

    retriever: Retriever
    guidance: Guidance
    person: Person
    shared: Mapping[str, list[int]]

    @cached_property
    def tastes(self) -> list[str]:
        said = [taste.words or _value(taste.condition) for taste in self.guidance.likes]
        wished = [words for words in said if words]
        stated = (line.text for line in self.guidance.profile if line.weight > 0 and line.source == "stated")
        return [*wished, *self.guidance.tone, *stated]  # what was inferred stands in the history itself

    def __call__(self, texts: Sequence[str]) -> list[float]:
        meaning = self.retriever.meaning
        found = meaning.taste(texts, meaning.catalog.known_rows(self.person.history))
        if self.tastes and texts:
            found = found + meaning.between(texts, self.tastes).max(axis=1)
        rows = [self.shared.get(_key(text), []) for text in texts]
        if any(rows):
            leaning = self.retriever.leaning(self.person)
            made = [_MANNER * float(leaning[said].mean()) if said else 0.0 for said in rows]
            found = found + np.array(made, np.float32)
        return [float(value) for value in found]


def _key(statement: str) -> str:
    return statement.strip(" .!").casefold()


def _halved(source: Mapping[str, str]) -> Form:
    """The running text of an item, or its title where it has none, in at most half of its words."""
    named = next((name for name in (*DESCRIPTION.fields, "title") if source.get(name)), "title")
    return Form("shorter text", (named,), max(1, len(source.get(named, "").split()) // 2))


def plain_editor(catalog: Catalog) -> TextEditor:
    """An editor that writes as this catalogue does."""
    return TextEditor(fluency=NgramFluency.fit(catalog.texts))


def texts_of(catalog: Catalog, item_id: str) -> dict[str, str]:
    """The descriptive fields of an item as text."""
    row = catalog.frame.row(catalog.row(item_id), named=True)
    fields = {name: row[name] for name in TEXT_FIELDS if row.get(name)}
    return {name: value if isinstance(value, str) else ", ".join(value) for name, value in fields.items()}


def _value(condition: Condition | None) -> str:
    values = () if condition is None else condition.value
    return " ".join(values) if isinstance(values, tuple) else str(values)
