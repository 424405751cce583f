"""Walks along the marks of a sentence and collects what is wished: the scopes of negation, taste and alternatives."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace

from generec.loop.grammar.acts import Doing
from generec.loop.grammar.english import ENGLISH
from generec.loop.grammar.found import Found, Wish
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
    SoftenMark,
    TitleMark,
    TotalMark,
    ValueMark,
)
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.statements import stated
from generec.loop.grammar.tokens import Matcher, Sentence
from generec.loop.grammar.words import (
    ADVERBS,
    ARTICLES,
    AUXILIARIES,
    CHATTER,
    CONJUNCTIONS,
    DEGREES,
    GENERIC,
    MOODS,
    PREPOSITIONS,
    PRONOUNS,
    REQUESTS,
    STATED,
    VERBS,
)
from generec.loop.lexicon import Lexicon
from generec.loop.numbers import ONES, TENS
from generec.types import Condition

_STOPS = frozenset(
    [".", "!", "?", ";", ":", "...", "…", "(", ")", "[", "]", "{", "}", "|", "*", "•", "–", "—", "-", '"', "“", "”"]
)
_FUNCTION = (
    ARTICLES
    | PRONOUNS
    | PREPOSITIONS
    | AUXILIARIES
    | REQUESTS
    | CONJUNCTIONS
    | ADVERBS
    | GENERIC
    | CHATTER
    | VERBS
    | DEGREES
)
_LEADING = _FUNCTION - frozenset(["make", "makes", "give", "gives", "tell", "run", "take"])
_WHO = frozenset(["who", "whose", "where", "whom"])
_NEW_CLAUSE = STATED | frozenset(
    [
        "something",
        "anything",
        "everything",
        "show",
        "give",
        "make",
        "with",
        "please",
        "at",
        "under",
        "over",
        "not",
        "no",
        "nothing",
        "preferably",
        "ideally",
        "also",
        "then",
        "want",
        "only",
    ]
)
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
        self.clause = 0  # where the clause began, in wishes
        self.silent = stated(self.matcher, doing.act)
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
        self._totals()
        self._alternatives()
        return self.found

    def _token(self, at: int) -> int:
        token = self.tokens[at]
        form = token.form
        if form in _STOPS:
            self._flush()
            if form not in ('"', "“", "”", "*", "-", "("):
                self._fresh()
        elif form == ",":
            self._flush()
            if at != self.passed and (self.state.sign < 0 or self.state.soft) and not self._list_goes_on(at):
                self._open()
        elif form in ("and", "or", "nor", "&", "plus"):
            self._flush()
            if form == "and" and self._new_clause(at + 1):
                self._open()
        elif form == "which" and at and self.tokens[at - 1].form == "in" and self._after_value(at - 1):
            self.state.whole = True
        elif (form in _WHO and (self.buffer or self._after_value(at))) or (form in ("that", "which") and self.buffer):
            return self._clause_words(at)
        elif form == "of" and self.buffer and self._of_goes_on(at):
            self.buffer.append(at)
        elif self._content(at):
            if token.joined and self.buffer and self.buffer[-1] == at - 1:
                self.buffer.append(at)
            else:
                self.buffer.append(at)
        elif token.joined and self.buffer and self.buffer[-1] == at - 1:
            self.buffer.append(at)  # feel-good, laid-back
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
            if self.state.full and form in _STARTING and self.state.sign < 0:
                self._open()
        return at + 1

    def _content(self, at: int) -> bool:
        token = self.tokens[at]
        if not token.is_word or at in self.silent:
            return False
        if token.form in MOODS and token.form not in ("kind", "like", "well"):
            return not (token.form in CHATTER and self._alone(at))
        if token.form in ONES or token.form in TENS:
            after = self.tokens[at + 1] if at + 1 < len(self.tokens) and at + 1 not in self.marks else None
            return after is not None and token.form != "one" and after.form not in _FUNCTION and after.is_word
        return token.form not in _FUNCTION and not token.form[0].isdigit() and not self._garbled(token.form)

    def _garbled(self, word: str) -> bool:
        return word not in self.lexicon.speller.counts and _garbled(word)

    def _alone(self, at: int) -> bool:
        before = self.tokens[at - 1].form if at else "."
        after = self.tokens[at + 1].form if at + 1 < len(self.tokens) else "."
        return (before in _STOPS or before == ",") and (after in _STOPS or after == ",")

    def _after_value(self, at: int) -> bool:
        return any(isinstance(mark, ValueMark) and mark.end == at for mark in self.marks.values()) or (
            at > 0 and self.tokens[at - 1].form in GENERIC
        )

    def _of_goes_on(self, at: int) -> bool:
        step = at + 1
        while step < len(self.tokens) and self.tokens[step].form in ARTICLES:
            step += 1
        return step < len(self.tokens) and step not in self.marks and self._content(step)

    def _new_clause(self, at: int) -> bool:
        if at >= len(self.tokens):
            return True
        mark = self.marks.get(at)
        if isinstance(mark, BoundMark | CountMark):
            return True
        if isinstance(mark, CueMark):
            return False  # it sets the state itself
        return self.tokens[at].form in _NEW_CLAUSE

    def _list_goes_on(self, at: int) -> bool:
        """Whether a comma stands in `a, b or c`: short members, the last after and, or, nor."""
        size = 0
        for place in range(at + 1, len(self.tokens)):
            form, mark = self.tokens[place].form, self.marks.get(place)
            if form in ("or", "and", "nor"):
                return (
                    size > 0 and not self._new_clause(place + 1) and not isinstance(self.marks.get(place + 1), CueMark)
                )
            if (
                form in _STOPS
                or isinstance(mark, CueMark | BoundMark | AudienceMark | SoftenMark | DirectionMark | TotalMark)
                or form in STATED
            ):
                return False
            size = 0 if form == "," else size + 1
            if size > 4:
                return False
        return False

    def _open(self) -> None:
        self.state = State()

    def _fresh(self) -> None:
        self.state = State()
        self.clause = len(self.found.wishes)

    def _mark(self, mark: Mark) -> int:
        if not isinstance(mark, ValueMark | NoiseMark):
            self._flush()
        match mark:
            case ValueMark():
                return self._value(mark)
            case TitleMark():
                self._title(mark)
            case BoundMark():
                self._bound(mark)
            case DirectionMark():
                self._direction(mark)
            case CountMark():
                self.found.count = mark.count
            case AudienceMark():
                self.found.audience = self.found.audience or mark.audience
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
            case _:
                self._flush()
        return mark.end

    def _cue(self, mark: CueMark) -> None:
        form = self.sentence.tokens[mark.start].form
        if mark.request or (
            mark.sign > 0 and not mark.soft and form in ("but", "though", "although", "however", "yet")
        ):
            self.clause = len(self.found.wishes)
        self.state = State(mark.sign, mark.soft, mark.whole)

    def _contrast(self, mark: ContrastMark) -> None:
        soft = self.state.soft or not mark.replaces
        self.state = State(-1, soft)
        if mark.replaces:
            self.found.instead = True
            self.state = State(-2, False)

    def _soften(self, mark: SoftenMark) -> None:
        after = self.tokens[mark.end].form if mark.end < len(self.tokens) else "."
        before = self.tokens[mark.start - 1].form if mark.start else "."
        if after == "," and before in (",", "and", "but", "with"):
            self.state = State(1, True)
            self.passed = mark.end
            return
        if after not in _STOPS and after not in (",", "and", "but", "or", "though", "then", "please", "too"):
            self.state = State(1, True)  # it stands before what it softens
            return
        wishes = self.found.wishes
        first = self.clause
        stop = [at for at, token in enumerate(self.tokens) if token.form == ","]
        for at in range(len(wishes) - 1, first - 1, -1):
            wishes[at] = replace(wishes[at], soft=True)
            if any(place < wishes[at].start for place in stop) and self._since_comma(wishes[at].start) == 0:
                break
        self._open()

    def _since_comma(self, at: int) -> int:
        """Words with a meaning between the comma before a token and the token."""
        count = 0
        for place in range(at - 1, -1, -1):
            if self.tokens[place].form == "," or self.tokens[place].form in _STOPS:
                break
            count += place in self.marks and isinstance(self.marks[place], ValueMark | BoundMark)
        return count

    def _value(self, mark: ValueMark) -> int:
        if mark.start in self.silent:
            self._flush()
            return mark.end
        compound = self._compound(mark)
        if compound:
            self.buffer += list(range(mark.start, mark.end))
            return mark.end
        self._flush()
        entries = mark.readings[0]
        if mark.asked:
            self._ask(mark)
            self.state.full = True
            return mark.end
        for named in entries[0].named:
            self._add(Wish(mark.start, mark.end, self.state.sign, self.state.soft, named=named))
        return mark.end

    def _compound(self, mark: ValueMark) -> bool:
        """Whether a value only modifies a noun that is none, after an article: `a lip balm`, `with a war veteran`."""
        if mark.end >= len(self.tokens) or mark.end in self.marks or not self._content(mark.end):
            return False
        if self.tokens[mark.end].form in MOODS or mark.asked:
            return False
        before = [self.tokens[place].form for place in range(max(0, mark.start - 2), mark.start)]
        noun = self.tokens[mark.end].form
        return bool(before) and before[-1] in ("a", "an") and not noun.endswith("s") and noun not in _FORMS

    def _ask(self, mark: ValueMark) -> None:
        options = [
            f"{named.field}: {named.values[0]}" for group in mark.readings for entry in group for named in entry.named
        ]
        self.found.asked.append((self.sentence.quote(mark.start, mark.end), tuple(dict.fromkeys(options))[:6]))

    def _title(self, mark: TitleMark) -> None:
        quote = self.sentence.quote(mark.start, mark.end)
        if self.doing.about is not None:
            inside = self.doing.about[0] <= mark.start < self.doing.about[1]
            if inside and len(mark.items) == 1:
                self.found.item = self.found.item or mark.items[0]
                return
            if inside:
                self._ask_title(mark, quote)
                return
        if mark.value is not None or len(mark.items) > 1:
            self._ask_title(mark, quote)
        elif self.doing.act not in ("explain",):
            self.found.anchors.append((mark.items[0], -1 if self.state.sign < 0 else 1, quote))
        self.state.full = True

    def _ask_title(self, mark: TitleMark, quote: str) -> None:
        frame = self.lexicon.frame
        titles = dict(zip(frame["item_id"], frame["title"], strict=True)) if "title" in frame.columns else {}
        options = [str(titles.get(item, item)) for item in mark.items[:5]]
        if mark.value is not None:
            options += [f"{entry.field}: {entry.named[0].values[0]}" for entry in mark.value.readings[0]]
        self.found.asked.append((quote, tuple(options)))

    def _bound(self, mark: BoundMark) -> None:
        if mark.start in self.silent and mark.plain:
            return
        sign = self.state.sign
        if sign < 0 and mark.plain and not self.state.soft and not self.state.full:
            self._exclude(mark)
            return
        soft = mark.soft or (self.state.soft and sign > 0)
        self._add(Wish(mark.start, mark.end, 1, soft, bounds=mark.conditions))
        if sign < 0:
            self._open()

    def _exclude(self, mark: BoundMark) -> None:
        conditions = mark.conditions
        if len(conditions) == 1 and conditions[0].operator == "=":
            self._add(Wish(mark.start, mark.end, 1, False, bounds=(Condition(mark.field, "!=", conditions[0].value),)))
        elif all(isinstance(one.value, float) for one in conditions) and len(conditions) == 2:
            years = range(int(float(conditions[0].value)), int(float(conditions[1].value)) + 1)  # type: ignore[arg-type]
            self._add(
                Wish(mark.start, mark.end, 1, False, bounds=(Condition(mark.field, "not in", tuple(map(str, years))),))
            )

    def _direction(self, mark: DirectionMark) -> None:
        forms = {token.form for token in self.tokens[mark.start : mark.end]}
        refused = bool(forms & {"not", "nothing", "never", "no", "less", "too", "without", "neither"})
        sign = -mark.sign if self.state.sign < 0 and self.state.full and not refused else mark.sign
        if self.doing.act == "edit" and self.doing.kind == "text":
            self._words(mark.start, mark.end)
        elif mark.start not in self.silent:
            self.found.directions.append((mark.field, sign, self.sentence.quote(mark.start, mark.end)))
        after = self.tokens[mark.end].form if mark.end < len(self.tokens) else ""
        if refused and "less" not in forms and after in ("or", "nor", "and"):
            self.state = State(-1, True, full=True)

    def _clause_words(self, at: int) -> int:
        """A relative clause belongs to the words before it: `a beaver who collects sextants`."""
        end = self._clause_end(at)
        if self.buffer:
            last = end
            while last > at and self.tokens[last - 1].form in _FUNCTION:
                last -= 1
            self.buffer += list(range(self.buffer[-1] + 1, last))
            self._flush(split=False)
            return max(end, at + 1)
        self.state.whole = True
        return at + 1

    def _clause_end(self, at: int) -> int:
        for place in range(at, len(self.tokens)):
            form = self.tokens[place].form
            if (
                form in _STOPS
                or form in (",", "but", "though", "or")
                or (form == "and" and self._new_clause(place + 1))
            ):
                return place
            if isinstance(self.marks.get(place), BoundMark | AudienceMark | TotalMark):
                return place
        return len(self.tokens)

    def _swallow(self, at: int) -> int:
        """What follows, up to the end of the clause, as one wish in words."""
        end = at
        while end < len(self.tokens):
            form = self.tokens[end].form
            if (
                form in _STOPS
                or form in (",", "but", "though", "or", "nor", "and")
                or isinstance(self.marks.get(end), AudienceMark | NoiseMark | BoundMark | SoftenMark)
            ):
                break
            end += 1
        first, last = at, end
        while first < last and (self.tokens[first].form in _LEADING or not self.tokens[first].is_word):
            first += 1
        while last > first and self.tokens[last - 1].form in _FUNCTION:
            last -= 1
        keep = State(self.state.sign, self.state.soft)
        if first < last:
            self._words(first, last)
        self.state = keep
        self.state.whole = (
            end < len(self.tokens) and self.tokens[end].form in ("or", "nor", "and") and not self._new_clause(end + 1)
        )
        return max(end, at + 1) if end > at else self._token(at)

    def _flush(self, split: bool = True) -> None:
        buffer, self.buffer = self.buffer, []
        while buffer and self.tokens[buffer[-1]].form == "of":
            buffer.pop()
        if not buffer:
            return
        units = _units(self.tokens, buffer)
        moods = [self.sentence.quote(unit[0], unit[-1] + 1).lower() in MOODS for unit in units]
        if split and len(units) > 1 and all(moods):
            for unit in units:
                self._words(unit[0], unit[-1] + 1)
        else:
            self._words(buffer[0], buffer[-1] + 1)

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
        self.found.wishes.append(replace(wish, quote=quote))

    def _totals(self) -> None:
        """Bounds that are said of a set as a whole."""
        if self.found.kind != "set" and not any(
            isinstance(mark, TotalMark) and not mark.each for mark in self.marks.values()
        ):
            return
        kept = []
        for wish in self.found.wishes:
            if wish.bounds and wish.bounds[0].field in self.roles.numeric and self._of_the_whole(wish):
                for bound in wish.bounds:
                    bound = Condition(bound.field, "<=", float(bound.value)) if bound.operator == "=" else bound  # type: ignore[arg-type]
                    self.found.totals.append((bound.field, bound, wish.quote))
            else:
                kept.append(wish)
        self.found.wishes = kept

    def _of_the_whole(self, wish: Wish) -> bool:
        if self.found.kind == "set" and re.search(r"\b(?:fit|fits|fitting|total|altogether|sum)\b", wish.quote.lower()):
            return True
        if wish.bounds[0].field not in (self.roles.fields.get("price"), self.roles.fields.get("duration")):
            return False
        marks = [mark for mark in self.marks.values() if isinstance(mark, TotalMark)]
        near = [mark for mark in marks if self._same_clause(mark.start, wish.start)]
        if near:
            closest = min(near, key=lambda mark: min(abs(mark.start - wish.end), abs(wish.start - mark.end)))
            return not closest.each
        if self.found.kind != "set" or wish.soft:
            return False
        before = [mark for mark in self.marks.values() if isinstance(mark, ValueMark) and mark.start < wish.start]
        thing = self.doing.thing
        if thing is not None and wish.end <= thing[1] and self._same_clause(wish.start, thing[0]):
            return True  # a two-hour playlist
        said = self.sentence.tokens[wish.start - 1].form if wish.start else ""
        member = any(thing is None or mark.start > thing[0] for mark in before) or any(
            token.form in GENERIC for token in self.tokens[(thing or (0, 0))[1] : wish.start]
        )
        return not member or said in ("for", "costing", "totalling", "lasting", "of", "worth")

    def _same_clause(self, one: int, other: int) -> bool:
        low, high = min(one, other), max(one, other)
        return not any(token.form in _STOPS or token.form in (",", "but") for token in self.tokens[low:high])

    def _alternatives(self) -> None:
        """Values of one field that `or`, `either` or a list join form a group."""
        wishes = self.found.wishes
        either = (
            re.search(
                r"(?<!\S)either(?!\S)|(?<!\S)(?:decide|choose|torn|choice|toss up) between(?!\S)|(?<!\S)(?:both|all) (?:are|would be) (?:fine|ok|okay)",
                self.matcher.plain,
            )
            is not None
        )
        named = [at for at, wish in enumerate(wishes) if wish.named is not None]
        links = []
        for one, two in itertools.pairwise(named):
            links.append(self._link(wishes[one], wishes[two], either))
        group = 0
        for place in range(len(links) - 1, -1, -1):
            one, two = named[place], named[place + 1]
            joined = links[place] == "or" or (
                links[place] == "," and wishes[two].group and self._or_after(two, named, links)
            )
            if joined:
                group = wishes[two].group or group + 1
                wishes[two] = replace(wishes[two], group=group)
                wishes[one] = replace(wishes[one], group=group)
        self.found.wishes = wishes

    def _or_after(self, at: int, named: list[int], links: list[str]) -> bool:
        return "or" in links[named.index(at) :][:4]

    def _link(self, one: Wish, two: Wish, either: bool) -> str:
        if (
            one.named is None
            or two.named is None
            or one.named.field != two.named.field
            or one.sign != two.sign
            or one.soft != two.soft
        ):
            return ""
        between = [token.form for token in self.tokens[one.end : two.start]]
        if one.start == two.start:
            return ""
        rest = [
            form
            for form in between
            if form not in GENERIC
            and form not in ARTICLES
            and form
            not in (
                "by",
                "from",
                "about",
                "on",
                "with",
                "either",
                "maybe",
                "else",
                "even",
                "perhaps",
                "at",
                "in",
                "for",
                "to",
                "possibly",
                "just",
            )
        ]
        if "or" in between and len(rest) <= 3:
            return "or"
        if rest in (["and"], ["&"], ["nor"], [",", "and"]):
            return "or" if either else "and"
        return "," if rest == [","] or rest == [] else ""


_FORMS = frozenset(
    [
        "tutorial",
        "lesson",
        "course",
        "class",
        "recipe",
        "routine",
        "workshop",
        "podcast",
        "documentary",
        "programme",
        "drama",
        "comedy",
        "thriller",
        "night",
        "evening",
        "marathon",
        "fan",
    ]
)


def _units(tokens: tuple, buffer: list[int]) -> list[list[int]]:  # type: ignore[type-arg]
    units: list[list[int]] = []
    for place in buffer:
        if tokens[place].joined and units and units[-1][-1] == place - 1:
            units[-1].append(place)
        else:
            units.append([place])
    return units


def _garbled(word: str) -> bool:
    """Whether a word can hardly be one: no vowel, or a run of consonants."""
    plain = word.replace("'", "")
    if not plain.isascii() or not plain.isalpha() or len(plain) < 3 or plain in ENGLISH:
        return False
    if not re.search(r"[aeiouy]", plain) or re.search(r"[bcdfghjklmnpqrstvwxz]{5,}", plain):
        return True
    return re.search(r"(.)\1\1", plain) is not None or _KEYS.search(plain) is not None


_KEYS = re.compile(r"qwer|asdf|sdfg|dfgh|fghj|ghjk|hjkl|zxcv|xcvb|cvbn|vbnm|uiop")
