"""Puts a data set together from plain tables: which one holds events, sequences, items or people is told by columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from generec.data.importers.cells import among, ids_of
from generec.data.importers.columns import (
    EVENT_OF_VALUE,
    ITEM_COLUMNS,
    ROLES,
    find,
    find_item,
    find_sequence,
    plain,
)
from generec.data.importers.files import head
from generec.data.importers.headerless import fold_flags
from generec.data.importers.items import clean_items, join_items, unescaped
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.errors import InputError

SPLIT_WORDS = {
    "train": "train", "training": "train", "valid": "validation", "validation": "validation", "val": "validation",
    "dev": "validation", "test": "test", "base": "train",
}  # fmt: skip
EVENT_WORDS = {
    "views": "view", "view": "view", "clicks": "click", "click": "click", "purchases": "purchase",
    "purchase": "purchase",
    "buys": "purchase", "buy": "purchase", "plays": "play", "listens": "play", "skips": "skip", "likes": "like",
    "ratings": "rating", "reviews": "rating", "checkins": "visit", "visits": "visit",
}  # fmt: skip
PLACES = ("latitude", "longitude", "lat", "lon", "lng")
HOISTED = ("title", "brand", "categories", "genres", "price", "year", "creator")
MAX_KINDS = 100  # a column with more different words is no kind of event
RELATED = 0.1  # share of the items of a further table that the first must have
STEADY = 0.95  # share of items that must keep one value for a column of the events to describe the item


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a format knows about its tables beyond their columns."""

    format: str
    event: str = "interaction"
    encodings: tuple[str, ...] = ("utf-8",)
    milliseconds: bool = False
    repeats: bool | None = None
    noisy: bool = False
    """Whether prices that are none and repeated entries are known of the format: noted, no faults."""
    entities: bool = False
    """Whether item texts carry HTML entities."""
    hoist: bool = True
    """Whether columns of the log may describe the item."""
    keep: tuple[str, ...] | None = None
    """The only keys read of json lines; None: all."""
    cold_items: bool = True
    licence: str = "not stated"


