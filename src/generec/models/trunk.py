"""The item-level trunk: one causal pass over a history of items gives a state after every item."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from generec.nn.attention import PackedLayout, TransformerBlock
from generec.types import Context


class ItemTable(nn.Module):
    """A vector per item: a learned part per ID plus a linear map of the item's features, when there are any.

    Items added after training have a zero ID part and live by their features alone.
    """

    def __init__(self, items: int, features: Tensor, width: int, scale: float):
        super().__init__()
        self.ids = nn.Embedding(items, width)
        nn.init.normal_(self.ids.weight, std=scale)
        self.register_buffer("features", features.clone(), persistent=False)  # (N, F)
        self.project = nn.Linear(features.shape[1], width, bias=False) if features.shape[1] else None
        self.features: Tensor

    def forward(self, items: Tensor | None = None) -> Tensor:
        """Vectors of the given rows, (..., D); of every item when None."""
        vectors: Tensor = self.ids.weight if items is None else self.ids(items)
        if self.project is None:
            return vectors
        projected: Tensor = self.project(self.features if items is None else self.features[items])
        return vectors + projected

    def extend(self, features: Tensor) -> None:
        """Adds items by their features (n, F)."""
        self.ids = grown(self.ids, torch.arange(self.ids.num_embeddings), len(features) + self.ids.num_embeddings)
        self.features = torch.cat([self.features, features.to(self.features)])


def grown(table: nn.Embedding, moved: Tensor, size: int) -> nn.Embedding:
    """A table of `size` rows in which old row i stands at moved[i] and new rows are zero."""
    weight = table.weight.detach().new_zeros(size, table.embedding_dim)
    weight[moved] = table.weight.detach()
    return nn.Embedding(size, table.embedding_dim, _weight=weight)


class ItemTrunk(nn.Module):
    """SASRec's trunk (Kang and McAuley 2018) with relative instead of absolute positions, over packed histories."""

    def __init__(self, table: ItemTable, layers: int, heads: int, reach: int, dropout: float, residual_dropout: float):
        super().__init__()
        width = table.ids.embedding_dim
        self.table = table
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(width, heads, reach, 4 * width, residual_dropout) for _ in range(layers)
        )
        self.final_norm = nn.LayerNorm(width)

    def forward(self, context: Context, at: Tensor) -> Tensor:
        """States after the packed positions `at`, (P, D)."""
        layout = PackedLayout(context.offsets)
        x = self.dropout(self.norm(self.table(context.tokens)))
        for block in self.blocks:
            x = block(x, layout)
        return torch.as_tensor(self.final_norm(x.index_select(0, at)))
