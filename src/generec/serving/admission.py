"""Who is worked for when more is asked than can be answered: who came last, so that whoever is answered is in time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from generec.serving.batcher import Limits, OverloadError

_MEMORY = 0.95  # what the mean of seconds keeps of its past with every request
_OVER = 1.0  # seconds without a refusal after which there is no overload any more


@dataclass(eq=False)
class _Waiting:
    since: float
    let_in: asyncio.Future[bool]  # False: refused


@dataclass(eq=False)
class Admission:
    """Counts who is inside, before anything is done for them, and lets others wait: as many as `limits.queue`.

    A burst, or a moment in which nothing is answered, waits in its order and is answered by full batches. Where more
    come than can wait, who has waited longest is refused, and until that has ended the last comes first, few are inside
    at once, and whoever has waited long is refused rather than answered late (adaptive LIFO and controlled delay as in
    Maurer 2015, Fail at Scale). Belongs to the event loop.
    """

    limits: Limits
    on_refused: Callable[[], object] = lambda: None
    clock: Callable[[], float] = time.monotonic
    inside: int = 0
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _refused: float = float("-inf")  # when somebody was refused last
    _seconds: float = 0.0  # mean from coming in to leaving

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Stands around all work for one request. Raises OverloadError for who is not let in."""
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
        """Whether somebody was refused a moment ago."""
        return self.clock() - self._refused < _OVER

    @property
    def _places(self) -> int:
        return self.limits.standing if self.overloaded else self.limits.batch

    async def _wait(self) -> None:
        mine = _Waiting(self.clock(), asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        if len(self._waiting) > self.limits.queue:
            self._refuse(self._waiting.popleft())
        try:
            let_in = await mine.let_in
        except asyncio.CancelledError:
            if mine in self._waiting:
                self._waiting.remove(mine)
            elif not mine.let_in.cancelled() and mine.let_in.result():  # it had just got its place
                self._leave()
            raise
        if not let_in:
            raise OverloadError(self._seconds)

    def _leave(self) -> None:
        self.inside -= 1
        while self._waiting and self.inside < self._places:
            overloaded = self.overloaded
            one = self._waiting.pop() if overloaded else self._waiting.popleft()
            if overloaded and self.clock() - one.since > self.limits.late:
                self._refuse(one)
            else:
                self.inside += 1
                one.let_in.set_result(True)

    def _refuse(self, one: _Waiting) -> None:
        self._refused = self.clock()
        self.on_refused()
        one.let_in.set_result(False)
