"""Mappings, frames, and the rules that all formats share."""

from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.importers import FORMATS, Policy, from_frames, import_data
from generec.data.importers.columns import parse_mapping
from generec.data.importers.events import core
from generec.data.importers.pipeline import summary
from generec.errors import InputError, UsageError
from generec.types import Dataset

DAY = 86_400


def place(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def rows(dataset: Dataset, *columns: str) -> list[tuple[object, ...]]:
    return list(dataset.events.select(columns or ("user_id", "item_id")).iter_rows())


def item(dataset: Dataset, item_id: str) -> dict[str, object]:
    return dataset.catalog.frame.row(dataset.catalog.row(item_id), named=True)


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "csv.gz", "json"])
def test_any_table_with_a_mapping(ending: str, tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "customer": [1, 1, 2],
            "product code": ["x", "y", "x"],
            "when": ["2020-01-02", "2020-01-01", "2020-01-03"],
            "seconds": [1.5, 2.5, 3.5],
            "what": ["Play", "skip", "Purchase"],
        }
    )
    path = tmp_path / f"log.{ending}"
    if ending == "parquet":
        frame.write_parquet(path)
    elif ending in ("jsonl", "json"):
        path.write_text(frame.write_json() if ending == "json" else frame.write_ndjson())
    else:
        text = frame.write_csv(separator="\t" if ending == "tsv" else ",").encode()
        path.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    pairs = ["user_id=customer", "item_id=product code", "timestamp=when", "value=seconds", "event=what"]
    dataset = import_data(path, mapping=parse_mapping(pairs))
    assert rows(dataset, "user_id", "item_id", "timestamp", "event", "value") == [
        ("1", "y", 1_577_836_800, "skip", 2.5),
        ("1", "x", 1_577_923_200, "play", 1.5),
        ("2", "x", 1_578_009_600, "purchase", 3.5),
    ]


@pytest.mark.parametrize(("blank", "inner"), [("", "two\r\nlines"), ("\r\n", "two\nlines")])
def test_semicolons_quotes_and_line_ends(blank: str, inner: str, tmp_path: Path) -> None:
    """A blank line sends the file through the line-by-line reader, which joins quoted lines by a line feed."""
    text = 'user;item;rating\r\n"a";"x;y";3\r\n' + blank + 'b;"two\r\nlines";4\r\nc;"say ""hi""";5\r\n'
    dataset = import_data(place(tmp_path, {"log.csv": text}))
    assert rows(dataset, "user_id", "item_id", "value") == [
        ("a", "x;y", 3.0),
        ("b", inner, 4.0),
        ("c", 'say "hi"', 5.0),
    ]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_frames(kind: str) -> None:
    events = pl.DataFrame({"user": [7, 7, 8], "item": ["a", "b", "a"], "time": [20, 10, 30]})
    events = events.with_columns(pl.from_epoch("time"))
    items = pl.DataFrame({"item_id": ["a", "b"], "name": ["A", "B"], "price": [1.0, 2.0], "tags": [["x", "y"], ["z"]]})
    if kind == "pandas":
        pytest.importorskip("pandas")
        dataset = from_frames(events.to_pandas(), items.to_pandas())
    elif kind == "pyarrow":
        pytest.importorskip("pyarrow")
        dataset = from_frames(events.to_arrow(), items.to_arrow())
    else:
        dataset = from_frames(events, items)
    assert rows(dataset, "user_id", "item_id", "timestamp") == [("7", "b", 10), ("7", "a", 20), ("8", "a", 30)]
    assert item(dataset, "a") == {"item_id": "a", "title": "A", "price": 1.0, "tags": ["x", "y"]}
    assert dataset.info["rights"] == "own"


def test_frames_of_float_ids_sequences_and_mapping() -> None:
    log = pl.DataFrame({"who": [1.0, 2.0], "bought": [["a", "b"], ["c"]]})
    dataset = from_frames(log, mapping={"user_id": "who", "items": "bought"})
    assert rows(dataset) == [("1", "a"), ("1", "b"), ("2", "c")]
    with pytest.raises(UsageError, match="did you mean 'bought'"):
        from_frames(log, mapping={"user_id": "who", "items": "bouht"})
    with pytest.raises(InputError, match="the events frame"):
        from_frames(pl.DataFrame({"x": [1]}))
    with pytest.raises(InputError, match=r"the events frame, row 2: .*empty"):
        from_frames(pl.DataFrame({"user_id": ["a", None], "item_id": ["x", "y"]}))
    with pytest.raises(UsageError, match="pandas, polars or pyarrow"):
        from_frames([1, 2, 3])


