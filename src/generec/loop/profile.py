"""A person's profile: readable lines drawn from their history, each with its evidence, theirs to edit and delete."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from generec.data.conditions import mask
from generec.errors import UsageError, unknown
from generec.loop.fields import DISTINCT, number_fields, readable, value_fields
from generec.records import ProfileLine, fingerprint
from generec.types import Catalog, Condition

PROTECTED = frozenset({
    "gender", "sex", "race", "ethnicity", "ethnic", "religion", "religious", "faith", "politics", "political", "party",
    "orientation", "lgbt", "lgbtq", "gay", "lesbian", "queer", "transgender", "disability", "disabled", "health",
    "illness", "pregnancy", "pregnant", "nationality", "union", "caste", "age",
})  # fmt: skip
"""Words of fields and values from which nothing about a person is ever inferred."""

_SMALL = 2  # a line rests on at least so many events


@dataclass(frozen=True, kw_only=True)
class ProfileWriter:
    """Writes profile lines from a history: what it holds markedly more of than the catalogue's use in general.

    A value is mentioned when its share of the recent history exceeds what people in general choose by `lift`, and the
    excess is no accident (one-sided z of the binomial). A number is mentioned as a bound that nearly all of the history
    keeps and a good part of what people choose does not. Fields and values about protected attributes are left out.
    """

    lines: int = 6
    """At most so many."""
    of_one_field: int = 2
    """At most so many about one field, so that a long-running series does not fill the page."""
    lift: float = 1.6
    confidence: float = 2.0
    """Standard errors by which a share must exceed the general one."""
    recent: int = 50
    """Events read, the newest."""
    values: int = DISTINCT
    """A field with more distinct values than this describes items, not tastes."""

    def fit(self, catalog: Catalog, activity: Sequence[float]) -> FittedProfileWriter:
        """activity: how much each item is used, (N,); what people in general choose is measured by it."""
        return FittedProfileWriter(self, catalog, tuple(float(amount) for amount in activity))


@dataclass(frozen=True)
class FittedProfileWriter:
    """A profile writer that knows what people of this catalogue choose in general."""

    spec: ProfileWriter
    catalog: Catalog
    activity: tuple[float, ...]

    def write(self, history: Sequence[str]) -> tuple[ProfileLine, ...]:
        """The lines of a history (item ids, oldest first), the most telling first; none for a short history."""
        rows = self.catalog.known_rows(tuple(history)[-self.spec.recent :])
        if not rows:
            return ()
        chosen: list[ProfileLine] = []
        of_field: Counter[str] = Counter()
        for line in sorted([*self._by_value(rows), *self._by_number(rows)], key=lambda line: -line.weight):
            name = line.condition.field if line.condition is not None else ""
            if of_field[name] < self.spec.of_one_field and len(chosen) < self.spec.lines:
                chosen.append(line)
                of_field[name] += 1
        return tuple(chosen)

    def _by_value(self, rows: Sequence[int]) -> Iterable[ProfileLine]:
        for name, values in self._values.items():
            counted: Counter[str] = Counter(value for row in rows for value in values[row])
            for value, count in counted.items():
                usual = self._usual[name][value]
                error = math.sqrt(max(usual * (1 - usual), 1e-9) / len(rows))
                telling = (count / len(rows) - usual) / error
                if count < _SMALL or count / len(rows) < self.spec.lift * usual or telling < self.spec.confidence:
                    continue
                events = tuple(self.catalog.item_ids[row] for row in rows if value in values[row])
                weight = min(1.0, count / len(rows) + telling / 20)
                yield _line(f"likes {value}", Condition(name, "=", value), weight, events)

    def _by_number(self, rows: Sequence[int]) -> Iterable[ProfileLine]:
        if len(rows) < 5:
            return
        for name, column in self._numbers.items():
            own = sorted(number for row in rows if (number := column[row]) is not None)
            if len(own) < 5:
                continue
            bound = _round(own[math.ceil(0.85 * len(own)) - 1])
            below = self._share_below(name, bound)
            if below < 0.85 / self.spec.lift:
                kept = [row for row in rows if (number := column[row]) is not None and number <= bound]
                events = tuple(self.catalog.item_ids[row] for row in kept)
                text = f"mostly {readable(name)} up to {bound:g}"
                yield _line(text, Condition(name, "<=", bound), min(1.0, 0.85 - below), events)

    def _share_below(self, name: str, bound: float) -> float:
        column = self._numbers[name]
        total = sum(a for a, number in zip(self.activity, column, strict=True) if number is not None)
        below = sum(
            a for a, number in zip(self.activity, column, strict=True) if number is not None and number <= bound
        )
        return below / total if total else 1.0

    @cached_property
    def _values(self) -> dict[str, list[tuple[str, ...]]]:
        """Values of every item by field, for fields whose values repeat; protected ones left out."""
        fields = value_fields(self.catalog, self.spec.values)
        return {
            name: [tuple(value for value in row if not _protected(value)) for row in column]
            for name, column in fields.items()
            if not _protected(name)
        }

    @cached_property
    def _usual(self) -> dict[str, dict[str, float]]:
        """Share of use that falls on items with a value, by field and value."""
        total = sum(self.activity) or 1.0
        shares: dict[str, dict[str, float]] = {}
        for name, column in self._values.items():
            share: defaultdict[str, float] = defaultdict(float)
            for use, values in zip(self.activity, column, strict=True):
                for value in values:
                    share[value] += use / total
            shares[name] = share
        return shares

    @cached_property
    def _numbers(self) -> dict[str, list[float | None]]:
        return {name: column for name, column in number_fields(self.catalog).items() if not _protected(name)}


@dataclass(frozen=True)
class Profile:
    """Lines in force and the ids of lines that the person deleted, so that inference does not bring them back."""

    lines: tuple[ProfileLine, ...] = ()
    deleted: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()  # events that no line may rest on

    def refreshed(self, writer: FittedProfileWriter, history: Sequence[str]) -> Profile:
        """The person's own lines, then newly inferred ones that were neither deleted nor replaced by them."""
        inferred = writer.write([event for event in history if event not in self.forgotten])
        own = tuple(line for line in self.lines if line.source == "stated" or line.locked)
        about = {line.condition.field for line in own if line.condition is not None and line.locked}
        taken = self.deleted | {line.id for line in own}
        fresh = [
            line
            for line in inferred
            if line.id not in taken and not (line.condition is not None and line.condition.field in about)
        ]
        return replace(self, lines=(*own, *fresh))

    def add(self, text: str, condition: Condition | None = None, weight: float = 1.0) -> Profile:
        """A line in the person's own words; it stands until they delete it."""
        if not text.strip():
            raise UsageError("a profile line needs words")
        line = ProfileLine(
            fingerprint("stated", text, str(condition)), text.strip(), weight, condition, (), "stated", True
        )
        return replace(self, lines=(line, *(old for old in self.lines if old.id != line.id)))

    def edit(self, line_id: str, text: str, condition: Condition | None = None, weight: float = 1.0) -> Profile:
        """Replaces a line by the person's own words. Raises UsageError for an unknown id."""
        return self.delete(line_id).add(text, condition, weight)

    def delete(self, line_id: str) -> Profile:
        """Removes a line for good, and its events as evidence of further lines."""
        gone = next((line for line in self.lines if line.id == line_id), None)
        if gone is None:
            raise unknown("profile line", line_id, [line.id for line in self.lines])
        kept = tuple(line for line in self.lines if line.id != line_id)
        return Profile(kept, self.deleted | {line_id}, self.forgotten | frozenset(gone.events))


def matching(catalog: Catalog, line: ProfileLine) -> list[str]:
    """The items that a line with a condition speaks of."""
    if line.condition is None:
        return []
    rows = mask(catalog, [line.condition]).nonzero().squeeze(1).tolist()
    return [catalog.item_ids[row] for row in rows]


def _line(text: str, condition: Condition, weight: float, events: tuple[str, ...]) -> ProfileLine:
    return ProfileLine(fingerprint("inferred", str(condition)), text, round(weight, 3), condition, events)


def _protected(name: str) -> bool:
    return not PROTECTED.isdisjoint(name.lower().replace("_", " ").replace("-", " ").split())


def _round(number: float) -> float:
    """Up to two leading digits, so that a bound reads well."""
    if number <= 0:
        return number
    unit = 10.0 ** (math.floor(math.log10(number)) - 1)
    return math.ceil(number / unit - 1e-9) * unit
