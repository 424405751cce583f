"""Causal self-attention over packed sequences, with a learned relative position bias."""

from __future__ import annotations

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
        rows, width = layout.rows, layout.width
        padded = pad(self.qkv(x), layout.slots, rows, width)  # (B, S, 3D)
        query, key, value = padded.view(rows, width, 3, self.heads, -1).permute(2, 0, 3, 1, 4)  # each (B, H, S, d)
        bias = self.bias[:, layout.distance.clamp(0, self.reach - 1)]  # (H, S, S)
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2) + bias
        weights = scores.masked_fill(layout.future, -torch.inf).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(rows, width, -1)  # (B, S, D)
        return torch.as_tensor(self.out(unpad(mixed, layout.slots)))


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
        x = x + self.dropout(self.attention(self.attention_norm(x), layout))
        added: Tensor = self.dropout(self.feed_forward(self.feed_forward_norm(x)))
        return x + added
