"""Better sets by single moves that keep every row: swap a member, add one, drop one.

The exact model of large pools is linear in the members; this adds what pairs are worth. Shapes: C choices (an item, or
an item in a slot), R rows, k members.
"""

from __future__ import annotations

import numpy as np

from generec.create.sets.pool import Floats, Ints
from generec.create.sets.rows import Program, at_most
from generec.create.sets.solver import Found, Wish

_ENDLESS = 2**62


def improve(program: Program, found: Found, wish: Wish, moves: int = 200) -> Found:
    """A set at least as good as the one found, by up to `moves` best moves; the order does not count."""
    space = program.space
    items = len(space.pool)
    item = space.item if space.names else space.items  # (C,)
    placing = items + np.arange(len(space.item))
    table, used, low, high = _table(program, found, item, placing)
    alone, count = wish.alone[item], len(item)
    pairs = np.zeros((count, count)) if wish.pairs is None else wish.pairs[np.ix_(item, item)]
    auxiliary = found.columns[found.columns >= space.placed]
    chosen = found.columns[found.columns < items] if not space.names else np.intersect1d(found.columns, placing) - items
    for _ in range(moves):
        gain = alone + pairs[:, chosen].sum(1)
        # The last row puts nothing out, the last column nothing in.
        worth = np.full((len(chosen) + 1, count + 1), -np.inf)
        worth[:-1, :-1] = gain[None, :] - gain[chosen, None] - pairs[chosen]
        worth[-1, :-1] = gain
        worth[:-1, -1] = -gain[chosen]
        worth[:, chosen] = -np.inf
        move = _best(worth, table, used, low, high, np.append(chosen, count))
        if move is None:
            break
        out, into = move
        leaving = np.append(chosen, count)[out]
        used = used - table[:, leaving] + table[:, into]
        chosen = np.delete(chosen, out) if out < len(chosen) else chosen
        chosen = np.append(chosen, into) if into < count else chosen
    placed = placing[chosen] if space.names else chosen[:0]
    return Found("found", np.concatenate([item[chosen], placed, auxiliary]))


def _best(
    worth: Floats, table: Ints, used: Ints, low: Ints, high: Ints, leaving: Ints, chunk: int = 128
) -> tuple[int, int] | None:
    """The best move that gains anything and keeps all rows: place among `leaving`, column."""
    better = np.flatnonzero(worth.ravel() > 1e-9)
    better = better[np.argsort(-worth.ravel()[better], kind="stable")]
    for start in range(0, len(better), chunk):
        out, into = np.divmod(better[start : start + chunk], worth.shape[1])
        after = used[:, None] - table[:, leaving[out]] + table[:, into]
        kept = ((after >= low[:, None]) & (after <= high[:, None])).all(0)
        if kept.any():
            first = int(np.argmax(kept))
            return int(out[first]), int(into[first])
    return None


def _table(program: Program, found: Found, item: Ints, placing: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Rows over choices as a matrix (R, C + 1), the last column empty; what is used of each row; its bounds (R,)."""
    once = [at_most(np.array([column]), 1) for column in program.space.items.tolist()]  # a choice cannot be taken twice
    several = [row for _, row in program.rows] + (once if program.space.names else [])
    wide = np.zeros((len(several), program.space.width), dtype=np.int64)
    for place, row in enumerate(several):
        wide[place, row.columns] = row.coefficients
    table = np.zeros((len(several), len(item) + 1), dtype=np.int64)
    table[:, :-1] = wide[:, item]
    table[:, : len(placing)] += wide[:, placing]
    low = np.array([-_ENDLESS if row.low is None else row.low for row in several], dtype=np.int64)
    high = np.array([_ENDLESS if row.high is None else row.high for row in several], dtype=np.int64)
    return table, wide[:, found.columns].sum(1), low, high
