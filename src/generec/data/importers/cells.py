"""Turns raw cells into ids, times and numbers, and says where one cannot be turned."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from generec.data.importers.findings import LISTED_ROWS, Findings

LATEST = 4_102_444_800  # 2100-01-01, UTC seconds
MILLISECONDS, MICROSECONDS, NANOSECONDS = 100_000_000_000, 100_000_000_000_000, 100_000_000_000_000_000
"""From these numbers on, a time is counted in smaller units: no second of this century is so large."""

_FORMATS = (
    "%Y-%m-%dT%H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f%#z",
    "%Y-%m-%d %H:%M:%S%.f UTC",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%m %d, %Y",
    "%a %b %d %H:%M:%S %z %Y",
)
"""Ways to write a time; one without offset is UTC."""


def as_id(name: str) -> pl.Expr:
    """A column as ids without white space around them; empty ones are null."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text).alias(name)


def ids_of(values: pl.Series) -> pl.Series:
    """Ids as strings; whole numbers that a frame stores as floats lose their `.0`."""
    if values.dtype.is_float():
        whole = values.is_finite().all() and bool((values.drop_nulls() == values.drop_nulls().floor()).all())
        values = values.cast(pl.Int64) if whole else values
    frame = values.to_frame()
    return frame.select(as_id(values.name)).to_series()


def among(values: pl.Series, known: pl.Series) -> pl.Series:
    """Which values are among the known ones, as booleans in order; null is not."""
    asked, listed = values.alias("value").to_frame(), known.alias("value").drop_nulls().unique().to_frame()
    found = asked.join(listed.with_columns(pl.lit(True).alias("found")), on="value", how="left", maintain_order="left")
    return found["found"].fill_null(False)


def flag(
    frame: pl.DataFrame,
    wrong: pl.Expr,
    files: Sequence[str],
    findings: Findings,
    kind: str,
    message: str,
    remedy: str,
    repair: str,
) -> int:
    """Reports the rows for which `wrong` holds, file by file, and returns their number. Raises when not repairing."""
    bad = frame.filter(wrong)
    if not bad.height:
        return 0
    numbered = "_row" in bad.columns
    parts = bad.partition_by("_file", maintain_order=True) if "_file" in bad.columns else [bad]
    for part in parts:
        file = files[part["_file"][0]] if "_file" in part.columns else files[0]
        rows = part["_row"].head(LISTED_ROWS).to_list() if numbered else ()
        findings.fault(kind, message, file=file, rows=rows, count=part.height, remedy=remedy, repair=repair)
    return bad.height


def as_number(values: pl.Series) -> pl.Series:
    """Float64 of numbers and of their spelling; null for everything else. NaN stays NaN."""
    if values.dtype == pl.String:
        return values.str.strip_chars().cast(pl.Float64, strict=False)
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return values.cast(pl.Float64)
    return pl.Series(values.name, [None] * len(values), dtype=pl.Float64)


def as_seconds(values: pl.Series) -> pl.Series:
    """Times as numbers in the unit in which they came (whole seconds for dates); null where there is none to read."""
    if isinstance(values.dtype, pl.Datetime):
        return (values.dt.epoch("us") // 1_000_000).cast(pl.Int64)
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us")).dt.epoch("s")
    if values.dtype.is_integer():
        return values.cast(pl.Int64, strict=False)
    if values.dtype.is_float():
        return _whole(values)
    if values.dtype != pl.String:
        return pl.Series(values.name, [None] * len(values), dtype=pl.Int64)
    text = values.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    left = whole.is_null() & text.is_not_null()
    if not left.any():
        return whole
    numbers = _whole(text.cast(pl.Float64, strict=False))
    found = whole.fill_null(numbers) if numbers.null_count() < len(numbers) else whole
    if (found.is_null() & text.is_not_null()).any():
        found = found.to_frame("t").select(pl.coalesce("t", pl.lit(_parsed(text)))).to_series()
    return found.alias(values.name)


def _whole(values: pl.Series) -> pl.Series:
    finite = values.is_finite().fill_null(False) & (values.abs() < 9e18).fill_null(False)
    return (
        values.to_frame("v")
        .select(pl.when(pl.lit(finite)).then(pl.col("v").floor()).cast(pl.Int64, strict=False))
        .to_series()
    )


def _parsed(text: pl.Series) -> pl.Series:
    """UTC seconds of written dates; each way of writing is tried on what the ones before could not read."""
    found = pl.Series("t", [None] * len(text), dtype=pl.Int64)
    for way in _FORMATS:
        open_rows = found.is_null() & text.is_not_null()
        if not open_rows.any():
            break
        offset = "z" in way.rsplit("%", 1)[-1] or "%z" in way
        todo = text.filter(open_rows)
        read = todo.str.to_datetime(way, strict=False, time_unit="us", time_zone="UTC" if offset else None)
        seconds = pl.Series(read.dt.epoch("us") // 1_000_000, dtype=pl.Int64)
        if seconds.null_count() < len(seconds):
            spread = pl.DataFrame({"at": open_rows.arg_true(), "s": seconds})
            full = pl.DataFrame({"at": pl.int_range(0, len(text), dtype=pl.UInt32, eager=True)})
            filled = full.join(spread, on="at", how="left", maintain_order="left")["s"]
            found = found.fill_null(filled)
    return found
