"""Check-ins: a person at a place at a time (Foursquare, Gowalla, Brightkite); the venue is the item and may repeat."""

from __future__ import annotations

from collections.abc import Sequence

from generec.data.importers.columns import find, plain
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

SETTINGS = Settings(format="checkins", event="visit", encodings=("utf-8", "iso-8859-1"), repeats=True, noisy=True)
_VENUES = {"venueid", "locationid", "poiid", "placeid", "businessid", "gmapid", "venue"}


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether a table of events names its items as places."""
    return any(sketch.shape == "checkins" or _is_log(sketch) for sketch in sketches)


def _is_log(sketch: Sketch) -> bool:
    names = {plain(name) for name in sketch.columns}
    return find("user_id", sketch.columns, {}) is not None and bool(names & _VENUES)


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Categories and coordinates come from the log where there is no table of places; local times yield to UTC."""
    return assemble(reading, SETTINGS, items, users)
