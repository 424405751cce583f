"""Created drafts that wait for the catalogue's owner: nothing made enters the catalogue unasked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl
import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from generec.errors import UsageError
from generec.records import Draft, GateReport, TextPayload, from_json, to_json
from generec.serving.store.border import accepted
from generec.serving.store.database import Database, Page, cursor_of, next_number, note, now, page_size, place
from generec.serving.store.items import put
from generec.serving.store.tables import APPROVALS, ITEMS
from generec.types import Catalog

Decision = Literal["waiting", "approved", "rejected"]


@dataclass(frozen=True)
class Approval:
    """A draft with the gate's report on it, and what its owner said."""

    draft: Draft
    report: GateReport
    state: Decision
    submitted: int  # UTC seconds
    decided: int | None = None
    by: str | None = None
    reason: str = ""
    item_id: str | None = None  # the item that it became


@dataclass(frozen=True)
class Approvals:
    """The queue of each tenant. What was decided is kept."""

    db: Database

    def submit(self, tenant: str, draft: Draft, report: GateReport, *, by: str) -> Approval:
        """Puts a draft in the queue; again, nothing happens.

        Raises UsageError for an edit, which is a view of its parent and never an item, and for what the gate did not
        let through.
        """
        if draft.mode != "created":
            raise UsageError("an edit is shown in place of its parent and is never an item; submit a created draft")
        if report.draft != draft.id or not report.passed:
            raise UsageError(f"draft {draft.id!r} did not pass the checks; only what passed may be approved")
        with self.db.writing(tenant) as (c, _):
            if (there := _row(c, tenant, draft.id)) is not None:
                return _approval(there)
            c.execute(sql.insert(APPROVALS).values(
                tenant=tenant, id=draft.id, number=next_number(c, APPROVALS.c.number, tenant), draft=to_json(draft),
                report=to_json(report), state="waiting", submitted=now(), reason="",
            ))  # fmt: skip
            note(c, tenant, by, "submit draft", draft.id)
            return _approval(_known(c, tenant, draft.id))

    def page(
        self, tenant: str, *, state: Decision | None = "waiting", cursor: str | None = None, limit: int = 50
    ) -> Page[Approval]:
        """The queue, oldest first; of every state with state=None."""
        query = sql.select(APPROVALS).where(APPROVALS.c.tenant == tenant).order_by(APPROVALS.c.number)
        if state is not None:
            query = query.where(APPROVALS.c.state == state)
        after = place(cursor)
        if after is not None:
            query = query.where(APPROVALS.c.number > after)
        with self.db.reading() as c:
            rows = c.execute(query.limit(page_size(limit) + 1)).all()
        following = cursor_of(rows[limit - 1].number) if len(rows) > limit else None
        return Page(tuple(map(_approval, rows[:limit])), following)

    def get(self, tenant: str, draft_id: str) -> Approval | None:
        """One of the queue, decided or not."""
        with self.db.reading() as c:
            row = _row(c, tenant, draft_id)
        return None if row is None else _approval(row)

    def approve(
        self, tenant: str, draft_id: str, *, item_id: str = "", fields: Mapping[str, Any] | None = None, by: str
    ) -> Approval:
        """Makes the draft an item with the origin `created`, called `item_id` (else as the draft).

        fields: further columns of the catalogue, beside the title and text that the draft brings. Raises UsageError
        when it was decided before or the id is taken, InputError for fields that do not fit the catalogue.
        """
        with self.db.writing(tenant) as (c, row):
            waiting = self._waiting(c, tenant, draft_id)
            name = item_id or draft_id
            if c.scalar(sql.select(ITEMS.c.item_id).where(ITEMS.c.tenant == tenant, ITEMS.c.item_id == name)):
                raise UsageError(f"item {name!r} is or was in the catalogue; give the creation an id of its own")
            made = {**_described(waiting.draft), **(fields or {}), "item_id": name}
            made.pop("origin", None)
            frame = accepted([made], row.columns).frame.drop("origin", strict=False)
            put(c, tenant, Catalog(frame.with_columns(pl.lit("created").alias("origin"))), row, by)
            return _decide(c, tenant, draft_id, "approved", by, item_id=name)

    def reject(self, tenant: str, draft_id: str, *, reason: str = "", by: str) -> Approval:
        """Turns a draft down; the record stays."""
        with self.db.writing(tenant) as (c, _):
            self._waiting(c, tenant, draft_id)
            return _decide(c, tenant, draft_id, "rejected", by, reason=reason)

    def _waiting(self, c: Connection, tenant: str, draft_id: str) -> Approval:
        found = _approval(_known(c, tenant, draft_id))
        if found.state != "waiting":
            raise UsageError(f"draft {draft_id!r} was {found.state} before; a decision is not taken twice")
        return found


def _described(draft: Draft) -> dict[str, Any]:
    """What a draft says of itself in columns of a catalogue."""
    if isinstance(draft.payload, TextPayload):
        return {"title": draft.payload.title or draft.payload.text[:80], "description": draft.payload.text}
    return {"title": draft.payload.title, "members": [member.item_id for member in draft.payload.members]}


def _decide(
    c: Connection, tenant: str, draft_id: str, state: Decision, by: str, *, reason: str = "", item_id: str | None = None
) -> Approval:
    decided = sql.update(APPROVALS).where(APPROVALS.c.tenant == tenant, APPROVALS.c.id == draft_id)
    c.execute(decided.values(state=state, by=by, reason=reason, item_id=item_id, decided=now()))
    note(c, tenant, by, f"{state} draft", draft_id)
    return _approval(_known(c, tenant, draft_id))


def _row(c: Connection, tenant: str, draft_id: str) -> Row[Any] | None:
    query = sql.select(APPROVALS).where(APPROVALS.c.tenant == tenant, APPROVALS.c.id == draft_id)
    return c.execute(query).one_or_none()


def _known(c: Connection, tenant: str, draft_id: str) -> Row[Any]:
    row = _row(c, tenant, draft_id)
    if row is None:
        raise UsageError(f"no draft {draft_id!r} was submitted")
    return row


def _approval(row: Row[Any]) -> Approval:
    draft, report = from_json(Draft, row.draft), from_json(GateReport, row.report)
    return Approval(draft, report, row.state, row.submitted, row.decided, row.by, row.reason, row.item_id)
