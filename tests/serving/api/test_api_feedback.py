"""Events over HTTP: once each, and in force with the next answer."""

from api_world import is_problem

from generec.types import Request
from small_world import trained

LIKE = {"kind": "like", "user_id": "ann", "item_id": "i7", "time": 1000}


def test_an_event_counts_with_the_next_answer(server):
    def given():
        found = server.client.post("/v1/recommend", json={"user_id": "ann", "k": 60}).json()
        return [place["item_id"] for place in found["items"]]

    before = given()
    assert server.client.post("/v1/feedback", json=LIKE).json() == {"stored": 1, "repeated": 0}
    server.client.post("/v1/feedback", json={**LIKE, "kind": "dislike", "item_id": "i9"})
    after = given()
    assert {"i7", "i9"} <= set(before)
    assert not {"i7", "i9"} & set(after)
    asked = Request(history=("i7",), exclude=frozenset({"i9"}))
    assert after == list(trained().recommend([asked], 60)[0].item_ids)


def test_what_is_sent_again_is_stored_once(server, store):
    batch = {"events": [LIKE, {**LIKE, "kind": "impression", "position": 0, "propensity": 0.5}]}
    again = {"idempotency-key": "once"}
    first = server.client.post("/v1/feedback/batch", json=batch, headers=again)
    assert first.json() == {"stored": 2, "repeated": 0}
    assert server.client.post("/v1/feedback/batch", json=batch, headers=again).json() == first.json()
    is_problem(server.client.post("/v1/feedback", json=LIKE, headers=again), 422)
    assert [entry.kind for entry in store.log("default").history("ann")] == ["like", "impression"]


def test_one_broken_event_keeps_all_out(server, store):
    batch = {"events": [LIKE, {**LIKE, "propensity": 2}]}
    assert "propensity" in is_problem(server.client.post("/v1/feedback/batch", json=batch), 422)["detail"]
    assert store.log("default").history("ann") == ()
    is_problem(server.client.post("/v1/feedback", json={**LIKE, "kind": "trained"}), 422)
    is_problem(server.client.post("/v1/feedback", json={**LIKE, "source": "synthetic"}), 422)
