"""Bandits: their regressions against closed forms, their choices against worlds whose best arm is known."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import ArtefactError, InputError, UsageError
from generec.loop.arms import RBF, Arm, Array, Examples, Level, Polynomial, Resemblance, reduce
from generec.loop.bandit import Bandit, FourierUCB, KernelUCB, Policy, State
from generec.loop.outcomes import Outcome, always, off_policy, read, regret_report, written
from generec.loop.ridge import FeatureRidge, KernelRidge
from generec.records import BackendCard

KERNELS = [RBF(length=1.3), Polynomial(scale=0.4)]
LEARNERS = [KernelUCB(kernel=RBF(length=1.0)), FourierUCB(length=1.0, frequencies=32)]


def arms(count: int, cost: float = 0.0) -> list[Arm]:
    return [Arm(name=f"arm {at}", action="create", card=BackendCard(f"arm {at}", cost=cost)) for at in range(count)]


def closed_form(gram: Array, known: Array, own: float, targets: Array, noise: Array) -> tuple[float, float]:
    """The textbook: invert the regularised Gram matrix of all outcomes."""
    inverse = np.linalg.inv(gram + np.diag(noise))
    return float(known @ inverse @ targets), float(own - known @ inverse @ known)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 150), alpha=st.sampled_from([0.1, 1.0, 4.0]))
@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_ridge_is_the_closed_form(kernel, seed: int, count: int, alpha: float):
    draw = np.random.default_rng(seed)
    rows, targets, new = draw.normal(size=(count, 3)), draw.normal(size=count), draw.normal(size=3)
    ridge = KernelRidge(kernel, alpha, 1000, 1.0)
    for at in range(count):
        ridge.add(rows[at], targets[at], at)
    own = float(kernel(new[None], new[None])[0, 0])
    mean, left = closed_form(kernel(rows, rows), kernel(rows, new[None])[:, 0], own, targets, np.full(count, alpha))
    assert ridge.predict(new, count) == pytest.approx((mean, math.sqrt(left / alpha)), abs=1e-8)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 400), alpha=st.sampled_from([0.1, 1.0, 4.0]))
def test_feature_ridge_is_the_closed_form(seed: int, count: int, alpha: float):
    """Also after one outcome only: no reward is counted twice."""
    draw = np.random.default_rng(seed)
    rows, targets, new = draw.normal(size=(count, 16)), draw.normal(size=count), draw.normal(size=16)
    ridge = FeatureRidge(16, alpha, 1.0)
    for at in range(count):
        ridge.add(rows[at], targets[at], at)
    inverse = np.linalg.inv(rows.T @ rows + alpha * np.eye(16))
    mean, width = new @ inverse @ rows.T @ targets, math.sqrt(new @ inverse @ new)
    assert ridge.predict(new, count) == pytest.approx((mean, width), abs=1e-8)


def test_both_regressions_are_the_same_one():
    """phi'(Phi'Phi + alpha I)^-1 phi = (k - k'(K + alpha I)^-1 k) / alpha, with features as the kernel."""
    draw = np.random.default_rng(0)
    rows, targets, new = draw.normal(size=(40, 5)), draw.normal(size=40), draw.normal(size=5)
    linear, features = KernelRidge(Polynomial(degree=1, offset=0.0), 2.0, 100, 1.0), FeatureRidge(5, 2.0, 1.0)
    for at in range(40):
        linear.add(rows[at], targets[at], at)
        features.add(rows[at], targets[at], at)
    assert linear.predict(new, 40) == pytest.approx(features.predict(new, 40), abs=1e-10)


def test_before_any_outcome_the_width_is_the_prior_s():
    new = np.array([0.3, -0.2])
    assert KernelRidge(RBF(), 4.0, 10, 1.0).predict(new, 0) == (0.0, 0.5)
    learner = FourierUCB(alpha=4.0)
    assert learner.regression().predict(learner.features(2, 0)(new), 0) == (0.0, pytest.approx(0.5))


def test_fourier_features_have_unit_length_and_approach_the_kernel():
    rows = np.random.default_rng(1).normal(size=(60, 4))
    exact, errors = RBF(length=1.5)(rows, rows), []
    for frequencies in (128, 2048):
        features = FourierUCB(length=1.5, frequencies=frequencies).features(4, 3)
        mapped = np.stack([features(row) for row in rows])
        assert mapped.shape == (60, 2 * frequencies)
        assert np.square(mapped).sum(1) == pytest.approx(np.ones(60))
        errors.append(float(np.sqrt(np.square(mapped @ mapped.T - exact).mean())))
    assert errors[0] < 0.08
    assert errors[1] < errors[0] / 2


def test_a_full_kernel_ridge_forgets_the_oldest_quarter():
    draw = np.random.default_rng(2)
    rows, targets, new, kernel = draw.normal(size=(21, 2)), draw.normal(size=21), draw.normal(size=2), RBF()
    ridge = KernelRidge(kernel, 1.0, 20, 1.0)
    for at in range(21):
        ridge.add(rows[at], targets[at], at)
    mean, left = closed_form(
        kernel(rows[5:], rows[5:]), kernel(rows[5:], new[None])[:, 0], 1.0, targets[5:], np.ones(16)
    )
    assert ridge.predict(new, 21) == pytest.approx((mean, math.sqrt(left)), abs=1e-8)


def test_discounted_kernel_ridge_weighs_outcomes_by_age():
    draw = np.random.default_rng(3)
    rows, targets, new, kernel = draw.normal(size=(30, 2)), draw.normal(size=30), draw.normal(size=2), RBF()
    ridge = KernelRidge(kernel, 1.5, 100, 0.98)
    for at in range(30):
        ridge.add(rows[at], targets[at], at)
    ridge.tend(45)
    noise = 1.5 * 0.98 ** (np.arange(30) - 45.0)
    mean, left = closed_form(kernel(rows, rows), kernel(rows, new[None])[:, 0], 1.0, targets, noise)
    assert ridge.predict(new, 45) == pytest.approx((mean, math.sqrt(left / 1.5)), abs=1e-8)
    ridge.tend(5000)
    assert ridge.predict(new, 5000) == (0.0, math.sqrt(1 / 1.5))


def test_discounted_feature_ridge_weighs_outcomes_by_age_and_restores_its_regulariser():
    draw = np.random.default_rng(4)
    rows, targets, new = draw.normal(size=(30, 4)), draw.normal(size=30), 0.1 * draw.normal(size=4)
    ridge = FeatureRidge(4, 1.5, 0.99)
    for at in range(30):
        ridge.add(rows[at], targets[at], at)
    weights = 0.99 ** (40.0 - np.arange(30))
    moment, precision = (weights * targets) @ rows, (rows.T * weights) @ rows
    fading = np.linalg.inv(precision + 0.99**40 * 1.5 * np.eye(4))
    assert ridge.predict(new, 40) == pytest.approx((new @ fading @ moment, math.sqrt(new @ fading @ new)), abs=1e-10)
    ridge.tend(100)
    restored, faded = np.linalg.inv(0.99**60 * precision + 1.5 * np.eye(4)), 0.99**60 * moment
    expected = new @ restored @ faded, math.sqrt(new @ restored @ new)
    assert ridge.predict(new, 100) == pytest.approx(expected, abs=1e-10)
    ridge.tend(100_000)
    assert ridge.predict(new, 100_000) == pytest.approx((0.0, float(np.linalg.norm(new)) / math.sqrt(1.5)), abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 100), count=st.integers(1, 6), floor=st.floats(0.001, 1.0))
