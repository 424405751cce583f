"""MovieLens in every release: csv (latest, 10M to 32M), `::` files (1M, 10M) and the files of 100K."""

from __future__ import annotations

from collections.abc import Sequence

from generec.data.importers.columns import plain
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

SETTINGS = Settings(
    format="movielens",
    event="rating",
    encodings=("utf-8", "iso-8859-1"),
    licence="GroupLens terms, in the README of the release: research use, no redistribution without permission",
)


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether there are files of a release's shape, or columns called movieId beside titles or ratings."""
    return any(sketch.shape == "movielens" or _is_csv(sketch) for sketch in sketches)


def _is_csv(sketch: Sketch) -> bool:
    names = [plain(name) for name in sketch.columns]
    return names[:2] == ["userid", "movieid"] or names[:3] == ["movieid", "title", "genres"]


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Ratings, or sequences of films; the flags of 100K become genres, tags that people gave become `tags`.

    Of 100K, `u.data` is read; the folds cut from it (`u1.base`, `ua.test` …) only where it is missing.
    """
    if any(sketch.file.ending == "data" for sketch in reading.sketches):
        reading = reading.without(lambda sketch: sketch.file.ending in ("base", "test"))
    return assemble(reading, SETTINGS, items, users)
