from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import InputError
from generec.tokenizers.atomic import Atomic
from generec.tokenizers.controls import Random, Shuffled
from generec.tokenizers.product_quantization import ProductQuantization
from generec.tokenizers.report import level_use, neighbour_overlap, plot, semantic_id_report
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events


def naive_overlap(codes: torch.Tensor, features: torch.Tensor, k: int, draws: int = 400) -> float:
    """Ties are broken by drawing."""
    rows = features - features.mean(0)
    total, generator = 0.0, torch.Generator().manual_seed(0)
    for item in range(len(codes)):
        others = [other for other in range(len(codes)) if other != item]
        cosine = {o: float(torch.cosine_similarity(rows[item], rows[o], dim=0)) for o in others}
        near = set(sorted(others, key=cosine.__getitem__, reverse=True)[:k])
        score = {}
        for other in others:
            equal = (codes[item] == codes[other]).tolist()
            prefix = next((length for length, same in enumerate(equal) if not same), len(equal))
            score[other] = (sum(equal), prefix)
        for _ in range(draws):
            luck = dict(zip(others, torch.rand(len(others), generator=generator).tolist(), strict=True))
            best = sorted(others, key=lambda o, luck=luck, score=score: (score[o], luck[o]), reverse=True)[:k]
            total += len(near & set(best)) / k
    return total / (draws * len(codes))


def test_neighbour_overlap_equals_the_naive_twin():
    generator = torch.Generator().manual_seed(3)
    codes, features = torch.randint(3, (12, 3), generator=generator), torch.randn(12, 4, generator=generator)
    expected = naive_overlap(codes, features, 3)
    assert neighbour_overlap(codes, features, torch.arange(12), 3) == pytest.approx(expected, abs=0.02)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_level_use_counts_codes(codes: list[int]):
    use = level_use(torch.tensor(codes), 5)
    assert use.used == len(set(codes))
    assert 1 - 1e-9 <= use.perplexity <= use.used + 1e-6


def test_the_report_tells_meaning_from_chance(features: torch.Tensor, train: Events):
    meant = semantic_id_report(RQKMeans(levels=3, size=12).fit(features, train), features, train)
    parts = ProductQuantization(levels=4, size=8).fit(features, train)
    chance = semantic_id_report(Random(levels=3, size=12).fit(features, train), features, train)
    shuffled = semantic_id_report(Shuffled(of=RQKMeans(levels=3, size=12)).fit(features, train), features, train)
    assert meant.neighbour_overlap > 0.5
    assert semantic_id_report(parts, features, train).neighbour_overlap > 0.4
    assert chance.neighbour_overlap < 2 * meant.neighbour_overlap_chance
    assert shuffled.neighbour_overlap < 2 * meant.neighbour_overlap_chance
    assert shuffled.collision_rate == pytest.approx(meant.collision_rate, abs=0.1)
    assert shuffled.reconstruction_error is None
    assert chance.collision_rate is None
    assert 0 < meant.reconstruction_error < 0.3
    for report in (meant, chance, shuffled):
        assert (report.insertion.items, report.insertion.changed, report.insertion.clashes) == (6, 0, 0)


def test_figures_are_those_of_the_codes(features: torch.Tensor, train: Events):
    fitted = RQKMeans(levels=2, size=12).fit(features, train)
    report = semantic_id_report(fitted, features, train)
    tuples = [tuple(codes) for codes in fitted.raw.tolist()]
    sharing = sum(tuples.count(codes) > 1 for codes in tuples)
    assert report.collision_rate == pytest.approx(sharing / 120)
    assert sum(held * leaves for held, leaves in report.leaves.items()) == 120
    assert report.leaves[1] == 120 - sharing
    first = fitted.ids.codes[:, 0]
    per_code = [int(train.counts(120)[first == code].sum()) for code in range(12)]
    balance = report.popularity[0]
    assert balance.busiest == pytest.approx(max(per_code) / 240)
    naive_gini = sum(abs(a - b) for a in per_code for b in per_code) / (2 * 12 * 240)
    assert balance.gini == pytest.approx(naive_gini)
    assert balance.prefixes == 12


def test_json_rows_and_plot(features: torch.Tensor, train: Events, tmp_path: Path):
    report = semantic_id_report(RQKMeans(levels=2, size=12).fit(features, train), features, train)
    document = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert document["insertion"] == {"items": 6, "changed": 0, "clashes": 0}
    names = [name for name, _ in report.rows()]
    assert names[:3] == ["items", "codes per level", "collision rate before resolution"]
    assert names[-1] == "6 new items"
    plot(report, tmp_path / "report.png")
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")


def test_ids_without_features_or_events_are_reported_too(tmp_path: Path):
    report = semantic_id_report(Atomic().fit(torch.zeros(40, 0), Events.pack([])), torch.zeros(40, 0), Events.pack([]))
    assert report.neighbour_overlap is None
    assert report.popularity[0].gini == 0
    json.dumps(report.to_json(), allow_nan=False)
    assert dict(report.rows())["neighbour overlap (chance)"].startswith("not known")
    plot(report, tmp_path / "report.png")


def test_features_of_other_items_are_refused(features: torch.Tensor, train: Events):
    fitted = RQKMeans(levels=2, size=12).fit(features, train)
    with pytest.raises(InputError, match="fitted on 120 items, got features of 119"):
        semantic_id_report(fitted, features[:119], train)
