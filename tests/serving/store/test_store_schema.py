"""The schema: what the migrations make is what the code expects, and a store of another one is refused."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sql

from generec.data.entries import Entry
from generec.errors import InputError, UsageError
from generec.serving.store import Store
from generec.serving.store.schema import revision
from generec.serving.store.tables import META


def test_the_migrations_make_the_tables_that_the_code_expects(store):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    other = sql.MetaData()
    for table in META.tables.values():
        table.to_metadata(other)
    other.tables["job"].append_column(sql.Column("more", sql.Text))
    with store.db.engine.connect() as c:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in META.tables}
        context = MigrationContext.configure(c, opts=options)
        assert compare_metadata(context, META) == []
        assert len(compare_metadata(context, other)) == 1  # the comparison sees a difference where there is one


@pytest.mark.parametrize(("found", "message"), [("0000", "knows only up to"), ("9999", "upgrade generec")])
def test_a_store_of_a_later_generec_is_refused(place, found, message):
    with place.open() as store, store.db.engine.begin() as c:
        c.execute(sql.text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(InputError, match=message):
        place.open()
    with pytest.raises(InputError, match=message):
        Store.migrate(place.url, place.keys)


def test_an_older_store_is_refused_until_it_is_migrated(place, monkeypatch):
    from generec.serving.store import schema

    stands = revision

    def later(c):
        found = stands(c)
        return schema.Revision(found.found, "0002", ("0002", *found.known))

    monkeypatch.setattr(schema, "revision", later)
    with pytest.raises(InputError, match=r"has the schema 0001, .* needs 0002\. .*generec store backup.* migrate"):
        place.open()
    monkeypatch.undo()
    assert Store.migrate(place.url, place.keys) == ("0001", "0001")
    place.open().close()


def test_many_may_open_a_fresh_store_at_once(tmp_path):
    url, failed = f"sqlite:///{tmp_path}/store.db", []

    def start():
        try:
            Store.open(url, tmp_path / "keys").close()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Store.open(url, tmp_path / "keys") as store:
        assert store.tenants.names() == ("default",)


def test_a_log_that_was_there_before_keeps_its_events(tmp_path):
    from generec.data.entries import Entry
    from generec.data.log import EventLog

    url = f"sqlite:///{tmp_path}/store.db"
    EventLog.open(url, tmp_path / "keys").append([Entry(kind="click", user_id="ann", item_id="i1")])
    with Store.open(url, tmp_path / "keys") as store:
        store.log("default").append([Entry(kind="click", user_id="ann", item_id="i2")])
        assert store.log("default").verify() is None
        assert [entry.item_id for entry in store.log("default").history("ann")] == ["i2"]
    assert EventLog.open(url, tmp_path / "keys").events().height == 2


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("store.db", "name a store by a URL"),
        ("mysql://x/y", "sqlite or postgresql, not in mysql"),
        ("x://y", "not in x"),
    ],
)
def test_what_is_no_store_is_refused(tmp_path, url, message):
    with pytest.raises(UsageError, match=message):
        Store.open(url, tmp_path / "keys")


def test_the_log_of_the_version_before_is_brought_up(place):
    """There an index found the events of a person, and no event named the one before it."""
    with place.open() as store:
        log = store.log("default")
        log.append([Entry(kind="like", user_id=("ann", "bob")[n % 2], item_id=f"i{n}", time=n) for n in range(6)])
        with log.engine.begin() as c:
            for step in ("ALTER TABLE event DROP COLUMN previous", "DROP TABLE latest",
                         "CREATE INDEX ix_event_person ON event (person)", "UPDATE head SET version = 1"):  # fmt: skip
                c.execute(sql.text(step))
    with ThreadPoolExecutor(4) as threads:  # as several processes would
        for one in list(threads.map(lambda _: place.open(), range(4))):
            one.close()
    with place.open() as store:
        log = store.log("default")
        assert log.verify() is None
        assert [seen.item_id for seen in log.recent("ann")] == ["i0", "i2", "i4"]
        log.append([Entry(kind="like", user_id="ann", item_id="i6", time=6)])
        assert [entry.item_id for entry in log.history("ann")] == ["i0", "i2", "i4", "i6"]
        assert log.forget("bob").events == 3
        assert log.verify() is None
