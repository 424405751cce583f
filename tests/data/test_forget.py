"""Deleting a person: nothing of theirs is left in the store, others keep everything, their models are flagged."""

import sqlite3

import pytest

from generec.data import chain
from generec.data import log as log_module
from generec.data.entries import Entry
from generec.data.log import EventLog, Forgotten
from generec.data.vault import Person
from generec.errors import InputError, UsageError
from generec.records import Feedback

ANN, BOB = "ann.the.first@example.org", "bob-the-second"
ANNS = ("zeppelin-museum", "violet-caravan", "draft-9f3c", "quiet please, and no jazz", "turn-of-ann")
BOBS = ("orchid-house", "draft-of-bob", "something loud", "turn-of-bob")


@pytest.fixture
def log(tmp_path):
    return opened(tmp_path)


def opened(tmp_path):
    return EventLog.open(f"sqlite:///{tmp_path}/log.db", tmp_path / "keys")


def fill(log):
    log.append(
        [
            Entry(kind="impression", user_id=ANN, item_id=ANNS[0], time=1, turn=ANNS[4], position=0, propensity=0.5),
            Entry(kind="like", user_id=ANN, item_id=ANNS[1], variant=ANNS[2], time=2, key=f"{ANN} likes {ANNS[1]}"),
            Entry(kind="instruction", user_id=ANN, stage="instruction", time=3, payload={"words": ANNS[3]}),
            Entry(kind="click", user_id=BOB, item_id=BOBS[0], variant=BOBS[1], time=4, payload={"words": BOBS[2]}),
        ]
    )
    log.append([Feedback(turn=BOBS[3], verdict="like", user_id=BOB, item_id=BOBS[0], time=5)])


def store(tmp_path):
    """Every byte of the store: the file, its write-ahead log and what else lies beside them, without the keys."""
    return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())


def found(tmp_path, texts):
    return [text for text in texts if text.encode() in store(tmp_path)]


def test_names_and_words_are_never_in_clear(log, tmp_path):
    fill(log)
    assert found(tmp_path, [ANN, BOB, ANNS[3], BOBS[2], " likes "]) == []
    assert found(tmp_path, [ANNS[0], BOBS[0]]) == [ANNS[0], BOBS[0]]  # the search finds what is there


@pytest.mark.parametrize("checkpointed", [False, True])
def test_nothing_of_a_deleted_person_is_left(log, tmp_path, checkpointed):
    fill(log)
    if checkpointed:  # it is in the file itself, not only in the write-ahead log
        with sqlite3.connect(tmp_path / "log.db") as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()
        assert (tmp_path / "log.db-wal").stat().st_size == 0
    ciphertext = [row.sealed for row in rows(log)]
    bobs = log.history(BOB), log.events().filter(log.events()["user_id"] == BOB)
    assert log.forget(ANN) == Forgotten(True, 3, (), True)
    assert found(tmp_path, [ANN, *ANNS]) == []
    assert log.history(ANN) == ()
    assert set(log.events()["user_id"]) == {BOB}
    assert log.history(BOB) == bobs[0]
    assert log.events().equals(bobs[1])
    assert log.verify() is None
    kept = rows(log)
    assert [row.sealed for row in kept[:-1]] == ciphertext  # the chain is not rewritten
    assert kept[-1].act == "forget"
    log.engine.dispose()
    assert found(tmp_path, [ANN, *ANNS]) == []
    assert found(tmp_path, [BOBS[0], BOBS[1]]) == [BOBS[0], BOBS[1]]
    assert opened(tmp_path).verify() is None


def rows(log):
    with log.engine.connect() as c:
        return c.execute(chain.CHAIN.select().order_by(chain.CHAIN.c.seq)).all()


def test_the_ciphertext_opens_under_no_key_that_is_left(log, tmp_path):
    fill(log)
    hers = rows(log)[0]
    with chain.reading(log.engine) as c:
        ann = chain.everybody(c, log.vault, ANN)[hers.person]
    assert ANNS[0].encode() in ann.unseal(hers)
    log.forget(ANN)
    assert ann.key not in store(tmp_path)
    with chain.reading(log.engine) as c:
        left = [person.key for person in chain.everybody(c, log.vault).values()]
    for key in [*left, log.vault.master]:
        with pytest.raises(InputError):
            Person(hers.person, key).unseal(hers)
    with pytest.raises(InputError):
        log.vault.unwrap(hers.sealed, hers.person)


def test_who_comes_back_starts_anew(log):
    fill(log)
    log.forget(ANN)
    again = Entry(kind="like", user_id=ANN, item_id="i9", time=9, key=f"{ANN} likes {ANNS[1]}")
    assert log.append([again]).stored == 1
    assert [entry.item_id for entry in log.history(ANN)] == ["i9"]
    assert rows(log)[-1].person not in {row.person for row in rows(log)[:-1]}
    assert log.verify() is None


