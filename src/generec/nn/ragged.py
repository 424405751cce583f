"""Packed sequences: B rows of different lengths laid end to end, (sum T, ...) with offsets (B + 1,)."""

from __future__ import annotations

import torch
from torch import Tensor


def row_of_token(offsets: Tensor) -> Tensor:
    """The row each packed token belongs to, (sum T,)."""
    lengths = offsets[1:] - offsets[:-1]
    return torch.repeat_interleave(torch.arange(lengths.numel(), device=offsets.device), lengths)


def place_of_token(offsets: Tensor) -> Tensor:
    """The place of each packed token within its row, from 0, (sum T,)."""
    return torch.arange(int(offsets[-1]), device=offsets.device) - offsets.take(row_of_token(offsets))


def pad(packed: Tensor, slots: Tensor, rows: int, width: int) -> Tensor:
    """Packed (sum T, ...) to (rows, width, ...) with zeros behind each row; `slots` = row * width + place."""
    padded = packed.new_zeros(rows * width, *packed.shape[1:])
    return padded.index_copy(0, slots, packed).view(rows, width, *packed.shape[1:])


def unpad(padded: Tensor, slots: Tensor) -> Tensor:
    """The inverse of `pad`."""
    return padded.flatten(0, 1).index_select(0, slots)


def take_last(offsets: Tensor, limit: int) -> tuple[Tensor, Tensor]:
    """Packed positions of each row's last `limit` tokens, and the offsets of what is kept."""
    lengths = (offsets[1:] - offsets[:-1]).clamp(max=limit)
    kept = torch.cat([offsets.new_zeros(1), lengths.cumsum(0)])
    row = row_of_token(kept)
    positions = offsets[1:][row] - kept[1:][row] + torch.arange(int(kept[-1]), device=offsets.device)
    return positions, kept


def segment_log_softmax(scores: Tensor, segments: Tensor, count: int) -> Tensor:
    """Log-softmax within segments: scores (n,) with segment numbers (n,) in range(count)."""
    highest = scores.new_full((count,), -torch.inf).scatter_reduce(0, segments, scores.detach(), "amax")
    shifted = scores - highest[segments]
    total = scores.new_zeros(count).index_add(0, segments, shifted.exp())
    return shifted - total.log()[segments]


def spread(starts: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """Every number of the ranges [starts, starts + counts), one after another, and the range each belongs to."""
    ranges = torch.repeat_interleave(counts)
    shift = starts - (counts.cumsum(0) - counts)
    return torch.arange(ranges.numel(), device=counts.device) + shift.take(ranges), ranges
