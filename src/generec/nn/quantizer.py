"""Vectors to codes and back: fast k-means, residual and nearest-code assignment.

Shapes: N points, D width, K clusters, L levels. Functions take a seed and never touch the global generator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from generec.errors import FittingError

_BLOCK = 1024  # points per block: a block's K scores stay in the cache of one core
_SAMPLE = 16  # points per cluster among which k-means++ looks for seeds
_TRIALS = 32  # candidates per seed
_PACKED = 8192  # most codes that fit into a float32 below the bits that bfloat16 has


@dataclass(frozen=True)
class Clusters:
    """What k-means found: centroids (K, D), the code of every point (N,), and the summed squared distance."""

    centroids: Tensor
    codes: Tensor
    inertia: float


def kmeans(
    points: Tensor, clusters: int, *, iterations: int = 20, seed: int = 0, capacity: int | None = None,
    start: Tensor | None = None, early: int = 0,
) -> Clusters:  # fmt: skip
    """Lloyd's k-means with greedy k-means++ seeds (Arthur and Vassilvitskii 2007).

    points (N, D) float32, N >= clusters, or FittingError. With a `capacity`, no cluster holds more points than that:
    after a free first half, points and clusters are matched stably at every iteration. Seeds are sought among 16 points
    per cluster; products run blocked and in bfloat16 where the processor has it; the codes and the inertia are exact in
    float32. Empty clusters move to the worst-fitted points. `start` (K, D) replaces the seeds. With `early`, the first
    half of the iterations sees so many points per cluster only: at 16, some less time, half a percent more inertia, and
    codes that are used less evenly.
    """
    if not 0 < clusters <= len(points):
        raise FittingError(f"k-means needs 1 to {len(points)} clusters for {len(points)} points, got {clusters}")
    if capacity is not None and capacity * clusters < len(points):
        raise FittingError(
            f"{clusters} clusters of at most {capacity} points cannot hold {len(points)}; raise the capacity"
        )
    generator = torch.Generator().manual_seed(seed)
    centre = points.mean(0)
    centred = points - centre  # bfloat16 keeps eight bits: of distances, once the common part is gone
    order = torch.randperm(len(points), generator=generator).to(points.device)
    among = centred[order[: _SAMPLE * clusters]]
    centroids = plus_plus(among, clusters, generator) if start is None else start - centre
    sample = centred[order[: early * clusters]] if early else centred
    centroids = _lloyd(sample, centroids, iterations // 2, None)
    centroids = _lloyd(centred, centroids, iterations - iterations // 2, capacity)
    codes = _assigned(centred, centroids, capacity, exact=True)
    blocks = zip(torch.split(centred, _BLOCK), torch.split(codes, _BLOCK), strict=True)
    inertia = sum(float((block - centroids[own]).square().sum()) for block, own in blocks)
    return Clusters(centroids + centre, codes, inertia)


def plus_plus(points: Tensor, clusters: int, generator: torch.Generator, trials: int = _TRIALS) -> Tensor:
    """Spread-out starting centroids, (N, D) -> (K, D), by greedy k-means++.

    Of `trials` points drawn in proportion to their squared distance to the seeds so far, the one that lowers the summed
    distance most is the next seed. Distances are in bfloat16 where that is faster: seeds need not be exact.
    """
    precision = torch.bfloat16 if native_bfloat16(points.device) else points.dtype
    rounded, norms = points.to(precision), points.square().sum(1)
    columns = rounded.T.contiguous()
    draws = torch.rand(clusters, trials, generator=generator, dtype=torch.float64).to(points.device)
    chosen = torch.empty(clusters, dtype=torch.int64, device=points.device)
    distances = torch.full_like(norms, torch.inf)
    for seed, draw in enumerate(draws):
        mass = distances.double().cumsum(0)
        if seed > 0 and mass[-1] > 0:
            candidates = torch.searchsorted(mass, draw * mass[-1], right=True).clamp_(max=len(points) - 1)
        else:  # the first seed, and seeds beyond the distinct points
            candidates = (draw * len(points)).long()
        products = (rounded[candidates] @ columns).float()  # (trials, N)
        fresh = (norms - 2 * products + norms[candidates].unsqueeze(1)).clamp_(min=0)
        fresh = torch.minimum(fresh.scatter_(1, candidates.unsqueeze(1), 0.0), distances)
        best = fresh.sum(1).argmin()
        chosen[seed], distances = candidates[best], fresh[best]
    return points[chosen]


def nearest(points: Tensor, centroids: Tensor, *, exact: bool = True) -> Tensor:
    """Code of the nearest centroid, (N, D) and (K, D) -> (N,) int64, a block of points at a time.

    exact=False multiplies in bfloat16 where the processor has it: about half a percent of the codes differ, all of them
    between centroids that are nearly as near. There the code is written into the lowest bits of the score, so that a
    maximum, which is vectorised, does the work of an argmax, which is not.
    """
    codes = torch.empty(len(points), dtype=torch.int64, device=points.device)
    halves = centroids.square().sum(1) / 2
    if not exact and len(centroids) <= _PACKED and native_bfloat16(points.device):
        columns = centroids.T.to(torch.bfloat16).contiguous()
        labels = torch.arange(len(centroids), dtype=torch.int32, device=points.device)
        low = (1 << len(centroids).bit_length()) - 1
        for start in range(0, len(points), _BLOCK):
            block = points[start : start + _BLOCK].to(torch.bfloat16)
            scores = (block @ columns).float().sub_(halves).view(torch.int32)
            best = scores.bitwise_and_(~low).bitwise_or_(labels).view(torch.float32).amax(1)
            codes[start : start + _BLOCK] = best.view(torch.int32) & low
        return codes
    for start in range(0, len(points), _BLOCK):
        block = points[start : start + _BLOCK]
        torch.argmax(torch.addmm(-halves, block, centroids.T), 1, out=codes[start : start + _BLOCK])
    return codes


def native_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 products are faster than float32 ones here."""
    return device.type == "cuda" or cast(bool, torch.ops.mkldnn._is_mkldnn_bf16_supported())