def test_no_propensity_is_zero_and_all_sum_to_one(seed: int, count: int, floor: float):
    draw = np.random.default_rng(seed)
    bandit = FourierUCB(policy=Policy(floor=floor), frequencies=8).start(arms(count), 2, seed)
    for _ in range(20):
        context = draw.normal(size=2)
        pick = bandit.pick(context)
        assert sum(pick.propensities) == pytest.approx(1)
        assert min(pick.propensities) >= floor / count * (1 - 1e-9)
        assert pick.explored == (pick.scores[pick.arms.index(pick.arm)] < max(pick.scores) - 1e-12)
        bandit.learn(context, pick.arm, float(draw.random()), pick.propensity)


def test_arms_are_drawn_as_often_as_their_propensities_say():
    bandit = FourierUCB(policy=Policy(floor=0.4, settle=10**6), frequencies=8).start(arms(4), 1)
    bandit.learn([0.0], "arm 2", 1.0, 0.5)
    picks = [bandit.pick([0.0]) for _ in range(4000)]
    expected = dict(zip(picks[0].arms, picks[0].propensities, strict=True))
    assert expected["arm 2"] == pytest.approx(0.7)
    for name, chance in expected.items():
        assert sum(pick.arm == name for pick in picks) / 4000 == pytest.approx(chance, abs=0.03)


