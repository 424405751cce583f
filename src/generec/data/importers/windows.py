"""Logs told as sliding windows: each row holds a history and the item that came next."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import polars as pl

from generec.data.importers.cells import among, as_number, as_seconds, flag, ids_of
from generec.data.importers.columns import SEQUENCES, find, find_item, plain
from generec.data.importers.findings import Findings
from generec.data.importers.items import clean_items, join_items, unescaped
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import SPLIT_WORDS, Settings
from generec.errors import InputError

AGREEMENT = 0.5  # share of titles that must agree for two id columns to mean the same items
_HISTORY = tuple(name for name in SEQUENCES if "history" in name or "list" in name)
_TITLES = ("itemtitle", "title", "itemname")


def history_column(sketch: Sketch) -> str | None:
    """The column with the items before the one of the row; None when rows are no windows."""
    if find("user_id", sketch.columns, {}) is None or target_column(sketch) is None:
        return None
    by_name = {plain(name): name for name in reversed(sketch.columns)}
    return next((by_name[name] for name in _HISTORY if name in by_name), None)


def target_column(sketch: Sketch) -> str | None:
    """The column of the item that came next."""
    return find("item_id", sketch.columns, {})


def read(reading: Reading, settings: Settings) -> Raw:
    """Joins the windows of each user into one history; every row's item keeps the split of its file.

    Events that only occur in histories are training events, or belong to the split of the event before them, so that
    parts never interleave. Times and ratings are kept where windows carry them.
    """
    logs = [sketch for sketch in reading.sketches if history_column(sketch) is not None]
    logs.sort(key=lambda sketch: ("train", "validation", "test").index(_split(sketch)))
    frames = [
        _window(reading.read(sketch, encodings=settings.encodings), sketch, file, reading.findings)
        for file, sketch in enumerate(logs)
    ]
    events, odd = _join(frames)
    files = tuple(sketch.file.name for sketch in logs)
    notes = [] if "train" in {_split(sketch) for sketch in logs} else [
        "there is no training file: earlier events are recovered from the histories of the rows that are here, "
        "so results are not comparable with figures trained on the official file"
    ]  # fmt: skip
    known = events.height - events["timestamp"].null_count()
    if 0 < known < events.height:  # times of a part only would put that part in front
        notes.append(f"{known} of {events.height} events have a time: the order of the windows is kept, times are not")
        events = events.with_columns(pl.lit(None, dtype=pl.Int64).alias("timestamp"))
    if odd:
        notes.append(f"{odd} events of histories after a held-out event belong to the split of that event")
    events = events.with_columns(ids_of(events["item_id"]))
    items, name, mapped = _items(reading, settings, frames, events)
    return Raw(
        format=settings.format, files=files, events=mapped, items=items, items_file=name, event="rating"
        if events["value"].null_count() < events.height else settings.event, repeats=settings.repeats,
        milliseconds=settings.milliseconds, duplicates=True, licence=settings.licence, notes=tuple(notes),
    )  # fmt: skip


def _split(sketch: Sketch) -> str:
    words = re.split(r"[^a-z]+", sketch.file.name.lower())
    return next((SPLIT_WORDS[word] for word in reversed(words) if word in SPLIT_WORDS), "train")


def _window(frame: pl.DataFrame, sketch: Sketch, file: int, findings: Findings) -> pl.DataFrame:
    """user_id, item_id, timestamp, value, history, times, values (lists), title, `_row`, `_file`, split."""
    by_name = {plain(name): name for name in reversed(frame.columns)}
    history, target = history_column(sketch), target_column(sketch)
    if history is None or target is None:
        raise InputError(
            "no window of a history", file=sketch.file.name, remedy="name columns history_item_id and item_id"
        )
    user = find("user_id", frame.columns, {}) or ""
    time, value = find("timestamp", frame.columns, {}), find("value", frame.columns, {})
    title = next((by_name[name] for name in _TITLES if name in by_name), None)
    empty = pl.lit(None, dtype=pl.String)
    frame = frame.select(
        pl.col(user).alias("user_id"),
        pl.col(target).alias("item_id"),
        (empty if time is None else pl.col(time)).alias("timestamp"),
        (empty if value is None else pl.col(value)).alias("value"),
        _list(history, frame).alias("history"),
        *(
            (_list(by_name[name], frame) if name in by_name else pl.lit(None, dtype=pl.List(pl.String))).alias(new)
            for name, new in (("historytimestamp", "times"), ("historyrating", "values"))
        ),
        (empty if title is None else pl.col(title)).alias("title"),
        "_row",
        pl.lit(_split(sketch)).alias("split"),
    )
    return _checked(frame, sketch.file.name, findings).with_columns(pl.lit(file, dtype=pl.UInt16).alias("_file"))


def _checked(frame: pl.DataFrame, file: str, findings: Findings) -> pl.DataFrame:
    """Windows with ids and numbers; rows without an id, and histories whose times or ratings do not fit, are faults."""
    number = pl.element().str.strip_chars().cast(pl.Float64, strict=False)
    numbers = pl.when(number.is_finite() & (number.abs() < 9e18)).then(number)  # what a whole number of 64 bits holds
    told = pl.col("timestamp").is_not_null()
    frame = frame.with_columns(
        ids_of(frame["user_id"]),
        ids_of(frame["item_id"]),
        as_seconds(frame["timestamp"]).alias("timestamp"),
        as_number(frame["value"]).alias("value"),
        pl.col("times").list.eval(numbers),
        pl.col("values").list.eval(numbers),
        told.alias("_told"),
    )
    missing = pl.col("user_id").is_null() | pl.col("item_id").is_null()
    files = (file,)
    flag(
        frame,
        missing,
        files,
        findings,
        "missing id",
        "user_id or item_id is empty",
        "fill it in",
        "the row is left out",
    )
    frame = frame.filter(~missing)
    unread = pl.col("_told") & pl.col("timestamp").is_null()
    flag(
        frame, unread, files, findings, "unreadable time", "the timestamp is no time",
        "write UTC seconds or ISO 8601", "the row is left out",
    )  # fmt: skip
    frame = frame.filter(~unread)
    size = pl.col("history").list.len()
    uneven = pl.lit(False)
    for name in ("times", "values"):
        cells = pl.col(name)
        broken = (cells.list.len() != size) | (cells.list.drop_nulls().list.len() != size)
        uneven = uneven | (broken & cells.is_not_null()).fill_null(False)
    flag(
        frame, uneven, files, findings, "history", "the history has not one readable time and rating for every item",
        "write lists of one length", "the times and ratings of this history are left out",
    )  # fmt: skip
    blank = pl.lit(None, dtype=pl.List(pl.Float64))
    return frame.with_columns(
        pl.when(~uneven).then(pl.col(name)).otherwise(blank).alias(name) for name in ("times", "values")
    )


def _list(name: str, frame: pl.DataFrame) -> pl.Expr:
    if isinstance(frame.schema[name], pl.List):
        return pl.col(name).cast(pl.List(pl.String))
    cells = pl.col(name).fill_null("").str.replace_all(r"[\[\]'\",|;\s]+", " ").str.strip_chars().str.split(" ")
    return cells.list.eval(pl.element().filter(pl.element() != ""))


Event = tuple[str, int | None]  # item and time


def _join(frames: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """One row per event of every user in order, and how many history events follow a held-out one."""
    rows = pl.concat(frames)
    order = pl.col("user_id").is_first_distinct().cum_sum()
    rows = rows.with_columns(order.alias("_seen"), pl.int_range(pl.len()).alias("_order"))
    rank = pl.col("split").replace_strict({"train": 0, "validation": 1, "test": 2}, return_dtype=pl.Int8)
    rows = rows.with_columns(pl.col("_seen").min().over("user_id")).sort(["_seen", "timestamp", rank, "_order"])
    out: dict[str, list[object]] = {
        name: [] for name in ("user_id", "item_id", "timestamp", "value", "split", "_row", "_file")
    }
    odd = 0
    for _, group in groupby(rows.iter_rows(named=True), key=lambda row: row["_seen"]):
        odd += _merge(list(group), out)
    types = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64, "value": pl.Float64, "split": pl.String,
             "_row": pl.UInt32, "_file": pl.UInt16}  # fmt: skip
    return pl.DataFrame(out, schema=types), odd


def _merge(rows: Sequence[dict[str, Any]], out: dict[str, list[object]]) -> int:
    """Appends one user's events: every window continues where it overlaps with what is known so far."""
    known: list[Event] = []
    told: list[tuple[object, ...]] = []  # value, split, row, file
    odd, split = 0, "train"
    for row in rows:
        history = row["history"]
        unknown = [None] * len(history)
        times = unknown if row["times"] is None else [int(time) for time in row["times"]]
        window = list(zip(history, times, strict=True))
        values = unknown if row["values"] is None else row["values"]
        overlap = _overlap(known, window)
        for event, value in zip(window[overlap:], values[overlap:], strict=True):
            known.append(event)
            told.append((value, split, row["_row"], row["_file"]))
            odd += split != "train"
        split = row["split"]
        known.append((row["item_id"], row["timestamp"]))
        told.append((row["value"], split, row["_row"], row["_file"]))
    for (item, time), rest in zip(known, told, strict=True):
        for name, cell in zip(out, (rows[0]["user_id"], item, time, *rest), strict=True):
            out[name].append(cell)
    return odd


