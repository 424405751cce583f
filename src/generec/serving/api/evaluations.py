"""How a model was judged: the report that lies beside its folder, as `generec demo` leaves it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from generec.errors import unknown

_REPORT = "report"  # a folder beside the model's, with report.json and drawings
_LARGEST = 16 << 20  # bytes that are read


class Judged(BaseModel):
    """A row of the table: one recommender."""

    name: str
    baseline: bool
    metrics: dict[str, float | None]
    interval: dict[str, tuple[float, float]]


class Evaluation(BaseModel):
    """The table of a report, its protocol, and the drawings that /v1/models/{version}/plots/{name} gives."""

    protocol: dict[str, Any]
    results: list[Judged]
    problems: list[str]
    plots: list[str]


def evaluation(folder: Path) -> Evaluation | None:
    """The evaluation of the model in a folder; None where none lies beside it, or several models share the place."""
    place = _place(folder)
    if place is None:
        return None
    return _read(place, (place / "report.json").stat().st_mtime_ns)


def drawn(folder: Path, name: str) -> bytes:
    """A drawing of the evaluation. Raises UsageError where there is none of that name."""
    place = _place(folder)
    names = [] if place is None else _plots(place)
    if place is None or name not in names:
        raise unknown("plot", name, names)
    return (place / name).read_bytes()


def _place(folder: Path) -> Path | None:
    place = folder.parent / _REPORT
    if not (place / "report.json").is_file() or (place / "report.json").stat().st_size > _LARGEST:
        return None
    models = sum((other / "MANIFEST.json").is_file() for other in folder.parent.iterdir())
    return place if models == 1 else None


def _plots(place: Path) -> list[str]:
    return sorted(one.name for one in place.glob("*.png") if one.is_file() and one.stat().st_size <= _LARGEST)


@lru_cache(maxsize=64)
def _read(place: Path, changed: int) -> Evaluation | None:
    try:
        found = json.loads((place / "report.json").read_bytes())
        rows = [{name: row.get(name) or {} for name in ("metrics", "interval")} | row for row in found["results"]]
        return Evaluation(protocol=found["protocol"], results=[Judged(**row) for row in rows],
                          problems=list(found.get("problems", [])), plots=_plots(place))  # fmt: skip
    except (ValueError, TypeError, KeyError):  # somebody else's report.json says nothing here
        return None
