"""The embedded instructor: a grammar over the catalogue's own words turns instructions into guidance."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from generec.data.conditions import mask
from generec.loop.grammar.acts import asks_anew, doing
from generec.loop.grammar.clashes import clash, ordered
from generec.loop.grammar.dialogue import Slips, accepts, adjusts, also, instead, merged, of_items, taken_back_within
from generec.loop.grammar.drops import dropped
from generec.loop.grammar.found import Found, Wish
from generec.loop.grammar.lexer import Lexer
from generec.loop.grammar.marks import BoundMark, Mark, NoiseMark
from generec.loop.grammar.pasted import plain
from generec.loop.grammar.reader import Reader
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, Sentence, Token, stem
from generec.loop.grammar.words import FUNCTION
from generec.loop.lexicon import MAKERS, Lexicon
from generec.loop.meaning import Meaning
from generec.loop.titles import Titles
from generec.records import Anchor, Direction, Guidance, Person, Question, Source, Stated, Taste, Total
from generec.types import Condition

_BILLS = {"double": 2, "triple": 3, "trilogy": 3, "trilogies": 3, "trio": 3}
_COMPARATIVE = re.compile(r"\b(?:\w+er|(?:more|less|too) \w+)$", re.IGNORECASE)  # a number spells it out
_LETTERS = re.compile(r"[^\W\d_]")
_FOREIGN = re.compile(
    r"(?<!\w)(?:ich|und|nicht|bitte|einen|eine|mit|für|je|veux|avec|pour|une|les|des|quiero|una|con|para|por|sin|vorrei"
    r"|che|senza|un|gostaria|quero|uma|sem|ik|een|niet|jeg|og|ikke|jag|och|inte|chcę|nie|proszę)(?!\w)",
    re.IGNORECASE,
)


class EmbeddedInstructor:
    """Reads English instructions about one catalogue; no weights, no network, a few milliseconds a sentence.

    Slots follow `docs/instructions.md`. What was not understood is in `unread`, what can be read in two ways in
    `question`. An `undo` brings only what its sentence asks for: `grammar.dialogue.state_after` applies it to the
    states before.
    """

    name = "embedded"

    def __init__(self, meaning: Meaning, age_of_turn: int = 0):
        catalog = meaning.catalog
        self.meaning = meaning
        self.lexicon = Lexicon(catalog)
        self.roles = Roles.of(catalog)
        maker = next((name for name in self.lexicon.fields if name in MAKERS), None)
        self.titles = Titles(catalog, maker)
        self.lexer = Lexer(self.lexicon, self.titles, self.roles)
        self._first_turn = age_of_turn

    def instruct(self, words: str, person: Person, before: Guidance | None = None) -> Guidance:
        """The state of the dialogue after these words. Never raises on any text; reads at most 2,000 characters."""
        cut = plain(words)
        notes = list(cut.notes)
        if not cut.text.strip(" .,"):
            notes.append("nothing was said; say what you are looking for, in plain English")
            return self._unchanged(person, before, notes)
        sentence = self._corrected(Sentence.of(cut.text))
        if not sentence.tokens or (not _LETTERS.search(cut.text) and not re.search(r"\d", cut.text)):
            return self._unchanged(person, before, [*notes, "there are no words here that can be read"])
        if len(_FOREIGN.findall(cut.text)) >= 2 and len(_FOREIGN.findall(cut.text)) > 0.2 * len(cut.text.split()):
            notes.append("only English is read")
        return self._read(sentence, person, before, notes)

    def turn(self, before: Guidance | None) -> int:
        """The number of the turn after a state."""
        return _turn(before) if before is not None else self._first_turn

    def _read(self, sentence: Sentence, person: Person, before: Guidance | None, notes: list[str]) -> Guidance:
        matcher = Matcher.of(sentence)
        making = before.kind if before is not None and before.act == "create" else None
        act = doing(matcher, before.kind if before is not None and before.act in ("create", "edit") else None)
        if act.act == "recommend" and making is not None and not asks_anew(matcher):
            act = replace(act, act="create", kind=making, carried=True)
        drops = dropped(matcher, before, self.lexicon, self.roles) if act.act not in ("undo", "reset") else None
        fixed: list[Mark] = [NoiseMark(start, end) for start, end in act.spans if start < end]
        fixed += [NoiseMark(start, end) for start, end in drops.spans] if drops else []
        changed = adjusts(matcher) if before is not None else []
        slips = taken_back_within(matcher) if act.act in ("recommend", "create") else Slips()
        if slips.whole:
            fixed = [NoiseMark(0, slips.whole), *(mark for mark in fixed if mark.start >= slips.whole)]
        fixed += [NoiseMark(start, end) for start, end, _ in slips.parts if start >= slips.whole]
        if (act.thing is not None and act.kind == "set") or (
            act.thing is not None and not self._is_kind(sentence, act.thing)
        ):
            fixed.append(NoiseMark(*act.thing))
        fixed = _apart([*fixed, *(NoiseMark(start, end) for start, end in changed)])
        state = drops.state if drops is not None else before
        usual = _usual(state)
        adjusting = bool(changed) and not (state is not None and state.count is not None)
        marks = self.lexer.marks(sentence, fixed, usual, adjusting, act.about)
        found = Reader(sentence, marks, act, self.lexicon, self.roles).read()
        if act.verb is not None:
            words = sentence.quote(*act.verb).lower()
            found.wishes.append(Wish(*act.verb, 1, True, words=words, quote=words))
        if act.act == "edit" and act.kind == "text" and found.item is None and act.about is not None:
            named = [wish for wish in found.wishes if wish.words and wish.start <= act.about[0] + 1 < wish.end + 1]
            unknown = [wish for wish in named if sentence.tokens[wish.start].capital]
            found.wishes = [wish for wish in found.wishes if wish not in unknown]
            notes += [f"no item is called “{wish.quote}”" for wish in unknown]
        if act.act == "explain":
            found.wishes, found.anchors, found.directions = [], [], []
        for start, end, again in slips.parts:
            found.wishes = _mended(found.wishes, start, end, again)
        if found.count is None and act.kind == "set" and act.thing is not None:
            found.count = _BILLS.get(sentence.tokens[act.thing[0]].form)
        if changed:
            self._keep_comparison(found, marks, state)
        found.instead = found.instead or instead(matcher)
        found.also, found.carried = also(matcher), act.carried
        if state is not None and accepts(matcher):
            held = {one.condition.field for one in state.hard}
            found.wishes = [replace(wish, soft=wish.soft and _field(wish) not in held) for wish in found.wishes]
            found.also = True
        found.unread = _unread(sentence, marks, found)
        turn = self.turn(before)
        return self._guidance(found, person, before, state, turn, notes)

    def _guidance(
        self, found: Found, person: Person, before: Guidance | None, state: Guidance | None, turn: int, notes: list[str]
    ) -> Guidance:
        now = Guidance(
            act=found.act, kind=found.kind, item_id=found.item, hard=self._hard(found, turn),
            likes=self._tastes(found, 1, turn), dislikes=self._tastes(found, -1, turn),
            anchors=tuple(Anchor(item, float(sign), _said(quote, turn)) for item, sign, quote in found.anchors),
            directions=tuple(
                Direction(field, 1 if sign > 0 else -1, _said(quote, turn))
                for field, sign, quote in _last(found.directions)
            ),
            totals=_sums(found, turn), count=found.count, audience=found.audience, unread=tuple(found.unread),
            user_id=person.user_id, profile=person.profile, consent=person.consent, age=person.age,
            locale=person.locale,
            notes=tuple(notes),
        )  # fmt: skip
        bounded = _bounded(now)
        ways = (one for one in now.directions if one.field not in bounded or not _COMPARATIVE.search(one.source.quote))
        now = replace(now, question=self._question(found, now), directions=tuple(ways))
        if found.act == "edit" and found.kind == "set":
            now = replace(now, likes=(*now.likes, *_as_likes(now.hard)), hard=())
        if found.act == "edit" and found.kind == "text":
            now = replace(now, tone=tuple(one.words for one in now.likes if one.words))
        if found.act in ("undo", "reset") or state is None:
            return now
        state = of_items(state)
        for named in found.instead_of:
            state = _less(state, named.field, named.values)
        if found.replaced_words:
            gone = {stem(word) for words in found.replaced_words for word in words.split()}
            state = replace(
                state,
                likes=tuple(
                    one for one in state.likes if not one.words or not {stem(word) for word in one.words.split()} & gone
                ),
            )
        replacing = found.instead and not found.instead_of
        after = merged(state, now, self.lexicon.single, replacing, found.also, self._given_up)
        topic = {one.condition for one in state.hard if self._given_up(one.condition, now)} and not found.also
        if topic and found.carried:
            after = replace(after, act="recommend", kind=None)
        return replace(after, count=now.count, totals=now.totals) if topic else after

    def _given_up(self, said: Condition, now: Guidance) -> bool:
        """Whether a kind of thing wanted before has given way: nothing is also what is wanted now, nor is the item
        that is named as an example."""
        if said.operator not in ("=", "in") or ordered(said):
            return False
        catalog = self.meaning.catalog
        holds = mask(catalog, [said])
        examples = [one.item_id for one in now.anchors if one.weight > 0]
        if examples and not any(bool(holds[catalog.row(item_id)]) for item_id in examples):
            return True
        fresh = [one.condition for one in now.hard if one.condition.operator in ("=", "in")]
        others = [mask(catalog, [one]) for one in fresh if one.field == said.field and one != said]
        return any(not bool((holds & other).any()) for other in others if bool(other.any()))

    def _hard(self, found: Found, turn: int) -> tuple[Stated, ...]:
        """Hard constraints: refused values of one field together, alternatives together, the others one by one."""
        stated: dict[Condition, Stated] = {}
        refused: dict[str, list[Wish]] = {}
        groups: dict[tuple[str, int], list[Wish]] = {}
        for wish in found.wishes:
            if wish.soft or wish.words:
                continue
            if wish.bounds:
                for bound in wish.bounds:
                    stated.setdefault(bound, Stated(bound, _said(wish.quote, turn)))
            elif wish.named is not None and wish.sign < 0:
                refused.setdefault(wish.named.field, []).append(wish)
            elif wish.named is not None:
                joint = wish.group or (-1 if wish.named.field in self.lexicon.single else -2 - wish.start)
                key = (wish.named.field, joint if wish.group or joint == -1 else -2 - len(groups))
                groups.setdefault(key, []).append(wish)
        for wishes in groups.values():
            condition = _joined(wishes, False)
            stated.setdefault(condition, Stated(condition, _said(wishes[0].quote, turn)))
        for wishes in refused.values():
            condition = _joined(wishes, True)
            stated.setdefault(condition, Stated(condition, _said(", ".join(wish.quote for wish in wishes), turn)))
        return tuple(stated.values())

    def _tastes(self, found: Found, sign: int, turn: int) -> tuple[Taste, ...]:
        tastes: dict[tuple[Condition | None, str], Taste] = {}
        groups: dict[int, list[Wish]] = {}
        for wish in found.wishes:
            if not wish.soft or (wish.sign > 0) != (sign > 0):
                continue
            if wish.named is not None and wish.group:
                groups.setdefault(wish.group, []).append(wish)
                continue
            conditions = wish.bounds or ((wish.named.condition(),) if wish.named is not None else (None,))
            for condition in conditions:
                tastes.setdefault(
                    (condition, wish.words), Taste(float(sign), condition, wish.words, _said(wish.quote, turn))
                )
        for wishes in groups.values():
            condition = _joined(wishes, False)
            tastes.setdefault((condition, ""), Taste(float(sign), condition, "", _said(wishes[0].quote, turn)))
        return tuple(tastes.values())

    def _question(self, found: Found, now: Guidance) -> Question | None:
        contradiction = clash(now.conditions, self.lexicon.single)
        if contradiction is not None:
            return contradiction
        if not found.asked:
            return None
        words, options = found.asked[0]
        asked = f"What do you mean by “{words}”: {', '.join(options)}?"
        return Question(asked, tuple(options), tuple(options.values()))

    def _corrected(self, sentence: Sentence) -> Sentence:
        """The sentence with misspelt words put right; titles keep theirs."""
        tokens = list(sentence.tokens)
        for at, token in enumerate(tokens):
            inside = at > 0 and tokens[at - 1].form not in (".", "!", "?", ":")
            if token.stem in self.titles.at and token.capital and inside:
                continue
            named = inside and (token.capital or tokens[at - 1].form in ("by", "from"))
            meant = self.lexicon.speller.candidates(token.form, named)
            if meant:
                right = next((word for word in meant if self._fits(tokens, at, word)), meant[0])
                tokens[at] = replace(token, form=right, stem=stem(right))
        return Sentence(sentence.text, tuple(tokens))

    def _fits(self, tokens: Sequence[Token], at: int, word: str) -> bool:
        """Whether a word and its neighbour make a value together."""
        pairs = (
            (tokens[at - 1].stem, stem(word)) if at else (),
            (stem(word), tokens[at + 1].stem) if at + 1 < len(tokens) else (),
        )
        return any(self.lexicon.trie.holds(pair) for pair in pairs if pair)

    def _is_kind(self, sentence: Sentence, thing: tuple[int, int]) -> bool:
        stems = [token.stem for token in sentence.tokens]
        match = self.lexicon.trie.longest(stems, thing[0])
        return match is not None and match.end == thing[1] and any(entry.field == "kind" for entry in match.entries)

    def _keep_comparison(self, found: Found, marks: Sequence[Mark], before: Guidance | None) -> None:
        """`Make it 25`: the number changes, the comparison stays."""
        if before is None:
            return
        bounds = [one.condition for one in before.hard] + [one.condition for one in before.likes if one.condition]
        for at, wish in enumerate(found.wishes):
            if not wish.bounds or not any(
                isinstance(mark, BoundMark) and mark.plain and mark.start == wish.start for mark in marks
            ):
                continue
            field, value = wish.bounds[0].field, wish.bounds[-1].value
            old = [one for one in bounds if one.field == field and one.operator in ("<", "<=", ">", ">=")]
            if len(old) == 1:
                number = value if field in self.roles.dates else float(str(value))
                found.wishes[at] = replace(wish, bounds=(Condition(field, old[0].operator, number),))

    def _unchanged(self, person: Person, before: Guidance | None, notes: list[str]) -> Guidance:
        state = before or Guidance()
        return replace(
            state, act="recommend", kind=None, item_id=None, question=None, unread=(), notes=tuple(notes),
            user_id=person.user_id, profile=person.profile, consent=person.consent, age=person.age,
            locale=person.locale,
        )  # fmt: skip


def _mended(wishes: Sequence[Wish], start: int, end: int, at: int) -> list[Wish]:
    """The wishes of a turn, where those after a correction replace those before it about the same field.

    Words right before the correction are replaced by whatever comes after it: `soup, I mean desserts`.
    """
    after = {_field(wish) for wish in wishes if wish.start >= at} - {""}
    if any(wish.start >= end for wish in wishes):
        wishes = [wish for wish in wishes if not (wish.words and wish.sign > 0 and start - 2 <= wish.end <= start)]
    return [wish for wish in wishes if wish.start >= at or _field(wish) not in after]


def _field(wish: Wish) -> str:
    return wish.bounds[0].field if wish.bounds else wish.named.field if wish.named is not None else ""


def _said(quote: str, turn: int) -> Source:
    return Source("instruction", quote, turn)


def _joined(wishes: Sequence[Wish], negated: bool) -> Condition:
    values = tuple(dict.fromkeys(value for wish in wishes if wish.named is not None for value in wish.named.values))
    field = wishes[0].named.field if wishes[0].named is not None else ""
    if len(values) == 1:
        return Condition(field, "!=" if negated else "=", values[0])
    return Condition(field, "not in" if negated else "in", values)


def _sums(found: Found, turn: int) -> tuple[Total, ...]:
    totals = []
    for field, bound, quote in found.totals:
        value = float(str(bound.value))
        low, high = (value, None) if bound.operator in (">", ">=") else (None, value)
        totals.append(Total(field, low, high, _said(quote, turn)))
    return tuple(totals)


def _last(directions: Sequence[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    kept = {field: (field, sign, quote) for field, sign, quote in directions}
    return list(kept.values())


def _bounded(now: Guidance) -> set[str]:
    conditions = [*now.conditions, *(one.condition for one in now.likes if one.condition is not None)]
    return {one.field for one in conditions if one.operator in ("<", "<=", ">", ">=", "=")}


def _as_likes(hard: Sequence[Stated]) -> tuple[Taste, ...]:
    return tuple(Taste(1.0, one.condition, "", one.source) for one in hard)


def _less(state: Guidance, field: str, values: tuple[str, ...]) -> Guidance:
    def kept(condition: Condition | None) -> bool:
        if condition is None or condition.field != field:
            return True
        held = condition.value if isinstance(condition.value, tuple) else (str(condition.value),)
        return not set(held) & set(values)

    return replace(
        state,
        hard=tuple(one for one in state.hard if kept(one.condition)),
        likes=tuple(one for one in state.likes if kept(one.condition)),
    )


def _usual(state: Guidance | None) -> str | None:
    """The ordered field that was last bounded, for numbers without a unit."""
    bounds = [one.condition for one in state.hard] if state is not None else []
    bounds += [one.condition for one in state.likes if one.condition is not None] if state is not None else []
    ordered = [one.field for one in bounds if one.operator in ("<", "<=", ">", ">=")]
    return ordered[-1] if ordered else None


def _turn(before: Guidance) -> int:
    sources = [
        one.source.turn
        for slot in (before.hard, before.likes, before.dislikes, before.anchors, before.directions, before.totals)
        for one in slot
    ]
    return max(sources, default=0) + 1


def _apart(marks: Sequence[Mark]) -> list[Mark]:
    """Marks that do not overlap, the longest kept."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda one: one.start - one.end):
        if mark.end > mark.start and all(mark.end <= other.start or other.end <= mark.start for other in kept):
            kept.append(mark)
    return kept


def _unread(sentence: Sentence, marks: Sequence[Mark], found: Found) -> list[str]:
    """Stretches of content words that became nothing."""
    used = {place for mark in marks for place in range(mark.start, mark.end)}
    used |= {place for wish in found.wishes for place in range(wish.start, wish.end)}
    left, run = [], []
    for at, token in enumerate([*sentence.tokens]):
        if at not in used and token.is_word and token.form not in FUNCTION:
            run.append(at)
        elif run:
            left.append(sentence.quote(run[0], run[-1] + 1))
            run = []
    if run:
        left.append(sentence.quote(run[0], run[-1] + 1))
    return left
