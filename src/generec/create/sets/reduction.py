"""Which items of a large pool the exact model looks at first.

Nothing is lost for good: where no set is found among them, the creator takes more. Shapes: n items of the pool.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import singledispatch
from itertools import chain, zip_longest

import numpy as np

from generec.create.sets.brief import SetBrief
from generec.create.sets.objective import Goal
from generec.create.sets.pool import Floats, Ints, Pool
from generec.create.sets.rows import excluded, fitting
from generec.create.sets.rules import (
    AtMostPer,
    Count,
    Days,
    Demand,
    Include,
    Novelty,
    OpeningHours,
    Same,
    Slot,
    Smooth,
)
from generec.records import Total


def permitted(pool: Pool, brief: SetBrief, demands: Sequence[Demand]) -> Ints:
    """Rows that none of the demands rules out by itself."""
    out = np.zeros(len(pool), dtype=np.bool_)
    for demand in demands:
        out |= excluded(demand, pool, brief.missing)
    slots = [demand for demand in demands if isinstance(demand, Slot)]
    if slots and len(slots) == len(brief.slots):
        out |= ~np.any([fitting(pool, slot, brief.missing) for slot in slots], axis=0)
    return np.flatnonzero(~out)


def reduce(goal: Goal, limit: int) -> Ints:
    """At most `limit` rows of the goal's pool: in turns the best, the diverse, and those that each demand can use.

    Items that must be included come first.
    """
    pool, brief = goal.pool, goal.brief
    if len(pool) <= limit:
        return np.arange(len(pool))
    best = np.argsort(-goal.alone, kind="stable")
    must = [pool.rows[rule.item_id] for rule in brief.rules if isinstance(rule, Include) and rule.item_id in pool.rows]
    useful = chain.from_iterable(preferred(demand, pool, brief, best) for demand in brief.demands)
    rankings = [
        best.tolist(),
        best.tolist(),
        _diverse(goal, best, limit // 4),
        *(ranking.tolist() for ranking in useful),
    ]
    return np.array(sorted(_in_turns([must], limit) | _in_turns([must, *rankings], limit)), dtype=np.int64)


def _in_turns(rankings: Sequence[Sequence[int]], limit: int) -> set[int]:
    """The first `limit` distinct rows, one ranking after the other giving its next."""
    taken: dict[int, None] = {}
    for row in chain.from_iterable(zip_longest(*rankings)):
        if len(taken) >= limit:
            break
        if row is not None:
            taken[row] = None
    return set(taken)


def _diverse(goal: Goal, best: Ints, count: int) -> list[int]:
    """Rows far from one another, starting with the best: each is the farthest from those before, worth considered."""
    if goal.pool.features is None:
        return []
    unit, found = goal.pool.unit, [int(best[0])]
    nearest = np.full(len(unit), -np.inf)
    worth = goal.alone / (goal.alone.max() or 1.0)
    for _ in range(count - 1):
        nearest = np.maximum(nearest, unit @ unit[found[-1]])
        nearest[found[-1]] = np.inf
        found.append(int(np.argmax(worth - nearest)))
    return found


@singledispatch
def preferred(demand: object, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    """Rankings of the rows that help to meet a demand; `best`: all rows, the best first."""
    return ()


@preferred.register(Total)
def _(demand: Total, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    values = np.nan_to_num(pool.numbers(demand.field))[best]
    bounds = [bound for bound in (demand.low, demand.high) if bound is not None]
    middle = sum(bounds) / max(1, len(bounds)) / brief.most
    return tuple(best[np.argsort(keys, kind="stable")] for keys in (values, -values, np.abs(values - middle)))


@preferred.register(Count)
def _(demand: Count, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    fulfils = pool.holds(demand.condition, False)[best]
    return best[fulfils], best[~fulfils]


@preferred.register(Slot)
def _(demand: Slot, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    return (best[fitting(pool, demand, brief.missing)[best]],)


@preferred.register(Novelty)
def _(demand: Novelty, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    return (np.array([row for row in best.tolist() if pool.item_ids[row] not in demand.seen], dtype=np.int64),)


@preferred.register(AtMostPer)
def _(demand: AtMostPer, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    """The best of every value, then the second best …"""
    values, turns = pool.values(demand.field), []
    seen: dict[str, int] = defaultdict(int)
    for row in best.tolist():
        several = values[row]
        turns.append(max((seen[value] for value in several or ()), default=0))
        for value in several or ():
            seen[value] += 1
    return (best[np.argsort(np.array(turns), kind="stable")],)


@preferred.register(Same)
def _(demand: Same, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    """Value after value, those with the best members first; a value with too few for the set comes late."""
    groups: dict[str, list[int]] = defaultdict(list)
    values = pool.values(demand.field)
    for place, row in enumerate(best.tolist()):
        for value in values[row] or ():
            groups[value].append(place)
    need = len(demand.slots) or (brief.size[0] if brief.size else brief.most)
    ranked = sorted(groups.values(), key=lambda places: (len(places) < need, sum(places[:need])))
    return (best[list(dict.fromkeys(chain.from_iterable(places[: 4 * need] for places in ranked)))],) if ranked else ()


@preferred.register(Smooth)
def _(demand: Smooth, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    """Those closest to the value that most of the best lie around."""
    values = pool.numbers(demand.field)[best]
    middle = np.nanmedian(values[: brief.most]) if np.isfinite(values[: brief.most]).any() else 0.0
    return (best[np.argsort(np.abs(values - middle), kind="stable")],)


@preferred.register(Days)
def _(demand: Days, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    """The shortest visits, and those nearest to the best item."""
    facts = pool.facts()
    visits = np.array([demand.minutes(facts[row]) or 0 for row in best.tolist()])
    ways = np.array([demand.travel.between(facts[best[0]], facts[row]) or 0 for row in best.tolist()])
    return best[np.argsort(visits, kind="stable")], best[np.argsort(ways, kind="stable")]


@preferred.register(OpeningHours)
def _(demand: OpeningHours, pool: Pool, brief: SetBrief, best: Ints) -> Iterable[Ints]:
    windows = [demand.window(one) for one in pool.facts()]
    open_for: Floats = np.array(
        [0 if window is None else window[1] - window[0] for window in windows], dtype=np.float64
    )
    return (best[np.argsort(-open_for[best], kind="stable")],)
