"""No tenant sees, changes or counts what another has: every function takes a tenant, and none reads past it."""

from __future__ import annotations

import inspect
from dataclasses import is_dataclass
from functools import cached_property

import pytest

from generec.data.entries import Entry
from generec.errors import UsageError
from generec.records import BackendCard, Draft, Feedback, GateReport, ProfileLine, TextPayload, Verdict
from generec.serving.store import Store
from generec.serving.store.answers import Answer
from generec.types import Catalog

DRAFT = Draft(id="d1", mode="created", payload=TextPayload("words", "title"), backend=BackendCard("b"))
REPORT = GateReport("d1", (Verdict("safety", "pass", "block"),), "p")
PARTS = ("items", "people", "models", "rules", "keys", "approvals", "jobs", "answers", "audit")
ACROSS = {("keys", "authenticate"), ("keys", "any")}
"""A secret says whose it is; whether there is any key says no more than that."""


def functions(store):
    for part in PARTS:
        for name, method in inspect.getmembers(getattr(store, part), inspect.ismethod):
            if not name.startswith("_"):
                yield part, name, method


def test_every_function_takes_the_tenant_first(store):
    found = list(functions(store))
    assert len(found) > 40
    bare = {
        (part, name) for part, name, method in found if next(iter(inspect.signature(method).parameters), "") != "tenant"
    }
    assert bare == ACROSS
    parts = {name for name, value in vars(Store).items() if isinstance(value, property | cached_property)}
    assert parts == {*PARTS, "tenants"}


@pytest.fixture
def full(store):
    """Tenant a has something in every table; tenant b exists."""
    for tenant in ("a", "b"):
        assert store.tenants.create(tenant)
    store.items.upsert("a", [{"item_id": "i1", "title": "secret tea", "price": 1}], by="ann")
    store.people.put_line("a", "u1", ProfileLine("l1", "secret wish", 1.0), by="ann")
    log = store.log("a")
    log.append([Entry(kind="click", user_id="u1", item_id="i1", time=1), Entry(kind="click", item_id="i1", time=2)])
    log.append([Feedback(turn="t", verdict="like", user_id="u1", item_id="i1", time=3)])
    log.mark_trained("m1", ["u1"])
    store.models.add("a", "m1", folder="/secret", manifest="ab" * 32, watermark=1, by="ann")
    store.models.activate("a", "m1", by="ann")
    store.rules.add("a", "boost", ["price < 5"], by="ann")
    store.approvals.submit("a", DRAFT, REPORT, by="ann")
    store.jobs.ask("a", "retrain", by="ann")
    store.answers.claim("a", "k", b"r")
    store.answers.settle("a", "k", Answer(200, "secret"))
    store.keys.create("a", "secret shop", ["read"], by="ann")
    return store


def reads(store, tenant):
    """What every reading function says."""
    log = store.log(tenant)
    return {
        "get": store.items.get(tenant, "i1"),
        "search": store.items.search(tenant).rows,
        "catalog": store.items.catalog(tenant).item_ids,
        "columns": store.items.columns(tenant),
        "changes": (store.items.changes_since(tenant, 0).items.item_ids, store.items.watermark(tenant)),
        "count": store.items.count(tenant),
        "profile": store.people.get(tenant, "u1").lines,
        "export": [store.people.export(tenant, "u1")[part] for part in ("known", "events", "models", "deeds")],
        "models": (store.models.list(tenant), store.models.active(tenant)),
        "rules": store.rules.list(tenant),
        "keys": store.keys.list(tenant),
        "approvals": (store.approvals.page(tenant, state=None).rows, store.approvals.get(tenant, "d1")),
        "jobs": store.jobs.list(tenant),
        "audit": store.audit.page(tenant).rows,
        "history": (log.history("u1"), log.recent("u1")),
        "events": log.events().height,
        "feedback": log.feedback(),
        "share": log.share(),
        "dataset": [log.dataset(Catalog(store.items.catalog("a").frame)).events.height],
        "unknown": log.dataset(Catalog(store.items.catalog("default").frame)).info["log"]["unknown_items"],
        "models_to_flag": log.models_to_flag("u1"),
        "flagged": log.flagged(),
    }


