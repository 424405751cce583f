"""Which items nobody of an age class is shown, by the items' own ratings: the same for slates as for the loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generec.errors import InputError
from generec.fidelity.safety import Safety, above
from generec.records import Age
from generec.types import Catalog


def unfit(catalog: Catalog, age: Age, safety: Safety | None = None) -> frozenset[str]:
    """Ids of the items for older people; a rating that cannot be read is for adults. None of those without a rating."""
    reader = safety or Safety()
    names = [name for name in reader.age_fields if name in catalog.frame.columns]
    if not names:
        return frozenset()
    rows = zip(catalog.item_ids, catalog.frame.select(names).to_dicts(), strict=True)
    return frozenset(item_id for item_id, facts in rows if not _for(facts, age, reader))


def _for(facts: Mapping[str, Any], age: Age, safety: Safety) -> bool:
    try:
        return not above(safety.rated(facts), age)
    except InputError:
        return age == "adult"
