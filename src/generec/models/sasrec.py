"""SASRec: a causal transformer over item IDs whose score of an item is a cosine."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from generec.models.trunk import ItemTable, ItemTrunk
from generec.nn.item_model import ItemModel
from generec.types import Context, ItemIndex


class SasRecModel(ItemModel):
    """Learned state of `SasRec`: an ItemEmbedder and an ItemScorer."""

    def __init__(self, spec: SasRec, items: int, features: Tensor):
        super().__init__()
        table = ItemTable(items, features, spec.width, spec.scale)
        self.trunk = ItemTrunk(table, spec.layers, spec.heads, spec.reach, spec.dropout, spec.residual_dropout)
        self.log_temperature = nn.Parameter(torch.tensor(math.log(spec.temperature)))

    @property
    def item_count(self) -> int:
        return self.trunk.table.ids.num_embeddings

    def hidden(self, context: Context, at: Tensor) -> Tensor:
        return normalize(self.trunk(context, at), dim=-1)

    def item_vectors(self, items: Tensor | None = None) -> Tensor:
        return normalize(self.trunk.table(items), dim=-1)

    def temperature(self) -> Tensor:
        return self.log_temperature.exp()

    def item_scores(self, hidden: Tensor) -> Tensor:
        return hidden @ self.item_vectors().T / self.temperature()

    def extend(self, index: ItemIndex, features: Tensor) -> None:
        self.trunk.table.extend(features[len(self.trunk.table.ids.weight) :])


@dataclass(frozen=True, kw_only=True)
class SasRec:
    """Self-attentive sequential recommendation (Kang and McAuley, ICDM 2018).

    Deviations: cosine scores with a learned temperature, relative positions, pre-norm, GELU, and the item's features
    (text, when the recipe has an encoder) added to its ID vector through one linear map.
    """

    width: int = 64
    layers: int = 1
    heads: int = 2
    reach: int = 50  # distances beyond share one position bias
    dropout: float = 0.5  # of the items' vectors
    residual_dropout: float = 0.25  # of what each layer adds
    scale: float = 0.07  # of fresh embeddings: a cosine turns faster the shorter its vectors are
    temperature: float = 0.05  # to start with; it is learned

    def build(self, index: ItemIndex, features: Tensor) -> SasRecModel:
        return SasRecModel(self, len(index), features)
