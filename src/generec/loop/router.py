"""Retrieve, edit, create or ask: the only part of the loop that acts.

`Router.route` decides, `respond` carries it out and `Router.learn` takes in what it earned. Until `Rules.enough`
outcomes are known a rule of thumb decides (near: retrieve; middle: edit the nearest; far: create), then a contextual
bandit does. What retrieval found stays on every slate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from generec.errors import ArtefactError, UsageError, unknown
from generec.loop.arms import RETRIEVE, Action, Arm
from generec.loop.bandit import Bandit, FourierUCB, Learner, State
from generec.loop.outcomes import Outcome
from generec.records import Abstain, Age, Candidate, Guidance, Question

FEATURES = (
    "gap", "coverage", "hits", "best", "margin", "scarce", "rejected", "edit", "create", "wishes", "set", "text",
)  # fmt: skip
"""What the router looks at, in the order of `context`; each from 0 to 1."""


@dataclass(frozen=True)
class Missing:
    """Something the instructor could ask, and what each answer would lead to."""

    question: Question
    readings: tuple[tuple[str, ...], ...]  # item ids each reading would show, best first
    chances: tuple[float, ...] = ()  # of each reading; all alike where empty


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What the router may know of a turn besides its guidance."""

    hits: tuple[Candidate, ...] = ()  # retrieved, best first; `score` is the reward expected of each
    coverage: float = 1.0  # share of what was stated that the best of them meets
    gap: float = 0.0  # from the item imagined to the nearest allowed one, in units of the catalogue's spacing there
    allowed: int = 0  # how many items the hard constraints leave
    rejected: int = 0  # items turned down in a row
    arms: tuple[Arm, ...] = ()  # makers that can be had now
    missing: tuple[Missing, ...] = ()
    asked: int = 0  # questions in a row before this turn


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do in a turn. `arms` are the makers to ask, in order, until one makes something; none: retrieval only."""

    arms: tuple[str, ...] = ()
    ask: Question | None = None
    reason: str
    propensities: Mapping[str, float] = field(default_factory=lambda: {RETRIEVE.name: 1.0})  # of the first arm
    exploration: bool = False  # chosen to learn from: a draft is shown below the bar, marked
    features: tuple[float, ...] = ()

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    @property
    def arm(self) -> str:
        return self.arms[0] if self.arms else RETRIEVE.name

    def outcome(self, reward: float, cost: float = 0.0) -> Outcome:
        """The row to learn from. cost: what was really spent."""
        return Outcome(
            context=self.features, arms=self.arms, propensity=self.propensities[self.arm], reward=reward, cost=cost
        )


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Thresholds of the rule of thumb, and the limits that no bandit moves."""

    near: float = 1.5
    """Up to this gap an item that meets everything stated is simply shown."""
    far: float = 3.0
    """Beyond this gap nothing is near enough to be edited."""
    streak: int = 3
    """Items turned down in a row that count as a wish for something else."""
    turn_cost: float = 0.2
    """Share of a slate that an answer must be expected to change for a question to be worth a turn."""
    questions: int = 2
    """Most questions in a row."""
    enough: int = 1000
    """Outcomes after which the bandit decides."""
    explore: float = 0.05
    """Share of turns in which the rule of thumb gives way to an arm drawn evenly."""
    ages: tuple[Age, ...] = ("teen", "adult")
    """For whom anything may be made."""


_RULES = Rules()
_LEARNER = FourierUCB(length=0.7)  # features run from 0 to 1