def test_the_floor_falls_but_not_below_what_is_remembered():
    assert Policy(floor=0.1, settle=100).floor_after(100) == 0.1
    assert Policy(floor=0.1, settle=100).floor_after(10_000) == pytest.approx(0.01)
    assert Policy(floor=0.1, settle=100, discount=0.9975).floor_after(10**6) == pytest.approx(0.05)


def test_cost_counts_against_an_arm():
    dear, cheap = (replace(arms(1)[0], name=name, card=BackendCard(name, cost=cost)) for name, cost in
                   (("dear", 2.0), ("cheap", 1.0)))  # fmt: skip
    for price, propensity in ((0.0, 0.5), (0.1, 0.95 + 0.025)):
        pick = FourierUCB(policy=Policy(price=price), frequencies=8).start([dear, cheap], 1).pick([0.0])
        assert pick.propensities[1] == pytest.approx(propensity)
        assert pick.scores[1] - pick.scores[0] == pytest.approx(price)


def test_an_arm_that_joins_later_is_found():
    draw = np.random.default_rng(0)
    bandit = FourierUCB(frequencies=16).start(arms(2), 2, 0)
    chosen = []
    for turn in range(600):
        if turn == 300:
            bandit.join(arms(3)[2])
        context = draw.normal(size=2)
        pick = bandit.pick(context)
        chosen.append(pick.arm)
        bandit.learn(context, pick.arm, {"arm 0": 0.3, "arm 1": 0.4, "arm 2": 0.8}[pick.arm], pick.propensity)
    assert chosen[450:].count("arm 2") > 120
    assert bandit.pick([0.0, 0.0], among=["arm 0"]).arm == "arm 0"


def specialists(steps: int, seed: int, count: int = 6, poor: float = 0.3, good: float = 0.85) -> tuple[Array, Array]:
    """Contexts around `count` places and the chance of success of every arm: each is good at one place."""
    draw = np.random.default_rng(seed)
    places = 2 * draw.normal(size=(count, 4))
    at = draw.integers(count, size=steps)
    contexts = places[at] + 0.3 * draw.normal(size=(steps, 4))
    return contexts, np.where(at[:, None] == draw.permutation(count), good, poor)


def play(bandit: Bandit, contexts: Array, chances: Array, seed: int) -> tuple[Array, list[int]]:
    """Expected regret of every turn, and what was pulled; only the pulled arm's drawn reward is revealed."""
    draw, pulled, regrets = np.random.default_rng((seed, 1)), [], np.zeros(len(contexts))
    for turn, context in enumerate(contexts):
        pick = bandit.pick(context)
        arm = bandit.arms.index(pick.arm)
        bandit.learn(context, pick.arm, float(draw.random() < chances[turn, arm]), pick.propensity)
        pulled.append(arm)
        regrets[turn] = chances[turn].max() - chances[turn, arm]
    return regrets, pulled


@pytest.mark.parametrize("learner", [KernelUCB(kernel=RBF(length=2.0)), FourierUCB(length=2.0)])
def test_regret_beats_the_best_single_arm_and_grows_no_faster_than_the_root(learner):
    regrets, best_single = [], []
    for seed in range(2):
        contexts, chances = specialists(1600, seed)
        regrets.append(play(learner.start(arms(6), 4, seed), contexts, chances, seed)[0])
        best_single.append(float((chances.max(1)[:, None] - chances).mean(0).min()))
    mean = np.mean(regrets, 0)
    assert mean.mean() < 0.3 * float(np.mean(best_single))
    assert mean.sum() / math.sqrt(1600) <= mean[:400].sum() / math.sqrt(400)


def test_random_features_earn_what_the_kernel_earns():
    contexts, chances = specialists(1200, 5)
    exact = play(KernelUCB(kernel=RBF(length=2.0)).start(arms(6), 4, 0), contexts, chances, 0)[0]
    approximate = play(FourierUCB(length=2.0).start(arms(6), 4, 0), contexts, chances, 0)[0]
    assert abs(exact.mean() - approximate.mean()) < 0.03 * float(chances.max(1).mean())


def test_recovers_after_the_best_arm_degrades():
    draw = np.random.default_rng(0)
    contexts = draw.normal(size=(1500, 3))
    chances = np.tile([0.9, 0.6, 0.3], (1500, 1))
    chances[700:, 0] = 0.1
    _, pulled = play(FourierUCB(policy=Policy(discount=0.99)).start(arms(3), 3), contexts, chances, 0)
    assert pulled[500:700].count(0) > 150
    assert pulled[1300:].count(0) < 30
    assert pulled[1300:].count(1) > 120


