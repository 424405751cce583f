"""Where clauses and lists of a sentence begin and end, and which of its words carry a wish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generec.loop.grammar.english import ENGLISH
from generec.loop.grammar.idle import FINITE, IDLE, PEOPLE, idle
from generec.loop.grammar.marks import (
    AudienceMark,
    BoundMark,
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
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Token
from generec.loop.grammar.words import (
    ADVERBS,
    ARTICLES,
    AUXILIARIES,
    BODY,
    CHATTER,
    CONJUNCTIONS,
    FUNCTION,
    GENERIC,
    MOODS,
    PREPOSITIONS,
    PRONOUNS,
    STATED,
    STOPS,
    word_set,
)
from generec.loop.lexicon import Lexicon
from generec.loop.numbers import ONES, TENS

READER = Phrases("reader")
RELATIVE = frozenset(["who", "whose", "where", "whom"])
_NEW_CLAUSE = STATED | word_set(
    "something anything everything show give make with please at under over not no nothing preferably ideally"
    " also then want only"
)
_FORMS = word_set(
    "tutorial lesson course class recipe routine workshop podcast documentary programme drama comedy thriller"
    " night evening marathon fan"
)
_TRAILING = ARTICLES | PREPOSITIONS | CONJUNCTIONS | ADVERBS | CHATTER | PRONOUNS
_HELPERS = PRONOUNS | ARTICLES | AUXILIARIES | ADVERBS | CHATTER | CONJUNCTIONS
_OWNED = word_set("my our his her the their your a an")
_FIRST = STOPS | word_set(", and but so because are am is if when though")
_DOES = word_set("lasts keeps makes leaves gives works helps lets runs looks feels")
_TIMES = word_set("morning evening afternoon night weekend")
_KEYS = re.compile(r"qwer|asdf|sdfg|dfgh|fghj|ghjk|hjkl|zxcv|xcvb|cvbn|vbnm|uiop")


@dataclass(frozen=True)
class Clauses:
    """The clauses of one sentence. `silent`: tokens from which nothing is read."""

    tokens: tuple[Token, ...]
    marks: Mapping[int, Mark]
    silent: frozenset[int]
    lexicon: Lexicon

    def content(self, at: int) -> bool:
        """Whether a word may carry a wish."""
        token = self.tokens[at]
        if not token.is_word or at in self.silent:
            return False
        if token.form in MOODS and token.form not in ("kind", "like", "well"):
            return not (token.form in CHATTER and self._alone(at))
        if self.occasion(at):
            return True
        if token.form in ONES or token.form in TENS:
            if at > 1 and self.tokens[at - 1].form in ("or", "to") and self.tokens[at - 2].form in ONES:
                return False  # two or three
            after = self.tokens[at + 1] if at + 1 < len(self.tokens) and at + 1 not in self.marks else None
            return after is not None and token.form != "one" and after.form not in FUNCTION and after.is_word
        return token.form not in FUNCTION and not token.form[0].isdigit() and not self._garbled(token.form)

    def trimmed(self, first: int, end: int) -> int:
        """Where a phrase ends without the words that only lead on to another."""
        while end > first and self.tokens[end - 1].form in _TRAILING:
            end -= 1
        return end

    def verb(self, first: int, end: int) -> int:
        """Where the verb of a short clause stands: its first word that is more than a helper or a pronoun."""
        while first < end and self.tokens[first].form in _HELPERS:
            first += 1
        return first

    def refuses(self, at: int) -> bool:
        """Whether a refusal begins at a token."""
        mark = self.marks.get(at)
        return isinstance(mark, CueMark) and mark.sign < 0

    def does(self, at: int) -> bool:
        """Whether a relative clause at a token tells what an item does: `that stays on at the gym`."""
        form = self.tokens[at].form if at < len(self.tokens) else ""
        if (
            (at in self.marks and not (isinstance(self.marks[at], NoiseMark) and form in _DOES))
            or not form.endswith("s")
            or (form in FUNCTION and form not in _DOES)
            or at < 2
        ):
            return False
        inside = (self.marks.get(place) for place in range(at, self.end(at)))
        measured = form in _DOES and isinstance(self.marks.get(at + 1), BoundMark)  # lasts five minutes
        return (
            not measured
            and self.after_value(at - 1)
            and not any(
                isinstance(mark, ValueMark | BoundMark | TitleMark) or (isinstance(mark, CueMark) and mark.sign < 0)
                for mark in inside
            )
        )

    def occasion(self, at: int) -> bool:
        """Whether a time of day is what something is for: `for my evening`, `an evening out`."""
        if self.tokens[at].form not in _TIMES:
            return False
        before = [token.form for token in self.tokens[max(0, at - 3) : at]]
        after = self.tokens[at + 1].form if at + 1 < len(self.tokens) else "."
        return bool(before) and (
            (before[-1] in ARTICLES and bool({"for", "fill"} & set(before[:-1])))
            or (before[-1] in ARTICLES and after in ("out", "in"))
        )

    def _garbled(self, word: str) -> bool:
        return word not in self.lexicon.speller.counts and garbled(word)

    def _alone(self, at: int) -> bool:
        before = self.tokens[at - 1].form if at else "."
        after = self.tokens[at + 1].form if at + 1 < len(self.tokens) else "."
        return (before in STOPS or before == ",") and (after in STOPS or after == ",")

    def after_value(self, at: int) -> bool:
        """Whether a value, or a general word for items, stands right before a token."""
        return any(isinstance(mark, ValueMark) and mark.end == at for mark in self.marks.values()) or (
            at > 0 and self.tokens[at - 1].form in GENERIC
        )

    def of_goes_on(self, at: int) -> bool:
        """Whether `of` leads on to another word of the same wish."""
        step = at + 1
        while step < len(self.tokens) and self.tokens[step].form in ARTICLES:
            step += 1
        return step < len(self.tokens) and step not in self.marks and self.content(step)

    def opens(self, at: int) -> bool:
        """Whether a new clause begins at a token, so that no taste or refusal reaches it."""
        if at >= len(self.tokens):
            return True
        mark = self.marks.get(at)
        if isinstance(mark, BoundMark | CountMark):
            return True
        if isinstance(mark, CueMark):
            return False  # it sets the state itself
        return self.tokens[at].form in _NEW_CLAUSE

    def list_goes_on(self, at: int) -> bool:
        """Whether a comma stands in `a, b or c`: short members, the last after and, or, nor."""
        size = 0
        for place in range(at + 1, len(self.tokens)):
            form, mark = self.tokens[place].form, self.marks.get(place)
            if form in ("or", "and", "nor"):
                return size > 0 and not self.opens(place + 1) and not isinstance(self.marks.get(place + 1), CueMark)
            if (
                form in STOPS
                or isinstance(mark, CueMark | BoundMark | AudienceMark | SoftenMark | DirectionMark | TotalMark)
                or form in STATED
            ):
                return False
            size = 0 if form == "," else size + 1
            if size > 4:
                return False
        return False

    def end(self, at: int) -> int:
        """Where the clause of a token ends."""
        for place in range(at, len(self.tokens)):
            form = self.tokens[place].form
            if form in STOPS or form in (",", "but", "though", "or") or (form == "and" and self.opens(place + 1)):
                return place
            if isinstance(self.marks.get(place), BoundMark | AudienceMark | TotalMark):
                return place
        return len(self.tokens)

    def since_comma(self, at: int) -> int:
        """Words with a meaning between the comma before a token and the token."""
        count = 0
        for place in range(at - 1, -1, -1):
            if self.tokens[place].form == "," or self.tokens[place].form in STOPS:
                break
            count += place in self.marks and isinstance(self.marks[place], ValueMark | BoundMark)
        return count

    def pair(self, at: int, open_: bool) -> bool:
        """Whether `and` stands inside a fixed pair of words: `black and white`."""
        if self.tokens[at].form != "and" or not open_ or at + 1 >= len(self.tokens):
            return False
        said = f"{self.tokens[at - 1].form} and {self.tokens[at + 1].form}"
        return READER["pairs"].fullmatch(said) is not None and at + 1 not in self.marks

    def body(self, mark: ValueMark, said: Sequence[int]) -> bool:
        """Whether a part of the body is described, not shopped for: `for brown eyes`. said: places right before it."""
        before = list(said[-1:]) == [mark.start - 1] and mark.start - 1 not in self.marks
        first = said[0] if before else mark.start
        lead = {self.tokens[at].form for at in range(max(0, first - 2), first)}
        described = mark.end == mark.start + 1 and self.tokens[mark.start].form in BODY
        return described and before and bool(lead & {"for", "with", "my", "have", "has", "and"})

    def compound(self, mark: ValueMark) -> bool:
        """Whether a value only modifies a noun that is none, after an article: `a lip balm`, `with a war veteran`."""
        if mark.end >= len(self.tokens) or mark.end in self.marks or not self.content(mark.end):
            return False
        if self.tokens[mark.end].form in MOODS | RELATIVE | IDLE | PEOPLE or mark.asked:
            return False
        before = [self.tokens[place].form for place in range(max(0, mark.start - 2), mark.start)]
        noun = self.tokens[mark.end].form
        first = self.tokens[mark.start].form
        if mark.end == mark.start + 1 and first in BODY and not first.endswith("s"):
            return True  # lip balm
        if noun in BODY and before[-1:] and before[-1] in ("for", "with", "have", "has", "my"):
            return True  # for combination skin
        return bool(before) and before[-1] in ("a", "an") and not noun.endswith("s") and noun not in _FORMS


def units(tokens: Sequence[Token], places: Sequence[int]) -> list[list[int]]:
    """Places grouped into words as they are written: those that a hyphen joins stand together."""
    found: list[list[int]] = []
    for place in places:
        if tokens[place].joined and found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def wished(tokens: Sequence[Token], places: list[int]) -> list[int]:
    """Places of a phrase that is wished; none where it only says how it is wished, or by whom: `my wife says`."""
    forms = [tokens[place].form for place in places]
    before = tokens[places[0] - 1].form if places and places[0] else "."
    lead = tokens[places[0] - 2].form if places and places[0] > 1 else "."
    said_by = len(forms) > 1 and before in _OWNED and forms[-1] in FINITE
    spoken_of = (
        all(form.removesuffix("'s") in PEOPLE or form in ONES for form in forms)
        and (lead if before in _OWNED else before) in _FIRST
    )
    return [] if said_by or spoken_of or all(idle(form) for form in forms) else places


def garbled(word: str) -> bool:
    """Whether a word can hardly be one: no vowel, or a run of consonants."""
    plain = word.replace("'", "")
    if not plain.isascii() or not plain.isalpha() or len(plain) < 3 or plain in ENGLISH:
        return False
    if not re.search(r"[aeiouy]", plain) or re.search(r"[bcdfghjklmnpqrstvwxz]{5,}", plain):
        return True
    return re.search(r"(.)\1\1", plain) is not None or _KEYS.search(plain) is not None
