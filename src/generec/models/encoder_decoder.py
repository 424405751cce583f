"""The encoder-decoder that reads a history of codes and writes the next item's codes: the model of TIGER."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from generec.errors import UsageError
from generec.nn.dropout_masks import DropoutMasks, drop, relu_drop
from generec.nn.grouped_attention import ByLength, Group, grouped_attention
from generec.nn.item_model import ItemModel
from generec.nn.relative_position import RelativePositionBias
from generec.nn.rms_norm import RMSNorm
from generec.types import Context, ItemIndex


@dataclass(frozen=True, kw_only=True)
class EncoderDecoder:
    """T5-like encoder-decoder over semantic-ID tokens (Rajput et al. 2023, section 4; sizes as in its appendix).

    Context tokens are flat codes (`ids.starts[level] + code`), any number of items; behind them `extra_tokens` numbers
    are free for a template, e.g. TIGER's 2,000 hashed user tokens.

    Deviations. TIGER trains T5's softmax over the whole vocabulary; here the softmax of a level runs over that level's
    codebook only: the other codes can never be written there, so nothing is spent on learning so, and decoding pays
    for 256 instead of more than 1,000 classes. Dropout is where T5 has it, its masks are windows of one pool a step.
    """

    width: int = 128
    encoder_layers: int = 4
    decoder_layers: int = 4
    heads: int = 6
    head_width: int = 64
    feed_forward: int = 1024
    dropout: float = 0.1
    extra_tokens: int = 0
    """Tokens besides the codes that the template may write, numbered from the end of the codes."""

    def build(self, index: ItemIndex, features: Tensor) -> EncoderDecoderModel:
        """A model with random weights for the catalogue's codebooks; item features are not read."""
        return EncoderDecoderModel(self, index.ids.sizes)


@dataclass(frozen=True)
class DecoderState:
    """What B requests with M / B beams each have read and written so far."""

    level: int  # codes written
    memory: tuple[tuple[Tensor, Tensor], ...]  # per layer, once per request: keys (B, H, d, T), values (B, H, T, d)
    padding: Tensor  # (B, 1, 1, T) added to cross-attention scores
    cache: tuple[tuple[Tensor, ...], ...]
    """Per layer and position: keys and values (M, 2 * H * d); of the first position (B, 2 * H * d)."""


