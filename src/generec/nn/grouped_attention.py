"""Attention over packed sequences, computed group by group of equal length: no padding, no mask, no wasted product.

Rows are laid out from the shortest to the longest, so that the rows of one length are one contiguous block, seen as a
(rows, length) grid without copying. Contexts of semantic IDs have few lengths, multiples of the levels: few groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from generec.nn.dropout_masks import DropoutMasks
from generec.nn.ragged import spread


@dataclass(frozen=True)
class Group:
    """Neighbouring rows with equally many queries and equally many keys."""

    rows: int
    queries: int  # per row
    keys: int  # per row


@dataclass(frozen=True)
class ByLength:
    """A packed batch rearranged from its shortest row to its longest."""

    rows: Tensor  # (B,) the original row in each place
    tokens: Tensor  # (sum T,) the original position of each token
    groups: tuple[tuple[int, int], ...]  # (rows, length) of each run of equal lengths

    @staticmethod
    def of(offsets: Tensor) -> ByLength:
        lengths = offsets[1:] - offsets[:-1]
        sorted_lengths, rows = lengths.sort(stable=True)
        values, counts = torch.unique_consecutive(sorted_lengths, return_counts=True)
        tokens, _ = spread(offsets[:-1][rows], sorted_lengths)
        return ByLength(rows, tokens, tuple(zip(counts.tolist(), values.tolist(), strict=True)))


def grouped_attention(
    query: Tensor,
    key_value: Tensor,
    heads: int,
    groups: Sequence[Group],
    bias: Tensor | None = None,
    masks: DropoutMasks | None = None,
) -> Tensor:
    """Multi-head attention of packed queries (sum Tq, H * d) on packed keys and values (sum Tk, 2 * H * d).

    bias: (H, Tq, Tk) of the longest row, added to the scores; shorter rows use its corner. Scores are not divided by
    sqrt(d): T5 folds that into the initial weights. The softmax is in fp32. Returns (sum Tq, H * d).
    """
    mixed: Tensor = _GroupedAttention.apply(query, key_value, bias, heads, groups, masks)  # type: ignore[no-untyped-call]
    return mixed


def _by_head(packed: Tensor, rows: int, length: int, heads: int) -> Tensor:
    """(rows * T, H * d) to (rows * H, T, d), copied: batched products want one stride between matrices."""
    width = packed.shape[1] // heads
    return packed.view(rows, length, heads, width).transpose(1, 2).reshape(rows * heads, length, width)


def _unhead(split: Tensor, rows: int, out: Tensor) -> None:
    """Writes (rows * H, T, d) to a (rows * T, H * d) slice."""
    batch, length, width = split.shape
    heads = batch // rows
    out.view(rows, length, heads, width).copy_(split.view(rows, heads, length, width).transpose(1, 2))


class _GroupedAttention(torch.autograd.Function):
    """Written out so that groups read and write slices of whole tensors; automatic slicing copies them per group."""

    @staticmethod
    def forward(ctx, query, key_value, bias, heads, groups, masks):  # type: ignore[no-untyped-def]
        wide = query.shape[1]
        out = query.new_empty(query.shape)
        saved, windows = [], []
        q, k = 0, 0
        for group in groups:
            n, tq, tk = group.rows, group.queries, group.keys
            block = key_value[k : k + n * tk]
            queries = _by_head(query[q : q + n * tq], n, tq, heads)
            keys, values = (_by_head(part, n, tk, heads) for part in block.split(wide, 1))
            scores = torch.bmm(queries, keys.transpose(1, 2)).float().view(n, heads, tq, tk)
            if bias is not None:
                scores += bias[:, :tq, :tk]
            weights = torch.softmax(scores, -1).view(n * heads, tq, tk)
            used = weights.to(query.dtype)
            if masks is not None:
                windows.append(masks.window(used.shape))
                used = used * windows[-1]
            _unhead(torch.bmm(used, values), n, out[q : q + n * tq])
            saved += [queries, keys, values, weights, used]
            q, k = q + n * tq, k + n * tk
        ctx.save_for_backward(*saved)
        ctx.windows, ctx.groups, ctx.heads, ctx.bias = windows, groups, heads, bias
        ctx.shapes = query.shape, key_value.shape
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):  # type: ignore[no-untyped-def]
        to_query, to_key_value = (grad.new_empty(shape) for shape in ctx.shapes)
        to_bias = None if ctx.bias is None else torch.zeros_like(ctx.bias, dtype=torch.float32)
        wide = grad.shape[1]
        q, k = 0, 0
        for place, group in enumerate(ctx.groups):
            n, tq, tk = group.rows, group.queries, group.keys
            queries, keys, values, weights, used = ctx.saved_tensors[5 * place : 5 * place + 5]
            above = _by_head(grad[q : q + n * tq], n, tq, ctx.heads)
            block = to_key_value[k : k + n * tk]
            _unhead(torch.bmm(used.transpose(1, 2), above), n, block[:, wide:])
            to_weights = torch.bmm(above, values.transpose(1, 2))
            if ctx.windows:
                to_weights *= ctx.windows[place]
            to_scores = torch.ops.aten._softmax_backward_data(to_weights.float(), weights, -1, torch.float32)
            if to_bias is not None:
                to_bias[:, :tq, :tk] += to_scores.view(n, ctx.heads, tq, tk).sum(0)
            to_scores = to_scores.to(grad.dtype)
            _unhead(torch.bmm(to_scores, keys), n, to_query[q : q + n * tq])
            _unhead(torch.bmm(to_scores.transpose(1, 2), queries), n, block[:, :wide])
            q, k = q + n * tq, k + n * tk
        return to_query, to_key_value, None if to_bias is None else to_bias.to(ctx.bias.dtype), None, None, None
