"""Numbers as people write them: in words and digits, of money, minutes, years, decades, dates and times of day."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from generec.loop.grammar.tokens import Token

Unit = Literal["money", "minutes", "year", "decade", "date", "clock", "number"]

ONES = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
TENS = {
    word: 10 * number
    for number, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
TENS["fourty"] = 40
DECADES = {"twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
           "nineties": 90, "noughties": 0, "teens": 10}  # fmt: skip
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "opening": 1,
}  # fmt: skip
_MONEY_WORDS = frozenset(
    [
        "euro",
        "euros",
        "eur",
        "dollar",
        "dollars",
        "usd",
        "buck",
        "bucks",
        "pound",
        "pounds",
        "gbp",
        "quid",
        "cents",
        "cent",
    ]
)
_SYMBOLS = frozenset("$€£")
_NOTES = {"fiver": 5.0, "tenner": 10.0}
_SPARE = frozenset(["free", "spare", "whole", "full", "good", "solid", "single"])
_HOURS = frozenset(["hour", "hours", "hr", "hrs", "h"])
_MINUTES = frozenset(["minute", "minutes", "min", "mins", "m"])
_SECONDS = frozenset(["second", "seconds", "sec", "secs"])
_HALVES = {("first", "half"): (0, 4), ("second", "half"): (5, 9)}
_PARTS = {"early": (0, 3), "mid": (4, 6), "middle": (4, 6), "late": (7, 9)}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or a stretch of time in tokens [start, end). `low` and `high` differ for decades and for dates.

    money is in units of the currency, minutes in minutes, clock in hours; dates are ordinals of `datetime.date`.
    """

    unit: Unit
    low: float
    high: float
    start: int
    end: int


def quantities(tokens: Sequence[Token]) -> list[Quantity]:
    """Every quantity, the longest reading at each place, left to right."""
    forms = [token.form for token in tokens]
    found, at = [], 0
    while at < len(forms):
        one = next((made for read in _READERS if (made := read(forms, at)) is not None), None)
        if one is None:
            at += 1
        else:
            found.append(one)
            at = one.end
    return found


def cardinal(forms: Sequence[str], at: int) -> tuple[float, int] | None:
    """A number in words or digits at a token, and the token after it."""
    word = forms[at] if at < len(forms) else ""
    if re.fullmatch(r"[0-9]+(?:[.,][0-9]+)*", word):
        plain = re.sub(r",(?=[0-9]{3}(?:\D|$))", "", word).replace(",", ".")
        value = float(plain) if plain.count(".") < 2 else float(plain.replace(".", ""))
        return _fraction(forms, at + 1, value)
    if word in TENS:
        value, at = float(TENS[word]), at + 1
        if at < len(forms) and 1 <= ONES.get(forms[at], 0) <= 9:
            value, at = value + ONES[forms[at]], at + 1
        return _hundreds(forms, at, value)
    if word in ONES:
        return _hundreds(forms, at + 1, float(ONES[word]))
    if word == "a" and _at(forms, at + 1) == "hundred":
        return _hundreds(forms, at + 1, 1.0)
    half = 2 if word == "half" and _at(forms, at + 1) == "a" else 1
    if word == "half" and _at(forms, at + half) == "dozen":
        return 6.0, at + half + 1
    if word in ("dozen", "couple", "pair") or (word == "a" and _at(forms, at + 1) in ("dozen", "couple", "pair")):
        step = at + (1 if word == "a" else 0)
        of = 1 if _at(forms, step + 1) == "of" else 0
        return (12.0 if forms[step] == "dozen" else 2.0), step + 1 + of
    return None


def _hundreds(forms: Sequence[str], at: int, value: float) -> tuple[float, int]:
    for word, factor in (("hundred", 100.0), ("thousand", 1000.0)):
        if _at(forms, at) == word:
            value, at = value * factor, at + 1
            step = at + (1 if _at(forms, at) == "and" else 0)
            rest = cardinal(forms, step) if _at(forms, step) in ONES or _at(forms, step) in TENS else None
            if rest is not None:
                value, at = value + rest[0], rest[1]
    return _fraction(forms, at, value)


