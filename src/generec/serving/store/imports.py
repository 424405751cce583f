"""What people did before there was a server: the events of a data set, brought into the log once.

Every event has a key of its own, so that whatever an interruption leaves is finished by the next run and nothing is
stored twice. How far it is stands in the jobs of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

from generec.data.dataset import fingerprint
from generec.data.entries import Entry, Source
from generec.errors import UsageError
from generec.serving.store import Store
from generec.serving.store.border import known
from generec.serving.store.jobs import Job
from generec.types import Dataset

KIND = "import events"
_BATCH = 1000  # events of one transaction: others who write wait for no more


@dataclass(frozen=True)
class Histories:
    """The events of a data set on their way into a tenant's log."""

    store: Store
    tenant: str
    data: Dataset
    by: str

    @property
    def name(self) -> str:
        """What tells these events from others: the fingerprint of their data set."""
        return str(self.data.info.get("fingerprint") or fingerprint(self.data))

    @property
    def done(self) -> bool:
        """Whether all of them are in the log."""
        return any(job.state == "done" for job in self._before)

    @property
    def due(self) -> bool:
        """Whether a server that starts brings them in: nothing else is in the log, or it was begun and not ended."""
        before = self._before
        if self.done or (before and before[0].state == "cancelled") or not self.data.events.height:
            return False
        return bool(before) or self.store.log_is_empty()

    @property
    def _before(self) -> list[Job]:
        jobs = self.store.jobs.list(self.tenant, 1000)
        return [job for job in jobs if job.kind == KIND and job.options.get("data") == self.name]

    def bring(
        self,
        told: Callable[[int], None] = lambda events: None,
        gone: Callable[[], frozenset[str]] = frozenset,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Job:
        """Appends what is missing, oldest first for everybody; the job that says so.

        told: called with the number of events of each batch. gone: people who were deleted since it began, whose events
        are left out. stopped: whether to end between two batches; the next run goes on there. Raises UsageError when it
        was done before, or another process does it.
        """
        if self.done:
            raise UsageError(f"the events of {self.data.info.get('source', 'this data set')} are in the log already")
        total, before = self.data.events.height, max((job.progress for job in self._before), default=0.0)
        options = {"data": self.name, "source": str(self.data.info.get("source", "")), "events": total}
        job = self.store.jobs.begin(self.tenant, KIND, options, by=self.by)
        start = int(before * total) // _BATCH * _BATCH
        told(start)
        log, stored = self.store.log(self.tenant), 0
        for begin in range(start, total, _BATCH):
            if stopped():
                return self.store.jobs.end(self.tenant, job.id, {"error": "it was stopped"}, failed=True)
            entries = [entry for entry in self.entries(begin, begin + _BATCH) if entry.user_id not in gone()]
            stored += log.append(entries).stored
            for user_id in gone() & {entry.user_id for entry in entries if entry.user_id}:
                self.store.people.forget(self.tenant, user_id, by=self.by)  # deleted while they were being written
            reached = min(begin + _BATCH, total)
            self.store.jobs.tell(self.tenant, job.id, reached / total, f"{reached:,} of {total:,} events")
            told(reached - begin)
        return self.store.jobs.end(self.tenant, job.id, {"events": total, "stored": stored})

    def entries(self, begin: int = 0, end: int | None = None) -> Iterator[Entry]:
        """The events of some rows as the log takes them; sent again they are stored once."""
        rows = self.data.events[begin:end].iter_rows(named=True)
        for number, row in enumerate(rows, begin):
            source, value, time = row.get("source", self._source), row["value"], row["timestamp"]
            yield Entry(
                kind=row["event"] or "view", user_id=row["user_id"], item_id=row["item_id"],
                value=value if known(value) else None,
                time=0 if time is None else time,  # where only the order is known, the order of the log says it
                source=source if source in get_args(Source) else "human",
                key=f"{self.name[:16]}/{number}",
            )  # fmt: skip

    @property
    def _source(self) -> Source:
        """Who acted, where the events do not say: people of a made world are simulated."""
        return "simulated" if "world" in self.data.info else "human"
