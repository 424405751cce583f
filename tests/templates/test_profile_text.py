"""Profiles in words: what they say, what they never say, and that they say it again."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generec.errors import InputError
from generec.templates.profile_text import Dealt, ProfileText
from generec.types import Catalog

PLACES = Catalog(pl.DataFrame({
    "item_id": ["id-one", "id-two", "id-three", "id-four", "id-five"],
    "categories": [["Coffee Shop"], ["Office"], ["Gay Bar"], ["Medical Center"], ["Gym"]],
    "latitude": [51.00, 51.05, 51.0, 51.0, None], "longitude": [-114.0, -114.1, -114.0, -114.0, -114.0],
}))  # fmt: skip
HOUR = 3600
FRIDAY = int(datetime(2012, 6, 1, tzinfo=UTC).timestamp())


def test_it_tells_kinds_hours_areas_and_what_comes_again():
    told = ProfileText().fit(PLACES).write([0, 1, 0, 1, 0, 4], [FRIDAY + hour * HOUR for hour in (8, 9, 8, 9, 32, 12)])
    assert told == (
        "Goes to Coffee Shop, Office, Gym. At 8, 9, 12 o'clock, weekdays and weekends. "
        "Around n0 e0, n2 w2. Morning: coffee shop; noon: gym. "
        "Comes back to Coffee Shop in n0 e0, Office in n2 w2. New places: 5 of 10."
    )


def test_hours_are_told_in_the_zone_of_the_place():
    here = ProfileText(zone="America/Edmonton").fit(PLACES)
    assert "At 2 o'clock" in here.write([1], [FRIDAY + 8 * HOUR])
    assert here.line(1, FRIDAY + 8 * HOUR) == "Friday 2 o'clock: Office in n2 w2."
    assert here.line(4, FRIDAY + 2 * HOUR) == "Thursday 20 o'clock: Gym."


def test_nights_are_told_by_area():
    told = ProfileText().fit(PLACES).write([0, 1, 1], [FRIDAY + hour * HOUR for hour in (12, 1, 22)])
    assert "Nights in n2 w2." in told


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10**9)), max_size=30))
def test_it_is_silent_on_ids_and_on_what_is_nobodys_business(visits):
    writer = ProfileText().fit(PLACES)
    rows, times = [row for row, _ in visits], [time for _, time in visits]
    told = writer.write(rows, times)
    assert told == writer.write(rows, times)
    assert not any(word in told for word in ("id-", "Gay", "Medical"))
    assert bool(told) == any(row in (0, 1, 4) for row in rows)


def test_a_catalogue_without_areas_gives_a_profile_without_them():
    bare = ProfileText(field="genre").fit(Catalog(pl.DataFrame({"item_id": ["a"], "genre": ["drama"]})))
    assert bare.write([0, 0], [0, 0]) == (
        "Goes to drama. At 0 o'clock, weekdays. Night: drama. Comes back to drama. New places: 5 of 10."
    )
    with pytest.raises(InputError, match="'categories'"):
        ProfileText().fit(Catalog(pl.DataFrame({"item_id": ["a"]})))


def test_the_broken_twin_tells_of_anybody():
    dealt = Dealt(("first", "second"))
    told = [dealt.write([row], [0]) for row in range(40)]
    assert set(told) == {"first", "second"}
    assert told == [dealt.write([row], [0]) for row in range(40)]
