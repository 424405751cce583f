"""The same tests for both kinds of store: a file of SQLite, and a PostgreSQL of our own on a socket in /tmp.

The cluster runs under Debian's user `postgres` when the tests run as root (initdb refuses root). Where there is no
PostgreSQL the tests of it are skipped and say so. A store is made once, and copied or emptied for every test.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sql

from generec.data.chain import GENESIS, HEAD
from generec.data.chain import STORE as LOG
from generec.serving.store import Store
from generec.serving.store.tables import META, TENANTS


@dataclass(frozen=True)
class Place:
    """Where a store lies, and its keys."""

    url: str
    keys: Path

    def open(self) -> Store:
        return Store.open(self.url, self.keys)


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL."""

    socket: Path

    def url(self, name: str) -> str:
        return f"postgresql://generec@/{name}?host={self.socket}"

    def make(self, name: str) -> str:
        """A database with nothing in it."""
        import psycopg

        with psycopg.connect(f"host={self.socket} user=generec dbname=postgres", autocommit=True) as c:
            c.execute(f"CREATE DATABASE {name}")
        return self.url(name)


def programs() -> Path | None:
    """The folder of PostgreSQL's programs, newest version first; Debian does not put them on the path."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path))
    return max(found).parent if found else None


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    pytest.importorskip("psycopg")
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    owner = pwd.getpwuid(os.getuid())
    if owner.pw_uid == 0:
        try:
            owner = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    place = Path(tempfile.mkdtemp(prefix="generec-pg-", dir="/tmp"))  # a socket's path must be short
    os.chown(place, owner.pw_uid, owner.pw_gid)

    def run(program: str, *arguments: str) -> None:
        command = [str(folder / program), "-D", str(place / "data"), *arguments]
        subprocess.run(
            command, check=True, cwd=place, stdout=subprocess.DEVNULL, timeout=300,
            user=owner.pw_uid if os.getuid() == 0 else None, group=owner.pw_gid if os.getuid() == 0 else None,
        )  # fmt: skip

    try:
        run("initdb", "--auth=trust", "--username=generec", "--encoding=UTF8", "--locale=C", "--no-sync")
        options = f"-k {place} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
        run("pg_ctl", "--wait", "--timeout=280", "--log", str(place / "log"), "-o", options, "start")
        try:
            yield Cluster(place)
        finally:
            run("pg_ctl", "--mode=immediate", "--wait", "stop")
    finally:
        shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def blank(tmp_path_factory) -> Place:
    """A fresh store in a file, to be copied."""
    folder = tmp_path_factory.mktemp("blank")
    place = Place(f"sqlite:///{folder}/store.db", folder / "keys")
    place.open().close()
    return place


@pytest.fixture(scope="session")
def blank_database(cluster, blank) -> str:
    """A store in PostgreSQL, to be emptied."""
    url = cluster.make("blank")
    Store.open(url, blank.keys).close()
    return url


def emptied(url: str) -> str:
    """A store as it was when it was made; quicker than making one."""
    engine = sql.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    tables = [*META.tables, *(name for name in LOG.tables if name != "head")]
    with engine.begin() as c:
        c.execute(sql.text(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY"))
        c.execute(sql.update(HEAD).values(seq=0, link=GENESIS, unwiped=0))
        c.execute(sql.text("UPDATE alembic_version SET version_num = '0001'"))
        c.execute(sql.insert(TENANTS).values(name="default", created=0, watermark=0, columns={}))
    engine.dispose()
    return url


@pytest.fixture
def sqlite_place(blank, tmp_path) -> Place:
    shutil.copyfile(blank.url.removeprefix("sqlite:///"), tmp_path / "store.db")
    return Place(f"sqlite:///{tmp_path}/store.db", blank.keys)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request) -> Place:
    """A fresh store of either kind."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_place")
    return Place(emptied(request.getfixturevalue("blank_database")), request.getfixturevalue("blank").keys)


@pytest.fixture
def store(place) -> Iterator[Store]:
    with place.open() as opened:
        yield opened
