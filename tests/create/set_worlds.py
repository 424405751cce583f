"""Random pools and briefs for set creators, with a planted answer, and the rules once more in the plainest Python."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from generec.create.sets.brief import SetBrief, Weights
from generec.create.sets.objective import ShortTravel, SimilarNeighbours, SteadyField
from generec.create.sets.pool import Pool
from generec.create.sets.rules import (
    Arc,
    AtMostPer,
    Avoid,
    Count,
    Days,
    Haversine,
    Include,
    Matrix,
    NoNearDuplicates,
    Novelty,
    OpeningHours,
    Same,
    Size,
    Slot,
    Smooth,
    Sorted,
)
from generec.records import Member, Total
from generec.types import Condition

GENRES = ("jazz", "rock", "folk", "drone")
NUMBERS = ("duration", "weight", "price", "energy", "latitude", "longitude", "opens", "closes", "visit")
SCHEMA = {
    "item_id": pl.String, "creator": pl.String, "genre": pl.String, "tags": pl.List(pl.String), "size": pl.String,
    "explicit": pl.Boolean, "published": pl.Date, **dict.fromkeys(NUMBERS, pl.Float64),
}  # fmt: skip


def items(draw: random.Random, n: int, holes: float) -> list[dict[str, Any]]:
    """n items whose optional fields are unknown with probability `holes`."""

    def maybe(value: Any) -> Any:
        return None if draw.random() < holes else value

    return [
        {
            "item_id": f"i{row:04d}",
            "duration": round(draw.uniform(1, 9), 2),
            "weight": draw.uniform(0, 3),  # no decimal: sums are never whole
            "price": maybe(float(draw.randrange(0, 40))),
            "creator": maybe(f"c{draw.randrange(max(2, n // 3))}"),
            "genre": maybe(draw.choice(GENRES)),
            "tags": maybe(draw.sample(["a", "b", "c", "d"], draw.randrange(0, 4))),
            "energy": maybe(round(draw.random(), 1 if draw.random() < 0.5 else 3)),
            "size": maybe(draw.choice("SML")),
            "explicit": maybe(draw.random() < 0.3),
            "published": maybe(date(2020, 1, 1) + timedelta(days=draw.randrange(900))),
            "latitude": maybe(41 + draw.uniform(0, 0.05)),
            "longitude": -8.9 + draw.uniform(0, 0.05),
            "opens": maybe(float(draw.randrange(7, 14))),
            "closes": float(draw.choice([17, 19, 22, 24, 2])),
            "visit": maybe(float(draw.randrange(15, 90))),
        }
        for row in range(n)
    ]


def pool_of(rows: Sequence[dict[str, Any]], draw: random.Random) -> Pool:
    generator = np.random.default_rng(draw.randrange(2**32))
    features = generator.standard_normal((len(rows), 6)).astype(np.float32)
    return Pool(pl.DataFrame(rows, schema=SCHEMA), generator.random(len(rows)), features)


def planted(seed: int, largest: int = 60, kinds: str = "fsd") -> tuple[SetBrief, Pool, list[Member]]:
    """A brief that a hidden set meets, often with nothing to spare: free (f), with slots (s) or a plan of days (d)."""
    draw = random.Random(seed)
    rows = items(draw, draw.randrange(12, largest + 1), draw.choice([0.0, 0.0, 0.15]))
    kind = draw.choice(kinds)
    members = draw.sample(rows, draw.randrange(2, 6 if kind == "d" else 11))
    if draw.random() < 0.3:
        for row in members:
            row["size"] = "M"
    plan: list[Any] = []
    placed = [Member(row["item_id"]) for row in members]
    if kind == "d":
        placed, plan = _plan(draw, members)
    pool = pool_of(rows, draw)
    slots = _slots(draw, members) if kind == "s" else ()
    if slots:
        placed = [Member(row["item_id"], slot=slot.name) for row, slot in zip(members, slots, strict=True)]
    rules = [*plan, *_rules(draw, rows, members, pool)]
    draw.shuffle(rules)
    flows = [
        None,
        SimilarNeighbours(),
        SteadyField("energy", 1.0),
        *([ShortTravel(Haversine())] if kind == "d" else ()),
    ]
    flow = draw.choice(flows)
    size = None if slots else (max(1, len(members) - draw.randrange(2)), len(members) + draw.randrange(2))
    brief = SetBrief(
        name="set", size=size, slots=slots, rules=tuple(rules), order=None if kind == "d" else _order(draw, members),
        weights=Weights(diversity=draw.choice([0.0, 0.5]), flow=0.4 if flow else 0.0, cost=draw.choice([0.0, 0.3])),
        flow=flow, cost="price",
    )  # fmt: skip
    return brief, pool, _in_order(brief, placed, {row["item_id"]: row for row in rows})


def _slots(draw: random.Random, members: Sequence[dict[str, Any]]) -> tuple[Slot, ...]:
    """One slot per member, which it fits; half of the slots take anything."""
    found = []
    for place, row in enumerate(members):
        fitting = [Condition("genre", "in", (row["genre"], draw.choice(GENRES)))] if row["genre"] else []
        found.append(Slot(f"slot {place}", tuple(fitting if draw.random() < 0.5 else ())))
    return tuple(found)


def _order(draw: random.Random, members: Sequence[dict[str, Any]]) -> Any:
    values = [row["energy"] for row in members]
    dates = [row["published"] for row in members]
    choices: list[Any] = [None]
    if None not in values:
        gap = max((b - a for a, b in itertools.pairwise(sorted(values))), default=0.0)
        choices += [Arc("energy"), Sorted("energy", draw.random() < 0.5), Smooth("energy", gap)]
    if None not in dates:
        choices.append(Sorted("published"))
    return draw.choice(choices)


def _plan(draw: random.Random, members: list[dict[str, Any]]) -> tuple[list[Member], list[Any]]:
    """Visits one after another on one or two days, and rules that just hold for them."""
    for row in members:
        row["latitude"], row["visit"] = row["latitude"] or 41.0, row["visit"] or 30.0
    base = (41.02, -8.88) if draw.random() < 0.5 else None
    travel: Any = Haversine(speed=draw.choice([4.5, 15.0]), base=base)
    if draw.random() < 0.2:
        ids = tuple(row["item_id"] for row in members)
        travel = Matrix(ids, tuple(tuple(draw.uniform(1, 30) for _ in ids) for _ in ids))
    cut = draw.randrange(len(members) + 1)
    start, placed, ends = 9 * 60, [], []
    for day, rows in enumerate((members[:cut], members[cut:])):
        now, before = start, None
        for row in rows:
            begins = now + travel.between(before, row) + draw.choice([0, 0, 7])
            now, before = begins + math.ceil(row["visit"]), row
            placed.append(Member(row["item_id"], start=begins, day=day))
            row["opens"], row["closes"] = begins / 60 - draw.choice([0, 0.5]), now / 60 + draw.choice([0, 1.25])
        ends.append(now + travel.between(before, None) if rows else now)
    days = Days(days=2, start=start, end=max(ends) + draw.choice([0, 20]), visit="visit", travel=travel)
    return placed, [days, *([OpeningHours()] if draw.random() < 0.8 else [])]


def _rules(
    draw: random.Random, rows: Sequence[dict[str, Any]], members: Sequence[dict[str, Any]], pool: Pool
) -> list[Any]:
    """Rules that the members meet; where a value is unknown, no rule that would need it."""
    found: list[Any] = []
    for field in ("duration", "weight", "price"):
        values = [row[field] for row in members]
        if None not in values and draw.random() < 0.5:
            total, spare = math.fsum(values), draw.choice([0.0, 0.5, 3.0])
            low = None if draw.random() < 0.3 else total - spare
            high = None if low is not None and draw.random() < 0.3 else total + spare
            if field == "weight" and None not in (low, high):
                # Nobody asks for one sum of real numbers to the last digit, nor for two sums at once to a hundredth.
                low = total - max(spare, 0.5 if any(isinstance(rule, Total) for rule in found) else 0.02)
            found.append(Total(field, low, high))
    for field in ("creator", "genre", "tags"):
        if draw.random() < 0.4:
            found.append(AtMostPer(field, _worst(members, field)))
    if draw.random() < 0.5:
        genre = draw.choice(GENRES)
        sure = sum(row["genre"] == genre for row in members)
        perhaps = sum(row["genre"] in (genre, None) for row in members)
        found.append(Count(condition=Condition("genre", "=", genre), low=sure, high=perhaps + draw.randrange(2)))
    if all(row["size"] == "M" for row in members):
        found.append(Same("size"))
    prices = [row["price"] for row in members]
    if None not in prices and draw.random() < 0.3:
        found.append(Condition("price", "<=", max(prices)))
    if all(row["explicit"] is False for row in members) and draw.random() < 0.7:
        found.append(Condition("explicit", "=", "false"))
    if draw.random() < 0.3:
        found += [Include(row["item_id"]) for row in draw.sample(members, min(len(members), 2))]
    others = [row["item_id"] for row in rows if row not in members]
    if draw.random() < 0.3:
        found += [Avoid(item_id) for item_id in draw.sample(others, min(len(others), 2))]
    if draw.random() < 0.3:
        seen = frozenset(row["item_id"] for row in rows if draw.random() < 0.5)
        found.append(Novelty(seen, sum(row["item_id"] not in seen for row in members) / len(members)))
    if draw.random() < 0.3:
        at = [pool.rows[row["item_id"]] for row in members]
        found.append(NoNearDuplicates(min(1.0, max(cosines(pool, at), default=0.0) + 1e-6)))
    return found


def _worst(members: Sequence[dict[str, Any]], field: str) -> int:
    """The most members that may have one value, an unknown one counting for every value."""
    lists = [row[field] if isinstance(row[field], list | None) else [row[field]] for row in members]
    unknown = sum(one is None for one in lists)
    values = {value for one in lists if one for value in one}
    return max(1, unknown, *(unknown + sum(value in one for one in lists if one) for value in values))


def _in_order(brief: SetBrief, placed: list[Member], rows: dict[str, dict[str, Any]]) -> list[Member]:
    order = brief.order
    if order is None:
        return placed
    ranked = sorted(placed, key=lambda member: rows[member.item_id][order.field])
    if isinstance(order, Arc):
        return ranked[::2] + ranked[1::2][::-1]
    return ranked[::-1] if isinstance(order, Sorted) and order.descending else ranked


def cosines(pool: Pool, at: Sequence[int]) -> list[float]:
    assert pool.features is not None
    rows = [[float(value) for value in pool.features[row]] for row in at]
    return [
        sum(a * b for a, b in zip(one, other, strict=True))
        / math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
        for one, other in itertools.combinations(rows, 2)
    ]


# The rules once more, as a reader of docs/ would check them with a pencil. Shares nothing with the library but the
# brief's plain values.


def faults(brief: SetBrief, pool: Pool, members: Sequence[Member], demands: Sequence[Any] | None = None) -> list[str]:
    """The demands that a set fails; [] is a valid set."""
    everything = {row["item_id"]: row for row in pool.frame.iter_rows(named=True)}
    rows = [everything[member.item_id] for member in members]
    found = [] if len({member.item_id for member in members}) == len(members) else ["an item twice"]
    for demand in brief.demands if demands is None else demands:
        if not holds(demand, pool, members, rows):
            found.append(str(demand))
    return found


def holds(demand: Any, pool: Pool, members: Sequence[Member], rows: Sequence[dict[str, Any]]) -> bool:
    ids = [member.item_id for member in members]
    match demand:
        case Size(low, high):
            return low <= len(ids) <= high
        case Condition():
            return all(fulfils(row, demand) for row in rows)
        case Total(field, low, high):
            if any(row[field] is None for row in rows):
                return False
            total = sum(row[field] for row in rows)
            return (low is None or total > low - 1e-4) and (high is None or total < high + 1e-4)
        case Count(condition=condition, low=low, high=high):
            sure = sum(fulfils(row, condition) for row in rows)
            perhaps = sure + sum(row[condition.field] is None for row in rows)
            return low <= sure and (high is None or perhaps <= high)
        case AtMostPer(field, most, slots):
            inside = [row for row, member in zip(rows, members, strict=True) if not slots or member.slot in slots]
            return not inside or _worst(inside, field) <= max(1, most)
        case Same(field, slots):
            inside = [
                row[field] for row, member in zip(rows, members, strict=True) if not slots or member.slot in slots
            ]
            return None not in inside and len(set(inside)) <= 1
        case Include(item_id):
            return item_id in ids
        case Avoid(item_id):
            return item_id not in ids
        case NoNearDuplicates(threshold):
            return all(
                cosine <= threshold + 1e-6 for cosine in cosines(pool, [pool.item_ids.index(one) for one in ids])
            )
        case Novelty(seen, share):
            return sum(one not in seen for one in ids) >= share * len(ids) - 1e-6
        case Slot(name, conditions, optional):
            inside = [row for row, member in zip(rows, members, strict=True) if member.slot == name]
            fits = all(fulfils(row, condition) for row in inside for condition in conditions)
            return fits and (len(inside) == 1 or (optional and not inside))
        case Sorted() | Arc() | Smooth():
            return ordered(demand, [row[demand.field] for row in rows])
        case Days():
            return _timed(demand, members, rows)
        case OpeningHours():
            minutes = [row["visit"] if "visit" in row else row["duration"] for row in rows]
            return all(map(_open, members, rows, minutes))
    raise AssertionError(f"no rule in the test for {demand}")


def fulfils(row: dict[str, Any], condition: Condition) -> bool:
    value, wanted = row[condition.field], condition.value
    if value is None:
        return False
    match condition.operator:
        case "=":
            return str(value).lower() == str(wanted).lower() if isinstance(value, bool) else value == wanted
        case "in":
            return value in wanted
        case "<=":
            return value <= wanted
        case ">=":
            return value >= wanted
    raise AssertionError(f"no reading in the test for {condition}")


def ordered(order: Any, values: list[Any]) -> bool:
    if None in values:
        return False
    steps = [other - one for one, other in itertools.pairwise(values)]
    if isinstance(order, Smooth):
        return all(abs(step) <= order.step + 1e-6 for step in steps)
    zero = type(steps[0])() if steps else 0
    if isinstance(order, Sorted):
        return all(step <= zero if order.descending else step >= zero for step in steps)
    rising = list(itertools.takewhile(lambda step: step >= zero, steps))
    falling = steps[len(rising) :]
    if all(step == 0 for step in steps[len(steps) - 1 :]):  # ends level: the last step may belong to either side
        falling = falling or steps[-1:]
    goes_down = all(step <= zero for step in falling)
    return goes_down and (len(values) < 3 or (bool(rising) and bool(falling)))


def kilometres(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The spherical law of cosines, where the library has the haversine."""
    a, b = math.radians(one["latitude"]), math.radians(other["latitude"])
    turn = math.radians(other["longitude"] - one["longitude"])
    return 6371.0088 * math.acos(min(1.0, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)))


