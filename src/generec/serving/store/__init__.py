"""The store of a server: catalogue, people, models, rules, keys, approvals, jobs and the event log, in one database.

SQLite in a file by default, PostgreSQL by URL; the same tables and the same code for both. Everything but the list of
tenants takes the tenant first, and reads and writes that tenant's rows only.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import sqlalchemy as sql
from sqlalchemy.engine import URL, make_url

from generec.data import chain as sealed
from generec.data.entries import EVENTS
from generec.data.vault import Vault
from generec.errors import InputError, UsageError
from generec.serving.store import copies, schema
from generec.serving.store.answers import Answers
from generec.serving.store.approvals import Approvals
from generec.serving.store.copies import Copy
from generec.serving.store.database import Database
from generec.serving.store.events import TenantLog
from generec.serving.store.items import Items
from generec.serving.store.jobs import Jobs
from generec.serving.store.keys import ApiKeys
from generec.serving.store.models import Models
from generec.serving.store.people import People
from generec.serving.store.rules import Rules
from generec.serving.store.tenants import DEFAULT, Audit, Tenants

__all__ = ["DEFAULT", "Store"]


@dataclass(frozen=True)
class Store:
    """All parts of a store; `open` makes one. For many threads and processes at once."""

    db: Database
    _log: TenantLog

    @staticmethod
    def open(url: str, keys: str | os.PathLike[str]) -> Store:
        """Opens a store, or makes one where there is none.

        url: `sqlite:///store.db` or `postgresql://user@host/name`; keys: the folder of the master key, kept apart.
        Raises InputError, with the remedy, when it cannot be opened, has another schema, or other keys.
        """
        store = _opened(_url(url), Vault.open(keys))
        try:
            schema.check(store.db.engine)
        except BaseException:
            store.close()
            raise
        sealed.wipe(store.db.engine)
        return store

    @staticmethod
    def migrate(url: str, keys: str | os.PathLike[str]) -> tuple[str | None, str]:
        """Brings a store to the newest schema; from which (None: it was empty) to which. All or nothing."""
        with _opened(_url(url), Vault.open(keys)) as store:
            before = schema.migrate(store.db.engine)
        return before.found, before.newest

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections; what was acknowledged is on the disk anyway."""
        self.db.engine.dispose()

    def log(self, tenant: str) -> TenantLog:
        """The event log as a tenant sees it; keep it, it costs a look at the store. Raises UsageError for nobody's."""
        if not self.tenants.known(tenant):
            raise UsageError(f"there is no tenant {tenant!r}")
        return replace(self._log, tenant=tenant)

    def log_is_empty(self) -> bool:
        """Whether nobody's events are in the log yet, whatever the tenant."""
        with self.db.reading() as c:
            return c.execute(sql.select(EVENTS.c.seq).limit(1)).first() is None

    def backup(self, path: str | os.PathLike[str]) -> Copy:
        """Copies the store as it is at one moment, while others write; checked before it counts."""
        return copies.backup(self.db.engine.url, Path(path), lambda url: _check(url, self.db.vault))

    @staticmethod
    def restore(path: str | os.PathLike[str], url: str, keys: str | os.PathLike[str]) -> Copy:
        """Brings a copy back to where no store is, and checks it; a copy of an older schema is migrated next."""
        vault = Vault.open(keys)
        return copies.restore(Path(path), _url(url), lambda there: _check(there, vault))

    @property
    def tenants(self) -> Tenants:
        return Tenants(self.db)

    @property
    def items(self) -> Items:
        return Items(self.db)

    @property
    def people(self) -> People:
        return People(self.db, self.log)

    @property
    def models(self) -> Models:
        return Models(self.db)

    @cached_property
    def rules(self) -> Rules:
        return Rules(self.db)

    @cached_property
    def keys(self) -> ApiKeys:
        return ApiKeys(self.db)

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.db)

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.db)

    @property
    def answers(self) -> Answers:
        return Answers(self.db)

    @property
    def audit(self) -> Audit:
        return Audit(self.db)


def _url(url: str) -> URL:
    try:
        read = make_url(url)
    except sql.exc.ArgumentError:
        raise UsageError("name a store by a URL such as sqlite:///store.db or postgresql://user@host/name") from None
    if read.get_backend_name() not in ("sqlite", "postgresql"):
        raise UsageError(f"stores are kept in sqlite or postgresql, not in {read.get_backend_name()}")
    return read.set(drivername="postgresql+psycopg") if read.drivername == "postgresql" else read


def _opened(url: URL, vault: Vault) -> Store:
    with schema.serve_extra("psycopg"):
        engine = sealed.opened(url.render_as_string(hide_password=False), vault)
    return Store(Database(engine, vault), TenantLog(engine, vault))


def _check(url: URL, vault: Vault) -> None:
    """Opens a copy as it is and reads its event log from the beginning. Raises InputError when it is not sound."""
    with _opened(url, vault) as store:
        schema.readable(store.db.engine)
        broken = store._log.verify()
    if broken is not None:
        raise InputError(f"row {broken.seq} of the event log: {broken.reason}", remedy="take an earlier copy")
