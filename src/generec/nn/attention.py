"""Causal self-attention over packed sequences, with a learned relative position bias; whole passes and single steps."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from generec.nn.ragged import pad, place_of_token, row_of_token, unpad


class PackedLayout:
    """Where packed tokens stand in a padded block; made once per batch and shared by all layers."""

    def __init__(self, offsets: Tensor):
        lengths = offsets[1:] - offsets[:-1]
        self.rows = lengths.numel()
        self.width = int(lengths.max()) if self.rows else 0
        self.slots = row_of_token(offsets) * self.width + place_of_token(offsets)  # (sum T,)
        place = torch.arange(self.width, device=offsets.device)
        self.distance = place[:, None] - place[None, :]  # (S, S), negative = the future
        self.future = self.distance < 0


@dataclass(frozen=True)
class Prefix:
    """Keys and values of what B requests have read, kept once per request and shared by all that is written on it."""

    keys: tuple[Tensor, ...]  # per layer (B, H, T, d)
    values: tuple[Tensor, ...]  # per layer (B, H, T, d)
    lengths: Tensor  # (B,)


class CausalSelfAttention(nn.Module):
    """Multi-head causal attention; what a query may see is its own row up to itself.

    Rows stand left-aligned in a padded block, so the causal mask hides the padding too. Plain products instead of a
    fused kernel: at these sizes the fused backward in bf16 is the slower one on CPUs.
    Position is a learned bias per head and distance (Shaw et al. 2018 in the scalar form of T5), clipped at `reach`.
    """

    def __init__(self, width: int, heads: int, reach: int):
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of {heads} heads")
        self.heads, self.reach = heads, reach
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, reach))

    def forward(self, x: Tensor, layout: PackedLayout) -> Tensor:
        return self.read(x, layout)[0]

    def read(self, x: Tensor, layout: PackedLayout) -> tuple[Tensor, Tensor, Tensor]:
        """The pass over whole rows, with the keys and values (B, H, S, d) that later steps need."""
        rows, width = layout.rows, layout.width
        query, key, value = self._heads(pad(self.qkv(x), layout.slots, rows, width))
        bias = self.bias[:, layout.distance.clamp(0, self.reach - 1)]  # (H, S, S)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2) + bias
        weights = scores.masked_fill(layout.future, -torch.inf).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(rows, width, -1)  # (B, S, D)
        return torch.as_tensor(self.out(unpad(mixed, layout.slots))), key, value

    def step(
        self, x: Tensor, prefix: Prefix, layer: int, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One more token (M, D) for each of M / B writers per request, over their prefix and what they have written.

        keys and values (M, H, t, d) of what was written before; returned with the new token's behind them.
        """
        query, key, value = self._heads(self.qkv(x)[:, None])
        keys, values = torch.cat([keys, key], dim=2), torch.cat([values, value], dim=2)
        before, past = prefix.keys[layer], prefix.values[layer]
        requests, heads, longest, width = before.shape
        written = keys.shape[2]
        query = query.squeeze(2) * width**-0.5  # (M, H, d)
        grouped = query.view(requests, -1, heads, width).transpose(1, 2)  # (B, H, W, d)
        old = grouped @ before.transpose(-1, -2)  # (B, H, W, T)
        steps = torch.arange(longest, device=x.device)
        distance = prefix.lengths[:, None] + written - 1 - steps  # (B, T), at least 1 inside a row
        old = old + self.bias[:, distance.clamp(1, self.reach - 1)].transpose(0, 1)[:, :, None]
        old = old.masked_fill((steps >= prefix.lengths[:, None])[:, None, None], -torch.inf)
        own = (keys @ query[..., None]).squeeze(-1)  # (M, H, t)
        own = own + self.bias[:, torch.arange(written - 1, -1, -1, device=x.device).clamp(max=self.reach - 1)]
        weights = torch.cat([old.transpose(1, 2).reshape(len(query), heads, longest), own], dim=-1).softmax(-1)
        read = weights[..., :longest].view(requests, -1, heads, longest).transpose(1, 2) @ past
        mixed = read.transpose(1, 2).reshape(len(query), heads, width)
        mixed = mixed + (weights[..., None, longest:] @ values).squeeze(2)
        return torch.as_tensor(self.out(mixed.reshape(len(query), heads * width))), keys, values

    def _heads(self, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(n, T, 3D) to query, key and value, each (n, H, T, d)."""
        rows, length = projected.shape[:2]
        query, key, value = projected.view(rows, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return query, key, value


class TransformerBlock(nn.Module):
    """Pre-norm attention and feed-forward with residuals; dropout falls on what each adds, not inside of it."""

    def __init__(self, width: int, heads: int, reach: int, hidden: int, dropout: float):
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = CausalSelfAttention(width, heads, reach)
        self.feed_forward_norm = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, layout: PackedLayout) -> Tensor:
        return self.read(x, layout)[0]

    def read(self, x: Tensor, layout: PackedLayout) -> tuple[Tensor, Tensor, Tensor]:
        """The pass over whole rows, with its keys and values."""
        mixed, key, value = self.attention.read(self.attention_norm(x), layout)
        return self._fed(x + self.dropout(mixed)), key, value

    def step(
        self, x: Tensor, prefix: Prefix, layer: int, keys: Tensor, values: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """One more token, as `CausalSelfAttention.step`."""
        mixed, keys, values = self.attention.step(self.attention_norm(x), prefix, layer, keys, values)
        return self._fed(x + self.dropout(mixed)), keys, values

    def _fed(self, x: Tensor) -> Tensor:
        added: Tensor = self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return x + added
