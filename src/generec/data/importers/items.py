"""The one way from raw item tables to a catalogue: unique ids, own column names, lists and numbers."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import polars as pl

from generec.data.importers.cells import as_number, flag, ids_of
from generec.data.importers.columns import rename_item_columns
from generec.data.importers.findings import Findings
from generec.data.importers.records import parse

PROSE = ("title", "description", "plot", "text", "abstract", "summary", "body", "subtitle", "url", "image", "features")
"""Columns that are read as they stand, whatever marks they hold."""
LISTS = (
    "categories",
    "genres",
    "tags",
    "actors",
    "directors",
    "writers",
    "stars",
    "cast",
    "languages",
    "countries",
    "creators",
)
"""Columns that become lists even when every item has one value."""
_MARKS = r"\s+\|\s+|\s+>\s+|\|"
LIST_SHARE = 0.05  # share of cells with a list mark from which an unknown column becomes a list
LONG_PART = 60  # characters; longer parts are prose


def unescaped(frame: pl.DataFrame) -> pl.DataFrame:
    """Texts with their HTML entities undone, for formats that are known to carry them; markup stays text."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    lists = [name for name, dtype in frame.schema.items() if dtype == pl.List(pl.String)]
    for name in [*texts, *lists]:
        column = frame[name]
        flat = column.list.join(" ") if name in lists else column
        if not flat.str.contains("&", literal=True).any():
            continue
        if name in lists:
            cells = [
                None if cell is None else [html.unescape(part or "") for part in cell] for cell in column.to_list()
            ]
            frame = frame.with_columns(pl.Series(name, cells, dtype=pl.List(pl.String)))
        else:
            texts_now = [None if cell is None else html.unescape(cell) for cell in column.to_list()]
            frame = frame.with_columns(pl.Series(name, texts_now, dtype=pl.String))
    return frame


def clean_items(
    frame: pl.DataFrame, file: str, findings: Findings, mapping: Mapping[str, str], noisy: bool = False
) -> pl.DataFrame:
    """A catalogue frame: one row an item, `item_id` first, columns named and typed.

    noisy: the format is known to carry prices that are none and repeated entries; they are noted, not faults.
    """
    frame = frame.with_columns(ids_of(frame["item_id"]))
    missing = pl.col("item_id").is_null()
    if flag(frame, missing, (file,), findings, "missing id", "item_id is empty", "fill it in", "the item is left out"):
        frame = frame.filter(~missing)
    frame = _unique(frame, file, findings, noisy)
    columns = [name for name in frame.columns if name not in ("item_id", "_row")]
    frame = frame.rename(rename_item_columns(columns, mapping))
    for name in [name for name in frame.columns if name not in ("item_id", "_row")]:
        frame = _typed(frame, name, file, findings, noisy)
    frame = frame.drop("_row", strict=False)
    empty = [name for name in frame.columns if name != "item_id" and frame[name].null_count() == frame.height]
    frame = _year(frame.drop(empty) if frame.height else frame)
    return frame.select("item_id", *(name for name in frame.columns if name != "item_id"))


def _unique(frame: pl.DataFrame, file: str, findings: Findings, noisy: bool) -> pl.DataFrame:
    twice = ~pl.col("item_id").is_first_distinct()
    same = frame.drop("_row", strict=False).is_duplicated()
    repeated = frame.filter(twice)
    if not repeated.height:
        return frame
    if noisy and frame.filter(pl.lit(same) & twice).height:
        findings.note(f"{file}: identical entries of one item are read once")
        frame = frame.filter(~(pl.lit(same) & twice))
    flag(
        frame, twice, (file,), findings, "duplicate item", "the item id occurs before", "give every item one row",
        "the first row is kept",
    )  # fmt: skip
    return frame.filter(pl.col("item_id").is_first_distinct())


def _typed(frame: pl.DataFrame, name: str, file: str, findings: Findings, noisy: bool) -> pl.DataFrame:
    values = frame[name]
    if name == "price":
        return _price(frame, file, findings, noisy)
    if isinstance(values.dtype, pl.Struct | pl.Object | pl.Binary) or str(values.dtype).startswith("Array"):
        findings.note(f"{file}: column {name} ({values.dtype}) is not read")
        return frame.drop(name)
    if isinstance(values.dtype, pl.List):
        return frame.with_columns(_joined(values) if name in PROSE else _as_list(values))
    if values.dtype.is_numeric():
        whole = values.cast(pl.Int64) if values.dtype.is_integer() else values.cast(pl.Float64).fill_nan(None)
        return frame.with_columns(whole.alias(name))
    if values.dtype == pl.Boolean:
        return frame
    text = values.cast(pl.String).str.strip_chars()
    text = frame.select(pl.when(pl.lit(text) != "").then(pl.lit(text)).alias(name)).to_series()
    if name in PROSE or name.endswith("title"):
        return frame.with_columns(_literal_prose(text))
    if name in LISTS or _looks_like_list(text):
        return frame.with_columns(_split(text))
    return frame.with_columns(_number(text))


def _as_list(values: pl.Series) -> pl.Series:
    lists = values.cast(pl.List(pl.String), strict=False)
    cleaned = lists.list.eval(pl.element().str.strip_chars()).list.eval(pl.element().filter(pl.element() != ""))
    return cleaned.list.unique(maintain_order=True).alias(values.name)