def _way(travel: Any, one: dict[str, Any] | None, other: dict[str, Any] | None) -> float:
    """Minutes, not rounded; infinite where not known."""
    if isinstance(travel, Matrix):
        if one is None or other is None:
            return 0.0
        known = one["item_id"] in travel.item_ids and other["item_id"] in travel.item_ids
        at = [travel.item_ids.index(row["item_id"]) for row in (one, other)] if known else [0, 0]
        return travel.minutes[at[0]][at[1]] if known else math.inf
    if travel.base is None and (one is None or other is None):
        return 0.0
    here, there = (row or dict(zip(("latitude", "longitude"), travel.base or (), strict=False)) for row in (one, other))
    if here["latitude"] is None or there["latitude"] is None:
        return math.inf
    return kilometres(here, there) / travel.speed * 60


def _timed(plan: Days, members: Sequence[Member], rows: Sequence[dict[str, Any]]) -> bool:
    if any(member.start is None or row[plan.visit] is None for member, row in zip(members, rows, strict=True)):
        return False
    for day in {member.day for member in members}:
        visits = [(member.start or 0.0, row) for member, row in zip(members, rows, strict=True) if member.day == day]
        now, before = float(plan.start), None
        for start, row in visits:
            if start < now + _way(plan.travel, before, row) - 1e-3:
                return False
            now, before = start + row[plan.visit], row
        if now + _way(plan.travel, before, None) > plan.end + 1e-3 or not 0 <= day < plan.days:
            return False
    return [member.day for member in members] == sorted(member.day for member in members)


