"""/v1/approvals: creations that wait for the catalogue's owner. Nothing created enters the catalogue by another way."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Annotated, Any, Literal

import sqlalchemy as sql
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, JsonValue

from generec.errors import unknown
from generec.fidelity.payload import rendering
from generec.records import Draft, GateReport, to_json
from generec.serving.api.access import Admin, App, Caller, Writer, own
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Id
from generec.serving.store import Store
from generec.serving.store.approvals import Approval
from generec.serving.store.tables import APPROVALS

router = APIRouter(prefix="/v1/approvals", tags=["approvals"], responses=RESPONSES)
_SIDECAR = "sidecar "  # stands before it among what a check rests on


class Submission(Closed):
    """A creation of a turn that this server answered."""

    turn: Id
    draft: Id


class Acceptance(Closed):
    """What the creation is called in the catalogue (by default as the draft), and further columns."""

    item_id: Id | None = None
    fields: Annotated[dict[str, JsonValue], Field(default_factory=dict, max_length=100)]


class Refusal(Closed):
    """Why a creation is turned down."""

    reason: Annotated[str, Field(max_length=2000)] = ""


class Marks(BaseModel):
    """What tells where a creation comes from: its content as it was signed, and the signed sidecar.

    POST /v1/detect recognises them.
    """

    content: str
    sidecar: str


class ApprovalShown(BaseModel):
    """A creation with the checks' report on it, its marks, and what was decided."""

    id: str
    state: str
    draft: dict[str, Any]
    report: dict[str, Any]
    marks: Marks | None
    submitted: int
    decided: int | None
    by: str | None
    reason: str
    item_id: str | None


class ApprovalPage(BaseModel):
    """Some of the queue, oldest first; `cursor` is null on the last page."""

    approvals: list[ApprovalShown]
    cursor: str | None


@router.get("")
def list_approvals(
    caller: Admin,
    app: App,
    state: Literal["waiting", "approved", "rejected", "all"] = "waiting",
    cursor: Annotated[str | None, Query(max_length=100)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ApprovalPage:
    """The queue."""
    chosen = None if state == "all" else state
    found = app.store.approvals.page(caller.tenant, state=chosen, cursor=cursor, limit=limit)
    return ApprovalPage(approvals=[_shown(one) for one in found.rows], cursor=found.cursor)


@router.post("")
async def submit_draft(body: Submission, caller: Writer, app: App) -> ApprovalShown:
    """Puts a creation in the queue; again, nothing happens. Words of the person stay out of it."""
    own(caller, app)
    draft, report, sidecar = _made(app, caller, body)
    draft = replace(draft, evidence=tuple(one for one in draft.evidence if one.trust != "person"))
    report = _sealed(report, sidecar)
    submitted = app.store.approvals.submit
    return _shown(await asyncio.to_thread(submitted, caller.tenant, draft, report, by=caller.by))


@router.post("/{draft_id}/approve")
async def approve_draft(draft_id: Id, body: Acceptance, caller: Admin, app: App) -> ApprovalShown:
    """Makes it an item with the origin `created`, which can be recommended with the answer."""
    await _waiting(app, caller, draft_id)
    before = await asyncio.to_thread(app.store.items.watermark, caller.tenant)
    approved = app.store.approvals.approve
    done = await asyncio.to_thread(
        approved, caller.tenant, draft_id, item_id=body.item_id or "", fields=body.fields, by=caller.by
    )
    if caller.tenant == app.settings.tenant:
        await app.rollout.changed(before)
    return _shown(done)


@router.post("/{draft_id}/reject")
async def reject_draft(draft_id: Id, body: Refusal, caller: Admin, app: App) -> ApprovalShown:
    """Turns it down; the record stays."""
    await _waiting(app, caller, draft_id)
    rejected = app.store.approvals.reject
    return _shown(await asyncio.to_thread(rejected, caller.tenant, draft_id, reason=body.reason, by=caller.by))


def marks_of(store: Store, tenant: str, item_id: str) -> Marks | None:
    """The marks of an item that was created here; None of any other, and of one that came in without."""
    named = sql.select(APPROVALS.c.id).where(APPROVALS.c.tenant == tenant, APPROVALS.c.item_id == item_id)
    with store.db.reading() as c:
        draft_id = c.scalar(named.limit(1))
    approval = None if draft_id is None else store.approvals.get(tenant, draft_id)
    return None if approval is None else _marks(approval)


def _made(app: Parts, caller: Caller, body: Submission) -> tuple[Draft, GateReport, str | None]:
    """The draft, its report and its signed sidecar as they were made here: a client could claim any."""
    turn = app.turns.get((caller.tenant, body.turn))
    with missing():
        if turn is None:
            raise unknown("turn", body.turn, ())
        drafts = {one.id: one for one in turn.drafts}
        reports = {one.draft: one for one in turn.reports}
        if body.draft not in drafts or body.draft not in reports:
            raise unknown("draft", body.draft, ())
    assert turn is not None
    sidecar = turn.trace.get("marks", {}).get(body.draft, {}).get("sidecar")
    return drafts[body.draft], reports[body.draft], sidecar


def _sealed(report: GateReport, sidecar: str | None) -> GateReport:
    """The report with the sidecar as what identifiability rests on: it stays with the draft, and becomes no field."""
    added = () if sidecar is None else (_SIDECAR + sidecar,)
    verdicts = (
        replace(one, evidence=(*one.evidence, *added)) if one.check == "identifiability" else one
        for one in report.verdicts
    )
    return replace(report, verdicts=tuple(verdicts))


def _marks(approval: Approval) -> Marks | None:
    found = (text for one in approval.report.verdicts for text in one.evidence if text.startswith(_SIDECAR))
    sidecar = next(found, None)
    content = rendering(approval.draft.payload).decode()
    return None if sidecar is None else Marks(content=content, sidecar=sidecar.removeprefix(_SIDECAR))


def _bare(report: GateReport) -> GateReport:
    verdicts = (
        replace(one, evidence=tuple(text for text in one.evidence if not text.startswith(_SIDECAR)))
        for one in report.verdicts
    )
    return replace(report, verdicts=tuple(verdicts))


async def _waiting(app: Parts, caller: Caller, draft_id: str) -> None:
    with missing():
        if await asyncio.to_thread(app.store.approvals.get, caller.tenant, draft_id) is None:
            raise unknown("draft", draft_id, ())


def _shown(one: Approval) -> ApprovalShown:
    return ApprovalShown(
        id=one.draft.id, state=one.state, draft=json.loads(to_json(one.draft)),
        report=json.loads(to_json(_bare(one.report))), marks=_marks(one), submitted=one.submitted, decided=one.decided,
        by=one.by, reason=one.reason, item_id=one.item_id,
    )  # fmt: skip
