"""Data sets on disk: written whole or not at all, read back equal, refused when damaged; packed for models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data import fingerprint, pack_events, read_dataset, write_dataset
from generec.data.dataset import EVENT_SCHEMA
from generec.errors import InputError, UsageError
from generec.types import Catalog, Dataset


def events(*rows: tuple[str, str, int | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [(user, item, time, "rating", None, None) for user, item, time in rows], schema=EVENT_SCHEMA, orient="row"
    )


def small() -> Dataset:
    items = pl.DataFrame(
        {"item_id": ["a", "b", "c"], "title": ["A", None, "C"], "tags": [["x"], [], None], "price": [1.5, None, 0.0]}
    )
    log = events(("u", "b", 1), ("u", "a", 2), ("v", "a", 1))
    return Dataset(
        log, Catalog(items), pl.DataFrame({"user_id": ["u", "v"]}), {"source": "test", "ties": "item", "repeats": True}
    )


def test_round_trip(tmp_path: Path) -> None:
    dataset = small()
    folder = write_dataset(dataset, tmp_path / "deep" / "set")
    back = read_dataset(folder)
    assert back.events.equals(dataset.events)
    assert back.catalog.frame.equals(dataset.catalog.frame)
    assert back.users is not None
    assert back.users.equals(pl.DataFrame({"user_id": ["u", "v"]}))
    assert back.repeats
    assert back.info["counts"] == {"events": 3, "users": 2, "items": 3, "items_with_events": 2, "timestamps": 3}
    assert back.info["span"] == [1, 2]
    assert back.info["fingerprint"] == fingerprint(dataset)
    assert sorted(path.name for path in folder.iterdir()) == [
        "dataset.json",
        "events.parquet",
        "items.parquet",
        "users.parquet",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_a_catalogue_without_events(tmp_path: Path) -> None:
    back = read_dataset(write_dataset(Dataset(events(), small().catalog), tmp_path / "set"))
    assert back.events.schema == EVENT_SCHEMA
    assert back.info["span"] is None


def test_only_a_data_set_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "set"
    write_dataset(small(), target)
    with pytest.raises(UsageError, match="--overwrite"):
        write_dataset(small(), target)
    write_dataset(Dataset(events(), small().catalog), target, overwrite=True)
    assert read_dataset(target).events.height == 0
    precious = tmp_path / "home"
    precious.mkdir()
    (precious / "letter.txt").write_text("dear")
    with pytest.raises(UsageError, match="no data set"):
        write_dataset(small(), precious, overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        write_dataset(small(), precious / "letter.txt", overwrite=True)
    assert (precious / "letter.txt").read_text() == "dear"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "set"]


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (events(("u", "a", 1), ("v", "a", 1), ("u", "b", 2)), "do not stand together"),
        (events(("u", "a", 2), ("u", "b", 1)), "row 2: .*oldest first"),
        (events(("u", "a", 1), ("u", "x", 2)), "row 2: item 'x' is not in the catalogue"),
        (events(("u", "a", 1)).with_columns(split=pl.lit("holdout")), "column split"),
        (events(("u", "a", 1)).with_columns(user_id=pl.lit(None, pl.String)), "column user_id has 1 empty"),
        (events(("u", "a", 1)).with_columns(timestamp=pl.lit(1.0)), "timestamp must be Int64"),
        (events(("u", "a", 1)).drop("value"), "column value is missing"),
    ],
)
def test_broken_invariants_are_refused_and_nothing_is_written(log: pl.DataFrame, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        write_dataset(Dataset(log, small().catalog), tmp_path / "set")
    assert not list(tmp_path.iterdir())


def test_damage_is_noticed(tmp_path: Path) -> None:
    folder = write_dataset(small(), tmp_path / "set")
    changed = pl.read_parquet(folder / "items.parquet").with_columns(price=pl.lit(9.0))
    changed.write_parquet(folder / "items.parquet")
    with pytest.raises(InputError, match="differs from the fingerprint"):
        read_dataset(folder)
    (folder / "events.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(InputError, match=r"events\.parquet: no readable parquet"):
        read_dataset(folder)
    (folder / "events.parquet").unlink()
    with pytest.raises(InputError, match=r"events\.parquet: the file is missing"):
        read_dataset(folder)
    (folder / "dataset.json").write_text(json.dumps({"version": 99}))
    with pytest.raises(InputError, match="later version"):
        read_dataset(folder)
    for text in ("{", "[]", '{"version": "1"}'):
        (folder / "dataset.json").write_text(text)
        with pytest.raises(InputError, match=r"dataset\.json"):
            read_dataset(folder)
    with pytest.raises(InputError, match="generec data import"):
        read_dataset(tmp_path / "nowhere")


def test_a_kill_while_writing_leaves_a_whole_set_or_none(tmp_path: Path) -> None:
    """Killed at five moments while a data set is written over and over: what is there is always whole."""
    script = (
        "import sys, polars as pl\n"
        "from generec.data import write_dataset, read_dataset\n"
        "dataset = read_dataset(sys.argv[1])\n"
        "while True:\n"
        "    write_dataset(dataset, sys.argv[2], overwrite=True)\n"
        "    print('.', flush=True)\n"
    )
    source, target = write_dataset(small(), tmp_path / "source"), tmp_path / "target"
    for moment in range(4):
        process = subprocess.Popen([sys.executable, "-c", script, source, target], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.read(2)
        time.sleep(0.003 * moment)
        process.kill()
        process.wait()
        process.stdout.close()
        if target.exists():
            assert read_dataset(target).events.height == 3


def test_fingerprint_sees_every_cell_and_not_the_rest() -> None:
    one = small()
    assert fingerprint(one) == fingerprint(Dataset(one.events, one.catalog, None, {"source": "elsewhere"}))
    swapped = Catalog(one.catalog.frame.select(reversed(one.catalog.frame.columns)))
    assert fingerprint(one) == fingerprint(Dataset(one.events, swapped))
    seen = {fingerprint(one)}
    frame = one.catalog.frame
    for change in (
        pl.Series("title", ["A", "", "C"]), pl.Series("title", ["AC", None, ""]), pl.Series("price", [1.5, 0.0, 0.0]),
        pl.Series("tags", [["x"], None, []], dtype=pl.List(pl.String)), pl.Series("tags", [[], ["x"], None]),
        pl.Series("item_id", ["a", "b", "d"]),
    ):  # fmt: skip
        seen.add(fingerprint(Dataset(one.events, Catalog(frame.with_columns(change)))))
    for column in (pl.lit("play").alias("event"), pl.lit(1.0).alias("value"), pl.lit("train").alias("split")):
        seen.add(fingerprint(Dataset(one.events.with_columns(column), one.catalog)))
    assert len(seen) == 10


def test_the_fingerprint_is_this_one() -> None:
    """Data sets written by one version must be read by the next."""
    assert fingerprint(small()) == "36af23474734f20e80709f2d93554109dd80260fe51947d847ac8604b26ca752"


def naive_pack(log: list[tuple[str, str]], items: list[str]) -> tuple[list[list[int]], list[str]]:
    users = list(dict.fromkeys(user for user, _ in log))
    return [[items.index(item) for name, item in log if name == user] for user in users], users


@given(st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abc")), max_size=30))
@settings(max_examples=50, deadline=None)
def test_pack_events_equals_its_naive_twin(pairs: list[tuple[str, str]]) -> None:
    log = sorted(pairs, key=lambda pair: pair[0])
    frame = events(*((user, item, at) for at, (user, item) in enumerate(log)))
    packed = pack_events(frame, small().catalog)
    histories, users = naive_pack(log, ["a", "b", "c"])
    assert [packed.history(user).tolist() for user in range(len(packed))] == histories
    assert list(packed.user_ids) == users
    if log:
        assert packed.times is not None
        assert packed.times.tolist() == list(range(len(log)))


def test_pack_events_refuses_strangers_and_disorder_and_half_known_times() -> None:
    catalog = small().catalog
    with pytest.raises(InputError, match="first on 'x'"):
        pack_events(events(("u", "x", 1)), catalog)
    with pytest.raises(InputError, match="'u' do not stand together"):
        pack_events(events(("u", "a", 1), ("v", "a", 1), ("u", "a", 2)), catalog)
    assert pack_events(events(("u", "a", 1), ("u", "b", None)), catalog).times is None
    assert pack_events(events(("u", "a", 1)).select("user_id", "item_id"), catalog).times is None


def test_reading_and_writing_needs_no_torch(tmp_path: Path) -> None:
    script = (
        "import sys\nfrom generec.data import read_dataset, write_dataset\n"
        "write_dataset(read_dataset(sys.argv[1]), sys.argv[2])\nassert 'torch' not in sys.modules\n"
    )
    write_dataset(small(), tmp_path / "a")
    subprocess.run([sys.executable, "-c", script, tmp_path / "a", tmp_path / "b"], check=True, env=dict(os.environ))
    assert read_dataset(tmp_path / "b").events.height == 3
