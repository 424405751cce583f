"""Which schema a store has and which this generec needs; alembic's migrations lie beside, in `migrations/`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection, Engine

from generec.data import chain as sealed
from generec.errors import InputError, UsageError

if TYPE_CHECKING:
    from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"
REMEDY = "make a copy with `generec store backup`, then run `generec store migrate`"


@contextmanager
def serve_extra(package: str) -> Iterator[None]:
    """Stands around the imports of one package. Raises UsageError with the command that installs it."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f'{package} is not installed ({error}): pip install "generec[serve]"') from error


@dataclass(frozen=True)
class Revision:
    """Where a store stands (None: it has no tables yet), the newest schema known here, and all that led to it."""

    found: str | None
    newest: str
    known: tuple[str, ...]


def revision(c: Connection) -> Revision:
    """The schema of a store."""
    with serve_extra("alembic"):
        from alembic.runtime.migration import MigrationContext
        from alembic.script import ScriptDirectory
    scripts = [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()]  # newest first
    return Revision(MigrationContext.configure(c).get_current_revision(), scripts[0], tuple(scripts))


def migrate(engine: Engine) -> Revision:
    """Brings a store to the newest schema, in one transaction; where it stood before.

    Raises InputError when a later generec wrote it.
    """
    with serve_extra("alembic"):
        from alembic import command
    with sealed.writing(engine) as (c, _):  # of several that start at once, one migrates and the others find it done
        before = revision(c)
        if before.found is not None:
            _refuse_newer(before)
        if before.found != before.newest:
            config = _config()
            config.attributes["connection"] = c
            command.upgrade(config, "head")
    return before


def readable(engine: Engine) -> None:
    """Raises InputError where there is no store, or one that a later generec wrote; an older one may be migrated."""
    with engine.connect() as c:
        stands = revision(c)
    if stands.found is None:
        raise InputError("there is no store in it", remedy="take a copy made by `generec store backup`")
    _refuse_newer(stands)


def check(engine: Engine) -> None:
    """Makes the tables of a fresh store. Raises InputError, with the remedy, for an older or a newer schema."""
    with engine.connect() as c:
        stands = revision(c)
    if stands.found is None:
        migrate(engine)
        return
    _refuse_newer(stands)
    if stands.found != stands.newest:
        raise InputError(f"the store has the schema {stands.found}, this generec needs {stands.newest}", remedy=REMEDY)


def _refuse_newer(stands: Revision) -> None:
    if stands.found not in stands.known:
        message = f"the store has the schema {stands.found}, this generec knows only up to {stands.newest}"
        raise InputError(message, remedy="upgrade generec, or bring back a copy made by this one")


def _config() -> Config:
    with serve_extra("alembic"):
        from alembic.config import Config
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
