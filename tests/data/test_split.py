from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from generec.data.split import (
    everything,
    few_events,
    popularity_deciles,
    split,
    unseen_items,
    unseen_users,
)
from generec.errors import InputError, UsageError
from generec.types import Case, Catalog, Dataset, Events, Split

ITEMS = [f"i{number}" for number in range(9)]
Rows = list[tuple[str, str, int | None, str, str | None]]


def dataset(rows: Rows, repeats: bool = True) -> Dataset:
    schema = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64, "event": pl.String, "split": pl.String}
    events = pl.DataFrame(rows, schema=schema, orient="row").with_columns(value=pl.lit(None, pl.Float64))
    return Dataset(events, Catalog(pl.DataFrame({"item_id": ITEMS})), info={"repeats": repeats})


@st.composite
def logs(draw: st.DrawFn, parts: bool = False) -> Rows:
    """Histories of up to 7 people with non-decreasing times; with parts, every event says which it belongs to."""
    rows: Rows = []
    for user in range(draw(st.integers(1, 7))):
        times = sorted(draw(st.lists(st.integers(0, 40), min_size=1, max_size=8)))
        for time in times:
            part = draw(st.sampled_from(["train", "valid", "test"])) if parts else None
            event = draw(st.sampled_from(["play", "play", "like", "skip"]))
            rows.append((f"u{user}", draw(st.sampled_from(ITEMS)), time, event, part))
    return rows


def histories(events: Events) -> dict[str, list[str]]:
    return {
        user_id: [ITEMS[row] for row in events.history(number).tolist()]
        for number, user_id in enumerate(events.user_ids)
    }


def asked(cases: Sequence[Case]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(case.request.user_id, case.request.history, case.relevant) for case in cases]


def by_user(rows: Rows) -> dict[str, Rows]:
    grouped: dict[str, Rows] = {}
    for row in rows:
        if row[3] != "skip":
            grouped.setdefault(row[0], []).append(row)
    return grouped


def naive_case(user: str, past: list[str], future: list[str], repeats: bool) -> list[tuple[str, tuple, tuple]]:
    wanted = tuple(dict.fromkeys(item for item in future if repeats or item not in past))
    return [(user, tuple(past), wanted)] if past and wanted else []


@settings(max_examples=150, deadline=None)
@for_all(logs(), st.booleans())
def test_leave_one_out_equals_its_naive_twin(rows: Rows, repeats: bool) -> None:
    got = split(dataset(rows, repeats))
    train, refit, validation, test = {}, {}, [], []
    for user, events in by_user(rows).items():
        items = [row[1] for row in events]
        train[user], refit[user] = (items[:-2], items[:-1]) if len(items) >= 3 else (items, items)
        if len(items) >= 3:
            validation += naive_case(user, items[:-2], items[-2:-1], repeats)
            test += naive_case(user, items[:-1], items[-1:], repeats)
    assert histories(got.train) == train
    assert histories(got.refit) == refit
    assert asked(got.validation) == validation
    assert asked(got.test) == test
    assert all(case.request.repeat == repeats for case in got.test)


@settings(max_examples=150, deadline=None)
@for_all(logs(), st.booleans(), st.integers(1, 39), st.integers(1, 20))
def test_by_time_equals_its_naive_twin(rows: Rows, repeats: bool, first: int, length: int) -> None:
    times = [row[2] for row in rows if row[3] != "skip"]
    if not (times and min(times) < first < first + length <= max(times)):
        with pytest.raises((UsageError, InputError)):
            split(dataset(rows), "time", validation_from=first, test_from=first + length)
        return
    got = split(dataset(rows, repeats), "time", validation_from=first, test_from=first + length)
    train, refit, validation, test = {}, {}, [], []
    for user, events in by_user(rows).items():
        before = [row[1] for row in events if row[2] < first]
        window = [row[1] for row in events if first <= row[2] < first + length]
        after = [row[1] for row in events if row[2] >= first + length]
        train |= {user: before} if before else {}
        refit |= {user: before + window} if before + window else {}
        validation += naive_case(user, before, window, repeats)
        test += naive_case(user, before + window, after, repeats)
    assert histories(got.train) == train
    assert histories(got.refit) == refit
    assert asked(got.validation) == validation
    assert asked(got.test) == test
    assert got.train.times is not None
    assert int(got.train.times.max()) < first


