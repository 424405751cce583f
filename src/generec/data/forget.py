"""Takes a person out of a data set folder, and remembers, without naming them, which of its states are outdated.

dataset.json keeps `forgotten`: the fingerprint that the folder had before each deletion. A model whose record holds one
of them learned from somebody who is gone, and is flagged by it until it is trained again (see `deleted_since`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.dataset import fingerprint, read_dataset, write_dataset
from generec.errors import UsageError
from generec.types import Dataset


@dataclass(frozen=True)
class Removed:
    """What was taken out. `left`: folders of interrupted writes beside the data set, which may hold the person."""

    events: int
    described: bool  # in the table of people
    was: str  # fingerprint before
    now: str
    left: tuple[Path, ...] = ()

    @property
    def known(self) -> bool:
        return self.events > 0 or self.described


def forget(directory: str | os.PathLike[str], user_id: str) -> Removed:
    """Rewrites the folder without a person: events, description, and findings of the import that quote the user id.

    The folder is replaced as a whole or not at all; asking twice does no harm. Files it was imported from, splits
    written from it and backups are out of reach. Raises UsageError without a user id, InputError as `read_dataset`.
    """
    if not user_id:
        raise UsageError("name the person to delete")
    folder = Path(directory)
    before = read_dataset(folder)
    was, after = fingerprint(before), _without(before, user_id)
    now, events = fingerprint(after), before.events.height - after.events.height
    described = before.users is not None and after.users is not None and after.users.height < before.users.height
    if events or described:
        write_dataset(replace(after, info=_noted(after.info, was, now, user_id)), folder, overwrite=True)
    place = folder.absolute()
    left = sorted(place.parent.glob(f".{place.name}.partial-*")) + sorted(
        place.parent.glob(f".{place.name}.replaced-*")
    )
    return Removed(events, described, was, now, tuple(left))


def deleted_since(info: Mapping[str, Any], trained_on: str) -> int:
    """How many people were deleted from a data set since it had this fingerprint; 0 where it never had."""
    states = [entry["fingerprint"] for entry in info.get("forgotten", ())]
    return len(states) - states.index(trained_on) if trained_on in states else 0


def _without(data: Dataset, user_id: str) -> Dataset:
    users = data.users
    if users is not None:
        users = users.filter(pl.col("user_id").cast(pl.String) != user_id)
    return replace(data, events=data.events.filter(pl.col("user_id") != user_id), users=users)


def _noted(info: Mapping[str, Any], was: str, now: str, user_id: str) -> dict[str, Any]:
    """The description of the folder after a deletion; people without events leave no model to flag."""
    found = dict(info)
    for name in ("findings", "notes"):
        if name in found:
            found[name] = [each for each in found[name] if repr(user_id) not in str(each)]
    if was != now:
        time = datetime.now(UTC).isoformat(timespec="seconds")
        found["forgotten"] = [*found.get("forgotten", ()), {"fingerprint": was, "time": time}]
    return found
