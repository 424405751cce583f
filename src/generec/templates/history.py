"""Histories as tokens: item rows for item-level models, code tokens for token-level ones."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generec.nn.ragged import row_of_token, take_last
from generec.types import Batch, Context, Events, SemanticIds


def gather_rows(events: Events, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Packed positions of the given histories, one after another, and their offsets."""
    lengths = events.lengths[rows]
    offsets = torch.cat([lengths.new_zeros(1), lengths.cumsum(0)])
    row = row_of_token(offsets)
    return events.offsets[:-1][rows][row] + torch.arange(int(offsets[-1])) - offsets[row], offsets


@dataclass(frozen=True)
class _NextItems:
    """One example per person: the history without its last item, with the next item as target at every position."""

    events: Events  # cut to the model's length + 1, at least two items each
    ids: SemanticIds

    @property
    def lengths(self) -> Tensor:
        return self.events.lengths - 1

    def collate(self, rows: Tensor) -> Batch:
        positions, offsets = gather_rows(self.events, rows)
        inner = torch.ones(positions.numel(), dtype=torch.bool)
        inner[offsets[1:] - 1] = False  # the last item is a target only
        first = torch.ones_like(inner)
        first[offsets[:-1]] = False
        targets = self.events.items[positions[first]]
        times = None if self.events.times is None else self.events.times[positions[inner]]
        context = Context(self.events.items[positions[inner]], offsets - torch.arange(offsets.numel()), times)
        return Batch(context, torch.arange(targets.numel()), targets, self.ids.codes[targets])


@dataclass(frozen=True, kw_only=True)
class ItemHistory:
    """One causal pass per person: tokens are catalogue rows, every position predicts the next item."""

    length: int = 50  # only the last items are read

    def examples(self, train: Events, ids: SemanticIds) -> _NextItems:
        return _NextItems(at_least_two(cut(train, self.length + 1)), ids)

    def context(self, histories: Events, ids: SemanticIds) -> Context:
        recent = cut(histories, self.length)
        return Context(recent.items, recent.offsets, recent.times)


def cut(events: Events, length: int) -> Events:
    """Every history's last `length` items."""
    positions, offsets = take_last(events.offsets, length)
    times = None if events.times is None else events.times[positions]
    return Events(events.items[positions], offsets, times, events.user_ids)


def at_least_two(events: Events) -> Events:
    """Without the histories that hold no next item."""
    keep = (events.lengths >= 2).nonzero().squeeze(1)
    positions, offsets = gather_rows(events, keep)
    times = None if events.times is None else events.times[positions]
    users = tuple(events.user_ids[row] for row in keep.tolist()) if events.user_ids else ()
    return Events(events.items[positions], offsets, times, users)


@dataclass(frozen=True)
class _CodePrefixes:
    """One example per next item (sliding window): the codes of what came before, and the item that followed."""

    items: Tensor  # (E,) all histories, packed
    ends: Tensor  # (n,) packed position of each target
    sizes: Tensor  # (n,) items of context before it
    ids: SemanticIds

    @property
    def lengths(self) -> Tensor:
        return self.sizes * self.ids.levels

    def collate(self, rows: Tensor) -> Batch:
        ends, sizes = self.ends[rows], self.sizes[rows]
        offsets = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
        row = row_of_token(offsets)
        positions = ends[row] - offsets[1:][row] + torch.arange(int(offsets[-1]))
        context = code_context(self.items[positions], offsets, self.ids)
        targets = self.items[ends]
        return Batch(context, context.last, targets, self.ids.codes[targets])


@dataclass(frozen=True, kw_only=True)
class CodeHistory:
    """TIGER's samples: the code tokens of up to `length` items, the next item as target, one sample per position."""

    length: int = 20

    def examples(self, train: Events, ids: SemanticIds) -> _CodePrefixes:
        row = row_of_token(train.offsets)
        place = torch.arange(train.items.numel()) - train.offsets[row]
        ends = (place > 0).nonzero().squeeze(1)
        return _CodePrefixes(train.items, ends, place[ends].clamp(max=self.length), ids)

    def context(self, histories: Events, ids: SemanticIds) -> Context:
        recent = cut(histories, self.length)
        return code_context(recent.items, recent.offsets, ids)


def code_context(items: Tensor, offsets: Tensor, ids: SemanticIds) -> Context:
    """Items as flat code tokens: code + where its level starts in one vocabulary."""
    tokens = (ids.codes[items] + ids.starts).flatten()  # (sum T * L,)
    return Context(tokens, offsets * ids.levels)


@dataclass(frozen=True)
class _CodeStreams:
    """One example per person: all codes of the history, with every item but the first as a target."""

    events: Events  # cut to the model's length, at least two items each
    ids: SemanticIds

    @property
    def lengths(self) -> Tensor:
        return self.events.lengths * self.ids.levels

    def collate(self, rows: Tensor) -> Batch:
        positions, offsets = gather_rows(self.events, rows)
        items = self.events.items[positions]
        first = torch.zeros(len(items), dtype=torch.bool)
        first[offsets[:-1]] = True
        predicted = (~first).nonzero().squeeze(1)  # packed positions of the targets, in items
        context = code_context(items, offsets, self.ids)
        return Batch(context, predicted * self.ids.levels - 1, items[predicted], self.ids.codes[items[predicted]])


@dataclass(frozen=True, kw_only=True)
class CodeStream:
    """One causal pass per person over code tokens: each item's codes are predicted from all that came before."""

    length: int = 20  # only the last items are read

    def examples(self, train: Events, ids: SemanticIds) -> _CodeStreams:
        return _CodeStreams(at_least_two(cut(train, self.length + 1)), ids)

    def context(self, histories: Events, ids: SemanticIds) -> Context:
        recent = cut(histories, self.length)
        return code_context(recent.items, recent.offsets, ids)
