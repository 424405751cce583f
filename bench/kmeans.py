"""k-means beside scikit-learn and, where it is installed, faiss: same points, same start, same inertia, what time?

Two questions. "same start": Lloyd iterations from the same random points, ours on all points and with early=16. "own
seeds": ours with its greedy seeds, the peer with k-means++, from points to clusters. Inertias are printed beside the
times, and a peer whose inertia is more than 1 % lower is marked.

    python bench/kmeans.py --threads 1 --out kmeans.json
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generec.nn.quantizer import kmeans
from measured import written

CLUSTERS, ITERATIONS = 256, 20
EQUAL = 0.01  # relative difference of inertias that still counts as equal


def points(items: int, width: int) -> Tensor:
    """Unit vectors whose variance falls off as that of sentence vectors does; no clear clusters, slow to converge."""
    generator = torch.Generator().manual_seed(0)
    spread = torch.arange(1, width + 1, dtype=torch.float32) ** -0.5
    return torch.nn.functional.normalize(torch.randn(items, width, generator=generator) * spread, dim=1)


def contestants(rows: Tensor, start: Tensor) -> dict[str, dict[str, Callable[[int], float]]]:
    """Functions from a seed to the inertia reached, by question and name."""
    from sklearn.cluster import KMeans

    array, first = rows.numpy(), start.numpy()
    settings: dict[str, Any] = {"n_init": 1, "max_iter": ITERATIONS, "tol": 0.0}
    same: dict[str, Callable[[int], float]] = {
        "generec": lambda seed: kmeans(rows, CLUSTERS, iterations=ITERATIONS, start=start).inertia,
        "early=16": lambda seed: kmeans(rows, CLUSTERS, iterations=ITERATIONS, start=start, early=16).inertia,
        "scikit-learn": lambda seed: float(KMeans(CLUSTERS, init=first, **settings).fit(array).inertia_),
    }
    own: dict[str, Callable[[int], float]] = {
        "generec": lambda seed: kmeans(rows, CLUSTERS, iterations=ITERATIONS, seed=seed).inertia,
        "scikit-learn": lambda seed: float(KMeans(CLUSTERS, random_state=seed, **settings).fit(array).inertia_),
    }
    if importlib.util.find_spec("faiss") is not None:
        same["faiss"] = lambda seed: faiss_inertia(array, first)
    return {"same start": same, "own seeds": own}


def faiss_inertia(array: Any, start: Any) -> float:
    import faiss

    faiss.omp_set_num_threads(torch.get_num_threads())
    clustering = faiss.Kmeans(array.shape[1], CLUSTERS, niter=ITERATIONS, max_points_per_centroid=10**9)
    clustering.train(array, init_centroids=start)
    distances, _ = clustering.index.search(array, 1)
    return float(distances.sum())


def race(runners: dict[str, Callable[[int], float]], pairs: int) -> dict[str, dict[str, float]]:
    """Interleaved runs: medians of wall and CPU seconds and of the ratios to ours, mean inertia."""
    wall: dict[str, list[float]] = {name: [] for name in runners}
    cpu: dict[str, list[float]] = {name: [] for name in runners}
    inertia: dict[str, list[float]] = {name: [] for name in runners}
    for turn in range(pairs + 1):
        for name, run in runners.items():
            began, used = time.perf_counter(), time.process_time()
            reached = run(turn)
            if turn:  # the first turn warms up
                wall[name].append(time.perf_counter() - began)
                cpu[name].append(time.process_time() - used)
                inertia[name].append(reached)
    ours = statistics.mean(inertia["generec"])
    found = {}
    for name in runners:
        reached = statistics.mean(inertia[name])
        found[name] = {
            "seconds": statistics.median(wall[name]),
            "cpu_seconds": statistics.median(cpu[name]),
            "inertia": reached,
            "times_ours": statistics.median(a / b for a, b in zip(wall[name], wall["generec"], strict=True)),
            "cpu_times_ours": statistics.median(a / b for a, b in zip(cpu[name], cpu["generec"], strict=True)),
            "equal": ours <= reached * (1 + EQUAL),
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--items", type=int, default=12_000)
    parser.add_argument("--widths", type=int, nargs="+", default=[384, 768])
    parser.add_argument("--features", type=Path, help="safetensors file with a tensor `features` to use instead")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--max-load", type=float, default=0.5, help="refuse above this load average per core")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load / cores > options.max_load:
        raise SystemExit(
            f"load average {load:.1f} on {cores} cores: times would mean nothing; wait or raise --max-load"
        )
    torch.set_num_threads(options.threads)
    document: dict[str, Any] = {
        "items": options.items, "features": str(options.features), "clusters": CLUSTERS, "iterations": ITERATIONS,
        "pairs": options.pairs, "load_before": load, "results": [],
    }  # fmt: skip
    from safetensors.torch import load_file
    from threadpoolctl import threadpool_limits

    print(f"{'width':>5}  {'question':10}  {'who':12}  {'wall s':>7}  {'CPU s':>7}  {'inertia':>9}  CPU times ours")
    given = [] if options.features is None else [load_file(options.features)["features"].float()]
    for rows in given or [points(options.items, width) for width in options.widths]:
        width = rows.shape[1]
        start = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(1))[:CLUSTERS]]
        for question, runners in contestants(rows, start).items():
            with threadpool_limits(options.threads):
                found = race(runners, options.pairs)
            for name, figures in found.items():
                document["results"].append({"width": width, "question": question, "name": name, **figures})
                times = f"{figures['seconds']:7.3f}  {figures['cpu_seconds']:7.3f}  {figures['inertia']:9.1f}"
                ratio = f"{figures['cpu_times_ours']:.2f}" + ("" if figures["equal"] else " (ours is worse)")
                print(f"{width:5}  {question:10}  {name:12}  {times}  {ratio}")
    if options.out:
        written(options.out, document)


if __name__ == "__main__":
    main()
