"""Best-first selection that gives the same answer on every machine, ties included."""

from __future__ import annotations

import torch
from torch import Tensor

from generec.errors import FittingError


def top(scores: Tensor, k: int, ties: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The k best columns of every row, best first; equal scores go to the lower tie key.

    scores: (B, C); k <= C; ties: (B, C) integer keys, distinct within a row; the column number when None.
    Returns scores and columns, both (B, k). Columns that score -inf come last, in no particular order.
    torch.topk picks arbitrarily among equal scores: rows where that could matter are sorted in full.
    """
    values, columns = scores.topk(min(k + 1, scores.shape[1]), dim=1)  # with the best that is left out
    if bool(values[:, :1].isnan().any()):  # which count as the highest
        raise FittingError("the model returned scores that are not numbers; train it again with a lower learning rate")
    same = (values[:, 1:] == values[:, :-1]) & (values[:, 1:] > -torch.inf)
    values, columns = values[:, :k], columns[:, :k]
    if k and bool(same.any()):
        keys = columns if ties is None else ties.gather(1, columns)
        by_key = keys.argsort(1)
        values, columns = values.gather(1, by_key), columns.gather(1, by_key)
        values, order = values.sort(dim=1, descending=True, stable=True)
        columns = columns.gather(1, order)
        cut = same[:, k - 1 :].any(1)  # the last place is shared with one left out
        values[cut], columns[cut] = _sorted(scores[cut], k, None if ties is None else ties[cut])
    return values, columns


def _sorted(scores: Tensor, k: int, ties: Tensor | None) -> tuple[Tensor, Tensor]:
    if ties is None:
        values, columns = scores.sort(dim=1, descending=True, stable=True)
        return values[:, :k], columns[:, :k]
    by_key = ties.argsort(1)
    values, order = scores.gather(1, by_key).sort(dim=1, descending=True, stable=True)
    return values[:, :k], by_key.gather(1, order)[:, :k]
