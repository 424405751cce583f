"""The one append-only event log: who, when, what was shown, what came back, at which stage, from which source.

Two layers in one store. The *chain* holds every event as ciphertext under the key of its person, hash-linked, and is
never changed. The *events* are its readable side, what views are made of, under a pseudonym: user id, words and
payload are in the chain only. Deleting a person destroys the key and the readable rows; the chain stays, verifies,
and says nothing. An edit credits the item it was made from, with the variant in a column of its own.

Stores are any that SQLAlchemy 2 reaches; without a server, a file of SQLite, which is wiped of deleted bytes as well.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, get_args

import polars as pl
import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine, Row

from generec.data import chain as sealed
from generec.data.chain import CHAIN, GENESIS, HEAD, PEOPLE, Flag
from generec.data.dataset import EVENT_SCHEMA, item_rows
from generec.data.entries import EVENTS, LATEST, READABLE, Entry, Receipt, Source, Verdict, numbers
from generec.data.vault import Person, Vault
from generec.data.writer import Ready, Writer, ready
from generec.errors import InputError, UsageError
from generec.records import Feedback
from generec.types import Catalog, Dataset

Chosen = Collection[str] | None  # the sources, stages or kinds that a view takes; None takes all
NOT_ABOUT_ITEMS = ("instruction", "correction", "correct", "reject")
"""Kinds of event that no view for training takes unasked: they judge an answer, or say what it should have been."""

_VIEW = {
    "seq": pl.Int64, "user_id": pl.String, "item_id": pl.String, "variant": pl.String, "timestamp": pl.Int64,
    "event": pl.String, "value": pl.Float64, "stage": pl.String, "source": pl.String, "turn": pl.String,
    "model": pl.String, "position": pl.Int64, "propensity": pl.Float64, "weight": pl.Float64,
}  # fmt: skip
_STORED_AS = {"user_id": "person", "timestamp": "time", "event": "kind"}


@dataclass(frozen=True)
class Broken:
    """The first row that is not what was appended."""

    seq: int
    reason: str


@dataclass(frozen=True)
class Forgotten:
    """What a deletion did. `models` learned from the person; `wiped`: no deleted byte is left in the store's files."""

    known: bool
    events: int
    models: tuple[str, ...]
    wiped: bool


