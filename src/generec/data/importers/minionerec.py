"""MiniOneRec and LC-Rec folders: `*.item.json`, and histories as csv windows or as `*.inter.json`."""

from __future__ import annotations

from collections.abc import Sequence

from generec.data.importers import windows
from generec.data.importers.columns import find_item, plain
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

SETTINGS = Settings(
    format="minionerec",
    noisy=True,
    entities=True,
    licence="Amazon review data: see the terms of the source; often research use only",
)


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether there are windows with titles or ids of a history, or an item document beside a document of sequences."""
    windowed = any(any(plain(name).startswith("historyitem") for name in sketch.columns) for sketch in sketches)
    documents = [sketch for sketch in sketches if sketch.kind == "document"]
    sequences = any(sketch.columns == ("user_id", "items") for sketch in documents)
    return windowed or (sequences and any(find_item(sketch.columns, {}) for sketch in documents))


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Windows joined per user where there are any, else the document of sequences."""
    if items is None and any(windows.history_column(sketch) is not None for sketch in reading.sketches):
        return windows.read(reading, SETTINGS)
    return assemble(reading, SETTINGS, items, users)
