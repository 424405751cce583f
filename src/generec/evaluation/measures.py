"""Everything measured beside accuracy: what lists do to the catalogue, and how special groups of cases fare.

What is popular, unseen or in the long tail is decided by the events that came before the questions, and by them alone.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import torch
from torch import Tensor

from generec.evaluation.questions import Answers, Questions
from generec.evaluation.scored import popularity
from generec.metrics import beyond_accuracy as beyond
from generec.metrics.ranking import case_of, positions
from generec.types import Catalog, Dataset, Events

CATEGORY_COLUMNS = ("categories", "genres", "topic", "tags")
"""Catalogue columns that sort items into categories; the first that is there is used."""


@dataclass(frozen=True)
class Background:
    """What the measures need to know about catalogue and past. N items, G categories."""

    counts: Tensor  # (N,) people who had each item
    people: int
    tail: Tensor  # (N,) bool
    deciles: Tensor  # (N,) int64 1 (least popular) to 10, 0 for items without events
    categories: Tensor | None  # (N, G) float32 0/1
    features: Tensor | None  # (N, D)
    known_people: frozenset[str]

    @staticmethod
    def of(dataset: Dataset, past: Events, features: Tensor | None) -> Background:
        counts = popularity(past, len(dataset.catalog))
        return Background(
            counts=counts,
            people=max(1, int((past.lengths > 0).sum())),
            tail=beyond.long_tail(counts),
            deciles=popularity_deciles(counts),
            categories=category_table(dataset.catalog),
            features=features,
            known_people=frozenset(past.user_ids),
        )


def popularity_deciles(counts: Tensor) -> Tensor:
    """Decile of each item among the items with events, 1 the least popular; equal counts share their middle decile."""
    had = counts[counts > 0].sort().values
    below = torch.searchsorted(had, counts.contiguous())
    up_to = torch.searchsorted(had, counts.contiguous(), right=True)
    middle = (below + up_to).double() / 2 / max(1, had.numel())
    return torch.where(counts > 0, (middle * 10).long().clamp(max=9) + 1, 0)


def category_table(catalog: Catalog, largest: int = 512) -> Tensor | None:
    """Which item belongs to which of the `largest` most frequent categories, (N, G) 0/1; None without categories."""
    column = next((name for name in CATEGORY_COLUMNS if name in catalog.frame.columns), None)
    if column is None:
        return None
    values = (value if isinstance(value, list) else [value] for value in catalog.frame[column].to_list())
    owned = [{str(name) for name in names if name is not None} for names in values]
    sizes = Counter(name for names in owned for name in names)
    chosen = sorted(sizes, key=lambda name: (-sizes[name], name))[:largest]
    number = {name: place for place, name in enumerate(chosen)}
    cells = [(row, number[name]) for row, names in enumerate(owned) for name in names if name in number]
    if not cells:
        return None
    table = torch.zeros(len(catalog), len(chosen))
    table[tuple(torch.tensor(cells).T)] = 1
    return table


def beyond_accuracy(answers: Answers, questions: Questions, background: Background, k: int) -> Mapping[str, float]:
    """Measures of the first k of every answer, named like `coverage@10`; ids the catalogue lacks are left out."""
    shown = answers.items[:, :k].clamp(min=-1)
    items = background.counts.numel()
    where = positions(shown, questions.relevant, questions.offsets)
    values = {
        "coverage": beyond.coverage(shown, items),
        "epc": beyond.popularity_complement(shown, background.counts / background.people),
        "arp": beyond.mean_popularity(shown, background.counts),
        "aplt": beyond.tail_share(shown, background.tail),
        "aclt": beyond.tail_count(shown, background.tail),
        "popreo": beyond.equal_opportunity(where, questions.relevant, background.tail, k),
        "gini": beyond.gini(beyond.exposure(shown, items)),
        "repeat_rate": beyond.repeat_rate(shown, questions.histories.items, questions.histories.offsets),
        "filled": beyond.filled_rate(answers.items[:, :k]),
        "valid": beyond.valid_rate(answers.items[:, :k], answers.good[:, :k]),
    }
    if background.features is not None:
        values["diversity"] = beyond.intra_list_diversity(shown, background.features)
    if background.categories is not None:
        histories = questions.histories
        values["category_diversity"] = beyond.intra_list_diversity(shown, background.categories)
        values["calibration"] = beyond.calibration(shown, histories.items, histories.offsets, background.categories)
    return {f"{name}@{k}": value for name, value in values.items()}


def views(
    where: Tensor, questions: Questions, background: Background, dataset: Dataset, k: int, few: int = 5
) -> Mapping[str, Any]:
    """How special cases fare, each held-out item as a question of its own.

    where (S, R): positions by seed. Gives {"cases", "recall@k", "ndcg@k"} for all, unseen items, unseen people, people
    with at most `few` events in their history, popularity deciles of the held-out item, and groups by the columns
    that describe people (2 to 10 values), with the gap between the best and the worst group.
    """
    hit = ((where > 0) & (where <= k)).double()
    gain = hit / torch.log2(where.double() + 1).clamp(min=1)
    hits, gains = hit.mean(0), gain.mean(0)  # (R,)
    case = case_of(questions.offsets)

    def view(member: Tensor) -> dict[str, Any]:
        count = int(member.sum())
        recall, ndcg = (float(values[member].mean()) if count else None for values in (hits, gains))
        return {"cases": count, f"recall@{k}": recall, f"ndcg@{k}": ndcg}

    asked = questions.relevant.clamp(min=0)
    unseen = (questions.relevant < 0) | (background.counts[asked] == 0)
    few_events = (questions.histories.lengths <= few)[case]
    strangers = torch.tensor([request.user_id not in background.known_people for request in questions.requests])[case]
    decile = torch.where(unseen, 0, background.deciles[asked])
    return {
        "all": view(torch.ones_like(unseen)),
        "unseen items": view(unseen),
        "unseen people": view(strangers),
        f"people with at most {few} events": view(few_events),
        "popularity decile": {str(number): view(decile == number) for number in range(1, 11)},
        "groups": _groups(hits, questions, dataset, k),
    }


def _groups(hits: Tensor, questions: Questions, dataset: Dataset, k: int) -> Mapping[str, Any]:
    """Recall by each describing column of people: {"gender": {"values": {"F": {...}}, "gap": ...}}."""
    if dataset.users is None:
        return {}
    asked = pl.DataFrame(
        {"user_id": [request.user_id for request in questions.requests]}, schema={"user_id": pl.String}
    )
    described = asked.join(dataset.users, on="user_id", how="left", maintain_order="left")
    case = case_of(questions.offsets)
    found: dict[str, Any] = {}
    for column in described.columns[1:]:
        if described.schema[column].is_nested():
            continue
        names = described[column].drop_nulls().unique().sort().cast(pl.String).to_list()
        if not 2 <= len(names) <= 10:
            continue
        number = {name: place for place, name in enumerate(names)}
        values = described[column].cast(pl.String).to_list()
        member = torch.tensor([-1 if value is None else number[value] for value in values])
        means, counts = beyond.group_means(hits, member[case], len(names))
        known = means[counts > 0]
        found[column] = {
            "values": {
                name: {"cases": count, f"recall@{k}": None if math.isnan(mean) else mean}
                for name, mean, count in zip(names, means.tolist(), counts.tolist(), strict=True)
            },
            "gap": float(known.max() - known.min()),
        }
    return found
