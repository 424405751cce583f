"""Copies of a whole store, made while it is written to, checked when they are made and before they come back.

SQLite copies itself by its online backup: one moment of the store. PostgreSQL's own pg_dump does the same. Beside the
copy lies `NAME.json` with its sha256. The keys are not in it: keep their folder too, apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Literal

from sqlalchemy.engine import URL

from generec.errors import InputError, UsageError
from generec.records import from_json
from generec.serving.store.database import now


@dataclass(frozen=True)
class Copy:
    """What a copy is, as written beside it."""

    sha256: str
    bytes: int
    store: Literal["sqlite", "postgresql"]
    made: int  # UTC seconds

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


def backup(url: URL, path: Path, check: Callable[[URL], None]) -> Copy:
    """Copies the store behind a URL into a file. check: opens a copy of SQLite and raises when it is not sound.

    Raises UsageError when the file exists or pg_dump is missing, InputError when the copy is not sound.
    """
    if path.exists():
        raise UsageError(f"{path} exists; name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        if url.get_backend_name() == "sqlite":
            _copied(_file(url), partial)
            _sound(partial)
            check(URL.create("sqlite", database=str(partial)))
        else:
            _run("pg_dump", url, ["--format=custom", "--file", str(partial), "--dbname"])
            _run("pg_restore", None, ["--list", str(partial)])
        kind: Literal["sqlite", "postgresql"] = "sqlite" if url.get_backend_name() == "sqlite" else "postgresql"
        made = Copy(_sha256(partial), partial.stat().st_size, kind, now())
        _synced(partial)
        _described(path).write_text(json.dumps(asdict(made), indent=2) + "\n", encoding="utf-8")
        _synced(_described(path))
        partial.rename(path)
    finally:
        for left in (partial, *(partial.with_name(partial.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)
    return made


def restore(path: Path, url: URL, check: Callable[[URL], None]) -> Copy:
    """Brings a copy back to where nothing is. check: opens the restored store and raises when it is not sound.

    Raises InputError when the copy is not what was made, UsageError when a store is there: a server may have it open.
    """
    made = _verified(path)
    if made.store != url.get_backend_name():
        raise UsageError(f"{path} is a copy of {made.store}; give a URL of that kind, got {url.get_backend_name()}")
    if made.store != "sqlite":
        _run("pg_restore", url, ["--single-transaction", "--exit-on-error", "--no-owner", "--dbname"], [str(path)])
        check(url)
        return made
    target = _file(url)
    if target.exists():
        raise UsageError(f"{target} exists; stop its server and move it away (with its -wal and -shm), then restore")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.restoring")
    try:
        shutil.copyfile(path, partial)
        _sound(partial)
        check(URL.create("sqlite", database=str(partial)))
        _synced(partial)
        partial.rename(target)
    finally:
        for left in (partial, *(partial.with_name(partial.name + end) for end in ("-wal", "-shm"))):
            left.unlink(missing_ok=True)
    return made


def _copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as here, closing(sqlite3.connect(target)) as there:
        here.execute("PRAGMA busy_timeout=30000").close()
        here.backup(there)  # all pages in one step: a step at a time starts over whenever somebody writes
        there.execute("PRAGMA journal_mode=DELETE").close()  # one file, with nothing beside it


def _sound(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as c:
            said = [row[0] for row in c.execute("PRAGMA integrity_check(1)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said != ["ok"]:
        raise InputError(f"the copy is not sound ({said[0]})", file=str(path), remedy="make another one")


def _verified(path: Path) -> Copy:
    for needed in (path, _described(path)):
        if not needed.is_file():
            raise InputError("no such file", file=str(needed), remedy="a copy is a file and the .json beside it")
    made = from_json(Copy, _described(path).read_bytes())
    if (path.stat().st_size, _sha256(path)) != (made.bytes, made.sha256):
        raise InputError("the copy was changed or cut off since it was made", file=str(path), remedy="take another")
    return made


def _run(program: str, url: URL | None, before: Sequence[str], after: Sequence[str] = ()) -> None:
    """Runs a program of PostgreSQL; the password goes by its environment, where no list of processes shows it."""
    at, secret = [], {}
    if url is not None:
        plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
        at, secret = [plain.render_as_string()], {"PGPASSWORD": url.password} if url.password else {}
    command = [program, *before, *at, *after]
    if shutil.which(program) is None:
        raise UsageError(f"{program} is not installed (Debian: postgresql-client); run: {' '.join(command)}")
    done = subprocess.run(command, env={**os.environ, **secret}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"{program} failed: {done.stderr.strip()[-500:]}")


def _file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise UsageError("the store lies in memory; give it a file: sqlite:///store.db")
    return Path(url.database)


def _described(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _synced(path: Path) -> None:
    for one in (path, path.parent):
        descriptor = os.open(one, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
