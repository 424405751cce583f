"""The catalogue of a store: what an import refuses is refused, changes are numbered, a replay brings them all."""

from __future__ import annotations

import json
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generec.data.importers import import_data
from generec.errors import GenerecError, InputError, UsageError
from generec.serving.store.items import Upserted
from generec.types import Catalog

ROWS = [
    {"item_id": "a", "title": "Red tea", "price": 3.5, "genres": ["warm", "leaf"], "year": 1999},
    {"item_id": "b", "title": "Blue tea", "price": 4, "genres": ["leaf"], "year": 2003},
    {"item_id": "c", "title": "Ink", "genres": [], "stock": 7},
]


def test_rows_come_back_with_versions_and_numbers(store):
    assert store.items.upsert("default", ROWS, by="me") == Upserted(3, 0, 0, 3)
    assert store.items.upsert("default", ROWS, by="me") == Upserted(0, 0, 3, 3)
    first = store.items.get("default", "a")
    assert (first.fields["title"], first.fields["price"], first.fields["genres"]) == ("Red tea", 3.5, ["warm", "leaf"])
    assert (first.version, first.change) == (1, 1)
    changed = {"item_id": "a", "title": "Red tea", "price": 5.0}
    assert store.items.upsert("default", [changed], by="me") == Upserted(0, 1, 0, 4)
    after = store.items.get("default", "a")
    assert (after.version, after.change, dict(after.fields)) == (2, 4, {"title": "Red tea", "price": 5.0})
    assert store.items.delete("default", ["a", "nothing"], by="me") == 1
    assert store.items.get("default", "a") is None
    assert store.items.delete("default", ["a"], by="me") == 0
    assert store.items.upsert("default", ROWS[:1], by="me").watermark == 6
    assert store.items.catalog("default").item_ids == ["a", "b", "c"]
    assert (store.items.count("default"), store.items.watermark("default")) == (3, 6)


def test_the_catalogue_has_the_types_of_an_import(store, tmp_path):
    store.items.upsert("default", ROWS, by="me")
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    events = tmp_path / "events.csv"
    events.write_text("user_id,item_id,timestamp\nu,a,1500000000\nu,b,1500000001\nu,c,1500000002\n")
    imported = import_data(events, items=path).catalog.frame
    found = store.items.catalog("default").frame
    assert found.select(sorted(found.columns)).equals(imported.select(sorted(imported.columns)))


