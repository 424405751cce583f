"""What people would choose, told in codes: how much they want each content, each style, and each pair of the two.

Everything is read off a model that scores every item: the demand for a code is the probability of the items under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.protocols import ItemScorer
from generec.records import Code, Guidance, Person
from generec.system import System
from generec.tokenizers.joined import JoinedQuantizer, joined
from generec.tokenizers.quantized import QuantizedTokenizer
from generec.types import Events, Request

CodeWeights = tuple[tuple[Code, float], ...]
"""Codes with their probabilities, most probable first."""


@runtime_checkable
class _Scorer(ItemScorer, Protocol):
    """An ItemScorer that can be told apart when the program runs."""


@dataclass(frozen=True)
class Cells:
    """The content cells and the style cells of a catalogue; every item lies in one of each.

    Without style codes there is one style cell, with the empty code.
    """

    what: tuple[Code, ...]  # W
    how: tuple[Code, ...]  # H
    what_of: Tensor  # (N,) int64 content cell of each item
    how_of: Tensor  # (N,) int64

    @property
    def pair_of(self) -> Tensor:
        """Pair of each item, (N,): content cell * H + style cell."""
        return self.what_of * len(self.how) + self.how_of


@dataclass(frozen=True)
class Demand:
    """What B people want, in cells.

    `free` takes content and style apart, p(what) p(how): what somebody would want of a pair that no item has, if
    their taste in style is the same under every content. It is an assumption: the log cannot show wishes for what was
    never there, and p(how) is coloured by the styles that the wanted content happens to come in.
    `held` is the probability of the items that a pair really has: 0 where it has none.
    """

    cells: Cells
    what: Tensor  # (B, W) p(what | person)
    how: Tensor  # (B, H) p(how | person)
    items: Tensor  # (B, N) p(item | person)

    @property
    def free(self) -> Tensor:
        """(B, W * H)."""
        return (self.what.unsqueeze(2) * self.how.unsqueeze(1)).flatten(1)

    @property
    def held(self) -> Tensor:
        """(B, W * H)."""
        return summed(self.items, self.cells.pair_of, len(self.cells.what) * len(self.cells.how))

    def probable(self, person: int = 0, count: int = 8) -> tuple[CodeWeights, CodeWeights]:
        """The most probable content codes and style codes of a person, for `Guidance.what` and `Guidance.how`.

        The second is empty where the codes have no style levels.
        """
        what = _best(self.what[person], self.cells.what, count)
        return what, _best(self.how[person], self.cells.how, count) if self.cells.how != ((),) else ()


def tells_what_from_how(system: System[Any]) -> bool:
    """Whether a system's codes have a content side and a style side, and its model scores every item."""
    tokenizer = system.tokenizer
    two_sided = isinstance(tokenizer, QuantizedTokenizer) and isinstance(tokenizer.quantizer, JoinedQuantizer)
    return two_sided and isinstance(system.model, _Scorer)


def cells(system: System[Any], depth: tuple[int, int] | None = None) -> Cells:
    """Groups the items by their first content codes and first style codes, as many as `depth` says; all when None.

    Raises UsageError where the system's codes do not tell content from style, or have fewer levels.
    """
    levels = joined(system.tokenizer).levels
    deep = levels if depth is None else (depth[0], min(depth[1], levels[1]))
    if not (1 <= deep[0] <= levels[0] and (deep[1] >= 1 or levels[1] == 0)):
        raise UsageError(f"depth must be 1 to {levels[0]} content codes and 1 to {levels[1]} style codes, got {depth}")
    codes = system.index.ids.codes.cpu()
    what, what_of = _prefixes(codes[:, : deep[0]])
    how, how_of = _prefixes(codes[:, levels[0] : levels[0] + deep[1]])
    return Cells(what, how, what_of, how_of)


def item_probabilities(system: System[Any], requests: Sequence[Request]) -> Tensor:
    """p(next item | person) over the whole catalogue, (B, N), whatever is allowed to be shown.

    Removed items keep theirs, since people who wanted them still want their like. People without a known history want
    what is used now. Raises UsageError for a model that does not score all items.
    """
    model = system.model
    if not isinstance(model, _Scorer):
        raise UsageError(f"{type(model).__name__} does not score every item; demand needs a model that does (one_pass)")
    histories = [system.catalog.known_rows(request.history) for request in requests]
    popular = (system.activity + 1e-6) / (system.activity + 1e-6).sum()
    found = popular.float().repeat(len(requests), 1)
    known = [position for position, history in enumerate(histories) if history]
    if known:
        packed = _packed(system, [requests[position] for position in known])
        context = system.template.context(packed, system.index.ids).to(system.device)
        system.network.eval()
        with torch.no_grad():
            scores = model.item_scores(model.hidden(context, context.last))
        found[known] = scores.float().softmax(1).cpu()
    return found


def demand(system: System[Any], requests: Sequence[Request], groups: Cells) -> Demand:
    """The demand of some people (a few hundred at once: it holds their probabilities of all items)."""
    items = item_probabilities(system, requests)
    what = summed(items, groups.what_of, len(groups.what))
    return Demand(groups, what, summed(items, groups.how_of, len(groups.how)), items)


def oracle(system: System[Any], weights: Tensor) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The imagined ideal item of a person: mean and variance of the features, items weighted by p(item), (N,).

    DreamRec (2310.20453) draws it from a diffusion model instead; this is the exact mean of what the ranking model
    believes, which lies between the tastes of a person who has several.
    """
    features = system.features.float()
    mean = weights @ features
    variance = weights @ (features - mean).square()
    return tuple(mean.tolist()), tuple(variance.tolist())


@dataclass
class Imagination:
    """Adds to a guidance what the person probably wants, in codes, and their ideal item."""

    system: System[Any]
    groups: Cells | None = field(default=None, init=False)

    def __call__(self, guidance: Guidance, person: Person) -> Guidance:
        if self.groups is None or len(self.groups.what_of) != len(self.system.catalog):  # items were inserted
            self.groups = cells(self.system)
        found = demand(self.system, [Request(history=person.history, user_id=person.user_id)], self.groups)
        (what, how), (mean, variance) = found.probable(), oracle(self.system, found.items[0])
        return replace(guidance, what=what, how=how, oracle=mean, variance=variance)


def _prefixes(codes: Tensor) -> tuple[tuple[Code, ...], Tensor]:
    """The distinct rows of (N, L) codes in order, and which of them each row is; one empty code where L is 0."""
    if codes.shape[1] == 0:
        return ((),), torch.zeros(len(codes), dtype=torch.int64)
    distinct, of_item = torch.unique(codes, dim=0, return_inverse=True)
    return tuple(tuple(row) for row in distinct.tolist()), of_item


def _packed(system: System[Any], requests: Sequence[Request]) -> Events:
    """Known histories as rows, with times where every request has them."""
    packed = Events.pack([system.catalog.known_rows(request.history) for request in requests])
    if any(request.times is None for request in requests):
        return packed
    times = [
        moment
        for request in requests
        for item_id, moment in zip(request.history, request.times or (), strict=True)
        if item_id in system.catalog
    ]
    return replace(packed, times=torch.tensor(times, dtype=torch.int64))


def summed(items: Tensor, group: Tensor, groups: int) -> Tensor:
    """(B, N) by group of each column -> (B, groups)."""
    return items.new_zeros(len(items), groups).index_add_(1, group, items)


def _best(weights: Tensor, codes: Sequence[Code], count: int) -> CodeWeights:
    values, places = weights.sort(descending=True, stable=True)
    return tuple((codes[place], value) for value, place in zip(values[:count].tolist(), places.tolist(), strict=False))
