"""Exact ranking for contexts that hold more than tokens: all states first, then the ranking block by block."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from generec.decoding.exact import Exact
from generec.protocols import ItemScorer
from generec.types import Context, ItemIndex, Ranked


@dataclass(frozen=True)
class _Read:
    """A model that has read its contexts: a token is the row of a state."""

    model: ItemScorer
    states: Tensor  # (B, D)

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        return self.states[context.tokens[at]]

    def item_scores(self, hidden: Tensor) -> Tensor:
        return self.model.item_scores(hidden)


@dataclass(frozen=True, kw_only=True)
class StatesFirst:
    """What `Exact` answers, without cutting contexts up: what they tell of people besides tokens reaches the model."""

    of: Exact = field(default_factory=Exact)

    def decode(self, model: ItemScorer, context: Context, index: ItemIndex, k: int, allowed: Tensor | None) -> Ranked:
        with torch.no_grad():
            states = model.hidden(context, context.last)
        places = torch.arange(len(context) + 1, device=states.device)
        return self.of.decode(_Read(model, states), Context(places[:-1], places), index, k, allowed)
