"""Dynamic micro-batching: what several people ask at the same time is answered together, by one thread."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from generec.errors import GenerecError, UsageError

AskT = TypeVar("AskT")
AnswerT = TypeVar("AnswerT")

_MEMORY = 0.8  # what the drain rate keeps of its past with every batch
_UNKNOWN = 1.0  # seconds to wait before asking again while no batch has been timed


class OverloadError(GenerecError):
    """The queue is full: refused at once, and nothing was computed."""

    def __init__(self, retry_after: float):
        super().__init__(f"too many requests are waiting; ask again in {retry_after:.1f} s")
        self.retry_after = retry_after  # seconds until what waits now will have been answered


class DeadlineError(GenerecError):
    """The request's deadline passed before its answer was there."""


class NotServingError(GenerecError):
    """Nothing is answered here now: no model is active yet, or the server is being stopped."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many requests wait, how long, and how many are answered at once."""

    batch: int = 16
    """Requests answered together."""
    wait: float = 0.002
    """Seconds that a request waits for company while the model is idle."""
    queue: int = 96
    """Requests that wait; one more is refused. With `batch` it bounds how late an answer can be, and how long the
    machine may stand still before a usual number of requests looks like a flood: two seconds of fifty."""
    standing: int = 1
    """Requests that are worked on at once while most others are refused (see serving/admission.py)."""
    late: float = 0.05
    """Seconds that a request may have waited then."""
    timeout: float = 5.0
    """Seconds from arrival to deadline, where a request names none. Admission keeps waits short: this is for a machine
    that stands still, after which a late answer still serves better than an error."""
    threads: int = 1
    """Threads of torch; two on busy cores can be ten times slower than one."""

    def __post_init__(self) -> None:
        counts, seconds = (self.batch, self.queue, self.standing, self.threads), (self.wait, self.late)
        if min(counts) < 1 or min(seconds) < 0 or self.timeout <= 0:
            raise UsageError(f"counts must be at least 1, wait and late at least 0, timeout positive, got {self}")


@dataclass(eq=False)
class _Waiting(Generic[AskT, AnswerT]):
    ask: AskT
    arrived: float
    deadline: float
    answer: asyncio.Future[AnswerT | Exception]  # errors are results: one that nobody awaits any more is no warning


