"""Joins a turn with the dialogue before it: wishes stay, are corrected, widened, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from generec.loop.grammar.clashes import listed, opposed, ordered, overruled, side
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher
from generec.records import Guidance, Stated, Taste, Total
from generec.types import Condition

DIALOGUE = Phrases("dialogue")
_WEAK = frozenset([
    "well", "i mean", "i meant", "or rather", "make that", "nah", "hang on", "no hang on", "or no",
    "correction", "sorry", "sorry i mean", "sorry i meant",
])  # fmt: skip
_AMOUNT = re.compile(r"(?<!\S)(?:\d\S*|minutes?|mins?|hours?|euros?|dollars?|bucks?|pounds?|quid|[$€£]) $")


def instead(matcher: Matcher) -> bool:
    """Whether the turn replaces what was said in the same field."""
    return any(True for _ in matcher.all(DIALOGUE["instead"])) or (
        ", " in matcher.plain[:12] and DIALOGUE["no_but"].match(matcher.plain) is not None
    )


def also(matcher: Matcher) -> bool:
    """Whether the turn adds an alternative: `or a conditioner`."""
    return DIALOGUE["also"].match(matcher.plain) is not None


def accepts(matcher: Matcher) -> bool:
    """Whether the turn says that something would do as well: `could be the 80s too`, `comedies are fine too`."""
    return DIALOGUE["accepted"].fullmatch(matcher.plain) is not None


def adjusts(matcher: Matcher) -> list[tuple[int, int]]:
    """Where a bound is changed and keeps its comparison: `make it 25`, `30 minutes would be fine`, `ok, 40 then`."""
    if DIALOGUE["bare_amount"].fullmatch(matcher.plain):
        return [(0, 0)]
    conceded = (
        (start, end)
        for start, end, found in matcher.all(DIALOGUE["conceded"])
        if _AMOUNT.search(matcher.plain[: found.start()])
    )
    return [*((start, end) for start, end, _ in matcher.all(DIALOGUE["make_it"])), *conceded]


@dataclass(frozen=True)
class Slips:
    """Where a turn corrects itself: all before `whole` was a slip.

    parts: the words that say so, and the token from which what is said replaces its like before.
    """

    whole: int = 0
    parts: tuple[tuple[int, int, int], ...] = ()


def taken_back_within(matcher: Matcher) -> Slips:
    """The slips of a turn: `scratch that, blush` takes all before it back, `well, after 1990` only bounds like it."""
    whole = 0
    parts: list[tuple[int, int, int]] = []
    for start, end, found in matcher.all(DIALOGUE["within"]):
        lead = matcher.plain[: found.start()]
        if len(lead.strip()) <= 3 or end >= len(matcher.starts):
            continue
        said = found.group().strip(" ,")
        if said not in _WEAK:
            whole = end
        elif re.search(r"(?:[.,…!?–-]|\.\.\.) $", lead):
            parts.append((start, end, end))
    for start, end, found in matcher.all(DIALOGUE["meant"]):
        clause = max(matcher.plain.rfind(mark, 0, found.start() - 2) for mark in (". ", "? ", "! ", "... ", "– "))
        if clause > 0:
            parts.append((start, end, matcher.at(clause + 2)))
    return Slips(whole, tuple(parts))


def of_items(guidance: Guidance) -> Guidance:
    """A guidance without the words that say how an edited text is to change: they are no wish about items."""
    if (guidance.act, guidance.kind) != ("edit", "text"):
        return guidance
    return replace(guidance, likes=tuple(one for one in guidance.likes if one.words not in guidance.tone), tone=())


def merged(
    before: Guidance,
    now: Guidance,
    single: Collection[str],
    replacing: bool,
    added: bool = False,
    gone: Callable[[Condition, Guidance], bool] | None = None,
) -> Guidance:
    """The state after a turn: what was said before stays unless the turn replaces or contradicts it.

    single: fields that hold one value. replacing: new values of any field replace the old ones of that field.
    added: new values are alternatives to the old ones of their field. gone: whether a condition of before cannot hold
    beside what is said now; None: it always can.
    """
    hard = [one for one in before.hard if gone is None or added or not gone(one.condition, now)]
    fresh = [one for one in now.hard if not _corrects(one.condition, before, now)]
    if added:
        hard, fresh = _widened(hard, _hulls(hard, fresh))
    about = {one.condition.field for one in fresh if one.condition.operator in ("=", "in")}
    about |= (
        {
            one.condition.field
            for one in now.likes
            if one.condition is not None and one.condition.operator in ("=", "in")
        }
        if replacing
        else set()
    )
    spoken = [one.condition for one in fresh] + [one.condition for one in now.likes if one.condition is not None]
    renewed = about if replacing else about & set(single)
    kept = [one for one in hard if _stands(one.condition, [*fresh, *now.hard], now, renewed, spoken)]
    likes = _tastes(before.likes, now.likes, now.dislikes, spoken)
    if replacing and about:
        likes = [one for one in likes if one in now.likes or one.condition is None or one.condition.field not in about]
    dislikes = _tastes(before.dislikes, now.dislikes, now.likes, [])
    bounded = {
        condition.field
        for condition in (one.condition for one in fresh)
        if condition.operator in ("<", "<=", ">", ">=", "=")
    }
    ways = {one.field for one in now.directions}
    directions = [*(one for one in before.directions if one.field not in ways | bounded), *now.directions]
    return replace(
        now,
        hard=_once([*kept, *fresh]),
        likes=_once(likes),
        dislikes=_once(dislikes),
        anchors=_once(
            [*(one for one in before.anchors if one.item_id not in {new.item_id for new in now.anchors}), *now.anchors]
        ),
        directions=_once(directions),
        totals=_once(
            [*(one for one in before.totals if not any(_same_side(one, new) for new in now.totals)), *now.totals]
        ),
        count=now.count if now.count is not None else before.count,
        audience=now.audience or before.audience,
    )


def _stands(
    said: Condition, fresh: Sequence[Stated], now: Guidance, renewed: Collection[str], spoken: Sequence[Condition]
) -> bool:
    """Whether a condition of an earlier turn still holds. renewed: fields whose values are replaced; spoken: what is
    said now, hard or not."""
    if said.operator in ("=", "in") and said.field in renewed and not ordered(said):
        return False
    refused = (other.condition for other in now.dislikes)
    if any(other is not None and opposed(said, other, -1) for other in refused):
        return False
    return not any(overruled(said, other.condition) for other in fresh) and not any(
        ordered(new) and ordered(said) and overruled(said, new) for new in spoken
    )


def _corrects(refused: Condition, before: Guidance, now: Guidance) -> bool:
    """`Not yoga, climbing`, after yoga was asked for: the refusal only makes room for another value of the field."""
    if refused.operator not in ("!=", "not in"):
        return False
    wanted = [one.condition for one in before.hard if one.condition.operator in ("=", "in")]
    held = {value for one in wanted if one.field == refused.field for value in listed(one)}
    others = any(one.condition.field == refused.field and one.condition.operator in ("=", "in") for one in now.hard)
    return others and set(listed(refused)) <= held


def state_after(guidances: Sequence[Guidance], new: Guidance, single: Collection[str] = ()) -> Guidance:
    """The state of a dialogue after a turn, given the states after its earlier turns, oldest first.

    All acts but `undo` arrive complete (`Instructor.instruct` has joined them with the state before). An `undo` brings
    only what its own sentence asks for: it takes back the last turn that was not yet taken back. Pure.
    """
    if new.act != "undo":
        return new
    standing: list[Guidance] = []
    for guidance in guidances:
        if guidance.act == "undo":
            del standing[-1:]
            standing[-1:] = [guidance]
        else:
            standing.append(guidance)
    earlier = standing[-2] if len(standing) > 1 else Guidance()
    return merged(earlier, new, single, replacing=False)


def _widened(old: list[Stated], fresh: list[Stated]) -> tuple[list[Stated], list[Stated]]:
    for new in list(fresh):
        if new.condition.operator not in ("=", "in"):
            continue
        for at in range(len(old) - 1, -1, -1):
            condition = old[at].condition
            if condition.field == new.condition.field and condition.operator in ("=", "in") and not ordered(condition):
                values = tuple(dict.fromkeys([*listed(condition), *listed(new.condition)]))
                old = [*old[:at], *old[at + 1 :]]
                fresh = [one for one in fresh if one is not new]
                fresh.append(replace(new, condition=Condition(condition.field, "in", values)))
                break
    return old, fresh


def _hulls(old: Sequence[Stated], fresh: Sequence[Stated]) -> list[Stated]:
    """Ranges that begin and end where those before or now do, whichever is wider: `or the 80s`, after the 90s."""
    found = list(fresh)
    for at, one in enumerate(found):
        ends = [[(side(stated.condition), stated) for stated in said] for said in (old, fresh)]
        field = one.condition.field
        sides = [{way: stated for way, stated in said if way and stated.condition.field == field} for said in ends]
        way = side(one.condition)
        if way and all(len(said) == 2 for said in sides):
            wider = max if way < 0 else min
            bounds = [said[way].condition for said in sides]
            found[at] = replace(one, condition=wider(bounds, key=lambda bound: bound.value))
    return found


def _tastes(
    old: Iterable[Taste], new: Sequence[Taste], against: Sequence[Taste], spoken: Sequence[Condition]
) -> list[Taste]:
    said = {(one.condition, one.words) for one in against}
    kept = [
        one
        for one in old
        if (one.condition, one.words) not in said
        and not (
            one.condition is not None
            and ordered(one.condition)
            and any(ordered(other) and overruled(one.condition, other) for other in spoken)
        )
    ]
    return [*kept, *new]


def _same_side(one: Total, other: Total) -> bool:
    return one.field == other.field and (
        (one.low is None) == (other.low is None) or (one.high is None) == (other.high is None)
    )


def _once(items: Iterable) -> tuple:  # type: ignore[type-arg]
    """The first of those that say the same, whatever the words."""
    seen: dict[object, object] = {}
    for item in items:
        seen.setdefault(replace(item, source=item.source.__class__()), item)
    return tuple(seen.values())
