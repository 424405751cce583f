"""The report on a data set: every figure against a count by hand."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.check import check
from generec.data.dataset import EVENT_SCHEMA
from generec.data.importers import from_frames
from generec.errors import InputError
from generec.types import Catalog, Dataset


def dataset(*rows: tuple[str, str, int | None], items: str = "abcd", repeats: bool = False) -> Dataset:
    log = pl.DataFrame(
        [(user, item, time, "rating", 1.0, None) for user, item, time in rows],
        schema=EVENT_SCHEMA,
        orient="row",
    )
    return Dataset(
        log,
        Catalog(pl.DataFrame({"item_id": list(items)}, schema={"item_id": pl.String})),
        None,
        {"source": "hand", "repeats": repeats},
    )


def test_every_figure() -> None:
    columns = {"title": ["A", "B", "B", None, ""], "brand": [None, "x", None, None, None]}
    items = pl.DataFrame({"item_id": list("abcde"), **columns})
    log = dataset(("u", "a", 10), ("u", "b", 10), ("u", "a", 20), ("v", "a", None), ("w", "c", 5), ("w", "c", 5)).events
    report = check(Dataset(log, Catalog(items), None, {"source": "hand", "repeats": True, "fingerprint": "f"}))
    assert (report.events, report.users, report.items) == (6, 3, 5)
    assert (report.first, report.last) == (5, 20)
    assert report.timed_share == pytest.approx(5 / 6)
    assert report.density == pytest.approx(4 / 9)  # ua, ub, va, wc of 3 users x 3 items with events
    assert report.events_per_user == (1, 2.0, 3)
    assert report.kinds == {"rating": 6}
    assert report.ties_share == pytest.approx(4 / 5)
    assert report.duplicates == 1
    assert report.repeat_share == pytest.approx(2 / 6)
    assert report.missing_titles == 1
    assert report.missing_texts == 2
    assert report.duplicate_titles == 2
    assert report.cold_items == 2
    assert report.few_events_users == 2
    assert report.top_share == pytest.approx(3 / 6)
    assert report.gini == pytest.approx(naive_gini([3, 1, 2]))
    assert not report.errors
    assert any("ties" in warning for warning in report.warnings)
    assert json.loads(json.dumps(report.document(), allow_nan=False))["events"] == 6
    assert ("duplicate events", "1") in report.rows()


def test_bursts_of_a_second_and_of_a_minute() -> None:
    second = [("fast", f"{n}", 1_000) for n in range(25)]
    minute = [("steady", f"{n}", 6_000 + n % 60) for n in range(130)]
    human = [("human", f"{n}", 60 * n + n) for n in range(200)]
    log = dataset(*second, *minute, *human)
    report = check(Dataset(log.events, Catalog(pl.DataFrame({"item_id": [str(n) for n in range(200)]})), None, {}))
    assert report.bursts == (("steady", 6_000, 130), ("fast", 1_000, 25))
    assert report.burst_users == 2
    assert any("hand" in warning for warning in report.warnings)


def test_whole_days_are_no_bursts() -> None:
    log = dataset(*(("u", f"{n}", 86_400) for n in range(50)))
    report = check(Dataset(log.events, Catalog(pl.DataFrame({"item_id": [str(n) for n in range(50)]})), None, {}))
    assert report.bursts == ()


def test_errors_make_a_set_unusable() -> None:
    assert check(dataset(("u", "a", 1), ("u", "b", 2), ("v", "a", 1))).errors == ("no user has 3 events to learn from",)
    assert "one item" in check(dataset(items="a")).errors[0]
    with pytest.raises(InputError, match="empty"):
        check(dataset(items=""))


def test_a_catalogue_without_events_is_fine() -> None:
    report = check(from_frames(items=pl.DataFrame({"item_id": ["a", "b"], "title": ["A", "B"]})))
    assert not report.errors
    assert report.first is None
    assert any("catalogue only" in warning for warning in report.warnings)
    assert ("span", "no times") in report.rows()


def naive_gini(counts: list[int]) -> float:
    """Half the mean absolute difference of all pairs over the mean."""
    n = len(counts)
    if not n or not sum(counts):
        return 0.0
    return sum(abs(a - b) for a in counts for b in counts) / (2 * n * sum(counts))


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcd"), st.integers(0, 3)), min_size=1, max_size=40))
@settings(max_examples=50, deadline=None)
def test_counts_equal_their_naive_twins(rows: list[tuple[str, str, int]]) -> None:
    rows = sorted(rows, key=lambda row: (row[0], row[2]))
    report = check(dataset(*rows))
    moments = Counter((user, time) for user, _, time in rows)
    assert report.ties_share == pytest.approx(sum(n for n in moments.values() if n > 1) / len(rows))
    assert report.duplicates == len(rows) - len(set(rows))
    assert report.repeat_share == pytest.approx(1 - len({row[:2] for row in rows}) / len(rows))
    assert report.gini == pytest.approx(naive_gini(list(Counter(row[1] for row in rows).values())), abs=1e-9)
    assert report.few_events_users == sum(n < 3 for n in Counter(row[0] for row in rows).values())
