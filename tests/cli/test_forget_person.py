"""Delete me, from the command line: key, rows, data, description; models are flagged; everybody else is untouched."""

from __future__ import annotations

import json
import warnings

import polars as pl
import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.data import read_dataset, write_dataset
from generec.data.dataset import fingerprint
from generec.data.entries import Entry
from generec.data.log import EventLog
from generec.types import Dataset
from small_world import catalog, dataset, trained

WHO, OTHER = "u3", "u7"


def ask(*arguments, code=0):
    words = [str(each) for each in (*arguments, "--json", "--quiet")]
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout) | {"heard": [str(one.message) for one in heard]}


@pytest.fixture
def lived(tmp_path):
    """The shop's events in a log, exported from it, and a model that learned from the export."""
    log = EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")
    rows = dataset().events.iter_rows(named=True)
    log.append(
        Entry(kind="click", user_id=row["user_id"], item_id=row["item_id"], time=row["timestamp"]) for row in rows
    )
    log.append([Entry(kind="instruction", user_id=WHO, stage="instruction", payload={"words": "brass, for my mother"})])
    exported = log.dataset(catalog())
    described = Dataset(exported.events, exported.catalog, dataset().users, exported.info)
    shop = write_dataset(described, tmp_path / "shop")
    log.mark_trained("model-1", exported.events["user_id"].unique().to_list(), until=exported.info["log"]["until"])
    system = trained()
    about = {**system.record["data"], "directory": str(shop), "fingerprint": fingerprint(exported)}
    system.record = {**system.record, "data": about}
    return log, shop, system.save(tmp_path / "models" / "model-1")


def test_a_person_is_deleted_everywhere(lived, tmp_path):
    log, shop, model = lived
    others = log.history(OTHER), read_dataset(shop).events.filter(pl.col("user_id") != WHO)
    answer = ask("recommend", model, "--user", OTHER, "--threads", 1)
    assert answer["heard"] == []
    assert ask("inspect", model, "--threads", 1)["people_deleted_since"] == 0
    log.engine.dispose()

    told = ask("data", "forget", tmp_path / "log.db", shop, "--user", WHO, "--keys", tmp_path / "keys",
               "--models", tmp_path / "models")  # fmt: skip
    out_of_log, out_of_data = told["places"]
    assert (out_of_log["events"], out_of_log["models"]) == (9, ["model-1"])
    assert out_of_log["key_destroyed"]
    assert out_of_log["wiped"]
    assert out_of_log["sound"]
    assert (out_of_data["events"], out_of_data["described"]) == (8, True)
    assert told["models"] == [{"model": str(model), "people": 1, "error": ""}]

    log = EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")
    assert log.verify() is None
    assert log.history(WHO) == ()
    assert [flag.version for flag in log.flagged()] == ["model-1"]
    assert WHO not in log.dataset(catalog()).events["user_id"].to_list()
    assert log.history(OTHER) == others[0]

    left = read_dataset(shop)
    assert left.events.equals(others[1])
    assert WHO not in left.users["user_id"].to_list()
    assert "unknown user" in ask("recommend", model, "--user", WHO, "--threads", 1, code=2)["error"]["message"]
    assert (
        "unknown person"
        in ask("chat", model, "--user", WHO, "--say", "lamps", "--threads", 1, code=2)["error"]["message"]
    )
    again = ask("recommend", model, "--user", OTHER, "--threads", 1)
    assert again["results"] == answer["results"]
    assert any("train it again" in said for said in again["heard"])
    assert ask("inspect", model, "--threads", 1)["people_deleted_since"] == 1


def test_no_byte_of_the_person_is_left_in_the_folder(tmp_path):
    name = "ann.the.first@example.org"
    shop = dataset(findings=[{"message": f"two rows of {name!r}"}, {"message": "two rows of 'i5'"}])
    events = shop.events.with_columns(pl.col("user_id").replace({WHO: name}))
    folder = write_dataset(Dataset(events, shop.catalog, shop.users, shop.info), tmp_path / "shop")
    assert name.encode() in b"".join(path.read_bytes() for path in folder.iterdir())
    ask("data", "forget", folder, "--user", name)
    assert name.encode() not in b"".join(path.read_bytes() for path in folder.iterdir())
    assert read_dataset(folder).info["findings"] == [{"message": "two rows of 'i5'"}]
    assert [path.name for path in tmp_path.iterdir()] == ["shop"]


def test_asking_twice_or_for_a_stranger_changes_nothing(tmp_path):
    shop = write_dataset(dataset(), tmp_path / "shop")
    ask("data", "forget", shop, "--user", WHO)
    before = (shop / "dataset.json").read_bytes()
    for user in (WHO, "nobody"):
        assert not ask("data", "forget", shop, "--user", user)["places"][0]["known"]
    assert (shop / "dataset.json").read_bytes() == before


def test_every_deletion_counts_for_the_models_before_it(tmp_path):
    from generec.data.forget import deleted_since, forget

    shop = write_dataset(dataset(), tmp_path / "shop")
    first, second = forget(shop, "u1"), forget(shop, "u2")
    assert forget(shop, "newcomer").described  # without events: no model learned from them
    info = read_dataset(shop).info
    assert [deleted_since(info, state) for state in (first.was, second.was, second.now, "other")] == [2, 1, 0, 0]


def test_a_write_that_was_interrupted_is_named(tmp_path):
    shop = write_dataset(dataset(), tmp_path / "shop")
    (tmp_path / ".shop.replaced-x").mkdir()
    assert ask("data", "forget", shop, "--user", WHO)["places"][0]["left"] == [str(tmp_path / ".shop.replaced-x")]


@pytest.mark.parametrize(("arguments", "named"), [(["--user", "u3"], "--keys"), (["--user", ""], "--user")])
def test_what_is_missing_is_named(tmp_path, arguments, named):
    assert named in ask("data", "forget", tmp_path / "log.db", *arguments, code=2)["error"]["message"]


def test_a_log_that_is_not_there_is_not_made(tmp_path):
    told = ask("data", "forget", tmp_path / "log.db", "--user", WHO, "--keys", tmp_path / "keys", code=1)
    assert "neither" in told["error"]["message"]
    assert list(tmp_path.iterdir()) == []
