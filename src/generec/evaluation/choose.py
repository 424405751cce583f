"""Which baselines there are, fitting several of them, and choosing their hyperparameters on validation."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import FittingError, UsageError, unknown
from generec.evaluation.baselines import BASELINE_NAMES, Baseline, ItemKNN, Popularity, RecentPopularity, TextKNN
from generec.evaluation.factors import ALS
from generec.evaluation.linear import EASE
from generec.evaluation.protocol import evaluate
from generec.protocols import Recommender
from generec.types import Catalog, Dataset, Events, Split


def baselines(names: Iterable[str] | None = None) -> dict[str, Baseline]:
    """The shipped baselines by name, all or those asked for. Raises UsageError on an unknown name.

    `sasrec`, the one baseline that is a trained model, is a recipe and is not among them.
    """
    shipped: dict[str, Baseline] = {
        "popularity": Popularity(),
        "recent-popularity": RecentPopularity(),
        "item-knn": ItemKNN(),
        "ease": EASE(),
        "als": ALS(),
        "text-knn": TextKNN(),
    }
    if names is None:
        return shipped
    chosen = {}
    for name in names:
        if name not in shipped:
            raise unknown("baseline", name, BASELINE_NAMES)
        chosen[name] = shipped[name]
    return chosen


@dataclass(frozen=True)
class Fitted:
    """Baselines ready to be judged, seconds each took to fit, and why the others were left out."""

    recommenders: Mapping[str, Recommender]
    seconds: Mapping[str, float]
    skipped: Mapping[str, str]


def fit_baselines(
    chosen: Mapping[str, Baseline], train: Events, catalog: Catalog, features: Tensor | None = None, seed: int = 0
) -> Fitted:
    """Fits each baseline, seeded anew; one that cannot be fitted on these data is skipped with its reason."""
    recommenders, seconds, skipped = {}, {}, {}
    for name, baseline in chosen.items():
        torch.manual_seed(seed)
        begun = time.perf_counter()
        try:
            recommenders[name] = baseline.fit(train, catalog, features)
        except FittingError as error:
            skipped[name] = str(error)
            continue
        seconds[name] = time.perf_counter() - begun
    return Fitted(recommenders, seconds, skipped)


def grid(name: str) -> tuple[Baseline, ...]:
    """The settings worth trying for a baseline: the shipped one, and a few around it that differ most between data."""
    grids: dict[str, tuple[Baseline, ...]] = {
        "item-knn": tuple(
            ItemKNN(neighbours=neighbours, shrinkage=shrinkage)
            for neighbours in (50, 200, 1000)
            for shrinkage in (1.0, 10.0, 50.0)
        ),
        "ease": (*(EASE(penalty=penalty) for penalty in (50.0, 200.0, 1000.0)), EASE(decay=1.0)),
        "als": tuple(ALS(factors=factors, penalty=penalty) for factors in (64, 256) for penalty in (10.0, 30.0, 100.0)),
    }
    return grids.get(name) or tuple(baselines([name]).values())


@dataclass(frozen=True)
class Choice:
    """The setting with the best figure on validation, and what every setting reached."""

    baseline: Baseline
    figures: tuple[tuple[Baseline, float], ...]


def choose(
    candidates: Sequence[Baseline],
    split: Split,
    dataset: Dataset,
    *,
    features: Tensor | None = None,
    metric: str = "ndcg@10",
    cases: int | None = None,
    seed: int = 0,
) -> Choice:
    """Fits every candidate on the training events and keeps the best on the validation cases; the test is not touched.

    Raises UsageError without candidates or for an unknown metric, FittingError for a candidate that cannot be fitted.
    """
    if not candidates:
        raise UsageError("there are no settings to choose from")
    at = metric.partition("@")[2]
    if not at.isdecimal() or int(at) == 0:
        raise UsageError(f"a metric is named like ndcg@10, got {metric!r}")
    figures = []
    for candidate in candidates:
        torch.manual_seed(seed)
        recommender = candidate.fit(split.train, dataset.catalog, features)
        asked = {"candidate": recommender}
        report = evaluate(asked, split, dataset, ks=(int(at),), on="validation", seed=seed, bootstrap=0, cases=cases)
        metrics = report.results[0].metrics
        if metric not in metrics:
            raise unknown("metric", metric, metrics)
        figures.append((candidate, metrics[metric]))
    best = max(figures, key=lambda figure: figure[1])[0]
    return Choice(best, tuple(figures))
