"""A profile says what the history holds, cites it, and obeys its owner."""

from __future__ import annotations

import polars as pl
import pytest

from generec.data.conditions import mask
from generec.errors import UsageError
from generec.loop.profile import PROTECTED, Profile, ProfileWriter, matching
from generec.types import Catalog, Condition

KINDS = ["piano", "drums", "violin", "flute"]


def songs():
    return Catalog(
        pl.DataFrame(
            {
                "item_id": [f"s{n}" for n in range(80)],
                "title": [f"Song {n}" for n in range(80)],
                "instrument": [KINDS[n % 4] for n in range(80)],
                "religion": [["a", "b"][n % 2] for n in range(80)],
                "moods": [["health", "slow"] if n % 4 == 0 else ["loud"] for n in range(80)],
                "minutes": [float(2 + n % 10) for n in range(80)],
            }
        )
    )


def writer(**spec):
    return ProfileWriter(**spec).fit(songs(), [1.0] * 80)


PIANO = [f"s{n}" for n in range(0, 40, 4)]


def test_a_taste_is_named_with_the_events_it_rests_on():
    line = next(line for line in writer().write([*PIANO, "s1"]) if line.text == "likes piano")
    assert line.condition == Condition("instrument", "=", "piano")
    assert line.events == tuple(PIANO)
    assert set(line.events) <= set(matching(songs(), line))


def test_every_line_is_true_of_its_events():
    catalog = songs()
    for line in writer().write([f"s{n}" for n in (0, 4, 8, 10, 20, 24, 30)]):
        holds = mask(catalog, [line.condition])
        assert line.events
        assert all(bool(holds[catalog.row(event)]) for event in line.events)


def test_a_number_becomes_a_bound_only_where_people_in_general_go_beyond_it():
    short = [f"s{n}" for n in (0, 1, 10, 11, 20, 21, 30, 31)]  # two and three minutes
    assert [line.text for line in writer().write(short) if "minutes" in line.text] == ["mostly minutes up to 3"]
    everything = [f"s{n}" for n in range(40)]
    assert not [line for line in writer().write(everything) if "minutes" in line.text]


def test_an_average_history_gives_no_lines():
    assert writer().write([f"s{n}" for n in range(40)]) == ()
    assert writer().write([]) == ()
    assert writer().write(["gone"]) == ()


def test_nothing_is_inferred_about_protected_attributes():
    lines = writer().write(PIANO)
    assert lines
    assert not [line for line in lines if line.condition.field == "religion" or line.condition.value in PROTECTED]
    assert any(line.condition.value == "slow" for line in lines)  # the other value of the same field


def test_one_field_does_not_fill_the_page():
    assert len(writer(of_one_field=1).write(PIANO)) == len({line.condition.field for line in writer().write(PIANO)})


def test_a_deleted_line_stays_away_and_its_events_speak_for_nothing():
    profile = Profile().refreshed(writer(), PIANO)
    piano = next(line for line in profile.lines if line.text == "likes piano")
    after = profile.delete(piano.id).refreshed(writer(), PIANO)
    assert after.lines == ()  # every line rested on the same events
    assert after.refreshed(writer(), [*PIANO, *PIANO]).lines == ()


def test_a_person_s_own_words_stand_over_inference():
    profile = Profile().refreshed(writer(), PIANO)
    piano = next(line for line in profile.lines if line.text == "likes piano")
    edited = profile.edit(piano.id, "only the violin", Condition("instrument", "=", "violin"))
    again = edited.refreshed(writer(), [*PIANO, "s1", "s5"])
    assert again.lines[0].text == "only the violin"
    assert again.lines[0].source == "stated"
    assert "likes piano" not in [line.text for line in again.lines]


def test_bad_edits_are_refused():
    with pytest.raises(UsageError, match="profile line"):
        Profile().delete("x")
    with pytest.raises(UsageError, match="words"):
        Profile().add("  ")
