"""Accuracy of ranked lists: recall, hit rate, NDCG and reciprocal rank at k, one value per case.

Everything rests on one primitive, the position of every held-out item in its case's list. Hits are counted on items,
never on semantic IDs. Shapes: C cases, K results, R held-out items of all cases together, packed by offsets (C + 1,).
Relevance is binary, so NDCG's gains are 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from generec.errors import UsageError

KS = (5, 10, 20, 50)
"""The cut-offs that are reported unless others are asked for."""


def positions(items: Tensor, relevant: Tensor, offsets: Tensor) -> Tensor:
    """Where each held-out item stands in its case's list: 1 is the top, 0 means that it is not there.

    items (C, K) int64 catalogue rows, best first, negative where there is none; relevant (R,) distinct rows within a
    case, negative for one that no list can hold. An item that a list names twice counts at its first place.
    Returns (R,) int64.
    """
    if items.shape[0] != offsets.numel() - 1:
        raise UsageError(f"{items.shape[0]} lists against {offsets.numel() - 1} cases; give one list per case")
    if items.shape[1] == 0:
        return torch.zeros_like(relevant)
    case = case_of(offsets)
    found = (items[case] == relevant[:, None]) & (relevant[:, None] >= 0)  # (R, K)
    return torch.where(found.any(1), found.int().argmax(1) + 1, 0)


def case_of(offsets: Tensor) -> Tensor:
    """The case to which each packed entry belongs, (R,) int64."""
    return torch.repeat_interleave(torch.arange(offsets.numel() - 1), offsets[1:] - offsets[:-1])


def _total(values: Tensor, offsets: Tensor) -> Tensor:
    """Sum of packed values by case, (C,) float64."""
    total = torch.zeros(offsets.numel() - 1, dtype=torch.float64)
    return total.index_add_(0, case_of(offsets), values.double())


def _within(where: Tensor, k: int) -> Tensor:
    return (where > 0) & (where <= k)


def recall(where: Tensor, offsets: Tensor, k: int) -> Tensor:
    """Share of a case's held-out items among its first k, (C,) float64; 0 for a case that holds nothing out."""
    return _total(_within(where, k), offsets) / (offsets[1:] - offsets[:-1]).clamp(min=1)


def hit_rate(where: Tensor, offsets: Tensor, k: int) -> Tensor:
    """1 where any held-out item is among the first k, (C,) float64; equals recall with one held-out item."""
    return (_total(_within(where, k), offsets) > 0).double()


def ndcg(where: Tensor, offsets: Tensor, k: int) -> Tensor:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002), gain / log2(1 + rank), (C,) float64.

    The ideal list holds min(k, number of held-out items) hits.
    """
    gain = _within(where, k) / torch.log2(where.double() + 1).clamp(min=1)
    ideal = (1 / torch.log2(torch.arange(k, dtype=torch.float64) + 2)).cumsum(0)  # (k,) ideal gain of 1..k hits
    counts = (offsets[1:] - offsets[:-1]).clamp(min=1, max=k)
    return _total(gain, offsets) / ideal[counts - 1]


def reciprocal_rank(where: Tensor, offsets: Tensor, k: int) -> Tensor:
    """1 / rank of the first held-out item, 0 beyond k, (C,) float64; its mean is MRR@k."""
    first = first_position(where, offsets)
    return torch.where(_within(first, k), 1 / first.double().clamp(min=1), 0.0)


def first_position(where: Tensor, offsets: Tensor) -> Tensor:
    """Rank of the best placed held-out item of each case, 0 where none is in the list, (C,) int64."""
    absent = torch.iinfo(torch.int64).max
    best = torch.full((offsets.numel() - 1,), absent)
    best.scatter_reduce_(0, case_of(offsets), torch.where(where > 0, where, absent), "amin")
    return torch.where(best == absent, 0, best)


def accuracy(items: Tensor, relevant: Tensor, offsets: Tensor, ks: Sequence[int] = KS) -> Mapping[str, Tensor]:
    """All accuracy metrics per case: {"recall@5": (C,) float64, "hr@5", "ndcg@5", "mrr@5", ...}.

    Raises UsageError where the lists are too short for the largest cut-off; pad shorter answers with -1.
    """
    if items.shape[1] < max(ks):
        raise UsageError(f"lists of {items.shape[1]} items cannot be judged at {max(ks)}; ask for k = {max(ks)}")
    where = positions(items, relevant, offsets)
    metrics = {"recall": recall, "hr": hit_rate, "ndcg": ndcg, "mrr": reciprocal_rank}
    return {f"{name}@{k}": metric(where, offsets, k) for k in ks for name, metric in metrics.items()}
