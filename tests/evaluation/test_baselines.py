"""Baselines against naive twins, and the promises every recommender makes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import FittingError, UsageError
from generec.evaluation.baselines import ItemKNN, Popularity, RecentPopularity, TextKNN
from generec.evaluation.choose import BASELINE_NAMES, baselines
from generec.evaluation.factors import ALS, solve
from generec.evaluation.linear import EASE
from generec.types import Condition, Events, Request

ITEMS = 40  # as in conftest.py
REQUESTS = [Request(history=("i1", "i5", "i2")), Request(history=("i8",)), Request(history=("i3", "i3", "i7"))]


def scores_of(recommender, request):
    """Scores of all items by id."""
    slate = recommender.recommend([request], ITEMS)[0]
    return dict(zip(slate.item_ids, slate.scores, strict=True))


def agree(found, expected, request):
    """Same scores for every item that is not in the history."""
    seen = {int(item[1:]) for item in request.history}
    assert found == pytest.approx({f"i{item}": expected[item] for item in range(ITEMS) if item not in seen}, abs=1e-4)


def had(events):
    return [set(events.history(person).tolist()) for person in range(len(events))]


def test_popularity_counts_people(dataset, parted):
    recommender = Popularity().fit(parted.train, dataset.catalog)
    people = had(parted.train)
    counts = [sum(item in own for own in people) for item in range(ITEMS)]
    agree(scores_of(recommender, REQUESTS[0]), counts, REQUESTS[0])
    assert recommender.recommend(REQUESTS, 3)[0].source == "popular"


def test_recent_popularity_halves_with_age(dataset, parted):
    train = parted.train
    recommender = RecentPopularity(half_life_days=500.0).fit(train, dataset.catalog)
    newest = int(train.times.max())
    weights = [0.0] * ITEMS
    for item, moment in zip(train.items.tolist(), train.times.tolist(), strict=True):
        weights[item] += 0.5 ** ((newest - moment) / 86400 / 500)
    found = scores_of(recommender, Request())
    assert {item: score for item, score in found.items() if score > 0} == pytest.approx(
        {f"i{item}": weight for item, weight in enumerate(weights) if weight > 0}, rel=1e-4
    )


def test_recent_popularity_without_times_counts_the_last_events(dataset):
    train = Events.pack([[0, 1, 2], [5, 2], [2, 3]])
    found = scores_of(RecentPopularity(window=1).fit(train, dataset.catalog), Request())
    assert (found["i2"], found["i3"]) == (2.0, 1.0)
    assert found["i0"] < 0  # no recent event: behind, by popularity
    wider = scores_of(RecentPopularity(window=2).fit(train, dataset.catalog), Request())
    assert (wider["i2"], wider["i1"], wider["i5"]) == (3.0, 1.0, 1.0)


@pytest.mark.parametrize("decay", [1.0, 0.8])
def test_item_knn_equals_its_formula(dataset, parted, decay):
    recommender = ItemKNN(neighbours=ITEMS, shrinkage=3.0, decay=decay).fit(parted.train, dataset.catalog)
    people = had(parted.train)
    counts = [sum(item in own for own in people) for item in range(ITEMS)]
    for request in REQUESTS:
        once = list(dict.fromkeys(int(item[1:]) for item in reversed(request.history)))
        for item_id, score in scores_of(recommender, request).items():
            item = int(item_id[1:])
            expected = sum(
                decay**later
                * sum(own >= {item, other} for own in people)
                / (math.sqrt(counts[item] * counts[other]) + 3.0)
                for later, other in enumerate(once)
            )
            assert score == pytest.approx(expected, abs=1e-5) if expected else score < 0


def test_item_knn_keeps_the_nearest_neighbours_only(dataset, parted):
    few = ItemKNN(neighbours=3).fit(parted.train, dataset.catalog)
    everybody = ItemKNN(neighbours=ITEMS).fit(parted.train, dataset.catalog)
    for item in range(ITEMS):
        request = Request(history=(f"i{item}",))
        near = [score for score in scores_of(few, request).values() if score > 0]
        assert near == pytest.approx(list(scores_of(everybody, request).values())[:3], abs=1e-6)


def test_item_knn_puts_items_without_evidence_behind_by_popularity(dataset):
    train = Events.pack([[0, 1], [0, 1], [5], [5], [6]])
    slate = ItemKNN().fit(train, dataset.catalog).recommend([Request(history=("i0",))], 4)[0]
    assert slate.item_ids[:3] == ("i1", "i5", "i6")


@pytest.mark.parametrize("decay", [1.0, 0.7])
def test_ease_equals_its_regressions(dataset, parted, decay):
    """Each column of B is the ridge regression of an item on all others, solved here one by one."""
    recommender = EASE(penalty=7.0, decay=decay).fit(parted.train, dataset.catalog)
    table = torch.tensor([[float(item in own) for item in range(ITEMS)] for own in had(parted.train)]).double()
    weights = torch.zeros(ITEMS, ITEMS, dtype=torch.float64)
    for target in range(ITEMS):
        others = [item for item in range(ITEMS) if item != target]
        x = table[:, others]
        ridge = x.T @ x + 7.0 * torch.eye(ITEMS - 1, dtype=torch.float64)
        weights[others, target] = torch.linalg.solve(ridge, x.T @ table[:, target])
    for request in REQUESTS:
        once = list(dict.fromkeys(int(item[1:]) for item in reversed(request.history)))
        expected = sum(decay**later * weights[item] for later, item in enumerate(once))
        agree(scores_of(recommender, request), expected.tolist(), request)


def test_ease_says_why_it_is_skipped(dataset, parted):
    with pytest.raises(FittingError, match="skipped above 10"):
        EASE(largest=10).fit(parted.train, dataset.catalog)


@given(st.lists(st.lists(st.integers(0, 19), max_size=16, unique=True), min_size=1, max_size=8), st.integers(2, 9))
@settings(max_examples=60, deadline=None)
def test_als_solves_the_ridge_regression_of_every_row(rows, factors):
    fixed = torch.randn(20, factors, generator=torch.Generator().manual_seed(factors))
    found = solve(Events.pack(rows), fixed, confidence=6.0, penalty=0.5)
    for own, vector in zip(rows, found, strict=True):
        confidence = torch.ones(20)
        confidence[own] += 6.0
        wanted = torch.zeros(20)
        wanted[own] = 1.0
        ridge = fixed.T @ (confidence[:, None] * fixed) + 0.5 * torch.eye(factors)
        expected = torch.linalg.solve(ridge, fixed.T @ (confidence * wanted))
        torch.testing.assert_close(vector, expected, atol=1e-4, rtol=1e-3)


def test_als_lowers_its_loss(dataset, parted):
    table = torch.tensor([[float(item in own) for item in range(ITEMS)] for own in had(parted.train)])

    def loss(sweeps):
        torch.manual_seed(0)
        model = ALS(factors=4, sweeps=sweeps, confidence=5.0, penalty=1.0)
        recommender = model.fit(parted.train, dataset.catalog)
        ids = [tuple(f"i{item}" for item in sorted(own)) for own in had(parted.train)]
        slates = recommender.recommend([Request(history=own, repeat=True) for own in ids], ITEMS)
        scores = torch.zeros_like(table)
        for person, slate in enumerate(slates):
            scores[person, dataset.catalog.rows(slate.item_ids)] = torch.tensor(slate.scores)
        return float(((1 + 5.0 * table) * (table - scores).square()).sum())

    assert loss(8) < loss(2) < loss(0)


@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_text_knn_is_the_cosine_to_the_mean(dataset, parted, features, decay):
    recommender = TextKNN(decay=decay).fit(parted.train, dataset.catalog, features)
    unit = torch.nn.functional.normalize(features, dim=1)
    for request in REQUESTS:
        once = list(dict.fromkeys(int(item[1:]) for item in reversed(request.history)))
        taste = sum(decay**later * unit[item] for later, item in enumerate(once))
        agree(scores_of(recommender, request), (unit @ taste / taste.norm()).tolist(), request)


def test_text_knn_needs_features(dataset, parted):
    with pytest.raises(FittingError, match="needs item features"):
        TextKNN().fit(parted.train, dataset.catalog)
    with pytest.raises(UsageError, match="features of 40 items, got 3 rows"):
        TextKNN().fit(parted.train, dataset.catalog, torch.zeros(3, 8))


EVERY = [name for name in BASELINE_NAMES if name != "sasrec"]


@pytest.fixture(scope="module")
def fitted(dataset, parted, features):
    torch.manual_seed(0)
    return {name: baseline.fit(parted.train, dataset.catalog, features) for name, baseline in baselines().items()}


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_slates_are_allowed_distinct_ordered_and_full(fitted, dataset, name, data):
    ids = st.sampled_from([*dataset.catalog.item_ids, "gone"])
    request = Request(
        history=tuple(data.draw(st.lists(ids, max_size=8))),
        exclude=frozenset(data.draw(st.lists(ids, max_size=5))),
        conditions=data.draw(st.sampled_from([(), (Condition("price", "<", 9.0),), (Condition("price", "<", -1.0),)])),
        repeat=data.draw(st.booleans()),
    )
    k = data.draw(st.integers(1, ITEMS + 5))
    slate = fitted[name].recommend([request], k)[0]
    may = set(dataset.catalog.item_ids) - request.exclude - (set() if request.repeat else set(request.history))
    if request.conditions:
        may = {item for item in may if int(item[1:]) < request.conditions[0].value}
    assert len(slate.item_ids) == min(k, len(may))
    assert len(set(slate.item_ids)) == len(slate.item_ids)
    assert set(slate.item_ids) <= may
    assert list(slate.scores) == sorted(slate.scores, reverse=True)
    if not set(request.history) - {"gone"}:
        assert slate.source == "popular"
        assert slate.note


@pytest.mark.parametrize("name", EVERY)
def test_a_batch_answers_like_single_requests(fitted, dataset, parted, name):
    requests = [case.request for case in parted.validation[:30]] + [Request()]
    together = fitted[name].recommend(requests, 10)
    for request, slate in zip(requests, together, strict=True):
        alone = fitted[name].recommend([request], 10)[0]
        assert slate.scores == pytest.approx(alone.scores, abs=1e-4)
    assert fitted[name].recommend([], 10) == []


@pytest.mark.parametrize("name", [name for name in EVERY if "popularity" not in name])
def test_personal_baselines_learn_the_topics(fitted, dataset, name):
    """Somebody who only had items of one topic mostly gets that topic."""
    requests = [Request(history=tuple(f"i{topic + 4 * step}" for step in range(4))) for topic in range(4)]
    for topic, slate in enumerate(fitted[name].recommend(requests, 5)):
        right = sum(int(item[1:]) % 4 == topic for item in slate.item_ids)
        assert right >= 4, (name, slate)


def test_hyperparameters_out_of_range_are_refused(dataset, parted):
    for wrong in (ItemKNN(neighbours=0), ItemKNN(shrinkage=-1.0), EASE(penalty=0.0), ALS(factors=0), ALS(penalty=0.0)):
        with pytest.raises(UsageError, match="needs"):
            wrong.fit(parted.train, dataset.catalog)
