"""The catalogue over HTTP: what is put in is recommended at once, what is deleted never again."""

from api_world import is_problem

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
