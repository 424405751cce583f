"""A store as a data set: what counts, what stays out, who is gone, and that a data set comes back as it went in."""

from dataclasses import replace

import polars as pl
import pytest
import sqlalchemy as sql
from polars.testing import assert_frame_equal

from generec.data.chain import PEOPLE
from generec.data.dataset import EVENT_SCHEMA, _validate
from generec.data.entries import Entry
from generec.data.log import NOT_ABOUT_ITEMS
from generec.data.split import split
from generec.records import BackendCard, Draft, GateReport, TextPayload, Verdict
from generec.serving.store import Store
from generec.serving.store import dataset as of_store
from generec.types import Catalog, Dataset
from small_world import catalog, dataset, fill


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db", tmp_path / "keys") as opened:
        yield opened


@pytest.fixture
def filled(store):
    store.items.load("default", catalog(), by="test")
    return store


def naive(store, tenant="default"):
    """All of it at once, in plain Python: who comes first stands first, then by time, then by arrival."""
    rows = [
        (user, item, when, kind, value)
        for user, item, when, kind, value, source, stage in store.log(tenant)
        .events()
        .select("user_id", "item_id", "timestamp", "event", "value", "source", "stage")
        .iter_rows()
        if user and item and source == "human" and stage in ("slate", "retrieval") and kind not in of_store.UNASKED
        if item in store.items.catalog(tenant)
    ]
    first = {user: place for place, user in reversed(list(enumerate(row[0] for row in rows)))}
    return sorted(rows, key=lambda row: (first[row[0]], row[2]))


def shown(data):
    return data.events.select("user_id", "item_id", "timestamp", "event", "value").rows()


def test_a_data_set_comes_back_equal(store, monkeypatch):
    monkeypatch.setattr(of_store, "_BATCH", 7)
    given = dataset(repeats=True, licence="CC0")
    fill(store, given)
    back = of_store.read(store, "default", about=given.info)
    assert_frame_equal(back.events.select(EVENT_SCHEMA.names()), given.events)
    assert_frame_equal(back.catalog.frame, given.catalog.frame)
    assert back.repeats
    assert (back.info["licence"], back.info["rights"]) == ("CC0", "own")
    assert back.info["log"]["until"] == given.events.height
    assert back.info["log"]["catalogue"] == store.items.watermark("default")
    _validate(back, "the store")


def test_people_out_of_alphabetical_order_and_ties_come_back_in_their_order(store):
    rows = [("z", "i3", 5), ("z", "i1", 5), ("a", "i2", 1), ("a", "i9", 9), ("m", "i4", 2)]
    events = pl.DataFrame([(*row, "view", None, None) for row in rows], schema=EVENT_SCHEMA, orient="row")
    fill(store, Dataset(events, catalog()))
    assert_frame_equal(of_store.read(store, "default").events.select(EVENT_SCHEMA.names()), events)


def test_what_counts_and_what_does_not(filled, monkeypatch):
    monkeypatch.setattr(of_store, "_BATCH", 3)
    log = filled.log("default")
    of_no_item = [Entry(kind=kind, user_id="u1", item_id="i1", time=1) for kind in NOT_ABOUT_ITEMS]
    log.append(
        [
            Entry(kind="click", user_id="u1", item_id="i1", time=10),
            Entry(kind="rating", user_id="u1", item_id="i2", time=9, value=1.0),
            Entry(kind="dislike", user_id="u1", item_id="i3", time=8),
            Entry(kind="click", user_id="u2", item_id="i4", time=7, source="synthetic"),
            Entry(kind="click", user_id="u2", item_id="i4", time=7, stage="edit"),
            Entry(kind="click", user_id="u2", item_id="gone", time=7),
            Entry(kind="impression", user_id="u2", item_id="i5", time=6, position=0),
            Entry(kind="click", user_id=None, item_id="i6", time=6),
            Entry(kind="instruction", user_id="u1", time=5, payload={"words": "lamps"}),
            *of_no_item,
        ]
    )
    found = of_store.read(filled, "default")
    assert shown(found) == naive(filled)
    assert shown(found) == [
        ("u1", "i3", 8, "dislike", None),
        ("u1", "i2", 9, "rating", 1.0),
        ("u1", "i1", 10, "click", None),
    ]
    assert found.info["log"]["unknown_items"] == 1
    both = of_store.read(filled, "default", sources=None)
    assert both.events["source"].to_list() == ["human"] * 3 + ["synthetic"]
    assert shown(of_store.read(filled, "default", kinds=("impression",))) == [("u2", "i5", 6, "impression", None)]
    trained = split(found).train
    assert trained.items.numel() == 2, "a dislike is kept, and taught to nobody"


