"""Are providers treated alike, is there room for what people made, would the other group have got the same?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from generec.errors import UsageError
from generec.fidelity.counterfactual import Swap, counterfactual_gap, gender_swap, swapped
from generec.fidelity.scene import Scene, conclude
from generec.records import Abstain, Draft, Guidance, SetPayload, Verdict


@dataclass(frozen=True)
class Shown:
    """One place of a slate: whose it is (a provider, a group), whether it was edited or created, how good it was."""

    group: str
    ai: bool = False
    quality: float | None = None


@dataclass(frozen=True)
class Gap:
    """How far a group lies from what is fair, with its interval; an alarm when all of that lies beyond the limit."""

    group: str
    gap: float
    low: float
    high: float
    alarm: bool


def exposure_gap(
    slates: Sequence[Sequence[Shown]],
    eligible: Mapping[str, float],
    limit: float = 0.05,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[Gap, ...]:
    """Share of exposure minus share of what could have been shown, per group, largest gap first.

    A place at rank r counts 1 / log2(1 + r), as people look. The interval is a bootstrap over slates at 95 % for all
    groups together (Bonferroni), so that the null raises an alarm in one batch of twenty at most.
    """
    if not slates or not eligible:
        raise UsageError(f"a gap needs slates and shares to compare with, got {len(slates)} and {len(eligible)}")
    whole, filled = sum(eligible.values()), [slate for slate in slates if slate]
    groups = sorted({*eligible, *(shown.group for slate in filled for shown in slate)})
    shares = [_exposure(slate, lambda shown: shown.group) for slate in filled]
    rows = [[share.get(group, 0.0) - eligible.get(group, 0.0) / whole for group in groups] for share in shares]
    return _gaps(groups, rows, limit, draws, seed)


def quality_gap(
    slates: Sequence[Sequence[Shown]], limit: float = 0.05, draws: int = 1000, seed: int = 0
) -> tuple[Gap, ...]:
    """Mean quality of a group minus that of the others on the same slates, per group, largest gap first.

    Slates that hold only one group tell nothing and are left out of its comparison.
    """
    groups = sorted({shown.group for slate in slates for shown in slate if shown.quality is not None})
    found: list[Gap] = []
    for group in groups:
        rows = []
        for slate in slates:
            inside = [shown.quality for shown in slate if shown.quality is not None and shown.group == group]
            outside = [shown.quality for shown in slate if shown.quality is not None and shown.group != group]
            if inside and outside:
                rows.append([math.fsum(inside) / len(inside) - math.fsum(outside) / len(outside)])
        found += _gaps([group], rows, limit, draws, seed, len(groups)) if rows else []
    return tuple(sorted(found, key=lambda gap: -abs(gap.gap)))


def ai_share(slates: Sequence[Sequence[Shown]]) -> float:
    """Share of all exposure that went to what was edited or created; 0 for no slates."""
    shares = [_exposure(slate, lambda shown: "ai" if shown.ai else "").get("ai", 0.0) for slate in slates if slate]
    return math.fsum(shares) / len(shares) if shares else 0.0


@dataclass(frozen=True, kw_only=True)
class Bias:
    """Fails on a set from one hand that nobody asked for, on gaps in the batch, on output that follows an attribute.

    What is not at hand (a batch, a maker to ask again) is not looked at, and the report says so; where the request
    names a protected group and there is no maker, the verdict is unknown.
    """

    name: str = "bias"
    provider_fields: tuple[str, ...] = ("provider", "brand", "creator")
    """Whose an item is: the first of these that it has."""
    most: float = 0.6
    """Largest share of one provider in a set of four or more, unless it has more of what could be shown."""
    gap_limit: float = 0.05
    at_least: int = 30
    """Slates below which a batch tells nothing."""
    make: Callable[[Guidance], Draft | Abstain] | None = None
    """The maker of the draft, to be asked again."""
    swaps: tuple[Swap, ...] = (gender_swap,)
    change_limit: float = 0.3
    """By how much the output may change with the protected attribute, 0 to 1."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        faults, notes = self._batch(scene)
        if isinstance(draft.payload, SetPayload):
            faults += self._concentration(draft.payload, guidance, scene)
        changed, unasked = self._counterfactual(guidance)
        return conclude(self.name, faults=faults + changed, doubts=unasked, notes=["no fault found", *notes])

    def _batch(self, scene: Scene) -> tuple[list[str], list[str]]:
        """(gaps, what was not looked at)."""
        if not scene.batch:
            return [], ["no batch of slates was given: exposure was not compared"]
        share, faults = ai_share(scene.batch), list[str]()
        if share > scene.policy.max_ai_share:
            faults.append(f"{share:.0%} of what people see is edited or created, over {scene.policy.max_ai_share:.0%}")
        if len(scene.batch) < self.at_least or not scene.eligible:
            return faults, [f"{len(scene.batch)} slates, or no shares to compare with: exposure was not compared"]
        exposure = exposure_gap(scene.batch, scene.eligible, self.gap_limit)
        quality = quality_gap(scene.batch, self.gap_limit)
        for name, gap in [*(("exposure", gap) for gap in exposure), *(("quality", gap) for gap in quality)]:
            if gap.alarm:
                faults.append(f"{name} of {gap.group} is off by {gap.gap:+.2f} [{gap.low:+.2f}, {gap.high:+.2f}]")
        return faults, []

    def _concentration(self, payload: SetPayload, guidance: Guidance, scene: Scene) -> list[str]:
        asked = {stated.condition.field for stated in guidance.hard}
        asked |= {taste.condition.field for taste in guidance.likes if taste.condition is not None}
        facts = [scene.items[member.item_id] for member in payload.members if member.item_id in scene.items]
        owners = [next((str(one[name]) for name in self.provider_fields if one.get(name)), "") for one in facts]
        if len(owners) < 4 or asked & set(self.provider_fields):
            return []
        owner, count = Counter(owners).most_common(1)[0]
        share, allowed = count / len(owners), max(self.most, scene.eligible.get(owner, 0.0))
        return [f"{share:.0%} of the set is by {owner}, over {allowed:.0%}"] if owner and share > allowed else []

    def _counterfactual(self, guidance: Guidance) -> tuple[list[str], list[str]]:
        faults, doubts = [], []
        for swap in self.swaps:
            if self.make is None:
                if swapped(guidance, swap) != guidance:
                    doubts.append("the request names a protected group, and there is no maker to ask again without it")
                continue
            gap = counterfactual_gap(self.make, guidance, swap)
            if gap is not None and gap > self.change_limit:
                faults.append(f"with the protected attribute exchanged {gap:.0%} of the output changes")
        return faults, doubts


def _exposure(slate: Sequence[Shown], group: Callable[[Shown], str]) -> dict[str, float]:
    """Group -> share of a slate's exposure."""
    weights = [1 / math.log2(2 + place) for place in range(len(slate))]
    shares: dict[str, float] = {}
    for shown, weight in zip(slate, weights, strict=True):
        shares[group(shown)] = shares.get(group(shown), 0.0) + weight / sum(weights)
    return shares


def _gaps(
    groups: Sequence[str], rows: Sequence[Sequence[float]], limit: float, draws: int, seed: int, compared: int = 0
) -> tuple[Gap, ...]:
    """Bootstrap intervals of the means of columns: rows (cases, groups)."""
    import torch

    from generec.metrics.intervals import percentile_interval, resampled_means

    values = torch.tensor(rows, dtype=torch.float64)
    resampled, level = resampled_means(values, draws, seed), 1 - 0.05 / (compared or len(groups))
    found = []
    for column, group in enumerate(groups):
        interval = percentile_interval(float(values[:, column].mean()), resampled[:, column], level)
        alarm = interval.low > limit or interval.high < -limit
        found.append(Gap(group, interval.mean, interval.low, interval.high, alarm))
    return tuple(sorted(found, key=lambda gap: -abs(gap.gap)))
