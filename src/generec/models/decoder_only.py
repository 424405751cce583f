"""A decoder over code tokens: one causal pass per person, every item of the history predicted code by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from generec.errors import UsageError
from generec.nn.attention import CausalSelfAttention, PackedLayout, TransformerBlock
from generec.nn.item_model import ItemModel
from generec.nn.ragged import pad
from generec.types import Context, ItemIndex


@dataclass(frozen=True)
class Prefix:
    """Keys and values of what B requests have read, kept once per request and shared by all its beams."""

    keys: tuple[Tensor, ...]  # per layer (B, H, T, d)
    values: tuple[Tensor, ...]  # per layer (B, H, T, d)
    lengths: Tensor  # (B,)


@dataclass(frozen=True)
class WrittenState:
    """Beams on top of their prefixes: keys and values of the codes each beam has written."""

    prefix: Prefix
    keys: tuple[Tensor, ...]  # per layer (M, H, t, d)
    values: tuple[Tensor, ...]
    level: int  # codes written


class DecoderOnlyModel(ItemModel):
    """Learned state of `DecoderOnly`: a NextTokenModel."""

    def __init__(self, spec: DecoderOnly, sizes: tuple[int, ...]):
        super().__init__()
        self.sizes = sizes
        self.embedding = nn.Embedding(sum(sizes), spec.width)
        nn.init.normal_(self.embedding.weight, std=spec.width**-0.5)
        self.norm = nn.LayerNorm(spec.width)
        self.dropout = nn.Dropout(spec.dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(spec.width, spec.heads, spec.reach, 4 * spec.width, spec.dropout)
            for _ in range(spec.layers)
        )
        self.final_norm = nn.LayerNorm(spec.width)

    def _blocks(self) -> list[TransformerBlock]:
        return [cast(TransformerBlock, block) for block in self.blocks]

    def _read(self, tokens: Tensor) -> Tensor:
        read: Tensor = self.dropout(self.norm(self.embedding(tokens)))
        return read

    def _log_probs(self, hidden: Tensor, level: int) -> Tensor:
        """(n, D) to (n, V of the level); the other levels' codes can never stand there."""
        start = sum(self.sizes[:level])
        codebook = self.embedding.weight[start : start + self.sizes[level]]
        return nn.functional.linear(self.final_norm(hidden), codebook).float().log_softmax(-1)

    def code_log_probs(self, context: Context, at: Tensor, codes: Tensor) -> Tensor:
        """Log-probabilities of codes (P, L) that stand in the context right behind the positions `at` (P,).

        One causal pass serves all positions, so the predicted items must be in the context, the last of each row too
        (templates.history.CodeStream lays it out so). Raises UsageError where they are not.
        """
        behind = at[:, None] + torch.arange(1, len(self.sizes) + 1, device=at.device)  # (P, L)
        starts = torch.tensor([0, *self.sizes[:-1]], device=at.device).cumsum(0)
        if int(behind.max()) >= len(context.tokens) or not torch.equal(context.tokens[behind], codes + starts):
            raise UsageError("a decoder over tokens predicts codes that follow in its context; use CodeStream")
        layout = PackedLayout(context.offsets)
        x = self._read(context.tokens)
        for block in self._blocks():
            x = block(x, layout)
        return torch.stack(
            [self._log_probs(x[at + level], level).gather(1, codes[:, level : level + 1]).squeeze(1)
             for level in range(len(self.sizes))], dim=1,
        )  # fmt: skip

    def start(self, context: Context) -> tuple[Tensor, WrittenState]:
        layout = PackedLayout(context.offsets)
        x, keys, values = self._read(context.tokens), [], []
        for block in self._blocks():
            projected = pad(block.attention.qkv(block.attention_norm(x)), layout.slots, layout.rows, layout.width)
            _, key, value = _heads(block.attention, projected)
            keys.append(key)
            values.append(value)
            x = block(x, layout)
        prefix = Prefix(tuple(keys), tuple(values), context.offsets[1:] - context.offsets[:-1])
        nothing = tuple(key[:, :, :0] for key in keys)
        return self._log_probs(x[context.last], 0), WrittenState(prefix, nothing, nothing, 0)

    def step(self, tokens: Tensor, state: WrittenState) -> tuple[Tensor, WrittenState]:
        x = self._read(tokens + sum(self.sizes[: state.level]))  # (M, D)
        keys, values = [], []
        for place, block in enumerate(self._blocks()):
            query, key, value = _heads(block.attention, block.attention.qkv(block.attention_norm(x))[:, None])
            keys.append(torch.cat([state.keys[place], key], dim=2))
            values.append(torch.cat([state.values[place], value], dim=2))
            mixed = _attend(block.attention, query, state.prefix, place, keys[-1], values[-1])
            x = x + block.dropout(block.attention.out(mixed))
            x = x + block.dropout(block.feed_forward(block.feed_forward_norm(x)))
        level = state.level + 1
        return self._log_probs(x, level), WrittenState(state.prefix, tuple(keys), tuple(values), level)

    def select(self, state: WrittenState, rows: Tensor) -> WrittenState:
        """Reorders what beams have written; a beam stays with its request, whose prefix is not touched."""
        keys = tuple(part[rows] for part in state.keys)
        return WrittenState(state.prefix, keys, tuple(part[rows] for part in state.values), state.level)

    def extend(self, index: ItemIndex, features: Tensor) -> None:
        """New items are written in the codes that exist: there is nothing to add."""


