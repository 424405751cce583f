"""Taste in style is what somebody chooses beyond what is usual of a kind, in directions in which people differ."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch

from generec.loop import leaning as part
from generec.loop.demand import Cells
from generec.loop.leaning import leaning
from generec.records import Person
from generec.types import Catalog, Dataset

KINDS, ITEMS, PEOPLE = 6, 600, 300


@dataclass
class Choices:
    """A favourite tone, what was chosen, and what of it was liked."""

    dear: int
    items: tuple[str, ...]
    liked: tuple[str, ...] = ()

    @property
    def person(self) -> Person:
        return Person(history=self.items, liked=self.liked)


def world(monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> tuple[Any, np.ndarray, np.ndarray]:
    """Items of six kinds, each kind mostly in one of three tones; twelve loud directions of style tell no taste."""
    draw = np.random.default_rng(seed)
    kind = draw.integers(0, KINDS, ITEMS)
    tone = np.where(draw.random(ITEMS) < 0.7, kind % 3, draw.integers(0, 3, ITEMS))
    style = np.concatenate([0.3 * np.eye(3)[tone], 0.5 * draw.normal(size=(ITEMS, 12))], axis=1)
    style += 0.05 * draw.normal(size=style.shape)
    features = torch.tensor(np.concatenate([np.eye(KINDS)[kind], style], axis=1))
    catalog = Catalog(pl.DataFrame({"item_id": [f"i{row}" for row in range(ITEMS)]}))
    groups = Cells(
        tuple((code,) for code in range(KINDS)), ((),), torch.tensor(kind), torch.zeros(ITEMS, dtype=torch.int64)
    )
    monkeypatch.setattr(part, "cells", lambda system, depth: groups)
    monkeypatch.setattr(part, "joined", lambda tokenizer: SimpleNamespace(style=style.shape[1]))
    system = SimpleNamespace(catalog=catalog, tokenizer=None, features=features, activity=torch.ones(ITEMS))
    return system, kind, tone


def choosing(kind: np.ndarray, tone: np.ndarray, seed: int = 1, size: int = 30) -> list[Choices]:
    """People who like two kinds, and their tone four times as much as others."""
    draw, found = np.random.default_rng(seed), []
    for _ in range(PEOPLE):
        liked, dear = draw.choice(KINDS, 2, replace=False), int(draw.integers(0, 3))
        worth = np.isin(kind, liked) * np.where(tone == dear, 4.0, 1.0)
        rows = draw.choice(ITEMS, size, False, worth / worth.sum())
        found.append(Choices(dear, tuple(f"i{row}" for row in rows)))
    return found


def log_of(system: Any, people: list[Choices]) -> Dataset:
    """What people did: likes where they liked, skips of what they did not choose."""
    rows = []
    for number, each in enumerate(people):
        rows += [(f"u{number}", item, "like" if item in each.liked else "play") for item in each.items]
        rows += [(f"u{number}", f"i{number % ITEMS}", "skip")]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "event"], orient="row")
    return Dataset(frame, system.catalog)


def right(scores: Any, people: list[Choices], tone: np.ndarray) -> float:
    """How often the items of the favourite tone lean most."""
    means = [[scores(each.person)[tone == one].mean() for one in range(3)] for each in people]
    return float(np.mean([int(np.argmax(mean)) == each.dear for mean, each in zip(means, people, strict=True)]))


def ordered(scores: Any, people: list[Choices], tone: np.ndarray) -> float:
    """How often an item of the favourite tone leans more than another."""
    found = []
    for each in people:
        leans = scores(each.person)
        dear, others = leans[tone == each.dear], np.sort(leans[tone != each.dear])
        found.append(np.searchsorted(others, dear).mean() / len(others))
    return float(np.mean(found))


def test_the_favourite_is_found_where_counting_is_misled_by_what_a_kind_mostly_is(monkeypatch):
    system, kind, tone = world(monkeypatch)
    people = choosing(kind, tone)
    counted = np.mean([
        np.bincount(tone[[int(item[1:]) for item in each.items]], minlength=3).argmax() == each.dear for each in people
    ])  # fmt: skip
    swapped = [Choices(one.dear, other.items) for one, other in zip(people, people[1:] + people[:1], strict=True)]
    scores = leaning(system, log_of(system, choosing(kind, tone, seed=2)))
    found = right(scores, people, tone)
    assert found > counted + 0.1
    assert found > right(scores, swapped, tone) + 0.3


def test_people_teach_which_directions_tell(monkeypatch):
    """Against a log in which nobody has a taste, and against none."""
    system, kind, tone = world(monkeypatch)
    people = choosing(kind, tone, size=8)
    draw = np.random.default_rng(3)
    log = log_of(system, choosing(kind, tone, seed=2))
    mixed = Dataset(log.events.with_columns(item_id=pl.Series(draw.permutation(log.events["item_id"]))), log.catalog)
    taught, untaught = (ordered(leaning(system, known), people, tone) for known in (log, None))
    assert taught > ordered(leaning(system, mixed), people, tone) + 0.05
    assert taught > untaught + 0.05
    assert untaught > 0.53  # the catalogue alone says something


def test_what_somebody_says_they_like_counts_twice_and_skips_do_not_count(monkeypatch):
    system, kind, tone = world(monkeypatch)
    scores = leaning(system, log_of(system, choosing(kind, tone)))
    twice = scores(Person(history=("i1", "i2", "i3", "i3")))
    liked = scores(Person(history=("i1", "i2", "i3"), liked=("i3",)))
    once = scores(Person(history=("i1", "i2", "i3")))
    assert np.corrcoef(twice, liked)[0, 1] > 0.99 > np.corrcoef(once, liked)[0, 1]
    assert not scores(Person(history=("unknown",))).any()
    assert not scores(Person()).any()
    log = log_of(system, choosing(kind, tone))
    without = Dataset(log.events.filter(pl.col("event") != "skip"), log.catalog)
    np.testing.assert_allclose(leaning(system, without)(Person(history=("i1",))), scores(Person(history=("i1",))))


def test_the_score_is_that_of_a_naive_reading_of_the_formula(monkeypatch):
    """Pairs of choices one by one, the posterior by one inverse."""
    system, kind, tone = world(monkeypatch)
    system.activity = torch.arange(ITEMS, dtype=torch.float64) % 5
    people = choosing(kind, tone, size=20)[:40]
    for each in people[::2]:
        each.liked = each.items[:2]
    style, used = system.features[:, KINDS:].numpy(), system.activity.numpy() + 1
    away = np.stack([
        style[row] - np.average(style[kind == kind[row]], axis=0, weights=used[kind == kind[row]])
        for row in range(ITEMS)
    ])  # fmt: skip
    chosen = [
        [(away[int(item[1:])], 2.0 if item in each.liked else 1.0) for item in each.items] for each in people
    ]  # fmt: skip
    usual = sum(w * a for one in chosen for a, w in one) / sum(w for one in chosen for _, w in one)
    catalogue = np.cov(away.T, aweights=used)
    within, between = part._EVENTS * catalogue, part._PEOPLE * part._TASTE * catalogue
    for one in chosen:
        middle = np.mean([a for a, _ in one], axis=0)
        within = within + sum(np.outer(a - middle, a - middle) for a, _ in one)
        pairs = [(i, j) for i in range(len(one)) for j in range(len(one)) if i != j]
        total = sum(one[i][1] * one[j][1] for i, j in pairs)
        between = between + sum(
            one[i][1] * one[j][1] * np.outer(one[i][0] - usual, one[j][0] - usual) for i, j in pairs
        ) / total  # fmt: skip
    within /= part._EVENTS + sum(len(one) - 1 for one in chosen)
    between /= part._PEOPLE + len(chosen)
    chance = within + part._RIDGE * np.trace(within) / len(within) * np.eye(len(within))
    person = Person(history=("i3", "i10", "i77"), liked=("i77",))
    mean = (away[3] + away[10] + 2 * away[77]) / 4 - usual
    # taste = B (B + C / n)^-1 mean, and what an item has of it in the measure of chance; n = 16 / 6
    taste = between @ np.linalg.solve(between + chance * 6 / 16, mean)
    naive = (style - style.mean(0)) @ np.linalg.solve(chance, taste)
    np.testing.assert_allclose(leaning(system, log_of(system, people))(person), naive, rtol=1e-3, atol=1e-4)