@dataclass(frozen=True)
class EventLog:
    """The log behind an engine and a vault, for many threads and processes at once; `open` makes one."""

    engine: Engine
    vault: Vault = field(repr=False)
    writer: Writer | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.writer is None:  # of this process; a log made by `replace` shares it
            object.__setattr__(self, "writer", Writer(self.engine, self.vault))

    @staticmethod
    def open(url: str, keys: str | os.PathLike[str]) -> EventLog:
        """Opens or makes a log. url: SQLAlchemy's, `sqlite:///log.db`; keys: the folder of the master key.

        Keep the two apart: who holds both reads everything. Finishes a wipe that was interrupted. Raises InputError
        when the log was written under another master key or by a later version.
        """
        vault = Vault.open(keys)
        engine = sealed.opened(url, vault)
        sealed.wipe(engine)
        return EventLog(engine, vault)

    def append(self, entries: Iterable[Entry | Feedback], *, checked: bool = False) -> Receipt:
        """Stores events, all or none; returns when they are on the disk. Keys seen before are not stored again.

        Threads that append at the same time share one transaction, and so one wait for the disk. checked: the values
        are such as an Entry may have, and need no second look. Raises InputError naming the row that is no event.
        """
        return self._one_writer.append(entries, self._prefix, checked=checked)

    def soon(self, entries: Iterable[Entry | Feedback], *, checked: bool = False) -> Future[Receipt]:
        """As `append`, without a thread that waits: for few events. Raises InputError at once."""
        return self._one_writer.soon(entries, self._prefix, checked=checked)

    def ready(self, entries: Iterable[Entry | Feedback]) -> list[Ready]:
        """Events as `append_in` takes them. Raises InputError naming the row that is no event."""
        return ready(entries, self._prefix)

    def append_in(self, c: Connection, head: Row[Any], events: Sequence[Ready]) -> Receipt:
        """As `append`, as a part of what `chain.writing` began: on the disk when that ends well."""
        fresh, last = self._one_writer.write(c, head, events)
        return Receipt(sum(fresh), len(fresh) - sum(fresh), last)

    @property
    def _prefix(self) -> str:
        """What stands before every user id."""
        return ""

    @property
    def _one_writer(self) -> Writer:
        assert self.writer is not None
        return self.writer

    def history(self, user_id: str) -> tuple[Entry, ...]:
        """All that is kept of a person, oldest first, words included."""
        return tuple(sorted(self._entries((), user_id), key=lambda entry: entry.time or 0))

    def feedback(self, *, sources: Chosen = None, stages: Chosen = None) -> tuple[Feedback, ...]:
        """Reactions to turns with their corrections, in the order of the log: what `loop.feedback` learns from."""
        asked = [*_filters(sources, stages, get_args(Verdict)), EVENTS.c.turn.is_not(None)]
        return tuple(entry.feedback() for entry in self._entries(asked))

    def _entries(self, asked: Sequence[sql.ColumnElement[bool]], user_id: str | None = None) -> list[Entry]:
        query = sql.select(CHAIN).join(EVENTS, EVENTS.c.seq == CHAIN.c.seq).where(*asked).order_by(CHAIN.c.seq)
        with sealed.reading(self.engine) as c:
            people = sealed.everybody(c, self.vault, user_id)
            if user_id is not None:
                query = query.where(CHAIN.c.seq.in_(sql.select(numbers(sql.literal(next(iter(people), ""))).c.seq)))
            found = [(row, _owner(people, row.person)) for row in c.execute(query)]
        return [Entry(user_id=owner.user_id, **json.loads(owner.unseal(row))) for row, owner in found]

    def events(self, *, sources: Chosen = None, stages: Chosen = None, kinds: Chosen = None) -> pl.DataFrame:
        """The events in the order of the log: the columns of types.Dataset and of Entry, without keys and payloads."""
        query = sql.select(*(EVENTS.c[_STORED_AS.get(name, name)] for name in _VIEW)).order_by(EVENTS.c.seq)
        with sealed.reading(self.engine) as c:
            rows = c.execute(query.where(*_filters(sources, stages, kinds))).all()
            people = sealed.everybody(c, self.vault)
        frame = pl.DataFrame([tuple(row) for row in rows], schema=_VIEW, orient="row")
        names = {person: _owner(people, person).user_id for person in frame["user_id"].unique()}
        return frame.with_columns(pl.col("user_id").replace_strict(names, return_dtype=pl.String))

    def dataset(
        self,
        catalog: Catalog,
        *,
        sources: Chosen = ("human",),
        stages: Chosen = ("slate", "retrieval"),
        kinds: Chosen = None,
        repeats: bool = False,
    ) -> Dataset:
        """What people did with the items of a catalogue, as a data set to train on.

        Feedback on an edit, a creation or an explanation says nothing about the item, so those stages stay out unless
        asked for; so do the kinds NOT_ABOUT_ITEMS, and items that the catalogue lacks. info["log"] says how many of
        those there were, and `until`: the last number seen, for `mark_trained`.
        """
        frame = self.events(sources=sources, stages=stages, kinds=kinds)
        until = frame["seq"].max() or 0
        frame = frame.filter(pl.col("user_id").is_not_null() & pl.col("item_id").is_not_null())
        if kinds is None:
            frame = frame.filter(~pl.col("event").is_in(NOT_ABOUT_ITEMS))
        known = frame.filter(item_rows(frame["item_id"], catalog).is_not_null())
        events = known.sort("user_id", "timestamp", "seq").with_columns(split=pl.lit(None, pl.String)).drop("seq")
        rest = [name for name in events.columns if name not in EVENT_SCHEMA]
        about = {"until": until, "sources": sources and sorted(sources), "unknown_items": frame.height - known.height}
        info = {"source": "event log", "rights": "own", "ties": "arrival", "repeats": repeats, "log": about}
        return Dataset(events.select(*EVENT_SCHEMA, *rest), catalog, None, info)

    def share(self, source: Source = "human") -> float:
        """The share of the events that come from a source; 0 of an empty log."""
        query = sql.select(EVENTS.c.source, sql.func.count()).group_by(EVENTS.c.source)
        with sealed.reading(self.engine) as c:
            counts = {row[0]: row[1] for row in c.execute(query)}
        return float(counts.get(source, 0) / max(sum(counts.values()), 1))

    def mark_trained(
        self,
        version: str,
        user_ids: Iterable[str],
        *,
        until: int | None = None,
        based_on: str | None = None,
        replaces: str | None = None,
    ) -> None:
        """Writes down whose events a model version learned from; call it when training ends.

        until: info["log"]["until"] of its data set. based_on: the version whose weights it started from; its people
        count too. replaces: the version whose flag it clears, unless it is flagged itself, as it is at once where the
        log does not know people (any more). Raises UsageError when it is known already, or the others are not.
        """
        lookups = {self.vault.lookup(user_id) for user_id in user_ids}
        with sealed.writing(self.engine) as (c, _):
            sealed.train(c, version, lookups, until, based_on, replaces)

    def models_to_flag(self, user_id: str) -> tuple[str, ...]:
        """The model versions that learned from a person: those that `forget` will flag."""
        with sealed.reading(self.engine) as c:
            people = sealed.everybody(c, self.vault, user_id)
            return tuple(version for person in people for version in sealed.trained_on(c, person))

    def flagged(self) -> tuple[Flag, ...]:
        """The model versions that must be retrained, oldest flag first; serving and the model card ask here."""
        with sealed.reading(self.engine) as c:
            return sealed.flags(c)

    def forget(self, user_id: str) -> Forgotten:
        """Deletes a person: destroys their key and their readable rows, and flags the models that learned from them.

        The chain keeps the ciphertext and notes that a pseudonym was deleted. On SQLite the file is then rewritten
        without the deleted bytes; `wiped` is False where others kept it busy (the next call or opening tries again) and
        on other stores. Copies of the store are out of reach. Asking twice does no harm.
        """
        if not user_id:
            raise UsageError("name the person to delete: events of nobody in particular are nobody's")
        events, models = 0, tuple[str, ...]()
        with sealed.writing(self.engine) as (c, head):
            person = c.scalar(sql.select(PEOPLE.c.person).where(PEOPLE.c.lookup == self.vault.lookup(user_id)))
            if person is not None:
                models = sealed.destroy(c, person)
                theirs = sql.select(numbers(sql.literal(person)).c.seq)
                events = c.execute(sql.delete(EVENTS).where(EVENTS.c.seq.in_(theirs))).rowcount
                c.execute(sql.delete(LATEST).where(LATEST.c.person == person))
                row = sealed.link(head.link, head.seq + 1, "forget", person, os.urandom(16), str(time.time()).encode())
                c.execute(sql.insert(CHAIN), [row])
                c.execute(sql.update(HEAD).values(seq=row["seq"], link=row["link"], unwiped=row["seq"]))
        self._one_writer.part()
        return Forgotten(person is not None, events, models, sealed.wipe(self.engine))

    def verify(self) -> Broken | None:
        """Reads the log from its beginning: the first row that was changed, moved, added or taken away, or None.

        Checks the links, opens every ciphertext whose key is there, and compares it with its readable side.
        """
        side = [EVENTS.c[name].label(f"event_{name}") for name in ("person", "previous", *READABLE)]
        query = sql.select(CHAIN, *side).outerjoin(EVENTS, EVENTS.c.seq == CHAIN.c.seq).order_by(CHAIN.c.seq)
        with sealed.reading(self.engine) as c:
            head, people = sealed.head(c), sealed.everybody(c, self.vault)
            gone = set(c.scalars(sql.select(CHAIN.c.person).where(CHAIN.c.act == "forget")))
            latest = {row.person: row.seq for row in c.execute(sql.select(LATEST))}
            seq, before, last = 0, GENESIS, dict[str, int]()
            for row in c.execute(query.execution_options(yield_per=10_000)):
                seq += 1
                reason = _fault(row, seq, before, people.get(row.person), row.person in gone)
                if not reason and row.event_previous != last.get(row.event_person):
                    reason = "its person's event before it is not the one it names"
                if reason:
                    return Broken(seq, reason)
                before = row.link
                if row.event_person is not None:
                    last[row.event_person] = seq
            if (head.seq, head.link) != (seq, before):
                return Broken(seq + 1, "rows are missing at the end")
            for person in last.keys() | latest.keys():
                if last.get(person) != latest.get(person):
                    return Broken(last.get(person, seq + 1), "its person's latest event is not this one")
            stray = c.scalar(sql.select(sql.func.min(EVENTS.c.seq)).where(EVENTS.c.seq > seq))
        return None if stray is None else Broken(stray, "a readable row that was never appended")


