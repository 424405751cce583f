"""A tenant's store as a data set to learn from; `imports` has the other direction.

What counts: events of the stages `slate` and `retrieval` that name an item. Feedback on an edit, a creation or an
explanation says nothing about the item; impressions and the kinds data.log.NOT_ABOUT_ITEMS are left out unless they are
asked for by kind. Ratings stay, whatever their value, which stands beside them. Dislikes and skips stay too, and
`data.split` neither trains on them nor asks for them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
import sqlalchemy as sql

from generec.data import chain as sealed
from generec.data.chain import MODELS
from generec.data.dataset import EVENT_SCHEMA, item_rows
from generec.data.entries import EVENTS
from generec.data.log import NOT_ABOUT_ITEMS, Chosen
from generec.serving.store import Store
from generec.types import Catalog, Dataset

UNASKED = (*NOT_ABOUT_ITEMS, "impression")
"""Kinds of event that are left out unless they are named."""
_BATCH = 20_000  # rows in Python at once
_CARRIED = ("source", "licence", "rights", "repeats")
_TYPES: Mapping[str, pl.DataType] = {
    "seq": pl.Int64(), "item_id": pl.String(), "time": pl.Int64(), "kind": pl.String(), "value": pl.Float64(),
    "source": pl.String(), "model": pl.String(), "turn": pl.String(),
}  # fmt: skip
_ROWS = pl.Schema({"person": pl.UInt32(), "item": pl.UInt32(), **{name: _TYPES[name] for name in (
    "seq", "time", "kind", "value", "source")}})  # fmt: skip


@dataclass(frozen=True)
class Told:
    """Some events of a tenant: rows with `person`, a place in `user_ids`, and the columns asked for."""

    user_ids: tuple[str, ...]
    rows: pl.DataFrame
    unreadable: int  # rows of people whose key is missing, of whatever tenant


def stream(
    store: Store,
    tenant: str,
    columns: Sequence[str] = ("item_id", "time"),
    *,
    sources: Chosen = ("human",),
    stages: Chosen = ("slate", "retrieval"),
    kinds: Chosen = None,
    since: int | None = None,
    until: int | None = None,
) -> Iterator[Told]:
    """Events of people about items in the order of the log, some thousands at a time, all from one moment.

    kinds: None takes all but UNASKED. since: UTC seconds of the first; until: the last number of the log.
    """
    query = sql.select(EVENTS.c.person, *(EVENTS.c[name] for name in columns)).order_by(EVENTS.c.seq)
    query = query.where(EVENTS.c.item_id.is_not(None), *_wanted(sources, stages, kinds, since, until))
    mine = f"{tenant}/"  # alone it is nobody in particular
    with store.db.reading() as c:
        everybody = sealed.everybody(c, store.db.vault)
        names = {of: one.user_id or "" for of, one in everybody.items()}
        named = {of: name.removeprefix(mine) for of, name in names.items() if name.startswith(mine) and name != mine}
        places = pl.DataFrame({"of": list(named), "person": range(len(named))},
                              schema={"of": pl.String, "person": pl.UInt32})  # fmt: skip
        readable = pl.Series(list(everybody), dtype=pl.String).implode()
        user_ids, schema = tuple(named.values()), {"of": pl.String(), **{name: _TYPES[name] for name in columns}}
        for part in c.execute(query.execution_options(yield_per=_BATCH)).partitions():
            frame = pl.DataFrame([tuple(row) for row in part], schema=schema, orient="row")
            lost = frame.height - int(frame["of"].is_in(readable).sum())
            found = frame.join(places, on="of", how="inner", maintain_order="left").select("person", *columns)
            yield Told(user_ids, found, lost)


def read(
    store: Store,
    tenant: str,
    *,
    sources: Chosen = ("human",),
    stages: Chosen = ("slate", "retrieval"),
    kinds: Chosen = None,
    until: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> Dataset:
    """A tenant's catalogue, origins included, and what people did with it, `source` of each event beside it.

    People stand in the order in which the log met them, each one's events by time and then arrival: with more events
    only the end of a history changes. People who were deleted are not there, nor those whose key is lost, nor events
    on items that are gone. until: a number of the log, to read again what was read before. about: source, licence,
    rights and repeats of the data, as the record of a model has them; of a store alone nothing is known but its
    events. info["log"] has `until` (for mark_trained), `catalogue` (the watermark), and what was left out.
    Memory grows with the data set, never with the log beside it: rows become columns some thousands at a time.
    """
    changes = store.items.changes_since(tenant, 0)
    catalog = _with_origins(changes.items)
    if until is None:
        with store.db.reading() as c:
            until = int(sealed.head(c).seq)
    wanted = ("item_id", "seq", "time", "kind", "value", "source")
    parts, user_ids, unknown, unreadable = [pl.DataFrame(schema=_ROWS)], tuple[str, ...](), 0, 0
    for told in stream(store, tenant, wanted, sources=sources, stages=stages, kinds=kinds, until=until):
        user_ids, unreadable = told.user_ids, unreadable + told.unreadable
        rows = told.rows.with_columns(item=item_rows(told.rows["item_id"], catalog).cast(pl.UInt32))
        known = rows.filter(pl.col("item").is_not_null()).select(_ROWS.names())
        unknown += rows.height - known.height
        parts.append(known)
    about = {name: value for name, value in (about or {}).items() if name in _CARRIED}
    log = {"until": until, "catalogue": changes.watermark, "sources": sources and sorted(sources),
           "unknown_items": unknown, "unreadable": unreadable}  # fmt: skip
    info = {"source": "store", "ties": "arrival", "repeats": False, **about, "log": log}
    return Dataset(_events(pl.concat(parts), user_ids, catalog), catalog, None, info)


def replaced(store: Store, tenant: str, old: str, new: str) -> None:
    """Takes the flag off a version that no longer answers, unless its successor learned from deleted people itself.

    `mark_trained(replaces=...)` can say so only before the successor was judged; here it is said once it answers. A
    successor that answers again, such as after a way back, is flagged again where it was.
    """
    clean = sql.select(MODELS.c.version).where(MODELS.c.version == f"{tenant}/{new}", MODELS.c.forgotten == 0)
    taken = sql.update(MODELS).where(MODELS.c.version == f"{tenant}/{old}", clean.exists())
    with sealed.writing(store.db.engine) as (c, _):
        c.execute(taken.values(replaced_by=f"{tenant}/{new}"))
        c.execute(sql.update(MODELS).where(MODELS.c.version == f"{tenant}/{new}").values(replaced_by=None))


def marked(store: Store, tenant: str, version: str) -> bool:
    """Whether it is written down whose events a version learned from."""
    asked = sql.select(MODELS.c.version).where(MODELS.c.version == f"{tenant}/{version}")
    with store.db.reading() as c:
        return c.scalar(asked) is not None


def _wanted(
    sources: Chosen, stages: Chosen, kinds: Chosen, since: int | None, until: int | None
) -> list[sql.ColumnElement[bool]]:
    asked: dict[sql.Column[Any], Collection[str] | None] = {
        EVENTS.c.source: sources, EVENTS.c.stage: stages, EVENTS.c.kind: kinds,
    }  # fmt: skip
    found: list[sql.ColumnElement[bool]] = []
    found += [column.in_(list(values)) for column, values in asked.items() if values is not None]
    if kinds is None:
        found.append(EVENTS.c.kind.not_in(UNASKED))
    if since is not None:
        found.append(EVENTS.c.time >= since)
    if until is not None:
        found.append(EVENTS.c.seq <= until)
    return found


def _with_origins(catalog: Catalog) -> Catalog:
    """What its owner put in says nothing of its origin and is human; what was made says so."""
    if "origin" not in catalog.frame.columns:
        return catalog
    return Catalog(catalog.frame.with_columns(pl.col("origin").fill_null("human")))


def _events(rows: pl.DataFrame, user_ids: Sequence[str], catalog: Catalog) -> pl.DataFrame:
    ordered = rows.sort(pl.col("seq").min().over("person"), "time", "seq")
    return ordered.select(
        pl.Series("user_id", user_ids, dtype=pl.String).gather(ordered["person"]),
        catalog.frame["item_id"].gather(ordered["item"]),
        pl.col("time").alias("timestamp"),
        pl.col("kind").alias("event"),
        "value",
        pl.lit(None, pl.String).alias("split"),
        "source",
    ).select(*EVENT_SCHEMA.names(), "source")
