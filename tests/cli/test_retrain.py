"""generec retrain, and commands that find histories in a store."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.data import write_dataset
from generec.data.entries import Entry
from generec.serving.store import Store
from small_world import dataset, fill, trained

QUIET = ("--json", "--threads", "1", "--quiet")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_dataset(dataset(), tmp_path_factory.mktemp("data") / "shop")


@pytest.fixture(scope="module")
def model(tmp_path_factory, shop):
    return trained("sasrec").save(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with Store.open(f"sqlite:///{folder}/store.db", folder / "keys") as store:
        fill(store)
    return folder


@pytest.fixture
def place(blank, tmp_path, monkeypatch):
    shutil.copyfile(blank / "store.db", tmp_path / "store.db")
    monkeypatch.setenv("GENEREC_KEYS", str(blank / "keys"))
    monkeypatch.setenv("GENEREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("GENEREC_STORE", raising=False)
    return f"sqlite:///{tmp_path}/store.db"


@pytest.fixture
def store(place, blank):
    with Store.open(place, blank / "keys") as opened:
        yield opened


def ask(*arguments, code=0):
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, *QUIET)])
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


def test_histories_come_from_the_store(model, shop, place, store):
    told = ask("recommend", model, "--user", "u3", "--store", place)
    assert told == ask("recommend", model, "--user", "u3", "--data", shop)
    store.log("default").append([Entry(kind="click", user_id="u3", item_id="i7", time=99_000)])
    assert ask("recommend", model, "--user", "u3", "--store", place)["history"][-1] == "i7"
    store.people.forget("default", "u3", by="test")
    assert "u3" in ask("recommend", model, "--user", "u3", "--store", place, code=2)["error"]["message"]


def test_the_loop_finds_them_there_too(model, shop, place):
    asked = ("explain", model, "--user", "u3")
    assert ask(*asked, "--store", place) == ask(*asked, "--data", shop)
    refused = ask("gaps", model, "--store", place, code=2)["error"]["message"]
    assert "what from how" in refused, "the histories were found; the codes of this model do not serve"


@pytest.mark.parametrize(
    "words",
    [
        ("recommend", "--user", "u3"),
        ("chat", "--say", "lamps"),
        ("edit", "--item", "i1"),
        ("create",),
        ("explain",),
        ("gaps",),
    ],
)
def test_a_folder_and_a_store_are_one_too_many(words, model, shop, place):
    asked = (words[0], model, *words[1:], "--data", shop, "--store", place)
    assert "one of the two" in ask(*asked, code=2)["error"]["message"]


def test_a_mistyped_store_is_not_made(model, tmp_path, place):
    missing = tmp_path / "other.db"
    said = ask("recommend", model, "--user", "u3", "--store", f"sqlite:///{missing}", code=1)["error"]["message"]
    assert "there is no store" in said
    assert not missing.exists()
    nobody = ask("recommend", model, "--user", "u3", "--store", place, "--tenant", "other", code=2)
    assert "no tenant" in nobody["error"]["message"]


def newer(store):
    """Everybody goes on, mostly to the neighbour."""
    log = store.log("default")
    log.append(
        Entry(kind="click", user_id=f"u{n}", item_id=f"i{(7 * n + step) % 60}", time=20_000 + 1000 * step + n)
        for n in range(40)
        for step in range(4)
    )


def test_retrain_from_the_first_version_to_the_next(model, place, store, tmp_path):
    said = ask("retrain", "--store", place, code=2)["error"]["message"]
    assert "no model is active" in said
    kept = ask("retrain", model, "--store", place, "-o", tmp_path / "made", code=3)
    assert "too little is new" in kept["reason"]
    assert store.models.active("default").version == kept["serving"]
    newer(store)
    waiting = ask(
        "retrain", "--store", place, "-o", tmp_path / "made", "--margin", "1", "--no-activate", "--synthetic", "0"
    )
    assert waiting["accepted"]
    assert not waiting["activated"]
    done = ask("retrain", model, "--store", place, "-o", tmp_path / "made", "--margin", "1")
    assert done["activated"]
    assert Path(done["folder"]).name == "model.3"
    assert store.models.active("default").version == done["version"]
    other = ask("retrain", model, "--store", place, code=2)["error"]["message"]
    assert "leave" in other
    drift = ask("retrain", "--store", place, "--if-drifted", code=3)
    assert drift["drift"]["fires"] is False


def test_whose_events_count_is_said(model, tmp_path, monkeypatch):
    monkeypatch.setenv("GENEREC_KEYS", str(tmp_path / "keys"))
    place, made = f"sqlite:///{tmp_path}/world.db", dataset()
    with Store.open(place, tmp_path / "keys") as store:
        fill(store, replace(made, events=made.events.with_columns(source=pl.lit("simulated"))))
    refused = ask("retrain", model, "--store", place, "-o", tmp_path / "made", code=1)["error"]["message"]
    assert " simulated are there" in refused
    assert "--source NAME" in refused
    kept = ask(
        "retrain", "--store", place, "-o", tmp_path / "made", "--source", "human", "--source", "simulated", code=3
    )
    assert "too little is new" in kept["reason"], "they count now"
    machines = ask("retrain", "--store", place, "--source", "synthetic", code=2)["error"]["message"]
    assert "simulated" in machines


def test_retrain_for_people(model, place, store, tmp_path):
    newer(store)
    result = CliRunner().invoke(app, ["retrain", str(model), "--store", place, "-o", str(tmp_path / "made"),
                                      "--margin", "1", "--threads", "1"])  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "answers now instead of" in result.output
    assert "not worse: on the" in result.output
