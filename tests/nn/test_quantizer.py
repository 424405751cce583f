from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import FittingError
from generec.nn.quantizer import (
    kmeans,
    means,
    nearest,
    plus_plus,
    residual_codes,
    residual_sum,
    squared_distances,
    stable_assignment,
)  # fmt: skip


def blobs(clusters: int, each: int, width: int = 8, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    centres = 20 * torch.randn(clusters, width, generator=generator)
    return (centres.unsqueeze(1) + 0.1 * torch.randn(clusters, each, width, generator=generator)).flatten(0, 1)


def naive_lloyd(points: torch.Tensor, centroids: torch.Tensor, iterations: int) -> tuple[torch.Tensor, float]:
    for _ in range(iterations):
        codes = torch.cdist(points.double(), centroids.double()).argmin(1)
        centroids = torch.stack(
            [
                points[codes == code].mean(0) if (codes == code).any() else centroids[code]
                for code in range(len(centroids))
            ]
        )
    distances = torch.cdist(points.double(), centroids.double())
    return distances.argmin(1), float(distances.min(1).values.square().sum())


def naive_stable(distances: torch.Tensor, capacity: int) -> list[int]:
    """Gale-Shapley, one proposal at a time."""
    wishes = [row.argsort(stable=True).tolist() for row in distances]
    held: dict[int, list[int]] = {cluster: [] for cluster in range(distances.shape[1])}
    homeless = list(range(len(distances)))
    while homeless:
        point = homeless.pop()
        cluster = wishes[point].pop(0)
        held[cluster].append(point)
        if len(held[cluster]) > capacity:
            worst = max(held[cluster], key=lambda each: float(distances[each, cluster]))
            held[cluster].remove(worst)
            homeless.append(worst)
    return [next(cluster for cluster in held if point in held[cluster]) for point in range(len(distances))]


def test_kmeans_finds_separate_blobs():
    found = kmeans(blobs(12, 30), 12, seed=3)
    groups = found.codes.reshape(12, 30)
    assert (groups == groups[:, :1]).all()
    assert groups[:, 0].unique().numel() == 12


def test_kmeans_equals_the_naive_twin_from_the_same_start():
    points = torch.randn(300, 16, generator=torch.Generator().manual_seed(1))  # few enough to be the sample
    start = points[:20].clone()
    expected, inertia = naive_lloyd(points, start, 60)
    found = kmeans(points, 20, iterations=60, start=start)
    assert found.inertia == pytest.approx(inertia, rel=5e-3)  # early assignments are in bfloat16
    assert (found.codes == expected).float().mean() > 0.85


def test_codes_and_inertia_are_exact_for_the_centroids_returned():
    points = torch.randn(3000, 12, generator=torch.Generator().manual_seed(2))
    found = kmeans(points, 50, seed=0)
    distances = torch.cdist(points.double(), found.centroids.double())
    assert found.inertia == pytest.approx(float(distances.min(1).values.square().sum()), rel=1e-5)
    assert (found.codes == distances.argmin(1)).float().mean() > 0.999


def test_kmeans_is_as_good_as_scikit_learn():
    from sklearn.cluster import KMeans

    points = torch.randn(2000, 16, generator=torch.Generator().manual_seed(4))
    peer = min(KMeans(32, n_init=1, random_state=seed, max_iter=20).fit(points.numpy()).inertia_ for seed in range(3))
    assert min(kmeans(points, 32, seed=seed).inertia for seed in range(3)) < 1.02 * peer


def test_greedy_seeds_are_better_than_random_points():
    points = blobs(30, 20)
    generator = torch.Generator().manual_seed(0)
    seeds = plus_plus(points, 30, generator)
    nearby = squared_distances(points, seeds).min(1).values.sum()
    random = squared_distances(points, points[torch.randperm(600, generator=generator)[:30]]).min(1).values.sum()
    assert nearby < random / 10


def test_empty_clusters_move_to_badly_fitted_points():
    points = torch.cat([torch.zeros(10, 2), torch.tensor([[5.0, 5.0]])])
    centroids = torch.tensor([[0.0, 0.0], [100.0, 100.0]])
    codes = nearest(points, centroids)
    assert means(points, centroids, codes)[1].tolist() == [5.0, 5.0]


@pytest.mark.parametrize("exact", [True, False])
def test_nearest_equals_the_naive_twin(exact: bool):
    generator = torch.Generator().manual_seed(5)
    points, centroids = torch.randn(2500, 24, generator=generator), torch.randn(40, 24, generator=generator)
    expected = torch.cdist(points, centroids).argmin(1)
    agreement = (nearest(points, centroids, exact=exact) == expected).float().mean()
    assert agreement > (0.999 if exact else 0.97)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 5), st.integers(0, 2**31))
def test_stable_assignment_equals_the_naive_twin(points: int, clusters: int, spare: int, seed: int):
    distances = torch.rand(points, clusters, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    capacity = -(-points // clusters) + spare
    codes = stable_assignment(distances, capacity)
    assert codes.tolist() == naive_stable(distances, capacity)
    assert torch.bincount(codes).max() <= capacity


def test_capacity_is_kept_and_too_little_is_refused():
    points = torch.cat([torch.zeros(90, 3), torch.randn(10, 3, generator=torch.Generator().manual_seed(0))])
    found = kmeans(points, 10, capacity=11, seed=0)
    assert torch.bincount(found.codes, minlength=10).max() <= 11
    with pytest.raises(FittingError, match="cannot hold 100"):
        kmeans(points, 10, capacity=9)


@pytest.mark.parametrize("clusters", [0, 6])
def test_impossible_cluster_counts_are_refused(clusters: int):
    with pytest.raises(FittingError, match="1 to 5 clusters"):
        kmeans(torch.randn(5, 2), clusters)


def test_equal_points_and_as_many_clusters_as_points():
    assert kmeans(torch.ones(6, 3), 4).inertia == pytest.approx(0, abs=1e-9)
    found = kmeans(blobs(5, 1), 5)
    assert found.codes.unique().numel() == 5
    assert found.inertia == pytest.approx(0, abs=1e-3)


def test_the_same_seed_gives_the_same_clusters_and_leaves_the_global_generator_alone():
    points = torch.randn(400, 5)
    state = torch.get_rng_state()
    first, second = kmeans(points, 7, seed=1), kmeans(points, 7, seed=1)
    assert torch.equal(first.codes, second.codes)
    assert torch.equal(first.centroids, second.centroids)
    assert torch.equal(state, torch.get_rng_state())


def test_residual_codes_equal_the_naive_twin_and_sum_to_the_reconstruction():
    generator = torch.Generator().manual_seed(6)
    points = torch.randn(50, 6, generator=generator)
    books = [torch.randn(8, 6, generator=generator) for _ in range(3)]
    codes = residual_codes(points, books)
    for point, found in zip(points, codes.tolist(), strict=True):
        left = point
        for book, code in zip(books, found, strict=True):
            assert code == min(range(8), key=lambda each, left=left, book=book: float((left - book[each]).norm()))
            left = left - book[code]
    rebuilt = torch.stack([sum(book[code] for book, code in zip(books, row, strict=True)) for row in codes.tolist()])
    assert torch.allclose(residual_sum(codes, books), rebuilt, atol=1e-5)
