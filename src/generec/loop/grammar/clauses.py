"""Where clauses and lists of a sentence begin and end, and which of its words carry a wish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generec.loop.grammar.english import ENGLISH
from generec.loop.grammar.marks import (
    AudienceMark,
    BoundMark,
    CountMark,
    CueMark,
    DirectionMark,
    Mark,
    SoftenMark,
    TotalMark,
    ValueMark,
)
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Token
from generec.loop.grammar.words import ARTICLES, CHATTER, FUNCTION, GENERIC, MOODS, STATED, STOPS, word_set
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
        if token.form in ONES or token.form in TENS:
            if at > 1 and self.tokens[at - 1].form in ("or", "to") and self.tokens[at - 2].form in ONES:
                return False  # two or three
            after = self.tokens[at + 1] if at + 1 < len(self.tokens) and at + 1 not in self.marks else None
            return after is not None and token.form != "one" and after.form not in FUNCTION and after.is_word
        return token.form not in FUNCTION and not token.form[0].isdigit() and not self._garbled(token.form)

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

    def compound(self, mark: ValueMark) -> bool:
        """Whether a value only modifies a noun that is none, after an article: `a lip balm`, `with a war veteran`."""
        if mark.end >= len(self.tokens) or mark.end in self.marks or not self.content(mark.end):
            return False
        if self.tokens[mark.end].form in MOODS | RELATIVE or mark.asked:
            return False
        before = [self.tokens[place].form for place in range(max(0, mark.start - 2), mark.start)]
        noun = self.tokens[mark.end].form
        return bool(before) and before[-1] in ("a", "an") and not noun.endswith("s") and noun not in _FORMS


def garbled(word: str) -> bool:
    """Whether a word can hardly be one: no vowel, or a run of consonants."""
    plain = word.replace("'", "")
    if not plain.isascii() or not plain.isalpha() or len(plain) < 3 or plain in ENGLISH:
        return False
    if not re.search(r"[aeiouy]", plain) or re.search(r"[bcdfghjklmnpqrstvwxz]{5,}", plain):
        return True
    return re.search(r"(.)\1\1", plain) is not None or _KEYS.search(plain) is not None
