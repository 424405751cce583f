"""What was served: one impression event per slate, written to the log behind the answers.

It says what was put on a slate and by whom; what was in sight, the client alone knows, and sends as impressions of
items. The event names no item in its columns, so that no view for training takes it for an act of the person: items,
drafts and chances are in its payload, which is sealed with everything else of the person.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from pydantic import JsonValue

from generec.data.entries import Entry
from generec.errors import InputError
from generec.records import Turn
from generec.serving.cache import Answer, Ask
from generec.serving.store.database import now
from generec.serving.store.events import TenantLog

_LOG = logging.getLogger(__name__)
_SOON = 0.25  # seconds that events wait for company
_TOGETHER = 500  # events of one transaction
_MOST = 20_000  # events that wait while the store cannot be written
_TRIES = 3  # at the end


@dataclass(eq=False)
class Impressions:
    """Collects what is served. All methods belong to the event loop; the log is written in a thread of its own.

    What waits is lost with a process that is killed, and nothing else: `close` writes all of it.
    """

    log: Callable[[], TenantLog]
    on: bool = True
    lost: int = 0  # events that the log refused, or for which there was no room while it could not be written
    _waiting: deque[Entry] = field(default_factory=deque)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Events that are not on the disk yet."""
        return len(self._waiting)

    def slate(self, ask: Ask, answer: Answer, slate_id: str) -> None:
        """A slate of the model."""
        items: list[JsonValue] = [
            {"position": place, "item_id": item_id, "mode": "retrieved"}
            for place, item_id in enumerate(answer.slate.item_ids)
        ]
        about: dict[str, JsonValue] = {"arm": "recommend", "rules": [rule.id for rule in ask.rules]}
        self._served(ask.request.user_id, slate_id, answer.version, items, {**about, "cached": answer.cached})

    def turn(self, turn: Turn, model: str) -> None:
        """A slate of the loop. arm: which arm of the router served it, or `ask` where it asked back."""
        items: list[JsonValue] = [
            {"position": place, "item_id": one.item_id, "mode": one.mode, "draft": one.draft.id if one.draft else None}
            for place, one in enumerate(turn.slate)
        ]
        plan: Mapping[str, Any] = turn.trace.get("plan", {})
        chances = {str(arm): float(chance) for arm, chance in plan.get("propensities", {}).items()}
        arm = "ask" if turn.question is not None else str(turn.trace.get("served", {}).get("arm", ""))
        about: dict[str, JsonValue] = {"arm": arm, "propensities": {**chances}, "trial": bool(plan.get("exploration"))}
        self._served(turn.guidance.user_id, turn.id, model, items, about, chances.get(arm))

    def _served(
        self, user_id: str | None, slate_id: str, model: str, items: Sequence[JsonValue],
        about: Mapping[str, JsonValue], propensity: float | None = None,
    ) -> None:  # fmt: skip
        if not self.on:
            return
        self._waiting.append(Entry(
            kind="impression", user_id=user_id, turn=slate_id, model=model, time=now(), key=uuid4().hex,
            propensity=propensity if propensity is None or 0 < propensity <= 1 else None,
            payload={"items": list(items), **about},
        ))  # fmt: skip
        if len(self._waiting) > _MOST:
            self._waiting.popleft()
            self.lost += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._soon())

    async def _soon(self) -> None:
        while self._waiting:
            await asyncio.sleep(_SOON)
            await self.flush()

    async def flush(self) -> bool:
        """Writes what waits; whether all of it is on the disk. What cannot be written waits on."""
        async with self._writing:
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
                try:
                    await asyncio.to_thread(self._append, some)
                except Exception as error:  # whatever ails the store, people are answered, and it is tried again
                    _LOG.warning("impressions wait for the store: %s", type(error).__name__)
                    self._waiting.extendleft(reversed(some))
                    return False
        return True

    def _append(self, entries: Sequence[Entry]) -> None:
        """Writes events; where one cannot be kept by any store, the others, or it would hold them up for ever."""
        try:
            self.log().append(entries)
        except InputError:
            if len(entries) > 1:
                for half in (entries[: len(entries) // 2], entries[len(entries) // 2 :]):
                    self._append(half)
                return
            self.lost += 1
            _LOG.error("an impression was lost: the log takes no such event")

    async def forget(self, user_id: str) -> None:
        """Drops what waits of a person, and lets what is being written end."""
        async with self._writing:
            kept = [entry for entry in self._waiting if entry.user_id != user_id]
            self._waiting.clear()
            self._waiting.extend(kept)

    async def close(self) -> None:
        """Writes everything, with some patience."""
        for left in reversed(range(_TRIES)):
            if await self.flush():
                return
            await asyncio.sleep(_SOON if left else 0)
        self.lost += len(self._waiting)
        _LOG.error("%s impressions were lost: the store could not be written", self.lost)