class Router:
    """Decides turn by turn, and learns from what came of it. Deterministic for a seed and the turns before."""

    def __init__(self, arms: Sequence[Arm] = (), *, rules: Rules = _RULES, learner: Learner = _LEARNER, seed: int = 0):
        """arms: makers known from the start; others join when a scene first brings them."""
        self.rules, self.bandit = rules, Bandit(learner, (RETRIEVE, *arms), len(FEATURES), seed)

    @property
    def outcomes(self) -> int:
        return self.bandit.outcomes

    def route(self, guidance: Guidance, scene: Scene) -> Decision:
        features = context(guidance, scene)
        question = self._question(guidance, scene)
        if question is not None:
            return Decision(ask=question, reason="two readings would show different items", features=features)
        closed = self._closed(guidance)
        makers = () if closed else _makers(guidance, scene)
        if not makers:
            return Decision(reason=closed or "nothing that fits the wish and the budget can be made", features=features)
        for arm in makers:
            self.bandit.join(arm)
        if self.outcomes < self.rules.enough:
            return self._by_rule(guidance, scene, makers, features)
        return self._by_bandit(guidance, scene, makers, features)

    def learn(self, outcome: Outcome) -> None:
        """Takes in what one decision earned. Raises UsageError when its arm is unknown."""
        self.bandit.learn(outcome.context, outcome.arm, outcome.reward, outcome.propensity)

    def state(self) -> State:
        return self.bandit.state()

    @staticmethod
    def restore(state: State, *, rules: Rules = _RULES, learner: Learner = _LEARNER) -> Router:
        """The router as it was, with the rules and the learner it had. Raises ArtefactError on another context."""
        router = Router(rules=rules, learner=learner)
        router.bandit = Bandit.restore(learner, state)
        if router.bandit.width != len(FEATURES):
            raise ArtefactError(f"a context has {len(FEATURES)} features, the saved one {router.bandit.width}; retrain")
        return router

    def _question(self, guidance: Guidance, scene: Scene) -> Question | None:
        """The question worth most, where one is worth a turn; any there is where nothing can be shown instead."""
        if scene.asked >= self.rules.questions:
            return None
        if scene.missing:
            best = max(scene.missing, key=value_of_asking)
            if value_of_asking(best) > self.rules.turn_cost:
                return best.question
        return guidance.question if not scene.hits else None

    def _closed(self, guidance: Guidance) -> str:
        """Why nothing may be made; empty where it may."""
        if guidance.act == "stop_creating" or not guidance.consent:
            return "nothing is made without consent"
        if guidance.age not in self.rules.ages:
            return f"nothing is made for the age class {guidance.age}"
        if guidance.act not in ("recommend", "edit", "create"):
            return f"nothing needs to be made to {guidance.act}"
        return ""

    def _by_rule(
        self, guidance: Guidance, scene: Scene, makers: Sequence[Arm], features: tuple[float, ...]
    ) -> Decision:
        first, reason = self._wanted(guidance, scene)
        ordered = sorted(makers, key=lambda arm: arm.action != first)
        usual = RETRIEVE.name if first == "retrieve" else ordered[0].name
        choices = _choices(guidance, scene, makers)
        floor = self.rules.explore / len(choices)
        chances = {name: floor + (1 - self.rules.explore) * (name == usual) for name in choices}
        name = choices[self.bandit.draw(tuple(chances.values()))]
        trial = name != usual
        return Decision(
            arms=_order(name, [arm.name for arm in ordered], makers, guidance),
            reason=f"a trial, to learn from; the rule: {reason}" if trial else reason,
            propensities=chances, exploration=trial, features=features,
        )  # fmt: skip

    def _by_bandit(
        self, guidance: Guidance, scene: Scene, makers: Sequence[Arm], features: tuple[float, ...]
    ) -> Decision:
        pick = self.bandit.pick(features, _choices(guidance, scene, makers))
        scores = dict(zip(pick.arms, pick.scores, strict=True))
        bar = scores.get(RETRIEVE.name, -math.inf)
        worth = sorted((name for name in pick.arms if scores[name] > bar), key=lambda name: -scores[name])
        others = [arm.name for arm in makers if arm.name not in pick.arms]
        return Decision(
            arms=_order(pick.arm, [*worth, *others], makers, guidance),
            reason="a trial, to learn from" if pick.explored else f"{self.outcomes} outcomes speak for it",
            propensities=dict(zip(pick.arms, pick.propensities, strict=True)),
            exploration=pick.explored, features=features,
        )  # fmt: skip

    def _wanted(self, guidance: Guidance, scene: Scene) -> tuple[Action, str]:
        """The rule of thumb."""
        if guidance.act == "edit" or guidance.act == "create":
            return guidance.act, "asked for"
        if not scene.hits:
            return "create", "nothing that is allowed was found"
        far = scene.gap > self.rules.far
        if scene.rejected >= self.rules.streak:
            return ("create" if far else "edit"), f"{scene.rejected} items in a row were turned down"
        if scene.coverage < 1:
            return ("create" if far else "edit"), "the best item misses something that was stated"
        if scene.gap > self.rules.near:
            return ("create" if far else "edit"), f"the nearest item is {scene.gap:.1f} spacings away"
        return "retrieve", "the nearest item is near enough"