def _fraction(forms: Sequence[str], at: int, value: float) -> tuple[float, int]:
    if tuple(forms[at : at + 3]) == ("and", "a", "half"):
        return value + 0.5, at + 3
    if tuple(forms[at : at + 3]) == ("and", "a", "quarter"):
        return value + 0.25, at + 3
    return value, at


def _at(forms: Sequence[str], at: int) -> str:
    return forms[at] if 0 <= at < len(forms) else ""


def _money(forms: Sequence[str], at: int) -> Quantity | None:
    if forms[at] in _SYMBOLS:
        found = cardinal(forms, at + 1)
        return None if found is None else Quantity("money", found[0], found[0], at, found[1])
    step = at + (1 if forms[at] in ("a", "one") else 0)
    if _at(forms, step) in _NOTES:
        return Quantity("money", _NOTES[forms[step]], _NOTES[forms[step]], at, step + 1)
    found = cardinal(forms, at)
    if found is None:
        return None
    value, end = found
    if _at(forms, end) in _SYMBOLS or _at(forms, end) in _MONEY_WORDS:
        cents = _at(forms, end) in ("cent", "cents")
        more = cardinal(forms, end + 1) if _at(forms, end + 1).isdigit() and not cents else None
        if more is not None and more[0] < 100 and re.fullmatch(r"[0-9]{2}", forms[end + 1]) and more[1] == end + 2:
            return Quantity("money", value + more[0] / 100, value + more[0] / 100, at, end + 2)
        value = value / 100 if cents else value
        return Quantity("money", value, value, at, end + 1)
    return None


def _minutes(forms: Sequence[str], at: int) -> Quantity | None:
    share = _share(forms, at)
    if share is not None:
        return share
    if tuple(forms[at : at + 4]) == ("an", "hour", "or", "two"):
        return Quantity("minutes", 120, 120, at, at + 4)
    for words, value in _PARTS_OF_HOUR:  # a quarter to half an hour: the hour is said once
        end = at + len(words)
        after = tuple(forms[end + 1 : end + 3])
        if tuple(forms[at:end]) == words and _at(forms, end) in ("to", "and", "or", "-") and after in _OF_AN_HOUR:
            return Quantity("minutes", value, value, at, end)
    found = cardinal(forms, at) or ((1.0, at + 1) if forms[at] in ("a", "an", "one") else None)
    if found is None:
        return None
    value, end = found
    end += _at(forms, end) in _SPARE and _at(forms, end + 1) in _HOURS | _MINUTES
    word = _at(forms, end)
    if word in _HOURS:
        value, end = 60 * value, end + 1
        for words, more in _AFTER_HOURS:
            if tuple(forms[end : end + len(words)]) == words:
                return Quantity("minutes", value + more, value + more, at, end + len(words))
        step = end + (1 if _at(forms, end) == "and" else 0)
        rest = cardinal(forms, step)
        if rest is not None and (_at(forms, rest[1]) in _MINUTES or (rest[1] == end + 1 and forms[end - 1] == "h")):
            ends = rest[1] + (1 if _at(forms, rest[1]) in _MINUTES else 0)
            return Quantity("minutes", value + rest[0], value + rest[0], at, ends)
        return Quantity("minutes", value, value, at, end)
    if word in _MINUTES:
        return Quantity("minutes", value, value, at, end + 1)
    if word in _SECONDS:
        return Quantity("minutes", value / 60, value / 60, at, end + 1)
    return None


