"""What may be demanded of a set: plain frozen values; the model, the validator and the words each read them.

Beside these, a `Condition` demands something of every member and a `Total` bounds a sum over them. A rule about a value
that is missing holds only if it holds whatever that value is; `SetBrief.missing` names the fields where an unknown
value is let pass instead.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Protocol

from generec.errors import UsageError
from generec.records import Total
from generec.types import Condition

Facts = Mapping[str, Any]
"""The raw fields of one item."""

EARTH_KM = 6371.0088  # mean radius, IUGG


@dataclass(frozen=True)
class Size:
    """From `low` to `high` members."""

    low: int
    high: int

    fields: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, kw_only=True)
class Count:
    """At least `low` and at most `high` members fulfil the condition."""

    condition: Condition
    low: int = 0
    high: int | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.condition.field,)


@dataclass(frozen=True)
class AtMostPer:
    """At most `most` members with the same value of a field (each value of a list counts).

    most = 1 says that all differ; over a field that holds a fingerprint it forbids copies. An unknown value might be
    any value, so it counts for each. slots: only the members in these slots.
    """

    field: str
    most: int = 1
    slots: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


@dataclass(frozen=True)
class Same:
    """All members (in `slots`, where given) have one value of the field in common: a size, a plug, a city."""

    field: str
    slots: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


@dataclass(frozen=True)
class Include:
    """This item is a member."""

    item_id: str

    fields: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Avoid:
    """This item is no member."""

    item_id: str

    fields: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class NoNearDuplicates:
    """No two members whose feature vectors have a cosine above the threshold. Needs features."""

    threshold: float = 0.95

    fields: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Novelty:
    """At least this share of the members is new to the person, who has seen the items `seen`."""

    seen: frozenset[str]
    share: float

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"the share of what is new lies between 0 and 1, got {self.share}")

    fields: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Slot:
    """A role that one member fills: it fulfils all conditions. An optional slot may stay empty."""

    name: str
    conditions: tuple[Condition, ...] = ()
    optional: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(condition.field for condition in self.conditions)


@dataclass(frozen=True)
class Sorted:
    """The members stand in the order of a number or date: `descending` or, otherwise, never falling."""

    field: str
    descending: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


@dataclass(frozen=True)
class Arc:
    """The field rises, then falls; from three members on the highest is neither first nor last."""

    field: str

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


@dataclass(frozen=True)
class Smooth:
    """From each member to the next the field changes by at most `step`."""

    field: str
    step: float

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.field,)


class Travel(Protocol):
    """How long it takes from one item to another."""

    @property
    def estimate(self) -> bool: ...
    @property
    def metric(self) -> bool: ...  # whether a stop between never shortens a way
    @property
    def fields(self) -> tuple[str, ...]: ...
    def between(self, one: Facts | None, other: Facts | None) -> int | None:
        """Whole minutes, rounded up; None in place of an item is the base of every day. None: not known."""


@dataclass(frozen=True, kw_only=True)
class Haversine:
    """Travel over the great circle at one speed: an estimate, shorter than any street."""

    speed: float = 4.5
    """km/h; 4.5 is a walk."""
    latitude: str = "latitude"
    longitude: str = "longitude"
    base: tuple[float, float] | None = None
    """Latitude and longitude of where every day begins and ends; None: anywhere."""

    def __post_init__(self) -> None:
        if not self.speed > 0:
            raise UsageError(f"the speed must be positive km/h, got {self.speed}")

    estimate: ClassVar[bool] = True
    metric: ClassVar[bool] = True

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.latitude, self.longitude)

    def between(self, one: Facts | None, other: Facts | None) -> int | None:
        if self.base is None and (one is None or other is None):
            return 0
        here, there = self._place(one), self._place(other)
        if here is None or there is None:
            return None
        return math.ceil(great_circle(here, there) / self.speed * 60 - 1e-9)

    def _place(self, facts: Facts | None) -> tuple[float, float] | None:
        if facts is None:
            return self.base
        latitude, longitude = facts.get(self.latitude), facts.get(self.longitude)
        if latitude is None or longitude is None or latitude != latitude or longitude != longitude:
            return None
        return float(latitude), float(longitude)


def great_circle(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres between two (latitude, longitude) in degrees, by the haversine formula."""
    (north, east), (to_north, to_east) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    half = math.sin((to_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


@dataclass(frozen=True)
class Matrix:
    """Measured minutes from item to item: minutes[a][b] from item_ids[a] to item_ids[b]."""

    item_ids: tuple[str, ...]
    minutes: tuple[tuple[float, ...], ...]
    base: str | None = None
    """The row from which every day begins and in which it ends; None: anywhere."""

    @cached_property
    def _index(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.item_ids)}

    def __post_init__(self) -> None:
        size = len(self.item_ids)
        if len(self.minutes) != size or any(len(row) != size for row in self.minutes):
            raise UsageError(f"a matrix over {size} items needs {size} rows of {size} minutes")

    estimate: ClassVar[bool] = False
    metric: ClassVar[bool] = False  # measured minutes may well be shorter by a stop between

    fields: ClassVar[tuple[str, ...]] = ()

    def between(self, one: Facts | None, other: Facts | None) -> int | None:
        if self.base is None and (one is None or other is None):
            return 0
        here, there = (
            self._index.get(self.base or "" if facts is None else facts["item_id"]) for facts in (one, other)
        )
        return None if here is None or there is None else math.ceil(self.minutes[here][there] - 1e-9)


@dataclass(frozen=True, kw_only=True)
class Days:
    """The members are visits on `days` days, one after another with travel between, all in whole minutes.

    Visits are rounded up; every day lies between `start` and `end` (minutes after midnight), the way from and to the
    base of `travel` included.
    """

    days: int = 1
    start: int = 9 * 60
    end: int = 18 * 60
    visit: str = "duration"
    """Field with the minutes of a visit."""
    usual_visit: int | None = None
    """Minutes where that field is missing; None: such an item cannot be planned."""
    travel: Travel = Haversine()

    def __post_init__(self) -> None:
        if self.days < 1 or not 0 <= self.start < self.end <= 48 * 60:
            raise UsageError(
                f"a plan needs a day and a start before its end, got {self.days}, {self.start}, {self.end}"
            )

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.visit, *self.travel.fields) if self.usual_visit is None else self.travel.fields

    def minutes(self, facts: Facts) -> int | None:
        """How long the visit of an item takes, None where nothing says so."""
        value = facts.get(self.visit)
        return self.usual_visit if value is None or value != value else math.ceil(value - 1e-9)


@dataclass(frozen=True)
class OpeningHours:
    """No visit begins before the item opens or lasts beyond its closing: fields with hours of the day (9.5 = 9:30).

    Closing at or before opening means the next day.
    """

    opens: str = "opens"
    closes: str = "closes"

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.opens, self.closes)

    def window(self, facts: Facts) -> tuple[int, int] | None:
        """Opening and closing in whole minutes, inwards; None where one is unknown."""
        opens, closes = facts.get(self.opens), facts.get(self.closes)
        if opens is None or closes is None or opens != opens or closes != closes:
            return None
        if closes <= opens:
            closes += 24
        return math.ceil(opens * 60 - 1e-9), math.floor(closes * 60 + 1e-9)


Order = Sorted | Arc | Smooth
Rule = Condition | Total | Count | AtMostPer | Same | Include | Avoid | NoNearDuplicates | Novelty | Days | OpeningHours
Demand = Rule | Size | Slot | Order
"""All that a brief demands: what a conflict is made of."""


def fields(rule: Demand) -> tuple[str, ...]:
    """The catalogue fields that a demand reads."""
    return (rule.field,) if isinstance(rule, Condition | Total) else rule.fields