def _open(member: Member, row: dict[str, Any], minutes: float | None) -> bool:
    if row["opens"] is None or row["closes"] is None:
        return False
    closes = row["closes"] if row["closes"] > row["opens"] else row["closes"] + 24
    if member.start is None or minutes is None:
        return member.start is None
    return row["opens"] * 60 - 1e-3 <= member.start and member.start + minutes <= closes * 60 + 1e-3


def best_by_force(brief: SetBrief, pool: Pool) -> float:
    """The best objective of any valid set in any valid order, by looking at all of them. No plans of days."""
    worth, best = naive_worth(brief, pool), -math.inf
    everything = {row["item_id"]: row for row in pool.frame.iter_rows(named=True)}
    sizes = range(brief.size[0], brief.size[1] + 1) if brief.size else (len(brief.slots),)
    unordered = [demand for demand in brief.demands if not isinstance(demand, Slot | Sorted | Arc | Smooth)]
    for size in sizes:
        for ids in itertools.combinations(pool.item_ids, size):
            members, rows = [Member(one) for one in ids], [everything[one] for one in ids]
            if not all(holds(demand, pool, members, rows) for demand in unordered):
                continue
            if brief.order is not None and brief.slots and not any(map(brief_fits(brief, everything), _shuffles(ids))):
                continue
            for order in _shuffles(ids):
                if brief.order is not None:
                    fits = ordered(brief.order, [everything[one][brief.order.field] for one in order])
                else:
                    fits = not brief.slots or brief_fits(brief, everything)(order)
                if fits:
                    best = max(best, worth(order))
    return best


