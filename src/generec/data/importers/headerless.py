"""Names the columns of well-known files that have no header, by the shape of their rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import polars as pl

Rows = Sequence[Sequence[str]]

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_INTEGER = re.compile(r"\d+")
_ASIN = re.compile(r"[0-9A-Z]{10}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")

GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip
"""The flag columns of MovieLens 100K's u.item, in order."""


def _all(rows: Rows, column: int, pattern: re.Pattern[str]) -> bool:
    return all(pattern.fullmatch(row[column].strip()) for row in rows)


def _rating(rows: Rows, column: int) -> bool:
    return _all(rows, column, _NUMBER) and all(0 <= float(row[column]) <= 10 for row in rows)


def _time(rows: Rows, column: int) -> bool:
    return _all(rows, column, re.compile(r"\d{8,13}(\.0)?"))


def _ratings(rows: Rows) -> bool:
    return _rating(rows, 2) and _time(rows, 3) and _all(rows, 0, _NUMBER) and _all(rows, 1, _NUMBER)


def _flags(rows: Rows) -> bool:
    return all(cell.strip() in ("0", "1") for row in rows for cell in row[5:])


_SHAPES: tuple[tuple[str, int, Callable[[Rows], bool], tuple[str, ...]], ...] = (
    ("movielens", 4, _ratings, ("userId", "movieId", "rating", "timestamp")),
    (
        "movielens",
        5,
        lambda rows: all(row[1] in ("M", "F") for row in rows) and _all(rows, 0, _NUMBER) and _all(rows, 2, _NUMBER),
        ("userId", "gender", "age", "occupation", "zip_code"),
    ),
    (
        "movielens",
        5,
        lambda rows: all(row[2] in ("M", "F") for row in rows) and _all(rows, 0, _NUMBER) and _all(rows, 1, _NUMBER),
        ("userId", "age", "gender", "occupation", "zip_code"),
    ),
    (
        "movielens",
        24,
        _flags,
        ("movieId", "title", "release_date", "video_release_date", "imdb_url", *(f"genre:{n}" for n in GENRES_100K)),
    ),
    (
        "movielens",
        4,
        lambda rows: _all(rows, 0, _INTEGER) and _all(rows, 1, _INTEGER) and _time(rows, 3),
        ("userId", "movieId", "tag", "timestamp"),
    ),
    (
        "amazon",
        4,
        lambda rows: _all(rows, 1, _ASIN) and _rating(rows, 2) and _time(rows, 3),
        ("reviewerID", "asin", "overall", "unixReviewTime"),
    ),
    (
        "amazon",
        4,
        lambda rows: _all(rows, 0, _ASIN) and _rating(rows, 2) and _time(rows, 3),
        ("asin", "reviewerID", "overall", "unixReviewTime"),
    ),
    (
        "checkins",
        8,
        lambda rows: _all(rows, 4, _NUMBER) and _all(rows, 5, _NUMBER) and _all(rows, 6, _NUMBER),
        ("user_id", "venue_id", "category_id", "category", "latitude", "longitude", "utc_offset_minutes", "utc_time"),
    ),
    (
        "checkins",
        5,
        lambda rows: (
            _all(rows, 1, re.compile(_ISO.pattern + r".*")) and _all(rows, 2, _NUMBER) and _all(rows, 3, _NUMBER)
        ),
        ("user_id", "utc_time", "latitude", "longitude", "venue_id"),
    ),
)
_PLAIN: tuple[tuple[int, Callable[[Rows], bool], tuple[str, ...]], ...] = (
    (3, lambda rows: _time(rows, 2), ("user_id", "item_id", "timestamp")),
    (3, lambda rows: _rating(rows, 2), ("user_id", "item_id", "rating")),
    (2, lambda rows: True, ("user_id", "item_id")),
)
_FILMS = ("movieId", "title", "genres")


def named(rows: Rows, separator: str) -> tuple[str, tuple[str, ...]]:
    """Format and column names of rows without header; two empty values when the shape is not known."""
    width = len(rows[0]) if rows else 0
    even = [row for row in rows if len(row) == width]
    if separator == "::" and width == 3 and _all(even, 0, _NUMBER) and not _all(even, 1, _NUMBER):
        return "movielens", _FILMS
    for format, columns, fits, names in _SHAPES:
        if columns == width and fits(even):
            return format, names
    numbers = width > 0 and _all(even, 0, _INTEGER) and width > 1 and _all(even, 1, _INTEGER)
    found = (names for columns, fits, names in _PLAIN if numbers and columns == width and fits(even))
    return "", next(found, ())


def fold_flags(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns `genre:NAME` of flags as one list column `genres`."""
    flags = [name for name in frame.columns if name.startswith("genre:")]
    if not flags:
        return frame
    names = [pl.when(pl.col(name) == "1").then(pl.lit(name.removeprefix("genre:"))) for name in flags]
    return frame.with_columns(pl.concat_list(names).list.drop_nulls().alias("genres")).drop(flags)
