"""A data set on disk and in memory: written all at once or not at all, checked when read, packed for models.

Folder: events.parquet, items.parquet, users.parquet where people are described, and dataset.json (source, counts,
fingerprint, licence note, rights, tie order, repeat consumption).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from generec.errors import InputError, UsageError
from generec.types import Catalog, Dataset, Events

VERSION = 1
SPLITS = ("train", "validation", "test")
EVENT_SCHEMA = pl.Schema(
    {
        "user_id": pl.String(),
        "item_id": pl.String(),
        "timestamp": pl.Int64(),
        "event": pl.String(),
        "value": pl.Float64(),
        "split": pl.String(),
    }
)


def write_dataset(dataset: Dataset, directory: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Writes a data set into a folder: a finished sibling is renamed into place, so a half-written one never shows.

    Raises UsageError when the folder exists and overwrite is False, or when it holds something that is no data set.
    """
    target = Path(directory).absolute()
    refuse_existing(target, overwrite)
    _validate(dataset, "the data set")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        dataset.events.select(EVENT_SCHEMA.names()).write_parquet(partial / "events.parquet")
        dataset.catalog.frame.write_parquet(partial / "items.parquet")
        if dataset.users is not None:
            dataset.users.write_parquet(partial / "users.parquet")
        text = json.dumps(describe(dataset), indent=2, ensure_ascii=False, default=str, allow_nan=False)
        (partial / "dataset.json").write_text(text + "\n", encoding="utf-8")
        _sync(partial)
        partial.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.replaced-", dir=target.parent))
            target.rename(old / "old")
            partial.rename(target)
            shutil.rmtree(old)
        else:
            partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def refuse_existing(directory: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises UsageError when a data set may not be written to this folder; asked before long work begins too."""
    target = Path(directory)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder for the data set")
    if not any(target.iterdir()):
        return
    if not (target / "dataset.json").exists():
        raise UsageError(f"{target} holds files that are no data set; name a new folder")
    if not overwrite:
        raise UsageError(f"{target} exists; name another folder, or replace it with --overwrite")


def _sync(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def describe(dataset: Dataset) -> dict[str, Any]:
    """What dataset.json says: the info of the data set, and counts, span and fingerprint measured now."""
    events = dataset.events
    times = events["timestamp"].drop_nulls()
    return {
        "source": "unknown",
        "licence": "not stated",
        "rights": "evaluation",
        "ties": "given",
        **dict(dataset.info),
        "repeats": dataset.repeats,
        "version": VERSION,
        "counts": {
            "events": events.height,
            "users": events["user_id"].n_unique(),
            "items": len(dataset.catalog),
            "items_with_events": events["item_id"].n_unique(),
            "timestamps": len(times),
        },
        "span": [times.min(), times.max()] if len(times) else None,
        "fingerprint": fingerprint(dataset),
    }


def read_dataset(directory: str | os.PathLike[str]) -> Dataset:
    """Reads a data set folder and checks it: files, versions, columns, order, and that nothing changed since.

    Raises InputError naming the file and the remedy.
    """
    folder = Path(directory)
    path = folder / "dataset.json"
    if not folder.is_dir() or not path.is_file():
        raise InputError(
            "no data set here (dataset.json is missing)",
            file=str(folder),
            remedy=f"make one with `generec data import SOURCE -o {folder}`",
        )
    info = read_info(path)
    users_path = folder / "users.parquet"
    events, items = _read_frame(folder / "events.parquet"), _read_frame(folder / "items.parquet")
    users = _read_frame(users_path) if users_path.exists() else None
    try:
        dataset = Dataset(events, Catalog(items), users, info)
    except InputError as error:
        raise InputError(str(error), file=str(folder / "items.parquet"), remedy="import it again") from error
    _validate(dataset, str(folder / "events.parquet"))
    if fingerprint(dataset) != info.get("fingerprint"):
        raise InputError(
            "the content differs from the fingerprint in dataset.json: a file was changed after the import",
            file=str(folder),
            remedy="import it again, or write changed frames with generec.data.write_dataset",
        )
    return dataset


def read_info(path: Path) -> Mapping[str, Any]:
    """What a dataset.json says, without reading the data. Raises InputError."""
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"no readable JSON ({error})", file=str(path), remedy="import it again") from error
    if not isinstance(info, dict) or not isinstance(info.get("version"), int):
        raise InputError("no data set description", file=str(path), remedy="import it again")
    if info["version"] > VERSION:
        raise InputError(
            f"written by a later version ({info['version']}, this one reads {VERSION})",
            file=str(path),
            remedy="upgrade generec, or import it again",
        )
    return info


def _read_frame(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise InputError("the file is missing", file=str(path), remedy="import it again")
    try:
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"no readable parquet ({error})", file=str(path), remedy="import it again") from error


def _validate(dataset: Dataset, place: str) -> None:
    """The invariants of types.Dataset."""
    events = dataset.events
    for name, dtype in EVENT_SCHEMA.items():
        if name not in events.columns:
            raise InputError(f"column {name} is missing, got {events.columns}", file=place)
        if events.schema[name] != dtype:
            raise InputError(f"column {name} must be {dtype}, got {events.schema[name]}", file=place)
    for name in ("user_id", "item_id", "event"):
        missing = events[name].null_count()
        if missing:
            raise InputError(f"column {name} has {missing} empty cells", file=place)
    odd = set(events["split"].drop_nulls().unique()) - set(SPLITS)
    if odd:
        raise InputError(f"column split must hold {SPLITS} or nothing, got {sorted(odd)}", file=place)
    rows = item_rows(events["item_id"], dataset.catalog)
    if rows.null_count():
        row = int(rows.is_null().arg_max() or 0)
        raise InputError(f"item {events['item_id'][row]!r} is not in the catalogue", file=place, row=row + 1)
    _runs(events["user_id"], place)
    backwards = (pl.col("timestamp").diff() < 0) & (pl.col("user_id") == pl.col("user_id").shift())
    wrong = events.select(backwards.fill_null(False).alias("wrong"))["wrong"]
    if wrong.any():
        raise InputError("the rows of a user must stand oldest first", file=place, row=int(wrong.arg_max() or 0) + 1)


def _runs(user_ids: pl.Series, place: str) -> pl.DataFrame:
    """Runs of equal users: columns value, len. Raises InputError when one user has two runs."""
    runs = user_ids.rle().struct.unnest()
    twice = runs["value"].is_duplicated()
    if twice.any():
        user = runs["value"].filter(twice)[0]
        raise InputError(f"the rows of user {user!r} do not stand together; sort events by user, then time", file=place)
    return runs


def item_rows(item_ids: pl.Series, catalog: Catalog) -> pl.Series:
    """Catalogue row of every id, null where the catalogue has none."""
    known = catalog.frame.select("item_id").with_row_index("row")
    asked = item_ids.alias("item_id").to_frame()
    return asked.join(known, on="item_id", how="left", maintain_order="left")["row"].cast(pl.Int64)


def pack_events(frame: pl.DataFrame, catalog: Catalog) -> Events:
    """Histories as packed catalogue rows; times only where every event has one.

    frame: user_id, item_id and, optionally, timestamp; the rows of a user stand together, oldest first.
    Raises InputError when they do not, or when an item is not in the catalogue.
    """
    import torch

    rows = item_rows(frame["item_id"], catalog)
    if rows.null_count():
        lost = frame["item_id"].filter(rows.is_null())
        raise InputError(f"{len(lost)} events on items that the catalogue lacks, the first on {lost[0]!r}")
    runs = _runs(frame["user_id"], "the events")
    offsets = torch.zeros(runs.height + 1, dtype=torch.int64)
    offsets[1:] = torch.from_numpy(runs["len"].cast(pl.Int64).to_numpy(writable=True)).cumsum(0)
    times = None
    if "timestamp" in frame.columns and frame.height and frame["timestamp"].null_count() == 0:
        times = torch.from_numpy(frame["timestamp"].cast(pl.Int64).to_numpy(writable=True))
    items = torch.from_numpy(rows.to_numpy(writable=True)).to(torch.int64)
    return Events(items, offsets, times, tuple(runs["value"].to_list()))


def fingerprint(dataset: Dataset) -> str:
    """Hash of the content of events and items, equal on every machine and for every version of the file format."""
    digest = hashlib.sha256()
    _hash_frame(digest, dataset.events.select(EVENT_SCHEMA.names()))
    _hash_frame(digest, dataset.catalog.frame)
    return digest.hexdigest()


def _hash_frame(digest: hashlib._Hash, frame: pl.DataFrame) -> None:
    digest.update(f"{frame.height} {sorted(frame.columns)}".encode())
    for name in sorted(frame.columns):
        for piece in frame[name].to_frame().iter_slices(1 << 18):
            _hash_series(digest, piece.to_series())


def _hash_series(digest: hashlib._Hash, values: pl.Series) -> None:
    """Presence and values; lengths go in with texts and lists, so that no two contents share their bytes."""
    digest.update(str(values.dtype).encode())
    digest.update(values.is_not_null().cast(pl.UInt8).to_numpy().tobytes())
    if isinstance(values.dtype, pl.List):
        digest.update(values.list.len().fill_null(0).cast(pl.Int64).to_numpy().tobytes())
        inside = list(chain.from_iterable(values.drop_nulls().to_list()))
        _hash_series(digest, pl.Series(inside, dtype=values.dtype.inner))
    elif values.dtype == pl.String:
        digest.update(values.str.len_bytes().fill_null(0).cast(pl.Int64).to_numpy().tobytes())
        digest.update((values.str.join("").item() if len(values) else "").encode())
    elif values.dtype.is_numeric() or values.dtype == pl.Boolean:
        kind = pl.Float64 if values.dtype.is_float() else pl.Int64
        digest.update(values.cast(kind).fill_null(0).to_numpy().tobytes())
    else:
        _hash_series(digest, values.cast(pl.String, strict=False))
