"""What is kept of a person: sealed, theirs to change and to export, and gone when they say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generec.data.entries import Entry
from generec.data.log import EventLog
from generec.errors import InputError, UsageError
from generec.records import ProfileLine
from generec.serving.store.answers import Answer
from generec.serving.store.people import Profile

ANN = "ann.the.first@example.org"
CALM = ProfileLine("l1", "likes quiet-violet-caravans", 1.0, source="stated", locked=True)
LOUD = ProfileLine("l2", "avoids loud places", -1.0)
CANARIES = (ANN, "quiet-violet-caravans", "zeppelin-museum", "kept-answer-canary")


def test_lines_are_put_replaced_and_deleted(store):
    assert store.people.get("default", ANN) == Profile()
    store.people.put_line("default", ANN, CALM, by="me")
    store.people.put_line("default", ANN, LOUD, by="me")
    louder = replace(LOUD, weight=-2.0)
    assert store.people.put_line("default", ANN, louder, by="me").lines == (CALM, louder)
    assert store.people.delete_line("default", ANN, "l1", by="me").lines == (louder,)
    with pytest.raises(UsageError, match="unknown profile line 'l22'; did you mean 'l2'"):
        store.people.delete_line("default", ANN, "l22", by="me")
    young = store.people.change(
        "default", ANN, lambda p: replace(p, age="child", consent=False), by="me", act="edit profile"
    )
    assert store.people.get("default", ANN) == young == Profile(lines=(louder,), age="child", consent=False)
    acts = [deed.act for deed in store.audit.page("default").rows]
    assert acts == ["edit profile", "delete profile line", "edit profile", "edit profile", "edit profile"]


def test_an_edit_to_something_else_changes_nothing(store):
    store.people.put_line("default", ANN, CALM, by="me")
    with pytest.raises(InputError, match="no Profile"):
        store.people.change("default", ANN, lambda p: replace(p, age="ancient"), by="me", act="edit profile")
    with pytest.raises(UsageError, match="name the person"):
        store.people.change("default", "", lambda p: p, by="me", act="edit profile")
    assert store.people.get("default", ANN) == Profile(lines=(CALM,))


def known(store):
    """A person with something in every place that keeps anything of people."""
    log = store.log("default")
    log.append(
        [
            Entry(kind="click", user_id=ANN, item_id="zeppelin-museum", time=1, payload={"words": "take me up"}),
            Entry(kind="click", user_id="bob", item_id="orchid-house", time=2),
        ]
    )
    store.people.put_line("default", ANN, CALM, by="me")
    assert store.answers.claim("default", "k", b"request", user_id=ANN) is None
    store.answers.settle("default", "k", Answer(200, {"said": "kept-answer-canary"}))
    log.mark_trained("m1", [ANN, "bob"])
    log.mark_trained("m2", ["bob"])


def test_everything_of_a_person_is_exported(store):
    known(store)
    found = store.people.export("default", ANN)
    assert found["known"]
    assert found["profile"]["lines"][0]["text"] == CALM.text
    assert [(event["item_id"], event["payload"]) for event in found["events"]] == [
        ("zeppelin-museum", {"words": "take me up"})
    ]
    assert found["models"] == ["m1"]
    assert [deed["act"] for deed in found["deeds"]] == ["edit profile"]
    nobody = store.people.export("default", "carl")
    assert (nobody["known"], nobody["events"], nobody["models"], nobody["deeds"]) == (False, [], [], [])


def test_a_deleted_person_is_gone_and_their_models_are_flagged(store):
    known(store)
    done = store.people.forget("default", ANN, by="me")
    assert (done.known, done.events, done.models) == (True, 1, ("m1",))
    assert [flag.version for flag in store.log("default").flagged()] == ["m1"]
    assert store.people.get("default", ANN) == Profile()
    assert store.people.export("default", ANN)["events"] == []
    assert store.answers.claim("default", "k", b"request") is None  # the kept answer is gone
    assert [entry.item_id for entry in store.log("default").history("bob")] == ["orchid-house"]
    assert store.log("default").verify() is None
    assert not store.people.forget("default", ANN, by="me").known


def test_no_byte_of_a_deleted_person_is_left_in_the_file(sqlite_place, tmp_path):
    def bytes_of_the_store():
        return b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))

    with sqlite_place.open() as store:
        known(store)
        raw = bytes_of_the_store()
        clear = [text for text in CANARIES if text.encode() in raw]
        assert clear == ["zeppelin-museum", "kept-answer-canary"]  # names and profiles never stand in clear
        assert store.people.forget("default", ANN, by="me").wiped
        raw = bytes_of_the_store()
        assert [text for text in CANARIES if text.encode() in raw] == []
        assert b"orchid-house" in raw


def test_a_profile_sealed_for_another_is_refused(store):
    """Rows that were moved from one person to another do not open."""
    import sqlalchemy as sql

    from generec.serving.store.tables import PROFILES

    store.people.put_line("default", ANN, CALM, by="me")
    store.people.put_line("default", "bob", LOUD, by="me")
    with store.db.writing("default") as (c, _):
        first, second = c.execute(sql.select(PROFILES.c.person, PROFILES.c.sealed)).all()
        c.execute(sql.update(PROFILES).where(PROFILES.c.person == first.person).values(sealed=second.sealed))
        c.execute(sql.update(PROFILES).where(PROFILES.c.person == second.person).values(sealed=first.sealed))
    with pytest.raises(InputError, match="do not open"):
        store.people.get("default", ANN)


def test_recent_is_the_end_of_the_history(store):
    log = store.log("default")
    times = [5, 3, 9, 9, 1]
    log.append([Entry(kind="click", user_id=ANN, item_id=f"i{n}", time=time) for n, time in enumerate(times)])
    log.append(
        [Entry(kind="impression", user_id=ANN, item_id="i9", time=20), Entry(kind="click", user_id=ANN, time=30)]
    )
    naive = [(e.item_id, e.time, e.kind) for e in log.history(ANN) if e.item_id and e.kind == "click"]
    assert [tuple(seen) for seen in log.recent(ANN, kinds=["click"])] == naive
    assert [tuple(seen) for seen in log.recent(ANN, 2, kinds=["click"])] == naive[-2:]
    assert [seen.item_id for seen in log.recent(ANN, 1)] == ["i9"]
    assert log.recent("nobody knows") == ()


def test_the_log_of_a_tenant_is_an_event_log(store):
    """What the views of one tenant say is what a log of its own would say."""
    log = store.log("default")
    assert isinstance(log, EventLog)
    log.append([Entry(kind="click", item_id="i1", time=1), Entry(kind="click", user_id=ANN, item_id="i1", time=2)])
    assert log.events()["user_id"].to_list() == [None, ANN]
    for user_id in ("", 5):
        with pytest.raises(InputError, match="no event: user_id"):
            log.append([Entry(kind="click", user_id=user_id, item_id="i1")])
