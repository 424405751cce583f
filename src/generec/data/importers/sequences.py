"""Histories without times: `user item item …` lines (S3-Rec), `user item` lines (SASRec), or a table of sequences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generec.data.importers.columns import find, find_sequence
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

SETTINGS = Settings(format="sequences")
_NEGATIVES = re.compile(r"(^|_)(sample|neg)")


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether the log is sequences."""
    return any(sketch.kind == "words" or _is_table(sketch) for sketch in sketches)


def _is_table(sketch: Sketch) -> bool:
    return find("user_id", sketch.columns, {}) is not None and find_sequence(sketch.columns, {}) is not None


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """The order in the line is the history; there are no times. Files of sampled negatives are no log."""
    reading = reading.without(lambda sketch: sketch.kind == "words" and bool(_NEGATIVES.search(sketch.file.stem)))
    return assemble(reading, SETTINGS, items, users)
