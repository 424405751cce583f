"""The engine of the server: cache, queue, model, shadow and figures around `recommend`; what speaks HTTP calls this."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType

from generec.data.conditions import expression
from generec.errors import UsageError
from generec.serving.admission import Admission
from generec.serving.batcher import Batcher, Limits
from generec.serving.cache import Answer, AnswerCache, Ask
from generec.serving.collector import Collector, hand_back
from generec.serving.metrics import Metrics
from generec.serving.shadow import Agreement, Shadow
from generec.serving.versions import Version, Versions

_LONGEST = 1000  # items of one slate


class Engine:
    """Answers requests of many people at once; used as `async with Engine(limits) as engine`.

    `versions` puts models in, swaps them and changes their catalogue, while this goes on answering. cached: how many
    answers are kept.
    """

    def __init__(self, limits: Limits | None = None, *, cached: int = 10_000):
        self.limits = limits or Limits()
        self.versions, self.metrics, self.cache = Versions(), Metrics(), AnswerCache(cached)
        self._batcher: Batcher[Ask, Answer] = Batcher(self.versions.answer, self.limits, self._on_batch)
        self.admission = Admission(self.limits, self.metrics.requests.labels("overloaded").inc)
        self._shadow: Shadow | None = None
        self._collector, self._loads = Collector(), frozenset[str]()

    async def __aenter__(self) -> Engine:
        self._batcher.start()
        self._collector.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._collector.stop()
        await self.drain()

    async def recommend(self, ask: Ask, timeout: float | None = None) -> Answer:
        """The answer to one question, kept or computed, by exactly one version, which it names.

        timeout: seconds until nobody waits any more. Raises OverloadError (with retry_after), DeadlineError,
        NotServingError, and UsageError for a question that cannot be asked.
        """
        with self.metrics.request():
            version = self.versions.serving.of(ask.person)
            kept = self.cache.get(ask, version.source)
            if kept is not None:
                self.metrics.answers.labels(kept.version, "yes").inc()
                return replace(kept, cached=True)
            _check(ask, version)
            answer = await self._batcher.submit(ask, timeout)
            self.cache.put(ask, answer)
            self.metrics.answers.labels(answer.version, "no").inc()
            if self._shadow is not None:
                self._shadow.offer(ask, answer)
            return answer

    def _on_batch(self, waits: Sequence[float], seconds: float) -> None:
        self.metrics.on_batch(waits, seconds)
        loads = frozenset(version.load for version in self.versions.loaded.values())
        if self._loads - loads:  # a model went, and with it much memory
            asyncio.get_running_loop().run_in_executor(None, hand_back)
        self._loads = loads

    async def shadow(self, name: str | None) -> Agreement | None:
        """Lets a loaded version answer a copy of what the model is asked from now on; None ends that.

        Gives what the shadow before found, if there was one.
        """
        version = None if name is None else self.versions.named(name)
        before, self._shadow, self.versions.shadow = self._shadow, None, version
        found = None if before is None else await before.stop()
        if version is not None:
            self._shadow = Shadow(version, self.limits, self.metrics.overlap.observe)
            self._shadow.start()
        return found

    @property
    def depth(self) -> int:
        """Requests that wait for the model."""
        return self._batcher.depth

    @property
    def agreement(self) -> Agreement | None:
        """What the shadow has found so far."""
        return None if self._shadow is None else self._shadow.agreement

    def figures(self) -> bytes:
        """Everything that is counted, as Prometheus scrapes it."""
        self.metrics.depth.set(self._batcher.depth)
        self.metrics.kept.set(len(self.cache))
        self.metrics.parts.clear()
        for name, part in self.versions.parts().items():
            self.metrics.parts.labels(name).set(part)
        return self.metrics.text()

    async def drain(self, timeout: float | None = None) -> None:
        """Accepts nothing more, finishes what is here; after `timeout` seconds the rest gets NotServingError."""
        await self._batcher.drain(timeout)
        await self.shadow(None)


def _check(ask: Ask, version: Version) -> None:
    """Refuses what would fail in the model's thread, where it would cost those who share the batch."""
    request = ask.request
    if not 1 <= ask.k <= _LONGEST:
        raise UsageError(f"a slate has 1 to {_LONGEST} items, got k = {ask.k}")
    if request.times is not None and len(request.times) != len(request.history):
        raise UsageError(f"a history of {len(request.history)} items has as many times, got {len(request.times)}")
    for condition in request.conditions:
        expression(version.snapshot.system.catalog, condition)
