"""The reward on wordings: a click world whose rates are known, and what happens when it knows nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generec.create.text_reward import (
    FittedReward,
    PairwiseReward,
    Wording,
    advantage,
    pairs,
    rate_of_picks,
)
from generec.errors import ArtefactError, FittingError, UsageError
from generec.metrics.intervals import difference_interval

WORDS = [f"word{number}" for number in range(60)]


@cache
def click_world(tests=260, arms=4, shown=3000, appeal=0.5, seed=0):
    """Tests of wordings whose true rates follow from hidden worths of words: (observed, the same with true rates)."""
    draw = np.random.default_rng(seed)
    worth = appeal * draw.standard_normal(len(WORDS))
    observed, true = [], []
    for _ in range(tests):
        lines = [draw.choice(len(WORDS), 6, replace=False) for _ in range(arms)]
        rates = [1 / (1 + math.exp(2.5 - float(worth[line].sum() / math.sqrt(6) * 1.5))) for line in lines]
        texts = [" ".join(WORDS[word] for word in line) for line in lines]
        observed.append(
            tuple(Wording(t, shown, int(draw.binomial(shown, r))) for t, r in zip(texts, rates, strict=True))
        )
        true.append(tuple(Wording(t, 10**9, round(r * 10**9)) for t, r in zip(texts, rates, strict=True)))
    return observed, true


@cache
def learned():
    return PairwiseReward().fit(click_world()[0][:180])


def test_what_it_picks_earns_more_than_the_original_and_than_chance_on_tests_it_has_not_seen():
    rates = torch.from_numpy(rate_of_picks(learned(), click_world()[1][180:]))  # true rates of unseen tests
    assert difference_interval(rates[:, 0], rates[:, 1]).low > 0  # one row per test: the bootstrap goes by tests
    assert difference_interval(rates[:, 0], rates[:, 2]).low > 0


def test_it_orders_certain_pairs_of_unseen_tests():
    unseen = [pair for test in click_world()[0][180:] for pair in pairs(test, 1.96)]
    better, worse = (learned().scores([pair[side] for pair in unseen]) for side in (0, 1))
    assert len(unseen) > 100
    assert (better > worse).mean() >= 0.56
    assert learned().accuracy >= 0.56


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_where_words_have_no_worth_the_original_is_served(seed):
    observed, _ = click_world(appeal=0.0, seed=seed)
    null = PairwiseReward(certain=0.0).fit(observed[:180])
    assert not null.trusted
    assert {null.pick(test[0].text, [one.text for one in test[1:]]) for test in observed[180:]} == {0}


@pytest.mark.parametrize("accuracy", [0.5, 0.31, 0.51])
def test_a_reward_at_chance_serves_the_original(accuracy):
    chance = replace(learned(), accuracy=accuracy)
    tests = click_world()[0][180:]
    assert {chance.pick(test[0].text, [one.text for one in test[1:]]) for test in tests} == {0}
    assert len({learned().pick(test[0].text, [one.text for one in test[1:]]) for test in tests}) > 1


def test_the_human_line_can_win_and_wins_ties():
    best = max((one.text for test in click_world()[0][:50] for one in test), key=lambda text: learned()([text])[0])
    others = [one.text for test in click_world()[0][:50] for one in test if one.text != best]
    assert learned().pick(best, others) == 0
    assert learned().pick(others[0], [others[0], others[0]]) == 0
    assert learned().pick(others[0], [best]) == 1


@given(st.integers(1, 500), st.integers(0, 500), st.integers(1, 500), st.integers(0, 500))
def test_the_advantage_changes_sign_with_the_sides(shown, taken, others, gone):
    first, second = Wording("a", shown, min(taken, shown)), Wording("b", others, min(gone, others))
    assert advantage(first, second) == pytest.approx(-advantage(second, first))
    common = (first.taken + second.taken) / (shown + others)
    naive = (
        (first.rate - second.rate) ** 2 / (common * (1 - common) * (1 / shown + 1 / others)) if 0 < common < 1 else 0
    )
    assert advantage(first, second) ** 2 == pytest.approx(naive)


def test_it_travels_without_pickle(tmp_path):
    learned().save(tmp_path)
    back = FittedReward.load(tmp_path)
    texts = [one.text for one in click_world()[0][0]]
    assert back([*texts]) == learned()([*texts])
    assert (back.accuracy, back.error, back.measured) == (learned().accuracy, learned().error, learned().measured)
    assert back.spec == learned().spec
    (tmp_path / "text_reward.json").write_text('{"spec": {"buckets": 3}, "accuracy": 1, "error": 0, "measured": 1}')
    with pytest.raises(ArtefactError, match="fit it again"):
        FittedReward.load(tmp_path)


def test_too_little_to_learn_from_is_said():
    with pytest.raises(FittingError, match="certain pairs"):
        PairwiseReward().fit([(Wording("a", 10, 1), Wording("b", 10, 1))])
    with pytest.raises(UsageError, match="wording"):
        rate_of_picks(learned(), [()])