def context(guidance: Guidance, scene: Scene) -> tuple[float, ...]:
    """What a decision rests on, in the order of `FEATURES`, each from 0 to 1.

    gap g / (1 + g); coverage; whether anything was found; score of the best hit and its lead over the second,
    squashed; scarcity 1 / (1 + allowed items); items turned down in a row (5 and more are 1); whether an edit or a
    creation was asked for; wishes n / (n + 3); whether it was a set or a text.
    """
    scores = [hit.score for hit in scene.hits]
    best = scores[0] if scores else 0.0
    lead = max(best - scores[1], 0.0) if len(scores) > 1 else 0.0
    wishes = len(guidance.hard) + len(guidance.likes) + len(guidance.dislikes) + len(guidance.directions)
    return (
        1.0 if math.isinf(scene.gap) else scene.gap / (1 + scene.gap),
        min(max(scene.coverage, 0.0), 1.0),
        float(bool(scores)),
        (1 + best / (1 + abs(best))) / 2,
        lead / (1 + lead),
        1 / (1 + scene.allowed),
        min(scene.rejected, 5) / 5,
        float(guidance.act == "edit"),
        float(guidance.act == "create"),
        wishes / (wishes + 3),
        float(guidance.kind == "set"),
        float(guidance.kind == "text"),
    )


def value_of_asking(missing: Missing) -> float:
    """Share of the slate that an answer is expected to change, 0 to 1; 0 where all readings show the same items.

    Without an answer the reading whose slate overlaps most with the others, by their chances, would be shown.
    """
    slates = [frozenset(reading) for reading in missing.readings]
    chances = missing.chances or (1.0,) * len(slates)
    if len(chances) != len(slates) or min(chances, default=0.0) < 0:
        raise UsageError(f"each of {len(slates)} readings needs a chance that is not negative, got {chances}")
    if not sum(chances):
        return 0.0
    shown = max(
        sum(chance * len(slate & other) / max(len(slate), len(other), 1) if slate or other else chance
            for chance, other in zip(chances, slates, strict=True))
        for slate in slates
    )  # fmt: skip
    return max(1 - shown / sum(chances), 0.0)


@dataclass(frozen=True)
class Drafted:
    """A draft as a candidate, its `score` the reward expected, and the lower bound of that."""

    candidate: Candidate
    lower: float


TRIAL = "a trial, to learn whether it helps"
"""Why a candidate is there that does not promise more than what was retrieved."""


def merge(
    retrieved: Sequence[Candidate],
    drafts: Sequence[Drafted],
    *,
    size: int = 8,
    explicit: bool = False,
    exploration: bool = False,
) -> tuple[Candidate, ...]:
    """The slate: drafts that earn a place, then what was retrieved; the best retrieved item is always on it.

    A draft that passed the gate is shown when its lower bound beats the score of the best retrieved item, when it was
    asked for (`explicit`) or when nothing was retrieved; under `exploration` the others follow the best retrieved item,
    marked. Every draft carries an origin label.
    """
    if size < 1:
        raise UsageError(f"a slate has at least one place, got size {size}")
    passed = [drafted for drafted in drafts if drafted.candidate.report is not None and drafted.candidate.report.passed]
    bar = -math.inf if explicit or not retrieved else retrieved[0].score
    ranked = sorted(passed, key=lambda drafted: -drafted.lower)
    labelled = [(replace(of.candidate, label=of.candidate.label or of.candidate.mode), of.lower > bar) for of in ranked]
    leading = [candidate for candidate, earned in labelled if earned][: size - bool(retrieved)]
    trials = [replace(candidate, reason=TRIAL) for candidate, earned in labelled if exploration and not earned]
    return (*leading, *retrieved[:1], *trials, *retrieved[1:])[:size]


