"""The catalogue over HTTP: what is put in is recommended at once, what is deleted never again."""

import os
from datetime import date, datetime

import polars as pl
import pytest
from api_world import asking, is_problem

from generec.errors import UsageError
from generec.serving.api.fields import described
from generec.types import Catalog

NEW = {"item_id": "a/new lamp", "title": "lamp of tomorrow", "genres": ["lamp", "cheap"], "price": 3.5, "year": 2030}


def given(server, **asked):
    found = server.client.post("/v1/recommend", json={"k": 100, **asked}).json()
    return [place["item_id"] for place in found["items"]]


def test_a_new_item_is_recommended_at_once_and_a_deleted_one_is_not(server):
    made = server.client.post("/v1/items", json={"items": [NEW]})
    assert made.status_code == 200, made.text
    assert (made.json()["created"], made.json()["unchanged"]) == (1, 0)
    assert server.client.post("/v1/items", json={"items": [NEW]}).json()["unchanged"] == 1
    assert given(server, history=["i1"], filters=["year = 2030"]) == ["a/new lamp"]
    assert server.client.get("/v1/items/a%2Fnew%20lamp").json()["fields"]["title"] == "lamp of tomorrow"
    assert server.client.delete("/v1/items/a%2Fnew%20lamp").json() == {"deleted": 1}
    assert given(server, history=["i1"], filters=["year = 2030"]) == []
    is_problem(server.client.get("/v1/items/a%2Fnew%20lamp"), 404)
    is_problem(server.client.delete("/v1/items/a%2Fnew%20lamp"), 404)


