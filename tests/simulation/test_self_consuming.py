"""Loops that train on their own outputs: the exact recursion, the safeguards, and a real loop with and without them."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.world import World
from generec.errors import FittingError, UsageError
from generec.simulation.people import WorldPeople
from generec.simulation.safeguards import (
    Health,
    Safeguards,
    Unguarded,
    audit_source_bias,
    by_origin,
    capped_mix,
    capped_slates,
)
from generec.simulation.self_consuming import Curation, curated, divergence, keep_best, rounds, sampled_rounds
from generec.simulation.self_training import Ngrams, SelfTraining

SHARES = st.lists(st.floats(0.01, 1), min_size=2, max_size=4)


def catalogue(items: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Zipf-like data in random order, and rewards that know nothing of it."""
    draw = np.random.default_rng(seed)
    data = draw.permutation(1.0 / np.arange(1, items + 1) ** 0.8)
    return data / data.sum(), draw.normal(size=items)


def enumerated(model: np.ndarray, reward: np.ndarray, draws: int) -> np.ndarray:
    """The naive twin: every tuple of samples, and who of it is kept."""
    kept, weight = np.zeros(model.size), np.exp(reward)
    for items in product(range(model.size), repeat=draws):
        chance = float(np.prod(model[list(items)]))
        for item in items:
            kept[item] += chance * weight[item] / weight[list(items)].sum()
    return kept


@settings(max_examples=25, deadline=None)
@given(shares=SHARES, draws=st.integers(1, 4), data=st.data())
def test_what_is_kept_equals_counting_every_tuple(shares: list[float], draws: int, data: st.DataObject) -> None:
    model = np.array(shares) / sum(shares)
    reward = np.array(data.draw(st.lists(st.floats(-6, 6), min_size=len(shares), max_size=len(shares))))
    assert curated(model, reward, draws) == pytest.approx(enumerated(model, reward, draws), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), draws=st.integers(2, 9), scale=st.floats(0.1, 3))
def test_the_reward_gained_is_at_least_what_its_variance_promises(seed: int, draws: int, scale: float) -> None:
    """E e^r gains at least (K - 1) / K Var e^r / max e^r in a round of curation (lemma 2.2 of the paper, recalled)."""
    model, reward = catalogue(40, seed)
    weight, after = np.exp(scale * reward), curated(model, scale * reward, draws)
    variance = model @ weight**2 - (model @ weight) ** 2
    assert after @ weight - model @ weight >= (draws - 1) / draws * variance / weight.max() - 1e-9


def test_one_draw_keeps_the_model_and_endless_draws_keep_the_best() -> None:
    data, reward = catalogue(300)
    assert curated(data, reward, 1) == pytest.approx(data, abs=1e-9)
    far = [float(np.abs(curated(data, reward, draws) - keep_best(data, reward)).sum() / 2) for draws in (2, 16, 512)]
    assert far == sorted(far, reverse=True)
    assert far[-1] < 0.005


def test_reward_rises_and_entropy_and_coverage_fall_only_where_something_is_chosen() -> None:
    data, reward = catalogue(1000)
    loop = list(rounds(data, reward, Curation(draws=4)))
    assert len(loop) == 11
    assert all(after.reward > before.reward for before, after in pairwise(loop))
    assert all(after.coverage < before.coverage for before, after in pairwise(loop[1:]))
    assert all(after.entropy < before.entropy for before, after in pairwise(loop[1:]))
    assert loop[-1].divergence > 2
    still = list(rounds(data, reward, Curation(draws=1)))
    assert max(abs(each.reward - still[0].reward) for each in still) < 1e-9
    assert still[-1].entropy == pytest.approx(still[0].entropy)
    assert still[-1].coverage == pytest.approx(still[0].coverage)