class Batcher(Generic[AskT, AnswerT]):
    """Collects what is asked concurrently and hands it, in order of arrival, to `answer` in its one thread.

    A batch closes when it is full, or when its oldest request has waited `limits.wait`; while the model is busy the
    next one fills up. Whatever `answer` raises reaches the request that caused it: a batch that fails is halved until
    the culprit stands alone. `on_batch` is told how long each request of a batch waited and how long the model took,
    in seconds. Everything but `answer` runs on the event loop.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[AskT]], Sequence[AnswerT]],
        limits: Limits,
        on_batch: Callable[[Sequence[float], float], None] = lambda waits, seconds: None,
    ):
        self.limits = limits
        self._answer, self._on_batch = answer, on_batch
        self._queue: deque[_Waiting[AskT, AnswerT]] = deque()
        self._flying: list[_Waiting[AskT, AnswerT]] = []
        self._waiting, self._full = asyncio.Event(), asyncio.Event()
        self._closing = False
        self._rate = 0.0  # requests per second, while there is work
        self._thread = ThreadPoolExecutor(1, "model", initializer=_pin, initargs=(limits.threads,))
        self._task: asyncio.Task[None] | None = None

    @property
    def depth(self) -> int:
        """Requests that wait; never more than `limits.queue`."""
        return len(self._queue)

    @property
    def retry_after(self) -> float:
        """Seconds in which what is here now will have been answered, by the rate of the last batches."""
        return (len(self._queue) + len(self._flying)) / self._rate if self._rate else _UNKNOWN

    def start(self) -> None:
        """Begins to answer, on the running event loop."""
        self._task = asyncio.get_running_loop().create_task(self._serve(), name="batcher")

    async def submit(self, ask: AskT, timeout: float | None = None) -> AnswerT:
        """The answer to one request; cancel the call when its client is gone.

        timeout: seconds until the request's deadline; one whose deadline has passed never reaches the model. Raises
        OverloadError where the queue is full, DeadlineError, NotServingError after `drain` has begun, and what `answer`
        raised.
        """
        if self._closing:
            raise NotServingError("the server is being stopped; ask another one")
        if len(self._queue) >= self.limits.queue:
            raise OverloadError(self.retry_after)
        loop = asyncio.get_running_loop()
        now, seconds = loop.time(), self.limits.timeout if timeout is None else timeout
        waiting: _Waiting[AskT, AnswerT] = _Waiting(ask, now, now + seconds, loop.create_future())
        self._queue.append(waiting)
        self._signal()
        try:
            async with asyncio.timeout_at(waiting.deadline):
                answer = await waiting.answer
        except TimeoutError:
            raise DeadlineError(f"no answer within {seconds:g} s; ask again, or allow more time") from None
        finally:
            if waiting.answer.cancelled():  # too late, or gone: the place is free at once
                with contextlib.suppress(ValueError):
                    self._queue.remove(waiting)
                self._signal()
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def drain(self, timeout: float | None = None) -> None:
        """Accepts nothing more and finishes what is here; after `timeout` seconds the rest gets NotServingError."""
        self._closing = True
        self._signal()
        try:
            if self._task is not None:
                async with asyncio.timeout(timeout):
                    await asyncio.shield(self._task)
        except TimeoutError:
            if self._task is not None:
                self._task.cancel()
            for waiting in (*self._flying, *self._queue):
                if not waiting.answer.done():
                    waiting.answer.set_result(NotServingError("the server was stopped before the answer was there"))
            self._queue.clear()
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _signal(self) -> None:
        """Sets the events as the queue is now."""
        for event, true in (
            (self._waiting, self._closing or bool(self._queue)),
            (self._full, self._closing or len(self._queue) >= self.limits.batch),
        ):
            if true:
                event.set()
            else:
                event.clear()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._waiting.wait()
            if not self._queue:
                if self._closing:
                    return
                continue
            left = self._queue[0].arrived + self.limits.wait - loop.time()
            if left > 0 and not self._full.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._full.wait(), left)
            self._flying = self._take(loop.time())
            self._signal()
            if self._flying:
                await self._fly(loop)
                self._flying = []

    def _take(self, now: float) -> list[_Waiting[AskT, AnswerT]]:
        """The next batch, without those that are too late or gone."""
        batch: list[_Waiting[AskT, AnswerT]] = []
        while self._queue and len(batch) < self.limits.batch:
            waiting = self._queue.popleft()
            if waiting.deadline > now and not waiting.answer.done():
                batch.append(waiting)
        return batch

    async def _fly(self, loop: asyncio.AbstractEventLoop) -> None:
        batch, began = self._flying, loop.time()
        answers, seconds = await loop.run_in_executor(self._thread, self._timed, [waiting.ask for waiting in batch])
        for waiting, answer in zip(batch, answers, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(answer)
        rate = len(batch) / max(loop.time() - began, 1e-6)
        self._rate = _MEMORY * self._rate + (1 - _MEMORY) * rate if self._rate else rate
        self._on_batch([began - waiting.arrived for waiting in batch], seconds)

    def _timed(self, asks: Sequence[AskT]) -> tuple[Sequence[AnswerT | Exception], float]:
        began = time.perf_counter()
        return self._attempt(asks), time.perf_counter() - began

    def _attempt(self, asks: Sequence[AskT]) -> list[AnswerT | Exception]:
        """One answer or error per request."""
        try:
            answers = self._answer(asks)
            if len(answers) != len(asks):
                raise RuntimeError(f"{len(asks)} requests must get as many answers, got {len(answers)}")
            return list(answers)
        except Exception as error:  # whatever it is, it belongs to the request that caused it and to no other
            if len(asks) == 1:
                return [error]
            middle = len(asks) // 2
            return self._attempt(asks[:middle]) + self._attempt(asks[middle:])


def _pin(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
