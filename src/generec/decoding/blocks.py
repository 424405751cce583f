"""Many requests answered block by block, so that memory is bounded by the block and not by the number of people."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.types import Context, Ranked


def in_blocks(
    size: int, context: Context, allowed: Tensor | None, k: int, decode: Callable[[Context, Tensor | None], Ranked]
) -> Ranked:
    """Decodes at most `size` requests at a time and joins the answers in order; k is what every block returns."""
    if k < 1 or size < 1:
        raise UsageError(f"a decoder needs k >= 1 and blocks of >= 1 request, got k = {k} and blocks of {size}")
    parts = []
    for start in range(0, len(context), size):
        stop = min(start + size, len(context))
        shared = allowed is None or allowed.shape[0] == 1
        parts.append(decode(rows(context, start, stop), allowed if shared or allowed is None else allowed[start:stop]))
    if not parts:
        device = context.tokens.device
        return Ranked(torch.empty(0, k, dtype=torch.int64, device=device), torch.empty(0, k, device=device))
    return Ranked(torch.cat([part.items for part in parts]), torch.cat([part.scores for part in parts]))


def rows(context: Context, start: int, stop: int) -> Context:
    """Rows start to stop of a packed context."""
    offsets = context.offsets[start : stop + 1]
    tokens = slice(int(offsets[0]), int(offsets[-1]))
    times = None if context.times is None else context.times[tokens]
    return Context(context.tokens[tokens], offsets - offsets[0], times)


def ranked(items: Tensor, scores: Tensor, k: int) -> Ranked:
    """Answers of exactly k places from (B, <= k): what scores -inf and what is missing becomes -1."""
    items = torch.where(scores > -torch.inf, items, -1)
    missing = k - items.shape[1]
    if missing:
        items = torch.nn.functional.pad(items, (0, missing), value=-1)
        scores = torch.nn.functional.pad(scores, (0, missing), value=-torch.inf)
    return Ranked(items, scores)