def carded(contexts: Array, chances: Array, seed: int) -> list[Arm]:
    """Arms whose cards hold a few contexts in which they succeeded before."""
    won = np.random.default_rng((seed, 2)).random(chances.shape) < chances
    return [
        replace(arm, examples=reduce(contexts[won[:, at]], RBF(length=2.0), 20))
        for at, arm in enumerate(arms(chances.shape[1]))
    ]


def test_cold_start_beats_drawing_evenly_and_cards_help():
    even, plain, with_cards = [], [], []
    for seed in range(12):
        contexts, chances = specialists(250, seed)
        known = carded(contexts[50:], chances[50:], seed)
        contexts, chances = contexts[:50], chances[:50]
        even.append((chances.max(1)[:, None] - chances).mean())
        plain.append(play(FourierUCB(length=2.0).start(known, 4, seed), contexts, chances, seed)[0].mean())
        policy = Policy(prior=Resemblance(kernel=RBF(length=2.0)))
        bandit = FourierUCB(policy=policy, length=2.0).start(known, 4, seed)
        with_cards.append(play(bandit, contexts, chances, seed)[0].mean())
    assert np.mean(plain) < 0.9 * np.mean(even)
    assert np.mean(with_cards) < 0.7 * np.mean(plain)


def test_reduced_examples_stand_for_their_mean_embedding():
    kernel, draw = RBF(length=1.5), np.random.default_rng(0)
    rows, others = draw.normal(size=(200, 3)), draw.normal(size=(50, 3))
    small, tiny = reduce(rows, kernel, 30), reduce(rows, kernel, 5)
    exact = kernel(others, rows).mean(1)
    errors = [
        float(np.abs(kernel(others, np.array(found.points)) @ np.array(found.weights) - exact).max())
        for found in (small, tiny)
    ]
    assert len(small.points) == 30
    assert errors[0] < 0.01 < errors[1]
    twice = reduce(np.concatenate([rows[:1]] * 4), kernel)
    assert sum(twice.weights) == pytest.approx(1, abs=1e-6)


def test_resemblance_follows_the_examples_and_is_neutral_without():
    kernel, draw = RBF(length=1.0), np.random.default_rng(0)
    home, away = draw.normal(size=(80, 2)), 6 + draw.normal(size=(80, 2))
    prior = Resemblance(kernel=kernel, low=0.1, high=0.9)
    near, far = (
        prior.of(Arm(name="a", action="edit", card=BackendCard("a"), examples=reduce(rows, kernel, 30)))
        for rows in (home, away)
    )
    assert near(home[:4]) > 0.5 > 0.15 > far(home[:4]) >= 0.1
    assert near(home) == pytest.approx(0.9, abs=0.01)  # the same mean embedding
    assert prior.of(arms(1)[0])(home) == pytest.approx(0.5)
    assert Level(0.2).of(arms(1)[0])(home) == 0.2


@pytest.mark.parametrize(
    "learner", [*LEARNERS, KernelUCB(policy=Policy(discount=0.97)), FourierUCB(policy=Policy(discount=0.97))]
)
def test_saved_and_restored_bandits_go_on_alike(learner):
    contexts, chances = specialists(240, 3)
    bandit = learner.start([*arms(5), *carded(contexts, chances, 0)[5:]], 4, 7)
    play(bandit, contexts[:120], chances[:120], 0)
    state = bandit.state()
    again = learner.restore(State(json.dumps(json.loads(state.text)), {k: v.copy() for k, v in state.arrays.items()}))
    assert all(array.dtype == np.float64 for array in state.arrays.values())
    assert again.always("arm 0") == bandit.always("arm 0")
    first, second = (play(one, contexts[120:], chances[120:], 1)[1] for one in (bandit, again))
    assert first == second


def test_equal_seeds_give_equal_choices_and_others_do_not():
    contexts, chances = specialists(150, 4)
    runs = [play(FourierUCB().start(arms(6), 4, seed), contexts, chances, 0)[1] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]