@settings(max_examples=150, deadline=None)
@for_all(logs(parts=True), st.booleans())
def test_given_equals_its_naive_twin(rows: Rows, repeats: bool) -> None:
    kept = [row for row in rows if row[3] != "skip"]
    if {row[4] for row in kept} != {"train", "valid", "test"}:
        with pytest.raises(InputError, match="has no"):
            split(dataset(rows), "given")
        return
    got = split(dataset(rows, repeats), "given")
    rank = {"train": 0, "valid": 1, "test": 2}
    grouped = by_user(rows)
    parts = [[rank[row[4]] for row in events] for events in grouped.values()]
    interleaved = any(part != sorted(part) for part in parts)
    expected: list[list] = [[], [], []]
    for (user, events), part in zip(grouped.items(), parts, strict=True):
        items = [row[1] for row in events]
        for number in (1, 2):
            if interleaved:
                past = [item for item, at in zip(items, part, strict=True) if at < number]
                future = [item for item, at in zip(items, part, strict=True) if at == number]
                expected[number] += naive_case(user, past, future, repeats)
            else:
                for at in range(len(items)):
                    if part[at] == number:
                        expected[number] += naive_case(user, items[:at], items[at : at + 1], repeats)
    assert asked(got.validation) == expected[1]
    assert asked(got.test) == expected[2]
    train = {user: [row[1] for row in events if row[4] == "train"] for user, events in grouped.items()}
    assert histories(got.train) == {user: items for user, items in train.items() if items}


@settings(max_examples=60, deadline=None)
@for_all(st.integers(1, 6), st.integers(1, 12), st.sampled_from(["leave-one-out", "time", "given"]))
def test_no_test_event_is_ever_trained_on(users: int, length: int, by: str) -> None:
    """Every event is an item of its own here, so an item in train and test would be a leaked event."""
    parts = ["train"] * length + ["validation"] * 2 + ["test"] * 2
    rows = [
        (f"u{user}", f"e{user}-{at}", at * 10, "play", part) for user in range(users) for at, part in enumerate(parts)
    ]
    data = dataset(rows)
    data = replace(data, catalog=Catalog(pl.DataFrame({"item_id": [row[1] for row in rows]})))
    cuts = {"validation_from": length * 10, "test_from": (length + 2) * 10} if by == "time" else {}
    got = split(data, by, **cuts)
    ids = data.catalog.item_ids
    train, refit = ({ids[row] for row in events.items.tolist()} for events in (got.train, got.refit))
    validation, test = ({item for case in cases for item in case.relevant} for cases in (got.validation, got.test))
    contexts = {item for case in got.test for item in case.request.history}
    assert validation
    assert test
    assert not train & (validation | test)
    assert not refit & test
    assert not contexts & test or by == "given"  # rolling test events see earlier ones as context, never their own
    assert all(set(case.request.history).isdisjoint(case.relevant) for case in got.test)
    assert train | validation == refit


ROWS: Rows = [
    ("a", "i0", 1, "play", "train"), ("a", "i1", 2, "play", "train"), ("a", "i2", 8, "play", "validation"),
    ("a", "i0", 9, "play", "test"), ("b", "i1", 1, "play", "train"), ("b", "i3", 9, "play", "test"),
    ("c", "i4", 9, "play", "test"),
]  # fmt: skip


def test_seen_answers_are_left_out_where_seen_items_are_masked_and_the_line_says_so() -> None:
    masked, kept = split(dataset(ROWS, False)), split(dataset(ROWS, True))
    assert asked(masked.test) == []
    assert asked(kept.test) == [("a", ("i0", "i1", "i2"), ("i0",))]
    assert "1 test answers left out because the person had seen them" in masked.description
    assert "seen items are masked" in masked.description
    assert "seen items may come back" in kept.description
    assert "2 people with fewer than 3 events train only" in kept.description


def test_people_never_seen_are_left_out_unless_asked_for() -> None:
    default = split(dataset(ROWS), "time", validation_from=5, test_from=9)
    assert [user for user, *_ in asked(default.test)] == ["a", "b"]
    assert "1 test cases with fewer than 1 earlier events left out" in default.description
    kept = split(dataset(ROWS), "time", validation_from=5, test_from=9, min_history=0)
    assert asked(kept.test)[-1] == ("c", (), ("i4",))
    assert [case.request.user_id for case in unseen_users(kept.test, kept.refit)] == ["c"]
    assert [case.request.times for case in kept.test] == [(1, 2, 8), (1,), ()]


def test_dates_and_shares_cut_where_they_say() -> None:
    day = 86400
    rows = [("u", ITEMS[number % 9], number * day, "play", None) for number in range(100)]
    by_share = split(dataset(rows), "time")
    assert by_share.train.items.numel() == 80
    assert by_share.refit.items.numel() == 90
    assert "validation from 1970-03-22, test from 1970-04-01" in by_share.description
    by_date = split(dataset(rows), "time", validation_from="1970-03-22", test_from="1970-04-01T00:00:00+00:00")
    assert by_date.description == by_share.description
    assert split(dataset(rows), "time", validation_from="0.8").description == by_share.description