REFUSED = {
    "no id": [{"title": "x"}],
    "empty id": [{"item_id": "a", "title": "x"}, {"item_id": " ", "title": "x"}],
    "twice": [{"item_id": "a", "title": "x"}, {"item_id": "a", "title": "y"}],
    "negative price": [{"item_id": "a", "title": "x", "price": 2}, {"item_id": "b", "title": "y", "price": -1}],
    "price that is none": [{"item_id": "a", "title": "x", "price": "cheap"}],
    "NaN price": [{"item_id": "a", "title": "x", "price": float("nan")}],
    "no object": ["a"],
    "nothing": [],
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_an_import_refuses_is_refused(store, tmp_path, name):
    path = tmp_path / "items.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in REFUSED[name]))
    events = tmp_path / "events.csv"
    events.write_text("user_id,item_id,timestamp\nu,a,1500000000\nu,b,1500000001\n")
    with pytest.raises(GenerecError):
        import_data(events, items=path)
    with pytest.raises(GenerecError) as refused:
        store.items.upsert("default", REFUSED[name], by="me")
    assert "/tmp" not in str(refused.value)
    assert "--on-error" not in str(refused.value)
    assert store.items.count("default") == 0


@pytest.mark.parametrize(
    ("item_id", "says"),
    [
        ("d" * 201, "is 201 characters long"), ("a\nb", "U\\+000A"), ("a\x7f", "U\\+007F"), ("a\0", "U\\+0000"),
        ("\u202etxt", "U\\+202E"), ("a\u200bb", "U\\+200B"), ("a\u2028b", "U\\+2028"),
    ],
)  # fmt: skip
def test_odd_ids_are_refused_with_their_row(sqlite_place, item_id, says):
    with sqlite_place.open() as store:
        with pytest.raises(InputError, match=rf"items, row 2: item_id .*{says}.*1 to 200 visible characters"):
            store.items.upsert("default", [{"item_id": "a"}, {"item_id": item_id, "title": "x"}], by="me")
        assert store.items.count("default") == 0


@pytest.mark.parametrize("item_id", ["d" * 200, "a b/c?d=é#%20", "..", "日本語", "🎬", "a'--", "<b>"])
def test_ids_that_only_look_odd_are_kept(sqlite_place, item_id):
    with sqlite_place.open() as store:
        store.items.upsert("default", [{"item_id": item_id, "title": "x"}], by="me")
        assert store.items.get("default", item_id).item_id == item_id


def test_refusals_name_row_and_remedy(store):
    store.items.upsert("default", ROWS, by="me")
    with pytest.raises(InputError, match=r"items, row 2: year must be a whole number, got 'soon'\. correct the cell"):
        store.items.upsert("default", [ROWS[0], {"item_id": "d", "year": "soon"}], by="me")
    with pytest.raises(UsageError, match="unknown field 'tittle'; did you mean 'title'"):
        store.items.upsert("default", [{"item_id": "d", "tittle": "x"}], by="me")
    with pytest.raises(InputError, match=r"items, row 1: .*leave origin out"):
        store.items.upsert("default", [{"item_id": "d", "title": "x", "origin": "created"}], by="me")
    with pytest.raises(UsageError, match="there is no tenant 'nobody'"):
        store.items.upsert("nobody", ROWS, by="me")
    assert store.items.count("default") == 3


def test_later_rows_fit_the_columns_and_may_bring_new_ones(store):
    store.items.upsert("default", ROWS, by="me")
    store.items.upsert("default", [{"item_id": "d", "price": "7", "genres": "leaf|cold", "mood": "calm"}], by="me")
    fields = store.items.get("default", "d").fields
    assert fields == {"price": 7.0, "genres": ["leaf", "cold"], "mood": "calm"}
    assert store.items.catalog("default").frame["mood"].to_list() == [None, None, None, "calm"]


def test_hostile_text_is_kept_as_text(store):
    rows = [{"item_id": "a", "title": "<script>alert(1)</script> \ud800 \0 %_' --", "price": 1}]
    store.items.upsert("default", rows, by="me")
    assert store.items.search("default", "<script>alert(1)</script>").rows[0].item_id == "a"
    assert store.items.search("default", "%_'").rows[0].item_id == "a"
    assert not store.items.search("default", "%x").rows
    assert not store.items.search("default", "\0\ud800x").rows


def test_search_goes_page_by_page_in_the_order_of_the_catalogue(store):
    rows = [{"item_id": f"i{n:02}", "title": f"{'Odd' if n % 2 else 'Even'} thing {n}"} for n in range(25)]
    store.items.upsert("default", rows, by="me")
    found, cursor = [], None
    while True:
        page = store.items.search("default", "THING odd", cursor=cursor, limit=5)
        found += [item.item_id for item in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert found == [f"i{n:02}" for n in range(25) if n % 2]
    assert store.items.search("default", "i07").rows[0].item_id == "i07"
    for wrong in ("x", "MQ", "LTE=", "é", "MQ==\n"):
        with pytest.raises(InputError, match="is no cursor"):
            store.items.search("default", cursor=wrong)
    with pytest.raises(UsageError, match="1 to 1000"):
        store.items.search("default", limit=0)


def test_a_loaded_catalogue_comes_back_as_it_was(store):
    frame = pl.DataFrame({
        "item_id": ["x", "y"], "title": ["One", None], "n": [1, None], "share": [0.5, None], "new": [True, None],
        "tags": [["a", "b"], None], "day": [date(2024, 5, 31), None], "at": [datetime(2024, 5, 31, 12, 30, 1, 5), None],
        "origin": ["created", "human"],
    })  # fmt: skip
    store.items.load("default", Catalog(frame), by="me")
    assert store.items.catalog("default").frame.equals(frame)
    store.items.upsert("default", [{"item_id": "x", "title": "Two", "day": "2025-01-02"}], by="me")
    fields = store.items.get("default", "x").fields  # what was made stays made, whoever writes its row again
    assert fields == {"title": "Two", "day": "2025-01-02", "origin": "created"}
    with pytest.raises(InputError, match="column n of the catalogue holds whole"):
        store.items.load("default", Catalog(pl.DataFrame({"item_id": ["z"], "n": ["1"]})), by="me")


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.integers(0, 3)),
        st.tuples(st.just("take"), st.lists(st.sampled_from("abcdef"), unique=True), st.just(0)),
    ),
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=ACTS, after=ACTS)
def test_a_replay_brings_an_old_catalogue_to_the_new_one(sqlite_store, before, after):
    """Whatever happened in between, the catalogue at a watermark and its changes are the catalogue now."""
    tenant = f"t{len(sqlite_store.tenants.names())}"
    sqlite_store.tenants.create(tenant)
    items = sqlite_store.items
    items.load(tenant, Catalog(pl.DataFrame({"item_id": ["z"], "size": [0]})), by="me")

    def play(acts):
        for act, ids, size in acts:
            if act == "put":
                items.load(tenant, Catalog(pl.DataFrame({"item_id": ids, "size": [size] * len(ids)})), by="me")
            else:
                items.delete(tenant, ids, by="me")

    def rows(catalog):
        return {row["item_id"]: row["size"] for row in catalog.frame.to_dicts()}

    play(before)
    then, watermark = rows(items.catalog(tenant)), items.watermark(tenant)
    play(after)
    changes = items.changes_since(tenant, watermark)
    replayed = {name: size for name, size in then.items() if name not in changes.removed} | rows(changes.items)
    assert replayed == rows(items.catalog(tenant))
    assert changes.watermark == items.watermark(tenant)
    whole = items.changes_since(tenant, 0)
    assert rows(whole.items) == rows(items.catalog(tenant))


@pytest.fixture
def sqlite_store(sqlite_place):
    with sqlite_place.open() as opened:
        yield opened
