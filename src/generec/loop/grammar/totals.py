"""Bounds on a sum over a set, told from bounds on its members: `two hours in total`, `each under five euros`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generec.loop.grammar.acts import Doing
from generec.loop.grammar.found import Found, Wish
from generec.loop.grammar.marks import Mark, TotalMark, ValueMark
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Token
from generec.loop.grammar.words import GENERIC, STOPS
from generec.types import Condition

_MEMBER = re.compile(
    r"(?:none|nothing|neither|not (?:one|any)|no (?!more|longer|less|over|dearer|pricier|later|earlier|higher)\w+)\b"
)


@dataclass(frozen=True)
class Totals:
    """Moves the bounds of a sentence that are said of a set from its wishes to its totals."""

    found: Found
    tokens: tuple[Token, ...]
    marks: Mapping[int, Mark]
    doing: Doing
    roles: Roles

    def add(self) -> None:
        """Bounds that are said of a set as a whole."""
        if self.found.kind != "set" and not any(
            isinstance(mark, TotalMark) and not mark.each for mark in self.marks.values()
        ):
            return
        kept = []
        for wish in self.found.wishes:
            if wish.bounds and wish.bounds[0].field in self.roles.numeric and self._of_the_whole(wish):
                for bound in wish.bounds:
                    if bound.operator == "=":
                        bound = Condition(bound.field, "<=", float(str(bound.value)))
                    self.found.totals.append((bound.field, bound, wish.quote))
            else:
                kept.append(wish)
        self.found.wishes = kept

    def _of_the_whole(self, wish: Wish) -> bool:
        if self.found.kind == "set" and re.search(r"\b(?:fit|fits|fitting|total|altogether|sum)\b", wish.quote.lower()):
            return True
        if _MEMBER.match(wish.quote.lower()):
            return False
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
        said = self.tokens[wish.start - 1].form if wish.start else ""
        member = any(thing is None or mark.start > thing[0] for mark in before) or any(
            token.form in GENERIC for token in self.tokens[(thing or (0, 0))[1] : wish.start]
        )
        return not member or said in ("for", "costing", "totalling", "lasting", "of", "worth")

    def _same_clause(self, one: int, other: int) -> bool:
        low, high = min(one, other), max(one, other)
        return not any(token.form in STOPS or token.form in (",", "but") for token in self.tokens[low:high])
