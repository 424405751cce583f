"""Requests from a data set: what people did, in blocks, so that everybody can be answered in bounded memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.dataset import read_dataset
from generec.data.forget import deleted_since
from generec.data.split import NEGATIVE_EVENTS
from generec.errors import InputError, UsageError, unknown
from generec.system import System
from generec.types import Condition, Dataset, Request

BLOCK = 2048  # people answered between two writes


def remembered_data(system: System[Any], directory: Path | None = None) -> Dataset:
    """The data set of a folder, by default the one that the system was trained on.

    Warns where the model must be trained again because people were deleted since (see `outdated`).
    Raises UsageError when the system remembers none, InputError when it is not there any more.
    """
    remembered = system.record.get("data", {}).get("directory")
    if directory is None and remembered is None:
        raise UsageError(
            "histories are not saved with a model, and this one remembers no data set; give one with --data DIR"
        )
    if directory is not None:
        return _warned(system, read_dataset(directory))
    try:
        return _warned(system, read_dataset(remembered))
    except InputError as error:
        raise InputError(
            f"the data set of this model cannot be read: {error}; say where it is with --data DIR"
        ) from error


def outdated(system: System[Any], data: Dataset) -> str:
    """What to say of a model that learned from people who were deleted from its data since; '' where it did not."""
    people = deleted_since(data.info, system.record.get("data", {}).get("fingerprint", ""))
    who = "1 person was" if people == 1 else f"{people} people were"
    return f"{who} deleted since this model learned from these data; train it again" if people else ""


def _warned(system: System[Any], data: Dataset) -> Dataset:
    if said := outdated(system, data):
        warnings.warn(said, stacklevel=3)
    return data


def everybody(data: Dataset) -> list[str]:
    """Ids of all people of a data set, those without events last."""
    active = data.events["user_id"].unique(maintain_order=True)
    if data.users is None:
        return active.to_list()
    others = data.users["user_id"].cast(pl.String).unique(maintain_order=True)
    return [*active.to_list(), *others.filter(~others.is_in(active.implode())).to_list()]


def requests(
    data: Dataset, users: Sequence[str], conditions: tuple[Condition, ...] = (), block: int = BLOCK
) -> Iterator[list[Request]]:
    """One request per person, in the given order: the history is every event but the negative ones, oldest first.

    Raises UsageError naming the nearest person when one is not in the data.
    """
    known = set(everybody(data))
    for user in users:
        if user not in known:
            raise unknown("user", user, known)
    events = data.events.filter(~pl.col("event").is_in(list(NEGATIVE_EVENTS)).fill_null(False))
    for start in range(0, len(users), block):
        some = users[start : start + block]
        rows = events.filter(pl.col("user_id").is_in(pl.Series(some, dtype=pl.String).implode()))
        grouped = rows.group_by("user_id", maintain_order=True).agg("item_id", "timestamp")
        found = {user: (items, times) for user, items, times in grouped.iter_rows()}
        yield [_request(user, *found.get(user, ([], [])), data.repeats, conditions) for user in some]


def _request(
    user: str, items: list[str], times: list[int | None], repeats: bool, conditions: tuple[Condition, ...]
) -> Request:
    known = tuple(time for time in times if time is not None)
    return Request(
        history=tuple(items),
        user_id=user,
        times=known if len(known) == len(items) else None,
        conditions=conditions,
        repeat=repeats,
    )
