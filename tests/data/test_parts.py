"""A split written out says what the split says."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from generec.data.importers import from_frames
from generec.data.parts import describe_split, write_split
from generec.data.split import split
from generec.errors import UsageError
from generec.types import Dataset


def dataset(timed: bool) -> Dataset:
    rows = [(user, f"i{(n * 3 + ord(user)) % 7}", 100 * n) for user in "uvw" for n in range(5)]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    return from_frames(frame if timed else frame.drop("timestamp"))


@pytest.mark.parametrize("timed", [True, False])
def test_parts_are_the_split(timed: bool, tmp_path: Path) -> None:
    data = dataset(timed)
    parts = split(data, "leave-one-out")
    folder = write_split(parts, data.catalog, tmp_path / "parts")
    train = pl.read_parquet(folder / "train.parquet")
    expected = [tuple(row) for user in data.events.partition_by("user_id", maintain_order=True) for row in
                user.head(3).select("user_id", "item_id", "timestamp").iter_rows()]  # fmt: skip
    assert list(train.iter_rows()) == expected
    assert pl.read_parquet(folder / "refit.parquet").height == 12
    test = pl.read_parquet(folder / "test.parquet")
    assert test["user_id"].to_list() == [case.request.user_id for case in parts.test]
    assert [tuple(items) for items in test["relevant"].to_list()] == [case.relevant for case in parts.test]
    assert [tuple(items) for items in test["history"].to_list()] == [case.request.history for case in parts.test]
    assert json.loads((folder / "split.json").read_text()) == describe_split(parts)


def test_only_a_split_is_replaced(tmp_path: Path) -> None:
    data = dataset(True)
    parts = split(data)
    write_split(parts, data.catalog, tmp_path / "parts")
    with pytest.raises(UsageError, match="--overwrite"):
        write_split(parts, data.catalog, tmp_path / "parts")
    write_split(parts, data.catalog, tmp_path / "parts", overwrite=True)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    with pytest.raises(UsageError, match="no split"):
        write_split(parts, data.catalog, tmp_path / "home", overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "parts"]
