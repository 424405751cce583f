"""GenUP where the profile alone tells the next place: everybody goes to one square, and from it each to their own."""

import polars as pl

from generec.data.split import split
from generec.encoders.tfidf import TfidfEncoder
from generec.fitting.loop import Optimisation
from generec.recipes.genup import genup
from generec.templates.profile_text import Dealt, ProfileText
from generec.templates.profiled import all_told
from generec.types import Catalog, Dataset

KINDS = ("Bakery", "Office", "Gym", "Cinema", "Library", "Harbour", "Garage", "Stadium", "Museum", "Pharmacy")
BRIEF = Optimisation(epochs=30, batch_tokens=50, learning_rate=5e-3, patience=3, validate_every=5)


def two_places():
    """Thirty people who go to and fro between the square and one place, 22 visits each, the last one at their own."""
    visits = [
        (f"u{person:02}", "square" if visit % 2 == 0 else KINDS[person % len(KINDS)], 86_400 * visit)
        for person in range(30)
        for visit in range(22)
    ]
    events = pl.DataFrame(visits, schema=["user_id", "item_id", "timestamp"], orient="row")
    items = Catalog(
        pl.DataFrame({"item_id": ["square", *KINDS], "categories": [["Square"], *([kind] for kind in KINDS)]})
    )
    return Dataset(events, items, info={"repeats": True})


def test_a_profile_tells_where_to_and_somebody_elses_does_not():
    data = two_places()
    parts = split(data, "leave-one-out")
    writer, encoder = ProfileText().fit(data.catalog), TfidfEncoder(dimensions=16)
    anybody = Dealt(tuple(text for text in all_told(writer, parts.train) if text))
    right = []
    for told in (writer, anybody):
        system = genup(data, parts, told, length=1, encoder=encoder, settings=BRIEF)
        slates = system.recommend([case.request for case in parts.test], 1)
        right.append(sum(slate.item_ids == case.relevant for slate, case in zip(slates, parts.test, strict=True)))
    assert right[0] >= 25
    assert right[1] <= 12
