"""Long work that the server does, such as a retraining: asked for, taken by one worker, followed, ended once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from generec.errors import UsageError
from generec.serving.store.database import Database, next_number, note, now
from generec.serving.store.tables import JOBS, plain

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
OPEN = ("queued", "running")
STALE = 60  # seconds without a word after which whoever did a job is gone


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece of work. `line`: the last thing that it said; `result`: what it came to, or why it failed."""

    id: str
    kind: str
    state: JobState
    progress: float  # 0 to 1
    line: str
    options: Mapping[str, Any]
    result: Mapping[str, Any] | None
    created: int
    updated: int


@dataclass(frozen=True)
class Jobs:
    """The jobs of each tenant, in the order in which they were asked for."""

    db: Database

    def ask(self, tenant: str, kind: str, options: Mapping[str, Any] | None = None, *, by: str) -> Job:
        """Queues a job. Raises UsageError when one of its kind is queued or running: two retrainings help nobody."""
        row = {"id": secrets.token_hex(8), "kind": kind, "options": plain(dict(options or {}), "the options")}
        with self.db.writing(tenant) as (c, _):
            busy = _jobs(c, tenant, JOBS.c.kind == kind, JOBS.c.state.in_(OPEN))
            if busy:
                raise UsageError(f"a {kind} is {busy[0].state} ({busy[0].id}); wait for it or cancel it")
            return _new(c, tenant, {**row, "state": "queued"}, by)

    def begin(self, tenant: str, kind: str, options: Mapping[str, Any] | None = None, *, by: str) -> Job:
        """A job that whoever asks does at once; nobody takes it.

        Raises UsageError while another does one of its kind; one that has said nothing for STALE seconds is dead.
        """
        row = {"id": secrets.token_hex(8), "kind": kind, "options": plain(dict(options or {}), "the options")}
        with self.db.writing(tenant) as (c, _):
            for job in _jobs(c, tenant, JOBS.c.kind == kind, JOBS.c.state == "running"):
                if job.updated > now() - STALE:
                    raise UsageError(f"a {kind} is running ({job.id}); wait for it or cancel it")
                _set(c, tenant, job.id, {"state": "failed", "result": {"error": "nothing was heard of it any more"}})
            return _new(c, tenant, {**row, "state": "running"}, by)

    def take(self, tenant: str) -> Job | None:
        """The oldest queued job, which runs from now on and is given to nobody else; None when there is none."""
        with self.db.writing(tenant) as (c, _):
            queued = _jobs(c, tenant, JOBS.c.state == "queued")
            return _set(c, tenant, queued[0].id, {"state": "running"}) if queued else None

    def tell(self, tenant: str, job_id: str, progress: float, line: str = "") -> Job:
        """Says how far a running job is. Raises UsageError when it is not running (any more): its worker stops then."""
        with self.db.writing(tenant) as (c, _):
            _running(c, tenant, job_id)
            return _set(c, tenant, job_id, {"progress": min(max(progress, 0.0), 1.0), "line": line})

    def end(self, tenant: str, job_id: str, result: Mapping[str, Any], *, failed: bool = False) -> Job:
        """Ends a running job with what it came to."""
        plain(dict(result), "the result")
        with self.db.writing(tenant) as (c, _):
            _running(c, tenant, job_id)
            done: dict[str, Any] = {"state": "failed"} if failed else {"state": "done", "progress": 1.0}
            return _set(c, tenant, job_id, {**done, "result": dict(result)})

    def cancel(self, tenant: str, job_id: str, *, by: str) -> Job:
        """Ends a job that has not ended; its worker learns of it when it next tells how far it is."""
        with self.db.writing(tenant) as (c, _):
            job = _one(c, tenant, job_id)
            if job.state not in OPEN:
                raise UsageError(f"job {job_id!r} is {job.state} already")
            note(c, tenant, by, f"cancel {job.kind}", job_id)
            return _set(c, tenant, job_id, {"state": "cancelled"})

    def recover(self, tenant: str) -> int:
        """Fails the jobs that died with the server before; asked when one starts. How many there were.

        What has said something within STALE seconds is alive: a retraining goes on in a process of its own.
        """
        with self.db.writing(tenant) as (c, _):
            left = _jobs(c, tenant, JOBS.c.state == "running", JOBS.c.updated <= now() - STALE)
            for job in left:
                _set(c, tenant, job.id, {"state": "failed", "result": {"error": "the server stopped while it ran"}})
        return len(left)

    def get(self, tenant: str, job_id: str) -> Job:
        """One job. Raises UsageError when there is none of that id."""
        with self.db.reading() as c:
            return _one(c, tenant, job_id)

    def list(self, tenant: str, limit: int = 50) -> tuple[Job, ...]:
        """The newest jobs, newest first."""
        with self.db.reading() as c:
            return tuple(reversed(_jobs(c, tenant)))[:limit]


def _new(c: Connection, tenant: str, row: Mapping[str, Any], by: str) -> Job:
    numbered = {**row, "number": next_number(c, JOBS.c.number, tenant), "created": now(), "updated": now()}
    c.execute(sql.insert(JOBS).values(tenant=tenant, **numbered, progress=0.0, line=""))
    note(c, tenant, by, f"ask for {row['kind']}", row["id"])
    return _one(c, tenant, row["id"])


def _jobs(c: Connection, tenant: str, *which: sql.ColumnElement[bool]) -> list[Job]:
    query = sql.select(JOBS).where(JOBS.c.tenant == tenant, *which).order_by(JOBS.c.number)
    return [_job(row) for row in c.execute(query)]


def _one(c: Connection, tenant: str, job_id: str) -> Job:
    found = _jobs(c, tenant, JOBS.c.id == job_id)
    if not found:
        raise UsageError(f"there is no job {job_id!r}")
    return found[0]


def _running(c: Connection, tenant: str, job_id: str) -> None:
    state = _one(c, tenant, job_id).state
    if state != "running":
        raise UsageError(f"job {job_id!r} is {state}; nobody works on it")


def _set(c: Connection, tenant: str, job_id: str, values: Mapping[str, Any]) -> Job:
    changed = sql.update(JOBS).where(JOBS.c.tenant == tenant, JOBS.c.id == job_id)
    c.execute(changed.values(updated=now(), **values))
    return _one(c, tenant, job_id)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id, kind=row.kind, state=row.state, progress=row.progress, line=row.line, options=row.options,
        result=row.result, created=row.created, updated=row.updated,
    )  # fmt: skip