def _owner(people: Mapping[str, Person], person: str) -> Person:
    if person not in people:
        raise InputError("the key of a person is missing or was changed", remedy="`EventLog.verify` says where")
    return people[person]


def _filters(sources: Chosen, stages: Chosen, kinds: Chosen) -> list[sql.ColumnElement[bool]]:
    asked = {EVENTS.c.source: sources, EVENTS.c.stage: stages, EVENTS.c.kind: kinds}
    return [column.in_(list(values)) for column, values in asked.items() if values is not None]


def _fault(row: Row[Any], seq: int, before: bytes, person: Person | None, gone: bool) -> str:
    """What is wrong with a row of the chain and its readable side; "" when nothing is."""
    if row.seq != seq:
        return "a row is missing"
    if not sealed.sound(row, before):
        return "the row was changed, or stands in another's place"
    if gone:
        return (
            "" if person is None and row.event_person is None else "its person was deleted, yet something is readable"
        )
    if person is None:
        return "the key of its person is missing or was changed"
    try:
        plain = json.loads(person.unseal(row))
    except InputError as error:
        return str(error)
    side = {name: getattr(row, f"event_{name}") for name in READABLE}
    if row.event_person != row.person or any(side[name] != plain[name] for name in READABLE):
        return "its readable side differs from what was sealed"
    return ""
