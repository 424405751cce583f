"""Profiles over HTTP: every line can be seen, set right and deleted for good; a person can leave."""

from api_world import is_problem

LAMPS = [f"i{n}" for n in (0, 5, 10, 15, 20, 25)]


def visited(server, user_id, items=LAMPS):
    events = [{"kind": "click", "user_id": user_id, "item_id": item, "time": n} for n, item in enumerate(items)]
    assert server.client.post("/v1/feedback/batch", json={"events": events}).json()["stored"] == len(items)


def lines(server, user_id="ann"):
    return server.client.get(f"/v1/users/{user_id}/profile").json()["lines"]


def test_an_inferred_line_that_was_deleted_does_not_come_back(server):
    visited(server, "ann")
    lamp = next(line for line in lines(server) if line["text"] == "likes lamp")
    assert lamp["source"] == "inferred"
    assert set(lamp["events"]) <= set(LAMPS)
    left = server.client.delete(f"/v1/users/ann/profile/lines/{lamp['id']}").json()["lines"]
    assert "likes lamp" not in [line["text"] for line in left]
    visited(server, "ann", ["i30", "i35"])
    assert "likes lamp" not in [line["text"] for line in lines(server)]
    is_problem(server.client.delete(f"/v1/users/ann/profile/lines/{lamp['id']}"), 404)


def test_own_words_stand_and_replace(server):
    visited(server, "ann")
    lamp = next(line for line in lines(server) if line["text"] == "likes lamp")
    said = {"text": "rugs, no lamps", "condition": "genres = rug"}
    found = server.client.put(f"/v1/users/ann/profile/lines/{lamp['id']}", json=said).json()["lines"]
    assert found[0]["text"] == "rugs, no lamps"
    assert (found[0]["source"], found[0]["locked"]) == ("stated", True)
    assert "likes lamp" not in [line["text"] for line in found]
    turn = server.client.post("/v1/turn", json={"words": "price below 50", "user_id": "ann"}).json()
    assert "rugs, no lamps" in [line["text"] for line in turn["guidance"]["profile"]]
    server.client.delete(f"/v1/users/ann/profile/lines/{found[0]['id']}")
    assert "rugs, no lamps" not in [line["text"] for line in lines(server)]
    is_problem(server.client.post("/v1/users/ann/profile/lines", json={"text": " "}), 422)
    is_problem(server.client.post("/v1/users/ann/profile/lines", json={"text": "x", "condition": "?"}), 422)


def test_consent_is_obeyed_by_the_next_turn(server):
    changed = server.client.patch("/v1/users/ann/profile", json={"consent": False, "age": "teen"}).json()
    assert (changed["consent"], changed["age"], changed["locale"]) == (False, "teen", "en")
    guidance = server.client.post("/v1/turn", json={"words": "lamps", "user_id": "ann"}).json()["guidance"]
    assert (guidance["consent"], guidance["age"]) == (False, "teen")
    claimed = {"guidance": {**guidance, "consent": True, "age": "adult"}, "user_id": "ann"}
    again = server.client.post("/v1/turn", json=claimed).json()["guidance"]
    assert (again["consent"], again["age"]) == (False, "teen")
    is_problem(server.client.patch("/v1/users/ann/profile", json={"age": "elder"}), 422)


def test_a_person_takes_everything_along_and_leaves(server):
    visited(server, "ann")
    server.client.post("/v1/users/ann/profile/lines", json={"text": "warm light"})
    kept = server.client.get("/v1/users/ann/export").json()
    assert (len(kept["events"]), kept["known"]) == (len(LAMPS), True)
    assert "warm light" in [line["text"] for line in kept["shown"]["lines"]]
    gone = server.client.delete("/v1/users/ann").json()
    assert (gone["known"], gone["events"]) == (True, len(LAMPS))
    after = server.client.get("/v1/users/ann/export").json()
    assert (after["known"], after["events"], after["shown"]["lines"]) == (False, [], [])


def test_whatever_a_person_is_called_they_can_leave(server, lines):
    from urllib.parse import quote

    for user_id in ("a/b", "</script>", "x/profile", "?#&", "ü 1"):
        path = f"/v1/users/{quote(user_id, safe='')}"
        server.client.post("/v1/feedback", json={"kind": "click", "user_id": user_id, "item_id": "i1"})
        added = server.client.post(f"{path}/profile/lines", json={"text": "rugs"}).json()["lines"][0]["id"]
        assert server.client.put(f"{path}/profile/lines/{added}", json={"text": "lamps"}).status_code == 200
        assert [one["item_id"] for one in server.client.get(f"{path}/export").json()["events"]] == ["i1"]
        assert server.client.delete(path).json()["events"] == 1
    assert {line["route"] for line in lines()} == {
        "/v1/feedback", "/v1/users/{user_id}", "/v1/users/{user_id}/export", "/v1/users/{user_id}/profile/lines",
        "/v1/users/{user_id}/profile/lines/{line_id}",
    }  # fmt: skip


def test_a_line_about_nothing_that_is_there_is_refused_and_an_old_one_stays_as_words(server, store):
    from generec.records import ProfileLine
    from generec.types import Condition

    lines = "/v1/users/ann/profile/lines"
    for condition in ("colour = blue", "price < cheap"):
        is_problem(server.client.post(lines, json={"text": "blue", "condition": condition}), 422)
    assert server.client.get("/v1/users/ann/profile").json()["lines"] == []
    old = ProfileLine("old", "blue things", 1.0, Condition("colour", "=", "blue"), (), "stated", True)
    store.people.put_line("default", "ann", old, by="test")  # of a catalogue with colours
    turn = server.client.post("/v1/turn", json={"words": "lamps", "user_id": "ann"}).json()
    assert [(line["text"], line["condition"]) for line in turn["guidance"]["profile"]] == [("blue things", None)]
    is_problem(server.client.put(f"{lines}/old", json={"text": "blue", "condition": "colour = blue"}), 422)
