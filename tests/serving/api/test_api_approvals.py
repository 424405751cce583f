"""Creations on their way into the catalogue: only what passed, only by its owner, and then at once."""

from api_world import is_problem

ASKED = {"kind": "set", "words": "3 items below 90 euros in all", "conditions": ["genres = lamp"], "history": ["i1"]}


def made(server, **asked):
    turn = server.client.post("/v1/create", json={**ASKED, **asked}).json()
    return turn["id"], next(one["draft"]["id"] for one in turn["slate"] if one["mode"] == "created")


def items(server, **asked):
    found = server.client.post("/v1/recommend", json={"history": ["i1"], "k": 100, **asked}).json()["items"]
    return [one["item_id"] for one in found]


def test_an_approved_creation_is_recommended_at_once_and_says_what_it_is(server, store):
    turn, draft = made(server, user_id="ann")
    before = items(server)
    waiting = server.client.post("/v1/approvals", json={"turn": turn, "draft": draft}).json()
    assert (waiting["state"], waiting["id"]) == ("waiting", draft)
    assert server.client.post("/v1/approvals", json={"turn": turn, "draft": draft}).json() == waiting
    assert items(server) == before
    assert [one["id"] for one in server.client.get("/v1/approvals").json()["approvals"]] == [draft]
    fields = {"genres": ["lamp", "set"], "price": 80.0}
    done = server.client.post(f"/v1/approvals/{draft}/approve", json={"item_id": "lamps", "fields": fields})
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["item_id"]) == ("approved", "lamps")
    assert items(server, filters=["genres = set"]) == items(server, filters=["origin = created"]) == ["lamps"]
    shown = server.client.get("/v1/items/lamps").json()["fields"]
    assert (shown["origin"], len(shown["members"]), shown["price"]) == ("created", 3, 80.0)
    assert server.client.get("/v1/approvals").json() == {"approvals": [], "cursor": None}
    is_problem(server.client.post(f"/v1/approvals/{draft}/approve", json={}), 422)
    assert [deed.act for deed in store.audit.page("default").rows][:3] == [
        "approved draft", "upsert item", "submit draft",
    ]  # fmt: skip


def test_the_signed_sidecar_goes_with_a_creation_into_the_catalogue(server, store):
    turn, draft = made(server)
    waiting = server.client.post("/v1/approvals", json={"turn": turn, "draft": draft}).json()
    assert waiting["marks"] == server.client.get("/v1/approvals").json()["approvals"][0]["marks"]
    done = server.client.post(f"/v1/approvals/{draft}/approve", json={"item_id": "lamps"}).json()
    item = server.client.get("/v1/items/lamps").json()
    assert item["marks"] == done["marks"] == waiting["marks"]
    assert "sidecar" not in str(item["fields"]) + str(done["report"])
    assert server.client.post("/v1/detect", json=item["marks"]).json()["found"]
    layers = {
        one["name"]: one["state"] for one in server.client.post("/v1/detect", json=item["marks"]).json()["layers"]
    }
    assert layers["sidecar"] == layers["ledger"] == "valid"
    other = {**item["marks"], "content": item["marks"]["content"].replace("lamp", "rug")}
    other = {**item["marks"], "content": item["marks"]["content"].replace("lamp", "rug")}
    for marks, state in ((item["marks"], "valid"), (other, "invalid")):
        layers = server.client.post("/v1/detect", json=marks).json()["layers"]
        assert {one["name"]: one["state"] for one in layers}["sidecar"] == state
    assert server.client.get("/v1/items/i1").json()["marks"] is None


def test_what_is_turned_down_never_enters(server):
    turn, draft = made(server)
    server.client.post("/v1/approvals", json={"turn": turn, "draft": draft})
    found = server.client.post(f"/v1/approvals/{draft}/reject", json={"reason": "dull"}).json()
    assert (found["state"], found["reason"]) == ("rejected", "dull")
    is_problem(server.client.post(f"/v1/approvals/{draft}/approve", json={}), 422)
    assert items(server, filters=["origin = created"]) == []
    rejected = server.client.get("/v1/approvals", params={"state": "rejected"}).json()["approvals"]
    assert [one["id"] for one in rejected] == [draft]


def test_only_what_was_made_here_can_be_submitted(server):
    turn, draft = made(server)
    is_problem(server.client.post("/v1/approvals", json={"turn": "another", "draft": draft}), 404)
    is_problem(server.client.post("/v1/approvals", json={"turn": turn, "draft": "another"}), 404)
    is_problem(server.client.post("/v1/approvals/another/approve", json={}), 404)
    is_problem(server.client.post("/v1/approvals/another/reject", json={}), 404)
    claimed = {"turn": turn, "draft": draft, "report": {"passed": True}}
    is_problem(server.client.post("/v1/approvals", json=claimed), 422)
    is_problem(server.client.post("/v1/items", json={"items": [{"item_id": "x", "origin": "created"}]}), 422)
    server.client.post("/v1/approvals", json={"turn": turn, "draft": draft})
    odd = {"item_id": "i1", "fields": {}}
    is_problem(server.client.post(f"/v1/approvals/{draft}/approve", json=odd), 422)
    assert server.client.get("/v1/approvals").json()["approvals"][0]["state"] == "waiting"


def test_words_of_a_person_do_not_stay_in_the_queue(server, store):
    profile = {"text": "canary-7f3a for my mother", "condition": "genres = lamp"}
    server.client.post("/v1/users/ann/profile/lines", json=profile)
    turn, draft = made(server, user_id="ann")
    server.client.post("/v1/approvals", json={"turn": turn, "draft": draft})
    assert "canary" not in server.client.get("/v1/approvals").text
