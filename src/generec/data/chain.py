"""The tables of the event log's sealed half: people, the chain of ciphertext, and which models learned from whom."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine, Row

from generec.data.vault import KEY_BYTES, Person, Vault, place_of, seal, unseal
from generec.errors import InputError, UsageError, unknown

VERSION = 2
GENESIS = bytes(32)
_CHUNK = 500  # values in one IN (…)
_OPENING = 0x67656E65726563  # the lock of PostgreSQL that whoever opens a log takes: the name of this project


class Bytes(sql.LargeBinary):
    """Bytes that go to the driver as they are: wrapping every value costs a tenth of a large append."""

    def bind_processor(self, dialect: object) -> None:
        return None


STORE = sql.MetaData()
NUMBER = sql.BigInteger().with_variant(sql.Integer, "sqlite")
NAME = sql.String(512)
PERSON = sql.String(32)  # a random pseudonym in hexadecimal
HEAD = sql.Table(
    "head", STORE,
    sql.Column("id", sql.Integer, primary_key=True), sql.Column("version", sql.Integer, nullable=False),
    sql.Column("check", Bytes(16), nullable=False), sql.Column("seq", NUMBER, nullable=False),
    sql.Column("link", Bytes(32), nullable=False), sql.Column("unwiped", NUMBER, nullable=False),
)  # fmt: skip
CHAIN = sql.Table(
    "chain", STORE,
    sql.Column("seq", NUMBER, primary_key=True, autoincrement=False), sql.Column("act", sql.String(8), nullable=False),
    sql.Column("person", PERSON, nullable=False), sql.Column("token", Bytes(16), nullable=False, unique=True),
    sql.Column("sealed", Bytes, nullable=False), sql.Column("link", Bytes(32), nullable=False),
)  # fmt: skip
PEOPLE = sql.Table(
    "person", STORE,
    sql.Column("person", PERSON, primary_key=True),
    sql.Column("lookup", Bytes(16), nullable=False, unique=True),
    sql.Column("name", Bytes, nullable=False), sql.Column("key", Bytes, nullable=False),
    sql.Column("since", NUMBER, nullable=False),
)  # fmt: skip
MODELS = sql.Table(
    "model", STORE,
    sql.Column("version", NAME, primary_key=True), sql.Column("forgotten", sql.Integer, nullable=False),
    sql.Column("flagged", NUMBER), sql.Column("replaced_by", NAME),
)  # fmt: skip
TRAINED_ON = sql.Table(
    "trained_on", STORE,
    sql.Column("version", NAME, primary_key=True), sql.Column("person", PERSON, primary_key=True, index=True),
)  # fmt: skip


def opened(url: str, vault: Vault) -> Engine:
    """The engine of a store, whose tables are made where there are none.

    SQLite gets a write-ahead log that waits for the disk, 30 s of patience and one writer at a time. Raises InputError
    when it cannot be opened, was written under another master key, or by a later version; one of an earlier version is
    brought up to this one.
    """
    try:
        made = sql.create_engine(url)
        if is_sqlite(made):
            sql.event.listen(made, "connect", _settle)
            sql.event.listen(made, "begin", _begin)
        with made.connect().execution_options(writes=True) as c, c.begin():
            if (
                made.url.get_backend_name() == "postgresql"
            ):  # of several that open it one makes the tables, as on SQLite
                c.execute(sql.select(sql.func.pg_advisory_xact_lock(_OPENING)))
            STORE.create_all(c)
            if c.scalar(sql.select(HEAD.c.id)) is None:
                first = {"id": 1, "version": VERSION, "check": vault.check, "seq": 0, "link": GENESIS, "unwiped": 0}
                c.execute(sql.insert(HEAD), [first])
            found = head(c)
            if found.version == 1 and found.check == vault.check:
                for step in _FROM_1:
                    c.exec_driver_sql(step)
    except sql.exc.SQLAlchemyError as error:
        raise InputError(f"the log cannot be opened ({error}); give a URL such as sqlite:///log.db") from error
    if found.version > VERSION:
        raise InputError(f"the log has version {found.version}, this generec reads {VERSION}; upgrade generec")
    if found.check != vault.check:
        raise InputError("the log was written under another master key; name the folder where that key lies")
    return made


_FROM_1 = (  # events were found by an index, which cost more than all else that was written of them
    "ALTER TABLE event ADD COLUMN previous BIGINT",
    "UPDATE event SET previous = found.previous FROM (SELECT seq, lag(seq) OVER (PARTITION BY person ORDER BY seq)"
    " AS previous FROM event) AS found WHERE found.seq = event.seq",
    "INSERT INTO latest SELECT person, max(seq) FROM event GROUP BY person",
    "DROP INDEX ix_event_person",
    "UPDATE head SET version = 2",
)


def is_sqlite(store: Engine) -> bool:
    return store.url.get_backend_name() == "sqlite"


def _settle(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # the driver's own BEGIN would come too late to keep a second writer out
    for setting in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}").close()


def _begin(c: Connection) -> None:
    c.exec_driver_sql("BEGIN IMMEDIATE" if c.get_execution_options().get("writes") else "BEGIN")


def wipe(store: Engine) -> bool:
    """Rewrites SQLite's file when something was deleted since the last time; whether no deleted byte is left in it."""
    if not is_sqlite(store):
        return False
    raw = store.raw_connection()
    try:
        cursor = raw.cursor()
        (pending,) = cursor.execute("SELECT unwiped FROM head").fetchone()
        if pending:
            cursor.execute("VACUUM")
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                return False
            cursor.execute("UPDATE head SET unwiped = 0 WHERE unwiped = ?", (pending,))
    except sqlite3.OperationalError:  # somebody reads or writes: it stays pending, the next opening tries again
        return False
    finally:
        raw.close()
    return True