def matches(sketches: Sequence[Sketch]) -> bool:
    """Any tables will do."""
    return True


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Tables of events, items and people by their columns, or items alone (`catalogue`)."""
    return assemble(reading, Settings(format="table"), items, users)


def assemble(
    reading: Reading, settings: Settings, items_sketch: Sketch | None = None, users_sketch: Sketch | None = None
) -> Raw:
    """Reads every table that has a role. Raises InputError when none has."""
    roles = _roles(reading, items_sketch, users_sketch)
    logs = roles["events"]
    tags = [sketch for sketch in logs if _tag_column(sketch) and len(logs) > 1]
    logs = [sketch for sketch in logs if sketch not in tags] or roles["sequences"]
    if not logs and not roles["items"]:
        raise _nothing(reading)
    files = tuple(sketch.file.name for sketch in logs)
    frames = [_events(reading, sketch, settings, position, len(logs)) for position, sketch in enumerate(logs)]
    events = pl.concat([_texts(frame) for frame in frames], how="diagonal") if frames else None
    items, items_file = _items(reading, roles["items"], tags, events, settings)
    people = _users(reading, roles["users"][0], settings) if roles["users"] and events is not None else None
    if events is not None:
        events, hoisted = _hoist(events, items is not None or not settings.hoist)
        if hoisted is not None:
            items, items_file = clean_items(hoisted, files[0], reading.findings, reading.mapping, True), files[0]
    return Raw(
        format=settings.format if events is not None else "catalogue",
        files=files or (items_file,),
        events=events,
        items=items,
        items_file=items_file,
        users=people,
        event=settings.event if settings.event != "interaction" else _event_name(logs, reading),
        repeats=settings.repeats,
        milliseconds=settings.milliseconds,
        cold_items=settings.cold_items,
        licence=settings.licence,
    )


def _roles(reading: Reading, items: Sketch | None, users: Sketch | None) -> dict[str, list[Sketch]]:
    """The files by role; tables named apart take the place of those found."""
    roles: dict[str, list[Sketch]] = {"events": [], "sequences": [], "items": [], "users": [], "": []}
    apart = {sketch.file.path.resolve() for sketch in (items, users) if sketch is not None}
    for sketch in reading.sketches:
        if sketch.file.path.resolve() not in apart:
            roles[role_of(sketch, reading.mapping)].append(sketch)
    if items is not None:
        if find_item(items.columns, reading.mapping) is None:
            raise _no_role(items, "an item id")
        roles["items"] = [items]
    if users is not None:
        roles["users"] = [users]
    return roles


def role_of(sketch: Sketch, mapping: Mapping[str, str]) -> str:
    """events, sequences, items, users or nothing, by the columns of a table."""
    if sketch.kind == "words":
        return "sequences"
    columns = sketch.columns
    user = find("user_id", columns, mapping)
    if user is None:
        return "items" if _describes(columns, mapping) else ""
    if mapping.get("items") not in columns and find("item_id", columns, mapping) is not None:
        return "events"
    others = [name for name in columns if name != user]
    return "users" if find_sequence(others, mapping) is None else "sequences"


def _describes(columns: Sequence[str], mapping: Mapping[str, str]) -> bool:
    """Whether a table without users describes items: times or ratings without titles are a log that lacks its users."""
    if find_item(columns, mapping) is None or len(columns) < 2:
        return False
    titled = any(plain(name) in ITEM_COLUMNS["title"] for name in columns)
    return titled or (find("timestamp", columns, mapping) is None and find("value", columns, mapping) is None)


def _tag_column(sketch: Sketch) -> bool:
    names = {plain(name) for name in sketch.columns}
    return "tag" in names and not names & {"rating", "overall", "score"}


def _nothing(reading: Reading) -> InputError:
    seen = [f"{s.file.name} ({', '.join(s.columns[:8]) or 'no header'})" for s in reading.sketches[:5]]
    place = reading.files[0].name if len(reading.files) == 1 else None
    return InputError(
        "no table with events or items" + (f"; columns found: {'; '.join(seen)}" if seen else ""),
        file=place,
        row=1 if place else None,
        remedy="name the columns: --map user_id=COLUMN --map item_id=COLUMN",
    )


def _no_role(sketch: Sketch, what: str) -> InputError:
    return InputError(
        f"no column holds {what}; columns: {', '.join(sketch.columns) or 'no header'}",
        file=sketch.file.name,
        row=1,
        remedy="name it: --map item_id=COLUMN",
    )


def _events(reading: Reading, sketch: Sketch, settings: Settings, position: int, files: int) -> pl.DataFrame:
    if sketch.kind == "words":
        frame = _explode(read_words(reading, sketch))
    else:
        frame = log_of(reading.read(sketch, settings.keep, settings.encodings), sketch, reading.mapping)
    words = set(re.split(r"[^a-z]+", sketch.file.name.lower()))
    split = next((SPLIT_WORDS[word] for word in SPLIT_WORDS if word in words), None)
    if files > 1 and "split" not in frame.columns and split is not None:
        frame = frame.with_columns(pl.lit(split).alias("split"))
    event = next((EVENT_WORDS[word] for word in EVENT_WORDS if word in words), None)
    if files > 1 and "event" not in frame.columns and event is not None:
        frame = frame.with_columns(pl.lit(event).alias("event"))
    return frame.with_columns(pl.lit(position, dtype=pl.UInt16).alias("_file"))


def log_of(frame: pl.DataFrame, sketch: Sketch, mapping: Mapping[str, str]) -> pl.DataFrame:
    """Events with their columns called by their roles, sequences laid out one item a row, other columns as they are."""
    roles = {role: find(role, frame.columns, mapping) for role in ROLES}
    sequence = None
    if role_of(sketch, mapping) == "sequences":
        sequence = find_sequence([name for name in frame.columns if name != roles["user_id"]], mapping)
        roles |= {"item_id": None, "event": None, "timestamp": None, "value": None}
    kind = roles["event"]
    if kind is not None and "event" not in mapping and frame[kind].n_unique() > MAX_KINDS:
        roles["event"] = None
    renamed = {name: role for role, name in roles.items() if name is not None and name != role}
    if sequence is not None and sequence != "items":
        renamed[sequence] = "items"
    frame = frame.drop([role for role in renamed.values() if role in frame.columns]).rename(renamed)
    frame = frame.drop([role for role in ROLES if role in frame.columns and roles[role] is None])
    return frame if sequence is None else _explode(frame)


def _explode(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per item of a sequence, in its order."""
    if frame.schema["items"] == pl.String:
        cells = pl.col("items").str.replace_all(r"[\[\]'\",|;]+", " ").str.strip_chars().str.split(" ")
        frame = frame.with_columns(cells.list.eval(pl.element().filter(pl.element() != "")).alias("items"))
    elif not isinstance(frame.schema["items"], pl.List):
        frame = frame.with_columns(pl.concat_list(pl.col("items").cast(pl.String)).alias("items"))
    kept = [name for name in ("user_id", "split", "items", "_row") if name in frame.columns]
    frame = frame.select(kept).filter(pl.col("items").list.len() > 0)
    rows = np.repeat(np.arange(frame.height), frame["items"].list.len().to_numpy())
    inside = pl.Series(
        "item_id", list(chain.from_iterable(frame["items"].cast(pl.List(pl.String)).to_list())), dtype=pl.String
    )
    return frame.drop("items")[rows].with_columns(inside)


