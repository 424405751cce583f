"""What a recommender does to the catalogue and to people, beside being right.

Shapes: C cases, K results, N items, G categories, R held-out items. Lists are (C, K) int64 catalogue rows, negative
where a list is shorter than K; histories and held-out items are packed rows with offsets (C + 1,). Cut a list before
the call (`items[:, :10]`) to judge it at 10. Means over nothing are NaN.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from generec.metrics.ranking import case_of


def exposure(items: Tensor, catalogue: int) -> Tensor:
    """How often each item is shown over all lists, (N,) int64."""
    return torch.bincount(items[items >= 0], minlength=catalogue)


def coverage(items: Tensor, catalogue: int) -> float:
    """Share of the catalogue that somebody is shown (Herlocker et al. 2004, catalogue coverage)."""
    return int((exposure(items, catalogue) > 0).sum()) / catalogue


def gini(shown: Tensor) -> float:
    """Gini index of exposure (N,), never-shown items included: 0 all alike, towards 1 one item takes all.

    G = sum_i (2 i - N - 1) x_i / (N sum x), x ascending (Fleder and Hosanagar 2009).
    """
    values = shown.double().sort().values
    count, total = values.numel(), float(values.sum())
    if total == 0:
        return math.nan
    weights = 2 * torch.arange(1, count + 1, dtype=torch.float64) - count - 1
    return float((weights * values).sum()) / (count * total)


def popularity_complement(items: Tensor, seen_share: Tensor) -> float:
    """EPC: expected novelty 1 - p(seen | item) of what is shown, discounted by 1 / log2(1 + rank).

    seen_share (N,) share of people who had the item in training. Vargas and Castells 2011, equation 11 without its
    relevance model (every shown item counts), normalised by the sum of discounts of each list.
    """
    present = items >= 0
    discount = present / torch.log2(torch.arange(items.shape[1], dtype=torch.float64) + 2)
    novelty = 1 - seen_share.double()[items.clamp(min=0)]
    return _mean((discount * novelty).sum(1) / discount.sum(1))


def mean_popularity(items: Tensor, counts: Tensor) -> float:
    """ARP: mean training count of the items of a list, mean over lists (Yin et al. 2012). counts (N,)."""
    return _mean(_list_mean(counts.double()[items.clamp(min=0)], items >= 0))


def long_tail(counts: Tensor, head: float = 0.2) -> Tensor:
    """Items outside the most popular `head` share of the catalogue, (N,) bool.

    Items as popular as the last one of the head belong to the head, so that the order of rows decides nothing.
    """
    size = max(1, round(head * counts.numel()))
    return counts < counts.sort(descending=True).values[size - 1]


def tail_share(items: Tensor, tail: Tensor) -> float:
    """APLT: share of long-tail items in a list, mean over lists (Abdollahpouri et al. 2019). tail (N,) bool."""
    return _mean(_list_mean(tail[items.clamp(min=0)].double(), items >= 0))


def tail_count(items: Tensor, tail: Tensor) -> float:
    """ACLT: number of long-tail items in a list, mean over lists (Abdollahpouri et al. 2019). tail (N,) bool."""
    return _mean((tail[items.clamp(min=0)] & (items >= 0)).double().sum(1))


def equal_opportunity(where: Tensor, relevant: Tensor, groups: Tensor, k: int) -> float:
    """PopREO: how unevenly held-out items of the groups are found, std / mean of the groups' recall; 0 is parity.

    where (R,) positions, relevant (R,) rows, groups (N,) group of every item (popularity head 0 and tail 1 for PopREO).
    Zhu, Wang and Caverlee 2020, ranking-based equal opportunity. Groups without held-out items are left out.
    """
    group = groups.long()[relevant.clamp(min=0)]
    known = relevant >= 0
    number = int(groups.max()) + 1
    held_out = torch.bincount(group[known], minlength=number).double()
    found = torch.bincount(group[known & (where > 0) & (where <= k)], minlength=number).double()
    rates = (found / held_out)[held_out > 0]
    if rates.numel() == 0 or float(rates.mean()) == 0:
        return math.nan
    return float(rates.std(correction=0) / rates.mean())


def intra_list_diversity(items: Tensor, features: Tensor) -> float:
    """Mean cosine distance between two items of a list, mean over lists (Smyth and McClave 2001).

    features (N, D): item vectors, or one-hot categories. An item without features (all zero) is at distance 1 from all.
    Sum over pairs of cosines = |sum of unit vectors|^2 - sum of their squared norms, so no (K, K) table is made.
    Lists of fewer than two items have no pairs and are left out.
    """
    unit = torch.nn.functional.normalize(features.float(), dim=1)
    present = items >= 0
    total = _list_sum(items, unit).square().sum(1).double()  # every ordered pair, an item with itself included
    itself = _list_sum(items, unit.square().sum(1, keepdim=True))[:, 0].double()
    shown = present.sum(1)
    pairs = shown * (shown - 1)
    return _mean((1 - (total - itself) / pairs)[pairs > 0])


def contains(items: Tensor, packed: Tensor, offsets: Tensor) -> Tensor:
    """Which entries of each list are in the case's own packed set (its history, say), (C, K) bool."""
    width = 1 + max(int(rows.max()) if rows.numel() else 0 for rows in (items, packed))
    keys = items + torch.arange(items.shape[0])[:, None] * width
    own = (packed + case_of(offsets) * width)[packed >= 0]
    return torch.isin(keys, own) & (items >= 0)


