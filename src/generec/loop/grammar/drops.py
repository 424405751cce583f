"""What a turn takes out of the state before it: `never mind the price`, `any year is fine`, `forget the comedy`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import takewhile

from generec.loop.grammar.clashes import listed, ordered
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, stem, tokenise
from generec.loop.lexicon import Lexicon
from generec.records import Guidance, Stated
from generec.types import Condition

DIALOGUE = Phrases("dialogue")
_SPEAKS = (
    "price",
    "duration",
    "year",
    "energy",
    "rank",
    "makers",
    "place",
    "kind",
    "topic",
    "genres",
    "categories",
    "audience",
    "count",
    "mood",
    "colour",
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
    for start, end, found in matcher.all(DIALOGUE["drop"]):
        names = ("target", "any", "topic", "no", "open", "paid", "anyone", "whichever", "whatever", "other", "going")
        target = next(found[name] for name in names if found[name])
        wide = found["target"] is None and found["going"] is None
        left = _without(state, target, lexicon, roles, f"{found.group()}", wide)
        open_ = wide and not found["whatever"]
        if left != state or (open_ and (before is not None or _speaks(target))) or _indifferent(found):
            state = left
            spans.append((start, end))
    for start, end, found in matcher.all(DIALOGUE["fine"]) if before is not None else ():
        left = _without(_refusals(state), found["fine"], lexicon, roles, found.group(), False)
        if left != _refusals(state):
            kept = _refusals(left)
            state = replace(
                state,
                hard=tuple(one for one in state.hard if one in kept.hard or one not in _refusals(state).hard),
                dislikes=kept.dislikes,
            )
            spans.append((start, end))
    return Drops(tuple(spans), state)


def _speaks(target: str) -> bool:
    """Whether words name what a field holds: years, prices, makers."""
    return any(DIALOGUE[name].search(target) for name in _SPEAKS)


def _indifferent(found: re.Match[str]) -> bool:
    """`I don't mind what year it is`, said of a field and not of a value."""
    return found.group().startswith("i do not") and found["target"] is not None and _speaks(found["target"])


def _refusals(state: Guidance) -> Guidance:
    """What a state refuses."""
    return Guidance(
        hard=tuple(one for one in state.hard if one.condition.operator in ("!=", "not in")), dislikes=state.dislikes
    )


def _without(state: Guidance, target: str, lexicon: Lexicon, roles: Roles, said: str, wide: bool) -> Guidance:
    text = f"{said} {target}" if wide else target
    words = {stem(word) for word in target.split()}
    named = _values(target, lexicon)
    hits = {name for name in _SPEAKS if DIALOGUE[name].search(text)}
    fields = {roles.fields[role] for role in hits & set(roles.fields)}  # type: ignore[index]
    fields |= {name for name in lexicon.fields if name in hits or (name in ("brand", "creator") and "makers" in hits)}

    unbound = not fields and DIALOGUE["limits"].search(said) is not None

    def gone(condition: Condition | None, phrase_: str) -> bool:
        if condition is not None and unbound and ordered(condition):
            return True
        if condition is not None:
            values = {condition.value} if isinstance(condition.value, str | float) else set(condition.value)
            return condition.field in fields or bool(
                named.get(condition.field, set()) & {str(value) for value in values}
            )
        spoken = {stem(word) for word in re.findall(r"[^\W_]+", phrase_)}
        coloured = "colour" in hits and DIALOGUE["colours"].fullmatch(phrase_) is not None
        known = {one for one in spoken if any(akin(one, other) for other in words)}
        return (bool(spoken) and len(known) / len(spoken) >= 0.5) or "mood" in hits or coloured

    wanted = replace(
        state,
        hard=tuple(
            kept for one in state.hard if (kept := _fewer(one, named, fields)) is not one or not gone(one.condition, "")
        ),
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


def _fewer(stated: Stated, named: Mapping[str, set[str]], fields: Collection[str]) -> Stated:
    """Alternatives without those that are named, where some are left."""
    condition = stated.condition
    if condition.operator != "in" or condition.field in fields:
        return stated
    left = tuple(value for value in listed(condition) if value not in named.get(condition.field, set()))
    if not left or left == condition.value:
        return stated
    new = Condition(condition.field, "=", left[0]) if len(left) == 1 else Condition(condition.field, "in", left)
    return replace(stated, condition=new)


def _values(text: str, lexicon: Lexicon) -> dict[str, set[str]]:
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


def akin(one: str, other: str) -> bool:
    """Whether two words are one, or of one family: gore and gory, violence and violent."""
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    return one == other or (shared >= 3 and shared >= 0.6 * max(len(one), len(other)))


def _titled(item: str, words: Collection[str], lexicon: Lexicon) -> bool:
    if "title" not in lexicon.frame.columns or item not in lexicon.catalog:
        return False
    title = {stem(word) for word in re.findall(r"[^\W_]+", lexicon.frame["title"][lexicon.catalog.row(item)])}
    content = {word for word in words if word not in ("the", "a", "an", "of", "one")}
    return bool(content) and content <= title
