"""The face for people: data frames in, data frames out, a thin layer over the waist."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.conditions import parse
from generec.errors import UsageError
from generec.fitting.progress import task
from generec.recipe.histories import everybody, remembered_data, requests
from generec.system import System
from generec.types import Condition, Dataset, Request, Slate

SCHEMA = pl.Schema({"user_id": pl.String(), "item_id": pl.String(), "score": pl.Float64(), "rank": pl.Int64()})


def recommend(
    system: System[Any],
    *,
    users: Sequence[str] | None = None,
    histories: Mapping[str, Sequence[str]] | Sequence[Sequence[str]] | None = None,
    k: int = 10,
    filters: Sequence[str | Condition] = (),
    data: Dataset | str | os.PathLike[str] | None = None,
) -> pl.DataFrame:
    """The k best items for each person: user_id, item_id, score, rank (from 1), best first, people in their order.

    users: ids of people in `data` (a data set or its folder; the one that the system was trained on when None).
    histories: item ids, oldest first, for people never seen; without names they are numbered from 0.
    filters: conditions on the catalogue, such as "price <= 20". Whether items of the history may come back is the
    data's habit. Raises UsageError for unknown people, items or fields, naming the nearest real one.
    """
    conditions = parsed(filters)
    if (users is None) == (histories is None):
        raise UsageError("give users (people in the data) or histories (of people never seen), one of the two")
    if histories is not None:
        named = histories.items() if isinstance(histories, Mapping) else ((str(n), h) for n, h in enumerate(histories))
        return frame(*_answered(system, asked(system, named, conditions), k))
    if isinstance(users, str):
        raise UsageError(f"users must be a list of ids, got the text {users!r}; write [{users!r}]")
    source = data if isinstance(data, Dataset) else remembered_data(system, None if data is None else Path(data))
    blocks = [_answered(system, block, k) for block in requests(source, list(users or ()), conditions)]
    return pl.concat([frame(*block) for block in blocks]) if blocks else pl.DataFrame(schema=SCHEMA)


def parsed(filters: Sequence[str | Condition]) -> tuple[Condition, ...]:
    """Conditions as objects; UsageError for what is not one, or for a bare text instead of a list."""
    if isinstance(filters, str):
        raise UsageError(f"filters must be a list of conditions, got the text {filters!r}; write [{filters!r}]")
    return tuple(each if isinstance(each, Condition) else parse(each) for each in filters)


def asked(
    system: System[Any], histories: Iterable[tuple[str, Sequence[str]]], conditions: tuple[Condition, ...] = ()
) -> list[Request]:
    """Requests of people given by their histories. Raises UsageError for items that the catalogue lacks."""
    repeat = bool(system.record.get("data", {}).get("repeats", False))
    made = []
    for name, history in histories:
        system.catalog.rows(history)
        made.append(Request(user_id=name, history=tuple(history), conditions=conditions, repeat=repeat))
    return made


def _answered(system: System[Any], some: Sequence[Request], k: int) -> tuple[Sequence[Request], list[Slate]]:
    return some, system.recommend(some, k)


def frame(some: Sequence[Request], slates: Sequence[Slate]) -> pl.DataFrame:
    """Slates as rows."""
    users: list[str | None] = []
    items: list[str] = []
    scores: list[float] = []
    ranks: list[int] = []
    for request, slate in zip(some, slates, strict=True):
        users += [request.user_id] * len(slate.item_ids)
        items += slate.item_ids
        scores += slate.scores
        ranks += range(1, len(slate.item_ids) + 1)
    return pl.DataFrame({"user_id": users, "item_id": items, "score": scores, "rank": ranks}, schema=SCHEMA)


def export(
    system: System[Any],
    data: Dataset,
    path: str | os.PathLike[str],
    *,
    k: int = 10,
    filters: Sequence[str | Condition] = (),
    overwrite: bool = False,
) -> tuple[int, int]:
    """Recommends for everybody into a parquet file, in bounded memory; the numbers of people and of rows.

    The file appears when it is complete. Raises UsageError when it is there already and overwrite is False.
    """
    target = Path(path).absolute()
    refuse_file(target, overwrite)
    users, conditions = everybody(data), parsed(filters)
    if not users:
        raise UsageError("there are no people in these data to recommend to")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.partial-", dir=target.parent) as workspace:
        parts: list[Path] = []
        with task("recommend to everybody", len(users)) as bar:
            for block in requests(data, users, conditions):
                parts.append(Path(workspace) / f"{len(parts):08d}.parquet")
                frame(*_answered(system, block, k)).write_parquet(parts[-1])
                bar.advance(len(block))
        whole = Path(workspace) / "whole.parquet"
        pl.scan_parquet(parts).sink_parquet(whole)
        _sync(whole)
        rows = int(pl.scan_parquet(whole).select(pl.len()).collect().item())
        whole.replace(target)
        _sync(target.parent)
    return len(users), rows


def refuse_file(path: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises UsageError when a result may not be written there; asked before long work begins too."""
    target = Path(path)
    if target.is_dir():
        raise UsageError(f"{target} is a folder; name a file")
    if target.exists() and not overwrite:
        raise UsageError(f"{target} exists; name another file, or replace it with --overwrite (overwrite=True)")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