def test_pages_hold_every_item_once(server):
    seen, cursor = [], None
    while True:
        page = server.client.get("/v1/items", params={"limit": 25, **({"cursor": cursor} if cursor else {})}).json()
        seen += [item["item_id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert seen == [f"i{n}" for n in range(60)]
    assert len(server.client.get("/v1/items", params={"q": "rug number"}).json()["items"]) == 12
    is_problem(server.client.get("/v1/items", params={"cursor": "????"}), 422)


def test_rows_that_cannot_be_kept_change_nothing(server):
    for rows, says in (
        ([NEW, {"title": "no id"}], "item_id"), ([{**NEW, "origin": "created"}], "origin"),
        ([{**NEW, "price": "cheap"}], "price"), ([], "items"),
    ):  # fmt: skip
        assert says in is_problem(server.client.post("/v1/items", json={"items": rows}), 422)["detail"]
    is_problem(server.client.get("/v1/items/a%2Fnew%20lamp"), 404)


def test_items_are_named_in_one_question_and_say_their_codes(server):
    found = server.client.get("/v1/items", params={"item_id": ["i7", "nowhere", "i3", "i7"]}).json()
    assert [item["item_id"] for item in found["items"]] == ["i7", "i3"]
    assert found["cursor"] is None
    codes = [tuple(item["codes"]) for item in server.client.get("/v1/items", params={"limit": 60}).json()["items"]]
    assert len({len(one) for one in codes}) == 1
    assert len(set(codes)) == len(codes)
    assert server.client.get("/v1/items/i7").json()["codes"] == found["items"][0]["codes"]
    assert server.client.post("/v1/items", json={"items": [NEW]}).status_code == 200
    new = server.client.get("/v1/items", params={"item_id": NEW["item_id"]}).json()["items"][0]["codes"]
    assert new
    is_problem(server.client.get("/v1/items", params={"item_id": ["i1"] * 201}), 422)


PNG, JPEG, WEBP = b"\x89PNG\r\n\x1a\n" + b"p" * 50, b"\xff\xd8\xff\xe0" + b"j" * 50, b"RIFF\0\0\0\0WEBPVP8 "
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def test_pictures_of_a_folder_are_shown_by_what_they_are(again, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    names = {"i1.jpg": PNG, "i2.jpeg": JPEG, "i3.webp": WEBP, "a%2Fnew%20lamp.png": PNG, "i4.png": SCRIPT,
             "i5.svg": SCRIPT, "i6.png": PNG[:8] * (1 << 20) + PNG}  # fmt: skip
    for name, content in names.items():
        (folder / name).write_bytes(content)
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "i7.png").symlink_to(tmp_path / "secret.png")
    os.mkfifo(folder / "i8.png")
    (folder / "i9.png").mkdir()
    with asking(again(pictures=folder)) as client:
        client.post("/v1/items", json={"items": [NEW]})
        asked = ["a/new lamp", *(f"i{n}" for n in range(1, 10))]
        found = client.get("/v1/items", params={"item_id": asked}).json()["items"]
        places = {item["item_id"]: item["picture"] for item in found}
        assert {item_id for item_id, place in places.items() if place} == {"i1", "i2", "i3", "i4", "a/new lamp"}
        shown = {item_id: client.get(place) for item_id, place in places.items() if place}
        kinds = {item_id: one.headers["content-type"] for item_id, one in shown.items() if one.status_code == 200}
        assert kinds == {"i1": "image/png", "i2": "image/jpeg", "i3": "image/webp", "a/new lamp": "image/png"}
        assert shown["i2"].content == JPEG
        assert shown["i2"].headers["x-content-type-options"] == "nosniff"
        is_problem(shown["i4"], 404)
        again_asked = client.get(places["i1"], headers={"if-none-match": shown["i1"].headers["etag"]})
        assert (again_asked.status_code, again_asked.content) == (304, b"")
        signature = places["i1"].split("/")[2]
        for other in ("i2", "../secret", "..%2fsecret.png", "%2fetc%2fpasswd", "i1.jpg", "", "%00"):
            assert client.get(f"/pictures/{signature}/{other}").status_code == 404, other
        for guess in ("nothing", "ü", "%ff", "%00"):
            is_problem(client.get(f"/pictures/{guess}/i1"), 404)
        os.utime(folder / "i1.jpg", (1, 1))
        assert client.get("/v1/items/i1").json()["picture"] != places["i1"]
        (folder / "i2.jpeg").unlink()
        is_problem(client.get(places["i2"]), 404)
        assert client.get("/v1/items/i2").json()["picture"] is None
    with pytest.raises(UsageError, match="--pictures"):
        again(pictures=tmp_path / "nowhere")


def test_fields_come_with_values_ranges_and_units(server):
    row = {**NEW, "length_minutes": 90, "currency": "EUR"}
    assert server.client.post("/v1/items", json={"items": [row]}).status_code == 200
    told = server.client.get("/v1/fields", params={"values": 3}).json()
    found = {one["name"]: one for one in told["fields"]}
    assert {"title", "genres", "price", "year", "sold"} < set(found)
    assert (found["title"]["kind"], found["title"]["values"]) == ("text", [])
    genres = found["genres"]
    assert (genres["kind"], genres["several"], genres["distinct"]) == ("category", True, 7)
    assert genres["values"] == [
        {"value": "cheap", "items": 31}, {"value": "dear", "items": 30}, {"value": "lamp", "items": 13},
    ]  # fmt: skip
    price = found["price"]
    assert (price["kind"], price["low"], price["high"], price["unit"]) == ("number", 0.0, 59.0, "EUR")
    assert (found["length_minutes"]["unit"], found["length_minutes"]["filled"]) == ("minutes", pytest.approx(1 / 61))
    assert {one["value"] for one in found["sold"]["values"]} == {"true", "false"}
    for one in told["fields"]:
        for value in one["values"]:
            given(server, filters=[f'"{one["name"]}" = "{value["value"]}"'])
    is_problem(server.client.get("/v1/fields", params={"values": 0}), 422)
    assert server.client.get("/v1/fields", headers=server.key("read", tenant="other")).json()["fields"] == []


def test_times_have_ranges_and_empty_fields_none():
    frame = pl.DataFrame({"item_id": ["a", "b"], "out": [date(2024, 5, 31), None], "at": [datetime(2024, 1, 1, 3)] * 2})
    day, moment = described(Catalog(frame), 5)
    assert (day.kind, day.low, day.high, day.filled) == ("time", "2024-05-31", "2024-05-31", 0.5)
    assert (moment.column, moment.low) == ("moment", "2024-01-01T03:00:00")
    (empty,) = described(Catalog(pl.DataFrame(schema={"item_id": pl.String, "price": pl.Float64})), 5)
    assert (empty.kind, empty.low, empty.filled) == ("number", None, 0.0)
