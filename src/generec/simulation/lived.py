"""A log as flat arrays, cut by people and by time: what a simulator is fitted on, and what it is held against."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.dataset import item_rows
from generec.errors import InputError, UsageError
from generec.simulation.chance import Doubles, Ints
from generec.types import Catalog, Dataset

Mask = NDArray[np.bool_]
LABELS = ("genres", "categories", "topic", "category_group", "tags")
"""Columns that say what sort an item is of, in order of preference."""


@dataclass(frozen=True)
class Lived:
    """One entry per event, grouped by person, oldest first. E events."""

    user: Ints  # (E,)
    item: Ints  # (E,) catalogue rows
    time: Doubles  # (E,) seconds, or the share of a person's history that had passed where times are not known
    kind: Ints  # (E,) position in kinds
    value: Doubles  # (E,) rating, dwell …; NaN where there is none
    position: Ints  # (E,) place on the slate, -1 where it is not known
    kinds: tuple[str, ...]
    timed: bool

    def __len__(self) -> int:
        return self.item.size

    def where(self, mask: Mask) -> Lived:
        """Those events."""
        arrays = {name: getattr(self, name)[mask] for name in ("user", "item", "time", "kind", "value", "position")}
        return replace(self, **arrays)

    def histories(self) -> dict[int, Ints]:
        """Items of each person, oldest first."""
        users, starts = np.unique(self.user, return_index=True)
        return dict(zip(users.tolist(), np.split(self.item, starts[1:]), strict=True)) if len(self) else {}


def lived(dataset: Dataset) -> Lived:
    """The log of a data set. Raises InputError where it is empty."""
    events = dataset.events
    if events.height == 0:
        raise InputError("a simulator is fitted on a log; this one is empty")
    user = events["user_id"].rle_id().cast(pl.Int64).to_numpy()
    kinds = events["event"].unique().sort().to_list()
    times = events["timestamp"]
    timed = times.null_count() == 0
    counts = np.bincount(user)
    passed = (np.arange(user.size) - (np.cumsum(counts) - counts)[user]) / counts[user]
    position = (
        events["position"].fill_null(-1) if "position" in events.columns else pl.repeat(-1, len(user), eager=True)
    )
    return Lived(
        user=user,
        item=item_rows(events["item_id"], dataset.catalog).to_numpy(),
        time=times.cast(pl.Float64).to_numpy() if timed else passed,
        kind=events["event"].replace_strict(kinds, list(range(len(kinds))), return_dtype=pl.Int64).to_numpy(),
        value=events["value"].fill_null(np.nan).to_numpy(),
        position=position.cast(pl.Int64).to_numpy(),
        kinds=tuple(kinds),
        timed=timed,
    )


@dataclass(frozen=True)
class Parts:
    """A log cut twice: `fit` is some people before the cut, `held` others after it, `before` what those did earlier."""

    fit: Lived
    before: Lived
    held: Lived
    span: float  # length of the time after the cut, in the units of Lived.time
    cut: float
    description: str


def cut(log: Lived, people: float = 0.5, time: float = 0.7, seed: int = 0) -> Parts:
    """Splits by person and by time: nobody and no moment is on both sides.

    people: share of them to fit on; time: share of events before the cut. Raises UsageError where a side is empty.
    """
    users = np.unique(log.user)
    chosen = np.random.default_rng(seed).permutation(users)[: round(people * users.size)]
    moment = float(np.quantile(log.time, time))
    known, early = np.isin(log.user, chosen), log.time < moment
    parts = Parts(
        fit=log.where(known & early),
        before=log.where(~known & early),
        held=log.where(~known & ~early),
        span=float(log.time.max()) - moment,
        cut=moment,
        description=f"fitted on {people:.0%} of the people before the {time:.0%} quantile of event "
        f"{'times' if log.timed else 'positions in histories'}, judged on the others after it",
    )
    if not len(parts.fit) or not len(parts.held):
        shares = f"{people:.0%} of the people and {time:.0%} of the time"
        raise UsageError(f"{len(log)} events leave one side empty at {shares}; choose other shares or a larger log")
    return parts


def labels(catalog: Catalog) -> tuple[str, list[list[str]]] | None:
    """The column that says what sort items are of, and the labels of each; None where no column does."""
    for name in LABELS:
        if name in catalog.frame.columns:
            column = catalog.frame[name]
            if isinstance(column.dtype, pl.List):
                return name, [list(filter(None, found or [])) for found in column.to_list()]
            return name, [[str(found)] if found is not None else [] for found in column.to_list()]
    return None