def _heads(attention: CausalSelfAttention, projected: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(n, T, 3D) to query, key and value, each (n, H, T, d)."""
    rows, length = projected.shape[:2]
    query, key, value = projected.view(rows, length, 3, attention.heads, -1).permute(2, 0, 3, 1, 4)
    return query, key, value


def _attend(
    attention: CausalSelfAttention, query: Tensor, prefix: Prefix, place: int, keys: Tensor, values: Tensor
) -> Tensor:
    """One token per beam (M, H, 1, d) over its request's prefix and its own written codes, (M, D)."""
    requests, heads, longest, width = prefix.keys[place].shape
    written = keys.shape[2]
    query = query.squeeze(2) * width**-0.5  # (M, H, d)
    grouped = query.view(requests, -1, heads, width).transpose(1, 2)  # (B, H, W, d)
    before = grouped @ prefix.keys[place].transpose(-1, -2)  # (B, H, W, T)
    steps = torch.arange(longest, device=query.device)
    distance = prefix.lengths[:, None] + written - 1 - steps  # (B, T), at least 1 inside a row
    before = before + attention.bias[:, distance.clamp(1, attention.reach - 1)].transpose(0, 1)[:, :, None]
    before = before.masked_fill((steps >= prefix.lengths[:, None])[:, None, None], -torch.inf)
    own = (keys @ query[..., None]).squeeze(-1)  # (M, H, t)
    own = own + attention.bias[:, torch.arange(written - 1, -1, -1, device=query.device).clamp(max=attention.reach - 1)]
    scores = torch.cat([before.transpose(1, 2).reshape(len(query), heads, longest), own], dim=-1)
    weights = scores.softmax(-1)
    past = weights[..., :longest].view(requests, -1, heads, longest).transpose(1, 2) @ prefix.values[place]
    mixed = past.transpose(1, 2).reshape(len(query), heads, width)
    mixed = mixed + (weights[..., None, longest:] @ values).squeeze(2)
    return mixed.reshape(len(query), heads * width)


@dataclass(frozen=True, kw_only=True)
class DecoderOnly:
    """A GPT-like decoder over semantic-ID tokens (the token-level form of the one-pass generator)."""

    width: int = 128
    layers: int = 4
    heads: int = 4
    reach: int = 256  # distances in tokens; those beyond share one position bias
    dropout: float = 0.2

    def build(self, index: ItemIndex, features: Tensor) -> DecoderOnlyModel:
        return DecoderOnlyModel(self, index.ids.sizes)