def test_what_does_not_fit_is_refused():
    bandit = FourierUCB(frequencies=4).start(arms(2), 2)
    with pytest.raises(UsageError, match="did you mean 'arm 1'"):
        bandit.learn([0.0, 0.0], "arm1", 1.0, 0.5)
    for context in ([0.0], [0.0, math.nan]):
        with pytest.raises(InputError, match="2 finite numbers"):
            bandit.pick(context)
    for reward, propensity in ((1.0, 0.0), (1.0, 1.1), (math.inf, 0.5)):
        with pytest.raises(InputError, match="propensity in"):
            bandit.learn([0.0, 0.0], "arm 0", reward, propensity)
    with pytest.raises(UsageError, match="join at least one"):
        FourierUCB().start([], 2).pick([0.0, 0.0])
    with pytest.raises(ArtefactError, match="hyperparameters"):
        FourierUCB(frequencies=8).restore(bandit.state())
    with pytest.raises(ArtefactError, match="no saved bandit"):
        KernelUCB().restore(State("{}", {}))
    for wrong in ({"floor": 0.0}, {"discount": 0.0}, {"eta": -1.0}):
        with pytest.raises(UsageError, match="are needed"):
            Policy(**wrong)
    with pytest.raises(InputError, match="a weight per point"):
        Examples(((0.0,),), ())


def logged(count: int, seed: int) -> tuple[list[Outcome], dict[str, float]]:
    """A log of a policy that prefers a where a is bad, and what always pulling each arm is truly worth."""
    draw, rows = np.random.default_rng(seed), []
    truth = {"a": 0.5, "b": 0.4}
    for _ in range(count):
        x = float(draw.random())
        chance = 0.9 - 0.8 * x
        arm = "a" if draw.random() < chance else "b"
        mean = x if arm == "a" else 0.4
        rows.append(Outcome(context=(x,), arms=(arm,), propensity=chance if arm == "a" else 1 - chance,
                            reward=float(draw.random() < mean), cost=1.0))  # fmt: skip
    return rows, truth


def test_off_policy_values_are_right_where_means_of_the_log_are_not():
    logs = [logged(600, seed)[0] for seed in range(20)]
    truth = logged(1, 0)[1]
    assert np.mean([row.reward for rows in logs for row in rows if row.arm == "a"]) < 0.42 < truth["a"]
    for arm, value in truth.items():
        found = [off_policy(rows, always(arm), draws=200) for rows in logs]
        assert np.mean([of.ips.mean for of in found]) == pytest.approx(value, abs=0.04)
        assert np.mean([of.snips.mean for of in found]) == pytest.approx(value, abs=0.04)
        assert sum(of.snips.low < value < of.snips.high for of in found) >= 16
        assert np.std([of.snips.mean for of in found]) < np.std([of.ips.mean for of in found])
        assert all(100 < of.effective < 600 for of in found)
    rows = logs[0]
    dear = off_policy(rows, always("a"), price=0.1, draws=100)
    assert dear.snips.mean == pytest.approx(off_policy(rows, always("a"), draws=100).snips.mean - 0.1)
    with pytest.raises(UsageError, match="log more exploration"):
        off_policy(rows, always("c"))


def test_a_bandit_s_own_tally_is_the_self_normalised_estimate():
    rows, _ = logged(200, 1)
    bandit = FourierUCB(frequencies=4).start([replace(arms(1)[0], name=name) for name in "ab"], 1)
    assert math.isnan(bandit.always("a"))
    for row in rows:
        bandit.learn(row.context, row.arm, row.reward, row.propensity)
    assert bandit.always("a") == pytest.approx(off_policy(rows, always("a"), draws=10).snips.mean)


def test_outcomes_survive_json_and_bad_rows_are_named():
    rows, _ = logged(5, 2)
    text = written([*rows, Outcome(context=(0.1,), propensity=1.0, reward=0.0)])
    assert read(text) == [*rows, Outcome(context=(0.1,), propensity=1.0, reward=0.0)]
    assert read(text)[-1].arm == "retrieve"
    with pytest.raises(InputError, match=r"outcomes, row 2: .*more"):
        read(text.splitlines()[0] + '\n{"context": [], "propensity": 1, "reward": 1, "more": 2}\n')


def test_regret_report_against_arithmetic():
    table = {"retrieve": [1.0, 0.0, 0.5, 0.5], "create": [0.0, 1.0, 0.5, 0.7]}
    found = {row.name: row for row in regret_report(table, ["retrieve", "create", "create", "retrieve"], draws=50)}
    assert found["oracle"].regret.mean == 0
    assert found["router"].reward.mean == pytest.approx(0.75)
    assert found["router"].regret.mean == pytest.approx(0.05)
    assert found["always retrieve"].regret.mean == pytest.approx(0.3)
    assert found["always retrieve"].behind.mean == pytest.approx(0.25)
    assert found["router"].behind.mean == 0
    with pytest.raises(UsageError, match="each turn"):
        regret_report(table, ["retrieve"])
