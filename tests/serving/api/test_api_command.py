"""generec serve as a process: it says where it answers, refuses to be open to others, and ends in order."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from generec.cli.histories import Behind, histories, learned
from generec.cli.serve import _histories, _told_who_answers, allowed, entered
from generec.data.dataset import read_dataset, write_dataset
from generec.data.entries import Entry
from generec.errors import ArtefactError, UsageError
from generec.serving.store import Store
from generec.serving.store.imports import KIND, Histories
from generec.types import Dataset
from small_world import ITEMS, dataset, fill, trained

START = "import typer; from generec.cli.serve import serve; typer.run(serve)"


@pytest.fixture
def start(tmp_path, model):
    def command(*options):
        place = [str(model), "--store", f"sqlite:///{tmp_path}/served.db", "--keys", str(tmp_path / "keys")]
        return subprocess.Popen(
            [sys.executable, "-c", START, *place, "--port", "0", *options], text=True, cwd=tmp_path,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "GENEREC_HOME": str(tmp_path / "home")},
        )  # fmt: skip

    return command


def test_it_knows_people_answers_where_it_says_and_ends_in_order(start, tmp_path):
    write_dataset(dataset(), tmp_path / "data")
    process = start("--data", str(tmp_path / "data"))
    try:
        address = process.stdout.readline().split()[5].rstrip("/,")
        body = json.dumps({"history": ["i1"], "k": 3}).encode()
        asked = urllib.request.Request(f"{address}/v1/recommend", body, {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as response:
            assert len(json.load(response)["items"]) == 3
        with urllib.request.urlopen(f"{address}/v1/users/u7/export", timeout=60) as response:
            assert len(json.load(response)["events"]) == 8
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert '"route": "/v1/recommend", "status": 200' in errors
    assert "Traceback" not in errors


def test_who_leaves_flags_the_model_that_learned_from_them(store, model, tmp_path):
    write_dataset(dataset(), tmp_path / "data")
    folder = trained_on(tmp_path / "data").save(tmp_path / "model")
    version = entered(store, "default", folder)
    found = histories(store, "default", folder, None, "test")  # it remembers where its data lie
    found.bring()
    assert learned(store, "default", version, folder, found)
    assert not learned(store, "default", version, folder, found)
    assert store.people.forget("default", "u7", by="test").models == (version,)
    assert [flag.version for flag in store.log("default").flagged()] == [version]
    other = entered(store, "default", model)
    some = Dataset(dataset().events[:9], dataset().catalog)
    assert not learned(store, "default", other, model, replace(found, data=some))
    with pytest.raises(UsageError, match="--data DIR"):
        histories(store, "default", model, None, "test")


def test_many_histories_come_while_the_server_answers(store, capsys, monkeypatch):
    done = []

    def behind():
        return Behind(lambda: Histories(store, "default", dataset(), "test"), frozenset, done.append)

    monkeypatch.setattr("generec.cli.histories.FEW", 10)
    many = behind()
    many.before()
    assert store.jobs.list("default") == ()
    many.after()
    many._thread.join()
    many.stop()
    assert (len(done), store.jobs.list("default")[0].state) == (1, "done")
    assert "while the server answers" in capsys.readouterr().err
    again = behind()
    again.before()
    again.after()
    again.stop()
    assert (len(done), len(store.jobs.list("default"))) == (2, 1)


def trained_on(folder):
    """A system whose record names its data, as `generec train` leaves it."""
    system, data = trained(), read_dataset(folder)
    about = {"directory": str(folder), "fingerprint": data.info["fingerprint"]}
    return replace(system, record={**system.record, "data": {**system.record.get("data", {}), **about}})


def test_what_is_under_way_is_answered_before_it_ends(start, tmp_path):
    process = start()
    try:
        address = process.stdout.readline().split()[5].rstrip("/,")

        def said(number):
            body = json.dumps({"words": "price below 20", "user_id": f"u{number}", "history": ["i1"]}).encode()
            asked = urllib.request.Request(f"{address}/v1/turn", body, {"content-type": "application/json"})
            with urllib.request.urlopen(asked, timeout=120) as response:
                return json.load(response)["id"]

        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(said, number) for number in range(4)]
            while not all(one.done() for one in asked):  # the first waits for the loop, the others for the first
                if json.loads(urllib.request.urlopen(f"{address}/v1/traffic").read())["queue"]["turns"] == 4:
                    break
            process.send_signal(signal.SIGTERM)
            answered = [one.result() for one in asked]
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, "Traceback" in errors) == (0, False)
    with Store.open(f"sqlite:///{tmp_path}/served.db", tmp_path / "keys") as left:
        assert [left.log("default").history(f"u{n}")[0].turn for n in range(4)] == answered


def test_it_does_not_listen_to_others_without_a_key(start, store):
    process = start("--host", "0.0.0.0")
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "generec keys create" in errors
    with pytest.raises(UsageError, match="no API key"):
        allowed(store, "192.0.2.1")
    allowed(store, "::1")
    store.keys.create("default", "page", ["read"], by="test")
    allowed(store, "0.0.0.0")


def test_a_model_is_entered_once_with_its_catalogue(store, model, tmp_path):
    version = entered(store, "default", model)
    assert version.startswith("shop-")
    assert store.items.count("default") == ITEMS
    assert store.models.active("default").watermark == store.items.watermark("default")
    store.items.delete("default", ["i1"], by="test")
    assert entered(store, "default", model) == version
    assert store.items.count("default") == ITEMS - 1
    with pytest.raises(ArtefactError, match="generec train"):
        entered(store, "default", tmp_path / "nowhere")


def test_a_restart_does_not_undo_a_retraining(store, model, capsys):
    first = entered(store, "default", model)
    entry = {"folder": str(model), "manifest": store.models.active("default").manifest, "watermark": 0, "by": "test"}
    store.models.add("default", "shop.2", **entry)
    _told_who_answers(store, "default", first)
    assert capsys.readouterr().err == ""
    store.models.activate("default", "shop.2", by="test")
    assert entered(store, "default", model) == first
    assert store.models.active("default").version == "shop.2"
    _told_who_answers(store, "default", first)
    assert f"/v1/models/{first}/activate" in capsys.readouterr().err


def test_the_loop_knows_the_people_of_the_store_once_they_are_all_there(store, tmp_path):
    write_dataset(dataset(), tmp_path / "data")
    system, url, keys = trained_on(tmp_path / "data"), f"sqlite:///{tmp_path}/store.db", tmp_path / "keys"
    read = _histories(store, url, "default", keys, None)
    store.tenants.create("default")
    assert read(system).info.get("source") != "store", "an empty store has nobody yet"
    fill(store)
    store.log("default").append([Entry(kind="click", user_id="new", item_id="i7", time=99_000)])
    found = read(system)
    assert found.events["user_id"].to_list()[-1] == "new"
    assert found.catalog is system.catalog
    job = store.jobs.begin("default", KIND, {}, by="test")
    assert "new" not in read(system).events["user_id"], "the others are still on their way"
    store.jobs.end("default", job.id, {})
    assert "new" in read(system).events["user_id"]
    assert "new" not in _histories(store, url, "default", keys, tmp_path / "data")(system).events["user_id"]


def test_a_time_that_is_none_is_refused_before_the_server_starts(start):
    process = start("--retrain", "at night")
    said, errors = process.communicate(timeout=60)
    assert (process.returncode, said) == (2, "")
    assert "no crontab line" in errors


AT_ONCE = """
import contextlib, functools, typer
from generec.serving.learning import schedule as learning
planned = learning.schedule
@contextlib.contextmanager
def schedule(*given, **named):
    with planned(*given, **named) as now:
        now()
        yield now
