"""A sentence as tokens with normal forms, and as one plain string that patterns are matched on."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from generec.loop.grammar.words import MOODS, word_set

_PIECES = re.compile(
    r"(?P<dotted>(?:[^\W\d_]\.){2,}[^\W\d_]?)"  # e.l.f., U.S.
    r"|(?P<code>[0-9]+[kKdDpPxX]\b)|(?P<number>[0-9]+(?:[.,:][0-9]+)*)"
    r"(?P<unit>(?:['’]?s\b|st\b|nd\b|rd\b|th\b)|(?:h|hr|hrs|min|mins|m|pm|am)\b|h(?=[0-9]))?"
    r"|(?P<short>(?<!\w)w/o?(?!\w))"
    r"|(?P<word>[^\W\d_]+(?:['’*][^\W\d_]+)*(?:['’](?=\s))?[0-9]*)"
    r"|(?P<mark>\.\.\.|[^\w\s])"
)
_SHORTENED = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|St|Jr|Prof|Sgt|Lt|Col|Capt|Gen|Rev|Cpl|Maj)$"
)  # their full stop ends nothing
_NOT = re.compile(r"(is|are|was|were|do|does|dos|did|has|have|had|can|could|would|should|must|need|wo|ai)e?n['’]?t")
_CONTRACTED = {"ll": "will", "re": "are", "ve": "have", "m": "am", "d": "would", "s": "is"}
_SUBJECTS = word_set(
    "i you he she it we they that this what who why when where there let how here one everything"
    " anything something nothing anyone anybody someone somebody everyone everybody whatever"
)
_BARE = {
    "im": ("i", "am"), "ive": ("i", "have"), "whats": ("what", "is"), "thats": ("that", "is"), "cant": ("can", "not"),
    "dont": ("do", "not"), "can't": ("can", "not"), "cannot": ("can", "not"), "gonna": ("going", "to"),
    "wanna": ("want", "to"), "gimme": ("give", "me"), "lemme": ("let", "me"),
    "wont": ("will", "not"), "theres": ("there", "is"),
}  # fmt: skip
_SHORTHAND = {
    "abt": "about", "smth": "something", "sth": "something", "somethin": "something", "sumthing": "something",
    "nothin": "nothing", "anythin": "anything", "lookin": "looking", "searchin": "searching", "u": "you", "ur": "your",
    "cuz": "because", "coz": "because", "cos": "because", "bc": "because", "b4": "before", "thru": "through",
    "tho": "though", "luv": "love", "rly": "really", "ppl": "people", "wat": "what", "wot": "what", "dat": "that",
    "w/": "with", "w/o": "without", "recs": "recommendations", "teh": "the", "hte": "the",
    "adn": "and", "nad": "and", "taht": "that", "wiht": "with", "yuo": "you", "ned": "need", "wnat": "want",
    "liek": "like", "soem": "some", "thsi": "this", "fro": "for", "sumthin": "something",
    "rec": "recommend", "tryna": "trying", "mins": "minutes",
}  # fmt: skip
_KEPT = word_set("news series species less this his was has as is us plus bus gas yes its always perhaps")


_AFTER_FOR = frozenset(["a", "an", "the", "my", "our", "me", "us", "his", "her", "kids", "free", "beginners"])
_AFTER_TO = frozenset(["watch", "read", "see", "buy", "get", "learn", "use", "try", "find", "go", "be"])
_WITHOUT = word_set(
    "fragrance perfume scent oil alcohol paraben sulfate sulphate silicone cruelty gluten lactose sugar dairy nut"
    " acetone ammonia dye soap talc aluminium aluminum phthalate latex plastic toxin chemical glitter risk spoiler"
    " meat violence gore animal mineral preservative formaldehyde bpa wrinkle frizz lint streak smudge worry carbon"
)
_DEGREES = frozenset(["not", "way", "far", "much", "bit", "little", "nothing", "never"])
_GRADED = MOODS | word_set(
    "long short old new much many expensive pricey dear cheap costly recent modern dated slow fast hard easy difficult"
    " lengthy big small strong energetic hectic"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word or mark. `form`: lower case, for patterns; `stem`: for values and titles; both empty for nothing."""

    text: str
    form: str
    stem: str
    start: int
    end: int
    joined: bool = False  # written together with the one before, or by a hyphen

    @property
    def is_word(self) -> bool:
        return self.form[0].isalnum()

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper() or (self.text != self.text.lower())


