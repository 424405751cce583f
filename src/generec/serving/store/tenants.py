"""Who shares the store without seeing one another, and the record of what was done in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from generec.errors import UsageError
from generec.serving.store.database import Database, Page, cursor_of, now, page_size, place
from generec.serving.store.tables import AUDIT, TENANTS

DEFAULT = "default"
"""The tenant of a store that is not shared."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class Tenants:
    """The names of the tenants: for the operator alone."""

    db: Database

    def create(self, tenant: str) -> bool:
        """Makes a tenant; whether it is new. Raises UsageError for a name of anything but a-z, 0-9 and -."""
        if not _NAME.fullmatch(tenant):
            raise UsageError(f"a tenant's name is up to 63 of a-z, 0-9 and -, got {tenant!r}")
        row = {"name": tenant, "created": now(), "watermark": 0, "columns": {}}
        try:
            with self.db.engine.connect().execution_options(writes=True) as c, c.begin():
                c.execute(sql.insert(TENANTS).values(**row))
        except sql.exc.IntegrityError:
            return False
        return True

    def known(self, tenant: str) -> bool:
        """Whether there is such a tenant."""
        with self.db.reading() as c:
            return c.scalar(sql.select(TENANTS.c.name).where(TENANTS.c.name == tenant)) is not None

    def names(self) -> tuple[str, ...]:
        """All tenants, by name."""
        with self.db.reading() as c:
            return tuple(c.scalars(sql.select(TENANTS.c.name).order_by(TENANTS.c.name)))


@dataclass(frozen=True)
class Deed:
    """One line of the audit. `by`: the id of an API key, or who the operator says they are."""

    time: int  # UTC seconds
    by: str
    act: str
    target: str
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class Audit:
    """Who edited, created, approved, activated or deleted what. Lines are added by what does it, and never changed."""

    db: Database

    def page(self, tenant: str, *, cursor: str | None = None, limit: int = 100) -> Page[Deed]:
        """The lines of a tenant, newest first."""
        query = sql.select(AUDIT).where(AUDIT.c.tenant == tenant).order_by(AUDIT.c.number.desc())
        before = place(cursor)
        if before is not None:
            query = query.where(AUDIT.c.number < before)
        with self.db.reading() as c:
            rows = c.execute(query.limit(page_size(limit) + 1)).all()
        deeds = tuple(Deed(row.time, row.by, row.act, row.target, row.detail) for row in rows[:limit])
        return Page(deeds, cursor_of(rows[limit - 1].number) if len(rows) > limit else None)
