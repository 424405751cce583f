"""Reads a text as tokens in a normal form, so that two spellings of one thing compare equal and nothing else does.

Equal: case, curly and straight quotes, kinds of dash, `&` and `and`, `isn't` and `is not`, `1,000` and `1000`, `two`
and `2`, `20 min` and `20 minutes`, `€20` and `20 euros`, `5 May 2024` and `2024-05-05`. Everything else that can be
seen (a comma, a minus, an asterisk) is a token of its own and has to match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from generec.evidence.lexicon import (
    CASED_UNITS,
    CURRENCIES,
    FUNCTION_WORDS,
    IRREGULAR_PLURALS,
    MONTHS,
    NUMBER_WORDS,
    PLURAL_CHANGES,
    UNITS,
    VERBS,
)

UNIT = "unit:"
DATE = "date:"

_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_PIECES = re.compile(
    rf"""
    (?P<iso>(?<![\w-])[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?![\w-]))
    |(?<![\w.])(?P<day>[0-9]{{1,2}})\ (?P<month>{_MONTH})(?!\w)(?:,?\ (?P<year>[0-9]{{4}})(?!\w|,[0-9]))?
    |(?<!\w)(?P<month2>{_MONTH})\ (?P<day2>[0-9]{{1,2}})(?:,?\ (?P<year2>[0-9]{{4}})(?!\w|,[0-9])|(?!\w|[:.,][0-9]))
    |(?P<number>[0-9]+(?:[.,][0-9]+)*)(?P<attached>[^\W\d_]+)?(?![^\W_])
    |(?P<word>[^\W_]+(?:['’][^\W_]+)*)
    |(?P<other>\S)
    """,
    re.VERBOSE,
)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_CONTRACTED = re.compile(r"(?:it|he|she|that|this|there|here|they|we|you|i|who|what|one)'(?:s|re|ve|ll|d|m)")
_NEGATED = {"ca": "can", "wo": "will", "sha": "shall"}
_SYMBOLS = {
    **dict.fromkeys("“”„«»", '"'), **dict.fromkeys("‘’`´", "'"), **dict.fromkeys("‐‑‒–—−", "-"), "&": "and",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text: what it is compared by, and where it stands."""

    form: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return self.form[0].isdigit() and self.form[0].isascii()

    @property
    def is_word(self) -> bool:
        return self.form[0].isalpha() and not self.form.startswith((UNIT, DATE))

    @property
    def is_content(self) -> bool:
        """Whether the token says something of its own."""
        return (self.is_word and self.form not in FUNCTION_WORDS) or self.form[0].isdigit() or ":" in self.form[1:]


def tokenise(text: str) -> tuple[Token, ...]:
    """The tokens of a text in order. An amount's currency follows its number, wherever it was written."""
    return tuple(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    pending: Token | None = None  # a currency that waits for its amount
    after_number = False
    for found in _PIECES.finditer(text):
        start, end, raw = found.start(), found.end(), found.group()
        if pending is not None and found["number"] is None:
            yield Token(text[pending.start : pending.end].casefold(), pending.start, pending.end)
            pending = None
        if found["number"] is not None:
            yield from _number(found)
            if pending is not None:
                yield pending
            after_number, pending = not found["attached"] and pending is None, None
            continue
        if raw in CURRENCIES and not after_number:
            pending = Token(UNIT + CURRENCIES[raw], start, end)
            continue
        if found["iso"] or found["day"] or found["month2"]:
            yield Token(_date(found), start, end)
        elif after_number and (unit := _unit(raw)) is not None:
            yield Token(unit, start, end)
        elif found["word"]:
            yield from _word(raw, start, end)
        else:
            yield Token(_SYMBOLS.get(raw, raw), start, end)
        after_number = (raw.casefold() in NUMBER_WORDS) or (after_number and _SYMBOLS.get(raw, raw) == "-")
    if pending is not None:
        yield Token(text[pending.start : pending.end].casefold(), pending.start, pending.end)


def _number(found: re.Match[str]) -> Iterator[Token]:
    digits, attached = found["number"], found["attached"]
    middle = found.end("number")
    unit = None if attached is None or len(attached) < 2 else _unit(attached)
    if attached is not None and (unit is None or not unit.startswith(UNIT)):
        yield Token(found.group(), found.start(), found.end())  # 1080p, 5G, 2nd: no number of anything
        return
    plain = digits.replace(",", "") if _THOUSANDS.fullmatch(digits) else digits
    yield Token(plain, found.start(), middle)
    if unit is not None:
        yield Token(unit, middle, found.end())


def _unit(raw: str) -> str | None:
    """The normal form of what follows a number, None where that is an ordinary word."""
    name = CASED_UNITS.get(raw) or (UNITS.get(raw.casefold()) if len(raw) > 1 or raw == "%" else None)
    name = name or CURRENCIES.get(raw)
    if name is not None:
        return UNIT + name
    short = raw.isalpha() and len(raw) <= 2 and raw.casefold() not in FUNCTION_WORDS
    return raw if short and not raw.islower() else None  # an unknown symbol keeps its capitals: M is not m


def _word(raw: str, start: int, end: int) -> Iterator[Token]:
    form = raw.casefold().replace("’", "'")
    if form.endswith("n't"):
        stem = form[:-3]
        forms: tuple[str, ...] = (_NEGATED.get(stem, stem), "not")
    elif form == "cannot":
        forms = ("can", "not")
    elif _CONTRACTED.fullmatch(form):
        forms = (form[: form.index("'")], form[form.index("'") :])
    else:
        forms = (NUMBER_WORDS.get(form, form),)
    for one in forms:
        yield Token(one, start, end)


def _date(found: re.Match[str]) -> str:
    if found["iso"]:
        return DATE + found["iso"]
    suffix = "" if found["month"] else "2"
    year = found["year" + suffix] or "-"
    return f"{DATE}{year}-{MONTHS[found['month' + suffix]]:02d}-{int(found['day' + suffix]):02d}"


def singular(form: str) -> str:
    """The singular of a plural noun by simple rules; words that would change their meaning stay as they are."""
    if form in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[form]
    if len(form) < 4 or not form.isalpha() or not form.endswith("s") or form.endswith(("ss", "us", "is")):
        return form
    if form in PLURAL_CHANGES or form in VERBS or form in FUNCTION_WORDS:
        return form
    if form.endswith("ies") and len(form) > 4:
        stem = form[:-3] + "y"
    elif form.endswith(("sses", "shes", "ches", "xes", "zzes")):
        stem = form[:-2]
    else:
        stem = form[:-1]
    return form if stem in PLURAL_CHANGES or stem in VERBS else stem
