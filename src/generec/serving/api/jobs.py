"""/v1/jobs: long work of the server, such as an import or a retraining: how far it is, what it came to, its end."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from generec.serving.api.access import Admin, App, Reader
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Id
from generec.serving.store.jobs import Job

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], responses=RESPONSES)


class JobShown(BaseModel):
    """A piece of work. progress: 0 to 1; line: the last thing that it said; result: what it came to, or why not."""

    id: str
    kind: str
    state: str
    progress: float
    line: str
    options: dict[str, Any]
    result: dict[str, Any] | None
    created: int
    updated: int


@router.get("")
def list_jobs(caller: Reader, app: App, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[JobShown]:
    """The newest jobs, newest first."""
    return [_shown(job) for job in app.store.jobs.list(caller.tenant, limit)]


@router.get("/{job_id}")
def get_job(job_id: Id, caller: Reader, app: App) -> JobShown:
    """One job."""
    with missing():
        return _shown(app.store.jobs.get(caller.tenant, job_id))


@router.post("/{job_id}/cancel")
def cancel_job(job_id: Id, caller: Admin, app: App) -> JobShown:
    """Ends a job that has not ended; who works on it learns of it when it next says how far it is."""
    with missing():
        app.store.jobs.get(caller.tenant, job_id)
    return _shown(app.store.jobs.cancel(caller.tenant, job_id, by=caller.by))


def _shown(job: Job) -> JobShown:
    return JobShown(
        id=job.id, kind=job.kind, state=job.state, progress=job.progress, line=job.line, options=dict(job.options),
        result=None if job.result is None else dict(job.result), created=job.created, updated=job.updated,
    )  # fmt: skip
