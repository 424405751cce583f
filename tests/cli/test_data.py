"""generec data from the command line: what is printed, what is written, how it fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.data import read_dataset

LOG = "who;what;when;stars\n" + "".join(f"u{n % 5};i{n % 8};{1_500_000_000 + n};{n % 5 + 1}\n" for n in range(40))
MAP = ["--map", "user_id=who", "--map", "item_id=what", "--map", "timestamp=when"]


def run(*arguments: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["data", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return result.stdout


def document(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    found = json.loads(run(*arguments, "--json", "-q", code=code))
    assert isinstance(found, dict)
    return found


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


def test_import_then_check_then_split(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    told = document("import", log, "-o", folder, *MAP, "--rights", "own")
    assert told["counts"] == {"events": 40, "users": 5, "items": 8, "items_with_events": 8, "timestamps": 40}
    assert told["rights"] == "own"
    assert told["format"] == "table"
    assert read_dataset(folder).info["fingerprint"] == told["fingerprint"]
    report = document("check", folder)
    assert report["events"] == 40
    assert report["errors"] == []
    parts = document("split", folder, "--by", "leave-one-out", "-o", tmp_path / "parts")
    assert parts["test"]["cases"] == 5
    assert pl.read_parquet(tmp_path / "parts" / "train.parquet").height == parts["train"]["events"]
    assert (
        document("split", folder, "--by", "time", "--validation-from", "0.5", "--test-from", "0.75")["name"] == "time"
    )


def test_tables_for_people(log: Path, tmp_path: Path) -> None:
    text = run("import", log, "-o", tmp_path / "set", *MAP, "-q")
    assert "events" in text
    assert "40" in text
    assert "warning: 8 items have no title" in run("check", tmp_path / "set", "-q")
    assert "leave-one-out" in run("split", tmp_path / "set", "-q")


def test_options_of_import_reach_the_data(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    options = ["--min-rating", "3", "--k-core", "2", "--ties", "shuffle", "--seed", "4", "--no-repeats"]
    told = document("import", log, "-o", folder, *MAP, *options)
    assert (told["min_rating"], told["k_core"], told["ties"], told["seed"]) == (3.0, 2, "shuffle", 4)
    assert told["repeats_decided_by"] == "option"
    assert read_dataset(folder).events["value"].min() == 3.0


def test_repairs_are_listed(log: Path, tmp_path: Path) -> None:
    log.write_text(LOG + "u1,i1,1500000000,3\n;i1;1500000000;3\n")
    error = document("import", log, "-o", tmp_path / "set", *MAP, code=1)["error"]
    assert error["type"] == "InputError"
    assert "log.csv, row 42" in error["message"]
    assert "--on-error repair" in error["message"]
    text = run("import", log, "-o", tmp_path / "set", *MAP, "--on-error", "repair", "-q")
    assert "repaired: 1 x mixed separators: log.csv, row 42" in text
    assert "repaired: 1 x missing id: log.csv, row 43" in text


def test_mistakes_of_usage_exit_with_2(log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    run("import", log, "-o", folder, "--map", "user_id", code=2)
    run("import", log, "-o", folder, "--map", "user_id=whoo", code=2)
    run("import", log, "-o", folder, *MAP, "--format", "movielense", code=2)
    run("import", log, "-o", folder, *MAP, "--ties", "none", code=2)
    run("import", log, "-o", folder, *MAP, "--rights", "mine", code=2)
    assert not folder.exists()
    run("import", log, "-o", folder, *MAP)
    assert "--overwrite" in document("import", log, "-o", folder, *MAP, code=2)["error"]["message"]
    run("import", log, "-o", folder, *MAP, "--overwrite")
    assert "did you mean 'time'" in document("split", folder, "--by", "tme", code=2)["error"]["message"]


def test_bad_data_exits_with_1(tmp_path: Path) -> None:
    assert "generec data import" in document("check", tmp_path, code=1)["error"]["message"]
    run("import", tmp_path / "none", "-o", tmp_path / "set", code=1)
    lonely = tmp_path / "log.csv"
    lonely.write_text("user_id,item_id\nu,a\nv,b\n")
    run("import", lonely, "-o", tmp_path / "set")
    assert document("check", tmp_path / "set", code=1)["errors"] == ["no user has 3 events to learn from"]


def test_world(tmp_path: Path) -> None:
    told = document("world", "-o", tmp_path / "w", "--items", "200", "--users", "12", "--seed", "3")
    assert told["counts"]["items"] == 200
    again = document("world", "-o", tmp_path / "w2", "--items", "200", "--users", "12", "--seed", "3")
    assert again["fingerprint"] == told["fingerprint"]
    run("world", "-o", tmp_path / "w", "--items", "200", "--users", "12", code=2)


def test_download_lists_names_and_shows_terms_first(tmp_path: Path) -> None:
    names = {known["name"] for known in document("download")["sets"]}
    assert {"ml-1m", "ml-100k", "ml-latest-small"} <= names
    assert "accept-licence" in document("download", "ml-1m", "-o", tmp_path, code=2)["error"]["message"]
    assert "did you mean 'ml-1m'" in document("download", "ml1m", "-o", tmp_path, code=2)["error"]["message"]
    assert not list(tmp_path.iterdir())