@contextmanager
def reading(store: Engine) -> Iterator[Connection]:
    """One moment of the store: what is written meanwhile is not seen."""
    with store.connect() as c:
        yield c if is_sqlite(store) else c.execution_options(isolation_level="REPEATABLE READ")


@contextmanager
def writing(store: Engine) -> Iterator[tuple[Connection, Row[Any]]]:
    """The only writer of the store, with the head it found; committed, on the disk, when the block ends well."""
    with store.connect().execution_options(writes=True) as c, c.begin():
        yield c, c.execute(sql.select(HEAD).with_for_update()).one()  # SQLite locked when the transaction began


def head(c: Connection) -> Row[Any]:
    """The log's last number and link."""
    return c.execute(sql.select(HEAD)).one()


def link(before: bytes, seq: int, act: str, person: str, mark: bytes, sealed: bytes) -> dict[str, Any]:
    """A row of the chain."""
    link = chained(before, act, place_of(seq, person, mark), sealed)
    return {"seq": seq, "act": act, "person": person, "token": mark, "sealed": sealed, "link": link}


def chained(before: bytes, act: str, place: bytes, sealed: bytes) -> bytes:
    """The link of a row: the sha256 of the link before it and of all that the row says."""
    return hashlib.sha256(b"%b%b %b%b" % (before, act.encode(), place, sealed)).digest()


def sound(row: Row[Any], before: bytes) -> bool:
    """Whether the link of a row fits the row and the link before it."""
    return bool(row.link == link(before, row.seq, row.act, row.person, row.token, row.sealed)["link"])


def tokens_known(c: Connection, marks: Collection[bytes]) -> set[bytes]:
    """Those tokens that are in the chain."""
    query = sql.select(CHAIN.c.token)
    return {mark for part in _parts(marks) for mark in c.scalars(query.where(CHAIN.c.token.in_(part)))}


def _parts(values: Collection[bytes]) -> Iterator[list[bytes]]:
    left = iter(values)
    while part := list(islice(left, _CHUNK)):
        yield part


def _found(c: Connection, lookups: Collection[bytes]) -> Iterator[Row[Any]]:
    for part in _parts(lookups):
        yield from c.execute(sql.select(PEOPLE).where(PEOPLE.c.lookup.in_(part)))


