"""Imports data sets: formats told apart by structure, one pipeline for all of them.

`import_data(source)` reads a file or folder; `from_frames(events, items)` takes pandas, polars or pyarrow frames.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from generec.data.importers import tables
from generec.data.importers.columns import check_mapping
from generec.data.importers.events import Policy, Ties
from generec.data.importers.files import list_files
from generec.data.importers.findings import Findings, OnError
from generec.data.importers.pipeline import build, rights_of
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble
from generec.errors import unknown
from generec.types import Dataset

__all__ = ["FORMATS", "Policy", "import_data"]
FORMATS = ("table",)


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
    findings = Findings(on_error)
    path = Path(source)
    rights_name, licence = rights_of(rights)
    with tempfile.TemporaryDirectory(prefix="generec-import-") as workspace:
        reading = Reading(list_files(path, findings), findings, mapping or {}, Path(workspace))
        items_sketch = None if items is None else reading.apart(Path(items))
        users_sketch = None if users is None else reading.apart(Path(users))
        raw = assemble(reading, Settings(format="table", encodings=("utf-8", "iso-8859-1")), items_sketch, users_sketch)
        return build(raw, policy or Policy(), findings, source=path.name, rights=rights_name, licence=licence)
