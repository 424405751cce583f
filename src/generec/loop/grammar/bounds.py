"""Comparisons and ranges around quantities: under 5 euros, from 1946 to 1950, an hour at most, about ten minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generec.loop.grammar.marks import BoundMark, Comparison, NoiseMark, Role
from generec.loop.grammar.roles import Roles, flipped
from generec.loop.grammar.tokens import Matcher, phrase
from generec.loop.numbers import Quantity, Unit
from generec.types import Condition


def _ends(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:{pattern})$")


_FILL = r"(?: (?:the|a|an|year|years|age|of|in|price|sum|total|limit|costs?|about|something|like|date|dates|from|that|are|is))*"
_COMPARED: tuple[tuple[Comparison, Role | None, str], ...] = (
    ("<", "duration", r"shorter than|quicker than|briefer than"),
    ("<", "price", r"cheaper than|less expensive than|more affordable than"),
    ("<", "year", r"older than|earlier than|prior to|before"),
    ("<", None, r"under|below|beneath|less than|fewer than|lower than|smaller than|sub|underneath|inside"),
    ("<=", None, r"at (?:the )?(?:very )?most|up to|up till|up until|maximum|max|maximal|a maximum|within|until|till|not to exceed|capped at|"
     r"a limit|limit|limited to|ceiling|a ceiling|spend|fits? (?:in|into|inside)|fitting (?:in|into)|done in|through"),
    (">", "duration", r"longer than"),
    (">", "price", r"dearer than|pricier than|more expensive than|costlier than"),
    (">", "year", r"newer than|later than|younger than|more recent than|after|post"),
    (">", None, r"over|above|more than|greater than|higher than|exceeding|beyond|past|bigger than|larger than|north of|in excess of"),
    (">=", None, r"at (?:the )?(?:very )?least|minimum|min|minimal|a minimum|since|starting (?:at|from|in|with)|as from|upwards of|upward of"),
    ("=", None, r"exactly|precisely|bang on"),
)  # fmt: skip
_PREFIXES = tuple((comparison, role, _ends(rf"(?:{words}){_FILL}")) for comparison, role, words in _COMPARED)
_NEGATED = _ends(
    r"(?:no|not|nothing|none|never|neither|nor|without|except|anything but|no one|cannot|can not|do not want|excluding)"
    r"(?: (?:be|it|that|which|is|are|was|were|made|released|published|anything|any|one|ones|the|of|them|costs?|costing|priced|lasts?|lasting|takes?|"
    r"taking|goes|go|going|running|runs?|much|movies?|films?|videos?|articles?|items?|products?|thing|to|from|for|ever|at all|all|set|shot|filmed|should|must|want))*"
)
_APPROX = _ends(
    r"(?:about|around|roughly|approximately|approx|circa|ca|c|nearly|almost|somewhere (?:around|near)|in the region of|close to|near|or so|say|more or less|something like|plus minus)"
    r"(?: (?:the|a|an|year|years))*"
)
_BUDGET = _ends(
    r"(?:(?:i|we) (?:only |just |still )?(?:have|have got|got|had)(?: only| just| about)?|budget(?: (?:of|is|are|around|at|:|to))*|"
    r"(?:can|could|will|want to|like to|willing to|prepared to|able to|going to|ready to) (?:only |just )?(?:spend|pay|afford)(?: is)?|with only|with just|got|have got|"
    r"to spend|pay|spending|spend|afford)(?: only| just)?"
)
_FROM = _ends(r"from|starting|as of")
_SUFFIX_WORDS: tuple[tuple[Comparison, str], ...] = (
    ("<=", r"(?:or|and) (?:even )?(?:less|under|below|lower|cheaper|shorter|earlier|older|before|fewer|down)(?: than that)?|(?:at (?:the )?(?:very )?most|maximum|max|tops|limit|top|or bust)(?: please)?"),
    (">=", r"(?:or|and) (?:even )?(?:more|over|above|higher|longer|later|newer|after|up|upwards|onwards?|beyond|younger|since|more recent|better)|plus|\+|at (?:the )?(?:very )?least|minimum|min|"
     r"on(?=$| [,.!?;:]|$)|onwards?|on up|forwards?|upwards?|and onwards?"),
)  # fmt: skip
_SUFFIXES = tuple((comparison, re.compile(rf"(?:{words})(?!\S)")) for comparison, words in _SUFFIX_WORDS)
_ON = re.compile(r"(?:on|onwards?|forwards?|upwards?|up)(?!\S)(?! (?:a|an|the|my|tv|screen|[a-z]+ing)\b)")
_LOOSE = re.compile(
    r"(?:, )?(?:or so|or thereabouts|give or take(?: a (?:bit|little|few|minute|minutes|couple of minutes))?|ish|more or less|roughly|approximately|or around there|or about that)(?!\S)"
)
_LONG = re.compile(r"(?:long|in length|in duration|of age|running time|of running time)(?!\S)")
_HOURS = re.compile(
    r"\b(?:opens?|opening|starts?|starting|clos(?:es?|ing)|shuts?|ends?)(?: (?:at|by|from|before|after|until|till|around|earlier than|later than|no|not))*$"
)
_TO = re.compile(r"(?:to|and|-|–|up to|until|till|through|or)$")
_CLUES: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("duration", phrase(r"long|longer|short|shorter|last|lasts|lasting|take|takes|duration|length|runs|running time|runtime|minutes?|hours?|mins?")),
    ("price", phrase(r"costs?|costing|priced?|prices|pay|spend|budget|cheap|cheaper|expensive|bucks|euros?|dollars?|money|afford")),
    ("year", phrase(r"made|released|years?|older|newer|published|came out|dated|from before")),
    ("closes", phrase(r"clos(?:es?|ing)|shuts?")),
    ("opens", phrase(r"opens?|opening|doors")),
    ("episode", phrase(r"parts?|episodes?")),
    ("energy", phrase(r"energy")),
    ("rank", phrase(r"sales rank|rank")),
)  # fmt: skip
_UNIT_ROLE: dict[Unit, Role] = {
    "money": "price",
    "minutes": "duration",
    "year": "year",
    "decade": "year",
    "date": "year",
}
_PART = phrase(
    r"(?:the )?(?:(?P<ordinal>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|opening|\d+ (?:st|nd|rd|th)) (?:part|episode|instalment|installment|chapter)s?"
    r"|(?:part|episode|instalment|chapter)s? (?:number )?(?P<number>\d+|one|two|three|four|five|six|seven|eight|nine|ten))(?: of (?:any|a|each|every|some|the) series(?= (?:about|on))| of(?: (?:any|a|each|every|some))?(?: series)?)?"
)
_FREE = phrase(
    r"(?P<refused>(?:not|nothing|no|never|except|without|excluding)(?: (?:the|any|anything|for|that is|ones))* )?(?:for free|free of charge|at no (?:cost|charge)|free(?! (?:of|from|time|spirited|form|shipping|delivery|returns|samples?|to|up|spirits?|range))|"
    r"costs? nothing|that costs? nothing|no charge|complimentary|gratis|without paying|do not want to pay(?: anything)?)|(?P<paid>paid(?= (?:[a-z]+ )?(?:for|ones?|events?|videos?|articles?|content|items?|stuff|only|films?)|$| ,)|paid only|only paid|that (?:is not free|are not free))"
)


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
        for start, end, found in matcher.all(_FREE):
            if matcher.sentence.tokens[end - 1].joined:
                continue  # oil-free
            paid = found["paid"] is not None or found["refused"] is not None
            condition = Condition(field, ">", 0.0) if paid else Condition(field, "=", "0")
            yield BoundMark(start, end, field, condition, None if paid else condition)

    def _parts(self, matcher: Matcher) -> Iterator[BoundMark]:
        from generec.loop.numbers import ORDINALS, cardinal

        field = self.roles.fields.get("episode")
        for start, end, found in matcher.all(_PART) if field else ():
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
            r"(?<!\S)(between|from|anywhere between|anything between|somewhere between)(?: (?:the|years?|about|around|price|late|early))*$",
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
        return BoundMark(start, two.end, field, low, high)

    def _single(self, matcher: Matcher, quantity: Quantity, before: Quantity | None) -> BoundMark | NoiseMark | None:
        text = matcher.plain[: matcher.starts[quantity.start]].rstrip()
        rest = matcher.plain[matcher.starts[quantity.end] :] if quantity.end < len(matcher.starts) else ""
        start, end = quantity.start, quantity.end
        if quantity.unit == "number" and quantity.low <= 24 and _HOURS.search(text) and self.roles.fields.get("opens"):
            quantity = replace(quantity, unit="clock")
        comparison, role, text = self._prefix(text)
        loose = _APPROX.search(text) if comparison is None else None
        if loose:
            text = text[: loose.start()].rstrip()
        ending, length = self._suffix(rest, quantity, text)
        after = _LOOSE.match(rest)
        if comparison is None and ending is not None:
            comparison = ending
            end = matcher.at(matcher.starts[end] + length)
        elif after:
            loose = after
            end = matcher.at(matcher.starts[end] + after.end())
        if comparison is None and not loose:
            budget = _BUDGET.search(text)
            if budget and quantity.unit in ("money", "minutes"):
                comparison, text = "<=", text[: budget.start()].rstrip()
        elif comparison in ("<", "<=") and (budget := _BUDGET.search(text)):
            text = text[: budget.start()].rstrip()
        if comparison not in (None, "=") or quantity.unit in ("decade", "year"):
            refused = _NEGATED.search(text)
            if refused and comparison is not None:
                comparison, text = flipped(comparison), text[: refused.start()].rstrip()
        if comparison is None and not loose and (ending is None and _FROM.search(text) and _ON.match(rest)):
            comparison = ">="
        length_said = _LONG.match(matcher.plain[matcher.starts[end] :]) if end < len(matcher.starts) else None
        if length_said:
            end = matcher.at(matcher.starts[end] + length_said.end())
        start = matcher.at(len(text) + 1) if text else 0
        start = min(start, quantity.start)
        return self._made(matcher, replace(quantity, start=start, end=end), comparison, role, bool(loose), before)

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
        for comparison, role, pattern in _PREFIXES:
            found = pattern.search(text)
            if found and not (found.group().startswith("over") and text.endswith("starting over")):
                return comparison, role, text[: found.start()].rstrip()
        return None, None, text

    def _suffix(self, rest: str, quantity: Quantity, text: str) -> tuple[Comparison | None, int]:
        for comparison, pattern in _SUFFIXES:
            found = pattern.match(rest)
            if found and not (found.group() == "on" and not _FROM.search(text)):
                return comparison, found.end()
        if _FROM.search(text) and quantity.unit in ("year", "decade", "date"):
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
            near = [(found.start(), role) for role, pattern in _CLUES for found in pattern.finditer(text)]
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