class EncoderDecoderModel(ItemModel):
    """See `EncoderDecoder`. Implements NextTokenModel; one prediction per context, as the encoder looks both ways."""

    starts: Tensor  # (L,) where each level's codes begin

    def __init__(self, spec: EncoderDecoder, sizes: tuple[int, ...]):
        super().__init__()
        self.spec, self.sizes = spec, sizes
        self.register_buffer("starts", torch.tensor([0, *sizes[:-1]]).cumsum(0), persistent=False)
        self.begin = sum(sizes) + spec.extra_tokens  # the token before the first code
        self.embedding = nn.Embedding(self.begin + 1, spec.width)
        self.encoder = nn.ModuleList(_EncoderLayer(spec) for _ in range(spec.encoder_layers))
        self.encoder_bias = RelativePositionBias(spec.heads, causal=False)
        self.encoder_norm = RMSNorm(spec.width)
        self.decoder = nn.ModuleList(_DecoderLayer(spec) for _ in range(spec.decoder_layers))
        self.decoder_bias = RelativePositionBias(spec.heads, causal=True)
        self.decoder_norm = RMSNorm(spec.width)
        self._initialise()

    def _initialise(self) -> None:
        """T5's scales: unit embeddings, and query weights that carry the attention's 1 / sqrt(d)."""
        spec = self.spec
        for attention in (module for module in self.modules() if isinstance(module, _Attention)):
            nn.init.normal_(attention.query.weight, std=(spec.width * spec.head_width) ** -0.5)
            nn.init.normal_(attention.key_value.weight, std=spec.width**-0.5)
            nn.init.normal_(attention.out.weight, std=(spec.heads * spec.head_width) ** -0.5)
        for block in (module for module in self.modules() if isinstance(module, _FeedForward)):
            nn.init.normal_(block.up.weight, std=spec.width**-0.5)
            nn.init.normal_(block.down.weight, std=spec.feed_forward**-0.5)
        for bias in (self.encoder_bias, self.decoder_bias):
            nn.init.normal_(bias.table, std=spec.width**-0.5)

    def extend(self, index: ItemIndex, features: Tensor) -> None:
        """New items are written in the codes that exist: there is nothing to add."""

    def code_log_probs(self, context: Context, at: Tensor, codes: Tensor) -> Tensor:
        """Log-probabilities of one next item per context: codes (B, L) -> (B, L) fp32.

        at: (B,) only counted: the whole row is read whatever position is named.
        """
        if at.numel() != len(context):
            raise UsageError(
                f"this model predicts one item per context, got {at.numel()} positions for {len(context)} contexts; "
                "use a template with one target per example (templates.history.CodeHistory)"
            )
        layout = ByLength.of(context.offsets)
        masks = self._masks(context)
        memory = self._encode(context.tokens[layout.tokens], layout, masks)
        codes = codes[layout.rows]
        written = torch.cat([codes.new_full((len(codes), 1), self.begin), (codes + self.starts)[:, :-1]], 1)
        levels = codes.shape[1]
        bias = self.decoder_bias(levels)
        own = (Group(len(codes), levels, levels),)
        across = tuple(Group(rows, levels, length) for rows, length in layout.groups)
        x = drop(self.embedding(written.flatten()), masks)  # (B * L, D)
        for layer in self._writers():
            x = layer(x, memory, own, across, bias, masks)
        hidden = drop(self.decoder_norm(x), masks).view(len(codes), levels, -1)
        found = [
            self.log_probs(hidden[:, level], level).gather(1, codes[:, level : level + 1]) for level in range(levels)
        ]
        return torch.cat(found, 1)[layout.rows.argsort()]

    def start(self, context: Context) -> tuple[Tensor, DecoderState]:
        """Reads B contexts: log-probabilities of the first code (B, V) and the state to go on from."""
        layout = ByLength.of(context.offsets)
        memory = self._encode(context.tokens[layout.tokens], layout, None)
        requests = len(context)
        lengths = context.offsets[1:] - context.offsets[:-1]
        longest = max((length for _, length in layout.groups), default=0)
        row = torch.repeat_interleave(layout.rows, lengths[layout.rows])
        slots = row * longest + layout.tokens - context.offsets[row]  # (sum T,)
        place = torch.arange(longest, device=lengths.device)
        padding = torch.zeros(requests, 1, 1, longest, device=lengths.device)
        padding.masked_fill_((place >= lengths[:, None])[:, None, None], torch.finfo(torch.float32).min)
        read = []
        for layer in self._writers():
            packed = layer.across.key_value(memory)
            grid = packed.new_zeros(requests * longest, packed.shape[1]).index_copy_(0, slots, packed)
            keys, values = grid.view(requests, longest, 2, self.spec.heads, self.spec.head_width).permute(2, 0, 3, 1, 4)
            read.append((keys.transpose(2, 3).contiguous(), values.contiguous()))
        state = DecoderState(0, tuple(read), padding, ((),) * len(self.decoder))
        return self._write(torch.full((requests,), self.begin, device=lengths.device), state)

    def step(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """Writes code `tokens` (M,) of the current level on every beam; log-probabilities of the next code, (M, V)."""
        written = DecoderState(state.level + 1, state.memory, state.padding, state.cache)
        return self._write(tokens + self.starts[state.level], written)

    def select(self, state: DecoderState, rows: Tensor) -> DecoderState:
        """Beams `rows` of each request, in that order: row m continues a beam of request m // (M / B).

        What belongs to a request, its cross-attention keys and the first position's cache, is neither copied nor moved.
        """
        cache = tuple(
            tuple(kept if place == 0 else kept.index_select(0, rows) for place, kept in enumerate(layer))
            for layer in state.cache
        )
        return DecoderState(state.level, state.memory, state.padding, cache)

    def log_probs(self, hidden: Tensor, level: int) -> Tensor:
        """Log-probabilities of a level's codes from the last hidden states: (n, D) -> (n, V of the level) fp32."""
        first = int(sum(self.sizes[:level]))
        table = self.embedding.weight[first : first + self.sizes[level]]
        return nn.functional.linear(hidden * self.spec.width**-0.5, table).float().log_softmax(-1)

    def _writers(self) -> list[_DecoderLayer]:
        return cast("list[_DecoderLayer]", list(self.decoder))

    def _masks(self, context: Context) -> DropoutMasks | None:
        if not self.training or self.spec.dropout == 0:
            return None
        device = self.embedding.weight.device
        autocast = torch.is_autocast_enabled(device.type)
        dtype = torch.get_autocast_dtype(device.type) if autocast else self.embedding.weight.dtype
        tokens = max(context.tokens.numel(), len(context) * len(self.sizes))
        longest = int((context.offsets[1:] - context.offsets[:-1]).max()) if len(context) else 0
        widest = max(self.spec.feed_forward, self.spec.width, self.spec.heads * max(longest, len(self.sizes)))
        return DropoutMasks(self.spec.dropout, tokens * widest, dtype, device)

    def _encode(self, tokens: Tensor, layout: ByLength, masks: DropoutMasks | None) -> Tensor:
        groups = tuple(Group(rows, length, length) for rows, length in layout.groups)
        bias = self.encoder_bias(max((length for _, length in layout.groups), default=0))
        x = drop(self.embedding(tokens), masks)  # (sum T, D)
        for layer in self.encoder:
            x = layer(x, groups, bias, masks)
        return drop(self.encoder_norm(x), masks)

    def _write(self, tokens: Tensor, state: DecoderState) -> tuple[Tensor, DecoderState]:
        """One token on every beam, at position state.level."""
        bias = self.decoder_bias(state.level + 1)[:, -1]  # (H, positions so far)
        x = self.embedding(tokens)
        cache = []
        for layer, memory, before in zip(self._writers(), state.memory, state.cache, strict=True):
            x, after = layer.step(x, memory, state.padding, before, bias)
            cache.append(after)
        written = DecoderState(state.level, state.memory, state.padding, tuple(cache))
        return self.log_probs(self.decoder_norm(x), state.level), written


class _Attention(nn.Module):
    def __init__(self, spec: EncoderDecoder):
        super().__init__()
        self.heads, inner = spec.heads, spec.heads * spec.head_width
        self.query = nn.Linear(spec.width, inner, bias=False)
        self.key_value = nn.Linear(spec.width, 2 * inner, bias=False)
        self.out = nn.Linear(inner, spec.width, bias=False)

    def forward(
        self, x: Tensor, memory: Tensor, groups: tuple[Group, ...], bias: Tensor | None, masks: DropoutMasks | None
    ) -> Tensor:
        mixed = grouped_attention(self.query(x), self.key_value(memory), self.heads, groups, bias, masks)
        return drop(self.out(mixed), masks)

    def step_self(
        self, x: Tensor, before: tuple[Tensor, ...], bias: Tensor, requests: int
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One query per beam on its own few positions; the first one's keys, of a request, serve all its beams."""
        after = (*before, self.key_value(x))
        width = self.query.out_features // self.heads
        read = [kept.view(requests, -1, 2, self.heads, width).unbind(2) for kept in after]  # (B, W, H, d) each
        query = self.query(x).view(requests, -1, self.heads, width)
        scores = torch.stack([(query * keys).sum(-1) for keys, _ in read])  # (t, B, W, H)
        weights = (scores.float() + bias.T[:, None, None, :]).softmax(0).to(x.dtype).unsqueeze(-1)
        mixed = weights[0] * read[0][1]
        for weight, (_, values) in zip(weights[1:], read[1:], strict=True):
            mixed = torch.addcmul(mixed, weight, values)
        return self.out(mixed.view(len(x), -1)), after

    def step_across(self, x: Tensor, memory: tuple[Tensor, Tensor], padding: Tensor) -> Tensor:
        """All beams of a request on the keys of that request."""
        keys, values = memory
        query = self.query(x).view(len(keys), -1, self.heads, keys.shape[2]).transpose(1, 2)  # (B, H, W, d)
        weights = ((query @ keys).float() + padding).softmax(-1).to(x.dtype)  # (B, H, W, T)
        return torch.as_tensor(self.out((weights @ values).transpose(1, 2).reshape(len(x), -1)))


class _FeedForward(nn.Module):
    def __init__(self, spec: EncoderDecoder):
        super().__init__()
        self.up = nn.Linear(spec.width, spec.feed_forward, bias=False)
        self.down = nn.Linear(spec.feed_forward, spec.width, bias=False)

    def forward(self, x: Tensor, masks: DropoutMasks | None) -> Tensor:
        return drop(self.down(relu_drop(self.up(x), masks)), masks)


class _EncoderLayer(nn.Module):
    def __init__(self, spec: EncoderDecoder):
        super().__init__()
        self.attention_norm, self.feed_forward_norm = RMSNorm(spec.width), RMSNorm(spec.width)
        self.attention, self.feed_forward = _Attention(spec), _FeedForward(spec)

    def forward(self, x: Tensor, groups: tuple[Group, ...], bias: Tensor, masks: DropoutMasks | None) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, groups, bias, masks)
        return x + torch.as_tensor(self.feed_forward(self.feed_forward_norm(x), masks))


class _DecoderLayer(nn.Module):
    def __init__(self, spec: EncoderDecoder):
        super().__init__()
        self.attention_norm, self.across_norm, self.feed_forward_norm = (RMSNorm(spec.width) for _ in range(3))
        self.attention, self.across, self.feed_forward = _Attention(spec), _Attention(spec), _FeedForward(spec)

    def forward(
        self,
        x: Tensor,
        memory: Tensor,
        own: tuple[Group, ...],
        across: tuple[Group, ...],
        bias: Tensor,
        masks: DropoutMasks | None,
    ) -> Tensor:
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed, own, bias, masks)
        x = x + self.across(self.across_norm(x), memory, across, None, masks)
        return x + torch.as_tensor(self.feed_forward(self.feed_forward_norm(x), masks))

    def step(
        self,
        x: Tensor,
        memory: tuple[Tensor, Tensor],
        padding: Tensor,
        before: tuple[Tensor, ...],
        bias: Tensor,
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        mixed, after = self.attention.step_self(self.attention_norm(x), before, bias, len(padding))
        x = x + mixed
        x = x + self.across.step_across(self.across_norm(x), memory, padding)
        return x + torch.as_tensor(self.feed_forward(self.feed_forward_norm(x), None)), after
