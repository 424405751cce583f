"""Small worlds whose right answers are known, to test models, decoders and whole recommenders against.

`markov_world`: what comes next depends on the last item only, and the optimum is the row of a matrix.
`planted_tastes`: what people choose depends on a known utility only, and the order of events means nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from torch import Tensor

from generec.errors import UsageError
from generec.types import Catalog, Dataset


@dataclass(frozen=True)
class MarkovWorld:
    """A log drawn from a first-order Markov chain over the catalogue; items repeat."""

    dataset: Dataset
    transition: Tensor  # (N, N) float64; row i: chances of what comes after item i; 0 on the diagonal
    first: Tensor  # (N,) float64 chances of the first item

    def optimal(self, last: Tensor, k: int) -> Tensor:
        """The best k next items after each of the given items, best first: (n,) -> (n, k) catalogue rows."""
        return self.transition[last].topk(k, dim=1).indices

    def best_recall(self, last: Tensor, k: int) -> float:
        """The mean Recall@k that the optimum is expected to reach after the given items; nothing can do better."""
        return float(self.transition[last].topk(k, dim=1).values.sum(dim=1).mean())


def markov_world(
    items: int = 50, users: int = 300, seed: int = 0, *, length: int = 20, successors: int = 4, noise: float = 0.05
) -> MarkovWorld:
    """A Markov world. Every item leads to a few successors with clearly different chances.

    length: mean length of a history (between half and one and a half of it). noise: share of moves to any other item.
    Raises UsageError where an item cannot have so many successors.
    """
    if not 1 <= successors < items:
        raise UsageError(f"{items} items cannot have {successors} successors each")
    generator = np.random.default_rng(seed)
    chances = 0.5 ** np.arange(successors)
    transition = np.full((items, items), noise / (items - 1))
    for row in range(items):
        others = np.delete(np.arange(items), row)
        transition[row, generator.permutation(others)[:successors]] += (1 - noise) * chances / chances.sum()
    np.fill_diagonal(transition, 0)
    transition /= transition.sum(axis=1, keepdims=True)
    first = generator.permutation(np.arange(1, items + 1) ** -0.7)
    first /= first.sum()
    histories = []
    cumulative = transition.cumsum(axis=1)
    for _ in range(users):
        steps = int(generator.integers(max(3, length // 2), length + length // 2 + 1))
        history = [int(generator.choice(items, p=first))]
        for draw in generator.random(steps - 1):
            history.append(min(int(np.searchsorted(cumulative[history[-1]], draw, side="right")), items - 1))
        histories.append(history)
    dataset = _dataset(histories, [f"Stop {row}" for row in range(items)], None, "Markov chain", repeats=True)
    return MarkovWorld(dataset, torch.from_numpy(transition), torch.from_numpy(first))


@dataclass(frozen=True)
class PlantedTastes:
    """A log of choices by a known utility; no item twice, in no meaningful order."""

    dataset: Dataset
    utility: Tensor  # (U, N) float64 in units of the choice noise (standard Gumbel); rows as in dataset.users
    user_group: Tensor  # (U,) int64 the group that each person favours
    item_group: Tensor  # (N,) int64


def planted_tastes(
    items: int = 60, users: int = 200, seed: int = 0, *, groups: int = 4, length: int = 8, strength: float = 3.0
) -> PlantedTastes:
    """A world of tastes: people favour the items of one group, by `strength`; some items please everybody more.

    length: choices of each person, drawn without repetition with chances proportional to exp(utility).
    Raises UsageError where people would have to choose more than half of the items.
    """
    if length > items // 2 or not 1 <= groups <= items:
        raise UsageError(f"{items} items are too few for {length} choices and {groups} groups")
    generator = np.random.default_rng(seed)
    item_group, user_group = np.arange(items) % groups, generator.integers(0, groups, users)
    quality = 0.5 * generator.standard_normal(items)
    utility = strength * (user_group[:, None] == item_group[None, :]) + quality
    # the k best of utility + Gumbel noise are k draws without repetition (Gumbel top-k)
    chosen = np.argsort(-(utility + generator.gumbel(size=utility.shape)), axis=1)[:, :length]
    histories = [generator.permutation(row).tolist() for row in chosen]
    names = [f"Thing {row} of group {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[group % 26]}" for row, group in enumerate(item_group)]
    dataset = _dataset(histories, names, item_group.tolist(), "planted tastes", repeats=False)
    return PlantedTastes(dataset, torch.from_numpy(utility), torch.from_numpy(user_group), torch.from_numpy(item_group))


def _dataset(
    histories: list[list[int]], titles: list[str], groups: list[int] | None, source: str, repeats: bool
) -> Dataset:
    """Histories of catalogue rows as a data set: one event a minute, one person an hour."""
    items = pl.DataFrame({"item_id": [f"i{row:04d}" for row in range(len(titles))], "title": titles})
    if groups is not None:
        items = items.with_columns(group=pl.Series(groups, dtype=pl.Int64))
    ids = items["item_id"]
    user_ids = [f"u{user:04d}" for user in range(len(histories))]
    lengths = [len(history) for history in histories]
    events = pl.DataFrame(
        {
            "user_id": np.repeat(user_ids, lengths),
            "item_id": ids.gather(np.concatenate(histories).astype(np.int64)),
            "timestamp": [
                1_700_000_000 + 3600 * user + 60 * at for user, count in enumerate(lengths) for at in range(count)
            ],
        },
        schema_overrides={"user_id": pl.String, "timestamp": pl.Int64},
    ).with_columns(event=pl.lit("play"), value=pl.lit(None, pl.Float64), split=pl.lit(None, pl.String))
    users = pl.DataFrame({"user_id": user_ids})
    info = {"source": source, "licence": "Apache-2.0: drawn at random", "rights": "own", "ties": "none"}
    return Dataset(events, Catalog(items), users, {**info, "repeats": repeats})
