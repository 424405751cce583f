"""generec store and generec keys from the command line."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from generec.cli import store as commands
from generec.data.dataset import write_dataset
from generec.serving.store import Store
from small_world import dataset

APP = typer.Typer()
APP.add_typer(commands.app, name="store")
APP.add_typer(commands.keys, name="keys")


@pytest.fixture
def run(sqlite_place):
    def call(*arguments, code=0, url=sqlite_place.url):
        given = [*map(str, arguments), "--store", url, "--keys", str(sqlite_place.keys)]
        result = CliRunner().invoke(APP, given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == code, result.output
        return result.stdout if code == 0 else result.output

    return call


def test_keys_are_made_listed_and_revoked(run, sqlite_place):
    made = json.loads(run("keys", "create", "the shop", "--scope", "write", "--tenant", "shop", "--json"))
    with sqlite_place.open() as store:
        assert store.keys.authenticate(made["secret"]).tenant == "shop"
    assert made["secret"] not in run("keys", "list", "--tenant", "shop")
    assert json.loads(run("keys", "list", "--json")) == {"keys": []}
    run("keys", "revoke", made["id"], "--tenant", "shop")
    (listed,) = json.loads(run("keys", "list", "--tenant", "shop", "--json"))["keys"]
    assert listed["revoked"]
    assert "there is no key" in run("keys", "revoke", "x", code=2)


def test_a_data_set_is_imported_once(run, tmp_path, sqlite_place):
    write_dataset(dataset(), tmp_path / "data")
    said = json.loads(run("store", "import", "--data", tmp_path / "data", "--tenant", "shop", "--quiet", "--json"))
    assert (said["events"], said["stored"], said["tenant"]) == (320, 320, "shop")
    assert "already" in run("store", "import", "--data", tmp_path / "data", "--tenant", "shop", code=2)
    with sqlite_place.open() as store:
        assert len(store.log("shop").recent("u7")) == 8
        assert store.log("default").events().height == 0


def test_a_store_is_copied_brought_back_and_migrated(run, tmp_path, sqlite_place):
    said = json.loads(run("store", "backup", tmp_path / "copy", "--json"))
    assert said["bytes"] == (tmp_path / "copy").stat().st_size
    target = f"sqlite:///{tmp_path}/back.db"
    assert "is back" in run("store", "restore", tmp_path / "copy", url=target)
    assert "has the schema 0001 already" in run("store", "migrate", url=target)
    Store.open(target, sqlite_place.keys).close()
    assert "exists" in run("store", "restore", tmp_path / "copy", url=target, code=2)
