"""Histories of a data set in the log: each event once, whatever happens, with who really acted."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from generec.errors import UsageError
from generec.serving.store import imports
from generec.serving.store.imports import Histories
from generec.types import Dataset
from small_world import PEOPLE, dataset

EVENTS = 8 * PEOPLE


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(imports, "_BATCH", 50)


def coming(store, data=None):
    return Histories(store, "default", data or dataset(), "me")


def count(store):
    return store.log("default").events().height


def test_people_have_their_histories_in_order(store):
    found = coming(store)
    assert found.due
    job = found.bring()
    assert (job.state, job.progress, job.result) == ("done", 1.0, {"events": EVENTS, "stored": EVENTS})
    whole = dataset().events.filter(pl.col("user_id") == "u7")
    assert [one.item_id for one in store.log("default").recent("u7")] == whole["item_id"].to_list()
    assert not found.due
    with pytest.raises(UsageError, match="already"):
        found.bring()
    assert count(store) == EVENTS


def test_what_was_interrupted_goes_on_and_stores_nothing_twice(store):
    batches = iter([False, False, True])
    stopped = coming(store).bring(stopped=lambda: next(batches))
    assert (stopped.state, count(store)) == ("failed", 100)
    assert coming(store).due
    told = []
    done = coming(store).bring(told.append)
    assert (told[0], sum(told)) == (100, EVENTS)
    assert (done.result["stored"], count(store)) == (EVENTS - 100, EVENTS)


def test_a_process_that_died_is_followed_once_nothing_is_heard_of_it(store, monkeypatch):
    store.jobs.begin("default", imports.KIND, {"data": coming(store).name}, by="me")
    with pytest.raises(UsageError, match="is running"):
        coming(store).bring()
    monkeypatch.setattr("generec.serving.store.jobs.STALE", -1)
    assert coming(store).bring().state == "done"
    assert [job.state for job in store.jobs.list("default")] == ["done", "failed"]


def test_who_was_deleted_meanwhile_does_not_come_back(store):
    gone: set[str] = set()

    def told(events):
        if not gone and store.log("default").recent("u0"):
            store.people.forget("default", "u0", by="me")
            gone.add("u0")

    coming(store).bring(told, lambda: frozenset(gone))
    people = set(store.log("default").events()["user_id"])
    assert people == {f"u{n}" for n in range(1, PEOPLE)}


def test_a_job_that_was_cancelled_is_not_begun_again_by_a_start(store):
    def told(events):
        if events:
            store.jobs.cancel("default", store.jobs.list("default")[0].id, by="me")

    with pytest.raises(UsageError, match="cancelled"):
        coming(store).bring(told)
    assert not coming(store).due
    assert coming(store).bring().state == "done"


def test_events_keep_their_source_and_those_without_times_their_order(store):
    events = (
        dataset()
        .events[:8]
        .with_columns(
            source=pl.Series(["human", "simulated", "odd", None] * 2),
            timestamp=pl.lit(None, pl.Int64),
            value=float("nan"),
        )
    )
    coming(store, replace(dataset(), events=events)).bring()
    found = store.log("default").events()
    assert found["source"].to_list() == ["human", "simulated", "human", "human"] * 2
    assert found["value"].to_list() == [None] * 8
    assert [one.item_id for one in store.log("default").recent("u0")] == events["item_id"].to_list()
    world = Dataset(dataset().events[8:10], dataset().catalog, None, {"world": {"seed": 0}})
    coming(store, world).bring()
    assert store.log("default").events()["source"].to_list()[8:] == ["simulated"] * 2


def test_into_a_log_with_events_nothing_comes_unasked(store):
    store.log("default").append([])
    assert coming(store).due
    coming(store).bring()
    other = replace(dataset(), events=dataset().events[:3])
    assert not coming(store, other).due
    assert coming(store, other).bring().result["stored"] == 3
