"""Tables and lines that people read, and the figures in them."""

from __future__ import annotations

import json

import pytest

from generec.evaluation.choose import baselines, fit_baselines
from generec.evaluation.protocol import evaluate


@pytest.fixture(scope="module")
def judged(dataset, parted):
    fitted = fit_baselines(baselines(["popularity", "item-knn", "ease"]), parted.train, dataset.catalog)
    models = {**fitted.recommenders, "mine": fitted.recommenders["ease"]}
    return evaluate({**models, "twice": [models["mine"]] * 2}, parted, dataset, ks=(5, 10), bootstrap=100)


def test_tables_are_rectangular_and_ranked(judged):
    ranked = [result.metrics["ndcg@10"] for result in judged.ranked]
    assert ranked == sorted(ranked, reverse=True)
    tables = judged.tables()
    assert [table.title.split(",")[0].split(" (")[0] for table in tables] == [
        "Accuracy", "Further accuracy", "Beyond accuracy", "Validity of the first 10", "Recall@10 by kind of case",
    ]  # fmt: skip
    for table in tables:
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert [str(row[0]).removesuffix(" *") for row in table.rows] == [result.name for result in judged.ranked]
        assert sum(str(row[0]).endswith(" *") for row in table.rows) == 1


def test_the_accuracy_table_shows_figures_intervals_and_deviations(judged):
    table = judged.tables()[0]
    rows = {str(row[0]).removesuffix(" *"): row for row in table.rows}
    mine = judged.result("mine")
    assert rows["mine"][1] == f"{mine.metrics['recall@10']:.4f}"
    assert rows["mine"][2] == f"{mine.interval['recall@10'].low:.4f} to {mine.interval['recall@10'].high:.4f}"
    assert rows["twice"][1].endswith("± 0.0000")
    assert rows["twice"][-1] == 2
    assert f"* best baseline: {judged.best_baseline}" in table.title


def test_the_lines_name_protocol_baseline_and_verdict(judged):
    text = "\n".join(judged.lines())
    assert "leave-one-out" in text
    assert "hits are items, not IDs" in text
    assert f"Best baseline: {judged.best_baseline}" in text
    assert "mine against" in text
    if judged.best_baseline == "ease":
        assert "not told apart" in text


def test_undefined_figures_are_null_in_json(judged):
    document = json.loads(json.dumps(judged.document(), allow_nan=False))
    assert document["results"][0]["views"]["unseen items"]["recall@10"] is None


def test_without_baselines_the_report_says_so(dataset, parted, judged):
    fitted = fit_baselines(baselines(["ease"]), parted.train, dataset.catalog)
    alone = evaluate({"mine": fitted.recommenders["ease"]}, parted, dataset, ks=(5,), bootstrap=10)
    assert alone.best_baseline is None
    assert any("No baseline took part" in line for line in alone.lines())
    assert alone.result("mine").difference is None
    named = evaluate({"mine": fitted.recommenders["ease"]}, parted, dataset, ks=(5,), bootstrap=10, baselines=["mine"])
    assert named.best_baseline == "mine"
    assert any("it wins" in line for line in named.lines())
