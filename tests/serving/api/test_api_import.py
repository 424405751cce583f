"""An own csv over HTTP: checked first, brought in whole, and refused with the row where it cannot be."""

import gzip
import io

import polars as pl
from api_world import is_problem

ITEMS = (
    b"item_id,title,genres,price\n"
    b'n1,"lamp of tomorrow, blue",lamp|cheap,3.5\nn2,rug of old,rug,12\nn3,tin whale,toy,7\n'
)
EVENTS = b"user_id,item_id,timestamp,event\nzoe,n1,1700000000,click\nzoe,i3,1700000100,click\nkim,n2,1700000200,click\n"
PART = "multipart/form-data; boundary=x"
CSV = {"content-type": "text/csv"}


def sent(server, items=None, events=None, **params):
    files = {name: (f"{name}.csv", body, "text/csv") for name, body in (("items", items), ("events", events)) if body}
    return server.client.post("/v1/import", files=files, params=params)


def kept(store):
    return (
        store.items.watermark("default"),
        store.items.count("default"),
        store.log("default").events(kinds=["click", "interaction"]).height,
    )


def test_a_check_changes_nothing_and_says_what_would_come(server, store):
    before = kept(store)
    found = server.client.post("/v1/import", content=ITEMS, headers=CSV, params={"check": True})
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["imported"], told["usable"], told["problems"]) == (False, True, [])
    assert told["items"] == {"rows": 3, "accepted": 3}
    assert told["columns"] == {"title": "text", "genres": "list", "price": "number"}
    assert told["report"]["items"] == 3
    assert "there are no events: this is a catalogue only" in told["report"]["warnings"]
    assert kept(store) == before


def test_items_and_events_come_in_together_and_are_recommended_at_once(server, store):
    told = sent(server, ITEMS, EVENTS).json()
    assert (told["imported"], told["created"], told["events"]) == (True, 3, {"rows": 3, "accepted": 3}), told
    assert told["report"]["users"] == 2
    found = server.client.post("/v1/recommend", json={"history": ["i1"], "k": 3, "filters": ["genres = toy"]}).json()
    assert [one["item_id"] for one in found["items"]] == ["n3"]
    assert [one.item_id for one in store.log("default").history("zoe")] == ["n1", "i3"]
    assert server.client.get("/v1/items/n1").json()["fields"]["title"] == "lamp of tomorrow, blue"
    assert [deed.act for deed in store.audit.page("default").rows][:2] == ["import", "upsert item"]
    before = kept(store)
    again = sent(server, ITEMS, EVENTS).json()
    assert (again["unchanged"], again["repeated"], again["events"]["accepted"]) == (3, 3, 0)
    assert kept(store) == before


def test_events_alone_are_about_items_that_are_there(server, store):
    told = sent(server, events=b"user_id,item_id\nzoe,i1\nzoe,i2\n").json()
    assert (told["imported"], told["created"], told["events"]["accepted"]) == (True, 0, 2)
    strange = b"user_id,item_id\nzoe,i1\nzoe,nowhere\n"
    before = kept(store)
    assert "nowhere" in is_problem(sent(server, events=strange), 422)["detail"]
    assert kept(store) == before
    (trouble,) = sent(server, events=strange, check=True).json()["problems"]
    assert (trouble["file"], trouble["rows"], trouble["count"]) == ("events.csv", [3], 1)
    assert trouble["repair"]
    assert sent(server, events=strange, repair=True).json()["created"] == 1
    assert store.items.get("default", "nowhere").fields == {}


FAULTY = b"item_id,title,price\nn1,lamp,3\nn1,lamp again,4\n,no id,5\nn2,rug,-9\n"


def test_faults_are_listed_with_rows_and_repaired_only_when_asked(server, store):
    before = kept(store)
    told = sent(server, FAULTY, check=True).json()
    assert (told["usable"], told["items"]) == (True, {"rows": 4, "accepted": 2})
    assert sorted((*one["rows"], bool(one["repair"])) for one in told["problems"]) == [(3, True), (4, True), (5, True)]
    detail = is_problem(sent(server, FAULTY), 422)["detail"]
    assert "items.csv, row 4: item_id is empty" in detail
    assert "repair=true" in detail
    assert kept(store) == before
    assert sent(server, FAULTY, repair=True).json()["created"] == 2
    assert "price" not in store.items.get("default", "n2").fields


def packed(**columns):
    out = io.BytesIO()
    pl.DataFrame(columns).write_parquet(out)
    return out.getvalue()