def introduce(c: Connection, vault: Vault, user_ids: Collection[str], since: int) -> dict[str, Person]:
    """Everybody by user id ("" is nobody in particular); who is not known yet gets a pseudonym and a key."""
    lookups = {vault.lookup(user_id): user_id for user_id in user_ids}
    found = {lookups[row.lookup]: Person(row.person, vault.unwrap(row.key, row.person)) for row in _found(c, lookups)}
    rows = []
    for lookup, user_id in lookups.items():
        if user_id not in found:
            found[user_id] = new = Person(secrets.token_hex(16), secrets.token_bytes(KEY_BYTES))
            name = seal(new.key, user_id.encode(), b"name")
            key = vault.wrap(new.key, new.id)
            rows.append({"person": new.id, "lookup": lookup, "name": name, "key": key, "since": since})
    if rows:
        c.execute(sql.insert(PEOPLE), rows)
    return found


_ALL = sql.select(PEOPLE)
_ONE = _ALL.where(PEOPLE.c.lookup == sql.bindparam("lookup"))  # built once: building it costs more than asking


def everybody(c: Connection, vault: Vault, user_id: str | None = None) -> dict[str, Person]:
    """Everybody by pseudonym, or one person; whose row was tampered with is missing."""
    rows = c.execute(_ALL) if user_id is None else c.execute(_ONE, {"lookup": vault.lookup(user_id)})
    found = {}
    for row in rows:
        try:
            key = vault.unwrap(row.key, row.person)
            name = unseal(key, row.name, b"name").decode()
        except InputError:
            continue  # `EventLog.verify` names the first event that is lost by it
        if vault.lookup(name) == row.lookup:
            found[row.person] = Person(row.person, key, name or None)
    return found


@dataclass(frozen=True)
class Flag:
    """A model version that learned from people who were deleted since, and was not retrained without them yet."""

    version: str
    people: int
    since: int  # UTC seconds


def trained_on(c: Connection, person: str) -> tuple[str, ...]:
    """The model versions that learned from a pseudonym."""
    query = sql.select(TRAINED_ON.c.version).where(TRAINED_ON.c.person == person)
    return tuple(c.scalars(query.order_by(TRAINED_ON.c.version)))


def destroy(c: Connection, person: str) -> tuple[str, ...]:
    """Destroys the key of a pseudonym and flags the models that learned from it; their versions."""
    models = trained_on(c, person)
    since = sql.func.coalesce(MODELS.c.flagged, int(time.time()))
    flag = sql.update(MODELS).where(MODELS.c.version.in_(models))
    c.execute(flag.values(forgotten=MODELS.c.forgotten + 1, flagged=since))
    c.execute(sql.delete(TRAINED_ON).where(TRAINED_ON.c.person == person))
    c.execute(sql.delete(PEOPLE).where(PEOPLE.c.person == person))
    return models


def train(
    c: Connection,
    version: str,
    lookups: Collection[bytes],
    until: int | None,
    based_on: str | None,
    replaces: str | None,
) -> None:
    """Writes down whose events a model learned from; see `EventLog.mark_trained`."""
    models = {row.version: row for row in c.execute(sql.select(MODELS))}
    if version in models:
        raise UsageError(f"model version {version!r} is in the log already; a retrained model is a new version")
    for name in (based_on, replaces):
        if name is not None and name not in models:
            raise unknown("model version", name, models)
    people = {row.person for row in _found(c, lookups) if until is None or row.since <= until}
    lost = len(lookups) - len(people)
    if based_on is not None:
        lost += models[based_on].forgotten
        people |= set(c.scalars(sql.select(TRAINED_ON.c.person).where(TRAINED_ON.c.version == based_on)))
    c.execute(sql.insert(MODELS).values(version=version, forgotten=lost, flagged=int(time.time()) if lost else None))
    if people:
        c.execute(sql.insert(TRAINED_ON), [{"version": version, "person": person} for person in sorted(people)])
    if replaces is not None and not lost:
        c.execute(sql.update(MODELS).where(MODELS.c.version == replaces).values(replaced_by=version))


def flags(c: Connection) -> tuple[Flag, ...]:
    """The model versions that learned from deleted people and have no replacement, oldest flag first."""
    query = sql.select(MODELS).where(MODELS.c.forgotten > 0, MODELS.c.replaced_by.is_(None))
    return tuple(
        Flag(row.version, row.forgotten, row.flagged)
        for row in c.execute(query.order_by(MODELS.c.flagged, MODELS.c.version))
    )