@lru_cache(maxsize=20_000)
def folded(word: str) -> str:
    """Lower case, plain apostrophes, no accents."""
    plain = unicodedata.normalize("NFKD", word.replace("’", "'").replace("‘", "'"))
    return "".join(char for char in plain if not unicodedata.combining(char)).lower().strip() or word.lower()


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """One form for singular and plural, British and American spelling. For comparing only: it need not be a word."""
    word = folded(word).replace(".", "").replace("*", "")
    if word.endswith(("'s", "s'")):
        return word.replace("'", "")
    word = word.replace("'", "").replace("creme", "cream")
    if word in _KEPT or len(word) < 4:
        return word
    for ending, instead in (
        ("ies", "y"), ("ie", "y"), ("ves", "f"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"),
        ("zes", "z"), ("oes", "o"),
    ):  # fmt: skip
        if word.endswith(ending):
            word = word[: -len(ending)] + instead
            break
    else:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            word = word[:-1]
    if len(word) >= 6:
        word = re.sub(r"(?<=\w{3})is(e|er|ing|ed|ation)$", r"iz\1", word.replace("our", "or")).replace("grey", "gray")
    word = re.sub(r"tre$", "ter", word)
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def tokenise(text: str) -> tuple[Token, ...]:
    """The words and marks of a text. Hyphens inside a word part it; contractions become two tokens."""
    tokens = list(_tokens(text))
    for at, token in enumerate(tokens[:-1]):
        if tokens[at + 1].form == "free" and token.form.removesuffix("s") in _WITHOUT:
            tokens[at + 1] = replace(tokens[at + 1], joined=True)  # fragrance free
        if token.text == "4" and tokens[at + 1].form in _AFTER_FOR:
            tokens[at] = replace(token, form="for", stem="for")
        elif token.text == "2" and tokens[at + 1].form in _AFTER_TO:
            tokens[at] = replace(token, form="to", stem="to")
        elif token.form == "to" and at and tokens[at - 1].form in _DEGREES and tokens[at + 1].form in _GRADED:
            tokens[at] = replace(token, form="too", stem="too")
    return tuple(tokens)


def _tokens(text: str) -> Iterator[Token]:
    end = 0
    for found in _PIECES.finditer(text):
        if found.lastgroup == "mark" and found.group() in "-–—/" and _inside(text, found):
            end = -found.end()
            continue
        if found.group() == "." and _SHORTENED.search(text[: found.start()]):
            continue
        joined = abs(end) == found.start() and end != 0 and found["mark"] is None
        end = found.end()
        yield from _parts(found, joined)


def _inside(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()][-1:], text[found.end() : found.end() + 1]
    return before.isalnum() and after.isalnum() and not (before.isdigit() and after.isdigit())


def _parts(found: re.Match[str], joined: bool) -> Iterator[Token]:
    text, start, end = found.group(), found.start(), found.end()
    if found["number"] is not None and found["unit"]:
        cut = start + len(found["number"])
        yield Token(found["number"], found["number"], found["number"], start, cut, joined)
        unit = found["unit"].replace("’", "'").lstrip("'")
        yield Token(found["unit"], unit.lower(), unit.lower(), cut, end, True)
        return
    form = folded(text)
    negated = _NOT.fullmatch(form)
    head, _, tail = form.rpartition("'")
    if form in _BARE or negated:
        stump = negated[1] if negated else ""
        one, two = _BARE.get(form) or ({"wo": "will", "ai": "is", "dos": "does"}.get(stump, stump), "not")
        yield Token(text, one, one, start, end, joined)
        yield Token("", two, two, end, end)
    elif (
        head
        and tail in _CONTRACTED
        and (tail != "s" or head in _SUBJECTS)
        and (head in _SUBJECTS or tail in ("ll", "ve", "d"))
    ):
        second = "us" if head == "let" else _CONTRACTED[tail]
        yield Token(text[: len(head)], head, head, start, start + len(head), joined)
        yield Token(text[len(head) :], second, second, start + len(head), end)
    elif form in _SHORTHAND and text == text.lower():
        yield Token(text, _SHORTHAND[form], stem(_SHORTHAND[form]), start, end, joined)
    else:
        yield Token(text, form, stem(text), start, end, joined)


@dataclass(frozen=True)
class Sentence:
    """A text, its tokens, and `plain`: their forms with single spaces between, on which patterns are matched."""

    text: str
    tokens: tuple[Token, ...]

    @staticmethod
    def of(text: str) -> Sentence:
        return Sentence(text, tokenise(text))

    @property
    def plain(self) -> str:
        return " ".join(token.form for token in self.tokens)

    def starts(self) -> list[int]:
        """Where each token begins in `plain`."""
        found, at = [], 0
        for token in self.tokens:
            found.append(at)
            at += len(token.form) + 1
        return found

    def quote(self, start: int, end: int) -> str:
        """The words of tokens [start, end) as they were written."""
        if start >= end:
            return ""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end].strip()


@dataclass(frozen=True)
class Matcher:
    """Finds patterns in a sentence, in tokens: a match begins and ends at a token's border."""

    sentence: Sentence
    plain: str
    starts: tuple[int, ...]

    @staticmethod
    def of(sentence: Sentence) -> Matcher:
        return Matcher(sentence, sentence.plain, tuple(sentence.starts()))

    def all(self, pattern: re.Pattern[str]) -> Iterator[tuple[int, int, re.Match[str]]]:
        """Every match with its token span."""
        for found in pattern.finditer(self.plain):
            if found.end() > found.start():
                yield self.at(found.start()), self.at(found.end()), found

    def at(self, place: int) -> int:
        """The token that begins at a place of `plain` or right after it."""
        return bisect_left(self.starts, place)

    def span(self, found: re.Match[str], group: str) -> tuple[int, int]:
        return self.at(found.start(group)), self.at(found.end(group))


def phrase(pattern: str) -> re.Pattern[str]:
    """A pattern over forms and single spaces that holds whole tokens."""
    return re.compile(rf"(?<!\S)(?:{pattern})(?!\S)")
