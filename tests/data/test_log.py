"""The event log: what is acknowledged is there once, views are data sets, and no row can be changed unnoticed."""

import importlib.util
import sqlite3
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sql
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from generec.data import chain, read_dataset, write_dataset
from generec.data.entries import Entry, Receipt, numbers
from generec.data.log import Broken, EventLog
from generec.data.split import split
from generec.data.vault import Vault
from generec.errors import InputError
from generec.records import Feedback
from generec.serving.store import Store
from generec.types import Catalog

CATALOG = Catalog(pl.DataFrame({"item_id": [f"i{n}" for n in range(9)]}))


@pytest.fixture
def log(tmp_path):
    return EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")


def again(log, tmp_path):
    log.engine.dispose()
    return EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")


FEEDBACK = Feedback(
    turn="t1", verdict="correct", stage="instruction", user_id="ann", item_id="i1", draft="d1", position=2,
    correction='{"act": "recommend", "note": "schöne Grüße"}', value=1.5, source="simulated", weight=0.2, time=77,
)  # fmt: skip


def test_events_come_out_as_they_went_in(log, tmp_path):
    shown = Entry(
        kind="impression", user_id="ann", item_id="i1", variant="d1", time=5, turn="t1", model="m1", position=0,
        propensity=0.25, payload={"words": "something calm", "alternatives": ["i2", 3, None]}, key="k1",
    )  # fmt: skip
    anonymous = Entry(kind="click", item_id="i2", time=6)
    assert log.append([shown, anonymous]) == Receipt(2, 0, 2)
    assert log.append([FEEDBACK]) == Receipt(1, 0, 3)
    log = again(log, tmp_path)
    assert log.append([FEEDBACK, replace(FEEDBACK, time=78)]) == Receipt(1, 1, 4)
    assert log.history("ann")[0] == replace(shown, key="")
    assert log.feedback() == (FEEDBACK, replace(FEEDBACK, time=78))
    assert log.history("nobody knows") == ()
    assert log.events()["user_id"].to_list() == ["ann", None, "ann", "ann"]
    assert log.verify() is None


def test_the_time_of_arrival_is_stamped_where_none_is_given(log):
    log.append([Entry(kind="click", user_id="ann", item_id="i1")])
    (entry,) = log.history("ann")
    assert entry.time > 1_700_000_000


def test_views_take_what_they_are_asked_for(log):
    rows = [
        Entry(kind=kind, user_id="ann", item_id="i1", time=1, stage=stage, source=source)
        for kind in ("click", "like")
        for stage in ("slate", "edit")
        for source in ("human", "simulated", "synthetic", "human")
    ]
    log.append(rows)
    assert log.events().height == 16
    assert log.events(sources=["human"]).height == 8
    assert log.events(sources=["simulated"], stages=["edit"], kinds=["like"]).height == 1
    assert log.events(kinds=[]).height == 0
    assert log.share() == 0.5
    assert log.share("simulated") == 0.25


def test_the_share_of_an_empty_log(log):
    assert log.share() == 0
    assert log.verify() is None
    assert log.dataset(CATALOG).events.height == 0


def test_a_view_is_a_data_set(log, tmp_path):
    person = [Entry(kind="click", user_id="ann", item_id=f"i{n}", time=10 - n) for n in range(4)]
    left_out = [
        Entry(kind="click", user_id="ann", item_id="gone", time=1),
        Entry(kind="click", item_id="i1", time=1),
        Entry(kind="instruction", user_id="ann", time=1, stage="instruction", payload={"words": "calm"}),
        Entry(kind="correct", user_id="ann", item_id="i1", time=1),
        Entry(kind="click", user_id="sim", item_id="i1", time=1, source="simulated"),
        Entry(kind="reject", user_id="ann", item_id="i1", variant="d", time=1, stage="edit"),
    ]
    edited = Entry(kind="like", user_id="bob", item_id="i5", variant="draft-1", time=3)
    log.append([*person, *left_out, edited])
    data = log.dataset(CATALOG)
    assert data.events.select("user_id", "item_id", "timestamp", "event").rows() == [
        *(("ann", f"i{n}", 10 - n, "click") for n in (3, 2, 1, 0)),
        ("bob", "i5", 3, "like"),  # the parent is credited, the variant stands beside it
    ]
    assert data.events["variant"].to_list()[-1] == "draft-1"
    assert data.info["log"] == {"until": 11, "sources": ["human"], "unknown_items": 1}
    assert split(data).test[0].relevant == ("i0",)
    assert read_dataset(write_dataset(data, tmp_path / "set")).events.height == 5
    assert log.dataset(CATALOG, sources=None, stages=None).events.height == 6
    assert log.dataset(CATALOG, stages=None, kinds=["reject"]).events["variant"].to_list() == ["d"]


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from(["ann", "bob", None]), st.sampled_from("xyz"), st.booleans()), max_size=6),
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None)
def test_a_key_is_stored_once_whoever_sends_it_how_often(batches):
    """The naive twin is a set of (person, key)."""
    log = EventLog(chain.opened("sqlite://", Vault(bytes(32))), Vault(bytes(32)))
    seen, stored = set(), []
    for batch in batches:
        receipt = log.append(
            Entry(kind="click", user_id=who, item_id=key, key=key if keyed else "") for who, key, keyed in batch
        )
        before = len(stored)
        for who, key, keyed in batch:
            if not keyed or (who, key) not in seen:
                stored.append((who, key))
                seen |= {(who, key)} if keyed else set()
        assert receipt == Receipt(len(stored) - before, len(batch) - len(stored) + before, len(stored))
    assert log.events().select("user_id", "item_id").rows() == stored
    assert log.verify() is None
    log.engine.dispose()