def _joined(values: pl.Series) -> pl.Series:
    text = _as_list(values).list.join(" ")
    return text.to_frame().select(pl.when(pl.col(values.name) != "").then(pl.col(values.name))).to_series()


def _literal_prose(text: pl.Series) -> pl.Series:
    """Prose; a list of paragraphs that was printed into a cell is joined."""
    printed = text.str.starts_with("['") | text.str.starts_with('["') | (text == "[]")
    if not printed.any():
        return text
    return pl.Series(text.name, [_paragraphs(cell) for cell in text.to_list()], dtype=pl.String)


def _paragraphs(cell: str | None) -> str | None:
    if cell is None or not cell.startswith("["):
        return cell
    try:
        value = parse(cell)
    except ValueError:
        return cell.strip("[]'\" ") or None
    if not isinstance(value, list):
        return cell
    return " ".join(str(part).strip() for part in value if str(part).strip()) or None


def _looks_like_list(text: pl.Series) -> bool:
    """Whether cells hold short parts between list marks, or printed lists."""
    known = text.drop_nulls()
    if not len(known):
        return False
    printed = known.str.starts_with("['") | known.str.starts_with('["')
    if printed.mean() >= 0.5:  # type: ignore[operator]
        return True
    marked = known.filter(known.str.contains(_MARKS))
    if len(marked) < LIST_SHARE * len(known):
        return False
    parts = _parts(marked)
    letters = parts.list.eval(pl.element().str.len_chars()).list.sum().sum()
    return bool(letters <= LONG_PART * parts.list.len().sum())


def _parts(text: pl.Series) -> pl.Series:
    return text.str.replace_all(_MARKS, "\x1f").str.split("\x1f")


def _split(text: pl.Series) -> pl.Series:
    known = text.drop_nulls()
    if known.str.starts_with("[").any():
        return _as_list(pl.Series(text.name, [_printed(cell) for cell in text.to_list()], dtype=pl.List(pl.String)))
    marked = known.str.contains(_MARKS).any()
    if not marked and text.name in ("genres", "tags") and known.str.contains(",").any():
        return _as_list(text.str.split(","))
    if not marked and known.str.contains("; ").any():
        return _as_list(text.str.split("; "))
    return _as_list(_parts(text))


def _printed(cell: str | None) -> list[str] | None:
    if cell is None:
        return None
    try:
        value = parse(cell) if cell.startswith("[") else None
    except ValueError:
        value = None
    if isinstance(value, list):
        return [str(part) for part in value if not isinstance(part, list | dict)]
    return cell.strip("[]").replace(" | ", "\x1f").replace(" > ", "\x1f").split("\x1f")


def _number(text: pl.Series) -> pl.Series:
    """A number column where every cell is one; codes such as 0114709, and columns that name ids, stay text."""
    known = text.drop_nulls()
    if not len(known) or text.name.endswith(("id", "asin", "code", "isbn")) or known.str.contains(r"^[+-]?0\d").any():
        return text
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    number = as_number(text)
    return number.fill_nan(None) if number.null_count() == text.null_count() else text


def _price(frame: pl.DataFrame, file: str, findings: Findings, noisy: bool) -> pl.DataFrame:
    raw = frame["price"]
    if raw.dtype == pl.String:
        text = raw.str.strip_chars()
        plainly = text.str.replace_all(r"[$€£,\s]", "").str.replace(r"(USD|EUR|GBP)$", "")
        given = (text != "").fill_null(False) & ~text.str.to_lowercase().is_in(["none", "null", "—", "-"]).fill_null(
            False
        )
        number = as_number(plainly.str.replace(r"^(\d+\.?\d*)-\d+\.?\d*$", "$1"))
    else:
        given, number = raw.is_not_null(), as_number(raw)
    frame = frame.with_columns(number.alias("price"), given.alias("_given"))
    wrong = pl.col("_given") & ~(pl.col("price").is_finite() & (pl.col("price") >= 0)).fill_null(False)
    if noisy and frame.filter(wrong).height:
        findings.note(f"{file}: {frame.filter(wrong).height} prices that are no amount are left empty")
    else:
        flag(
            frame, wrong, (file,), findings, "price", "the price is negative or no number",
            "write an amount or nothing",            "the price is left empty",
        )  # fmt: skip
    good = pl.when(pl.col("price").is_finite() & (pl.col("price") >= 0)).then(pl.col("price"))
    return frame.with_columns(good.alias("price")).drop("_given")


def _year(frame: pl.DataFrame) -> pl.DataFrame:
    """A `year` from titles that end in one, as films are listed."""
    if "year" in frame.columns or "title" not in frame.columns or not frame.height:
        return frame
    found = frame["title"].str.extract(r"\((\d{4})\)\s*$").cast(pl.Int64, strict=False)
    return frame.with_columns(found.alias("year")) if found.null_count() < frame.height / 5 else frame


def join_items(tables: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """One catalogue of several clean tables: rows of the one with most items, further columns from the others."""
    first, *others = sorted(tables, key=lambda table: (table.height, table.width), reverse=True)
    for other in others:
        fresh = [name for name in other.columns if name not in first.columns]
        if fresh:
            first = first.join(other.select("item_id", *fresh), on="item_id", how="left", maintain_order="left")
    return first
