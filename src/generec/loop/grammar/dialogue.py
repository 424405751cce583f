"""Joins a turn with the dialogue before it: wishes stay, are corrected, dropped, taken back."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, phrase, stem
from generec.loop.lexicon import Lexicon
from generec.records import Direction, Guidance, Stated, Taste, Total
from generec.types import Condition

_NOT = r"(?:is not|are not|does not|do not|need not|no longer|must not|should not|is no longer|was not|will not|did not|would not|not)"
_DROP = phrase(
    r"(?:never mind|forget(?: about)?|ignore|disregard|drop|skip|leave out|leave off|lose|scrap|lift|remove|take off|take away|take out|cancel|discard|ditch|waive|relax|scratch|strike|omit|cut|get rid of|do away with|dispense with|"
    r"do not (?:bother|worry) (?:about|with)|i do not (?:mind|care)(?: (?:about|for|which|what|how|who|where|when))?|do not (?:mind|care)(?: (?:about|which|what|how|who|where|when))?|not (?:fussed|fussy|bothered|picky) about|no need (?:for|to be|to have)|without the|you (?:may|can|could) (?:leave out|drop|skip|forget|ignore|omit|remove)(?: about)?|"
    r"(?:it |they |that |this )?(?:does not|do not|need not|no longer has to|no longer needs to|no longer have to|no longer need to|no longer must)(?: (?:have|need) to)? be(?: (?:about|by|from|any ?more))?|(?:it |they )?(?:does not|do not) (?:have|need) to(?: (?:have|feature|include|come from|cost|last))?) "
    r"(?P<target>[^.,;:!?]{1,60}?)(?: (?:bit|part|thing|filter|requirement|condition|limit|constraint|restriction|criterion|rule|wish|request|business|stuff|idea|after all|any ?more|then|for now|please|entirely|completely|altogether|again|either|now|at all|as well|too))*(?= [.,;:!?]|$| but | and (?:show|give|make)| instead| (?:any|every)(?:one|thing|body) will do)"
    r"|(?:any|whatever|every) (?P<any>[a-z]+(?: [a-z]+)?) (?:is|are|will|would|works|does|goes|do|be|can)(?: (?:be |also |now |perfectly |just )*(?:fine|ok|okay|do|good|great|alright|all right|acceptable|welcome|possible|allowed|enough))?(?: (?:after all|by me|with me|for me|now|too|then|again|instead|as well))*"
    rf"|(?:the |what it |how |how (?:much|long|old|new) (?:it|they) |what they )?(?P<topic>[a-z]+(?: [a-z]+){{0,3}}?) (?:{_NOT}|isnt|doesnt) (?:(?:that|so|really|very|all that|too) )?(?:matter|important|count|relevant|needed|necessary|essential|a (?:problem|concern|factor|worry|must)|interesting|an issue|be important|required)(?: (?:any ?more|any longer|to me|after all|now|at all|so much|that much|really|much|though))*"
    r"|no (?:more )?(?P<no>price|time|year|length|date|age|budget|maker|brand|duration|money|cost)(?: (?:limit|limits|restriction|restrictions|constraint|constraints|preference|cap|ceiling|bound))(?: (?:any ?more|now|please|after all|then))*"
    r"|(?P<open>money|price|length|time|age|cost|year|brand|duration) (?:is|are) (?:no (?:object|issue|concern|problem)|open|irrelevant|unimportant|not important|flexible|secondary|up to you|not an issue)(?: now| any ?more)?"
    r"|(?:by |from )?(?P<anyone>anyone|anybody|whoever|any maker|any brand|any creator) (?:will do|is (?:fine|ok|okay)|goes|works|can (?:have made|make) (?:it|them))"
)
_SPEAKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("price", re.compile(r"\b(?:prices?|costs?|budget|money|cheap|expensive|affordable|pay|spend|euros?|dollars?|free|much)\b")),
    ("duration", re.compile(r"\b(?:lengths?|durations?|time|long|short|minutes?|hours?|quick|takes?|lasts?|running)\b")),
    ("year", re.compile(r"\b(?:years?|decades?|dates?|age|old|new|era|period|recent|released?|published|classic|vintage|when|seventies|eighties|nineties|sixties|fifties|forties|thirties|twenties|modern|made|\d0 ?s)\b")),
    ("energy", re.compile(r"\benerg\w+\b")),
    ("rank", re.compile(r"\b(?:popularity|popular|bestselling|rank)\b")),
    ("makers", re.compile(r"\b(?:makers?|brands?|creators?|who|names?|authors?|artists?|her|him|anyone|anybody|whoever|company|directors?|person)\b")),
    ("place", re.compile(r"\b(?:places?|venues?|where|locations?|venue)\b")),
    ("kind", re.compile(r"\b(?:kind|format|formats|type|medium|form)\b")),
    ("topic", re.compile(r"\b(?:topics?|subjects?|themes?|what it is about)\b")),
    ("genres", re.compile(r"\b(?:genres?)\b")),
    ("categories", re.compile(r"\b(?:categor(?:y|ies)|product types?)\b")),
    ("audience", re.compile(r"\b(?:kids?|children|teenagers?|teens?|beginners?|experts?|family|sons?|daughters?|nephews?|nieces?|grandchildren|boys?|girls?|audience|ages?|level)\b")),
    ("count", re.compile(r"\b(?:count|number|how many|amount|quantity)\b")),
    ("mood", re.compile(r"\b(?:mood|moods|tone|vibe)\b")),
)  # fmt: skip
_LIMIT = re.compile(r"\b(?:limit|total|overall|altogether|sum)\b")
_NO_BUT = re.compile(
    r"^(?:oh |hm |hmm |um |err |well )?no ,? ?(?!thanks|thank|no |not |more |matter|problem|idea|\S+ed )\S"
)
_INSTEAD = phrase(
    r"instead|make (?:it|that|them|those)(?! (?:more|less|a bit|a little|shorter|longer|cheaper|newer|older|count|up))(?: a| an| some)?|switch to|change (?:it|that|them|this)?(?: \S+)? ?to|i meant|i mean|rather (?:a|an|some)|let us (?:switch|change) to|turn (?:it|that) into|swap (?:it|that|them) for|i would rather (?:have|see|watch|read)|better (?:a|an)|no wait|scratch that|correction|i mean to say|on second thoughts?|changed my mind|not that|replace (?:it|that|them) (?:by|with)|what about (?=\S+ instead)"
)
_WITHIN = phrase(
    r"(?:no wait|scratch that|scrap that|wait no|no actually|oops|sorry i (?:mean|meant)|i mean|i meant|correction|or no|make that|or rather|wait actually|strike that|no sorry|actually no|forget that|on second thoughts?|well|no ,? ?wait|no hang on|hang on|nah)(?: ,)?"
)
_WEAK = frozenset(
    [
        "well",
        "i mean",
        "i meant",
        "or rather",
        "make that",
        "nah",
        "hang on",
        "no hang on",
        "or no",
        "correction",
        "sorry i mean",
        "sorry i meant",
    ]
)
_ALSO = re.compile(
    r"^(?:(?:oh|and|ok|okay|hm|hmm|well|actually|yes|please|,) )*(?:or|alternatively|either|or else|or maybe)(?: (?:even|also|maybe|perhaps|else|just))* "
)
_MAKE_IT = phrase(
    r"(?:make|change|raise|lower|set|put|bring|push|increase|reduce|extend|cut|drop|up|turn)(?: (?:it|that|the (?:price|limit|budget|length|time|year|number|maximum|minimum)|this|them))?(?: (?:up|down|to|at|a|an|up to|down to))*(?= (?:[\d$€£]|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|an? (?:hour|half|quarter|hundred)|half))"
)


@dataclass(frozen=True)
class Drops:
    """What a turn takes out of the state before it, and the tokens that say so."""

    spans: tuple[tuple[int, int], ...]
    state: Guidance


def dropped(matcher: Matcher, before: Guidance | None, lexicon: Lexicon, roles: Roles) -> Drops:
    """The state before the turn without what the turn drops. A target that was never stated is no drop."""
    state = before or Guidance()
    spans: list[tuple[int, int]] = []
    if before is None:
        return Drops((), state)
    for start, end, found in matcher.all(_DROP):
        names = ("target", "any", "topic", "no", "open", "anyone")
        target = next(found[name] for name in names if found[name])
        wide = found["target"] is None
        left = _without(state, target, lexicon, roles, f"{found.group()}", wide)
        if left != state:
            state = left
            spans.append((start, end))
        elif wide and (found["any"] or found["anyone"] or found["no"] or found["open"]):
            spans.append((start, end))
    return Drops(tuple(spans), state)


def _without(state: Guidance, target: str, lexicon: Lexicon, roles: Roles, said: str, wide: bool) -> Guidance:
    text = f"{said} {target}" if wide else target
    words = {stem(word) for word in target.split()}
    named = _values(target, lexicon)
    hits = {name for name, pattern in _SPEAKS if pattern.search(text)}
    fields = {roles.fields[role] for role in hits & set(roles.fields)}  # type: ignore[index]
    fields |= {name for name in lexicon.fields if name in hits or (name in ("brand", "creator") and "makers" in hits)}

    def gone(condition: Condition | None, phrase_: str) -> bool:
        if condition is not None:
            values = {condition.value} if isinstance(condition.value, str | float) else set(condition.value)
            return condition.field in fields or bool(
                named.get(condition.field, set()) & {str(value) for value in values}
            )
        spoken = {stem(word) for word in re.findall(r"[^\W_]+", phrase_)}
        return (bool(spoken) and len(spoken & words) / len(spoken) >= 0.5) or ("mood" in hits)

    wanted = replace(
        state,
        hard=tuple(one for one in state.hard if not gone(one.condition, "")),
        likes=tuple(one for one in state.likes if not gone(one.condition, one.words)),
        dislikes=tuple(one for one in state.dislikes if not gone(one.condition, one.words)),
        directions=tuple(one for one in state.directions if one.field not in fields),
        totals=tuple(one for one in state.totals if one.field not in fields),
    )
    if wanted == state and "audience" in hits:
        wanted = replace(wanted, audience="")
    if wanted == state and "count" in hits:
        wanted = replace(wanted, count=None)
    anchors = tuple(one for one in state.anchors if not _titled(one.item_id, words, lexicon))
    return replace(wanted, anchors=anchors)


def _values(text: str, lexicon: Lexicon) -> dict[str, set[str]]:
    from generec.loop.grammar.tokens import tokenise

    tokens = tokenise(text)
    stems = [token.stem for token in tokens]
    found: dict[str, set[str]] = {}
    at = 0
    while at < len(tokens):
        match = lexicon.match(tokens, stems, at)
        if match is None:
            at += 1
            continue
        for entry in match.entries:
            for one in entry.named:
                found.setdefault(one.field, set()).update(one.values)
        at = match.end
    return found


def _titled(item: str, words: Collection[str], lexicon: Lexicon) -> bool:
    if "title" not in lexicon.frame.columns or item not in lexicon.catalog:
        return False
    title = {stem(word) for word in re.findall(r"[^\W_]+", lexicon.frame["title"][lexicon.catalog.row(item)])}
    content = {word for word in words if word not in ("the", "a", "an", "of", "one")}
    return bool(content) and content <= title


def instead(matcher: Matcher) -> bool:
    """Whether the turn replaces what was said in the same field."""
    return any(True for _ in matcher.all(_INSTEAD)) or (
        ", " in matcher.plain[:12] and _NO_BUT.match(matcher.plain) is not None
    )


def also(matcher: Matcher) -> bool:
    """Whether the turn adds an alternative: `or a conditioner`."""
    return _ALSO.match(matcher.plain) is not None


def adjusts(matcher: Matcher) -> list[tuple[int, int]]:
    """Where a bound is changed and keeps its comparison: `make it 25`."""
    return [(start, end) for start, end, _ in matcher.all(_MAKE_IT)]


@dataclass(frozen=True)
class Slips:
    """Where a turn corrects itself: all before `whole` was a slip; `parts`: what follows replaces its like."""

    whole: int = 0
    parts: tuple[tuple[int, int], ...] = ()


def taken_back_within(matcher: Matcher) -> Slips:
    """The slips of a turn: `scratch that, blush` takes all before it back, `well, after 1990 then` only bounds like it."""
    whole, parts = 0, []
    for start, end, found in matcher.all(_WITHIN):
        lead = matcher.plain[: found.start()]
        if len(lead.strip()) <= 3 or end >= len(matcher.starts):
            continue
        said = found.group().strip(" ,")
        if said not in _WEAK:
            whole = end
        elif re.search(r"(?:[.,…!?–-]|\.\.\.) $", lead):
            parts.append((start, end))
    return Slips(whole, tuple(parts))


def merged(before: Guidance, now: Guidance, single: Collection[str], replacing: bool, added: bool = False) -> Guidance:
    """The state after a turn: what was said before stays unless the turn replaces or contradicts it.

    single: fields that hold one value. replacing: new values of any field replace the old ones of that field.
    added: new values are alternatives to the old ones of their field.
    """
    hard = list(before.hard)
    fresh = list(now.hard)
    if added:
        hard, fresh = _widened(hard, fresh)
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
    kept = [
        one
        for one in hard
        if not (
            one.condition.operator in ("=", "in")
            and one.condition.field in about
            and (replacing or one.condition.field in single)
            and not _ordered(one.condition)
        )
        and not any(_overruled(one.condition, other.condition) for other in fresh)
        and not any(
            other.condition is not None and _opposed(one.condition, other.condition, -1) for other in now.dislikes
        )
    ]
    spoken = [one.condition for one in fresh] + [one.condition for one in now.likes if one.condition is not None]
    kept = [
        one
        for one in kept
        if not any(_ordered(new) and _ordered(one.condition) and _overruled(one.condition, new) for new in spoken)
    ]
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
    directions = [one for one in before.directions if one.field not in ways | bounded] + [
        one for one in now.directions if one.field not in bounded
    ]
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
            if condition.field == new.condition.field and condition.operator in ("=", "in") and not _ordered(condition):
                values = tuple(dict.fromkeys([*_listed(condition), *_listed(new.condition)]))
                old = [*old[:at], *old[at + 1 :]]
                fresh = [one for one in fresh if one is not new]
                fresh.append(replace(new, condition=Condition(condition.field, "in", values)))
                break
    return old, fresh


def _listed(condition: Condition) -> tuple[str, ...]:
    return condition.value if isinstance(condition.value, tuple) else (str(condition.value),)


def _ordered(condition: Condition) -> bool:
    return condition.operator in ("<", "<=", ">", ">=") or (
        condition.operator == "="
        and isinstance(condition.value, str)
        and re.fullmatch(r"-?[\d.]+|\d{4}-\d\d-\d\d", condition.value) is not None
    )


def _overruled(old: Condition, new: Condition) -> bool:
    """Whether a new condition takes an old one's place."""
    if old.field != new.field or old == new:
        return False
    if _ordered(old) and _ordered(new):
        return _side(old) == _side(new) or 0 in (_side(old), _side(new)) or not _compatible(old, new)
    return _opposed(old, new, 1)


