"""Histories with a profile: the last items as another template lays them out, and all before them in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import polars as pl
import torch
from torch import Tensor

from generec.errors import InputError
from generec.nn.conditioned import ConditionedContext
from generec.nn.ragged import row_of_token
from generec.protocols import FittedEncoder, Source
from generec.templates.history import CodeHistory
from generec.templates.profile_text import Writer
from generec.types import Batch, Catalog, Events, SemanticIds

EVERY = 10  # events after which a profile is written anew


@dataclass(frozen=True)
class _ProfiledPrefixes:
    """Another template's examples, each with the vector of the profile that was in force."""

    of: Source[Batch]
    profile: Tensor  # (n,) row of `vectors`
    vectors: Tensor  # (profiles, F)

    @property
    def lengths(self) -> Tensor:
        return self.of.lengths

    def collate(self, rows: Tensor) -> Batch:
        batch = self.of.collate(rows)
        plain, about = batch.context, self.vectors[self.profile[rows]]
        return replace(batch, context=ConditionedContext(plain.tokens, plain.offsets, plain.times, about=about))


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """Adds what a profile says to every context, as the vector of its text.

    A profile is written anew every so many events, from what lies before them: no example reads a profile that knows
    its answer, and a question reads one that was written as those of the examples were. `writer` and `encoder` are
    fitted, so this template is not one that a recipe can record.
    """

    of: CodeHistory
    writer: Writer
    encoder: FittedEncoder
    every: int = EVERY

    def examples(self, train: Events, ids: SemanticIds) -> _ProfiledPrefixes:
        prefixes = self.of.examples(train, ids)
        person = row_of_token(train.offsets)[prefixes.ends]
        known = (prefixes.ends - train.offsets[person]) // self.every * self.every  # (n,) events that the profile tells
        pairs, profile = torch.unique(torch.stack([person, known], dim=1), dim=0, return_inverse=True)
        texts = [told(self.writer, train, who, events) for who, events in pairs.tolist()]
        return _ProfiledPrefixes(prefixes, profile, self._vectors(texts))

    def context(self, histories: Events, ids: SemanticIds) -> ConditionedContext:
        plain = self.of.context(histories, ids)
        known = (histories.lengths // self.every * self.every).tolist()
        texts = [told(self.writer, histories, who, events) for who, events in enumerate(known)]
        return ConditionedContext(plain.tokens, plain.offsets, plain.times, about=self._vectors(texts))

    def _vectors(self, texts: Sequence[str]) -> Tensor:
        """(n, F), zeros where there is no text."""
        distinct = list(dict.fromkeys(texts))
        vectors = self.encoder.encode(as_catalog(distinct))
        vectors[[row for row, text in enumerate(distinct) if not text]] = 0.0
        row = {text: number for number, text in enumerate(distinct)}
        return vectors[[row[text] for text in texts]]


def told(writer: Writer, events: Events, person: int, known: int) -> str:
    """The profile of a person's first `known` events; '' of none. Raises InputError where the times are not known."""
    if events.times is None:
        raise InputError("a profile tells when people go where: every event needs a time")
    begin = int(events.offsets[person])
    rows, times = events.items[begin : begin + known].tolist(), events.times[begin : begin + known].tolist()
    return writer.write(rows, times) if known else ""


def all_told(writer: Writer, events: Events, every: int = EVERY) -> Iterable[str]:
    """Every profile that is ever in force in these histories."""
    for person, length in enumerate(events.lengths.tolist()):
        for known in range(every, length + 1, every):
            yield told(writer, events, person, known)


def as_catalog(texts: Sequence[str]) -> Catalog:
    """Texts in the form that encoders of items read."""
    return Catalog(pl.DataFrame({"item_id": [str(row) for row in range(len(texts))], "description": list(texts)}))
