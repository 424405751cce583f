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
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sql
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError
from sqlalchemy.engine import Connection, Dialect, Engine, Row

from generec.data import chain as sealed
from generec.data.chain import CHAIN, HEAD, PEOPLE
from generec.data.entries import EVENTS, Entry, Receipt
from generec.data.vault import Person, Vault, token
from generec.errors import InputError
from generec.records import Feedback

_MOST = 10_000  # events of one transaction, so that others who write need not wait long
_LONGEST = 512  # characters of a name
_AT_ONCE = (1, 16, 512)  # people that one statement looks for, the last of them again where there are fewer
_CHECK: TypeAdapter[list[Entry]] = TypeAdapter(list[Entry])
_TEXT: TypeAdapter[Entry] = TypeAdapter(Entry)
_READABLE = attrgetter(*(column.name for column in EVENTS.columns if column.name not in ("seq", "person")))
_NOT_SEALED = {"user_id", "key"}
_HEAD: sql.Select[Any] = sql.select(HEAD.c.seq, HEAD.c.link).with_for_update()
_MOVE_HEAD = sql.update(HEAD).values(seq=sql.bindparam("to_seq"), link=sql.bindparam("to_link"))


@cache
def _who(size: int) -> tuple[sql.Select[Any], list[str]]:
    """People by their lookups, built once, and what it calls these."""
    names = [f"lookup_{at}" for at in range(size)]
    query = sql.select(PEOPLE.c.person, PEOPLE.c.lookup, PEOPLE.c.key)
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
    """An INSERT as the driver takes it."""

    text: str
    names: tuple[str, ...]
    positional: bool

    @staticmethod
    def into(table: sql.Table, dialect: Dialect) -> _Insert:
        made = sql.insert(table).compile(dialect=dialect)
        return _Insert(str(made), tuple(column.name for column in table.columns), bool(made.positional))

    def rows(self, c: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Inserts rows given in the order of the columns."""
        given: Any = rows if self.positional else [dict(zip(self.names, row, strict=True)) for row in rows]
        c.exec_driver_sql(self.text, given)


@dataclass(frozen=True)
class Writer:
    """The writer of a store's event log in this process, for many threads at once; other processes may write too."""

    engine: Engine
    vault: Vault = field(repr=False)
    _queue: deque[_Append] = field(default_factory=deque, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    _thread: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "events"), repr=False, compare=False
    )

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
        people = self._people(c, {event.user_id for event in ready}, head.seq + 1)
        marks = [token(people[event.user_id].key, event.key) if event.key else b"" for event in ready]
        known = sealed.tokens_known(c, list(filter(None, marks)))
        seq, before, fresh = head.seq, head.link, []
        chain, events = [], []
        for event, mark in zip(ready, marks, strict=True):
            fresh.append(mark not in known)
            if mark in known:
                continue
            seq, owner = seq + 1, people[event.user_id]
            if mark:
                known.add(mark)
            else:  # of nobody's key: in the order of the log, so that its index grows at one end
                mark = seq.to_bytes(8) + os.urandom(8)
            row = sealed.link(before, seq, "event", owner.id, mark, owner.seal(event.text, seq, mark))
            before = row["link"]
            chain.append(_CHAIN_ROW(row))
            events.append((seq, owner.id, *event.readable))
        if chain:
            into_chain, into_events = self._inserts
            into_chain.rows(c, chain)
            into_events.rows(c, events)
            c.execute(_MOVE_HEAD, {"to_seq": seq, "to_link": before})
        return fresh, seq

    def _people(self, c: Connection, user_ids: Collection[str], since: int) -> dict[str, Person]:
        """chain.introduce, for people most of whom are known."""
        lookups = {self.vault.lookup(user_id): user_id for user_id in user_ids}
        asked, found = list(lookups), dict[str, Person]()
        for start in range(0, len(asked), _AT_ONCE[-1]):
            some = asked[start : start + _AT_ONCE[-1]]
            query, names = _who(next(size for size in _AT_ONCE if size >= len(some)))
            some += some[-1:] * (len(names) - len(some))
            for person, lookup, key in c.execute(query, dict(zip(names, some, strict=True))).all():
                found[lookups[lookup]] = Person(person, self.vault.unwrap(key, person))
        strangers = user_ids - found.keys()
        return {**found, **sealed.introduce(c, self.vault, strangers, since)} if strangers else found

    @cached_property
    def _inserts(self) -> tuple[_Insert, _Insert]:
        return _Insert.into(CHAIN, self.engine.dialect), _Insert.into(EVENTS, self.engine.dialect)


_CHAIN_ROW = itemgetter(*(column.name for column in CHAIN.columns))


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