def _opposed(old: Condition, new: Condition, sign: int) -> bool:
    """The same value wanted before and refused now, or the other way round."""
    if old.field != new.field:
        return False
    wanted = ("=", "in")
    before = old.operator in wanted
    now = (new.operator in wanted) == (sign > 0)
    if (
        before == now
        or old.operator not in ("=", "in", "!=", "not in")
        or new.operator not in ("=", "in", "!=", "not in")
    ):
        return False
    return set(_listed(old)) <= set(_listed(new))


def _side(condition: Condition) -> int:
    return {"<": -1, "<=": -1, ">": 1, ">=": 1}.get(condition.operator, 0)


def _compatible(one: Condition, other: Condition) -> bool:
    """Whether a lower and an upper bound leave anything."""
    upper, lower = (one, other) if _side(one) < 0 else (other, one)
    high, low = upper.value, lower.value
    if type(high) is not type(low):
        return True
    return bool(low < high) or (low == high and upper.operator == "<=" and lower.operator == ">=")  # type: ignore[operator]


def contradictory(conditions: Sequence[Condition], single: Collection[str]) -> tuple[Condition, Condition] | None:
    """Two hard conditions that no item can meet together; None where there are none."""
    for at, one in enumerate(conditions):
        for other in conditions[at + 1 :]:
            if one.field == other.field and _clash(one, other, one.field in single):
                return one, other
    return None


