"""Approvals, jobs and kept answers: each thing is decided, done and answered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from generec.errors import InputError, UsageError
from generec.records import BackendCard, Draft, GateReport, Member, SetPayload, TextPayload, Verdict
from generec.serving.store import answers
from generec.serving.store.answers import Answer, BusyError

TEXT = Draft(id="d1", mode="created", payload=TextPayload("A calm walk.", "Walk"), backend=BackendCard("words"))
SET = Draft(
    id="d2", mode="created", backend=BackendCard("sets"),
    payload=SetPayload("An evening", (Member("a", "short"), Member("b", "long"))),
)  # fmt: skip


def report(draft, outcome="pass"):
    return GateReport(draft.id, (Verdict("safety", outcome, "block"),), "strict")


def test_an_approved_creation_is_an_item_with_its_origin(store):
    store.items.upsert("default", [{"item_id": "a", "title": "Tea", "price": 3}], by="me")
    waiting = store.approvals.submit("default", TEXT, report(TEXT), by="loop")
    assert store.approvals.submit("default", TEXT, report(TEXT), by="loop") == waiting
    store.approvals.submit("default", SET, report(SET), by="loop")
    assert [one.draft for one in store.approvals.page("default").rows] == [TEXT, SET]
    assert store.items.catalog("default").item_ids == ["a"]
    made = store.approvals.approve("default", "d1", item_id="walk", fields={"price": "2"}, by="owner")
    assert (made.state, made.by, made.item_id) == ("approved", "owner", "walk")
    expected = {"title": "Walk", "description": "A calm walk.", "price": 2.0, "origin": "created"}
    assert store.items.get("default", "walk").fields == expected
    store.approvals.approve("default", "d2", by="owner")
    assert store.items.get("default", "d2").fields["members"] == ["a", "b"]
    assert store.items.catalog("default").frame["origin"].to_list() == [None, "created", "created"]
    assert store.approvals.page("default").rows == ()
    assert [deed.act for deed in store.audit.page("default", limit=2).rows] == ["approved draft", "upsert item"]


def test_what_was_decided_stays(store):
    store.approvals.submit("default", TEXT, report(TEXT), by="loop")
    no = store.approvals.reject("default", "d1", reason="too calm", by="owner")
    assert (no.state, no.reason, no.item_id) == ("rejected", "too calm", None)
    with pytest.raises(UsageError, match="was rejected before"):
        store.approvals.approve("default", "d1", by="owner")
    assert store.approvals.page("default", state="rejected").rows == (no,) == (store.approvals.get("default", "d1"),)
    assert store.items.count("default") == 0
    with pytest.raises(UsageError, match="no draft 'd9'"):
        store.approvals.reject("default", "d9", by="owner")


def test_only_creations_that_passed_are_taken(store):
    edit = replace(TEXT, mode="edited")
    for draft, found, message in (
        (edit, report(edit), "never an item"),
        (TEXT, report(TEXT, "unknown"), "did not pass"),
        (TEXT, report(SET), "did not pass"),
        (TEXT, GateReport("d1", (), "strict"), "did not pass"),
    ):
        with pytest.raises(UsageError, match=message):
            store.approvals.submit("default", draft, found, by="loop")
    store.items.upsert("default", [{"item_id": "a", "title": "Tea", "price": 3}], by="me")
    store.approvals.submit("default", TEXT, report(TEXT), by="loop")
    with pytest.raises(UsageError, match="is or was in the catalogue"):
        store.approvals.approve("default", "d1", item_id="a", by="owner")
    with pytest.raises(InputError, match="price"):
        store.approvals.approve("default", "d1", fields={"price": "dear"}, by="owner")
    assert store.approvals.get("default", "d1").state == "waiting"


def test_a_job_is_taken_once_and_ends_once(store):
    asked = store.jobs.ask("default", "retrain", {"final": True}, by="me")
    assert (asked.state, asked.options, asked.result) == ("queued", {"final": True}, None)
    with pytest.raises(UsageError, match="a retrain is queued"):
        store.jobs.ask("default", "retrain", by="me")
    with ThreadPoolExecutor(4) as pool:
        taken = [job for job in pool.map(lambda _: store.jobs.take("default"), range(4)) if job is not None]
    assert [job.id for job in taken] == [asked.id]
    told = store.jobs.tell("default", asked.id, 0.5, "epoch 3 of 6")
    assert (told.state, told.progress, told.line) == ("running", 0.5, "epoch 3 of 6")
    done = store.jobs.end("default", asked.id, {"version": "v2", "kept": False})
    assert (done.state, done.progress, done.result) == ("done", 1.0, {"version": "v2", "kept": False})
    for late in (
        lambda: store.jobs.tell("default", asked.id, 0.9),
        lambda: store.jobs.end("default", asked.id, {}),
        lambda: store.jobs.cancel("default", asked.id, by="me"),
    ):
        with pytest.raises(UsageError, match="is done"):
            late()
    with pytest.raises(UsageError, match="there is no job"):
        store.jobs.get("default", "x")


def test_jobs_are_cancelled_and_those_of_a_dead_server_fail(store, monkeypatch):
    first = store.jobs.ask("default", "retrain", by="me")
    store.jobs.take("default")
    store.jobs.cancel("default", first.id, by="me")
    with pytest.raises(UsageError, match="is cancelled; nobody works on it"):
        store.jobs.tell("default", first.id, 0.2)
    second = store.jobs.ask("default", "retrain", by="me")
    store.jobs.take("default")
    assert store.jobs.recover("default") == 0, "a retraining that has just said something is alive"
    assert store.jobs.tell("default", second.id, 0.3).state == "running"
    monkeypatch.setattr("generec.serving.store.jobs.STALE", -1)
    assert store.jobs.recover("default") == 1
    assert store.jobs.get("default", second.id).state == "failed"
    assert [job.id for job in store.jobs.list("default")] == [second.id, first.id]
    assert store.jobs.take("default") is None


def test_a_request_sent_again_gets_the_first_answer(store):
    assert store.answers.claim("default", "k", b"POST a") is None
    with pytest.raises(BusyError, match="being worked on"):
        store.answers.claim("default", "k", b"POST a")
    store.answers.settle("default", "k", Answer(201, {"id": 1}))
    assert store.answers.claim("default", "k", b"POST a") == Answer(201, {"id": 1})
    with pytest.raises(UsageError, match="another request"):
        store.answers.claim("default", "k", b"POST b")
    store.answers.release("default", "k")  # what was answered stays
    assert store.answers.claim("default", "k", b"POST a") == Answer(201, {"id": 1})


def test_claims_lapse_and_answers_expire(store, monkeypatch):
    clock = [1000]
    monkeypatch.setattr(answers, "now", lambda: clock[0])
    assert store.answers.claim("default", "k", b"a") is None
    store.answers.release("default", "k")
    assert store.answers.claim("default", "k", b"a") is None
    clock[0] += answers.LAPSE
    assert store.answers.claim("default", "k", b"a") is None  # its worker died
    store.answers.settle("default", "k", Answer(200, None))
    assert store.answers.sweep("default") == 0
    clock[0] += answers.KEPT
    assert store.answers.sweep("default") == 1
    assert store.answers.claim("default", "k", b"b") is None


def test_of_many_equal_requests_one_is_worked_on(store):
    def claim(_):
        try:
            return store.answers.claim("default", "k", b"a") is None
        except BusyError:
            return False

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(claim, range(6))) == 1