def test_asking_twice_or_for_a_stranger_does_no_harm(log):
    fill(log)
    log.forget(ANN)
    before = rows(log)
    for user_id in (ANN, "a stranger"):
        assert log.forget(user_id) == Forgotten(False, 0, (), True)
    assert rows(log) == before
    with pytest.raises(UsageError, match="name the person"):
        log.forget("")


def test_a_deletion_that_is_interrupted_is_finished_when_the_log_is_opened(log, tmp_path, monkeypatch):
    fill(log)
    monkeypatch.setattr(log_module.sealed, "wipe", lambda engine: False)
    assert not log.forget(ANN).wiped
    log.engine.dispose()
    monkeypatch.undo()
    opened(tmp_path)
    assert found(tmp_path, [ANN, *ANNS]) == []


def test_a_reader_who_stays_keeps_the_file_from_being_wiped_and_that_is_said(log, tmp_path):
    fill(log)
    raw = log.engine.raw_connection()
    raw.cursor().execute("PRAGMA busy_timeout = 20")
    raw.close()
    reader = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM event").fetchone()
    assert log.forget(ANN).wiped is False
    reader.execute("COMMIT")
    assert log.forget(ANN) == Forgotten(False, 0, (), True)
    assert found(tmp_path, [ANN, *ANNS]) == []
    reader.close()


def test_unmasking_a_deletion_is_noticed(log, tmp_path):
    """Readable rows of a deleted person that come back are found; so are people who vanish without a note."""
    fill(log)
    with sqlite3.connect(tmp_path / "log.db") as other:
        other.execute("CREATE TABLE kept AS SELECT * FROM event WHERE seq = 1")
    log.forget(ANN)
    for put_back in ("INSERT INTO event SELECT * FROM kept", "DELETE FROM event WHERE seq = 1"):
        with sqlite3.connect(tmp_path / "log.db") as other:
            other.execute(put_back)
        broken = log.verify()
        assert (broken and broken.seq) == (1 if put_back.startswith("INSERT") else None)
    with sqlite3.connect(tmp_path / "log.db") as other:
        other.execute("DELETE FROM event")
        other.execute("DELETE FROM person")
    assert log.verify().seq == 4


def versions(log):
    return [(flag.version, flag.people) for flag in log.flagged()]


def test_models_are_flagged_until_they_are_retrained(log):
    fill(log)
    log.mark_trained("m1", [ANN, BOB])
    log.mark_trained("m2", [BOB])
    log.mark_trained("m3", [ANN])
    assert log.models_to_flag(ANN) == ("m1", "m3")
    assert log.models_to_flag("a stranger") == ()
    assert log.flagged() == ()
    assert log.forget(ANN).models == ("m1", "m3")
    assert versions(log) == [("m1", 1), ("m3", 1)]
    log.mark_trained("m1 again", [BOB], replaces="m1")
    assert versions(log) == [("m3", 1)]
    assert log.forget(BOB).models == ("m1", "m1 again", "m2")
    assert {version for version, _ in versions(log)} == {"m1 again", "m2", "m3"}


def test_weights_carry_people_on(log):
    fill(log)
    log.mark_trained("base", [ANN])
    log.mark_trained("tuned", [BOB], based_on="base")
    assert log.forget(ANN).models == ("base", "tuned")
    log.mark_trained("tuned again", [BOB], based_on="base", replaces="base")
    assert set(versions(log)) == {("base", 1), ("tuned", 1), ("tuned again", 1)}
    log.mark_trained("fresh", [BOB], replaces="tuned again")
    assert set(versions(log)) == {("base", 1), ("tuned", 1)}


def test_who_is_deleted_while_a_model_trains_flags_it(log):
    fill(log)
    until = log.events()["seq"].max()
    log.forget(ANN)
    log.mark_trained("gone", [ANN, BOB])
    assert versions(log) == [("gone", 1)]
    log.append([Entry(kind="like", user_id=ANN, item_id="i9")])
    log.mark_trained("gone and back", [ANN, BOB], until=until)  # what it learned from was deleted
    assert versions(log) == [("gone", 1), ("gone and back", 1)]
    log.mark_trained("after", [ANN, BOB])
    assert versions(log) == [("gone", 1), ("gone and back", 1)]


def test_unknown_and_repeated_versions_are_refused(log):
    fill(log)
    log.mark_trained("m1", [BOB])
    with pytest.raises(UsageError, match="is in the log already"):
        log.mark_trained("m1", [BOB])
    for wrong in ({"based_on": "m0"}, {"replaces": "m0"}):
        with pytest.raises(UsageError, match="did you mean 'm1'"):
            log.mark_trained("m2", [BOB], **wrong)
    log.mark_trained("m2", [BOB])
