"""Fake people push an item: how many more honest people are shown it, with the defence and without.

    python bench/poisoning.py --out docs/results/poisoning.json
    generec data import PATH/ml-latest-small -o films && python bench/poisoning.py --data films --out films.json

Without --data the people are those of the embedded world. Every attack is made in several draws, each on another item
of the least used fifth. Lift: honest people in whose first ten the pushed item stands, over those of the same model
trained on clean data, both plus one per draw, summed over the draws. Loss: of Recall@10 on honest people's last item,
against the mean of as many models trained on clean data, each with its own seed; `noise` is the deviation of those.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

import torch

from generec.data.dataset import read_dataset
from generec.data.split import split
from generec.data.world import make_world
from generec.evaluation.baselines import ItemKNN
from generec.fitting.loop import Run
from generec.protocols import Recommender
from generec.recipe.record import override
from generec.recipes.sasrec import sasrec
from generec.serving.learning.attacks import (
    Attack,
    AverageFillers,
    BandwagonFillers,
    Fillers,
    RandomFillers,
    SegmentFillers,
)
from generec.serving.learning.defence import Defence
from generec.types import Case, Dataset
from measured import written

FILLERS: Mapping[str, Fillers] = {
    "random": RandomFillers(), "average": AverageFillers(), "bandwagon": BandwagonFillers(),
    "segment": SegmentFillers(),
}  # fmt: skip
Trained = Callable[[Dataset, int], Recommender]


def item_knn(data: Dataset, seed: int) -> Recommender:
    return ItemKNN().fit(split(data).train, data.catalog)


def small_sasrec(epochs: int) -> Trained:
    def train(data: Dataset, seed: int) -> Recommender:
        settings = [f"stages.0.optimisation.{name}={epochs}" for name in ("epochs", "validate_every")]
        recipe = override(sasrec(), settings)
        system: Recommender = recipe.fit(data, split(data), run=Run(seed=seed), refit=False).system
        return system

    return train


def shown(model: Recommender, cases: Sequence[Case]) -> list[tuple[str, ...]]:
    """The first ten of every honest person."""
    found: list[tuple[str, ...]] = []
    for start in range(0, len(cases), 512):
        slates = model.recommend([case.request for case in cases[start : start + 512]], 10)
        found += [slate.item_ids for slate in slates]
    return found


def recall(slates: Sequence[Sequence[str]], cases: Sequence[Case]) -> float:
    return sum(case.relevant[0] in slate for slate, case in zip(slates, cases, strict=True)) / len(cases)


def exposed(slates: Sequence[Sequence[str]], item: str) -> int:
    return sum(item in slate for slate in slates)


def attacked(
    data: Dataset, kind: str, share: float, window: float, draws: int, trained: Trained, cases: Sequence[Case],
    clean: Sequence[Sequence[Sequence[str]]],
) -> dict[str, Any]:  # fmt: skip
    """One kind of attack, undefended and defended."""
    before = draws
    after = {"undefended": draws, "defended": draws}
    lost: dict[str, list[float]] = {"undefended": [], "defended": []}
    usual = mean(recall(slates, cases) for slates in clean)
    caught = honest = fakes = 0
    for seed in range(draws):
        made = Attack(fillers=FILLERS[kind], share=share, window=window, seed=100 + seed).on(data)
        cleaned = Defence().clean(made.data)
        out = cleaned.people | cleaned.noise
        fakes, caught, honest = fakes + len(made.fakes), caught + len(out & made.fakes), honest + len(out - made.fakes)
        before += exposed(clean[seed], made.targets[0])
        for name, taught in (("undefended", made.data), ("defended", cleaned.data)):
            slates = shown(trained(taught, seed), cases)
            after[name] += exposed(slates, made.targets[0])
            lost[name].append(1 - recall(slates, cases) / usual)
    figures = {
        name: {"lift": round(after[name] / before, 2), "shown": after[name] - draws,
               "recall_loss": round(mean(lost[name]), 4)} for name in after
    }  # fmt: skip
    return {"attack": kind, "share": share, "window": window, "shown_before": before - draws, **figures,
            "fakes": fakes, "fakes_out": caught, "honest_out": honest}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--items", type=int, default=1000)
    parser.add_argument("--people", type=int, default=1500)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.02, 0.05])
    parser.add_argument("--windows", type=float, nargs="+", default=[0.1, 1.0])
    parser.add_argument("--kinds", nargs="+", default=list(FILLERS))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--model", choices=["item-knn", "sasrec"], default="item-knn")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = read_dataset(chosen.data) if chosen.data else make_world(chosen.items, chosen.people, 0).dataset
    trained = item_knn if chosen.model == "item-knn" else small_sasrec(chosen.epochs)
    cases, began = split(data).test, time.process_time()
    clean = [shown(trained(data, seed), cases) for seed in range(chosen.draws)]
    recalls, kept = [recall(slates, cases) for slates in clean], Defence().clean(data)
    same = kept.data.events.equals(data.events)
    after = recalls if same else [recall(shown(trained(kept.data, n), cases), cases) for n in range(chosen.draws)]
    rows = []
    for window in chosen.windows:
        for kind in chosen.kinds:
            for share in chosen.shares:
                rows.append(attacked(data, kind, share, window, chosen.draws, trained, cases, clean))
                print(json.dumps(rows[-1]), flush=True)
    document = {
        "data": str(chosen.data.name) if chosen.data else f"embedded world, {chosen.items} items",
        "people": len(cases), "model": chosen.model, "draws": chosen.draws,
        "recall@10": [round(one, 4) for one in recalls],
        "noise": round(pstdev(recalls) / mean(recalls), 4), "without_attack": {
            "recall_loss": round(1 - mean(after) / mean(recalls), 4), **kept.figures()},
        "rows": rows, "worst": {
            "undefended_lift": max(row["undefended"]["lift"] for row in rows),
            "lift": max(row["defended"]["lift"] for row in rows),
            "recall_loss": max(row["defended"]["recall_loss"] for row in rows)},
        "cpu_seconds": round(time.process_time() - began, 1),
    }  # fmt: skip
    print(json.dumps({**document, "rows": len(rows)}))
    if chosen.out is not None:
        written(chosen.out, document)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
