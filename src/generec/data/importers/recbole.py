"""RecBole's atomic files: `.inter`, `.item`, `.user`, whose headers say `name:type`.

The types are honoured wherever a header carries them (`reading.typed`); here is what makes a folder RecBole's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from generec.data.importers import windows
from generec.data.importers.reading import Raw, Reading, Sketch
from generec.data.importers.tables import Settings, assemble

SETTINGS = Settings(format="recbole")
_TYPED = re.compile(r".+:(token|token_seq|float|float_seq)")


def matches(sketches: Sequence[Sketch]) -> bool:
    """Whether every column of some table carries a type."""
    return any(sketch.columns and all(_TYPED.fullmatch(name) for name in sketch.columns) for sketch in sketches)


def read(reading: Reading, items: Sketch | None, users: Sketch | None) -> Raw:
    """Plain interaction files as tables; benchmark files with an `item_id_list` as windows."""
    if any(windows.history_column(sketch) is not None for sketch in reading.sketches):
        return windows.read(reading, SETTINGS)
    return assemble(reading, SETTINGS, items, users)
