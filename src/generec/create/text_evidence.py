"""What the items of a catalogue say of a *what* and of a *how*: evidence for a text about an item that is not there.

A fact of one item goes for no other, so numbers, dates, names and prices stay behind. What is left is evidence about
the kind of thing, not about an item: it carries no item id, only its origin. Statements that stand under
the *whats* about as widely as chance would have it tell the how, the more so the more often they stand under it than
elsewhere; the others tell the what.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from generec.create.text_statements import is_specific, statements
from generec.records import Code, Evidence


@dataclass(frozen=True)
class CodedTexts:
    """The texts of a catalogue under their codes."""

    item_ids: Sequence[str]
    texts: Sequence[str]  # '' where an item has none
    what: Tensor  # (N, Lw)
    how: Tensor  # (N, Lh)
    name: str = "description"  # of the field
    wide: int = 48
    """Items looked at on each side."""
    often: int = 5
    """Items that must say alike what is to tell a how; of fewer nothing can be told."""
    spread: float = 0.7
    """Share of the *whats* that chance would give a statement, under which it must stand to tell a how."""
    _said: dict[int, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def gather(
        self,
        what: Code,
        hows: Sequence[Code],
        near: Sequence[int] = (),
        each: int = 6,
        only: Collection[int] | None = None,
    ) -> tuple[Evidence, ...]:
        """At most `each` statements of the what and of every how, in turns.

        near: rows that come first; only: rows that the statements of the what may come from, None for all.
        """
        ranked = dict.fromkeys([*near, *closest(self.what, what)])
        about = [row for row in ranked if only is None or row in only][: self.wide]
        made = [closest(self.how, how, near)[: self.wide] for how in hows]
        spread = range(0, len(self.texts), max(1, len(self.texts) // (4 * self.wide)))  # who says what elsewhere
        looked = list(dict.fromkeys([*about, *(row for rows in made for row in rows), *spread]))
        subject = (one for row in about for one in self.said(row) if one not in self.common)
        sides = [self._of(about, each, dict.fromkeys(subject, 0.0))]
        usual = self._shares(looked)
        for rows in made:
            own = self._shares(rows)
            sides.append(self._of(rows, each, {one: usual[one] - own[one] for one in own if one in self.common}))
        return taking_turns(sides)

    def manners(self) -> tuple[Evidence, ...]:
        """Ways in which things of all kinds are made, the most common first."""
        order = {one: -float(count) for one, count in self.common.items()}
        return self._of(range(len(self.texts)), len(order), order)

    @cached_property
    def common(self) -> dict[str, int]:
        """What items of all *whats* say alike, and how many items say it."""
        whats = self.what[:, 0].tolist() if self.what.shape[1] else [0] * len(self.texts)
        every = max(1, len(set(whats)))
        under: defaultdict[str, list[int]] = defaultdict(list)
        for row, what in enumerate(whats):
            for one in self.said(row):
                under[one].append(what)
        return {
            one: len(of)
            for one, of in under.items()
            if len(of) >= self.often and len(set(of)) >= max(2, self.spread * every * (1 - (1 - 1 / every) ** len(of)))
        }

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """What items say of their subject, the most common first."""
        found = Counter(one for row in range(len(self.texts)) for one in self.said(row) if one not in self.common)
        return tuple(one for one, _ in found.most_common())

    def _of(self, rows: Sequence[int], count: int, order: Mapping[str, float]) -> tuple[Evidence, ...]:
        """The first statements of some rows by an order; those without a place in it are left out."""
        found: dict[str, Evidence] = {}
        for row in rows:
            for at, one in enumerate(self.said(row)):
                if one in order and one not in found:
                    item_id = self.item_ids[row]
                    found[one] = Evidence(f"{item_id}#{self.name}.{at}", one, None, self.name, origin=item_id)
        return tuple(found[one] for one in sorted(found, key=lambda one: order[one])[:count])

    def _shares(self, rows: Sequence[int]) -> dict[str, float]:
        """Share of some rows that make each statement."""
        counts = Counter(one for row in rows for one in self.said(row))
        return {one: count / len(rows) for one, count in counts.items()}

    def said(self, row: int) -> tuple[str, ...]:
        """What an item's text says that may go for others."""
        if row not in self._said:
            self._said[row] = tuple(one for one in statements(self.texts[row]) if not is_specific(one))
        return self._said[row]


def taking_turns(sides: Sequence[Sequence[Evidence]]) -> tuple[Evidence, ...]:
    """The first of every side, then the second of every side, and so on; the same words once."""
    found: dict[str, Evidence] = {}
    for place in range(max(map(len, sides), default=0)):
        for side in sides:
            for one in side[place : place + 1]:
                found.setdefault(one.text, one)
    return tuple(found.values())


def closest(codes: Tensor, code: Code, near: Sequence[int] = ()) -> list[int]:
    """Rows that share the first level of a code, those that share more levels first, then those in `near`."""
    wanted = torch.tensor(code[: codes.shape[1]], dtype=codes.dtype)
    shared = (codes[:, : len(wanted)] == wanted).long().cumprod(1).sum(1)  # (N,)
    rank = torch.full((len(codes),), len(near))
    rank[torch.tensor(near, dtype=torch.int64)] = torch.arange(len(near))
    order = torch.argsort(rank, stable=True)
    order = order[torch.argsort(-shared[order], stable=True)]
    return [row for row in order.tolist() if shared[row] > 0]