def repeat_rate(items: Tensor, histories: Tensor, offsets: Tensor) -> float:
    """Share of a list that the person had already, mean over lists."""
    return _mean(_list_mean(contains(items, histories, offsets).double(), items >= 0))


def distinct(items: Tensor) -> Tensor:
    """Marks the first place of every item in its list, (C, K) bool; entries below 0 are never marked."""
    ordered, places = items.sort(dim=1, stable=True)
    first = torch.ones_like(ordered, dtype=torch.bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return torch.empty_like(first).scatter_(1, places, first) & (items >= 0)


def valid(items: Tensor, allowed: Tensor | None = None) -> Tensor:
    """Which entries are items of the catalogue, allowed for the case and named for the first time, (C, K) bool.

    items: -1 where a list is shorter, -2 for an id that the catalogue does not have. allowed (C, N) bool.
    """
    good = distinct(items)
    return good if allowed is None else good & allowed.gather(1, items.clamp(min=0))


def valid_rate(items: Tensor, good: Tensor) -> float:
    """Share of the entries that name something and are valid; must be 1. items, good (C, K)."""
    named = items != -1
    return int((good & named).sum()) / int(named.sum()) if bool(named.any()) else math.nan


def filled_rate(items: Tensor) -> float:
    """Share of the asked-for places that name something; less than 1 means lists shorter than k."""
    return float((items != -1).double().mean())


def calibration(items: Tensor, histories: Tensor, offsets: Tensor, categories: Tensor, alpha: float = 0.01) -> float:
    """How far the categories of a list are from those of the person's history, mean over people; 0 is calibrated.

    C_KL = sum_g p(g) log(p(g) / ((1 - alpha) q(g) + alpha p(g))), p from the history and q from the list, every item
    spreading a weight of 1 evenly over its categories (Steck 2018, equations 1, 2, 6 and 7, without recency or rank
    weights). categories (N, G) bool or 0/1. People without history or categories are left out.
    """
    spread = categories.float() / categories.float().sum(1, keepdim=True).clamp(min=1)  # (N, G) p(g | item)
    values = []
    for start in range(0, items.shape[0], 4096):
        block = items[start : start + 4096]
        ends = offsets[start : start + block.shape[0] + 1]
        taste = embedding_bag(histories[ends[0] : ends[-1]], spread, ends[:-1] - ends[0], mode="sum")
        shown = _list_sum(block, spread)
        p, q = (table.double() / table.sum(1, keepdim=True) for table in (taste, shown))
        terms = torch.where(p > 0, p * torch.log(p / ((1 - alpha) * q + alpha * p)), 0.0)
        values.append(terms.sum(1)[(taste.sum(1) > 0) & (shown.sum(1) > 0)])
    return _mean(torch.cat(values)) if values else math.nan


def group_means(values: Tensor, groups: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """Mean of a per-case metric and number of cases in each of `number` groups of people; groups (C,), -1 for none."""
    member = groups >= 0
    counts = torch.bincount(groups[member], minlength=number)
    total = torch.zeros(number, dtype=torch.float64).index_add_(0, groups[member], values[member].double())
    return total / counts, counts


def _list_sum(items: Tensor, table: Tensor) -> Tensor:
    """Sum of the rows (N, D) of a list's items, (C, D)."""
    return embedding_bag(items.clamp(min=0), table, mode="sum", per_sample_weights=(items >= 0).to(table.dtype))


def _list_mean(values: Tensor, present: Tensor) -> Tensor:
    return (values * present).sum(1) / present.sum(1)


def _mean(values: Tensor) -> float:
    """Mean of what is defined: empty lists have no mean and are left out."""
    defined = values[~values.isnan()]
    return float(defined.mean()) if defined.numel() else math.nan
