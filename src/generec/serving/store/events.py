"""The event log as one tenant sees it: one chain for the whole store, in which every person belongs to a tenant.

In the log a person is called `tenant/user id`, an anonymous one of a tenant `tenant/`, a model version
`tenant/version`. A tenant's name holds no `/`, so that no two tenants share a name, and neither prefix nor other
tenants' rows come out here. Views of the whole log (`events`, `dataset`, `feedback`) read all of it and keep the
tenant's part: they are for training. What a request needs, `recent`, reads one person's events alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import polars as pl
import sqlalchemy as sql

from generec.data import chain as sealed
from generec.data.chain import PEOPLE, Flag
from generec.data.entries import EVENTS, READABLE, Entry, Source, numbers
from generec.data.log import Chosen, EventLog, Forgotten
from generec.errors import UsageError
from generec.records import Feedback

_CHUNK = 5_000  # rows read at once


@cache
def _recent(kinds: bool, but: bool) -> sql.Select[Any]:
    """What TenantLog.recent asks, built once: building it costs more than asking."""
    whose = sql.select(PEOPLE.c.person).where(PEOPLE.c.lookup == sql.bindparam("lookup")).scalar_subquery()
    query = sql.select(EVENTS.c.item_id, EVENTS.c.time, EVENTS.c.kind)
    theirs = numbers(whose)
    query = query.join(theirs, theirs.c.seq == EVENTS.c.seq).where(EVENTS.c.item_id.is_not(None))
    if kinds:
        query = query.where(EVENTS.c.kind.in_(sql.bindparam("kinds", expanding=True)))
    if but:
        query = query.where(EVENTS.c.kind.not_in(sql.bindparam("but", expanding=True)))
    return query.order_by(EVENTS.c.time.desc(), EVENTS.c.seq.desc()).limit(sql.bindparam("most"))


class Seen(NamedTuple):
    """What a person did with an item."""

    item_id: str
    time: int  # UTC seconds
    kind: str


@dataclass(frozen=True)
class TenantLog(EventLog):
    """The log, for one tenant; `replace(log, tenant=...)` shares engine, queue and writer with the others'."""

    tenant: str = ""

    def recent(
        self, user_id: str, limit: int = 200, *, kinds: Chosen = None, but: Collection[str] = ()
    ) -> tuple[Seen, ...]:
        """The last things that a person did with items, oldest first, without opening what is sealed.

        kinds: those alone; but: all others.
        """
        asked: dict[str, Any] = {"lookup": self.vault.lookup(self._qualified(user_id)), "most": limit}
        if kinds is not None:
            asked["kinds"] = list(kinds)
        if but:
            asked["but"] = list(but)
        with sealed.reading(self.engine) as c:
            rows = c.execute(_recent(kinds is not None, bool(but)), asked).all()
        return tuple(Seen(*row) for row in reversed(rows))

    def rows(self) -> Iterator[dict[str, Any]]:
        """The readable side of the tenant's events, as of now, in the order of the log; who was deleted has none.

        Read some thousands at a time, so that a slow reader holds nothing up.
        """
        with sealed.reading(self.engine) as c:
            last = sealed.head(c).seq
            people = {name: self._outward(one.user_id) for name, one in sealed.everybody(c, self.vault).items()
                      if self._mine(one.user_id)}  # fmt: skip
        columns = [EVENTS.c.seq, *(EVENTS.c[name] for name in READABLE)]
        query = sql.select(EVENTS.c.person, *columns).where(EVENTS.c.seq <= last).order_by(EVENTS.c.seq).limit(_CHUNK)
        after = 0
        while after < last:
            with sealed.reading(self.engine) as c:
                found = c.execute(query.where(EVENTS.c.seq > after)).mappings().all()
            if not found:
                return
            after = found[-1]["seq"]
            for row in found:
                if row["person"] in people:
                    yield {"user_id": people[row["person"]], **{one.name: row[one.name] for one in columns}}

    def history(self, user_id: str) -> tuple[Entry, ...]:
        """All that is kept of a person, oldest first, words included."""
        found = super().history(self._qualified(user_id))
        return tuple(replace(entry, user_id=user_id) for entry in found)

    def feedback(self, *, sources: Chosen = None, stages: Chosen = None) -> tuple[Feedback, ...]:
        """Reactions to turns with their corrections, in the order of the log."""
        found = super().feedback(sources=sources, stages=stages)
        return tuple(replace(one, user_id=self._outward(one.user_id)) for one in found if self._mine(one.user_id))

    def events(self, *, sources: Chosen = None, stages: Chosen = None, kinds: Chosen = None) -> pl.DataFrame:
        """The tenant's events in the order of the log; `dataset` is made of them."""
        frame = super().events(sources=sources, stages=stages, kinds=kinds)
        frame = frame.filter(pl.col("user_id").str.starts_with(self._prefix))
        user_id = pl.col("user_id").str.strip_prefix(self._prefix)
        return frame.with_columns(pl.when(user_id != "").then(user_id).alias("user_id"))

    def share(self, source: Source = "human") -> float:
        """The share of the tenant's events that come from a source; 0 where there are none."""
        sources = self.events()["source"].to_list()
        return sources.count(source) / max(len(sources), 1)

    def mark_trained(
        self,
        version: str,
        user_ids: Iterable[str],
        *,
        until: int | None = None,
        based_on: str | None = None,
        replaces: str | None = None,
    ) -> None:
        """Writes down whose events a model version of the tenant learned from; see EventLog.mark_trained."""
        super().mark_trained(
            self._prefix + version,
            [self._qualified(user_id) for user_id in user_ids],
            until=until,
            based_on=None if based_on is None else self._prefix + based_on,
            replaces=None if replaces is None else self._prefix + replaces,
        )

    def models_to_flag(self, user_id: str) -> tuple[str, ...]:
        """The model versions that learned from a person: those that `forget` will flag."""
        return self._versions(super().models_to_flag(self._qualified(user_id)))

    def flagged(self) -> tuple[Flag, ...]:
        """The tenant's model versions that must be retrained, oldest flag first."""
        mine = (flag for flag in super().flagged() if self._mine(flag.version))
        return tuple(replace(flag, version=flag.version.removeprefix(self._prefix)) for flag in mine)

    def forget(self, user_id: str) -> Forgotten:
        """Deletes a person; see EventLog.forget. What else the store keeps of them goes with `People.forget`."""
        if not user_id:
            raise UsageError("name the person to delete: events of nobody in particular are nobody's")
        done = super().forget(self._qualified(user_id))
        return replace(done, models=self._versions(done.models))

    @property
    def _prefix(self) -> str:
        if not self.tenant:
            raise UsageError("name the tenant whose events are meant: store.log(tenant)")
        return f"{self.tenant}/"

    def _qualified(self, user_id: str) -> str:
        return self._prefix + user_id

    def _mine(self, name: str | None) -> bool:
        return name is not None and name.startswith(self._prefix)

    def _outward(self, name: str | None) -> str | None:
        return (name or "").removeprefix(self._prefix) or None

    def _versions(self, names: Collection[str]) -> tuple[str, ...]:
        return tuple(name.removeprefix(self._prefix) for name in names)