HOSTILE = {
    "nothing": (b"", "row 1"),
    "blank": (b" \n\n", ""),
    "one column": (b"title\nlamp\n", "map=item_id=COLUMN"),
    "a log": (EVENTS, "events"),
    "gzip": (gzip.compress(ITEMS * 50_000), "no text"),
    "parquet": (packed(item_id=["a"], title=["b"]), "no text"),
    "pickle": (b"\x80\x04\x95junk.", "pickle"),
    "zip": (b"PK\x03\x04" + bytes(100), "zip"),
    "picture": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', ""),
    "nul": (b"item_id,title\nn1,a\x00b\n", "row 2"),
    "utf-16": ("item_id,title\nn1,lampé\n".encode("utf-16"), ""),
    "latin": ("item_id,title\nn1,lampé\n".encode("latin-1"), "row 2"),
    "ragged": (b"item_id,title\nn1,a\nn2,b,c,d\nn3,c\n", "row 3"),
    "open quote": (b'item_id,title\nn1,"a\nn2,b\n', "row 2"),
    "claims to be made": (b"item_id,title,origin\nn1,a,created\n", "origin"),
    "odd id": ("item_id,title\nn0,b\nn\u202e1,a\n".encode(), "row 3"),
    "long id": (b"item_id,title\n" + b"x" * 300 + b",a\n", "row 2"),
    "words for numbers": (b"item_id,title,year\nn1,a,1990\nn2,b,soon\n", "row 3"),
    "not a number": (b"item_id,title,price\nn1,a,NaN\n", "row 2"),
    "infinite": (b"item_id,title,price\nn1,a,1e999\n", "row 2"),
    "misspelt": (b"item_id,title,genre s,pricee\nn1,a,b,2\n", "price"),
    "a giant cell": (b"item_id,title\nn1," + b"x" * 90_000 + b"\n", None),
    "many columns": (b"item_id," + b",".join(b"c%d" % n for n in range(2000)) + b"\nn1" + b",1" * 2000 + b"\n", ""),
}


def test_hostile_files_are_refused_with_the_row_and_leave_nothing(server, store):
    before = kept(store)
    for name, (body, says) in HOSTILE.items():
        told = server.client.post("/v1/import", content=body, headers=CSV, params={"check": True}).json()
        assert bool(told["problems"]) == (not told["usable"] or says is not None), name
        if says is None:
            continue
        response = server.client.post("/v1/import", content=body, headers=CSV)
        assert says in is_problem(response, 422)["detail"], name
        assert kept(store) == before, name


def test_bodies_of_other_kinds_are_refused(server, store):
    before = kept(store)
    nested = b""
    for depth in range(400):
        nested = b'--b%d\r\nContent-Type: multipart/mixed; boundary="b%d"\r\n\r\n' % (depth, depth + 1) + nested
    for body, kind in (
        (ITEMS, "application/json"), (ITEMS, "multipart/form-data"), (ITEMS, PART),
        (ITEMS.join((b'--x\r\nContent-Disposition: form-data; name="users"\r\n\r\n', b"\r\n--x--\r\n")), PART),
        (nested, "multipart/form-data; boundary=b0"),
    ):  # fmt: skip
        is_problem(server.client.post("/v1/import", content=body, headers={"content-type": kind}), 422)
    is_problem(server.client.post("/v1/import", content=ITEMS * 2000, headers=CSV), 413)
    is_problem(server.client.post("/v1/import", content=ITEMS, headers={**CSV, **server.key("write")}), 403)
    assert kept(store) == before


def test_own_names_of_columns_are_mapped(server):
    body = b"sku,name of it,price\nn1,lamp,3\n"
    told = server.client.post(
        "/v1/import", content=body, headers=CSV, params=[("map", "item_id=sku"), ("map", "title=name of it")]
    )
    assert told.json()["created"] == 1, told.text
    assert server.client.get("/v1/items/n1").json()["fields"] == {"title": "lamp", "price": 3.0}
    wrong = server.client.post("/v1/import", content=body, headers=CSV, params={"map": "item_id=nothing"})
    assert "nothing" in is_problem(wrong, 422)["detail"]


def test_who_was_deleted_does_not_come_back(server, store):
    sent(server, ITEMS, EVENTS)
    assert server.client.delete("/v1/users/zoe").status_code == 200
    told = sent(server, ITEMS, EVENTS).json()
    assert store.log("default").history("zoe") == ()
    assert told["events"]["accepted"] == 0