def _share(forms: Sequence[str], at: int) -> Quantity | None:
    """A part of an hour: `two thirds of an hour`, `half an hour`, `3/4 of an hour`."""
    many, step = 1.0, at
    if forms[at] in ("a", "an"):
        step = at + 1
    elif (found := cardinal(forms, at)) is not None:
        many, step = found
    if _at(forms, step) == "/" and _at(forms, step + 1).isdigit():
        parts, step = float(forms[step + 1]), step + 2
    else:
        parts, step = _SHARES.get(_at(forms, step).removesuffix("s"), 0.0), step + 1
    step += _at(forms, step) == "of"
    step += _at(forms, step) in ("a", "an", "the", "one")
    if not parts or _at(forms, step) not in _HOURS:
        return None
    return Quantity("minutes", 60 * many / parts, 60 * many / parts, at, step + 1)


_SHARES = {"half": 2.0, "third": 3.0, "quarter": 4.0, "fifth": 5.0, "sixth": 6.0, "tenth": 10.0}
_PARTS_OF_HOUR: tuple[tuple[tuple[str, ...], float], ...] = ((("a", "quarter"), 15.0), (("half",), 30.0))
_OF_AN_HOUR = frozenset([("half", "an"), ("three", "quarters"), ("half", "hour")])
_AFTER_HOURS: tuple[tuple[tuple[str, ...], float], ...] = (
    (("and", "a", "half"), 30.0), (("and", "a", "quarter"), 15.0), (("and", "three", "quarters"), 45.0),
)  # fmt: skip


def _decade(forms: Sequence[str], at: int) -> Quantity | None:
    start = at
    part = _PARTS.get(forms[at]) or _HALVES.get((forms[at], _at(forms, at + 1)))
    if part is not None:
        at += 1 if forms[at] in _PARTS else 2
        if tuple(forms[at : at + 2]) == ("of", "the") or _at(forms, at) == "the":
            at += 2 if forms[at] == "of" else 1
    century = 1900
    if _at(forms, at) == "nineteen" or _at(forms, at) == "1900s":
        at += 1
    word = _at(forms, at)
    if word in DECADES and not (word == "teens" and forms[at - 1 : at] != ["the"]) and word != "teens":
        century = 2000 if word == "noughties" else 1900
        low, end = float(century + DECADES[word]), at + 1
    elif re.fullmatch(r"[0-9]{2}|[0-9]{4}", word) and word.endswith("0") and _at(forms, at + 1) in ("s", "'s"):
        low, end = (
            float(word) if len(word) == 4 else float((2000 if word in ("00", "10") else 1900) + int(word)),
            at + 2,
        )
        if len(word) == 4 and low % 100 == 0 and low < 2000:
            return None
    else:
        return None
    first, last = part or (0, 9)
    return Quantity("decade", low + first, low + last, start, end)


def _date(forms: Sequence[str], at: int) -> Quantity | None:
    iso = re.fullmatch(r"(\d{4})", forms[at])
    if iso and _at(forms, at + 1) == "-" and _at(forms, at + 3) == "-":
        return _day(iso[1], forms[at + 2], _at(forms, at + 4), at, at + 5)
    day = re.fullmatch(r"[0-9]{1,2}", forms[at])
    if day:
        step = at + (1 if _at(forms, at + 1) in ("st", "nd", "rd", "th") else 0)
        step += 1 if _at(forms, step + 1) == "of" else 0
        month, year = MONTHS.get(_at(forms, step + 1)), _at(forms, step + 2)
        if month and _is_year(year):
            return _day(year, str(month), forms[at], at, step + 3)
        return None
    month = MONTHS.get(forms[at])
    if month is None:
        return None
    step = at + 1 + (1 if _at(forms, at + 1) == "of" else 0)
    if _is_year(_at(forms, step)):
        first = date(int(forms[step]), month, 1)
        last = date(first.year, month, calendar.monthrange(first.year, month)[1])
        return Quantity("date", first.toordinal(), last.toordinal(), at, step + 1)
    number = _at(forms, at + 1)
    if re.fullmatch(r"[0-9]{1,2}", number):
        step = at + 2 + (1 if _at(forms, at + 2) in ("st", "nd", "rd", "th") else 0)
        step += 1 if _at(forms, step) == "," else 0
        if _is_year(_at(forms, step)):
            return _day(forms[step], str(month), number, at, step + 1)
    return None