def squared_distances(points: Tensor, centroids: Tensor) -> Tensor:
    """(N, D), (K, D) -> (N, K)."""
    norms = points.square().sum(1, keepdim=True) + centroids.square().sum(1)
    return torch.addmm(norms, points, centroids.T, alpha=-2).clamp_(min=0)


def stable_assignment(distances: Tensor, capacity: int) -> Tensor:
    """The nearest cluster that has room, (N, K) -> (N,): no point and cluster would both rather have each other.

    Deferred acceptance (Gale and Shapley 1962), all homeless points proposing at once; a cluster keeps its `capacity`
    nearest proposals. The result does not depend on the order of proposals as long as no distances tie; ties go to the
    lower row. Needs capacity * K >= N.
    """
    costs = distances.clone()
    codes = torch.full((len(costs),), -1, dtype=torch.int64, device=costs.device)
    homeless = torch.arange(len(costs), device=costs.device)
    while len(homeless):
        codes[homeless] = costs[homeless].argmin(1)
        held = distances.gather(1, codes.unsqueeze(1)).squeeze(1)
        order = held.argsort(stable=True)
        order = order[codes[order].argsort(stable=True)]  # by cluster, the nearest first
        counts = torch.bincount(codes, minlength=costs.shape[1])
        starts = counts.cumsum(0) - counts
        place = torch.arange(len(order), device=costs.device) - starts[codes[order]]
        homeless = order[place >= capacity]
        costs[homeless, codes[homeless]] = torch.inf
    return codes


def residual_codes(points: Tensor, codebooks: Sequence[Tensor]) -> Tensor:
    """Greedy residual quantisation, (N, D) -> (N, L): every level takes the nearest code of what is left."""
    left, codes = points, []
    for codebook in codebooks:
        codes.append(nearest(left, codebook))
        left = left - codebook[codes[-1]]
    return torch.stack(codes, 1)


def residual_sum(codes: Tensor, codebooks: Sequence[Tensor]) -> Tensor:
    """The vectors that residual codes stand for, (N, L) -> (N, D)."""
    return torch.stack([codebook[codes[:, level]] for level, codebook in enumerate(codebooks)]).sum(0)


def _lloyd(points: Tensor, centroids: Tensor, iterations: int, capacity: int | None) -> Tensor:
    """Centroids after some iterations, fewer when nothing moves any more."""
    rounded = points.to(torch.bfloat16) if capacity is None and native_bfloat16(points.device) else points
    codes = torch.zeros(0, dtype=torch.int64)
    for _ in range(iterations):
        previous, codes = codes, _assigned(rounded, centroids, capacity, exact=False)
        if torch.equal(codes, previous):
            break
        centroids = means(points, centroids, codes)
    return centroids


def _assigned(points: Tensor, centroids: Tensor, capacity: int | None, *, exact: bool) -> Tensor:
    if capacity is None:
        return nearest(points, centroids, exact=exact)
    return stable_assignment(squared_distances(points, centroids), capacity)


def means(points: Tensor, centroids: Tensor, codes: Tensor) -> Tensor:
    """Means of the clusters; empty ones move to the points that are worst fitted now."""
    counts = torch.bincount(codes, minlength=len(centroids))
    sums = torch.zeros_like(centroids).index_add_(0, codes, points)
    moved = sums / counts.clamp(min=1).unsqueeze(1)
    empty = (counts == 0).nonzero().squeeze(1)
    if len(empty):
        worst = (points - centroids[codes]).square().sum(1).topk(len(empty)).indices
        moved[empty] = points[worst]
    return moved
