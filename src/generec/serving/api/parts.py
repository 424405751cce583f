"""What the routes share: engine, store, loop and settings, and the one thread in which the loop runs."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import TypeVar

from generec.data.log import Forgotten
from generec.errors import GenerecError
from generec.records import Feedback, Person, Turn
from generec.serving.api.impressions import Impressions
from generec.serving.api.known import Known
from generec.serving.api.pictures import Pictures
from generec.serving.api.rates import Rates
from generec.serving.api.reports import Reports
from generec.serving.api.rollout import Rollout
from generec.serving.api.settings import Settings
from generec.serving.api.talker import Talker
from generec.serving.api.wishes import fitting
from generec.serving.batcher import DeadlineError, NotServingError, OverloadError
from generec.serving.cache import person_of
from generec.serving.courtesy import courteous
from generec.serving.engine import Engine
from generec.serving.rules import Rule, in_force
from generec.serving.store import Store
from generec.serving.store.database import now
from generec.serving.store.events import TenantLog

T = TypeVar("T")
_LOG = logging.getLogger(__name__)
_TURNS = 2_000  # kept for the feedback on them


@dataclass
class Parts:
    """One application."""

    engine: Engine
    store: Store
    talker: Talker
    settings: Settings
    rollout: Rollout
    turns: OrderedDict[tuple[str, str], Turn] = field(default_factory=OrderedDict)
    talking: int = 0
    closing: bool = False
    gone: set[str] = field(default_factory=set)  # people of the server's tenant who were deleted since it began
    rates: Rates = field(default_factory=Rates)
    impressions: Impressions = field(init=False)
    reports: Reports = field(init=False)
    pictures: Pictures | None = field(init=False)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "loop"))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _logs: dict[str, TenantLog] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.impressions = Impressions(lambda: self.log(self.settings.tenant), self.settings.impressions)
        self.reports = Reports(self.settings.patience)
        self.pictures = None if self.settings.pictures is None else Pictures(self.settings.pictures)

    def log(self, tenant: str) -> TenantLog:
        """The event log of a tenant."""
        if tenant not in self._logs:
            self._logs[tenant] = self.store.log(tenant)
        return self._logs[tenant]

    def known(self, tenant: str, user_id: str | None) -> Known:
        """What the store has of a person now, so that every new event counts at once."""
        if user_id is None:
            return Known()
        return Known.of(self.log(tenant), user_id, self.store.people.get(tenant, user_id))

    def rules(self, tenant: str) -> tuple[Rule, ...]:
        """The operator's rules that are in force now."""
        return in_force(self.store.rules.recent(tenant).get(), now())

    def person(self, tenant: str, user_id: str | None, history: tuple[str, ...] = ()) -> Person:
        """A person for the loop. history: instead of what the store has. Asks the talker: call it in `talk`."""
        known = self.known(tenant, user_id)
        used = history or known.history
        own = fitting(known.own, self.engine.versions.serving.active.snapshot.system.catalog)
        return Person(
            user_id=user_id, history=used, liked=() if history else known.liked,
            profile=self.talker.profile(used, own, known.deleted),
            consent=known.profile.consent, age=known.profile.age, locale=known.profile.locale,
        )  # fmt: skip

    async def talk(self, work: Callable[[], T]) -> T:
        """Runs something in the loop's thread. Raises OverloadError, DeadlineError and NotServingError."""
        if self.closing:
            raise NotServingError("the server is being stopped; ask another one")
        if self.talking >= self.settings.talks:
            raise OverloadError(float(self.settings.talks))
        self.talking += 1
        running = asyncio.get_running_loop().run_in_executor(self._thread, copy_context().run, courteous()(work))
        running.add_done_callback(self._talked)
        try:
            async with asyncio.timeout(self.settings.patience):
                return await asyncio.shield(running)
        except TimeoutError:
            raise DeadlineError(f"no answer within {self.settings.patience:g} s; ask again, or for less") from None

    def _talked(self, done: asyncio.Future[T]) -> None:
        self.talking -= 1
        if not done.cancelled():
            done.exception()  # whoever waited had it; one who is gone leaves no warning

    def keep(self, tenant: str, turn: Turn) -> None:
        """Remembers a turn for the feedback on it, and that it was served."""
        self.impressions.turn(turn, str(turn.trace.get("model") or self.engine.versions.serving.active.name))
        self.engine.metrics.traffic.turn(turn)
        self.turns[tenant, turn.id] = turn
        while len(self.turns) > _TURNS:
            self.turns.popitem(last=False)

    def learn(self, tenant: str, given: Sequence[Feedback]) -> None:
        """Lets the loop hear, behind the answer, what a person did with turns of theirs that are remembered."""
        about: dict[str, list[Feedback]] = {}
        for each in given:
            turn = self.turns.get((tenant, each.turn))
            if turn is not None and turn.guidance.user_id == each.user_id:
                about.setdefault(each.turn, []).append(each)
        for name, feedback in about.items():
            task = asyncio.create_task(self._learned(self.turns[tenant, name], feedback))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _learned(self, turn: Turn, feedback: Sequence[Feedback]) -> None:
        try:
            await self.talk(lambda: self.talker.learn(turn, feedback))
        except GenerecError as error:  # the event is in the log all the same
            _LOG.warning("feedback on a turn taught nothing: %s", type(error).__name__)

    async def forget(self, tenant: str, user_id: str, by: str) -> Forgotten:
        """Deletes a person, with what memory holds of them: before, so that nothing of it is written any more, and
        after, for what was served meanwhile."""
        await self._drop(tenant, user_id)
        done = await asyncio.to_thread(self.store.people.forget, tenant, user_id, by=by)
        await self._drop(tenant, user_id)
        return done

    async def _drop(self, tenant: str, user_id: str) -> None:
        for key, turn in list(self.turns.items()):
            if key[0] == tenant and turn.guidance.user_id == user_id:
                del self.turns[key]
        self.engine.cache.forget(person_of(tenant, user_id))
        if tenant == self.settings.tenant:
            self.gone.add(user_id)
            await self.impressions.forget(user_id)

    async def close(self) -> None:
        """Lets the loop finish what it has begun."""
        await asyncio.gather(*self._tasks)
        self.closing = True
        self.reports.close()
        await asyncio.to_thread(self._thread.shutdown, wait=True, cancel_futures=False)
