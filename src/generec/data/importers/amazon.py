"""Amazon reviews of 2014, 2018 and 2023: json lines of reviews and of products, or csv of ratings only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from generec.data.importers.columns import plain
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

REVIEW_KEYS = (
    "reviewerID",
    "user_id",
    "asin",
    "parent_asin",
    "overall",
    "rating",
    "unixReviewTime",
    "reviewTime",
    "timestamp",
)
"""What is read of a review; its text is not part of the data set."""
PRODUCT_KEYS = (
    "parent_asin", "asin", "title", "brand", "store", "categories", "category", "main_category", "main_cat", "price",
    "description", "features", "feature",
)  # fmt: skip
"""What is read of a product. `average_rating` and `rating_number` are left out: they count events of the test, too."""
SETTINGS = Settings(
    format="amazon",
    event="rating",
    noisy=True,
    entities=True,
    cold_items=False,
    hoist=False,
    keep=(*REVIEW_KEYS, *PRODUCT_KEYS),
    licence="Amazon review data (McAuley lab): see the terms of the source; often research use only",
)


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether some table names products by `asin` or `parent_asin` beside a reviewer."""
    return any(sketch.shape == "amazon" or is_log(sketch) for sketch in sketches)


def is_log(sketch: Sketch) -> bool:
    names = {plain(name) for name in sketch.columns}
    return bool(names & {"asin", "parentasin"} and names & {"reviewerid", "userid"} and names & {"overall", "rating"})


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Products by `parent_asin` where there is one. The files of 2023 write milliseconds; the others seconds.

    Only products with events enter the catalogue: the product files describe whole departments of a shop. The histories
    that the rows of the 2023 benchmark repeat are not read: every event has a row of its own.
    """
    late = any("parentasin" in {plain(name) for name in sketch.columns} for sketch in reading.sketches)
    return assemble(reading, replace(SETTINGS, milliseconds=late), items, users)
