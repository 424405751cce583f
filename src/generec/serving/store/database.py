"""One moment to read, one writer per tenant, and a line in the audit for whatever is changed."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine, Row

from generec.data import chain as sealed
from generec.data.vault import Vault
from generec.errors import InputError, UsageError
from generec.serving.store.tables import AUDIT, TENANTS, plain

T = TypeVar("T")
MOST = 1_000  # rows of one page


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of what was asked for, in order. `cursor`: what to ask with for those after; None at the end."""

    rows: tuple[T, ...]
    cursor: str | None = None


@dataclass(frozen=True)
class Database:
    """The engine that the event log opened, and its keys."""

    engine: Engine
    vault: Vault = field(repr=False)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the store: what is written meanwhile is not seen."""
        with sealed.reading(self.engine) as c:
            yield c

    @contextmanager
    def writing(self, tenant: str) -> Iterator[tuple[Connection, Row[Any]]]:
        """The tenant's only writer, with the tenant's row; on the disk when the block ends well, undone otherwise.

        Numbers given out inside become visible in their order. Raises UsageError when there is no such tenant.
        """
        with self.engine.connect().execution_options(writes=True) as c, c.begin():
            yield c, locked(c, tenant)


def locked(c: Connection, tenant: str) -> Row[Any]:
    """The row of a tenant, which others wait for. Raises UsageError when there is none."""
    found = c.execute(sql.select(TENANTS).where(TENANTS.c.name == tenant).with_for_update()).one_or_none()
    if found is None:  # who asks need not learn whom else there is
        raise UsageError(f"there is no tenant {tenant!r}; make it with `generec keys create --tenant {tenant}`")
    return found


def note(c: Connection, tenant: str, by: str, act: str, target: str, detail: Mapping[str, Any] | None = None) -> None:
    """Writes into the audit who did what; it is kept exactly if the change is."""
    row = {"tenant": tenant, "time": now(), "by": by, "act": act, "target": target}
    c.execute(sql.insert(AUDIT).values(**row, detail=plain(detail or {}, "the detail")))


def now() -> int:
    """UTC seconds."""
    return int(time.time())


def cursor_of(number: int) -> str:
    """A place in a list, as clients send it back."""
    return base64.urlsafe_b64encode(str(number).encode()).decode()


def place(given: str | None) -> int | None:
    """The place that a cursor stands for; None at the beginning. Raises InputError for what is no cursor."""
    if given is None:
        return None
    try:
        number = int(base64.b64decode(given.encode("ascii"), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        number = -1
    if not 0 <= number < 2**63 or cursor_of(number) != given:
        raise InputError(f"{given[:40]!r} is no cursor; send back the one that came with the page before")
    return number


def page_size(limit: int) -> int:
    """Raises UsageError for a size that no page may have."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"a page holds 1 to {MOST} rows, got limit={limit}")
    return limit


def next_number(c: Connection, column: sql.Column[int], tenant: str) -> int:
    """One more than the tenant's largest; asked by its only writer."""
    largest = c.scalar(sql.select(sql.func.max(column)).where(column.table.c.tenant == tenant))
    return int(largest or 0) + 1
