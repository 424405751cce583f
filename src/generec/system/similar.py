"""Which items resemble an item: for pages that say "more like this", without a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import normalize

from generec.errors import UsageError
from generec.protocols import ItemEmbedder
from generec.types import Slate

if TYPE_CHECKING:
    from generec.system import System

_BLOCK = 256  # items compared with the catalogue at once


def similar(system: System[Any], item_ids: Sequence[str], k: int = 10) -> list[Slate]:
    """For each item its k nearest others that can be recommended, nearest first.

    By cosine of the features; where the recipe has none, by cosine of the model's item vectors; where the model has
    none, by the number of leading codes shared, more used items first. Raises UsageError for unknown ids or k < 1.
    """
    if k < 1:
        raise UsageError(f"k must be at least 1, got {k}")
    rows = torch.tensor(system.catalog.rows(item_ids), dtype=torch.int64)
    vectors, note = _vectors(system)
    alive = system.index.alive.cpu()
    slates: list[Slate] = []
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        scores = _shared_codes(system, block) if vectors is None else vectors[block] @ vectors.T  # (b, N)
        scores = scores.masked_fill(~alive, -torch.inf)
        scores[torch.arange(len(block)), block] = -torch.inf
        best, found = _ranked(scores, system.activity, k)
        for values, items in zip(best.tolist(), found.tolist(), strict=True):
            kept = [(item, value) for item, value in zip(items, values, strict=True) if value != float("-inf")]
            names = tuple(system.catalog.item_ids[item] for item, _ in kept)
            slates.append(Slate(names, tuple(value for _, value in kept), note=note))
    return slates


def _vectors(system: System[Any]) -> tuple[Tensor | None, str]:
    if system.features.shape[1]:
        return normalize(system.features.float(), dim=1), "by the items' features"
    model = system.model
    if isinstance(model, ItemEmbedder) and model.item_count == len(system.catalog):
        with torch.no_grad():
            return normalize(model.item_vectors().float().cpu(), dim=1), "by the model's item vectors"
    return None, "by shared leading codes of their semantic IDs"


def _shared_codes(system: System[Any], rows: Tensor) -> Tensor:
    """How many leading codes each of the rows shares with every item, (b, N)."""
    codes = system.index.ids.codes.cpu()
    equal = codes[rows][:, None, :] == codes[None, :, :]  # (b, N, L)
    return equal.long().cumprod(dim=2).sum(dim=2).float()


def _ranked(scores: Tensor, activity: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k best of each row, equal scores by activity."""
    order = activity.argsort(descending=True, stable=True)
    values, places = scores[:, order].sort(dim=1, descending=True, stable=True)
    return values[:, :k], order[places[:, :k]]
