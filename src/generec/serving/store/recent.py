"""What the store said a moment ago, of what every request asks and hardly anybody changes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class Recent(Generic[T]):
    """Reads again when what it has is `seconds` old, so that most requests need neither the store nor a thread for it.

    What this process changes counts at once, by `drop`; what others change, within `seconds`. For many threads.
    """

    read: Callable[[], T]
    seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _kept: tuple[float, T] | None = None
    _dropped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def ready(self) -> bool:
        """Whether `get` answers without asking the store."""
        kept = self._kept
        return kept is not None and self.clock() - kept[0] < self.seconds

    def get(self) -> T:
        """What the store says, or said a moment ago."""
        kept = self._kept
        if kept is not None and self.clock() - kept[0] < self.seconds:
            return kept[1]
        before, began = self._dropped, self.clock()
        found = self.read()
        with self._lock:
            if self._dropped == before:  # else it may be older than the change
                self._kept = began, found
        return found

    async def fresh(self) -> T:
        """The same on an event loop, which goes on while the store is asked."""
        return self.get() if self.ready else await asyncio.to_thread(self.get)

    def drop(self) -> None:
        """Call it after a change."""
        with self._lock:
            self._dropped, self._kept = self._dropped + 1, None