learning.schedule = schedule
options = ("--margin", "1", "--synthetic", "0", "--threads", "1")
learning.RetrainingProcess = functools.partial(learning.RetrainingProcess, options=options)
"""
"""What is due in the night is due at once, and everything is good enough."""


def test_a_retrained_version_answers_without_a_restart(tmp_path):
    folder = trained("sasrec").save(tmp_path / "models" / "shop")
    place = f"sqlite:///{tmp_path}/served.db"
    with Store.open(place, tmp_path / "keys") as store:
        fill(store)
        log = store.log("default")
        log.append(
            Entry(kind="click", user_id=f"u{n}", item_id=f"i{(7 * n + step) % ITEMS}", time=20_000 + 1000 * step + n)
            for n in range(40)
            for step in range(4)
        )
    words = [str(folder), "--store", place, "--keys", str(tmp_path / "keys"), "--port", "0", "--quiet",
             "--retrain", "0 3 1 1 *"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", AT_ONCE + START, *words], text=True, cwd=tmp_path, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, "GENEREC_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    try:
        address = process.stdout.readline().split()[5].rstrip("/,")
        end = time.monotonic() + 300  # retraining stands back where the machine has other work
        while time.monotonic() < end and process.poll() is None:
            with urllib.request.urlopen(f"{address}/v1/models", timeout=60) as response:
                found = {one["version"][:6]: one["state"] for one in json.load(response)}
            if found.get("shop.2") == "active":
                break
            time.sleep(0.1)
        body = json.dumps({"user_id": "u3", "k": 3}).encode()
        asked = urllib.request.Request(f"{address}/v1/recommend", body, {"content-type": "application/json"})
        with urllib.request.urlopen(asked, timeout=60) as response:
            answered = json.load(response)["model"]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert answered.startswith("shop.2"), errors
    assert (process.returncode, "Traceback" in errors) == (0, False)


def test_beside_a_catalogue_that_is_there_a_model_learns_all_of_it(store, model):
    store.items.load("default", dataset().catalog, by="test")
    entered(store, "default", model)
    assert store.models.active("default").watermark == 0
