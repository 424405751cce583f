"""Taste in style is what somebody chooses beyond what is usual of a kind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from generec.loop import leaning as part
from generec.loop.demand import Cells
from generec.loop.leaning import leaning

KINDS, ITEMS, PEOPLE = 6, 600, 200


def world(monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    """Items of six kinds, each kind mostly in one of three tones; a loud direction of style says nothing of tones."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, KINDS, ITEMS)
    tone = np.where(draw.random(ITEMS) < 0.7, kind % 3, draw.integers(0, 3, ITEMS))
    style = np.concatenate([0.3 * np.eye(3)[tone], 5 * draw.normal(size=(ITEMS, 2))], axis=1)
    style += 0.05 * draw.normal(size=style.shape)
    features = torch.tensor(np.concatenate([np.eye(KINDS)[kind], style], axis=1))
    ids = [f"i{row}" for row in range(ITEMS)]
    places = {item_id: row for row, item_id in enumerate(ids)}
    catalog = SimpleNamespace(known_rows=lambda history: [places[item] for item in history if item in places])
    groups = Cells(
        tuple((code,) for code in range(KINDS)), ((),), torch.tensor(kind), torch.zeros(ITEMS, dtype=torch.int64)
    )
    monkeypatch.setattr(part, "cells", lambda system, depth: groups)
    monkeypatch.setattr(part, "joined", lambda tokenizer: SimpleNamespace(style=style.shape[1]))
    system = SimpleNamespace(catalog=catalog, tokenizer=None, features=features, activity=torch.ones(ITEMS))
    return system, kind, tone


def histories(kind: np.ndarray, tone: np.ndarray, seed: int = 1) -> list[tuple[int, tuple[str, ...]]]:
    """Favourite tone and history of people who like two kinds, and their tone four times as much as others."""
    draw, found = np.random.default_rng(seed), []
    for _ in range(PEOPLE):
        liked, dear = draw.choice(KINDS, 2, replace=False), int(draw.integers(0, 3))
        worth = np.isin(kind, liked) * np.where(tone == dear, 4.0, 1.0)
        found.append((dear, tuple(f"i{row}" for row in draw.choice(ITEMS, 30, False, worth / worth.sum()))))
    return found


def right(scores: Any, people: list[tuple[int, tuple[str, ...]]], tone: np.ndarray) -> float:
    """How often the items of the favourite tone lean most."""
    means = [[scores(history)[tone == one].mean() for one in range(3)] for _, history in people]
    return float(np.mean([int(np.argmax(mean)) == dear for mean, (dear, _) in zip(means, people, strict=True)]))


def test_the_favourite_is_found_where_counting_is_misled_by_what_a_kind_mostly_is(monkeypatch):
    system, kind, tone = world(monkeypatch)
    people = histories(kind, tone)
    counted = np.mean(
        [
            np.bincount(tone[[int(item[1:]) for item in history]], minlength=3).argmax() == dear
            for dear, history in people
        ]
    )
    shuffled = [(dear, history) for (dear, _), (_, history) in zip(people, people[1:] + people[:1], strict=True)]
    found = right(leaning(system, evened=0.9), people, tone)
    assert found > counted + 0.1
    assert found > right(leaning(system, evened=0.9), shuffled, tone) + 0.3


def test_the_score_is_the_cosine_with_the_mean_distance_from_what_is_usual(monkeypatch):
    system, kind, _ = world(monkeypatch)
    system.activity = torch.arange(ITEMS, dtype=torch.float64) % 5
    history = ("i3", "i10", "i77")
    style = system.features[:, KINDS:].numpy()
    spread = np.cov(style.T)
    spread = 0.9 * spread + 0.1 * np.trace(spread) / len(spread) * np.eye(len(spread))
    inverse = np.linalg.inv(spread)
    away = []
    for row in (3, 10, 77):
        same = kind == kind[row]
        away.append(style[row] - np.average(style[same], axis=0, weights=system.activity.numpy()[same] + 1))
    wanted, middle = np.mean(away, axis=0), style - style.mean(0)
    naive = [one @ inverse @ wanted / np.sqrt(one @ inverse @ one) for one in middle]
    np.testing.assert_allclose(leaning(system, evened=0.9)(history), naive, atol=1e-5)
    assert not leaning(system, evened=0.9)(("unknown",)).any()


def test_without_evening_out_the_score_is_a_plain_cosine_times_the_distance(monkeypatch):
    system, kind, _ = world(monkeypatch)
    style, row = system.features[:, KINDS:].numpy(), 3
    away, middle = style[row] - style[kind == kind[row]].mean(0), style - style.mean(0)
    size = np.sqrt(np.trace(np.cov(style.T)) / style.shape[1])
    naive = middle @ away / np.linalg.norm(middle, axis=1) / size
    np.testing.assert_allclose(leaning(system, evened=0.0)((f"i{row}",)), naive, atol=1e-5)