def test_a_later_event_of_an_early_person_moves_nobody(filled):
    log = filled.log("default")
    log.append([Entry(kind="view", user_id=user, item_id="i1", time=1) for user in ("b", "a")])
    before = of_store.read(filled, "default")
    log.append([Entry(kind="view", user_id="b", item_id="i2", time=5), Entry(kind="view", user_id="c", item_id="i2")])
    after = of_store.read(filled, "default")
    assert after.events["user_id"].to_list() == ["b", "b", "a", "c"]
    again = of_store.read(filled, "default", until=before.info["log"]["until"])
    assert_frame_equal(again.events, before.events)


def test_deleted_people_and_lost_keys_are_gone_and_tenants_apart(filled):
    filled.tenants.create("other")
    filled.items.load("other", catalog(), by="test")
    for tenant in ("default", "other"):
        entries = [Entry(kind="view", user_id=user, item_id="i1", time=1) for user in ("ann", "bob", "cyd")]
        filled.log(tenant).append(entries)
    filled.people.forget("default", "ann", by="test")
    assert of_store.read(filled, "default").events["user_id"].to_list() == ["bob", "cyd"]
    assert of_store.read(filled, "other").events.height == 3
    lookup = filled.db.vault.lookup("default/bob")
    with filled.db.engine.connect().execution_options(writes=True) as c, c.begin():
        c.execute(sql.update(PEOPLE).where(PEOPLE.c.lookup == lookup).values(key=b"no key of ours"))
    found = of_store.read(filled, "default")
    assert found.events["user_id"].to_list() == ["cyd"]
    assert found.info["log"]["unreadable"] == 1


def test_the_catalogue_says_who_made_what(filled):
    payload = TextPayload("A lamp that folds.", "Folding lamp")
    draft = Draft(id="d1", mode="created", payload=payload, backend=BackendCard("words"))
    passed = GateReport("d1", (Verdict("safety", "pass", "block"),), "strict")
    filled.approvals.submit("default", draft, passed, by="test")
    filled.approvals.approve("default", "d1", item_id="made", by="owner")
    filled.log("default").append([Entry(kind="view", user_id="u", item_id="made", time=1)])
    found = of_store.read(filled, "default")
    origins = dict(found.catalog.frame.select("item_id", "origin").rows())
    assert origins["made"] == "created"
    assert {origin for item, origin in origins.items() if item != "made"} == {"human"}
    assert found.events["item_id"].to_list() == ["made"]
    filled.items.delete("default", ["made"], by="test")
    assert of_store.read(filled, "default").events.is_empty()


def test_the_flag_goes_over_to_a_clean_successor_only(filled):
    log = filled.log("default")
    log.append([Entry(kind="view", user_id=user, item_id="i1", time=1) for user in ("ann", "bob", "cyd")])
    log.mark_trained("one", ["ann", "bob"])
    filled.people.forget("default", "ann", by="test")
    assert [flag.version for flag in log.flagged()] == ["one"]
    log.mark_trained("two", ["bob", "ann"])  # read before the deletion
    of_store.replaced(filled, "default", "one", "two")
    assert {flag.version for flag in log.flagged()} == {"one", "two"}
    log.mark_trained("three", ["bob"])
    of_store.replaced(filled, "default", "one", "three")
    of_store.replaced(filled, "default", "two", "three")
    assert log.flagged() == ()
    of_store.replaced(filled, "default", "three", "two")
    assert [flag.version for flag in log.flagged()] == ["two"], "it answers again"
    assert of_store.marked(filled, "default", "three")
    assert not of_store.marked(filled, "default", "four")
    assert not of_store.marked(replace(filled), "other", "three")


def test_an_empty_store_gives_an_empty_data_set(store):
    found = of_store.read(store, "default")
    assert found.events.is_empty()
    assert found.events.schema["timestamp"] == pl.Int64
    assert isinstance(found.catalog, Catalog)
