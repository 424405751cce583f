"""A decoder over code tokens: one causal pass per person, every item of the history predicted code by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from generec.errors import UsageError
from generec.nn.attention import PackedLayout, Prefix, TransformerBlock
from generec.nn.item_model import ItemModel
from generec.types import Context, ItemIndex


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
            x, key, value = block.read(x, layout)
            keys.append(key)
            values.append(value)
        prefix = Prefix(tuple(keys), tuple(values), context.offsets[1:] - context.offsets[:-1])
        nothing = tuple(key[:, :, :0] for key in keys)
        return self._log_probs(x[context.last], 0), WrittenState(prefix, nothing, nothing, 0)

    def step(self, tokens: Tensor, state: WrittenState) -> tuple[Tensor, WrittenState]:
        x = self._read(tokens + sum(self.sizes[: state.level]))  # (M, D)
        keys, values = [], []
        for place, block in enumerate(self._blocks()):
            x, key, value = block.step(x, state.prefix, place, state.keys[place], state.values[place])
            keys.append(key)
            values.append(value)
        level = state.level + 1
        return self._log_probs(x, level), WrittenState(state.prefix, tuple(keys), tuple(values), level)

    def select(self, state: WrittenState, rows: Tensor) -> WrittenState:
        """Reorders what beams have written; a beam stays with its request, whose prefix is not touched."""
        keys = tuple(part[rows] for part in state.keys)
        return WrittenState(state.prefix, keys, tuple(part[rows] for part in state.values), state.level)

    def extend(self, index: ItemIndex, features: Tensor) -> None:
        """New items are written in the codes that exist: there is nothing to add."""


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
