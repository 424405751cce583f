"""How often who may ask: a bucket of tokens per key, per tenant and per address that guesses keys.

The library `limits` counts windows and has no such bucket; its memory keeps a timer thread. This is all there is to it.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from generec.serving.batcher import OverloadError

_KEPT = 10_000  # buckets; one that is dropped was idle longest, and begins full again


class RateError(OverloadError):
    """Who asks has asked too often."""

    def __str__(self) -> str:
        return f"you ask more often than this server allows; ask again in {self.retry_after:.1f} s"


@dataclass(eq=False)
class Rates:
    """Buckets in this process's memory; several processes allow as many times as much.

    A bucket holds `seconds` times its rate in tokens, at least one, is full at first, and fills with its rate.
    """

    seconds: float = 2.0
    clock: Callable[[], float] = time.monotonic
    _left: OrderedDict[tuple[str, str], tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self, kind: str, name: str, rate: float) -> None:
        """Takes a token. rate: requests a second, 0 for any number. Raises RateError where there is none."""
        if not rate:
            return
        most, now = max(1.0, rate * self.seconds), self.clock()
        with self._lock:
            tokens, at = self._left.get((kind, name), (most, now))
            tokens = min(most, tokens + (now - at) * rate)
            enough = tokens >= 1
            self._left[kind, name] = (tokens - enough, now)
            self._left.move_to_end((kind, name))
            if len(self._left) > _KEPT:
                self._left.popitem(last=False)
        if not enough:
            raise RateError((1 - tokens) / rate)
