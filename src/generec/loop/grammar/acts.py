"""What a turn does: recommend, create, edit, explain, undo, reset or stop creating; and the words that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher
from generec.records import Act, Kind

ACTS = Phrases("acts")


@dataclass(frozen=True)
class Doing:
    """What a turn does, and the token spans that say so and carry nothing else."""

    act: Act = "recommend"
    kind: Kind | None = None
    spans: tuple[tuple[int, int], ...] = ()
    about: tuple[int, int] | None = None  # of an edit or an explanation: where its item is named
    out: tuple[int, int] | None = None  # of an edited set: what goes
    verb: tuple[int, int] | None = None  # of an edited text: how it changes, as a wish in words
    thing: tuple[int, int] | None = None  # of a creation: the word for the thing made
    carried: bool = False  # from the turn before, not said again


def doing(matcher: Matcher, made_before: Kind | None, single: bool = True) -> Doing:
    """The act of a turn. `made_before`: what the dialogue is making, so that `swap the longest one` is an edit."""
    member = _editing_set(matcher, made_before) if ACTS["member"].search(matcher.plain) else None
    for read in (_stopping, _resetting, _undoing):
        found = read(matcher)
        if found is not None:
            return member if member is not None and found.act == "undo" else found
    return _editing(matcher, made_before) or _explaining(matcher) or _creating(matcher) or Doing()


def _stopping(matcher: Matcher) -> Doing | None:
    spans = tuple((start, end) for start, end, _ in matcher.all(ACTS["stop"]))
    return Doing("stop_creating", spans=spans) if spans else None


def _resetting(matcher: Matcher) -> Doing | None:
    spans = []
    for start, end, found in matcher.all(ACTS["reset"]):
        if re.match(r"(?:start|begin)\w* (?:over|again)? ?(?:with|at|from) \d", matcher.plain[found.start() :]):
            continue
        if found.group() in ("clear", "wipe", "restart", "new topic", "wipe clean", "clear all"):
            alone = re.fullmatch(r"[\s.!?,]*", matcher.plain[: found.start()] + matcher.plain[found.end() :])
            if not alone and found.group() != "restart":
                continue
        spans.append((start, end))
    return Doing("reset", spans=tuple(spans)) if spans else None


def _undoing(matcher: Matcher) -> Doing | None:
    spans = []
    alone = ACTS["only_that"].fullmatch(matcher.plain)
    if alone is not None:
        return Doing("undo", spans=((0, len(matcher.starts)),))
    for start, end, found in matcher.all(ACTS["undo"]):
        if found.group() in ("back", "back please") and not ACTS["undo_only"].match(matcher.plain[: found.start()]):
            continue
        if ACTS["back_to"].match(matcher.plain[found.start() :]):
            continue
        spans.append((start, end))
    return Doing("undo", spans=tuple(spans)) if spans else None


def _explaining(matcher: Matcher) -> Doing | None:
    for start, end, found in matcher.all(ACTS["explain"]):
        lead = matcher.plain[max(0, found.start() - 12) : found.end() + 32]
        if ACTS["no_explain"].search(lead) or re.search(r"(?:can|could|do) not (?:see|understand|get) $", lead):
            continue
        if re.search(
            r"(?:to do with|doing .*|come from|based on)$|^how (?:did|do|has|have) (?!you)", found.group()
        ):  # the item stands inside
            return Doing("explain", spans=((start, start + 1),), about=(start, len(matcher.starts)))
        last = start > 1 and not any(
            token.is_word for token in matcher.sentence.tokens[end:]
        )  # you picked Speed for me, why?
        return Doing("explain", spans=((start, end),), about=(0, start) if last else (end, len(matcher.starts)))
    return None


def _editing(matcher: Matcher, made_before: Kind | None) -> Doing | None:
    size = len(matcher.starts)
    for pattern in (ACTS["edit_text"], ACTS["possessive"]):
        for start, end, found in matcher.all(pattern):
            verb = found["verb"]
            named = (
                found.re is ACTS["possessive"]
                or re.search(r"(?:of|for|to|from|on)$", found.group())
                or re.search(r"\b(?:its|this|that|their)\b", found["text"])
            )
            if re.match(ACTS.text("ask") + f"{verb} up ", found.group()) and verb == "make":
                continue
            weak = (
                verb in ("give", "have", "put", "keep", "touch", "make", "turn", "change", "fix", "cut") and not named
            )
            if weak or (
                verb in ("make", "give", "have", "produce")
                and re.search(rf"^{verb} (?:me |us )?(?:a|an|some) ", found.group())
            ):
                continue
            if not named and found["text"].split()[0] not in ("the", "its", "this", "that", "their", "my"):
                continue
            span = matcher.span(found, "verb")
            middle = "middle" if found.groupdict().get("middle") else "bare"
            about = matcher.span(found, middle) if found.re is ACTS["possessive"] else (end, size)
            spans = (
                (span, matcher.span(found, "text"))
                if found.re is ACTS["possessive"]
                else ((span[0], span[1]), (matcher.span(found, "text")[0], end))
            )
            wish = span if ACTS["telling_verbs"].fullmatch(verb) else None
            head = about[0] if found.groupdict().get("bare") else span[1]
            return Doing("edit", "text", ((start, head), *spans[1:]), about, verb=wish)
    for _, _, found in matcher.all(ACTS["edit_said"]):
        about, link = matcher.span(found, "about"), matcher.span(found, "link")
        if _alone(matcher, found.start()):
            return Doing("edit", "text", ((matcher.at(found.start()), about[0]), link), about)
    for start, end, found in matcher.all(ACTS["edit_add"]):
        if _alone(matcher, found.start()):
            link = matcher.span(found, "link")
            return Doing("edit", "text", ((start, matcher.span(found, "verb")[1]), link), (end, size))
    for _, _, found in matcher.all(ACTS["edit_get"]):
        about = matcher.span(found, "about" if found["about"] else "given")
        spans = ((matcher.at(found.start()), about[0]), (about[1], matcher.span(found, "link")[1]))
        return Doing("edit", "text", (*spans, matcher.span(found, "text")), about)
    found_set = _editing_set(matcher, made_before)
    if found_set is not None:
        return found_set
    for start, end, found in matcher.all(ACTS["edit_own"]):
        if made_before is None and _alone(matcher, found.start()):
            wish = (
                (start, end)
                if found["verb"] in ("shorten", "simplify", "condense", "polish", "summarize", "summarise")
                else None
            )
            span = matcher.span(found, "verb")
            return Doing("edit", "text", ((start, end),), (end, size), verb=span if wish else None)
    return None


def _editing_set(matcher: Matcher, made_before: Kind | None) -> Doing | None:
    inside = [(start, end) for start, end, _ in matcher.all(ACTS["in_set"])]
    if made_before != "set" and not inside:
        return None
    for start, _, found in [*matcher.all(ACTS["swap"]), *matcher.all(ACTS["swap_to"])]:
        to = found["verb"] == "change" and found["link"] == "to" and not ACTS["pointed"].fullmatch(found["out"])
        if to or not _alone(matcher, found.start()):
            continue
        out = matcher.span(found, "out")
        link = matcher.span(found, "link")
        verb = matcher.span(found, "verb")
        return Doing("edit", "set", ((start, verb[1]), link, *inside), about=out, out=out)
    for _, end, found in matcher.all(ACTS["goes"]):
        if _alone(matcher, found.start()):
            out = matcher.span(found, "out")
            return Doing("edit", "set", ((out[1], end), *inside), about=out, out=out)
    added = [*matcher.all(ACTS["add"]), *(matcher.all(ACTS["add_one"]) if made_before == "set" else ())]
    for start, _, found in added:
        if _alone(matcher, found.start()):
            verb = matcher.span(found, "verb")
            return Doing("edit", "set", ((start, verb[1]), *inside))
    for start, end, found in matcher.all(ACTS["take"]):
        pointed = (
            inside
            or ACTS["pointed"].fullmatch(found["out"])
            or found["verb"] not in ("cut", "drop", "lose", "leave out")
        )
        if _alone(matcher, found.start()) and pointed:
            out = matcher.span(found, "out")
            return Doing("edit", "set", ((start, out[0]), (out[1], end), *inside), about=out, out=out)
    return None


def _alone(matcher: Matcher, place: int) -> bool:
    """Whether a command begins a clause, after politeness at most."""
    return (
        re.search(
            r"(?:^|[.,;:!?] |\b(?:please|and|then|but|can you|could you|you|now|just|ok|okay|let us|also) )$",
            matcher.plain[:place],
        )
        is not None
    )


def _creating(matcher: Matcher) -> Doing | None:
    for pattern, kind in ((ACTS["create_text"], "text"), (ACTS["create_set"], "set"), (ACTS["need_set"], "set")):
        for start, _, found in matcher.all(pattern):
            if not _commands(matcher, found, kind):
                continue
            thing = _extended(matcher, matcher.span(found, "thing"), kind)
            head = matcher.plain[found.start() : found.start("thing")]
            lead = ACTS["asked_to_write" if kind == "text" else "asked_to_make"].match(head)
            end = matcher.at(found.start() + lead.end()) if lead else start
            return Doing("create", "text" if kind == "text" else "set", ((start, max(end, start)),), thing=thing)
    for start, _, found in matcher.all(ACTS["fill"]):
        if _alone(matcher, found.start()):
            return Doing("create", "set", ((start, matcher.span(found, "verb")[1]), matcher.span(found, "link")))
    for start, _, found in matcher.all(ACTS["in_a_row"]):
        if _alone(matcher, found.start()):
            verb = (start, matcher.span(found, "verb")[1]) if found["verb"] else (start, start)
            return Doing("create", "set", (verb, matcher.span(found, "row")))
    for pattern in (ACTS["plan"], ACTS["gather"]):
        for start, end, found in matcher.all(pattern):
            if _alone(matcher, found.start()):
                return Doing("create", "set", ((start, end),))
    for start, end, found in matcher.all(ACTS["create_thing"]):
        if _alone(matcher, found.start()) or found.group().split()[0] in ("can", "could", "would", "please", "i"):
            return Doing("create", "text", ((start, end),))
    for _, _, found in matcher.all(ACTS["bare_set"]):
        if _alone(matcher, found.start()):
            thing = matcher.span(found, "thing")
            return Doing("create", "set", (), thing=thing)
    for _, _, found in matcher.all(ACTS["bare_text"]):
        if _alone(matcher, found.start()):
            return Doing("create", "text", (), thing=matcher.span(found, "thing"))
    for _, _, found in matcher.all(ACTS["some_set"]):
        if not ACTS["not_a_set"].search(matcher.plain[: found.start()]):
            return Doing("create", "set", (), thing=matcher.span(found, "thing" if found["thing"] else "lone"))
    return None


def _extended(matcher: Matcher, thing: tuple[int, int], kind: str) -> tuple[int, int]:
    """The word for the thing made with a second such word after it: `festival programme`, `plot outline`."""
    tokens = matcher.sentence.tokens
    words = f"{ACTS.text('sets')}|(?:night|evening|session)s?" if kind == "set" else ACTS.text("texts")
    while thing[1] < len(tokens) and re.fullmatch(words, tokens[thing[1]].form):
        thing = (thing[0], thing[1] + 1)
    return thing


def _commands(matcher: Matcher, found: re.Match[str], kind: str) -> bool:
    """Whether the verb is said to the machine, and makes: not `give me articles`, not `people who make lists`."""
    verb = found.group()[ACTS["asked"].match(found.group()).end() :]  # type: ignore[union-attr]
    if found.re is ACTS["need_set"]:
        return True
    if not _alone(matcher, found.start()) and not re.search(
        r"\b(?:to|you|should|want|wait|no|actually|rather|instead|well)(?: [,.])? $", matcher.plain[: found.start()]
    ):
        return False
    weak = re.match(r"(?:give|suggest|do|tell|fix|produce|come up with|make|create|generate|design)\b", verb)
    middle = ACTS["asked_for"].sub("", found.group()[: found.start("thing") - found.start()])
    if re.match(r"(?:give|suggest|do|fix)\b", verb):
        return kind == "set" and ACTS["given_sets"].fullmatch(found["thing"]) is not None
    if verb.startswith("tell"):
        return re.match(r"stor|tale|fairy|legend|fable", found["thing"]) is not None
    if kind == "text" and weak and found["thing"] in ("articles", "article") and verb.startswith("make it"):
        return False
    if verb.startswith(("make it", "make them", "make that")) or (kind == "text" and re.match(r"make the ", verb)):
        return False
    return not re.search(r"\b(?:about|with|for|like|from|that|which)\b", middle) or (kind == "text" and False)


def asks_anew(matcher: Matcher) -> bool:
    """Whether a turn asks for items, so that it goes on with no creation."""
    return (
        re.search(
            r"(?<!\S)(?:show me|find me|recommend|suggest|do you have|what about|looking for|search for)(?!\S)",
            matcher.plain,
        )
        is not None
    )
