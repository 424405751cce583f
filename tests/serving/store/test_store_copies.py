"""Copies: made while others write, refused when they are damaged, brought back only to where nothing is."""

from __future__ import annotations

import json
import shutil
import threading
from itertools import count
from pathlib import Path

import pytest

from generec.data.entries import Entry
from generec.errors import InputError, UsageError
from generec.serving.store import Store, copies

NUMBERS = count()


@pytest.fixture
def elsewhere(place, tmp_path, request):
    """A URL of the same kind where no store is."""
    if place.url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/new/restored.db"
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on the path")
    return request.getfixturevalue("cluster").make(f"restored{next(NUMBERS)}")


def test_a_copy_made_while_others_write_comes_back_whole(store, place, elsewhere, tmp_path):
    store.items.upsert("default", [{"item_id": "a", "title": "Tea"}], by="me")
    log, stop = store.log("default"), threading.Event()
    log.append([Entry(kind="click", user_id="ann", item_id=f"i{n}") for n in range(50)])
    written = []

    def write():
        while not stop.is_set():
            log.append([Entry(kind="click", user_id="bob", item_id="x", payload={"words": "y" * 2000})])
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not written:
            stop.wait(0.01)
        made = store.backup(tmp_path / "copies" / "one")
    finally:
        stop.set()
        writer.join()
    assert made.bytes == (tmp_path / "copies" / "one").stat().st_size
    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["one", "one.json"]
    assert Store.restore(tmp_path / "copies" / "one", elsewhere, place.keys) == made
    with Store.open(elsewhere, place.keys) as restored:
        assert restored.items.catalog("default").item_ids == ["a"]
        assert len(restored.log("default").history("ann")) == 50
        assert 1 <= len(restored.log("default").history("bob")) <= len(written)
        assert restored.log("default").verify() is None
    with pytest.raises((UsageError, InputError), match="exists"):
        Store.restore(tmp_path / "copies" / "one", elsewhere, place.keys)


def test_a_copy_is_not_written_over(store, elsewhere, tmp_path):
    (tmp_path / "one").write_text("mine")
    with pytest.raises(UsageError, match="exists; name another file"):
        store.backup(tmp_path / "one")
    assert (tmp_path / "one").read_text() == "mine"


def test_damaged_copies_are_refused(sqlite_place, tmp_path):
    target = f"sqlite:///{tmp_path}/restored.db"
    path, beside = tmp_path / "copy", tmp_path / "copy.json"
    with sqlite_place.open() as store:
        store.log("default").append([Entry(kind="click", user_id="ann", item_id="i1")])
        store.backup(path)
    whole, described = path.read_bytes(), beside.read_text()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (bytes(flipped), whole[:-4096], b""):
        path.write_bytes(content)
        with pytest.raises(InputError, match="changed or cut off"):
            Store.restore(path, target, sqlite_place.keys)
    path.write_bytes(whole)
    for text in ("{}", "no json", json.dumps({**json.loads(described), "store": "oracle", "more": 1})):
        beside.write_text(text)
        with pytest.raises(InputError, match="this is no Copy"):
            Store.restore(path, target, sqlite_place.keys)
    beside.unlink()
    with pytest.raises(InputError, match=r"copy\.json: no such file"):
        Store.restore(path, target, sqlite_place.keys)
    beside.write_text(described)
    with pytest.raises(InputError, match="another master key"):
        Store.restore(path, target, tmp_path / "other-keys")
    with pytest.raises(UsageError, match="is a copy of sqlite"):
        Store.restore(path, "postgresql://x@/y", sqlite_place.keys)
    assert not Path(target.removeprefix("sqlite:///")).exists()
    Store.restore(path, target, sqlite_place.keys)


def test_a_copy_whose_log_was_changed_is_not_made(sqlite_place, tmp_path):
    import sqlite3

    with sqlite_place.open() as store:
        store.log("default").append([Entry(kind="click", user_id="ann", item_id="i1")])
        with sqlite3.connect(tmp_path / "store.db") as other:
            other.execute("UPDATE event SET item_id = 'i2'")
        other.close()
        with pytest.raises(InputError, match="row 1 of the event log: its readable side differs"):
            store.backup(tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_without_pg_dump_the_command_is_said(monkeypatch, tmp_path):
    from sqlalchemy.engine import make_url

    monkeypatch.setattr(copies.shutil, "which", lambda _: None)
    url = make_url("postgresql+psycopg://ann:hush@db.example/shop")
    with pytest.raises(UsageError, match=r"pg_dump is not installed .* run: pg_dump --format=custom") as error:
        copies.backup(url, tmp_path / "copy", lambda _: None)
    assert "postgresql://ann@db.example/shop" in str(error.value)
    assert "hush" not in str(error.value)