@pytest.mark.parametrize(("first", "second"), [("0.9", "0.8"), ("1960-01-01", 0.9), (0.5, "2100-01-01"), (0.8, 0.8)])
def test_a_cut_outside_the_log_or_upside_down_is_refused(first: object, second: object) -> None:
    rows = [("u", ITEMS[number % 9], number * 86400, "play", None) for number in range(100)]
    with pytest.raises(UsageError, match="inside the log"):
        split(dataset(rows), "time", validation_from=first, test_from=second)


def test_errors_name_the_remedy() -> None:
    untimed = dataset([("a", "i0", None, "play", None), ("a", "i1", None, "play", None)])
    with pytest.raises(InputError, match=r"needs a timestamp on every event.*use leave-one-out"):
        split(untimed, "time")
    with pytest.raises(UsageError, match="did you mean 'leave-one-out'"):
        split(untimed, "leave-one-ot")
    with pytest.raises(UsageError, match="belong to the split 'time'"):
        split(untimed, "leave-one-out", test_from=0.5)
    with pytest.raises(UsageError, match="expected a date such as"):
        split(dataset(ROWS), "time", test_from="yesterday")
    with pytest.raises(InputError, match="bring no split"):
        split(untimed, "given")
    with pytest.raises(InputError, match="must say train, validation or test, got holdout"):
        split(dataset([*ROWS, ("d", "i0", 1, "play", "holdout")]), "given")
    with pytest.raises(InputError, match="grouped by user_id"):
        split(dataset([*ROWS, ("a", "i5", 9, "play", None)]))
    with pytest.raises(InputError, match="'i99'"):
        split(dataset([("a", "i99", 1, "play", None)]))


def test_an_empty_log_splits_into_nothing() -> None:
    got = split(dataset([]))
    assert (len(got.train), got.validation, got.test) == (0, (), ())
    with pytest.raises(InputError, match="no events"):
        split(dataset([]), "time")


def test_negative_events_are_neither_trained_on_nor_asked_for() -> None:
    rows = [("a", ITEMS[number], number, "play", None) for number in range(4)]
    rows += [("a", "i7", 9, "skip", None), ("a", "i8", 10, "dislike", None)]
    got = split(dataset(rows))
    assert asked(got.test) == [("a", ("i0", "i1", "i2"), ("i3",))]
    assert "2 negative events unused" in got.description
    assert everything(dataset(rows)).items.tolist() == [0, 1, 2, 3]


def test_cold_start_views_select_what_they_promise() -> None:
    got = split(dataset(ROWS), "time", validation_from=5, test_from=9, min_history=0)
    assert asked(unseen_items(got.test, got.train, ITEMS)) == [("b", ("i1",), ("i3",)), ("c", (), ("i4",))]
    assert [case.request.user_id for case in few_events(got.test, 1)] == ["b", "c"]
    deciles = popularity_deciles(got.test, got.train, ITEMS)
    assert sum(len(cases) for cases in deciles) == 3
    assert asked(deciles[7])[0][0] == "a"  # of the two items trained on, i0 occurs less often than i1


def same(first: Split, second: Split) -> bool:
    return asked(first.test) == asked(second.test) and histories(first.train) == histories(second.train)


def test_splits_are_deterministic() -> None:
    assert same(split(dataset(ROWS)), split(dataset(ROWS)))


@pytest.mark.skipif("GENEREC_DATA" not in os.environ, reason="real data are named by GENEREC_DATA")
def test_real_sequences_split_as_published() -> None:
    folder = Path(os.environ["GENEREC_DATA"]) / "amazon14-beauty"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    lines = (folder / "sequences.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [(user, item) for user, items in (line.split("\t") for line in lines) for item in items.split(" ")]
    events = pl.DataFrame(pairs, schema={"user_id": pl.String, "item_id": pl.String}, orient="row")
    events = events.with_columns(event=pl.lit("review"), timestamp=pl.lit(None, pl.Int64))
    items = pl.read_csv(folder / "items.tsv", separator="\t", quote_char=None, infer_schema=False)
    got = split(Dataset(events, Catalog(items)))
    assert (len(got.train), len(got.validation), len(got.test)) == (22_363, 22_363, 22_363)
    assert got.train.items.numel() == 198_502 - 2 * 22_363
