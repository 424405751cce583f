"""What the fields of a catalogue can say about people: values that repeat, and numbers."""

from __future__ import annotations

import polars as pl

from generec.types import Catalog

DISTINCT = 400
"""A field with more distinct values than this describes items, not tastes."""


def value_fields(catalog: Catalog, distinct: int = DISTINCT) -> dict[str, list[tuple[str, ...]]]:
    """The values of every item, by field, for text and list fields whose values repeat over the catalogue."""
    fields: dict[str, list[tuple[str, ...]]] = {}
    for name, kind in catalog.frame.schema.items():
        column = catalog.frame[name].to_list()
        if name == "item_id" or kind not in (pl.String, pl.List(pl.String)):
            continue
        values = [(value,) if isinstance(value, str) else tuple(value or ()) for value in column]
        if len({value for row in values for value in row}) <= min(distinct, max(2, len(catalog) // 4)):
            fields[name] = [tuple(value for value in row if value) for row in values]
    return fields


def number_fields(catalog: Catalog) -> dict[str, list[float | None]]:
    """The numbers of every item by field; None where there is none."""
    names = [name for name, kind in catalog.frame.schema.items() if kind.is_numeric()]
    return {name: catalog.frame[name].cast(pl.Float64).fill_nan(None).to_list() for name in names}


def readable(name: str) -> str:
    """A field's name as people write it."""
    return name.replace("_", " ")
