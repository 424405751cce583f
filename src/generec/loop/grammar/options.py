"""What a person may choose between where words can be read in several ways."""

from __future__ import annotations

from generec.loop.grammar.marks import TitleMark, ValueMark
from generec.loop.lexicon import Lexicon
from generec.records import Reading
from generec.types import Condition

_OFFERED = 6  # answers to a question


def of_value(mark: ValueMark, wanted: bool, soft: bool) -> dict[str, Reading]:
    """One reading per value that a phrase may name."""
    options: dict[str, Reading] = {}
    for named in (named for group in mark.readings for entry in group for named in entry.named):
        said = Condition(named.field, "=" if wanted else "!=", named.values[0])
        options.setdefault(f"{named.field}: {named.values[0]}", Reading(like=said) if soft else Reading(hard=said))
    return dict(list(options.items())[:_OFFERED])


def of_title(mark: TitleMark, lexicon: Lexicon) -> dict[str, Reading]:
    """One reading per item that a title may name, and those of the value that the words name too."""
    frame = lexicon.frame
    titles = dict(zip(frame["item_id"], frame["title"], strict=True)) if "title" in frame.columns else {}
    options = {str(titles.get(item, item)): Reading(item_id=item) for item in mark.items[: _OFFERED - 1]}
    for entry in mark.value.readings[0] if mark.value is not None else ():
        field, value = entry.field, entry.named[0].values[0]
        options[f"{field}: {value}"] = Reading(like=Condition(field, "=", value))
    return options
