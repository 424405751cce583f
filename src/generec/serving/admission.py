"""Who is worked for when more is asked than can be answered: so few at once that whoever is let in is in time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from generec.serving.batcher import Limits, OverloadError

_MEMORY = 0.95  # what the mean of seconds keeps of its past with every request
_OVER = 1.0  # seconds that an overload lasts at least
_PAUSE = 0.1  # seconds in which nobody comes: a flood has ended
_MOST = 0.75  # of those who came in such a second: were as many refused, it goes on


@dataclass(eq=False)
class _Waiting:
    since: float
    let_in: asyncio.Future[bool]  # False: refused


@dataclass(eq=False)
class Admission:
    """Counts who is inside, before anything is done for them, and lets others wait: as many as `limits.queue`.

    A burst, or a moment in which nothing is answered, waits in its order and is answered by full batches. Where more
    come than can wait there is an overload: for a second nobody waits any more, few are inside at once, the others are
    refused at once, and whoever had waited long is refused rather than answered late (controlled delay as in Maurer
    2015, Fail at Scale). Few at once answer less than full batches do, so it ends as soon as these might be enough:
    after a second in which not most were refused. Belongs to the event loop.
    """

    limits: Limits
    on_refused: Callable[[], object] = lambda: None
    clock: Callable[[], float] = time.monotonic
    inside: int = 0
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _until: float = float("-inf")  # end of the last overload, so far
    _came: int = 0  # since this second of it began
    _refusals: int = 0  # the same
    _seconds: float = 0.0  # mean from coming in to leaving

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Stands around all work for one request. Raises OverloadError for who is not let in."""
        self._count()
        if self._waiting or self.inside >= self._places:
            await self._wait()
        else:
            self.inside += 1
        began = self.clock()
        try:
            yield
        finally:
            took = self.clock() - began
            self._seconds = _MEMORY * self._seconds + (1 - _MEMORY) * took if self._seconds else took
            self._leave()

    @property
    def waiting(self) -> int:
        """Who is neither inside nor refused."""
        return len(self._waiting)

    @property
    def overloaded(self) -> bool:
        """Whether most are refused now."""
        return self.clock() < self._until

    @property
    def _places(self) -> int:
        return self.limits.standing if self.overloaded else self.limits.batch

    def _count(self) -> None:
        now = self.clock()
        if now >= self._until:
            if now < self._until + _PAUSE and self._refusals > _MOST * self._came:
                self._until = now + _OVER
            self._came = self._refusals = 0
        self._came += 1

    async def _wait(self) -> None:
        if self.overloaded:
            raise self._refused()
        if len(self._waiting) >= self.limits.queue:
            self._until, self._came, self._refusals = self.clock() + _OVER, 1, 0
            raise self._refused()
        mine = _Waiting(self.clock(), asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        try:
            let_in = await mine.let_in
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not mine.let_in.cancelled() and mine.let_in.result():  # it had just got its place
                self._leave()
            raise
        if not let_in:
            raise self._refused()

    def _leave(self) -> None:
        self.inside -= 1
        while self._waiting and self.inside < self._places:
            one = self._waiting.popleft()
            in_time = not self.overloaded or self.clock() - one.since <= self.limits.late
            self.inside += in_time
            one.let_in.set_result(in_time)

    def _refused(self) -> OverloadError:
        self._refusals += 1
        self.on_refused()
        return OverloadError(self._seconds)
