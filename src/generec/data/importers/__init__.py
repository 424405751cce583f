"""Imports data sets: formats told apart by structure, one pipeline for all of them.

`import_data(source)` reads a file or folder; `from_frames(events, items)` takes pandas, polars or pyarrow frames.
docs/formats.md lists what every format maps to what.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from generec.data.importers import amazon, checkins, frames, minionerec, movielens, recbole, sequences, tables
from generec.data.importers.columns import check_mapping
from generec.data.importers.events import Policy, Ties
from generec.data.importers.files import list_files
from generec.data.importers.findings import Findings, OnError
from generec.data.importers.pipeline import build, rights_of
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.errors import unknown
from generec.types import Dataset

__all__ = ["FORMATS", "OnError", "Policy", "Ties", "from_frames", "import_data"]

Matches = Callable[[Sequence[Sketch]], bool]
Read = Callable[[Reading, Sketch | None, Sketch | None], Raw]

FORMATS: Mapping[str, tuple[Matches, Read]] = {
    "recbole": (recbole.matches, recbole.read),
    "amazon": (amazon.matches, amazon.read),
    "minionerec": (minionerec.matches, minionerec.read),
    "movielens": (movielens.matches, movielens.read),
    "checkins": (checkins.matches, checkins.read),
    "sequences": (sequences.matches, sequences.read),
    "table": (tables.matches, tables.read),
}
"""Formats in the order in which they are tried."""


def import_data(
    source: str | os.PathLike[str],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    items: str | os.PathLike[str] | None = None,
    users: str | os.PathLike[str] | None = None,
    on_error: OnError = "fail",
    rights: str = "evaluation",
    policy: Policy | None = None,
) -> Dataset:
    """Reads a file or folder in any known format.

    format: one of FORMATS; None looks at the files. mapping: role -> column (`user_id`, `item_id`, `timestamp`,
    `value`, `event`, `split`, `items` for sequences, or a catalogue column such as `title`). items, users: tables that
    lie elsewhere. rights: `own`, `evaluation` or a file with the terms. Raises InputError for faults in the data, with
    file, row and remedy, unless on_error is `repair`: what was then done stands in `info["findings"]`.
    """
    if format is not None and format not in FORMATS:
        raise unknown("format", format, FORMATS)
    findings = Findings(on_error)
    path = Path(source)
    rights_name, licence = rights_of(rights)
    with tempfile.TemporaryDirectory(prefix="generec-import-") as workspace:
        reading = Reading(list_files(path, findings), findings, dict(mapping or {}), Path(workspace))
        items_sketch = None if items is None else reading.apart(Path(items))
        users_sketch = None if users is None else reading.apart(Path(users))
        apart = [sketch for sketch in (items_sketch, users_sketch) if sketch is not None]
        check_mapping(reading.mapping, [name for sketch in (*reading.sketches, *apart) for name in sketch.columns])
        chosen = format or next(name for name, (matches, _) in FORMATS.items() if matches(reading.sketches))
        raw = FORMATS[chosen][1](reading, items_sketch, users_sketch)
        name = path.resolve().name
        return build(raw, policy or Policy(), findings, source=name, rights=rights_name, licence=licence)


def from_frames(
    events: Any | None = None,
    items: Any | None = None,
    users: Any | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    on_error: OnError = "fail",
    rights: str = "own",
    policy: Policy | None = None,
    source: str = "frames",
) -> Dataset:
    """A data set from pandas, polars or pyarrow frames, under the same rules as files."""
    findings = Findings(on_error)
    rights_name, licence = rights_of(rights)
    raw = frames.read(events, items, users, dict(mapping or {}), findings)
    return build(raw, policy or Policy(), findings, source=source, rights=rights_name, licence=licence)
