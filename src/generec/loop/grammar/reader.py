"""Walks along the marks of a sentence and collects what is wished: the scopes of negation, taste and alternatives."""

from __future__ import annotations

from dataclasses import dataclass, replace

from generec.loop.grammar.acts import Doing
from generec.loop.grammar.alternatives import alternatives
from generec.loop.grammar.clashes import excluding
from generec.loop.grammar.clauses import RELATIVE, Clauses, units, wished
from generec.loop.grammar.found import Found, Wish
from generec.loop.grammar.judgements import judgement
from generec.loop.grammar.marks import (
    AudienceMark,
    BoundMark,
    ContainsMark,
    ContrastMark,
    CountMark,
    CueMark,
    DirectionMark,
    Mark,
    NoiseMark,
    RefusedMark,
    SoftenMark,
    TitleMark,
    ValueMark,
    WordsMark,
)
from generec.loop.grammar.options import of_title, of_value
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import COMPARISONS, Roles, flipped
from generec.loop.grammar.statements import stated
from generec.loop.grammar.tokens import Matcher, Sentence
from generec.loop.grammar.totals import Totals
from generec.loop.grammar.words import FUNCTION, GENERIC, MOODS, STOPS, word_set
from generec.loop.lexicon import Lexicon
from generec.types import Condition

READER = Phrases("reader")

_LEADING = FUNCTION - word_set("make makes give gives tell run take nobody everybody everyone somebody someone")
_ADDING = frozenset(["and", "plus", ",", "&"])
_MERELY_NOT = word_set("but though not never so much of on the into really about")
_STARTING = frozenset(["for", "with", "about", "by", "on", "under", "from", "that", "which"])


@dataclass
class State:
    sign: int = 1
    soft: bool = False
    whole: bool = False
    full: bool = False  # something was said since the state began