def test_threads_and_openings_that_write_at_once_lose_and_double_nothing(log, tmp_path):
    logs = [log, EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")]
    receipts, together = [], threading.Barrier(8)

    def writing(number):
        together.wait()
        for n in range(12):
            entry = Entry(kind="click", user_id=f"u{n % 3}", item_id=f"{number}-{n}", key=f"{number // 2}-{n}")
            receipts.append(logs[number % 2].append([entry, Entry(kind="like", user_id="w", item_id=f"{number}-{n}")]))

    threads = [threading.Thread(target=writing, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = log.events()
    assert len(receipts) == 96
    assert sum(receipt.stored for receipt in receipts) == events.height == 96 + 48
    assert sum(receipt.repeated for receipt in receipts) == 48
    assert events.filter(pl.col("event") == "like")["item_id"].n_unique() == 96
    assert log.verify() is None


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kind": ""}, "kind"), ({"user_id": ""}, "user_id"), ({"item_id": "x" * 513}, "item_id"),
        ({"turn": "a\0b"}, "turn"), ({"user_id": "\ud800"}, "user_id"), ({"key": "\ud800"}, "key"),
        ({"stage": "lunch"}, "stage"), ({"source": "dream"}, "source"), ({"propensity": 0.0}, "propensity"),
        ({"weight": -1.0}, "weight"), ({"value": float("nan")}, "value"), ({"time": 2**63}, "time"),
        ({"position": "1"}, "position"), ({"payload": {"a": object()}}, "payload"),
        ({"payload": {"a": "\ud800"}}, "payload"),
    ],
)  # fmt: skip
def test_what_a_store_cannot_hold_is_refused_by_row_and_nothing_is_stored(log, wrong, message):
    good = Entry(kind="click", user_id="ann", item_id="i1")
    with pytest.raises(InputError, match=f"row 2: no event: {message}"):
        log.append([good, replace(good, **wrong)])
    assert log.events().height == 0


def test_a_failed_write_is_acknowledged_to_nobody(log):
    log.append([Entry(kind="click", user_id="ann", item_id="i1")])
    with log.engine.begin() as c:
        c.exec_driver_sql("ALTER TABLE event RENAME TO elsewhere")
    failed = []

    def writing():
        try:
            log.append([Entry(kind="click", user_id="new", item_id="i2")])
        except sql.exc.OperationalError as error:
            failed.append(error)

    threads = [threading.Thread(target=writing) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 4
    with log.engine.begin() as c:
        c.exec_driver_sql("ALTER TABLE elsewhere RENAME TO event")
    assert log.events().height == 1
    assert log.verify() is None
    assert log.append([Entry(kind="click", user_id="new", item_id="i2")]).last == 2


def test_a_log_opens_under_its_own_key_and_version_only(log, tmp_path):
    url = f"sqlite:///{tmp_path}/log.db"
    with pytest.raises(InputError, match="another master key"):
        EventLog.open(url, tmp_path / "other")
    with log.engine.begin() as c:
        c.exec_driver_sql("UPDATE head SET version = 99")
    with pytest.raises(InputError, match="version 99"):
        EventLog.open(url, tmp_path / "keys")
    for odd in ("no url", "sqlite:////no/such/folder/log.db", f"sqlite:///{__file__}"):
        with pytest.raises(InputError, match="cannot be opened"):
            EventLog.open(odd, tmp_path / "keys")


_TO_1 = (  # a log as it was before events named the one before them
    "ALTER TABLE event DROP COLUMN previous", "DROP TABLE latest", "CREATE INDEX ix_event_person ON event (person)",
    "UPDATE head SET version = 1",
)  # fmt: skip


def test_a_log_of_the_version_before_is_brought_up(log, tmp_path):
    for n in range(9):
        log.append([Entry(kind="click", user_id=("ann", "bob", "cid")[n % 3], item_id=f"i{n}", time=n)])
    assert log.forget("cid").events == 3
    before = {name: log.history(name) for name in ("ann", "bob")}
    with log.engine.begin() as c:
        for step in _TO_1:
            c.exec_driver_sql(step)
    log.engine.dispose()
    with pytest.raises(InputError, match="another master key"):
        EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "other")
    brought = again(log, tmp_path)
    assert brought.verify() is None
    assert {name: brought.history(name) for name in before} == before
    brought.append([Entry(kind="click", user_id="ann", item_id="new", time=99)])
    assert [entry.item_id for entry in brought.history("ann")] == ["i0", "i3", "i6", "new"]
    assert brought.forget("bob").events == 3
    assert brought.verify() is None


def test_what_a_writer_knows_of_people_ends_with_every_other_writer(log, tmp_path):
    """A person deleted elsewhere gets a new key here, and the events before them are not taken for theirs."""
    other = again(log, tmp_path)
    for n in range(3):
        log.append([Entry(kind="click", user_id="ann", item_id=f"a{n}", time=n)])
    other.append([Entry(kind="click", user_id="ann", item_id="a3", time=3)])
    log.append([Entry(kind="click", user_id="ann", item_id="a4", time=4)])
    assert [entry.item_id for entry in log.history("ann")] == [f"a{n}" for n in range(5)]
    assert other.forget("ann").events == 5
    log.append([Entry(kind="click", user_id="ann", item_id="again")])
    assert [entry.item_id for entry in log.history("ann")] == ["again"]
    assert log.verify() is None


@pytest.mark.parametrize("table", ["chain", "event", "latest"])
def test_what_is_undone_is_not_remembered(log, table):
    """People who were introduced by an append that failed are strangers again."""
    log.append([Entry(kind="click", user_id="ann", item_id="a0")])
    with log.engine.begin() as c:
        c.exec_driver_sql(f"CREATE TRIGGER full BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(IntegrityError, match="disk full"):
        log.append([Entry(kind="click", user_id=name, item_id="i") for name in ("ann", "new")])
    with log.engine.begin() as c:
        c.exec_driver_sql("DROP TRIGGER full")
    log.append([Entry(kind="click", user_id=name, item_id="j") for name in ("new", "ann")])
    assert log.verify() is None
    assert [entry.item_id for entry in log.history("ann")] == ["a0", "j"]
    assert [entry.item_id for entry in log.history("new")] == ["j"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
@settings(max_examples=40, deadline=None)
def test_a_person_s_events_are_found_as_a_scan_finds_them(told):
    """By the way from each event to the one before it; the scan is the naive twin."""
    with tempfile.TemporaryDirectory() as folder:
        log = EventLog.open(f"sqlite:///{folder}/log.db", f"{folder}/keys")
        kept: dict[str, list[str]] = {}
        for n, (name, leaves) in enumerate(told):
            if leaves:
                assert log.forget(name).events == len(kept.pop(name, []))
            else:
                log.append([Entry(kind="click", user_id=name, item_id=f"i{n}", time=n)])
                kept.setdefault(name, []).append(f"i{n}")
        for name in "abc":
            assert [entry.item_id for entry in log.history(name)] == kept.get(name, [])
        with log.engine.connect() as c:
            for person, last in c.exec_driver_sql("SELECT person, seq FROM latest").all():
                query = sql.select(numbers(sql.literal(person)).c.seq)
                scan = c.exec_driver_sql("SELECT seq FROM event WHERE person = ? ORDER BY seq DESC", (person,))
                assert c.scalars(query).all() == scan.scalars().all()
                assert last == c.scalar(query)
        assert log.verify() is None
        log.engine.dispose()


def test_one_person_is_asked_for_without_reading_all_events(tmp_path):
    log = replace(Store.open(f"sqlite:///{tmp_path}/store.db", tmp_path / "keys").log("default"))
    log.append([Entry(kind="click", user_id=name, item_id="i1") for name in ("ann", "bob")])
    asked = []
    sql.event.listen(
        log.engine, "before_cursor_execute", lambda c, cursor, text, given, *_: asked.append((text, given))
    )
    assert log.history("ann")
    assert log.recent("ann")
    assert log.forget("ann").events == 1
    with log.engine.connect() as c:
        plans = {
            text: [row[3] for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
            for text, given in list(asked) if "event" in text and "RECURSIVE" in text
        }  # fmt: skip
    assert len(plans) == 3
    assert not [step for plan in plans.values() for step in plan if "SCAN event" in step or "SCAN chain" in step], plans


def changed_link(c):
    """Somebody without the keys rewrites a ciphertext and every link after it."""
    rows = c.execute("SELECT seq, act, person, token, sealed FROM chain ORDER BY seq").fetchall()
    before = chain.GENESIS
    for seq, act, person, mark, sealed in rows:
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1]) if seq == 4 else sealed
        row = chain.link(before, seq, act, person, mark, sealed)
        before = row["link"]
        c.execute("UPDATE chain SET sealed = ?, link = ? WHERE seq = ?", (sealed, before, seq))
    c.execute("UPDATE head SET link = ?", (before,))


def swapped(c):
    for old, new in ((4, 0), (5, 4), (0, 5)):
        c.execute("UPDATE chain SET seq = ? WHERE seq = ?", (new, old))


TAMPERING = {
    "a ciphertext": (4, lambda c: c.execute("UPDATE chain SET sealed = zeroblob(60) WHERE seq = 4")),
    "a link": (4, lambda c: c.execute("UPDATE chain SET link = zeroblob(32) WHERE seq = 4")),
    "a ciphertext and all links": (4, changed_link),
    "whose it is": (
        4,
        lambda c: c.execute("UPDATE chain SET person = (SELECT person FROM chain WHERE seq = 1) WHERE seq = 4"),
    ),
    "the order": (4, swapped),
    "a row taken out": (4, lambda c: c.execute("DELETE FROM chain WHERE seq = 4")),
    "the last row taken away": (8, lambda c: c.execute("DELETE FROM chain WHERE seq = 8")),
    "the first row taken away": (1, lambda c: c.execute("DELETE FROM chain WHERE seq = 1")),
    "the readable item": (4, lambda c: c.execute("UPDATE event SET item_id = 'i8' WHERE seq = 4")),
    "the readable weight": (4, lambda c: c.execute("UPDATE event SET weight = 9 WHERE seq = 4")),
    "a readable row taken out": (4, lambda c: c.execute("DELETE FROM event WHERE seq = 4")),
    "the event before it": (4, lambda c: c.execute("UPDATE event SET previous = 1 WHERE seq = 4")),
    "the event before it, none": (4, lambda c: c.execute("UPDATE event SET previous = NULL WHERE seq = 4")),
    "the latest of a person": (8, lambda c: c.execute("UPDATE latest SET seq = 6 WHERE seq = 8")),
    "the latest of a person, none": (8, lambda c: c.execute("DELETE FROM latest WHERE seq = 8")),
    "a readable row added": (
        99,
        lambda c: c.execute(
            "INSERT INTO event SELECT 99, person, NULL, time, kind, stage, source, item_id, variant, turn, model, "
            "position, propensity, value, weight FROM event WHERE seq = 4"
        ),
    ),
    "a key": (2, lambda c: c.execute("DELETE FROM person WHERE since = 2")),
    "a name": (2, lambda c: c.execute("UPDATE person SET name = (SELECT name FROM person WHERE since = 1)")),
    "where a person is found": (2, lambda c: c.execute("UPDATE person SET lookup = zeroblob(16) WHERE since = 2")),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
def test_the_first_changed_row_is_found(log, tmp_path, what):
    for n in range(8):
        log.append([Entry(kind="click", user_id=("ann", "bob")[n % 2], item_id=f"i{n}", time=n, key=f"k{n}")])
    assert log.verify() is None
    log.engine.dispose()
    seq, tamper = TAMPERING[what]
    store = sqlite3.connect(tmp_path / "log.db")
    with store:
        tamper(store)
    store.close()
    found = again(log, tmp_path).verify()
    assert isinstance(found, Broken)
    assert found.seq == seq
    assert found.reason


def test_a_lost_key_is_an_error_not_a_gap(log):
    log.append([Entry(kind="click", user_id="ann", item_id="i1", turn="t")])
    with log.engine.begin() as c:
        c.exec_driver_sql("UPDATE person SET key = zeroblob(60)")
    for view in (log.events, log.feedback, lambda: log.dataset(CATALOG)):
        with pytest.raises(InputError, match="key of a person"):
            view()


def test_killed_in_the_middle_nothing_acknowledged_is_lost_and_nothing_doubled(tmp_path):
    """Three kills; bench/feedback_kills.py does two hundred."""
    path = Path(__file__).parents[2] / "bench" / "feedback_kills.py"
    spec = importlib.util.spec_from_file_location("feedback_kills", path)
    kills = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kills)
    result = kills.run(tmp_path, number=3, seed=0)
    assert result["kills"] == 3
    assert result["acknowledged"] > 0
    assert (result["lost"], result["doubled"], result["broken"]) == (0, 0, 0)