def _overlap(known: Sequence[Event], window: Sequence[Event]) -> int:
    """How many events at the start of the window end what is known; items decide where either side has no time."""
    for size in range(min(len(known), len(window)), 0, -1):
        if all(_same(a, b) for a, b in zip(known[-size:], window[:size], strict=True)):
            return size
    return 0


def _same(one: Event, other: Event) -> bool:
    return one[0] == other[0] and (one[1] is None or other[1] is None or one[1] == other[1])


def _items(
    reading: Reading, settings: Settings, frames: Sequence[pl.DataFrame], events: pl.DataFrame
) -> tuple[pl.DataFrame | None, str, pl.DataFrame]:
    """The catalogue, the file of it, and the events in its ids: the titles say which id column means which items."""
    listed = [s for s in reading.sketches if history_column(s) is None and find("user_id", s.columns, {}) is None]
    tables = [
        (reading.read(s, encodings=settings.encodings), s) for s in listed if find_item(s.columns, {}) is not None
    ]
    titled = [(frame, s) for frame, s in tables if any(plain(name) in _TITLES for name in frame.columns)]
    told = pl.concat([frame.select("item_id", "title") for frame in frames])
    told = told.drop_nulls().unique("item_id", keep="first", maintain_order=True)
    if not titled:
        return (told if told.height else None), "", events
    told = told.with_columns(_comparable(told["title"]))
    raw, sketch = max(titled, key=lambda pair: pair[0].height)
    key = find_item(sketch.columns, reading.mapping) or "item_id"
    raw = raw.drop("item_id" if key != "item_id" else [], strict=False).rename({key: "item_id"})
    raw = unescaped(raw) if settings.entities else raw
    items = clean_items(raw, sketch.file.name, reading.findings, reading.mapping, settings.noisy)
    others = [frame.drop("_row") for frame, s in tables if s is not sketch]
    bridge = _bridge(told, items, others)
    extra = [_rekeyed(frame, items) for frame in others]
    items = join_items([items, *(frame for frame in extra if frame is not None)])
    if bridge is None:
        return items, sketch.file.name, events
    events = events.join(bridge, on="item_id", how="left", maintain_order="left")
    events = events.with_columns(pl.coalesce("_to", "item_id").alias("item_id")).drop("_to")
    return items, sketch.file.name, events