class Reader:
    """Reads one sentence; made for it and thrown away."""

    def __init__(self, sentence: Sentence, marks: list[Mark], doing: Doing, lexicon: Lexicon, roles: Roles):
        self.sentence, self.tokens = sentence, sentence.tokens
        self.matcher = Matcher.of(sentence)
        self.marks = {mark.start: mark for mark in marks}
        self.doing, self.lexicon, self.roles = doing, lexicon, roles
        self.found = Found(act=doing.act, kind=doing.kind)
        self.state = State()
        self.buffer: list[int] = []
        self.passed = -1  # a comma that ends no scope
        self.tasted = False  # the sentence said what is liked
        self.clause = 0  # where the clause began, in wishes
        self.silent = stated(self.matcher, doing.act)
        self.clauses = Clauses(self.tokens, self.marks, self.silent, lexicon)
        self.gone = frozenset(range(*doing.out)) if doing.out is not None else frozenset()

    def read(self) -> Found:
        at = 0
        while at < len(self.tokens):
            mark = self.marks.get(at)
            if at in self.gone and not isinstance(mark, TitleMark):
                at += 1
            elif (
                self.state.whole
                and not isinstance(mark, AudienceMark | TitleMark | NoiseMark)
                and at not in self.silent
            ):
                at = self._swallow(at)
            elif mark is not None:
                at = self._mark(mark)
            else:
                at = self._token(at)
        self._flush()
        Totals(self.found, self.tokens, self.marks, self.doing, self.roles).add()
        counted = {at for at, mark in self.marks.items() if isinstance(mark, CountMark)}
        self.found.wishes = alternatives(self.found.wishes, self.matcher, counted)
        if READER["never_again"].search(self.matcher.plain):
            self.found.anchors = [(item, -1, quote) for item, _, quote in self.found.anchors]
        return self.found

    def _token(self, at: int) -> int:
        token = self.tokens[at]
        form = token.form
        if form in STOPS:
            self._flush()
            if form not in ('"', "“", "”", "*", "-", "("):
                self._fresh()
        elif form == ",":
            self._flush()
            if at != self.passed and (self.state.sign < 0 or self.state.soft) and not self.clauses.list_goes_on(at):
                self._open()
        elif self.clauses.pair(at, self.buffer[-1:] == [at - 1]):
            self.buffer.append(at)
        elif form in ("and", "or", "nor", "&", "plus"):
            self._flush()
            if form == "and" and self.clauses.opens(at + 1):
                self._open()
        elif form == "which" and at and self.tokens[at - 1].form == "in" and self.clauses.after_value(at - 1):
            self.state.whole = True
        elif form in ("that", "which") and self.clauses.does(at + 1):
            self._flush()
            self._words(at + 1, self.clauses.trimmed(at + 1, self.clauses.end(at)))
            return self.clauses.end(at)
        elif (form in RELATIVE and (self.buffer or self.clauses.after_value(at))) or (
            form in ("that", "which") and self.buffer and not self.clauses.refuses(at + 1)
        ):
            return self._clause_words(at)
        elif form == "of" and self.buffer and self.clauses.of_goes_on(at):
            self.buffer.append(at)
        elif self.clauses.content(at) or (token.joined and self.buffer and self.buffer[-1] == at - 1):
            self.buffer.append(at)  # also feel-good, laid-back
        elif (
            at + 1 < len(self.tokens)
            and self.tokens[at + 1].joined
            and token.is_word
            and at + 1 not in self.marks
            and form not in ("non",)
        ):
            self._flush()
            self.buffer.append(at)
        else:
            self._flush()
            subject = form in ("about", "on") and self.clauses.after_value(at)  # no videos about budgets
            into = form == "in" and isinstance(self.marks.get(at + 2), ValueMark)  # no alcohol in the toner
            if self.state.full and (form in _STARTING or into) and self.state.sign < 0 and not subject:
                self._open()
        return at + 1

    def _told(self) -> bool:
        """Whether what a text is to be about was said last."""
        forms = [token.form for token in self.tokens[max(0, self.buffer[0] - 2) : self.buffer[0]]]
        return (self.doing.act, self.doing.kind) == ("create", "text") and "about" in forms

    def _open(self) -> None:
        self.state = State()

    def _fresh(self) -> None:
        self.state, self.tasted = State(), False
        self.clause = len(self.found.wishes)

    def _mark(self, mark: Mark) -> int:
        if isinstance(mark, CueMark) and mark.whole and self.buffer and self._told():
            return self._clause_words(mark.start)  # a story about a lighthouse that can't swim
        if not isinstance(mark, ValueMark | NoiseMark):
            self._flush()
        match mark:
            case ValueMark():
                return self._value(mark)
            case TitleMark():
                return self._judged(mark)
            case RefusedMark():
                self._refuse(mark)
            case BoundMark():
                self._bound(mark)
            case DirectionMark():
                self._direction(mark)
            case CountMark():
                more = self.found.count if self.tokens[mark.start - 1].form in _ADDING and mark.start else None
                self.found.count = mark.count + (more or 0)  # two westerns and three comedies
            case AudienceMark():
                self.found.audience = mark.audience if mark.told else self.found.audience or mark.audience
            case ContainsMark():
                condition = Condition(mark.field, "contains", mark.words)
                if self.state.sign > 0:
                    self._add(Wish(mark.start, mark.end, 1, self.state.soft, bounds=(condition,)))
            case CueMark():
                self._cue(mark)
            case ContrastMark():
                self._contrast(mark)
            case SoftenMark():
                self._soften(mark)
            case WordsMark():
                self._words(mark.start, mark.end)
            case _:
                self._flush()
        return mark.end

    def _cue(self, mark: CueMark) -> None:
        form = self.tokens[mark.start].form
        if mark.request or (
            mark.sign > 0 and not mark.soft and form in ("but", "though", "although", "however", "yet")
        ):
            self.clause = len(self.found.wishes)
        form = self.sentence.tokens[mark.end - 1].form
        if self.state.soft and not self.state.full and form in GENERIC and mark.sign > 0 and not mark.soft:
            return  # maybe something by Dove, not in the mood for anything loud
        forms = {token.form for token in self.tokens[mark.start : mark.end]}
        likewise = mark.sign < 0 and self.tasted and forms <= _MERELY_NOT  # fond of mysteries, not of thrillers
        self.tasted = self.tasted and not mark.request
        self.state = State(mark.sign, mark.soft or likewise, mark.whole)

    def _contrast(self, mark: ContrastMark) -> None:
        soft = self.state.soft or not mark.replaces
        self.state = State(-1, soft)
        if mark.replaces:
            self.found.instead = True
            self.state = State(-2, False)

    def _refuse(self, mark: RefusedMark) -> None:
        """What the clause said before is refused: `pricier than 20 is out of the question`."""
        wishes = self.found.wishes
        if len(wishes) > (0 if mark.back else self.clause):
            last = wishes[-1]
            if mark.soft or (mark.back and last.words):
                wishes[-1] = replace(last, sign=-1, soft=True)
            elif last.bounds:
                bounds = tuple(
                    replace(one, operator=flipped(one.operator)) for one in last.bounds if one.operator in COMPARISONS
                )
                wishes[-1] = replace(last, bounds=bounds or last.bounds)
            else:
                wishes[-1] = replace(last, sign=-1, soft=last.soft and not mark.back)
        self._open()

    def _soften(self, mark: SoftenMark) -> None:
        after = self.tokens[mark.end].form if mark.end < len(self.tokens) else "."
        before = self.tokens[mark.start - 1].form if mark.start else "."
        if after == "," and before in (",", "and", "but", "with"):
            self.state = State(1, True)
            self.passed = mark.end
            return
        if after not in STOPS and after not in (",", "and", "but", "or", "though", "then", "please", "too"):
            self.state = State(1, True)  # it stands before what it softens
            return
        wishes, first = self.found.wishes, self.clause
        stop = [at for at, token in enumerate(self.tokens) if token.form == ","]
        for at in range(len(wishes) - 1, first - 1, -1):
            wishes[at] = replace(wishes[at], soft=True)
            if any(place < wishes[at].start for place in stop) and self.clauses.since_comma(wishes[at].start) == 0:
                break
        self._open()

    def _value(self, mark: ValueMark) -> int:
        if mark.start in self.silent:
            self._flush()
            return mark.end
        if self.clauses.compound(mark) or self.clauses.body(mark, self.buffer):
            self.buffer += list(range(mark.start, mark.end))
            return mark.end
        self._flush()
        entries = mark.readings[0]
        if mark.asked:
            quote = self.sentence.quote(mark.start, mark.end)
            self.found.asked.append((quote, of_value(mark, self.state.sign > 0, self.state.soft)))
            self.state.full = True
            return mark.end
        for named in entries[0].named:
            self._add(Wish(mark.start, mark.end, self.state.sign, self.state.soft, named=named))
        return mark.end

    def _judged(self, mark: TitleMark) -> int:
        """A title with what is said of it: `was lovely` is no wish, `was boring` says that none like it is wanted."""
        sign, end = judgement([token.form for token in self.tokens], mark.end)
        if sign < 0:
            self.state = State(-1, True)
        self._title(mark)
        if sign:
            self._open()
        return end

    def _title(self, mark: TitleMark) -> None:
        quote = self.sentence.quote(mark.start, mark.end)
        if self.doing.about is not None:
            inside = self.doing.about[0] <= mark.start < self.doing.about[1]
            if inside and len(mark.items) == 1:
                self.found.item = self.found.item or mark.items[0]
                return
            if inside:
                self.found.asked.append((quote, of_title(mark, self.lexicon)))
                return
        if mark.value is not None or len(mark.items) > 1:
            self.found.asked.append((quote, of_title(mark, self.lexicon)))
        elif self.doing.act not in ("explain",):
            self.found.anchors.append((mark.items[0], -1 if self.state.sign < 0 else 1, quote))
        self.state.full = True

    def _bound(self, mark: BoundMark) -> None:
        if mark.start in self.silent and mark.plain:
            return
        sign = self.state.sign
        if sign < 0 and mark.plain and not self.state.soft and not self.state.full:
            beside = [bound for wish in self.found.wishes[self.clause :] for bound in wish.bounds]
            for condition in excluding(mark.conditions, beside):
                self._add(Wish(mark.start, mark.end, 1, False, bounds=(condition,)))
            return
        soft = mark.soft or (self.state.soft and sign > 0)
        self._add(Wish(mark.start, mark.end, 1, soft, bounds=mark.conditions))
        if sign < 0:
            self._open()

    def _direction(self, mark: DirectionMark) -> None:
        forms = {token.form for token in self.tokens[mark.start : mark.end]}
        refused = bool(forms & {"not", "nothing", "never", "no", "less", "too", "without", "neither"})
        opposed = self.state.sign < 0 and (self.state.full or self.state.soft) and not refused
        sign = -mark.sign if opposed else mark.sign
        noun = self.marks.get(mark.end)
        if opposed and isinstance(noun, ValueMark) and noun.readings[0][0].field == "kind":
            self.silent |= frozenset(range(noun.start, noun.end))  # not a fan of long videos
        if self.doing.act == "edit" and self.doing.kind == "text":
            self._words(mark.start, mark.end)
        elif mark.start not in self.silent and not self._other_side(mark):
            self.found.directions.append((mark.field, sign, self.sentence.quote(mark.start, mark.end)))
        after = self.tokens[mark.end].form if mark.end < len(self.tokens) else ""
        if refused and "less" not in forms and after in ("or", "nor", "and"):
            self.state = State(-1, True, full=True)

    def _other_side(self, mark: DirectionMark) -> bool:
        """Whether a direction only says what another is not: `older rather than newer`."""
        after = any(isinstance(one, ContrastMark) and one.end == mark.start for one in self.marks.values())
        return after and any(field == mark.field for field, _, _ in self.found.directions)

    def _clause_words(self, at: int) -> int:
        """A relative clause belongs to the words before it: `a beaver who collects sextants`."""
        end = self.clauses.end(at)
        if self.buffer:
            last = self.clauses.trimmed(at, end)
            self.buffer += list(range(self.buffer[-1] + 1, last))
            self._flush(split=False)
            return max(end, at + 1)
        self.state.whole = True
        return at + 1

    def _swallow(self, at: int) -> int:
        """What follows, up to the end of the clause, as one wish in words."""
        end = at
        while end < len(self.tokens):
            form = self.tokens[end].form
            if (
                form in STOPS
                or form in (",", "but", "though", "or", "nor", "and")
                or isinstance(self.marks.get(end), AudienceMark | NoiseMark | BoundMark | SoftenMark)
            ):
                break
            end += 1
        skipped = (one for one in range(at, end) if self.tokens[one].is_word and self.tokens[one].form not in _LEADING)
        first = next(skipped, end)
        last = self.clauses.trimmed(first, end)
        keep = State(self.state.sign, self.state.soft)
        if first >= last and self.state.sign < 0:  # doesn't pull, won't come off
            first, last = self.clauses.verb(at, end), end
        if first < last:
            self._words(first, last)
        self.state = keep
        self.state.whole = (
            end < len(self.tokens) and self.tokens[end].form in ("or", "nor", "and") and not self.clauses.opens(end + 1)
        )
        return max(end, at + 1) if end > at else self._token(at)

    def _flush(self, split: bool = True) -> None:
        buffer, self.buffer = self.buffer, []
        while buffer and self.tokens[buffer[-1]].form == "of":
            buffer.pop()
        buffer = wished(self.tokens, buffer) if split else buffer
        if not buffer:
            return
        parts = units(self.tokens, buffer)
        moods = [self.sentence.quote(unit[0], unit[-1] + 1).lower() in MOODS for unit in parts]
        after = self.tokens[buffer[-1] + 1].form if buffer[-1] + 1 < len(self.tokens) else ""
        valued = isinstance(self.marks.get(buffer[-1] + 1), ValueMark)
        apart = 0 if not split else len(parts) if all(moods) else (after in GENERIC or valued) * moods.index(False)
        for unit in parts[:apart] if len(parts) > 1 else ():  # a sad vampire story
            self._words(unit[0], unit[-1] + 1)
        if apart < len(parts) or len(parts) == 1:
            self._words(parts[apart if len(parts) > 1 else 0][0], buffer[-1] + 1)

    def _words(self, start: int, end: int) -> None:
        words = self.sentence.quote(start, end).lower().strip(" '\"“”.,")
        if words.endswith("'s"):
            words = words[:-2]
        if words and any(char.isalpha() for char in words):
            self._add(Wish(start, end, self.state.sign, True, words=words))

    def _add(self, wish: Wish) -> None:
        self.state.full = True
        quote = self.sentence.quote(wish.start, wish.end)
        if wish.sign == -2:
            if wish.named is not None:
                self.found.instead_of.append(wish.named)
            elif wish.words:
                self.found.replaced_words.append(wish.words)
            return
        self.tasted = self.tasted or (wish.soft and wish.sign > 0 and wish.named is not None)
        self.found.wishes.append(replace(wish, quote=quote))
