"""The judge against a naive one, its traps, and what it refuses."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace

import polars as pl
import pytest
import torch

from generec.errors import ArtefactError, UsageError
from generec.evaluation.baselines import ItemKNN, Popularity
from generec.evaluation.choose import baselines, choose, fit_baselines, grid
from generec.evaluation.linear import EASE
from generec.evaluation.measures import category_table, popularity_deciles
from generec.evaluation.protocol import check_not_trained_on, evaluate
from generec.types import Case, Catalog, Request, Slate, Split


@dataclass(frozen=True)
class Fixed:
    """Gives everybody the same list, whatever was asked."""

    item_ids: tuple[str, ...]

    def recommend(self, requests, k):
        chosen = self.item_ids[:k]
        return [Slate(chosen, tuple(-float(place) for place in range(len(chosen)))) for _ in requests]


@dataclass(frozen=True)
class Noisy:
    """A random order of the whole catalogue for each request, seen items left out."""

    item_ids: tuple[str, ...]
    seed: int

    def recommend(self, requests, k):
        generator = torch.Generator().manual_seed(self.seed)
        slates = []
        for request in requests:
            order = [self.item_ids[row] for row in torch.randperm(len(self.item_ids), generator=generator).tolist()]
            chosen = tuple(item for item in order if item not in request.history)[:k]
            slates.append(Slate(chosen, tuple(-float(place) for place in range(k))))
        return slates


@pytest.fixture(scope="module")
def fitted(dataset, parted, features):
    return fit_baselines(baselines(), parted.train, dataset.catalog, features)


@pytest.fixture(scope="module")
def report(dataset, parted, features, fitted):
    noise = [Noisy(tuple(dataset.catalog.item_ids), seed) for seed in range(3)]
    return evaluate(
        {**fitted.recommenders, "noise": noise}, parted, dataset, ks=(5, 10), features=features, bootstrap=200
    )


def test_figures_equal_a_naive_judge(report, parted, fitted):
    for name, recommender in fitted.recommenders.items():
        gains, hits = [], []
        for case in parted.test:
            ranked = recommender.recommend([case.request], 10)[0].item_ids
            rank = ranked.index(case.relevant[0]) + 1 if case.relevant[0] in ranked else 0
            gains.append(1 / math.log2(1 + rank) if rank else 0.0)
            hits.append(float(0 < rank <= 5))
        found = report.result(name)
        assert found.metrics["ndcg@10"] == pytest.approx(sum(gains) / len(gains), abs=1e-9)
        assert found.metrics["recall@5"] == pytest.approx(sum(hits) / len(hits), abs=1e-9)
        assert found.per_case["ndcg@10"].tolist() == pytest.approx(gains)
        assert found.metrics["valid@10"] == 1
        assert found.metrics["filled@10"] == 1
    assert report.problems == ()


def test_the_best_baseline_is_named_and_everything_is_compared_with_it(report):
    figures = {result.name: result.metrics["ndcg@10"] for result in report.results if result.baseline}
    assert len(figures) == 6
    assert report.best_baseline == max(figures, key=figures.get)
    best = report.result(report.best_baseline)
    assert best.difference is None
    for result in report.results:
        low, high = result.interval["ndcg@10"].low, result.interval["ndcg@10"].high
        assert low <= result.metrics["ndcg@10"] <= high
        if result.name != best.name:
            gap = result.difference.metrics["ndcg@10"]
            assert result.difference.to == best.name
            assert gap.mean == pytest.approx(result.metrics["ndcg@10"] - best.metrics["ndcg@10"])
            assert gap.low <= gap.mean <= gap.high
    assert report.result("noise").difference.metrics["ndcg@10"].high < 0


def test_seeds_are_averaged_and_their_spread_is_given(report, dataset, parted):
    found = report.result("noise")
    alone = [
        evaluate({"noise": Noisy(tuple(dataset.catalog.item_ids), seed)}, parted, dataset, ks=(10,), bootstrap=0)
        for seed in range(3)
    ]
    figures = [one.results[0].metrics["recall@10"] for one in alone]
    mean = sum(figures) / 3
    assert found.seeds == 3
    assert found.ranks.shape == (3, len(parted.test))
    assert found.metrics["recall@10"] == pytest.approx(mean)
    assert found.sd["recall@10"] == pytest.approx(math.sqrt(sum((figure - mean) ** 2 for figure in figures) / 2))
    assert report.result("ease").sd == {}


def test_the_document_is_plain_json(report, tmp_path):
    report.write(tmp_path / "deep" / "report.json")
    document = json.loads((tmp_path / "deep" / "report.json").read_text())
    assert [result["name"] for result in document["results"]] == [result.name for result in report.results]
    first = document["results"][0]
    assert {"name", "metrics", "interval", "seeds", "seconds"} <= set(first)
    assert {"recall@5", "recall@10", "ndcg@5", "ndcg@10", "mrr@10", "coverage@10", "gini@10"} <= set(first["metrics"])
    assert set(first["interval"]) == {"recall@10", "ndcg@10"}
    assert document["protocol"]["best_baseline"] == report.best_baseline
    assert document["protocol"]["threads"] == 1
    assert first["seconds"] > 0


def test_views_part_the_cases(report, parted, dataset):
    found = report.result("item-knn").views
    assert found["all"]["cases"] == len(parted.test)
    assert found["all"]["recall@10"] == pytest.approx(report.result("item-knn").metrics["recall@10"])
    deciles = found["popularity decile"]
    assert sum(view["cases"] for view in deciles.values()) + found["unseen items"]["cases"] == len(parted.test)
    few = [case for case in parted.test if len(case.request.history) <= 5]
    assert found["people with at most 5 events"]["cases"] == len(few) > 0
    sides = found["groups"]["side"]["values"]
    assert sum(view["cases"] for view in sides.values()) == len(parted.test)
    lefts = {row["user_id"] for row in dataset.users.iter_rows(named=True) if row["side"] == "left"}
    assert sides["left"]["cases"] == sum(case.request.user_id in lefts for case in parted.test)
    recalls = [view["recall@10"] for view in sides.values()]
    assert found["groups"]["side"]["gap"] == pytest.approx(max(recalls) - min(recalls))


def cases_split(parted, cases):
    return replace(parted, test=tuple(cases))


def test_unseen_items_and_people_are_told_apart(dataset, parted):
    catalog = dataset.catalog.append(Catalog(dataset.catalog.frame[:1].with_columns(item_id=pl.lit("new"))))
    wider = replace(dataset, catalog=catalog)
    cases = [
        Case(Request(history=("i1",), user_id="u1"), ("new", "i2")),
        Case(Request(history=("i3",), user_id="stranger"), ("vanished",)),
    ]
    report = evaluate({"fixed": Fixed(("new", "i5", "i6"))}, cases_split(parted, cases), wider, ks=(3,), bootstrap=10)
    views = report.results[0].views
    assert views["unseen items"] == {"cases": 2, "recall@3": 0.5, "ndcg@3": 0.5}
    assert views["unseen people"]["cases"] == 1
    assert report.results[0].metrics["recall@3"] == pytest.approx((0.5 + 0) / 2)
    assert report.results[0].metrics["hr@3"] == pytest.approx(0.5)


def test_invalid_answers_are_misses_and_are_named(dataset, parted):
    cases = [
        Case(Request(history=("i1",), user_id="u1"), ("i1",)),
        Case(Request(history=("i2",), user_id="u2"), ("i3",)),
    ]
    lying = Fixed(("i1", "i3", "i3", "no such item"))
    report = evaluate({"lying": lying}, cases_split(parted, cases), dataset, ks=(4,), bootstrap=10)
    found = report.results[0].metrics
    assert found["recall@4"] == 0.5  # the seen item is no hit; i3 counts at its first place
    assert found["mrr@4"] == pytest.approx(0.25)
    assert found["valid@4"] == pytest.approx(3 / 8)
    assert "5 of 8 recommended ids are not valid (2 are not in the catalogue" in report.problems[0]
    assert any("Problem: lying" in line for line in report.lines())


def test_short_answers_are_named(dataset, parted):
    report = evaluate({"short": Fixed(("i1", "i2"))}, parted, dataset, ks=(5,), bootstrap=10)
    assert "shorter than k" in report.problems[-1]
    assert report.results[0].metrics["filled@5"] == pytest.approx(0.4)


def test_fewer_items_than_k_are_no_problem(dataset, parted):
    popular = Popularity().fit(parted.train, dataset.catalog)
    report = evaluate({"popularity": popular}, parted, dataset, ks=(10, 50), bootstrap=10)
    assert report.problems == ()
    assert report.results[0].metrics["recall@50"] == 1


def test_repeats_count_where_the_request_allows_them(dataset, parted):
    cases = [Case(Request(history=("i1",), user_id="u1", repeat=True), ("i1",))]
    report = evaluate({"again": Fixed(("i1", "i2"))}, cases_split(parted, cases), dataset, ks=(2,), bootstrap=10)
    assert report.results[0].metrics["recall@2"] == 1
    assert report.results[0].metrics["repeat_rate@2"] == 0.5
    assert report.problems == ()


def test_answers_that_are_none_are_refused(dataset, parted):
    with pytest.raises(UsageError, match="returned 7 items where 5"):
        evaluate({"long": Overlong()}, parted, dataset, ks=(5,))
    with pytest.raises(UsageError, match="there are no cases"):
        evaluate({"fixed": Fixed(("i1",))}, cases_split(parted, []), dataset)
    with pytest.raises(UsageError, match="holds no item out"):
        evaluate({"fixed": Fixed(("i1",))}, cases_split(parted, [Case(Request(), ())]), dataset)
    with pytest.raises(UsageError, match="nothing to judge"):
        evaluate({}, parted, dataset)


class Overlong:
    def recommend(self, requests, k):
        return [Slate(tuple(f"i{row}" for row in range(k + 2)), (0.0,) * (k + 2)) for _ in requests]


def test_a_sample_of_cases_is_the_same_for_one_seed(dataset, parted):
    popular = {"popularity": Popularity().fit(parted.train, dataset.catalog)}
    first = evaluate(popular, parted, dataset, cases=30, bootstrap=10, seed=1)
    again = evaluate(popular, parted, dataset, cases=30, bootstrap=10, seed=1)
    other = evaluate(popular, parted, dataset, cases=30, bootstrap=10, seed=2)
    assert first.protocol["cases"] == 30
    assert first.protocol["cases_available"] == len(parted.test)
    assert first.results[0].ranks.tolist() == again.results[0].ranks.tolist()
    assert first.results[0].ranks.tolist() != other.results[0].ranks.tolist()
    assert any("30 of 120" in line for line in first.lines())


def test_validation_is_judged_against_training_events_only(dataset, parted):
    popular = Popularity().fit(parted.train, dataset.catalog)
    report = evaluate({"popularity": popular}, parted, dataset, on="validation", bootstrap=10)
    assert report.protocol["popularity_from"] == "train"
    counts = parted.train.counts(len(dataset.catalog)).double()
    ids = [popular.recommend([case.request], 10)[0].item_ids for case in parted.validation]
    expected = sum(float(counts[dataset.catalog.rows(own)].mean()) for own in ids) / len(ids)
    assert report.results[0].metrics["arp@10"] == pytest.approx(expected)


def test_choosing_looks_at_validation_only(dataset, parted):
    blind = replace(parted, test=())
    choice = choose([ItemKNN(neighbours=1, shrinkage=1000.0), EASE(penalty=5.0)], blind, dataset)
    figures = dict(choice.figures)
    assert choice.baseline == max(figures, key=figures.get)
    assert len(figures) == 2
    with pytest.raises(UsageError, match="named like ndcg@10"):
        choose([Popularity()], blind, dataset, metric="ndcg")
    with pytest.raises(UsageError, match="did you mean 'ndcg@10'"):
        choose([Popularity()], blind, dataset, metric="ndgc@10")


def test_grids_hold_the_shipped_setting_or_neighbours_of_it():
    for name in baselines():
        kinds = {type(candidate) for candidate in grid(name)}
        assert kinds == {type(baselines()[name])}
    with pytest.raises(UsageError, match="did you mean 'item-knn'"):
        baselines(["item_knn"])


def test_what_cannot_be_fitted_is_skipped_with_its_reason(dataset, parted):
    found = fit_baselines(
        {"ease": EASE(largest=3), **baselines(["text-knn", "popularity"])}, parted.train, dataset.catalog
    )
    assert set(found.recommenders) == {"popularity"}
    assert "skipped above 3" in found.skipped["ease"]
    assert "needs item features" in found.skipped["text-knn"]


def test_popularity_deciles_share_ties():
    counts = torch.tensor([0.0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7])
    found = popularity_deciles(counts).tolist()
    assert found[0] == 0
    assert len(set(found[1:5])) == 1
    assert found[5:] == [5, 6, 7, 8, 9, 10]


def test_categories_come_from_lists_and_from_words(dataset):
    assert category_table(dataset.catalog).sum(1).tolist() == [1.0] * len(dataset.catalog)
    assert category_table(dataset.catalog, largest=3).shape[1] == 3
    lists = dataset.catalog.frame.with_columns(categories=pl.lit(["a", "b", "a"])).drop("topic")
    assert category_table(Catalog(lists)).sum(1).tolist() == [2.0] * len(dataset.catalog)
    assert category_table(Catalog(dataset.catalog.frame.select("item_id"))) is None


INFO = {"split": "leave-one-out", "data_fingerprint": "f" * 64, "final": False}


def named(parted, name) -> Split:
    return replace(parted, name=name)


def test_a_model_that_saw_the_test_is_refused(parted):
    assert check_not_trained_on(INFO, parted, "f" * 64) == ""
    with pytest.raises(ArtefactError, match="without --final"):
        check_not_trained_on({**INFO, "final": True}, parted, "f" * 64)
    with pytest.raises(UsageError, match="--split leave-one-out"):
        check_not_trained_on(INFO, named(parted, "time"), "f" * 64)
    with pytest.raises(ArtefactError, match="final missing"):
        check_not_trained_on({"split": "time", "data_fingerprint": "f"}, parted, "f" * 64)
    assert "other data" in check_not_trained_on({**INFO, "final": True}, parted, "0" * 64)
