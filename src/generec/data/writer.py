"""Appends to the event log with little work for each event: checked in one piece, sealed, chained, written by lists.

Statements are built once and take rows as the driver does, and whoever appends at the same time shares one transaction
and so one wait for the disk. Nobody waits in a thread for that who need not: `soon` gives a future.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from operator import attrgetter
from typing import Any, NamedTuple

import sqlalchemy as sql
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy.engine import Connection, Dialect, Engine, Row

from generec.data import chain as sealed
from generec.data.chain import CHAIN, HEAD, PEOPLE
from generec.data.entries import EVENTS, LATEST, READABLE, Entry, Receipt
from generec.data.vault import Person, Vault, place_of, token
from generec.errors import InputError
from generec.records import Feedback

_MOST = 10_000  # events of one transaction, so that others who write need not wait long
_LONGEST = 512  # characters of a name
_MET = 20_000  # people whose keys are kept in memory
_AT_ONCE = (1, 16, 512)  # people that one statement looks for, the last of them again where there are fewer
_CHECK: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])
_TEXT: TypeAdapter[Entry] = TypeAdapter(Entry)
_READABLE = attrgetter(*READABLE)
_NOT_SEALED = {"user_id", "key"}
_HEAD: sql.Select[Any] = sql.select(HEAD.c.seq, HEAD.c.link).with_for_update()
_MOVE_HEAD = sql.update(HEAD).values(seq=sql.bindparam("to_seq"), link=sql.bindparam("to_link"))


@cache
def _who(size: int) -> tuple[sql.Select[Any], list[str]]:
    """People by their lookups, built once, and what it calls these."""
    names = [f"lookup_{at}" for at in range(size)]
    query = sql.select(PEOPLE.c.person, PEOPLE.c.lookup, PEOPLE.c.key, LATEST.c.seq)
    query = query.outerjoin(LATEST, LATEST.c.person == PEOPLE.c.person)
    return query.where(PEOPLE.c.lookup.in_([sql.bindparam(name) for name in names])), names


class Ready(NamedTuple):
    """An event that any store can hold."""

    user_id: str  # with its tenant
    key: str
    readable: tuple[Any, ...]  # its readable side, in the order of the columns
    text: bytes  # all of it, to be sealed


class _Append(NamedTuple):
    """Events that are stored together."""

    events: list[Ready]
    done: Future[Receipt]


class _Insert(NamedTuple):
    """An INSERT as the driver takes it; `otherwise`: what becomes of a row that is there."""

    text: str
    names: tuple[str, ...]
    positional: bool

    @staticmethod
    def into(table: sql.Table, dialect: Dialect, otherwise: str = "") -> _Insert:
        made = sql.insert(table).compile(dialect=dialect)
        return _Insert(f"{made} {otherwise}", tuple(column.name for column in table.columns), bool(made.positional))

    def rows(self, c: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Inserts rows given in the order of the columns."""
        given: Any = rows if self.positional else [dict(zip(self.names, row, strict=True)) for row in rows]
        c.exec_driver_sql(self.text, given)


@dataclass
class _Met:
    """People that were asked for, by user id, known to be as they were while the log ends with this link.

    Whoever else writes, and every deletion, leaves another one.
    """

    link: bytes = b""
    people: dict[str, Person] = field(default_factory=dict)
    latest: dict[str, int] = field(default_factory=dict)  # the number of a pseudonym's last event