def read_words(reading: Reading, sketch: Sketch) -> pl.DataFrame:
    """Lines of `user item item …`, or of `user item` where users come back: user_id, item_id, `_row`."""
    frame = reading.read_text(sketch)
    cells = frame.select(pl.col("text").str.strip_chars().str.split(" ").alias("cells"), "_row")
    cells = cells.with_columns(pl.col("cells").list.eval(pl.element().filter(pl.element() != "")))
    return cells.select(
        pl.col("cells").list.first().alias("user_id"), pl.col("cells").list.slice(1).alias("items"), "_row"
    )


def _texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Ids as strings, so that files with numbers and files with words stack."""
    return frame.with_columns(ids_of(frame["user_id"]), ids_of(frame["item_id"]))


def _items(
    reading: Reading, listed: Sequence[Sketch], tags: Sequence[Sketch], events: pl.DataFrame | None, settings: Settings
) -> tuple[pl.DataFrame | None, str]:
    known = None if events is None else events.select("item_id").unique()
    tables: list[tuple[pl.DataFrame, str]] = []
    for sketch in listed:
        if len(listed) > 1 and _repeats(sketch, find_item(sketch.columns, reading.mapping)):
            reading.findings.note(f"{sketch.file.name} has many rows an item and is not read")
            continue
        frame = reading.read(sketch, settings.keep, settings.encodings)
        key = _key(frame, find_item(sketch.columns, reading.mapping), known, reading)
        if key is None:
            continue
        if key != "item_id":
            frame = frame.drop("item_id", strict=False).rename({key: "item_id"})
        frame = unescaped(fold_flags(frame)) if settings.entities else fold_flags(frame)
        tables.append(
            (clean_items(frame, sketch.file.name, reading.findings, reading.mapping, settings.noisy), sketch.file.name)
        )
    if not tables:
        return None, ""
    tables.sort(key=lambda table: (table[0].height, table[0].width), reverse=True)
    (first, name), *others = tables
    alike = []
    for table, file in others:
        if among(table["item_id"], first["item_id"]).sum() >= RELATED * table.height:
            alike.append(table)
        else:
            reading.findings.note(f"{file} describes other items than {name} and is not read")
    items = join_items([first, *alike])
    for sketch in tags:
        items = items.join(_tags(reading, sketch, settings), on="item_id", how="left", maintain_order="left")
    return items, name


def _repeats(sketch: Sketch, key: str | None) -> bool:
    """Whether the first rows of a table without titles name the same items again and again (scores of tags, say)."""
    named = {plain(name) for name in sketch.columns} & set(ITEM_COLUMNS["title"])
    if sketch.dialect is None or key is None or named:
        return False
    column = sketch.columns.index(key)
    rows = [
        line.split(sketch.dialect.separator) for line in head(sketch.file).decode(errors="replace").split("\n")[1:-1]
    ]
    ids = [row[column] for row in rows if len(row) > column]
    return len(set(ids)) < len(ids) / 2


def _key(frame: pl.DataFrame, named: str | None, known: pl.DataFrame | None, reading: Reading) -> str | None:
    """The column whose ids the events use; the one called like an id where there are no events."""
    if known is None or not known.height or "item_id" in reading.mapping:
        return named
    ids = [name for name in frame.columns if plain(name).endswith(("id", "asin")) or name == named]
    shares = {}
    for name in ids:
        if frame.schema[name] == pl.String or frame.schema[name].is_integer():
            shares[name] = known.join(ids_of(frame[name]).alias("item_id").to_frame(), on="item_id", how="semi").height
    best = max(shares, key=lambda name: (shares[name], name == named), default=None)
    return best if best is not None and shares[best] else named


def _tags(reading: Reading, sketch: Sketch, settings: Settings) -> pl.DataFrame:
    """The tags that people gave to each item, most frequent first, at most 20."""
    frame = log_of(reading.read(sketch, settings.keep, settings.encodings), sketch, reading.mapping)
    tag = next(name for name in frame.columns if plain(name) == "tag")
    cleaned = pl.col(tag).str.strip_chars().str.to_lowercase()
    counts = frame.select(ids_of(frame["item_id"]), cleaned.alias("tag")).drop_nulls().group_by("item_id", "tag").len()
    ranked = counts.sort(["item_id", "len", "tag"], descending=[False, True, False])
    return ranked.group_by("item_id", maintain_order=True).agg(pl.col("tag").head(20).alias("tags"))


def _users(reading: Reading, sketch: Sketch, settings: Settings) -> pl.DataFrame:
    frame = reading.read(sketch, settings.keep, settings.encodings)
    user = find("user_id", sketch.columns, reading.mapping)
    if user is None:
        raise _no_role(sketch, "a user id")
    frame = frame.rename({user: "user_id"} if user != "user_id" else {})
    people = clean_items(frame.rename({"user_id": "item_id"}), sketch.file.name, reading.findings, {}, settings.noisy)
    return people.rename({"item_id": "user_id"})


def _event_name(logs: Sequence[Sketch], reading: Reading) -> str:
    """What an event is, by the name of the value column or of the file."""
    for sketch in logs:
        value = find("value", sketch.columns, reading.mapping)
        if value is not None and plain(value) in EVENT_OF_VALUE:
            return EVENT_OF_VALUE[plain(value)]
    words = set(re.split(r"[^a-z]+", logs[0].file.name.lower())) if logs else set()
    return next((EVENT_WORDS[word] for word in EVENT_WORDS if word in words), "interaction")


def _hoist(events: pl.DataFrame, has_items: bool) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Columns of the log that describe the item (one value per item), as an item table of their own."""
    core = [name for name in (*ROLES, "_row", "_file") if name in events.columns]
    if has_items or not events.height:
        return events.select(core), None
    known = {alias for name in HOISTED for alias in ITEM_COLUMNS[name]} | set(PLACES) | {"categorygroup", "itemtitle"}
    found = [name for name in events.columns if name not in core and plain(name) in known]
    found = [name for name in found if not isinstance(events.schema[name], pl.Struct)]
    if not found:
        return events.select(core), None
    seen = events.group_by("item_id", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in found),
        *(pl.col(name).drop_nulls().n_unique().alias(f"_{name}") for name in found),
        pl.col("_row").first(),
        pl.len().alias("_events"),
    )
    often = seen.filter(pl.col("_events") > 1)
    if often.height:
        steady = [name for name in found if (often[f"_{name}"] <= 1).sum() >= STEADY * often.height]
    else:  # nothing tells a film's title from a review's
        steady = [name for name in found if plain(name) not in ITEM_COLUMNS["title"]]
    return events.select(core), seen.select("item_id", *steady, "_row") if steady else None
