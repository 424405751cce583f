"""Feedback by stage: who is credited or blamed, what a stage can learn from it, and what a correction changes.

Ideas of NExT-Search (SIGIR 2025): every stage of an answer is open to correction, what follows is run again, and a
shadow user may speak, more quietly, for people who say nothing. The paper gives no algorithms; these are plain ones.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from generec.errors import InputError, unknown
from generec.loop.arms import RETRIEVE
from generec.loop.outcomes import Outcome
from generec.protocols import UserSimulator
from generec.records import Draft, Feedback, Guidance, Stage, Turn, from_json, to_json

STAGES: tuple[Stage, ...] = get_args(Stage)
"""In the order in which a turn goes through them; a fault of one shows in those after it."""
COMPLAINTS = ("dislike", "reject", "correct")
"""Verdicts that say that something was wrong; a skip may only mean that somebody was in a hurry."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """What one stage can learn from one reaction: given this, that was (+1) or was not (-1) the right answer."""

    stage: Stage
    turn: str
    given: str  # words, or guidance as JSON
    answer: str  # guidance, a draft or a list of ids as JSON; an item id; words
    label: Literal[-1, 1]
    instead: str = ""  # what the stage answered, where `answer` is a person's correction
    variant: str | None = None  # the draft that was shown in the item's place: an edit credits its parent
    weight: float = 1.0
    source: str = "human"


_Pair = tuple[str, Literal[-1, 1], str]  # answer, label, instead


def credit(turn: Turn, feedback: Iterable[Feedback], words: str = "") -> dict[Stage, tuple[Labelled, ...]]:
    """What each stage learns from the reactions to a turn; without a stage, the slate alone is credited.

    words: what the person said; where it is missing, what the guidance quotes of it. Corrections are in the stage's
    own terms: of an instruction the right guidance (JSON), of retrieval the ids that fit, best first (JSON), of a
    draft or an explanation the right words. Raises InputError on feedback of another turn or a correction that is
    none, UsageError on a draft that the turn does not have.
    """
    found: dict[Stage, list[Labelled]] = defaultdict(list)
    for each in feedback:
        if each.turn != turn.id:
            raise InputError(f"this feedback is about turn {each.turn!r}, not {turn.id!r}; look its turn up first")
        given = (words or _quoted(turn.guidance)) if each.stage == "instruction" else to_json(turn.guidance)
        for answer, label, instead in _RULES[each.stage](turn, each):
            found[each.stage].append(
                Labelled(
                    stage=each.stage, turn=turn.id, given=given, answer=answer, label=label, instead=instead,
                    variant=each.draft, weight=each.weight, source=each.source,
                )
            )  # fmt: skip
    return {stage: tuple(found[stage]) for stage in STAGES if found[stage]}


def _quoted(guidance: Guidance) -> str:
    """The words that the guidance rests on and those it could not read, as far as it kept them."""
    tastes = [one.source for one in (*guidance.likes, *guidance.dislikes)]
    bounds = [*(one.source for one in guidance.directions), *(one.source for one in guidance.totals)]
    said = [*(one.source for one in guidance.hard), *tastes, *(one.source for one in guidance.anchors), *bounds]
    quotes = [source.quote for source in said if source.kind == "instruction"]
    return " ".join(dict.fromkeys(quote for quote in [*quotes, *guidance.unread] if quote))


def _label(feedback: Feedback) -> Literal[-1, 1]:
    return 1 if feedback.verdict in ("click", "like") else -1


def _instruction(turn: Turn, feedback: Feedback) -> list[_Pair]:
    understood = to_json(turn.guidance)
    if feedback.verdict != "correct":
        return [(understood, _label(feedback), "")]
    return [(to_json(from_json(Guidance, feedback.correction)), 1, understood)]


def _retrieval(turn: Turn, feedback: Feedback) -> list[_Pair]:
    shown = [candidate.item_id for candidate in turn.slate if candidate.mode == "retrieved" and candidate.item_id]
    if feedback.verdict != "correct":
        return [(feedback.item_id or json.dumps(shown), _label(feedback), "")]
    fitting = _ids(feedback.correction)
    missed: list[_Pair] = [(item_id, -1, "") for item_id in shown if item_id not in fitting]
    return [*((item_id, 1, "") for item_id in fitting), *missed]


def _ids(correction: str) -> list[str]:
    try:
        found = json.loads(correction)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(item_id, str) for item_id in found):
        raise InputError(f"a correction of retrieval is a JSON list of item ids, got {correction[:80]!r}")
    return found


def _draft(turn: Turn, feedback: Feedback) -> list[_Pair]:
    draft = to_json(_named(turn, feedback.draft))
    if feedback.verdict != "correct":
        return [(draft, _label(feedback), "")]
    return [(feedback.correction, 1, draft)]


def _named(turn: Turn, draft: str | None) -> Draft:
    drafts = {each.id: each for each in turn.drafts}
    if draft not in drafts:
        raise unknown("draft", str(draft), drafts)
    return drafts[draft]


def _explanation(turn: Turn, feedback: Feedback) -> list[_Pair]:
    said = " ".join(statement.text for statement in turn.explanation)
    return [(feedback.correction, 1, said)] if feedback.verdict == "correct" else [(said, _label(feedback), "")]


def _slate(turn: Turn, feedback: Feedback) -> list[_Pair]:
    shown = [candidate.item_id or (candidate.draft.id if candidate.draft else "") for candidate in turn.slate]
    if feedback.verdict == "correct":
        return [(feedback.correction, 1, json.dumps(shown))]
    return [(feedback.item_id or feedback.draft or json.dumps(shown), _label(feedback), "")]


_RULES: Mapping[Stage, Callable[[Turn, Feedback], list[_Pair]]] = {
    "instruction": _instruction, "retrieval": _retrieval, "edit": _draft, "creation": _draft,
    "explanation": _explanation, "slate": _slate,
}  # fmt: skip


def earned(turn: Turn, feedback: Iterable[Feedback]) -> Outcome | None:
    """What the router's decision brought: 1 for a like, .6 for something taken, else 0; None for a question asked."""
    if turn.question is not None:
        return None
    plan, verdicts = turn.trace["plan"], {each.verdict for each in feedback}
    arms = tuple(plan["arms"])
    return Outcome(
        context=tuple(plan["features"]), arms=arms, cost=turn.trace["served"]["cost"],
        propensity=plan["propensities"][arms[0] if arms else RETRIEVE.name],
        reward=1.0 if "like" in verdicts else 0.6 if "click" in verdicts else 0.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One stage of a pipeline that can be run again.

    run: reads what the turn has from earlier stages and returns the turn with this stage's answer. accept: puts a
    person's correction in the place of that answer.
    """

    stage: Stage
    run: Callable[[Turn], Turn]
    accept: Callable[[Turn, str], Turn]


def replay(turn: Turn, stage: Stage, corrected: str, steps: Sequence[Step]) -> Turn:
    """The turn with one stage corrected and everything after it run again; what came before is left as it was.

    trace["replayed"] names the stages that ran. Raises UsageError when no step has the stage.
    """
    names = [step.stage for step in steps]
    if stage not in names:
        raise unknown("stage", stage, names)
    at = names.index(stage)
    again = steps[at].accept(turn, corrected)
    for step in steps[at + 1 :]:
        again = step.run(again)
    return replace(again, trace={**again.trace, "corrected": stage, "replayed": names[at + 1 :]})


def shadow(simulator: UserSimulator, turn: Turn, discount: float = 0.2) -> tuple[Feedback, ...]:
    """What a simulated person says of a turn, marked as such and counting for less, for people who say nothing."""
    return tuple(replace(each, source="simulated", weight=each.weight * discount) for each in simulator.respond(turn))


@dataclass(frozen=True)
class Attribution:
    """The stage that most turns with complaints point at."""

    stage: Stage
    share: float  # of those turns, by weight
    low: float  # ends of its 95 % interval (Wilson 1927)
    high: float
    turns: float  # how many there are, by weight
    shares: Mapping[Stage, float]


def attribute(feedback: Iterable[Feedback]) -> Attribution | None:
    """Which stage is at fault, from reactions to many turns; None where nobody complains.

    A turn counts once, for the earliest stage that is complained about, since a fault shows in everything after it,
    and with the weight of its heaviest complaint. Complaints without a stage count only where there are no others,
    and then for the slate: nothing is guessed.
    """
    blamed: dict[str, tuple[int, float]] = {}  # turn -> earliest stage, weight
    for each in feedback:
        if each.verdict in COMPLAINTS and each.weight > 0:
            stage, weight = blamed.get(each.turn, (len(STAGES), 0.0))
            here = STAGES.index(each.stage)
            if here <= stage:
                blamed[each.turn] = here, max(each.weight, weight if here == stage else 0.0)
    staged = [(STAGES[stage], weight) for stage, weight in blamed.values()]
    staged = [pair for pair in staged if pair[0] != "slate"] or staged
    if not staged:
        return None
    total = math.fsum(weight for _, weight in staged)
    shares = {
        stage: math.fsum(weight for each, weight in staged if each == stage) / total
        for stage in STAGES
        if any(each == stage for each, _ in staged)
    }
    worst = max(shares, key=shares.__getitem__)
    low, high = _wilson(shares[worst], total)
    return Attribution(worst, shares[worst], low, high, total, shares)


def _wilson(share: float, number: float, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share of so many; weights make the number fractional."""
    middle = share + z * z / (2 * number)
    reach = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number * number))
    scale = 1 + z * z / number
    low, high = (middle - reach) / scale, (middle + reach) / scale
    return min(max(0.0, low), share), max(min(1.0, high), share)  # at 0 and 1 rounding may pass the share
