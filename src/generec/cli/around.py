"""The loop around the system that answers now: made behind when a model or the catalogue changes, never in a turn.

A loop reads the whole catalogue when it is made (titles, texts, vectors), which takes seconds for thousands of items.
Until the next one is there the last one answers, without what it no longer knows: items that were removed or changed
since are not shown by it, new ones not yet. Making takes at most a part of the time, however often items change.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from generec.loop.generec import GeneRec
from generec.serving.collector import hand_back
from generec.serving.courtesy import courteous
from generec.system import System

PATIENCE = 0.5
"""Seconds that turns wait for the next loop after it was begun: small catalogues are always up to date."""
_REST = 5.0  # times as long as a loop took to make, until the next one is begun
_AGAIN = 30.0  # seconds until one that failed is tried again
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Around:
    """A loop, the system it is around, the version's name, and items that it must not show (any more)."""

    generec: GeneRec
    system: System[Any]
    version: str
    stale: frozenset[str] = frozenset()


@dataclass(eq=False)
class Loops:
    """Makes loops and says which one answers. `now` belongs to one thread; loops are made in another.

    serving: the system that answers now; made: a loop around a system; named: the version of a system.
    """

    serving: Callable[[], System[Any]]
    made: Callable[[System[Any]], GeneRec]
    named: Callable[[System[Any]], str] = lambda system: ""
    patience: float = PATIENCE
    _here: Around | None = None
    _coming: Future[Around] | None = None
    _until: float = 0.0  # when the coming one is no longer waited for
    _next: float = 0.0  # when the next one may be begun
    _stale: tuple[System[Any], frozenset[str]] | None = None
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "loops"))

    def now(self) -> Around:
        """The loop that answers now; only the first one has to be waited for, and its errors are raised."""
        system = self.serving()
        if self._here is None:
            coming, self._coming = self._coming or self._begun(system), None
            self._here = coming.result()
        if self._coming is None and self._here.system is not system and time.monotonic() >= self._next:
            self._coming = self._begun(system)
        if self._coming is not None:
            wait([self._coming], max(0.0, self._until - time.monotonic()))
            if self._coming.done():
                self._here, self._coming = self._arrived(self._here, self._coming), None
        here = self._here
        return here if here.system is system else replace(here, stale=self._since(here.system, system))

    def warm(self) -> None:
        """Begins the first loop, so that nobody waits for all of it; called before anybody asks."""
        self._coming = self._begun(self.serving())

    def _begun(self, system: System[Any]) -> Future[Around]:
        self._until = time.monotonic() + self.patience
        return self._thread.submit(self._make, system, self.named(system))

    def _make(self, system: System[Any], version: str) -> Around:
        began = time.monotonic()
        with courteous():
            generec = self.made(system)
            assert generec.loop is not None
            assert generec.profile_writer is not None
        hand_back()  # what making it needed, and the one before the last
        self._next = time.monotonic() + _REST * (time.monotonic() - began)
        return Around(generec, system, version)

    def _arrived(self, before: Around, coming: Future[Around]) -> Around:
        try:
            return _caught_up(coming.result())
        except Exception:  # the loop before goes on, and it is tried again
            _LOG.exception("the loop around the changed catalogue could not be made; the one before goes on")
            self._next = time.monotonic() + _AGAIN
            return before

    def _since(self, old: System[Any], new: System[Any]) -> frozenset[str]:
        """What the old system may not show any more, remembered for the new one."""
        if self._stale is None or self._stale[0] is not new:
            self._stale = new, stale(old, new)
        return self._stale[1]


def stale(old: System[Any], new: System[Any]) -> frozenset[str]:
    """Items that one system would show and that another lacks, has removed, or has with other fields."""
    mine, other = old.catalog.frame, new.catalog.frame
    columns = [name for name in mine.columns if name in other.columns]
    mine, other = mine.select(columns), other.select(columns).filter(pl.Series(new.index.alive.tolist()))
    numbers = [name for name in columns if mine.schema[name].is_numeric() and other.schema[name].is_numeric()]
    unlike = [pl.col(name).cast(pl.Float64) for name in numbers if mine.schema[name] != other.schema[name]]
    mine, other = mine.with_columns(unlike), other.with_columns(unlike)
    if mine.schema != other.schema:
        return frozenset(old.catalog.item_ids)
    return frozenset(mine.join(other, on=columns, how="anti", nulls_equal=True)["item_id"])


def _caught_up(around: Around) -> Around:
    """With what the router heard while this loop was being made; the file of outcomes has it all, in its order."""
    router = around.generec.loop.router
    known = [one for one in around.generec._remembered() if one.arm in router.bandit.arms]
    for outcome in known[router.outcomes :]:
        router.learn(outcome)
    return around
