"""Contextual bandits on a table in which the reward of every arm is known, of which each sees what it pulled.

Per-arm bandits (exact kernel, random Fourier features) beside the best single arm, a kernel UCB whose arms share their
weights, uniform draws and the oracle; then the time of a pick among 20 arms, the first 50 pulls with and without cards,
and an arm that degrades half way.

    python bench/bandit.py --out bandit.json
    python bench/bandit.py --steps 2000 --seeds 2 --out bandit.json
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from generec.loop.arms import RBF, RETRIEVE, Arm, Array, Polynomial, Resemblance, reduce
from generec.loop.bandit import Bandit, FourierUCB, KernelUCB, Policy
from generec.metrics.intervals import spread
from generec.records import BackendCard
from measured import written

WIDTH, ARMS, PLACES, LENGTH = 8, 6, 12, 2.0


@dataclass(frozen=True)
class Table:
    """T turns and G arms: contexts (T, d), chances of success (T, G) and drawn rewards (T, G)."""

    contexts: Array
    chances: Array
    rewards: Array
    arms: tuple[Arm, ...]


def table(steps: int, seed: int, arms: int = ARMS, degrades: int | None = None) -> Table:
    """Contexts fall around places; every place has an arm that is strong near it, the others are middling to poor.

    Between places chances blend smoothly. degrades: the turn from which the arm that was best on average earns nothing.
    An arm's card holds contexts in which it succeeded beforehand.
    """
    draw = np.random.default_rng((seed, 7))
    places = draw.normal(size=(PLACES, WIDTH))
    strengths = draw.uniform(-0.4, 0.1, size=(PLACES, arms))
    strengths[np.arange(PLACES), draw.permutation(PLACES) % arms] = draw.uniform(0.2, 0.5, size=PLACES)

    def chances(contexts: Array) -> Array:
        found: Array = np.clip(0.5 + RBF(length=LENGTH)(contexts, places) @ strengths, 0.02, 0.98)
        return found

    def contexts(count: int) -> Array:
        found: Array = places[draw.integers(PLACES, size=count)] + 0.3 * draw.normal(size=(count, WIDTH))
        return found

    past = contexts(300)
    succeeded = draw.random((300, arms)) < chances(past)
    cards = tuple(
        Arm(
            name=f"arm {at}", action="create", card=BackendCard(f"arm {at}"),
            examples=reduce(past[succeeded[:, at]], RBF(length=LENGTH), 50),
        )
        for at in range(arms)
    )  # fmt: skip
    rows = contexts(steps)
    known = chances(rows)
    if degrades is not None:
        known[degrades:, known[:degrades].mean(0).argmax()] = 0.0
    return Table(rows, known, (draw.random(known.shape) < known).astype(float), cards)


class Player(Protocol):
    def pick(self, context: Sequence[float]) -> tuple[int, float]: ...
    def learn(self, context: Sequence[float], arm: int, reward: float, propensity: float) -> None: ...


@dataclass(frozen=True)
class PerArm:
    bandit: Bandit

    def pick(self, context: Sequence[float]) -> tuple[int, float]:
        found = self.bandit.pick(context)
        return found.arms.index(found.arm), found.propensity

    def learn(self, context: Sequence[float], arm: int, reward: float, propensity: float) -> None:
        self.bandit.learn(context, self.bandit.arms[arm], reward, propensity)


class Shared:
    """The broken twin: one ridge for all arms, told apart by one-hot entries of the context (the paper's baseline)."""

    def __init__(self, learner: KernelUCB | FourierUCB, arms: int, seed: int):
        self._policy, self._arms, self._seed = learner.policy, arms, seed
        self._ridge, self._features = learner.regression(), learner.features(WIDTH + arms, seed)
        self._level = learner.policy.prior.of(RETRIEVE)(np.zeros((1, WIDTH)))
        self._picks = self._learned = 0

    def pick(self, context: Sequence[float]) -> tuple[int, float]:
        found = [self._ridge.predict(self._row(context, arm), self._learned) for arm in range(self._arms)]
        scores = np.array([mean + self._policy.eta * width for mean, width in found])
        floor = self._policy.floor_after(self._picks)
        chances = floor / self._arms + (1 - floor) * np.eye(self._arms)[scores.argmax()]
        self._picks += 1
        arm = int(np.random.default_rng((self._seed, self._picks)).choice(self._arms, p=chances))
        return arm, float(chances[arm])

    def learn(self, context: Sequence[float], arm: int, reward: float, propensity: float) -> None:
        self._ridge.add(self._row(context, arm), reward - self._level, self._learned)
        self._learned += 1

    def _row(self, context: Sequence[float], arm: int) -> Array:
        return self._features(np.concatenate((context, np.eye(self._arms)[arm])))


@dataclass(frozen=True)
class Run:
    rewards: Array  # (T,) drawn
    regrets: Array  # (T,) expected
    seconds: float


def play(player: Player, world: Table) -> Run:
    rewards, regrets = np.zeros(len(world.contexts)), np.zeros(len(world.contexts))
    best = world.chances.max(1)
    began = time.process_time()
    for turn, context in enumerate(world.contexts):
        arm, propensity = player.pick(context)
        rewards[turn], regrets[turn] = world.rewards[turn, arm], best[turn] - world.chances[turn, arm]
        player.learn(context, arm, float(rewards[turn]), propensity)
    return Run(rewards, regrets, time.process_time() - began)


def contestants(world: Table, budget: int, seed: int) -> dict[str, Callable[[], Player]]:
    """The shared twin in Fourier features has four times as many of them and forgets nothing."""
    rbf, arms = RBF(length=LENGTH), world.arms
    kernel = KernelUCB(kernel=rbf, budget=budget)
    cubic = KernelUCB(kernel=Polynomial(scale=1 / WIDTH), budget=budget)
    fourier = FourierUCB(length=LENGTH)
    wide, widest = replace(fourier, frequencies=256), replace(fourier, frequencies=512)
    return {
        "kernel": lambda: PerArm(kernel.start(arms, WIDTH, seed)),
        "cubic kernel": lambda: PerArm(cubic.start(arms, WIDTH, seed)),
        "Fourier": lambda: PerArm(fourier.start(arms, WIDTH, seed)),
        "Fourier, 256 frequencies": lambda: PerArm(wide.start(arms, WIDTH, seed)),
        "shared weights": lambda: Shared(kernel, len(arms), seed),
        "shared weights, Fourier": lambda: Shared(widest, len(arms), seed),
    }


def regrets(steps: int, seeds: int, budget: int) -> dict[str, Any]:
    """Rewards, times and regret / sqrt(T) at a quarter, a half and the end."""
    runs: dict[str, list[Run]] = {}
    constant, oracle, uniform = [], [], []
    for seed in range(seeds):
        world = table(steps, seed)
        constant.append(float(world.rewards.mean(0).max()))
        oracle.append(float(world.rewards[np.arange(steps), world.chances.argmax(1)].mean()))
        uniform.append(float(world.rewards.mean()))
        for name, make in contestants(world, budget, seed).items():
            runs.setdefault(name, []).append(play(make(), world))
            print(f"seed {seed}  {name:24}  {runs[name][-1].rewards.mean():.4f}  {runs[name][-1].seconds:.1f} s")
    found: dict[str, Any] = {
        "best single arm": _spread(constant), "oracle": _spread(oracle), "uniform": _spread(uniform)
    }  # fmt: skip
    for name, of in runs.items():
        at = {
            str(turns): statistics.mean(float(run.regrets[:turns].sum()) / math.sqrt(turns) for run in of)
            for turns in (steps // 4, steps // 2, steps)
        }
        found[name] = {
            **_spread([float(run.rewards.mean()) for run in of]),
            "seconds": statistics.mean(run.seconds for run in of),
            "regret_by_root": at,
            "seeds_above_best_single_arm": int(
                sum(run.rewards.mean() > bar for run, bar in zip(of, constant, strict=True))
            ),
        }
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    found = spread(values)
    return {"reward": found.mean, "sd": found.sd}


def pick_time(arms: int = 20, warm: int = 500, turns: int = 300) -> dict[str, float]:
    """Milliseconds of a pick and of a learn among many arms, Fourier features."""
    world = table(warm + turns, 0, arms)
    bandit = FourierUCB(length=LENGTH).start(world.arms, WIDTH)
    picks, learns = [], []
    for turn, context in enumerate(world.contexts):
        began = time.perf_counter()
        found = bandit.pick(context)
        middle = time.perf_counter()
        bandit.learn(context, found.arm, float(world.rewards[turn, bandit.arms.index(found.arm)]), found.propensity)
        picks.append(middle - began)
        learns.append(time.perf_counter() - middle)
    return {
        "arms": arms,
        "pick_ms": 1e3 * statistics.median(picks[warm:]),
        "pick_ms_p99": 1e3 * float(np.quantile(picks[warm:], 0.99)),
        "learn_ms": 1e3 * statistics.median(learns[warm:]),
    }


def cold_start(seeds: int, pulls: int = 50) -> dict[str, Any]:
    """Expected reward of the first pulls: without cards, with cards, and drawing evenly."""
    prior = Resemblance(kernel=RBF(length=LENGTH))
    found: dict[str, list[float]] = {"no cards": [], "cards": [], "uniform": []}
    for seed in range(seeds):
        world = table(pulls, seed)
        best = world.chances.max(1)
        for name, policy in (("no cards", Policy()), ("cards", Policy(prior=prior))):
            run = play(PerArm(FourierUCB(policy=policy, length=LENGTH).start(world.arms, WIDTH, seed)), world)
            found[name].append(float((best - run.regrets).mean()))
        found["uniform"].append(float(world.chances.mean()))
    return {name: _spread(values) for name, values in found.items()}


def recovery(steps: int, seeds: int) -> dict[str, Any]:
    """Mean expected regret just before the best arm fails, just after, and at the end, with and without forgetting."""
    eighth = steps // 8
    spans = {"before": (steps // 2 - eighth, steps // 2), "after": (steps // 2, steps // 2 + eighth),
             "end": (steps - eighth, steps)}  # fmt: skip
    found = {}
    for name, discount in (("remembers all", 1.0), ("discount 0.9995", 0.9995)):
        policy = Policy(discount=discount)
        runs = []
        for seed in range(seeds):
            world = table(steps, seed, degrades=steps // 2)
            runs.append(play(PerArm(FourierUCB(policy=policy, length=LENGTH).start(world.arms, WIDTH, seed)), world))
        found[name] = {
            span: statistics.mean(float(run.regrets[low:high].mean()) for run in runs)
            for span, (low, high) in spans.items()
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--budget", type=int, default=2000, help="outcomes an exact kernel ridge remembers")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        document = {
            "steps": chosen.steps, "seeds": chosen.seeds, "budget": chosen.budget, "arms": ARMS, "threads": 1,
            "numpy": np.__version__, "python": platform.python_version(),
            "pick": pick_time(), "cold_start": cold_start(10 * chosen.seeds),
            "recovery": recovery(chosen.steps, chosen.seeds),
            "regret": regrets(chosen.steps, chosen.seeds, chosen.budget),
        }  # fmt: skip
    print(json.dumps(document, indent=2))
    if chosen.out:
        written(chosen.out, document)


if __name__ == "__main__":
    main()
