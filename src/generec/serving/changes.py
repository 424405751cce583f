"""Changes of the catalogue while it is being served: a system with them beside the one without, not instead of it."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from torch import nn

from generec.errors import InputError
from generec.nn.item_model import ItemModel
from generec.system import System
from generec.types import Catalog


@dataclass(frozen=True)
class Upsert:
    """Items as they are from now on, whole rows: new ones can be recommended at once, known ones get new fields."""

    items: Catalog


@dataclass(frozen=True)
class Deletion:
    """Items that are never recommended again, until they are upserted."""

    item_ids: tuple[str, ...]


Change = Upsert | Deletion


def changed(system: System[Any], changes: Iterable[Change]) -> System[Any]:
    """The system after the changes, in their order; the one given stays as it is and goes on answering.

    For every item its last change counts, so that replaying a stretch of the log twice does no harm. A known item
    keeps its semantic ID and its features until the next training; deleting one that the system never knew is nothing
    to do. Costs one encoding of the new items and one index, however many changes. Raises InputError where fields
    clash with the catalogue's or no semantic ID is left.
    """
    rows, alive = _last_words(changes)
    after = replace(system)
    if rows is not None:
        known = rows["item_id"].is_in(system.catalog.item_ids)
        if known.any():
            after.catalog = _with_rows(after.catalog, Catalog(rows.filter(known)))
        if not known.all():
            after.model = _beside(system.network)
            after.insert(Catalog(rows.filter(~known)))
    after.index = replace(after.index, alive=after.index.alive.clone())
    for value in (True, False):
        of_value = [item_id for item_id, lives in alive.items() if lives is value]
        after.index.alive[after.catalog.known_rows(of_value)] = value
    return after


def _last_words(changes: Iterable[Change]) -> tuple[pl.DataFrame | None, dict[str, bool]]:
    """The last row of every item that was upserted, and of every item named whether it is there in the end."""
    frames: list[pl.DataFrame] = []
    alive: dict[str, bool] = {}
    for change in changes:
        if isinstance(change, Upsert):
            frames.append(change.items.frame)
            alive.update(dict.fromkeys(change.items.item_ids, True))
        else:
            alive.update(dict.fromkeys(change.item_ids, False))
    frames = [frame for frame in frames if frame.height]
    return (_joined(frames).unique("item_id", keep="last", maintain_order=True) if frames else None), alive


def _with_rows(catalog: Catalog, items: Catalog) -> Catalog:
    """The catalogue with the rows of known items replaced, each in its place."""
    together = _joined([catalog.frame, items.frame])
    places = list(range(len(catalog)))
    for number, row in enumerate(catalog.rows(items.item_ids), start=len(catalog)):
        places[row] = number
    return Catalog(together[places])


def _joined(frames: list[pl.DataFrame]) -> pl.DataFrame:
    try:
        return pl.concat(frames, how="diagonal")
    except pl.exceptions.PolarsError as error:
        raise InputError(
            f"the changed items do not fit the catalogue's columns {dict(frames[0].schema)}: {error}"
        ) from error


def _beside(model: ItemModel) -> ItemModel:
    """A second module over the same memory.

    Growing replaces tensors, never writes into them, so the first one goes on as before. The tensors are shared as
    values and not as objects: moving a module assigns to its parameters' data, and a thread may be reading those.
    """
    shared: dict[int, Any] = {
        id(parameter): nn.Parameter(parameter.detach(), requires_grad=parameter.requires_grad)
        for parameter in model.parameters()
    }
    shared.update((id(buffer), buffer.detach()) for buffer in model.buffers())
    return copy.deepcopy(model, shared)