def log(*events: tuple[str, str, int, float]) -> pl.DataFrame:
    return pl.DataFrame(events, schema=["user_id", "item_id", "timestamp", "rating"], orient="row")


def test_tie_orders() -> None:
    events = log(*(("u", f"{n}", 5, 1.0) for n in (10, 9, 2)), ("u", "1", 4, 1.0))
    assert rows(from_frames(events), "item_id") == [("1",), ("10",), ("9",), ("2",)]
    by_item = from_frames(events, policy=Policy(ties="item"))
    assert rows(by_item, "item_id") == [("1",), ("2",), ("9",), ("10",)]
    assert by_item.info["ties"] == "item"
    assert by_item.info["tie_share"] == 0.75
    shuffled = {
        tuple(rows(from_frames(events, policy=Policy(ties="shuffle", seed=seed)), "item_id")) for seed in range(20)
    }
    assert len(shuffled) > 2
    assert all(order[0] == ("1",) for order in shuffled)


def test_order_without_times_is_the_order_of_the_file() -> None:
    frame = pl.DataFrame({"user_id": ["b", "a", "b", "a"], "item_id": ["2", "9", "1", "3"]})
    for ties in ("given", "item", "shuffle"):
        assert rows(from_frames(frame, policy=Policy(ties=ties))) == [("b", "2"), ("b", "1"), ("a", "9"), ("a", "3")]


def test_min_rating_and_core_and_catalogue() -> None:
    events = log(
        ("u", "a", 1, 5.0),
        ("u", "b", 2, 2.0),
        ("v", "a", 1, 4.0),
        ("v", "c", 2, 4.0),
        ("u", "c", 3, 4.0),
        ("w", "a", 1, 5.0),
    )
    dataset = from_frames(events, pl.DataFrame({"item_id": list("abcd")}), policy=Policy(min_rating=4, k_core=2))
    assert rows(dataset) == [("u", "a"), ("u", "c"), ("v", "a"), ("v", "c")]
    assert dataset.catalog.item_ids == ["a", "c"]
    assert dataset.info["below_min_rating"] == 1
    assert dataset.info["outside_core"] == 1
    assert [row for row in summary(dataset) if row[0] == "outside core"] == [("outside core", "1 events")]
    with pytest.raises(InputError, match="no events are left"):
        from_frames(events, policy=Policy(k_core=9))
    with pytest.raises(UsageError, match="min-rating needs values"):
        from_frames(events.drop("rating"), policy=Policy(min_rating=4))


def naive_core(pairs: list[tuple[int, int]], k: int) -> list[tuple[int, int]]:
    while True:
        users, items = Counter(u for u, _ in pairs), Counter(i for _, i in pairs)
        kept = [(u, i) for u, i in pairs if users[u] >= k and items[i] >= k]
        if len(kept) == len(pairs):
            return kept
        pairs = kept


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), max_size=80), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_core_equals_its_naive_twin(pairs: list[tuple[int, int]], k: int) -> None:
    frame = pl.DataFrame(pairs, schema={"user_id": pl.Int64, "item_id": pl.Int64}, orient="row")
    assert list(core(frame, k).iter_rows()) == naive_core(pairs, k)


