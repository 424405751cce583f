"""Acts for people who say nothing: names the stage where a turn went wrong, as weak feedback (NExT-Search, SIGIR 2025).

It knows what the person meant and what anybody can see of the turn; it never looks into the stages themselves.
"""

from __future__ import annotations

import json

from generec.data.world.topics import topics
from generec.records import Candidate, Feedback, Stage, Turn
from generec.simulation.eyes import Words
from generec.simulation.goals import Goal
from generec.types import Condition

WEIGHT = 0.5
"""What such feedback counts beside a person's own."""
LOOKED_AT = 5
"""Places of the slate that are looked at."""


def correction(goal: Goal, turn: Turn) -> Feedback | None:
    """The earliest stage whose output does not fit what was meant, with what it should have been; None if all does.

    Early stages first: what was misheard cannot be retrieved.
    """
    stages: tuple[tuple[Stage, str], ...] = (
        ("instruction", misheard(goal, turn)),
        ("retrieval", _missed(goal, turn)),
        ("edit", _botched(goal, turn, "edited")),
        ("creation", _botched(goal, turn, "created")),
        ("explanation", _invented(goal, turn)),
    )
    return next((_feedback(goal, turn, stage, wrong) for stage, wrong in stages if wrong), None)


def _feedback(goal: Goal, turn: Turn, stage: Stage, wrong: str) -> Feedback:
    meant = {"about": goal.thing, "rules": [str(rule) for rule in goal.terms.conditions], "wrong": wrong}
    return Feedback(
        turn=turn.id,
        verdict="correct",
        stage=stage,
        user_id=goal.user_id,
        correction=json.dumps(meant),
        source="simulated",
        weight=WEIGHT,
    )


def misheard(goal: Goal, turn: Turn) -> str:
    """What was stated and is missing from the guidance, '' where everything was understood."""
    guidance = turn.guidance
    for rule in goal.terms.conditions:
        if not any(_same(rule, other) for other in guidance.conditions):
            return str(rule)
    for total in goal.terms.totals:
        if not any(total.field == other.field and total.high == other.high for other in guidance.totals):
            return f"sum of {total.field}"
    if goal.terms.count is not None and guidance.count != goal.terms.count:
        return "how many"
    likes = [f"{taste.words} {taste.condition.value if taste.condition else ''}" for taste in guidance.likes]
    wishes = " ".join([*likes, *(str(rule.value) for rule in guidance.conditions)])
    read = goal.eyes.read(wishes)
    understood = read.topic == goal.topic or topics()[goal.topic] in wishes.lower()
    return "" if understood else "what it is about"


def _same(rule: Condition, other: Condition) -> bool:
    """Equal rules, however the bound is written."""
    if (rule.field, rule.operator) == (other.field, other.operator):
        return str(rule.value) == str(other.value) or _number(rule) == _number(other) is not None
    return rule.field == other.field and _number(rule) == _number(other) == 0.0  # free of charge: = 0 or <= 0


def _number(rule: Condition) -> float | None:
    try:
        return float(rule.value)  # type: ignore[arg-type]  # lists of values fail and are no number
    except (TypeError, ValueError):
        return None


def _missed(goal: Goal, turn: Turn) -> str:
    """Items were shown, and none of the first serves the content although the catalogue could."""
    if goal.gap or goal.kind is not None:
        return ""
    items = [candidate for candidate in turn.slate if candidate.mode == "retrieved"][:LOOKED_AT]
    found = [goal.look(candidate) for candidate in items]
    return "" if not found or any(each.content and each.allowed for each in found) else "nothing fits"


def _botched(goal: Goal, turn: Turn, mode: str) -> str:
    """A draft that makes no sense, is about something else or breaks what was stated."""
    for candidate in turn.slate:
        if candidate.mode == mode:
            found = goal.look(candidate)
            if not (found.clear and found.content and found.allowed):
                return candidate.title or "the draft"
    return ""


def _invented(goal: Goal, turn: Turn) -> str:
    """A sentence of the explanation about a subtopic that is in nothing shown."""
    shown = {text.subtopic for candidate in turn.slate for text in _words(goal, candidate)}
    for statement in turn.explanation:
        if statement.kind == "item" and goal.eyes.read(statement.text).subtopic not in shown | {-1}:
            return statement.text
    return ""


def _words(goal: Goal, candidate: Candidate) -> list[Words]:
    return [*goal.eyes.words(candidate), *(goal.eyes.items[row] for row in goal.eyes.rows(candidate))]