def _day(year: str, month: str, day: str, start: int, end: int) -> Quantity | None:
    try:
        found = date(int(year), int(month), int(day)).toordinal()
    except ValueError:
        return None
    return Quantity("date", found, found, start, end)


def _is_year(word: str) -> bool:
    return re.fullmatch(r"(18|19|20)[0-9]{2}", word) is not None


def _year(forms: Sequence[str], at: int) -> Quantity | None:
    if _is_year(forms[at]):
        return Quantity("year", float(forms[at]), float(forms[at]), at, at + 1)
    if forms[at] == "'" and re.fullmatch(r"[3-9][0-9]", _at(forms, at + 1)):
        return Quantity("year", 1900 + float(forms[at + 1]), 1900 + float(forms[at + 1]), at, at + 2)
    if forms[at] in ("nineteen", "twenty"):
        rest = cardinal(forms, at + 1)
        if rest is not None and 10 <= rest[0] <= 99 and forms[at + 1] in (*TENS, *ONES):
            value = (1900 if forms[at] == "nineteen" else 2000) + rest[0]
            return Quantity("year", value, value, at, rest[1])
    return None


def _clock(forms: Sequence[str], at: int) -> Quantity | None:
    if forms[at] in ("noon", "midday", "midnight"):
        value = 24.0 if forms[at] == "midnight" else 12.0
        return Quantity("clock", value, value, at, at + 1)
    past = 2 if forms[at] in ("half", "quarter") else 3 if (forms[at], _at(forms, at + 1)) == ("a", "quarter") else 0
    if past and _at(forms, at + past - 1) in ("past", "to", "after"):
        hour = cardinal(forms, at + past)
        if hour is not None and hour[0] <= 24:
            minutes = 0.5 if forms[at] == "half" else -0.25 if forms[at + past - 1] == "to" else 0.25
            return _half_of_day(forms, hour[0] + minutes, at, hour[1])
    colon = re.fullmatch(r"([01]?[0-9]|2[0-4])[:.]([0-5][0-9])", forms[at])
    if colon and (":" in forms[at] or _at(forms, at + 1) in ("pm", "am", "p.m.", "a.m.")):
        return _half_of_day(forms, int(colon[1]) + int(colon[2]) / 60, at, at + 1)
    hour = cardinal(forms, at)
    if (
        hour is not None
        and hour[0] <= 24
        and (
            _at(forms, hour[1]) in ("pm", "am", "p.m.", "a.m.", "p.m", "a.m", "o'clock")
            or tuple(forms[hour[1] : hour[1] + 2]) == ("at", "night")
            or tuple(forms[hour[1] : hour[1] + 3]) in _PARTS_OF_DAY
        )
    ):
        return _half_of_day(forms, hour[0], at, hour[1])
    return None


_PARTS_OF_DAY = frozenset(("in", "the", part) for part in ("morning", "afternoon", "evening"))


def _half_of_day(forms: Sequence[str], value: float, start: int, end: int) -> Quantity:
    if _at(forms, end) == "o'clock":
        end += 1
    mark = _at(forms, end).replace(".", "")
    evening = mark == "pm" or tuple(forms[end : end + 3]) in (("in", "the", "evening"), ("in", "the", "afternoon"))
    if mark in ("pm", "am"):
        end += 1
    elif evening or tuple(forms[end : end + 3]) == ("in", "the", "morning"):
        end += 3
    elif tuple(forms[end : end + 2]) == ("at", "night"):
        evening, end = True, end + 2
    value = value + 12 if evening and value < 12 else value
    return Quantity("clock", value, value, start, end)


def _number(forms: Sequence[str], at: int) -> Quantity | None:
    found = cardinal(forms, at)
    return None if found is None else Quantity("number", found[0], found[0], at, found[1])


_READERS: tuple[Callable[[Sequence[str], int], Quantity | None], ...] = (
    _clock, _date, _money, _minutes, _decade, _year, _number,
)  # fmt: skip