def nothing(value):
    """Whether an answer says nothing: empty, zero, None, or made of such."""
    if isinstance(value, dict | list | tuple):
        return all(nothing(one) for one in (value.values() if isinstance(value, dict) else value))
    return not value and not is_dataclass(value)


def test_nothing_is_read_across_tenants(full):
    mine = reads(full, "a")
    assert [name for name, value in mine.items() if nothing(value)] == ["flagged"]  # the fixture leaves no gap
    assert {name: value for name, value in reads(full, "b").items() if not nothing(value)} == {}
    full.people.forget("a", "u1", by="ann")
    assert not nothing(full.log("a").flagged())
    assert nothing(reads(full, "b"))


def test_nothing_is_changed_across_tenants(full):
    before = reads(full, "a")
    job = full.jobs.list("a")[0].id
    refused = [
        lambda: full.people.delete_line("b", "u1", "l1", by="bob"),
        lambda: full.models.activate("b", "m1", by="bob"),
        lambda: full.models.try_out("b", "m1", share=0.5, by="bob"),
        lambda: full.models.shadow("b", "m1", by="bob"),
        lambda: full.models.retire("b", "m1", by="bob"),
        lambda: full.models.get("b", "m1"),
        lambda: full.models.roll_back("b", by="bob"),
        lambda: full.rules.delete("b", full.rules.list("a")[0].id, by="bob"),
        lambda: full.keys.revoke("b", full.keys.list("a")[0].id, by="bob"),
        lambda: full.approvals.approve("b", "d1", by="bob"),
        lambda: full.approvals.reject("b", "d1", by="bob"),
        lambda: full.jobs.get("b", job),
        lambda: full.jobs.tell("b", job, 1.0),
        lambda: full.jobs.end("b", job, {}),
        lambda: full.jobs.cancel("b", job, by="bob"),
    ]
    for act in refused:
        with pytest.raises(UsageError) as error:
            act()
        assert "secret" not in str(error.value)
    assert full.items.delete("b", ["i1"], by="bob") == 0
    assert full.jobs.take("b") is None
    assert full.jobs.recover("b") == 0
    assert full.answers.claim("b", "k", b"another") is None
    full.answers.release("b", "k")
    assert full.answers.sweep("b") == 0
    assert not full.people.forget("b", "u1", by="bob").known
    full.people.put_line("b", "u1", ProfileLine("l1", "another's", 1.0), by="bob")
    full.items.upsert("b", [{"item_id": "i1", "title": "another's"}], by="bob")
    full.log("b").append([Entry(kind="click", user_id="u1", item_id="i2", time=9)])
    full.log("b").mark_trained("m1", ["u1"])
    assert reads(full, "a") == before
    assert full.answers.claim("a", "k", b"r") == Answer(200, "secret")


def test_a_key_belongs_to_one_tenant(full):
    made = full.keys.create("b", "shop", ["admin"], by="bob")
    assert full.keys.authenticate(made.secret).tenant == "b"


def test_names_of_tenants_cannot_run_into_one_another(store):
    for name in ("", "A", "a/b", "a b", "-a", "é", "a" * 64, "a\n"):
        with pytest.raises(UsageError, match="a tenant's name"):
            store.tenants.create(name)
    assert store.tenants.create("ab")
    assert not store.tenants.create("ab")
    assert store.tenants.create("a")
    store.log("a").append([Entry(kind="click", user_id="b/c", item_id="i1")])
    assert store.log("ab").events().height == 0
    assert store.log("a").history("b/c")[0].user_id == "b/c"
    assert store.tenants.names() == ("a", "ab", "default")
    with pytest.raises(UsageError, match="there is no tenant 'c'") as error:
        store.log("c")
    assert "ab" not in str(error.value)
