"""A profile in words from a history of visits: habits as counts tell them, the same words for the same history.

After GenUP (2410.20643), whose profiles a language model writes from a person's check-ins. Deviations: counted, not
guessed; no traits of character and nothing on gender, class, faith or health; no ids of places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Protocol
from zoneinfo import ZoneInfo

import polars as pl

from generec.errors import InputError
from generec.records import fingerprint
from generec.types import Catalog

SENSITIVE = (
    "abortion", "church", "clinic", "court", "dentist", "doctor", "gay", "hospital", "jail", "medical", "mosque",
    "police", "politic", "prison", "shrine", "spiritual", "strip club", "synagogue", "temple", "therap",
)  # fmt: skip
"""Words in the kinds of places of which a profile is silent."""

PARTS = ("night", "morning", "noon", "afternoon", "evening")
_PART_OF_HOUR = (0,) * 6 + (1,) * 5 + (2,) * 3 + (3,) * 4 + (4,) * 5 + (0,)


class Writer(Protocol):
    """Puts a history (catalogue rows and UTC seconds, oldest first) into words; '' where there is nothing to say."""

    def write(self, rows: Sequence[int], times: Sequence[int]) -> str: ...


@dataclass(frozen=True, kw_only=True)
class ProfileText:
    """Kinds of places, when, where, and which ones again and again, the most frequent first."""

    field: str = "categories"
    """Of the catalogue: what kind of place an item is; the first value of a list."""
    zone: str = "UTC"
    """Time zone that the hours are told in."""
    cell: float = 0.02
    """Degrees of latitude (and twice as many of longitude) that count as one area."""
    most: int = 5
    """Values in a sentence."""
    unsaid: tuple[str, ...] = SENSITIVE
    """Visits to kinds of places with one of these words in them are left out."""

    def fit(self, catalog: Catalog) -> FittedProfileText:
        """Raises InputError where the catalogue lacks the field."""
        if self.field not in catalog.frame.columns:
            raise InputError(f"profiles tell the column {self.field!r}, the catalogue has {catalog.frame.columns}")
        column = catalog.frame[self.field]
        kinds = column.list.first() if isinstance(column.dtype, pl.List) else column.cast(pl.String)
        return FittedProfileText(self, tuple(kinds.fill_null("").to_list()), tuple(self._areas(catalog.frame)))

    def _areas(self, frame: pl.DataFrame) -> Iterator[str]:
        """Cells counted from the middle of all places: 'n2 e1'."""
        if not {"latitude", "longitude"} <= set(frame.columns):
            yield from [""] * frame.height
            return
        points = list(frame.select("latitude", "longitude").iter_rows())
        known = [point for point in points if None not in point]
        middle = [median(side) for side in zip(*known, strict=True)] if known else [0.0, 0.0]
        for north, east in points:
            if north is None or east is None:
                yield ""
                continue
            up, right = round((north - middle[0]) / self.cell), round((east - middle[1]) / (2 * self.cell))
            yield f"{'s' if up < 0 else 'n'}{abs(up)} {'w' if right < 0 else 'e'}{abs(right)}"


@dataclass(frozen=True)
class FittedProfileText:
    """A writer that knows the places: kind and area of every row, '' where unknown."""

    spec: ProfileText
    kinds: tuple[str, ...]
    areas: tuple[str, ...]

    def write(self, rows: Sequence[int], times: Sequence[int]) -> str:
        zone = ZoneInfo(self.spec.zone)
        visits = [
            (row, datetime.fromtimestamp(time, zone))
            for row, time in zip(rows, times, strict=True)
            if self.kinds[row] and not any(word in self.kinds[row].lower() for word in self.spec.unsaid)
        ]
        if not visits:
            return ""
        return " ".join(filter(None, (sentence(visits) for sentence in (
            self._kinds, self._hours, self._areas, self._parts, self._again, self._novelty
        ))))  # fmt: skip

    def line(self, row: int, time: int) -> str:
        """One visit in words, as a raw history would be told."""
        moment = datetime.fromtimestamp(time, ZoneInfo(self.spec.zone))
        area = f" in {self.areas[row]}" if self.areas[row] else ""
        return f"{moment:%A} {moment.hour} o'clock: {self.kinds[row]}{area}."

    def _top(self, values: Iterable[str]) -> list[str]:
        counted = Counter(value for value in values if value)
        return sorted(counted, key=lambda value: (-counted[value], value))[: self.spec.most]

    def _kinds(self, visits: _Visits) -> str:
        return f"Goes to {', '.join(self._top(self.kinds[row] for row, _ in visits))}."

    def _hours(self, visits: _Visits) -> str:
        hours = self._top(str(moment.hour) for _, moment in visits)[:3]
        weekend = sum(moment.weekday() >= 5 for _, moment in visits) / len(visits)
        days = "weekends" if weekend > 0.5 else "weekdays" if weekend < 0.15 else "weekdays and weekends"
        return f"At {', '.join(hours)} o'clock, {days}."

    def _areas(self, visits: _Visits) -> str:
        areas = self._top(self.areas[row] for row, _ in visits)[:3]
        nights = self._top(self.areas[row] for row, moment in visits if not 6 <= moment.hour < 20)[:1]
        told = [f"Around {', '.join(areas)}."] if areas else []
        return " ".join(told + [f"Nights in {area}." for area in nights])

    def _parts(self, visits: _Visits) -> str:
        told = []
        for number, part in enumerate(PARTS):
            kind = self._top(self.kinds[row] for row, moment in visits if _PART_OF_HOUR[moment.hour] == number)[:1]
            told += [f"{part}: {name}" for name in kind]
        return f"{'; '.join(told).capitalize()}."

    def _again(self, visits: _Visits) -> str:
        counted = Counter(row for row, _ in visits)
        often = [row for row, count in counted.most_common(self.spec.most) if count > 1]
        told = [f"{self.kinds[row]} in {self.areas[row]}" if self.areas[row] else self.kinds[row] for row in often]
        return f"Comes back to {', '.join(told)}." if told else ""

    def _novelty(self, visits: _Visits) -> str:
        return f"New places: {round(10 * len({row for row, _ in visits}) / len(visits))} of 10."


_Visits = Sequence[tuple[int, datetime]]


@dataclass(frozen=True)
class Dealt:
    """The broken twin of a writer: one of the given texts, whichever the history draws, whoever it is about."""

    texts: tuple[str, ...]

    def write(self, rows: Sequence[int], times: Sequence[int]) -> str:
        return self.texts[int(fingerprint(tuple(rows), tuple(times))[:8], 16) % len(self.texts)]
