"""Comparisons and ranges around quantities: under 5 euros, from 1946 to 1950, an hour at most, about ten minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generec.loop.grammar.marks import BoundMark, Comparison, NoiseMark, Role
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import Roles, flipped
from generec.loop.grammar.tokens import Matcher
from generec.loop.numbers import Quantity, Unit
from generec.types import Condition

BOUNDS = Phrases("bounds")


def _ends(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{pattern})$")


_PREFIXES: tuple[tuple[Comparison, Role | None, str], ...] = (
    ("<", "duration", "shorter"),
    ("<", "price", "cheaper"),
    ("<", "year", "older"),
    ("<", None, "under"),
    ("<=", None, "at_most"),
    (">", "duration", "longer"),
    (">", "price", "dearer"),
    (">", "year", "newer"),
    (">", None, "over"),
    (">=", None, "at_least"),
    ("=", None, "exactly"),
)
_SUFFIXES: tuple[tuple[Comparison, str], ...] = (("<=", "or_less"), (">=", "or_more"))
_ON = re.compile(r"(?:on|onwards?|forwards?|upwards?|up)(?!\S)(?! (?:a|an|the|my|tv|screen|[a-z]+ing)\b)")
_LONG = re.compile(r"(?:long|in length|in duration|of age|running time|of running time)(?!\S)")
_ADULTS = re.compile(
    r"(?<!\S)(?:men|women|people|adults|ladies|gentlemen|someone|anyone|somebody|those|folks|skin|seniors|fans)$"
)
_YEARS = re.compile(r"years?(?!\S)")
_TO = re.compile(r"(?:to|and|-|–|up to|until|till|through|or)$")
_CLUES: tuple[Role, ...] = ("duration", "price", "year", "closes", "opens", "episode", "energy", "rank")
_UNIT_ROLE: dict[Unit, Role] = {
    "money": "price",
    "minutes": "duration",
    "year": "year",
    "decade": "year",
    "date": "year",
}


@dataclass(frozen=True)
class Bounds:
    """Reads the bounds of a sentence for one catalogue.

    `usual`: the field that a bare number was last about; `adjusting`: the sentence changes it (`make it 25`).
    """

    roles: Roles
    usual: str | None = None
    adjusting: bool = False

    def marks(self, matcher: Matcher, quantities: Sequence[Quantity]) -> Iterator[BoundMark | NoiseMark]:
        """A mark for every comparison; noise where the catalogue has no such field."""
        yield from self._parts(matcher)
        yield from self._free(matcher)
        done = 0
        for at, quantity in enumerate(quantities):
            if quantity.start < done:
                continue
            other = quantities[at + 1] if at + 1 < len(quantities) else None
            before = quantities[at - 1] if at else None
            mark = self._range(matcher, quantity, other) if other else None
            mark = mark or self._single(matcher, quantity, before)
            if mark is not None:
                done = mark.end
                yield mark

    def _free(self, matcher: Matcher) -> Iterator[BoundMark]:
        """Free is a price of nothing, paid one of more."""
        field = self.roles.fields.get("price")
        if field is None:
            return
        for start, end, found in matcher.all(BOUNDS["free"]):
            if matcher.sentence.tokens[end - 1].joined:
                continue  # oil-free
            paid = found["paid"] is not None or found["refused"] is not None
            condition = Condition(field, ">", 0.0) if paid else Condition(field, "=", "0")
            yield BoundMark(start, end, field, condition, None if paid else condition)

    def _parts(self, matcher: Matcher) -> Iterator[BoundMark]:
        from generec.loop.numbers import ORDINALS, cardinal

        field = self.roles.fields.get("episode")
        for start, end, found in matcher.all(BOUNDS["part"]) if field else ():
            word = (found["ordinal"] or found["number"]).split()[0]
            number = ORDINALS.get(word) or (cardinal([word], 0) or (0,))[0]
            if field and number:
                condition = Condition(field, "=", f"{number:g}")
                yield BoundMark(start, end, field, condition, condition)

    def _range(self, matcher: Matcher, one: Quantity, two: Quantity) -> BoundMark | NoiseMark | None:
        between = (
            matcher.plain[matcher.starts[one.end] : matcher.starts[two.start]].strip() if one.end < two.start else ""
        )
        if not _TO.match(between.removesuffix(" the")):
            return None
        before = matcher.plain[: matcher.starts[one.start]].rstrip()
        lead = re.search(
            r"(?<!\S)(between|from|anywhere between|anything between|somewhere between)"
            r"(?: (?:the|years?|about|around|price|late|early))*$",
            before,
        )
        decades = one.unit == two.unit == "decade" and two.low == one.high + 1
        if between.split()[0] in ("and", "or") and not (lead and "between" in lead[1]) and not decades:
            return None
        if one.unit == "number" or (two.unit == "number" and one.unit != "clock"):
            shared = two.unit if one.unit == "number" else one.unit
            one, two = replace(one, unit=shared), replace(two, unit=shared)
            if one.unit == "minutes" and one.low < 5 and two.low >= 60 and two.low % 60 == 0:
                one = replace(one, low=one.low * 60, high=one.high * 60)  # one to two hours
        if (one.unit == "year" and two.unit == "decade") or (one.unit == "decade" and two.unit == "year"):
            two = replace(two, unit="year", low=two.high)
        field = self._field(matcher, one, None)
        start = matcher.at(lead.start()) if lead else one.start
        if field is None:
            known = _UNIT_ROLE.get(one.unit)
            return NoiseMark(start, two.end) if known else None
        low = self.roles.compare(field, ">=", one)[0]
        high = self.roles.compare(field, "<=", two)[1]
        return BoundMark(start, self._long(matcher, two.end), field, low, high)

    def _single(self, matcher: Matcher, quantity: Quantity, before: Quantity | None) -> BoundMark | NoiseMark | None:
        text = matcher.plain[: matcher.starts[quantity.start]].rstrip()
        rest = matcher.plain[matcher.starts[quantity.end] :] if quantity.end < len(matcher.starts) else ""
        start, end = quantity.start, quantity.end
        if (
            quantity.unit == "number"
            and quantity.low <= 24
            and BOUNDS["hours"].search(text)
            and self.roles.fields.get("opens")
        ):
            quantity = replace(quantity, unit="clock")
        comparison, role, text = self._prefix(text)
        if quantity.unit == "number" and comparison and _ADULTS.search(text):
            return NoiseMark(matcher.at(len(text) + 1), end)  # men over fifty
        if quantity.unit == "decade" and comparison in ("<", ">") and matcher.sentence.tokens[quantity.start].joined:
            return NoiseMark(matcher.at(len(text) + 1) if text else 0, end)  # for the over-sixties
        loose = BOUNDS["approx"].search(text) if comparison is None else None
        if loose:
            text = text[: loose.start()].rstrip()
        ending, length = self._suffix(rest, quantity, text)
        after = BOUNDS["loose"].match(rest)
        if ending is not None and (comparison is None or (comparison in ("<", "<=") and ending == "<=")):
            comparison = comparison or ending
            end = matcher.at(matcher.starts[end] + length)
        elif after:
            loose = after
            end = matcher.at(matcher.starts[end] + after.end())
        if comparison is None and not loose:
            budget = BOUNDS["budget"].search(text)
            if budget and quantity.unit in ("money", "minutes"):
                comparison, text = "<=", text[: budget.end("of") if budget["of"] else budget.start()].rstrip()
        elif comparison in ("<", "<=") and (budget := BOUNDS["budget"].search(text)):
            text = text[: budget.end("of") if budget["of"] else budget.start()].rstrip()
        if comparison not in (None, "=") or quantity.unit in ("decade", "year"):
            refused = BOUNDS["negated"].search(text)
            if refused and comparison is not None:
                comparison, text = flipped(comparison), text[: refused.start()].rstrip()
        if comparison is None and not loose and (ending is None and BOUNDS["from"].search(text) and _ON.match(rest)):
            comparison = ">="
        end = self._long(matcher, end)
        start = matcher.at(len(text) + 1) if text else 0
        start = min(start, quantity.start)
        return self._made(matcher, replace(quantity, start=start, end=end), comparison, role, bool(loose), before)

    def _long(self, matcher: Matcher, end: int) -> int:
        """Where a quantity ends with the words that say that it is a length."""
        said = _LONG.match(matcher.plain[matcher.starts[end] :]) if end < len(matcher.starts) else None
        return matcher.at(matcher.starts[end] + said.end()) if said else end

    def _made(
        self,
        matcher: Matcher,
        quantity: Quantity,
        comparison: Comparison | None,
        role: Role | None,
        loose: bool,
        before: Quantity | None,
    ) -> BoundMark | NoiseMark | None:
        start, end = quantity.start, quantity.end
        place = matcher.starts[end] if end < len(matcher.starts) else len(matcher.plain)
        if quantity.unit == "number" and role == "year" and 20 <= quantity.low <= 99 and "year" in self.roles.fields:
            quantity = replace(quantity, unit="year", low=1900 + quantity.low, high=1900 + quantity.high)  # after 95
        if quantity.unit == "number" and role == "year" and quantity.low < 100 and _YEARS.match(matcher.plain, place):
            return NoiseMark(start, end)  # no older than ten years
        if quantity.unit == "number":
            if comparison is None and not loose and self.adjusting and self.usual is not None:
                comparison = "="  # make it 25
                low, high = self.roles.compare(self.usual, comparison, quantity)
                return BoundMark(start, end, self.usual, low, high, plain=True)
            if comparison is None and not loose:
                return self._beside(matcher, quantity)
            if comparison is None and self._clue(matcher, quantity) is None:
                return None
            if (
                before is not None
                and before.unit != "number"
                and self._clue(matcher, quantity) is None
                and role is None
            ):
                quantity = replace(quantity, unit=before.unit)
        if quantity.unit == "minutes" and role == "year":
            return None  # before ten minutes: nothing compared
        field = self._field(matcher, quantity, role)
        if field is None:
            return NoiseMark(start, end) if _UNIT_ROLE.get(quantity.unit) or comparison else None
        if loose:
            low, high = self.roles.about(field, quantity)
            return BoundMark(start, end, field, low, high, soft=True)
        plain = comparison is None
        low_, high_ = self.roles.compare(field, comparison or self._implied(matcher, field, quantity), quantity)
        return BoundMark(start, end, field, low_, high_, plain=plain)

    def _implied(self, matcher: Matcher, field: str, quantity: Quantity) -> Comparison:
        """Open at nine: it opens then or before; open until ten: it closes then or later."""
        text = matcher.plain[: matcher.starts[quantity.start]].rstrip()
        if field == self.roles.fields.get("opens") and re.search(r"\b(?:open|is open|are open) (?:at|by)$", text):
            return "<="
        return "="

    def _beside(self, matcher: Matcher, quantity: Quantity) -> BoundMark | None:
        """A bare number beside the name of a numeric field."""
        text = matcher.plain[: matcher.starts[quantity.start]].rstrip()
        for name in sorted(self.roles.numeric):
            said = name.replace("_", " ")
            found = re.search(rf"(?<!\S){re.escape(said)}(?: (?:of|is|=|:))*$", text)
            if found and len(name) > 3:
                low, high = self.roles.compare(name, "=", quantity)
                return BoundMark(matcher.at(found.start()), quantity.end, name, low, high, plain=True)
        return None

    def _prefix(self, text: str) -> tuple[Comparison | None, Role | None, str]:
        for comparison, role, said in _PREFIXES:
            found = BOUNDS[said].search(text)
            if found and not (found.group().startswith("over") and text.endswith("starting over")):
                return comparison, role, text[: found.start()].rstrip()
        return None, None, text

    def _suffix(self, rest: str, quantity: Quantity, text: str) -> tuple[Comparison | None, int]:
        for comparison, said in _SUFFIXES:
            found = BOUNDS[said].match(rest)
            if found and not (found.group() == "on" and not BOUNDS["from"].search(text)):
                return comparison, found.end()
        if BOUNDS["from"].search(text) and quantity.unit in ("year", "decade", "date"):
            found = _ON.match(rest)
            if found:
                return ">=", found.end()
        return None, 0

    def _clue(self, matcher: Matcher, quantity: Quantity) -> str | None:
        """The field that the words of the sentence around a number speak of, the nearest before it first."""
        place = matcher.starts[quantity.start]
        first = max((matcher.plain.rfind(f" {mark} ", 0, place) for mark in ".!?;"), default=-1)
        end = next((found.start() for found in re.finditer(r" [.,!?;]", matcher.plain) if found.start() > place), None)
        for text in (matcher.plain[max(first, 0) : place], matcher.plain[place:end]):
            near = [(found.start(), role) for role in _CLUES for found in BOUNDS[role].finditer(text)]
            near = [(at, role) for at, role in near if role in self.roles.fields]
            if near:
                return self.roles.fields[max(near, key=lambda one: one[0])[1]]
        for name in sorted(self.roles.numeric):
            if re.search(rf"(?<!\S){re.escape(name.replace('_', ' '))}(?!\S)", matcher.plain[:place]) and len(name) > 3:
                return name
        return None

    def _field(self, matcher: Matcher, quantity: Quantity, role: Role | None) -> str | None:
        fields = self.roles.fields
        if quantity.unit == "clock":
            text = matcher.plain[max(0, matcher.starts[quantity.start] - 40) : matcher.starts[quantity.start] + 40]
            ending = re.search(r"\b(?:clos\w+|shuts?|ends?|finish\w*|open (?:un)?till?|open until|until|till)\b", text)
            return fields.get("closes" if ending else "opens")
        known = self.roles.of_unit(quantity.unit)
        if known is not None or quantity.unit != "number":
            return known
        if role is not None and role != "year" and role in fields:
            return fields[role]
        if role == "year" and quantity.low < 100 and self._clue(matcher, quantity) is None:
            return fields.get("opens")
        clue = self._clue(matcher, quantity)
        if clue is not None:
            return clue
        return self.usual or fields.get("price") or fields.get("duration")
