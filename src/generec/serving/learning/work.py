"""The one retraining of a tenant at a time: a job of the store that is its lock, its sign of life and its progress."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sql

from generec.errors import GenerecError, UsageError
from generec.fitting.progress import Silent, reporting
from generec.protocols import Progress, Task
from generec.serving.store import Store
from generec.serving.store.jobs import Job

KIND = "retrain"
BEAT = 5.0  # seconds between signs of life


class CancelledRetraining(GenerecError):  # noqa: N818 - not an error of anyone
    """The job was cancelled, or taken for dead: nothing is activated."""


@dataclass
class Work:
    """A job that runs in this process. Everything reported inside goes to the job and to `beside`."""

    store: Store
    tenant: str
    job: Job
    beside: Progress
    line: str = ""
    done: float = 0.0
    _span: tuple[float, float] = (0.0, 1.0)
    _lost: str = ""
    _end: threading.Event = field(default_factory=threading.Event)

    def phase(self, line: str, low: float, high: float) -> None:
        """What comes next, and the part of the whole that it is. Raises CancelledRetraining."""
        self.line, self.done, self._span = line, low, (low, high)
        self.tell()

    def tell(self) -> None:
        """A sign of life, now. Raises CancelledRetraining when the job is no longer this process's."""
        try:
            self.store.jobs.tell(self.tenant, self.job.id, self.done, self.line)
        except UsageError as error:
            self._lost = str(error)
        self.check()

    def check(self) -> None:
        """Raises CancelledRetraining when the job is no longer this process's."""
        if self._lost:
            raise CancelledRetraining(f"the retraining was stopped: {self._lost}")

    def start(self, description: str, total: float | None = None) -> Task:
        """Progress: one piece of the phase."""
        return _Step(self, self.beside.start(description, total), description, total)

    def reached(self, line: str, part: float) -> None:
        """How far the phase is; it never goes back where a phase has several pieces of work."""
        low, high = self._span
        self.line, self.done = line, max(self.done, low + (high - low) * min(part, 1.0))
        self.check()

    def beat(self) -> None:
        """Tells the store every few seconds that somebody is at work; runs in a thread of its own."""
        while not self._end.wait(BEAT):
            try:
                self.store.jobs.tell(self.tenant, self.job.id, self.done, self.line)
            except UsageError as error:
                self._lost = str(error)
                return
            except sql.exc.OperationalError:  # the store is busy: the next beat will do
                continue

    def stop(self) -> None:
        self._end.set()


@dataclass
class _Step:
    work: Work
    beside: Task
    description: str
    total: float | None
    steps: float = 0.0

    def advance(self, steps: float = 1, note: str = "") -> None:
        self.beside.advance(steps, note)
        self.steps += steps
        self.work.reached(self.description, self.steps / self.total if self.total else 0.0)

    def finish(self) -> None:
        self.beside.finish()


@contextmanager
def working(
    store: Store, tenant: str, options: Mapping[str, Any], *, by: str, beside: Progress | None = None
) -> Iterator[Work]:
    """Holds the tenant's retraining; ends the job as failed when the block raises, and the block ends it otherwise.

    Raises UsageError while another one is alive.
    """
    work = Work(store, tenant, claimed(store, tenant, options, by), beside or Silent())
    heart = threading.Thread(target=work.beat, name="retrain", daemon=True)
    heart.start()
    try:
        with reporting(work):
            yield work
    except BaseException as error:
        work.stop()
        heart.join()
        with suppress(UsageError):  # it was cancelled, or taken for dead: then it has ended
            store.jobs.end(tenant, work.job.id, {"error": str(error) or type(error).__name__}, failed=True)
        raise
    finally:
        work.stop()
        heart.join()


def claimed(store: Store, tenant: str, options: Mapping[str, Any], by: str) -> Job:
    """The tenant's only running retraining; one that has shown no sign of life for jobs.STALE seconds was killed."""
    try:
        return store.jobs.begin(tenant, KIND, options, by=by)
    except UsageError as error:
        raise UsageError(f"{error}. If it was killed, ask again in a minute") from None
