"""What came of decisions: rows to learn from, and what other policies would have earned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from generec.errors import InputError, UsageError
from generec.loop.arms import RETRIEVE
from generec.records import from_json, to_json

if TYPE_CHECKING:
    from generec.metrics.intervals import Interval


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One decision and what it earned. What was decided is the first arm; the others stand in when it makes nothing."""

    context: tuple[float, ...]
    arms: tuple[str, ...] = ()  # in the order in which they were to be asked; none: plain retrieval
    propensity: float  # with which the first of them was chosen
    reward: float  # of the answer as a whole, before cost
    cost: float = 0.0

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    @property
    def arm(self) -> str:
        return self.arms[0] if self.arms else RETRIEVE.name


def written(rows: Iterable[Outcome]) -> str:
    """Outcomes as JSON lines."""
    return "".join(to_json(row) + "\n" for row in rows)


def read(text: str, file: str = "outcomes") -> list[Outcome]:
    """Outcomes from JSON lines. Raises InputError naming the file and the row."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            found.append(from_json(Outcome, line))
        except InputError as error:
            raise InputError(str(error), file=file, row=number) from None
    return found


@dataclass(frozen=True)
class Value:
    """What a policy is worth by a log that another one wrote."""

    ips: Interval  # unbiased while no weight was clipped; wide
    snips: Interval  # self-normalised: a little biased, much narrower
    effective: float  # how many rows of its own the log is worth: (sum w)^2 / sum w^2
    rows: int


def off_policy(
    rows: Sequence[Outcome],
    policy: Callable[[tuple[float, ...]], Mapping[str, float]],
    *,
    price: float = 0.0,
    clip: float = float("inf"),
    draws: int = 1000,
    seed: int = 0,
) -> Value:
    """Value of a policy (context -> chance of each arm) from logged propensities, with bootstrap intervals.

    Weights are policy / logged propensity, clipped at `clip` (Swaminathan and Joachims 2015, SNIPS). price: reward that
    one unit of cost must bring. Raises UsageError where no row supports the policy.
    """
    import torch

    from generec.metrics.intervals import mean_interval, percentile_interval, resampled_means

    chances = np.array([policy(row.context).get(row.arm, 0.0) for row in rows])
    if not chances.any():
        raise UsageError(f"none of the {len(rows)} rows pulled an arm that the policy would; log more exploration")
    weights = torch.tensor(np.minimum(chances / [row.propensity for row in rows], clip))
    rewards = torch.tensor([row.reward - price * row.cost for row in rows], dtype=torch.float64)
    means = resampled_means(torch.stack((weights * rewards, weights), 1), draws, seed)
    supported = means[means[:, 1] > 0]
    ratio = float((weights * rewards).sum() / weights.sum())
    return Value(
        mean_interval(weights * rewards, draws, seed),
        percentile_interval(ratio, supported[:, 0] / supported[:, 1]),
        float(weights.sum() ** 2 / (weights**2).sum()),
        len(rows),
    )


def always(arm: str) -> Callable[[tuple[float, ...]], Mapping[str, float]]:
    """The policy that pulls one arm whatever the context."""
    return lambda context: {arm: 1.0}


@dataclass(frozen=True)
class Regret:
    """One policy on a table in which the reward of every arm is known."""

    name: str
    reward: Interval  # per turn
    regret: Interval  # per turn, to the best arm of each turn
    behind: Interval  # regret above the judged policy's, turn by turn: whatever includes 0 is no difference


def regret_report(
    table: Mapping[str, Sequence[float]], chosen: Sequence[str], *, draws: int = 1000, seed: int = 0
) -> tuple[Regret, ...]:
    """The policy that chose `chosen` beside every constant policy and the oracle.

    table: arm -> reward in every turn, net of cost; expected rewards where they are known, else the oracle profits
    from noise. Raises UsageError where lengths differ or an arm is missing.
    """
    import torch

    from generec.metrics.intervals import difference_interval, mean_interval

    lengths = {len(rewards) for rewards in table.values()} | {len(chosen)}
    if len(lengths) != 1 or not set(chosen) <= set(table):
        raise UsageError(f"each arm needs a reward for each turn, got {sorted(lengths)} turns, arms {sorted(table)}")
    rewards = {name: torch.tensor(list(row), dtype=torch.float64) for name, row in table.items()}
    best = torch.stack(list(rewards.values())).max(0).values
    own = torch.tensor([float(table[arm][turn]) for turn, arm in enumerate(chosen)], dtype=torch.float64)
    policies = {"router": own, **{f"always {name}": row for name, row in rewards.items()}, "oracle": best}
    return tuple(
        Regret(
            name,
            mean_interval(row, draws, seed),
            mean_interval(best - row, draws, seed),
            difference_interval(best - row, best - own, draws, seed),
        )
        for name, row in policies.items()
    )
