"""A second model that answers a copy of the traffic, unseen: how often would people have got something else?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from generec.serving.batcher import Batcher, Limits
from generec.serving.cache import Answer, Ask
from generec.serving.versions import Version


@dataclass
class Agreement:
    """How far the shadow's answers were those that people got."""

    compared: int = 0
    first: int = 0  # answers whose first item was the same
    overlap: float = 0.0  # sum over answers of the share of items that both have
    dropped: int = 0  # copies left out because the shadow was busy
    failed: int = 0


class Shadow:
    """Runs one version beside those that answer: its own thread and queue, which drops rather than waits.

    on_overlap is told the share of items in common with each answer, from 0 to 1.
    """

    def __init__(self, version: Version, limits: Limits, on_overlap: Callable[[float], None] = lambda overlap: None):
        self.version, self.agreement = version, Agreement()
        self._on_overlap = on_overlap
        self._batcher: Batcher[Ask, Answer] = Batcher(version.answer, limits)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._batcher.start()

    def offer(self, ask: Ask, answer: Answer) -> None:
        """Takes a copy of a request that was answered; returns at once."""
        if len(self._tasks) >= self._batcher.limits.queue:
            self.agreement.dropped += 1
            return
        task = asyncio.create_task(self._compare(ask, answer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> Agreement:
        """Finishes what it has taken, and says what it found."""
        await asyncio.gather(*self._tasks)
        await self._batcher.drain()
        return self.agreement

    async def _compare(self, ask: Ask, answer: Answer) -> None:
        try:
            other = await self._batcher.submit(ask)
        except Exception:  # whatever a shadow does wrong is counted and reaches nobody
            self.agreement.failed += 1
            return
        ours, theirs = answer.slate.item_ids, other.slate.item_ids
        longest = max(len(ours), len(theirs))
        overlap = len(set(ours) & set(theirs)) / longest if longest else 1.0
        self.agreement.compared += 1
        self.agreement.first += ours[:1] == theirs[:1]
        self.agreement.overlap += overlap
        self._on_overlap(overlap)
