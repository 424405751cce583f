"""The first stage of every recipe: minimise an objective over the histories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import torch

from generec.fitting.loop import Optimisation, Run, Trajectory, optimise
from generec.metrics.ranking import ndcg, positions, recall
from generec.protocols import Objective
from generec.system import System
from generec.training import Lesson
from generec.types import Case

ModelT_contra = TypeVar("ModelT_contra", contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Pretrain(Generic[ModelT_contra]):
    """Trains by `objective`, keeps the epoch with the best validation NDCG@10."""

    objective: Objective[ModelT_contra]
    optimisation: Optimisation = field(default_factory=Optimisation)
    validation_cases: int = 25_000  # at most so many, evenly spread; with few, chance selects the epoch

    def run(self, system: System[ModelT_contra], lesson: Lesson, run: Run, name: str) -> Trajectory:
        """Updates the model's weights in place."""
        system.network.to(run.device)
        cases = evenly(lesson.validation, self.validation_cases)
        return optimise(
            system.network,
            lambda batch: self.objective(system.model, batch),
            system.template.examples(lesson.events, system.index.ids),
            self.optimisation,
            run,
            name=name,
            stop_after=lesson.epochs,
            validate=(lambda: judge(system, cases)) if cases else None,
            metric="ndcg@10",
        )


def evenly(cases: Sequence[Case], limit: int) -> Sequence[Case]:
    """At most `limit` cases, spread evenly over all."""
    if len(cases) <= limit:
        return cases
    return [cases[position * len(cases) // limit] for position in range(limit)]


def judge(system: System[object], cases: Sequence[Case]) -> Mapping[str, float]:
    """Recall@10 and NDCG@10 of held-out items."""
    slates = system.recommend([case.request for case in cases], 10)
    catalog = system.catalog
    items = torch.tensor(
        [[*catalog.rows(slate.item_ids), *[-1] * (10 - len(slate.item_ids))] for slate in slates], dtype=torch.int64
    )
    wanted = [catalog.rows(case.relevant) for case in cases]
    offsets = torch.tensor([0, *map(len, wanted)]).cumsum(0)
    where = positions(items, torch.tensor([row for rows in wanted for row in rows]), offsets)
    return {
        "recall@10": float(recall(where, offsets, 10).mean()),
        "ndcg@10": float(ndcg(where, offsets, 10).mean()),
    }