@pytest.mark.parametrize("real", [0.5, 0.8])
def test_half_real_data_keep_the_model_near_them(real: float) -> None:
    data, reward = catalogue(1000)
    loop = list(rounds(data, 2 * reward, Curation(draws=8, real=real), count=20))
    assert all(each.divergence <= -math.log(real) + 1e-12 for each in loop)
    assert loop[-1].divergence == pytest.approx(loop[-2].divergence, rel=0.01)  # it settles
    assert loop[-1].reward > loop[0].reward
    without = list(rounds(data, 2 * reward, Curation(draws=8), count=20))
    assert without[-1].divergence > 10 * loop[-1].divergence
    assert without[-1].coverage < 0.2 * loop[-1].coverage


def test_sampled_loops_follow_the_recursion_and_noise_alone_is_told_apart() -> None:
    data, reward = catalogue(200)
    for draws in (1, 4):
        exact = rounds(data, reward, Curation(draws=draws), count=4)
        sampled = sampled_rounds(data, reward, Curation(draws=draws), 200_000, count=4)
        far = [np.abs(one.model - two.model).sum() / 2 for one, two in zip(exact, sampled, strict=True)]
        assert far[0] == 0
        assert max(far) < 0.02
    few = list(sampled_rounds(data, reward, Curation(draws=1), 300, count=10))
    assert few[-1].coverage < 0.8 * few[0].coverage  # noise loses items too
    assert few[-1].divergence == math.inf
    assert abs(few[-1].reward - few[0].reward) < 0.35
    rising = list(sampled_rounds(data, reward, Curation(draws=4), 300, count=10))
    assert rising[-1].reward > few[-1].reward + 0.8


def test_bad_curation_is_refused() -> None:
    for bad in ({"draws": 0}, {"real": 1.5}, {"real": -0.1}):
        with pytest.raises(UsageError, match="draws >= 1"):
            Curation(**bad)
    assert divergence(np.array([0.5, 0.5]), np.array([1.0, 0.0])) == math.inf


@settings(max_examples=60, deadline=None)
@given(
    human=st.integers(1, 40), made=st.integers(0, 60), share=st.floats(0, 0.9), frozen=st.integers(0, 5),
    seed=st.integers(0, 5),
)  # fmt: skip
def test_mixes_keep_all_that_is_human_and_the_cap(human: int, made: int, share: float, frozen: int, seed: int) -> None:
    people, machine = [f"h{n}" for n in range(human)], [f"s{n}" for n in range(made)]
    anchor = people[: min(frozen, human - 1)]
    mix = capped_mix(people, machine, share, anchor, seed)
    assert mix.human == tuple(people[len(anchor) :])
    assert not set(mix.examples) & set(anchor)
    assert mix.share <= share + 1e-9
    assert set(mix.synthetic) <= set(machine)
    assert len(mix.synthetic) + mix.left_out == made
    assert mix.left_out == 0 or (len(mix.synthetic) + 1) / (len(mix.human) + len(mix.synthetic) + 1) > share


def test_mixes_without_people_are_refused_and_unknown_origin_is_synthetic() -> None:
    with pytest.raises(FittingError, match="no human example"):
        capped_mix(["a"], ["b", "c"], anchor=["a"])
    with pytest.raises(UsageError, match=r"\[0, 1\)"):
        capped_mix(["a"], ["b"], share=1.0)
    human, made = by_origin(["a", "b", "c", "d"], ["human", None, "created", "unknown"])
    assert human == ["a"]
    assert made == ["b", "c", "d"]


@settings(max_examples=60, deadline=None)
@given(
    flags=st.lists(st.lists(st.booleans(), min_size=9, max_size=9), min_size=1, max_size=4),
    k=st.integers(1, 8),
    share=st.floats(0, 1),
)
def test_slates_keep_order_and_cap(flags: list[list[bool]], k: int, share: float) -> None:
    places = capped_slates(np.array(flags), k, share)
    for row, found in zip(flags, places.tolist(), strict=True):
        naive, used = [], 0
        for at, synthetic in enumerate(row):
            if synthetic and used + 1 > math.floor(share * k + 1e-9):
                continue
            used += synthetic
            naive.append(at)
        naive = naive[:k]
        assert found == naive + [-1] * (k - len(naive))


