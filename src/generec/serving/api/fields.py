"""/v1/fields: what a condition can be about: the catalogue's fields with their values, ranges and units."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Annotated, Literal

import polars as pl
from fastapi import APIRouter, Query
from pydantic import BaseModel

from generec.serving.api.access import App, Reader
from generec.serving.api.problems import RESPONSES
from generec.serving.store.border import KINDS, kinds_of
from generec.types import Catalog

router = APIRouter(prefix="/v1", tags=["items"], responses=RESPONSES)
_CATEGORIES = 400  # different values from which a field describes items rather than kinds of them
_LONG = 60  # characters; longer values are prose
_UNITS = {
    "duration": "minutes", "runtime": "minutes", "minutes": "minutes", "reading_time": "minutes", "seconds": "seconds",
    "hours": "hours", "latitude": "degrees", "longitude": "degrees", "lat": "degrees", "lon": "degrees", "km": "km",
    "kg": "kg", "percent": "%", "eur": "EUR", "usd": "USD", "gbp": "GBP",
}  # fmt: skip
"""By a field's name, or by its last word: length_minutes."""


class FieldValue(BaseModel):
    """A value, and how many items have it."""

    value: str
    items: int


class CatalogField(BaseModel):
    """One field. column: how it is stored; several: whether an item may have many values.

    values: of a category the most frequent ones, of `distinct` in all; low, high: of numbers and times, times as ISO
    8601 writes them. unit: what numbers count, empty where nothing says so. filled: share of the items that have any.
    """

    name: str
    kind: Literal["text", "category", "number", "truth", "time"]
    column: str
    several: bool = False
    filled: float
    distinct: int
    values: list[FieldValue] = []
    low: float | str | None = None
    high: float | str | None = None
    unit: str = ""


class CatalogFields(BaseModel):
    """All fields but the id, in the order of the catalogue, as of its last change."""

    fields: list[CatalogField]
    watermark: int


@router.get("/fields")
async def list_fields(
    caller: Reader, app: App, values: Annotated[int, Query(ge=1, le=_CATEGORIES)] = 50
) -> CatalogFields:
    """Fields with kind, the most frequent values or the range, and unit: what an editor of conditions offers."""
    watermark = app.store.items.watermark(caller.tenant)

    def found() -> CatalogFields:
        catalog = app.store.items.catalog(caller.tenant)
        return CatalogFields(fields=described(catalog, values), watermark=watermark)

    return await app.reports.get(("fields", caller.tenant, values, watermark), found)


def described(catalog: Catalog, most: int) -> list[CatalogField]:
    """Every field of a catalogue; most: of how many values."""
    kinds = kinds_of(catalog.frame)
    return [_field(catalog.frame, name, column, most) for name, column in kinds.items()]


def _field(frame: pl.DataFrame, name: str, column: str, most: int) -> CatalogField:
    cells = frame[name].cast(KINDS[column]).drop_nulls()
    cells = cells.drop_nans() if column == "number" else cells
    filled = len(cells) / max(1, frame.height)
    if column in ("whole", "number"):
        low, high = (None if found is None else float(found) for found in (cells.min(), cells.max()))  # type: ignore[arg-type]
        return CatalogField(name=name, kind="number", column=column, filled=filled, distinct=cells.n_unique(),
                            low=low, high=high, unit=unit_of(frame, name))  # fmt: skip
    if column in ("date", "moment"):
        ends = [one.isoformat() if isinstance(one, date) else None for one in (cells.min(), cells.max())]
        return CatalogField(name=name, kind="time", column=column, filled=filled, distinct=cells.n_unique(),
                            low=ends[0], high=ends[1])  # fmt: skip
    several = column == "list"
    texts = cells.to_list() if several else [[value] for value in cells.cast(pl.String)]
    counted = Counter(value for row in texts for value in row if value)
    kind: Literal["text", "category", "truth"] = "truth" if column == "truth" else "text"
    if kind == "text" and len(counted) <= min(_CATEGORIES, max(2, frame.height // 4)):
        kind = "category" if all(len(value) <= _LONG for value in counted) else "text"
    frequent = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:most] if kind != "text" else []
    shown = [FieldValue(value=value, items=items) for value, items in frequent]
    return CatalogField(name=name, kind=kind, column=column, several=several, filled=filled, distinct=len(counted),
                        values=shown)  # fmt: skip


def unit_of(frame: pl.DataFrame, name: str) -> str:
    """What a field counts: prices in the catalogue's own currency, else as its name says."""
    if name == "price" and "currency" in frame.columns:
        counted = Counter(frame["currency"].cast(pl.String).drop_nulls().to_list())
        return counted.most_common(1)[0][0] if counted else ""
    return _UNITS.get(name) or _UNITS.get(name.rpartition("_")[2], "")