@dataclass(frozen=True)
class Served:
    """What a decision led to."""

    slate: tuple[Candidate, ...]
    arm: str  # whose drafts were used
    cost: float  # of all that were asked
    notes: tuple[str, ...]  # why others made nothing


def respond(
    decision: Decision,
    guidance: Guidance,
    scene: Scene,
    make: Callable[[Arm], Sequence[Drafted] | Abstain],
    clock: Callable[[], float] = time.perf_counter,
) -> Served:
    """Asks the makers in order until one has drafts that pass, within the turn's budget, and merges.

    Whatever goes wrong with a maker ends in the slate of plain retrieval, with the reason in `notes`. clock: seconds.
    """
    known = {arm.name: arm for arm in scene.arms}
    size, notes, cost, began = guidance.budget.candidates, [], 0.0, clock()
    for name in decision.arms:
        if name not in known:
            raise unknown("arm", name, known)
        cost += known[name].cost
        try:
            made = make(known[name])
        except Exception as error:  # a maker may be anybody's code, and a turn must be answered
            notes.append(f"{name} failed: {type(error).__name__}: {error}")
            continue
        spent = 1000 * (clock() - began)
        if spent > guidance.budget.latency_ms:
            notes.append(f"{name} was dropped: {spent:.0f} ms of {guidance.budget.latency_ms:.0f} ms are gone")
            break
        if isinstance(made, Abstain):
            notes.append(f"{name} made nothing: {made.reason}")
            continue
        explicit = guidance.act in ("edit", "create")
        slate = merge(scene.hits, made, size=size, explicit=explicit, exploration=decision.exploration)
        if slate != scene.hits[:size]:
            return Served(slate, name, cost, tuple(notes))
        notes.append(f"{name} made nothing that passed the gate and promised more than retrieval")
    return Served(scene.hits[:size], RETRIEVE.name, cost, tuple(notes))


def _makers(guidance: Guidance, scene: Scene) -> tuple[Arm, ...]:
    """The makers that fit the wish and the budget, each name once."""
    explicit = guidance.act in ("edit", "create")
    actions = (guidance.act,) if explicit else ("edit", "create") if scene.hits else ("create",)
    fitting = {
        arm.name: arm
        for arm in scene.arms
        if (arm.action in actions or _stands_in(arm, guidance))
        and (guidance.kind is None or arm.kind is None or arm.kind == guidance.kind)
        and arm.cost <= guidance.budget.cost
        and arm.latency_ms <= guidance.budget.latency_ms
    }
    return tuple(fitting.values())


def _stands_in(arm: Arm, guidance: Guidance) -> bool:
    """Whether an editor may take over where something new of its kind was asked for and cannot be made."""
    return guidance.act == "create" and arm.action == "edit" and arm.kind is not None and arm.kind == guidance.kind


def _choices(guidance: Guidance, scene: Scene, makers: Sequence[Arm]) -> tuple[str, ...]:
    """What there is to choose from: retrieval alone is no choice where it finds nothing or something was asked for."""
    alone = bool(scene.hits) and guidance.act == "recommend"
    first = [arm.name for arm in makers if not _stands_in(arm, guidance)]
    return (*((RETRIEVE.name,) if alone else ()), *(first or [arm.name for arm in makers]))


def _order(first: str, others: Sequence[str], makers: Sequence[Arm], guidance: Guidance) -> tuple[str, ...]:
    """The chosen maker, then those that stand in for it as far as the budget goes."""
    if first == RETRIEVE.name:
        return ()
    known = {arm.name: arm for arm in makers}
    latency, cost, chosen = 0.0, 0.0, []
    for name in dict.fromkeys((first, *others)):
        latency, cost = latency + known[name].latency_ms, cost + known[name].cost
        if latency > guidance.budget.latency_ms or cost > guidance.budget.cost:
            break
        chosen.append(name)
    return tuple(chosen)