def _comparable(titles: pl.Series) -> pl.Series:
    return pl.Series(
        "title", [None if t is None else " ".join(html.unescape(t).lower().split()) for t in titles.to_list()]
    )


def _bridge(told: pl.DataFrame, items: pl.DataFrame, others: Sequence[pl.DataFrame]) -> pl.DataFrame | None:
    """item_id of the log -> `_to`, id of the catalogue; None where both are the same or nothing better is known."""
    if "title" not in items.columns or not told.height:
        return None
    named = items.select(pl.col("item_id").alias("_to"), _comparable(items["title"]).alias("listed"))
    ways = [told.select("item_id", pl.col("item_id").alias("_to"))]
    for table in others:
        texts = [name for name in table.columns if table.schema[name] == pl.String]
        ways += [
            table.select(pl.col(a).alias("item_id"), pl.col(b).alias("_to")).drop_nulls().unique("item_id")
            for a in texts
            for b in texts
            if a != b and share_in(table[b], items["item_id"]) >= AGREEMENT
        ]
    scores = []
    for way in ways:
        both = told.join(way, on="item_id", how="inner").join(named, on="_to", how="inner")
        scores.append((both["title"] == both["listed"]).sum() / told.height)
    best = max(range(len(ways)), key=lambda way: scores[way])
    if scores[best] >= AGREEMENT:
        return None if best == 0 else ways[best]
    unique = named.unique("listed", keep="none", maintain_order=True)
    return told.join(unique, left_on="title", right_on="listed", how="inner").select("item_id", "_to")


def _rekeyed(table: pl.DataFrame, items: pl.DataFrame) -> pl.DataFrame | None:
    """A further table under the catalogue's ids, by the first column that holds them."""
    for name in table.columns:
        if table.schema[name] == pl.String and share_in(table[name], items["item_id"]) == 1:
            rest = table.drop("item_id" if name != "item_id" else [], strict=False)
            return rest.rename({name: "item_id"}).unique("item_id", maintain_order=True)
    return None


def share_in(values: pl.Series, known: pl.Series) -> float:
    """Share of values that are among the known ones."""
    return float(among(values, known).sum()) / max(1, len(values))
