"""Cases as a judge needs them: requests, held-out items and histories in rows, and the answers that came back."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.evaluation.histories import allowed, pack
from generec.fitting.progress import task
from generec.metrics.beyond_accuracy import valid
from generec.protocols import Recommender
from generec.types import Case, Catalog, Events, Request, Slate

BATCH = 512
"""Requests asked at once; the cost per request is that of such a batch."""


@dataclass(frozen=True)
class Questions:
    """C cases in catalogue rows. Held-out items that the catalogue does not have are -1: they cannot be hit."""

    requests: tuple[Request, ...]
    relevant: Tensor  # (R,) int64, distinct within a case
    offsets: Tensor  # (C + 1,) int64
    histories: Events

    @staticmethod
    def of(cases: Sequence[Case], catalog: Catalog) -> Questions:
        """Raises UsageError where there is nothing to judge."""
        if not cases:
            raise UsageError("there are no cases to judge on; use another split, or lower min_history")
        held_out: list[int] = []
        ends = [0]
        for number, case in enumerate(cases):
            if not case.relevant:
                raise UsageError(f"case {number} of user {case.request.user_id!r} holds no item out; leave it out")
            own = dict.fromkeys(case.relevant)
            held_out += [catalog.row(item_id) if item_id in catalog else -1 for item_id in own]
            ends.append(len(held_out))
        requests = tuple(case.request for case in cases)
        return Questions(requests, torch.tensor(held_out), torch.tensor(ends), pack(requests, catalog))

    def __len__(self) -> int:
        return len(self.requests)


@dataclass(frozen=True)
class Answers:
    """What one recommender said to all questions, and what it cost."""

    items: Tensor  # (C, K) int64 rows; -1 where an answer is shorter, -2 for an id that the catalogue lacks
    good: Tensor  # (C, K) bool: in the catalogue, allowed, named for the first time
    short: int  # answers shorter than k although more items were allowed
    seconds: float  # wall time of recommend alone
    cpu_seconds: float


def ask(name: str, recommender: Recommender, questions: Questions, catalog: Catalog, k: int) -> Answers:
    """Asks a recommender everything, in batches, and checks each answer against what was allowed."""
    items = torch.full((len(questions), k), -1)
    good = torch.zeros(len(questions), k, dtype=torch.bool)
    short, seconds, cpu_seconds = 0, 0.0, 0.0
    with task(f"judge {name}", len(questions)) as bar:
        for start in range(0, len(questions), BATCH):
            requests = questions.requests[start : start + BATCH]
            wall, cpu = time.perf_counter(), time.process_time()
            slates = recommender.recommend(requests, k)
            seconds += time.perf_counter() - wall
            cpu_seconds += time.process_time() - cpu
            rows = _rows(name, slates, len(requests), catalog, k)
            may = allowed(requests, pack(requests, catalog), catalog)
            items[start : start + len(requests)] = rows
            good[start : start + len(requests)] = valid(rows, may)
            short += int(((rows != -1).sum(1) < may.sum(1).clamp(max=k)).sum())
            bar.advance(len(requests))
    return Answers(items, good, short, seconds, cpu_seconds)


def _rows(name: str, slates: Sequence[Slate], requests: int, catalog: Catalog, k: int) -> Tensor:
    """Slates as rows (B, K), see Answers.items."""
    if len(slates) != requests:
        raise UsageError(f"{name} answered {requests} requests with {len(slates)} slates; one per request is expected")
    longest = max((len(slate.item_ids) for slate in slates), default=0)
    if longest > k:
        raise UsageError(f"{name} returned {longest} items where {k} were asked for")
    unknown = -2
    lists = []
    for slate in slates:
        own = [catalog.row(item_id) if item_id in catalog else unknown for item_id in slate.item_ids]
        lists.append(own + [-1] * (k - len(own)))
    return torch.tensor(lists)