def _clash(one: Condition, other: Condition, single: bool) -> bool:
    wanted = ("=", "in")
    if _ordered(one) and _ordered(other):
        if _side(one) and _side(other):
            return _side(one) != _side(other) and not _compatible(one, other)
        return not _meets(one, other)
    if one.operator in wanted and other.operator in wanted:
        return single and not set(_listed(one)) & set(_listed(other))
    if {one.operator, other.operator} <= {"=", "in", "!=", "not in"} and (one.operator in wanted) != (
        other.operator in wanted
    ):
        yes, no = (one, other) if one.operator in wanted else (other, one)
        return set(_listed(yes)) <= set(_listed(no))
    return False


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def _meets(one: Condition, other: Condition) -> bool:
    fixed, bound = (one, other) if _side(one) == 0 else (other, one)
    if _side(bound) == 0:
        return str(fixed.value) == str(bound.value)
    value, limit = fixed.value, bound.value
    if isinstance(limit, float):
        try:
            return _COMPARE[bound.operator](float(str(value)), limit)
        except ValueError:
            return True
    return _COMPARE[bound.operator](str(value), str(limit))


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
            and _ordered(one.condition)
            and any(_ordered(other) and _overruled(one.condition, other) for other in spoken)
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


__all__ = [
    "Direction",
    "Drops",
    "Slips",
    "adjusts",
    "also",
    "contradictory",
    "dropped",
    "instead",
    "merged",
    "state_after",
    "taken_back_within",
]
