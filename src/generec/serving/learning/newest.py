"""Where the log of a store is cut: what is learned from, and the newest events, which neither version has seen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.split import NEGATIVE_EVENTS
from generec.data.split import split as split_data
from generec.errors import UsageError
from generec.serving.learning.material import Material
from generec.types import Dataset, Split


@dataclass(frozen=True)
class Parts:
    """A split by time. Training and refit are what may be learned from, the questions are about people alone."""

    split: Split
    since: int  # UTC seconds of the first event judged on
    note: str = ""  # what a reader of the verdict should know


@dataclass(frozen=True)
class Seen:
    """What the serving version knows, in UTC seconds: the last event it learned from, and the last that was there."""

    learned: int
    read: int


@dataclass(frozen=True, kw_only=True)
class Newest:
    """Judges on the newest events, chooses the epoch on those before them, and learns from the rest."""

    test: float = 0.1
    """Share of the events that is judged on; fewer where the serving version has seen some of them."""
    validation: float = 0.1
    """Share of the events before those that the epoch is chosen on."""

    def newest(self, material: Material, seen: Seen, least: int, *, excused: bool = False) -> Parts | str:
        """The parts, or in words why there are none: `least` people must have done something new.

        excused: nothing new is needed, and where all was seen, it is judged on what was seen.
        """
        times = _times(material.judge)
        if times.size < 10:
            return f"nothing to learn from: the store has {times.size} events of people"
        fresh = _people_since(material.judge, seen.read + 1)
        if fresh < least and not excused:
            return (
                f"too little is new: {fresh} people did something since the serving version was trained, and a "
                f"comparison needs {least}"
            )
        newest = int(times[min(int(times.size * (1 - self.test)), times.size - 1)])
        since, note = max(newest, seen.learned + 1), ""
        if _people_since(material.judge, since) < least:
            since, note = newest, "the serving version may have seen these events, which favours it"
        before = times[times < since]
        if not before.size:
            return "nothing to learn from: everything is newer than what the versions are to be judged on"
        return self._cut(material, int(before[int(before.size * (1 - self.validation))]), since, least, note)

    def _cut(self, material: Material, chosen: int, since: int, least: int, note: str) -> Parts | str:
        try:
            judged = split_data(material.judge, "time", validation_from=chosen, test_from=since)
            taught = split_data(material.learn, "time", validation_from=chosen, test_from=since)
        except UsageError as error:
            return f"the events cannot be divided by time: {error}"
        asked = tuple(case for case in judged.validation if case.request.user_id not in material.anchor)
        if not asked or len(judged.test) < least:
            return (
                f"too few people to judge on: {len(judged.test)} with something new in the newest events (a comparison "
                f"needs {least}), {len(asked)} in those before them"
            )
        return Parts(replace(judged, train=taught.train, refit=taught.refit, validation=asked), since, note)


def _positive(data: Dataset) -> pl.DataFrame:
    return data.events.filter(~pl.col("event").is_in(list(NEGATIVE_EVENTS)))


def _times(data: Dataset) -> NDArray[np.int64]:
    """Times of what can be learned from, oldest first."""
    return np.sort(_positive(data)["timestamp"].to_numpy())


def _people_since(data: Dataset, moment: int) -> int:
    return _positive(data).filter(pl.col("timestamp") >= moment)["user_id"].n_unique()