def _shuffles(ids: Sequence[str]) -> Any:
    return itertools.permutations(ids)


def brief_fits(brief: SetBrief, everything: dict[str, dict[str, Any]]) -> Any:
    """Whether items fit the slots one by one."""

    def fits(order: Sequence[str]) -> bool:
        pairs = zip(order, brief.slots, strict=True)
        return all(fulfils(everything[one], condition) for one, slot in pairs for condition in slot.conditions)

    return fits


def naive_worth(brief: SetBrief, pool: Pool) -> Any:
    """The objective as its formula says, a function of ids in order."""
    low, high = float(pool.relevance.min()), float(pool.relevance.max())
    prices = {row["item_id"]: row.get(brief.cost) or 0.0 for row in pool.frame.iter_rows(named=True)}
    dearest = max(prices.values()) or 1.0
    most, weights = brief.size[1] if brief.size else len(brief.slots), brief.weights
    at = {item_id: row for row, item_id in enumerate(pool.item_ids)}
    similar = np.eye(len(pool))
    for one, other in itertools.combinations(range(len(pool)), 2):
        similar[one, other] = similar[other, one] = cosines(pool, [one, other])[0]
    follows = brief.flow.matrix(pool) if brief.flow else None

    def worth(order: Sequence[str]) -> float:
        rows = [at[one] for one in order]
        total = sum(weights.relevance * (pool.relevance[row] - low) / (high - low) / most for row in rows)
        total -= sum(weights.cost * prices[one] / dearest / most for one in order)
        if most > 1:
            apart = sum((1 - similar[one, other]) / 2 for one, other in itertools.combinations(rows, 2))
            total += weights.diversity * apart / (most * (most - 1) / 2)
        if follows is not None and most > 1:
            total += weights.flow * sum(follows[one, other] for one, other in itertools.pairwise(rows)) / (most - 1)
        return float(total)

    return worth
