"""Reports that take a while: made in a thread of their own, once for all who ask, and kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from generec.serving.batcher import DeadlineError

T = TypeVar("T")
_KEPT = 64


@dataclass(eq=False)
class Reports:
    """The reports made last, by what they are about. All methods belong to the event loop."""

    patience: float
    _made: OrderedDict[Hashable, asyncio.Future[Any]] = field(default_factory=OrderedDict)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "reports"))

    async def get(self, about: Hashable, make: Callable[[], T]) -> T:
        """The report on something, made or kept. about: all that it depends on.

        Raises DeadlineError where it takes longer than `patience` seconds: it goes on, for who asks again. One that
        failed is made again when it is next asked for.
        """
        making = self._made.get(about)
        if making is None:
            making = asyncio.get_running_loop().run_in_executor(self._thread, make)
            making.add_done_callback(lambda done: self._ended(about, done))
            self._made[about] = making
        self._made.move_to_end(about)
        while len(self._made) > _KEPT:
            self._made.popitem(last=False)
        try:
            async with asyncio.timeout(self.patience):
                found: T = await asyncio.shield(making)
        except TimeoutError:
            raise DeadlineError("the report is still being made; ask again in a moment") from None
        return found

    def _ended(self, about: Hashable, done: asyncio.Future[Any]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._made.pop(about, None)

    def close(self) -> None:
        """Begins no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)
