"""Accuracy metrics against naive twins and against two independent libraries."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.metrics.ranking import accuracy, first_position, hit_rate, ndcg, positions, recall, reciprocal_rank

CATALOGUE = 30
WIDTH = 12


@st.composite
def judgements(draw):
    """Lists with gaps at the end (-1) and one or more held-out items per case, some of them unknown (-1)."""
    row = st.integers(0, CATALOGUE - 1)
    cases = draw(st.integers(1, 6))
    lists = [draw(st.lists(row, max_size=WIDTH, unique=True)) for _ in range(cases)]
    relevant = [draw(st.lists(row, min_size=1, max_size=5, unique=True)) for _ in range(cases)]
    unknown = [draw(st.booleans()) for _ in range(cases)]
    relevant = [[*items, -1] if lost else items for items, lost in zip(relevant, unknown, strict=True)]
    return lists, relevant


def tensors(lists, relevant):
    items = torch.tensor([row + [-1] * (WIDTH - len(row)) for row in lists])
    flat = torch.tensor([item for row in relevant for item in row])
    offsets = torch.tensor([0, *(len(row) for row in relevant)]).cumsum(0)
    return items, flat, offsets


def naive(ranked, relevant, k):
    """The definitions, one case at a time."""
    hits = [place for place, item in enumerate(ranked[:k], start=1) if item in relevant and item >= 0]
    ideal = sum(1 / math.log2(1 + place) for place in range(1, min(k, len(relevant)) + 1))
    return {
        "recall": len(hits) / len(relevant),
        "hr": float(bool(hits)),
        "ndcg": sum(1 / math.log2(1 + place) for place in hits) / ideal,
        "mrr": 1 / hits[0] if hits else 0.0,
    }


@given(judgements())
@settings(max_examples=100, deadline=None)
def test_metrics_equal_their_definitions(judged):
    lists, relevant = judged
    items, flat, offsets = tensors(lists, relevant)
    found = accuracy(items, flat, offsets, ks=(1, 3, 10))
    for case, (ranked, held_out) in enumerate(zip(lists, relevant, strict=True)):
        for k in (1, 3, 10):
            for name, value in naive(ranked, held_out, k).items():
                assert found[f"{name}@{k}"][case].item() == pytest.approx(value, abs=1e-12), (name, k)


@given(judgements())
@settings(max_examples=50, deadline=None)
def test_positions_equal_a_search(judged):
    lists, relevant = judged
    items, flat, offsets = tensors(lists, relevant)
    where = positions(items, flat, offsets)
    expected = [
        ranked.index(item) + 1 if item in ranked else 0
        for ranked, held_out in zip(lists, relevant, strict=True)
        for item in held_out
    ]
    assert where.tolist() == expected
    best = [
        min((p for p in own.tolist() if p), default=0) for own in where.split((offsets[1:] - offsets[:-1]).tolist())
    ]
    assert first_position(where, offsets).tolist() == best


def random_run(cases=40, seed=0):
    generator = torch.Generator().manual_seed(seed)
    items = torch.stack([torch.randperm(CATALOGUE, generator=generator)[:WIDTH] for _ in range(cases)])
    sizes = torch.randint(1, 6, (cases,), generator=generator)
    relevant = [torch.randperm(CATALOGUE, generator=generator)[:size].tolist() for size in sizes.tolist()]
    flat = torch.tensor([item for row in relevant for item in row])
    offsets = torch.cat([torch.zeros(1, dtype=torch.int64), sizes.cumsum(0)])
    run = {
        f"q{case}": {f"d{item}": float(WIDTH - place) for place, item in enumerate(row)}
        for case, row in enumerate(items.tolist())
    }
    qrels = {f"q{case}": {f"d{item}": 1 for item in row} for case, row in enumerate(relevant)}
    return accuracy(items, flat, offsets, ks=(5, 10)), run, qrels


RANX = """
import json, sys, ranx
asked = json.load(sys.stdin)
print(json.dumps(ranx.evaluate(ranx.Qrels(asked["qrels"]), ranx.Run(asked["run"]), asked["metrics"])))
"""


@pytest.mark.skipif(importlib.util.find_spec("ranx") is None, reason="ranx is not installed, so no cross-check with it")
def test_ranx_agrees():
    """In a process of its own with numba's compiler off: compiling would take most of a minute, running takes none."""
    found, run, qrels = random_run()
    names = {"recall": "recall", "hr": "hit_rate", "ndcg": "ndcg", "mrr": "mrr"}
    asked = [f"{theirs}@{k}" for theirs in names.values() for k in (5, 10)]
    answer = subprocess.run(
        [sys.executable, "-c", RANX],
        input=json.dumps({"qrels": qrels, "run": run, "metrics": asked}),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = json.loads(answer.stdout)
    for ours, their in names.items():
        for k in (5, 10):
            assert found[f"{ours}@{k}"].mean().item() == pytest.approx(theirs[f"{their}@{k}"], abs=1e-6)


def test_ir_measures_agrees_on_every_case():
    ir_measures = pytest.importorskip("ir_measures", reason="ir-measures is not installed, so no cross-check with it")
    found, run, qrels = random_run(seed=1)
    names = {"R": "recall", "Success": "hr", "nDCG": "ndcg", "RR": "mrr"}
    asked = [ir_measures.parse_measure(f"{theirs}@{k}") for theirs in names for k in (5, 10)]
    checked = 0
    for metric in ir_measures.iter_calc(asked, qrels, run):
        theirs, k = str(metric.measure).split("@")
        ours = found[f"{names[theirs]}@{k}"][int(metric.query_id[1:])].item()
        assert ours == pytest.approx(metric.value, abs=1e-4), metric
        checked += 1
    assert checked == 40 * 8


def test_an_item_named_twice_counts_once_at_its_first_place():
    items, flat, offsets = torch.tensor([[4, 7, 7, 4]]), torch.tensor([7, 4]), torch.tensor([0, 2])
    where = positions(items, flat, offsets)
    assert where.tolist() == [2, 1]
    assert recall(where, offsets, 4).item() == 1
    assert ndcg(where, offsets, 4).item() == pytest.approx(1)
    assert hit_rate(where, offsets, 1).item() == 1
    assert reciprocal_rank(where, offsets, 4).item() == 1


def test_an_unknown_held_out_item_is_never_hit_by_a_gap():
    items, flat, offsets = torch.tensor([[3, -1, -1]]), torch.tensor([-1]), torch.tensor([0, 1])
    assert positions(items, flat, offsets).tolist() == [0]


def test_lists_too_short_for_the_cut_off_are_refused():
    with pytest.raises(UsageError, match="ask for k = 10"):
        accuracy(torch.zeros(2, 5, dtype=torch.int64), torch.tensor([1, 2]), torch.tensor([0, 1, 2]), ks=(5, 10))


def test_lists_must_match_the_cases():
    with pytest.raises(UsageError, match="one list per case"):
        positions(torch.zeros(3, 5, dtype=torch.int64), torch.tensor([1, 2]), torch.tensor([0, 1, 2]))