@dataclass(eq=False)
class Writer:
    """The writer of a store's event log in this process, for many threads at once; other processes may write too."""

    engine: Engine
    vault: Vault = field(repr=False)
    _met: _Met = field(default_factory=_Met, repr=False)
    _queue: deque[_Append] = field(default_factory=deque, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "events"), repr=False)

    def append(self, entries: Iterable[Entry | Feedback], prefix: str, *, checked: bool = False) -> Receipt:
        """Stores events, all or none; returns when they are on the disk. prefix: of the user ids.

        checked: the values are such as an Entry may have, and need no second look. Raises InputError naming the row
        that is no event.
        """
        mine = self._queued(entries, prefix, checked)
        self._drain()
        return mine.result()

    def soon(self, entries: Iterable[Entry | Feedback], prefix: str, *, checked: bool = False) -> Future[Receipt]:
        """As `append`, written in a thread of its own: for few events of many senders. Raises InputError at once."""
        mine = self._queued(entries, prefix, checked)
        self._thread.submit(self._drain)
        return mine

    def _queued(self, entries: Iterable[Entry | Feedback], prefix: str, checked: bool) -> Future[Receipt]:
        mine = _Append(ready(entries, prefix, checked), Future())
        self._queue.append(mine)
        return mine.done

    def _drain(self) -> None:
        """Writes what waits when it is called, unless others have written it by then."""
        with self._lock:
            for _ in range(len(self._queue)):
                some, events = list[_Append](), 0
                while self._queue and events < _MOST:
                    some.append(self._queue.popleft())
                    events += len(some[-1].events)
                self._flush([one for one in some if one.done.set_running_or_notify_cancel()])

    def _flush(self, waiting: Sequence[_Append]) -> None:
        if not waiting:
            return
        try:
            with self._writing() as (c, head):
                written, last = self.write(c, head, [event for events, _ in waiting for event in events])
        except BaseException as error:  # whoever waits must not take it for stored
            for _, done in waiting:
                done.set_exception(error)
            return
        fresh = iter(written)
        for events, done in waiting:
            stored = sum(next(fresh) for _ in events)
            done.set_result(Receipt(stored, len(events) - stored, last))

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, Row[Any]]]:
        """chain.writing with a statement that is built once."""
        with self.engine.connect().execution_options(writes=True) as c, c.begin():
            yield c, c.execute(_HEAD).one()

    def write(self, c: Connection, head: Row[Any], ready: Sequence[Ready]) -> tuple[list[bool], int]:
        """Appends to the chain and its readable side; which events were new, and the last number."""
        met, self._met = self._met, _Met()  # comes back when all of this has gone well
        if met.link != head.link or len(met.people) > _MET:
            met = _Met()
        self._meet(c, met, {event.user_id for event in ready} - met.people.keys(), head.seq + 1)
        people, latest = met.people, met.latest
        marks = [token(people[event.user_id].key, event.key) if event.key else b"" for event in ready]
        known = sealed.tokens_known(c, list(filter(None, marks)))
        seq, before, fresh = head.seq, head.link, []
        chain, events, moved = [], [], dict[str, int]()
        for event, mark in zip(ready, marks, strict=True):
            fresh.append(mark not in known)
            if mark in known:
                continue
            seq, owner = seq + 1, people[event.user_id]
            if mark:
                known.add(mark)
            else:  # of nobody's key: in the order of the log, so that its index grows at one end
                mark = seq.to_bytes(8) + os.urandom(8)
            place = place_of(seq, owner.id, mark)
            text = owner.seal(event.text, place)
            before = sealed.chained(before, "event", place, text)
            chain.append((seq, "event", owner.id, mark, text, before))
            events.append((seq, owner.id, latest.get(owner.id), *event.readable))
            latest[owner.id] = moved[owner.id] = seq
        if chain:
            into_chain, into_events, into_latest = self._inserts
            into_chain.rows(c, chain)
            into_events.rows(c, events)
            into_latest.rows(c, list(moved.items()))
            c.execute(_MOVE_HEAD, {"to_seq": seq, "to_link": before})
        met.link, self._met = before, met  # were it undone after this, the log would end with another link
        return fresh, seq

    def part(self) -> None:
        """Lets go of the keys of people that were asked for lately."""
        self._met = _Met()

    def _meet(self, c: Connection, met: _Met, user_ids: Collection[str], since: int) -> None:
        """chain.introduce, for people most of whom are known."""
        lookups = {self.vault.lookup(user_id): user_id for user_id in user_ids}
        asked = list(lookups)
        for start in range(0, len(asked), _AT_ONCE[-1]):
            some = asked[start : start + _AT_ONCE[-1]]
            query, names = _who(next(size for size in _AT_ONCE if size >= len(some)))
            some += some[-1:] * (len(names) - len(some))
            for person, lookup, key, latest in c.execute(query, dict(zip(names, some, strict=True))).all():
                met.people[lookups[lookup]] = Person(person, self.vault.unwrap(key, person))
                if latest is not None:
                    met.latest[person] = latest
        strangers = user_ids - met.people.keys()
        if strangers:
            met.people.update(sealed.introduce(c, self.vault, strangers, since))

    @cached_property
    def _inserts(self) -> tuple[_Insert, _Insert, _Insert]:
        dialect, moved = self.engine.dialect, "ON CONFLICT (person) DO UPDATE SET seq = excluded.seq"
        return _Insert.into(CHAIN, dialect), _Insert.into(EVENTS, dialect), _Insert.into(LATEST, dialect, moved)


def ready(entries: Iterable[Entry | Feedback], prefix: str, checked: bool = False) -> list[Ready]:
    """Events as they are stored. Raises InputError naming the row that no store can hold."""
    given = [entry if isinstance(entry, Entry) else Entry.of(entry) for entry in entries]
    now, ready = int(time.time()), []
    for row, entry in enumerate(given if checked else _checked(given)):
        user_id = prefix + (entry.user_id or "")
        if len(user_id) > _LONGEST:
            raise _refused(f"user_id: String should have at most {_LONGEST - len(prefix)} characters", row)
        dated = replace(entry, time=now) if entry.time is None else entry
        try:
            text = _TEXT.serializer.to_json(dated, exclude=_NOT_SEALED)
        except PydanticSerializationError:
            raise _refused("payload: text that is no Unicode", row) from None
        ready.append(Ready(user_id, entry.key, _READABLE(dated), text))
    return ready


def _checked(given: list[Entry]) -> list[Entry]:
    try:
        return _CHECK.validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        row, *place = first["loc"]
        raise _refused(f"{'.'.join(map(str, place))}: {first['msg']}", int(row)) from None


def _refused(reason: str, row: int) -> InputError:
    return InputError(f"no event: {reason}", file="events", row=row + 1)
