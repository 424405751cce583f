"""Who is let in when more is asked than can be answered: all of a burst, but no queue that stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from generec.serving.batcher import Limits, OverloadError

_MEMORY = 0.95  # what the mean of seconds keeps of its past with every request


class Admission:
    """Counts who is inside, and refuses before anything is done for them.

    While nobody was inside a moment ago (`limits.burst`), as many are let in as can wait. From then on only
    `limits.standing`: a queue that does not empty makes everybody late and nobody served sooner. The rule is controlled
    delay (Nichols and Jacobson 2012) as servers use it (Maurer 2015, Fail at Scale), with a count in place of the time
    in the queue. Belongs to the event loop.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic):
        self.limits, self.clock = limits, clock
        self.inside = 0
        self._empty = clock()  # when last nobody was inside
        self._seconds = 0.0  # mean from coming in to leaving

    @contextmanager
    def one(self) -> Iterator[None]:
        """Stands around all work for one request. Raises OverloadError where there is no place."""
        began = self.clock()
        if not self.inside:
            self._empty = began
        bursting = began - self._empty <= self.limits.burst
        if self.inside >= (self.limits.queue + self.limits.batch if bursting else self.limits.standing):
            raise OverloadError(self._seconds)
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            took = self.clock() - began
            self._seconds = _MEMORY * self._seconds + (1 - _MEMORY) * took if self._seconds else took