def naive_order(events: list[tuple[str, str, int]]) -> list[tuple[str, str]]:
    order = list(dict.fromkeys(user for user, _, _ in events))
    return [
        (user, item)
        for name in order
        for user, item, _ in sorted((event for event in events if event[0] == name), key=lambda event: event[2])
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.uuids().map(str), st.integers(0, 5)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_order_equals_its_naive_twin(events: list[tuple[str, str, int]]) -> None:
    frame = pl.DataFrame(events, schema=["user_id", "item_id", "timestamp"], orient="row")
    assert rows(from_frames(frame)) == naive_order(events)


def test_repeats_are_kept_measured_or_removed() -> None:
    events = log(("u", "a", 1, 1.0), ("u", "b", 2, 1.0), ("u", "a", 3, 1.0), ("u", "a", 3, 1.0))
    measured = from_frames(events)
    assert measured.repeats
    assert measured.info["repeats_decided_by"] == "measured"
    assert measured.info["duplicates_removed"] == 1
    assert rows(measured, "item_id") == [("a",), ("b",), ("a",)]
    removed = from_frames(events, policy=Policy(repeats=False))
    assert rows(removed, "item_id") == [("a",), ("b",)]
    assert removed.info["repeats_removed"] == 1


def test_kinds_of_events_are_told_apart() -> None:
    events = log(("u", "a", 1, 1.0), ("u", "a", 2, 1.0)).with_columns(pl.Series("event", ["view", "purchase"]))
    assert rows(from_frames(events, policy=Policy(repeats=False)), "event") == [("view",), ("purchase",)]
    plays = events.drop("rating", "event").with_columns(pl.Series("play_count", [3, 4]))
    assert rows(from_frames(plays), "event", "value") == [("play", 3.0), ("play", 4.0)]


def test_lists_numbers_and_codes_in_item_tables() -> None:
    items = pl.DataFrame(
        {
            "item_id": ["a", "b"],
            "tags": ["x, y", "z"],
            "actors": ["One | Two", "Three"],
            "year": ["1990", "2001"],
            "weight": ["1.5", "2"],
            "zip": ["01234", "99999"],
            "features": ["['p', 'q']", ""],
            "nothing": [None, None],
            "headline": ["A | B", "C"],
        }
    )
    dataset = from_frames(items=items)
    assert item(dataset, "a") == {
        "item_id": "a",
        "tags": ["x", "y"],
        "actors": ["One", "Two"],
        "year": 1990,
        "weight": 1.5,
        "zip": "01234",
        "features": "p q",
        "title": "A | B",
    }


def test_further_tables_join_or_are_left_out(tmp_path: Path) -> None:
    place(
        tmp_path,
        {
            "log.csv": "user_id,item_id\nu,1\nu,2\nv,3\n",
            "items.csv": "item_id,title\n1,A\n2,B\n3,C\n",
            "plots.csv": "item_id,plot\n2,Something happens.\n",
            "scores.csv": "item_id,kind\n" + "".join(f"{n % 3 + 1},{n}\n" for n in range(30)),
            "other.csv": "item_id,colour\n77,red\n78,blue\n",
        },
    )
    dataset = import_data(tmp_path)
    assert dataset.catalog.frame.columns == ["item_id", "title", "plot"]
    assert dataset.catalog.frame["plot"].to_list() == [None, "Something happens.", None]
    assert [note.split()[0] for note in dataset.info["notes"]] == ["scores.csv", "other.csv"]


def test_rights_names_and_errors(tmp_path: Path) -> None:
    path = place(tmp_path, {"log.csv": "user_id,item_id\nu,a\n", "terms.txt": "Ask first."})
    dataset = import_data(path / "log.csv", rights=str(path / "terms.txt"))
    assert dataset.info["rights"] == "terms.txt"
    assert dataset.info["licence"] == "Ask first."
    with pytest.raises(UsageError, match="--rights expects"):
        import_data(path / "log.csv", rights="mine")
    with pytest.raises(UsageError, match="did you mean 'movielens'"):
        import_data(path / "log.csv", format="movielense")
    with pytest.raises(InputError, match="no such file"):
        import_data(path / "none.csv")
    with pytest.raises(UsageError, match="role=column"):
        parse_mapping(["user_id"])
    assert list(FORMATS)[-1] == "table"


def test_a_log_of_many_rows_is_read_by_the_fast_path(tmp_path: Path) -> None:
    """Twenty thousand rows in each of the two ways to write MovieLens give the same log."""
    random = np.random.default_rng(0)
    n = 20_000
    frame = pl.DataFrame(
        {
            "userId": np.sort(random.integers(1, 200, n)),
            "movieId": random.permutation(n) % 3000 + 1,
            "rating": random.integers(1, 6, n),
            "timestamp": random.integers(10**9, 10**9 + 10**7, n),
        }
    )
    place(
        tmp_path,
        {
            "a/ratings.csv": frame.write_csv(),
            "b/ratings.dat": frame.write_csv(include_header=False).replace(",", "::"),
        },
    )
    one, other = import_data(tmp_path / "a"), import_data(tmp_path / "b")
    assert one.events.equals(other.events)
    assert one.events.height == n - one.info["duplicates_removed"]
