"""Answers kept under idempotency keys: a request that is sent again gets the answer of the first time.

A key is claimed before the work and settled after it. A claim whose worker died lapses after LAPSE seconds; so that
the work is then not done twice, what it does to the event log carries keys of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from generec.errors import UsageError
from generec.serving.store.database import Database, now
from generec.serving.store.tables import ANSWERS, plain

KEPT = 24 * 3600
LAPSE = 60


@dataclass(frozen=True)
class Answer:
    """What a request was answered with."""

    status: int
    body: Any


class BusyError(UsageError):
    """The same request is being worked on: ask again in a moment."""


@dataclass(frozen=True)
class Answers:
    """The kept answers of each tenant."""

    db: Database

    def claim(self, tenant: str, key: str, request: bytes, *, user_id: str | None = None) -> Answer | None:
        """The kept answer; None when the caller is to do the work, and then to `settle` or `release` the key.

        request: what makes two requests the same (route and body). user_id: whom the answer is about, so that it goes
        when they are deleted. Raises UsageError when the key stood for another request, BusyError while another works.
        """
        digest = hashlib.sha256(request).hexdigest()
        lookup = None if user_id is None else self.db.vault.lookup(f"{tenant}/{user_id}")
        with self.db.writing(tenant) as (c, _):
            mine = (ANSWERS.c.tenant == tenant, ANSWERS.c.key == key)
            row = c.execute(sql.select(ANSWERS).where(*mine)).one_or_none()
            if row is not None and row.expires > now():
                if row.request != digest:
                    raise UsageError(f"the idempotency key {key!r} was sent with another request; take a new one")
                if row.status is None:
                    raise BusyError(f"the request of the idempotency key {key!r} is being worked on; ask again")
                return Answer(row.status, row.body)
            c.execute(sql.delete(ANSWERS).where(*mine))
            new = {"tenant": tenant, "key": key, "request": digest, "lookup": lookup, "expires": now() + LAPSE}
            c.execute(sql.insert(ANSWERS).values(**new))
        return None

    def settle(self, tenant: str, key: str, answer: Answer, *, kept: int = KEPT) -> None:
        """Keeps the answer of a claimed key for so many seconds."""
        values = {"status": answer.status, "body": plain(answer.body, "the answer"), "expires": now() + kept}
        with self.db.writing(tenant) as (c, _):
            mine = sql.update(ANSWERS).where(ANSWERS.c.tenant == tenant, ANSWERS.c.key == key)
            c.execute(mine.values(**values))

    def release(self, tenant: str, key: str) -> None:
        """Gives a claimed key back: the work failed and may be tried again."""
        with self.db.writing(tenant) as (c, _):
            mine = (ANSWERS.c.tenant == tenant, ANSWERS.c.key == key, ANSWERS.c.status.is_(None))
            c.execute(sql.delete(ANSWERS).where(*mine))

    def sweep(self, tenant: str) -> int:
        """Deletes what has expired; how many there were."""
        with self.db.writing(tenant) as (c, _):
            gone = sql.delete(ANSWERS).where(ANSWERS.c.tenant == tenant, ANSWERS.c.expires <= now())
            return int(c.execute(gone).rowcount)