def test_source_bias_is_seen_where_it_is_and_not_where_it_is_not() -> None:
    draw = np.random.default_rng(0)
    relevance = draw.integers(0, 3, 900).astype(float)
    fair = relevance + draw.normal(size=(2, 900))
    none = audit_source_bias(fair[0], fair[1], relevance)
    assert none.favours == "neither"
    assert none.wins.mean == pytest.approx(0.5, abs=0.05)
    biased = audit_source_bias(fair[0], fair[1] + 0.5, relevance)
    assert biased.favours == "synthetic"
    assert [pairs for _, pairs, _ in biased.by_relevance] == np.bincount(relevance.astype(int)).tolist()
    assert audit_source_bias(fair[0] + 0.5, fair[1], relevance).favours == "human"
    assert audit_source_bias(np.ones(5), np.ones(5), np.ones(5)).wins.mean == 0.5
    with pytest.raises(UsageError, match="pairs"):
        audit_source_bias(fair[0], fair[1, :5], relevance)
    with pytest.raises(UsageError, match="at least one pair"):
        audit_source_bias(np.ones(0), np.ones(0), np.ones(0))


def test_ten_rounds_stay_healthy_with_safeguards_and_collapse_without(world: World) -> None:
    people = WorldPeople(world)
    loop = SelfTraining(writer=Ngrams(), texts=1000)
    safe, free = loop.run(people, Safeguards()), loop.run(people, Unguarded())
    assert safe.breach == ()
    assert len(safe.rounds) == len(free.rounds) == 11
    first = safe.rounds[0]
    assert np.mean([each.diversity for each in safe.rounds[1:]]) >= 0.95 * first.diversity
    assert np.mean([each.coverage for each in safe.rounds[1:]]) >= 0.95 * first.coverage
    assert min(each.human_exposure for each in safe.rounds) > 0.6
    assert max(each.synthetic for each in safe.rounds) <= 0.2
    assert min(each.anchor for each in safe.rounds) > first.anchor - 0.05
    last = free.rounds[-1]
    assert free.rounds[0].diversity == first.diversity
    assert last.diversity < 0.4 * first.diversity
    assert last.coverage < 0.6 * first.coverage
    assert last.human_exposure < 0.4
    assert last.anchor < first.anchor - 1
    assert last.reward > first.reward + 0.2  # what is left pleases: reward alone would not have warned
    assert len(Safeguards().breach(first, last)) == 4


def test_a_breach_stops_the_loop_and_says_why(world: World) -> None:
    class Careless(Safeguards):
        """Watches, but lets what was made replace what people made."""

        mix = Unguarded.mix
        gather = Unguarded.gather

    stopped = SelfTraining(writer=Ngrams(), texts=400).run(WorldPeople(world), Careless(share=1.0))
    assert 2 <= len(stopped.rounds) < 8
    assert stopped.breach
    assert all("fell to" in reason or "of what was seen" in reason for reason in stopped.breach)
    well = Health(
        number=0, reward=1.0, coverage=1.0, coverage_noise=0.01, diversity=100.0, noise=0.02, human_exposure=0.8,
        anchor=-2.0, synthetic=0.0,
    )  # fmt: skip
    assert Safeguards().breach(well, replace(well, diversity=93.0, coverage=0.93)) == ()  # sampling alone may do that
    worse = replace(well, diversity=80.0, coverage=0.9, human_exposure=0.5, synthetic=0.3)
    assert len(Safeguards().breach(well, worse)) == 4


def test_the_text_model_writes_what_it_read_and_knows_it_again() -> None:
    texts = ["a cat sat on a mat.", "a dog sat on a rug."]
    model = Ngrams().fit(texts)
    written = model.write(200, np.random.default_rng(0))
    assert set(texts) <= set(written)
    assert "a cat sat on a rug." in written  # new, from old parts
    pairs = {(one, two) for text in texts for one, two in pairwise(text.split())}
    assert all((one, two) in pairs for text in written for one, two in pairwise(text.split()))
    assert model.likelihood(texts) > model.likelihood(["on mat. a cat"]) > model.likelihood(["zebra zebra"])
    with pytest.raises(UsageError, match="at least one text"):
        Ngrams().fit([])
