"""Turns over HTTP: the loop's answer, streamed in its order, under the rules of who asks."""

import json

import pytest
from api_world import is_problem

from small_world import dataset

PRICES = dict(zip(dataset().catalog.item_ids, dataset().catalog.frame["price"], strict=True))
STREAM = {"accept": "text/event-stream"}


def events(response):
    assert response.headers["content-type"].startswith("text/event-stream")
    found = []
    for block in response.text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def shown(turn):
    return [candidate["item_id"] for candidate in turn["slate"]]


def test_a_dialogue_keeps_its_wishes_and_obeys_what_happened(server):
    first = server.client.post("/v1/turn", json={"words": "price below 20", "history": ["i1"]})
    assert first.status_code == 200, first.text
    assert shown(first.json())
    assert all(PRICES[item] < 20 for item in shown(first.json()))
    gone, refused, rejected, *_ = shown(first.json())
    assert server.client.delete(f"/v1/items/{gone}").status_code == 200
    server.client.post("/v1/feedback", json={"kind": "dislike", "user_id": "ann", "item_id": refused})
    asked = {
        "words": "lamps", "history": ["i1"], "user_id": "ann", "before": first.json()["guidance"],
        "rejected": [rejected], "k": 50,
    }  # fmt: skip
    second = server.client.post("/v1/turn", json=asked).json()
    assert all(PRICES[item] < 20 for item in shown(second))
    assert not {gone, refused, rejected} & set(shown(second))
    asked = {"guidance": {**second["guidance"], "hard": []}, "user_id": "ann", "k": 50}
    assert any(PRICES[item] >= 20 for item in shown(server.client.post("/v1/turn", json=asked).json()))


def test_the_stream_tells_guidance_drafts_checks_slate_and_done(server):
    asked = {"words": "price below 20", "history": ["i1"]}
    found = events(server.client.post("/v1/turn", json=asked, headers=STREAM))
    assert [name for name, _ in found] == ["guidance", "drafts", "checks", "slate", "done"]
    told = dict(found)
    assert told["guidance"]["hard"][0]["condition"]["field"] == "price"
    plain = server.client.post("/v1/turn", json=asked).json()
    assert shown(told["slate"]) == shown(plain)
    assert told["done"]["id"] == plain["id"]


def test_a_client_cannot_claim_who_it_is(server):
    guidance = {"user_id": "somebody", "consent": True, "evidence": [{"id": "e", "text": "mine"}], "age": "adult"}
    found = server.client.post("/v1/turn", json={"guidance": guidance, "user_id": "ann"}).json()["guidance"]
    assert (found["user_id"], found["evidence"]) == ("ann", [])


def test_words_point_at_what_was_shown(server):
    first = server.client.post("/v1/turn", json={"words": "price below 20", "history": ["i1"]}).json()
    asked = {"before": first["guidance"], "shown": shown(first), "history": ["i1"]}
    why = server.client.post("/v1/turn", json={**asked, "words": "why the second one?"}).json()
    assert (why["guidance"]["act"], why["guidance"]["item_id"]) == ("explain", shown(first)[1])
    told = dict(events(server.client.post("/v1/turn", json={**asked, "words": "why the second one?"}, headers=STREAM)))
    assert told["guidance"]["item_id"] == shown(first)[1], "what is streamed as understood is what is answered"
    like = server.client.post("/v1/turn", json={**asked, "words": "more like the third one"}).json()
    assert [anchor["item_id"] for anchor in like["guidance"]["anchors"]] == [shown(first)[2]]
    gone = {**asked, "shown": ["nothing"], "words": "why the first one?"}
    is_problem(server.client.post("/v1/turn", json=gone), 422)
    is_problem(server.client.post("/v1/turn", json={**asked, "shown": ["i1"] * 201, "words": "lamps"}), 422)


def test_an_answer_to_a_question_goes_on_where_it_was_asked(server):
    first = server.client.post("/v1/turn", json={"words": "lamps under 5 that cost more than 30"}).json()
    options, before = first["question"]["options"], first["guidance"]
    assert len(options) == 2
    for words in (options[1], "the second"):
        second = server.client.post("/v1/turn", json={"words": words, "before": before, "asked": 1}).json()
        assert second["question"] is None
        assert shown(second)
        assert all(PRICES[item] > 30 for item in shown(second))
    whole = server.client.post("/v1/turn", json={"guidance": before}).json()
    assert whole["guidance"]["question"] is None, "what was set right leaves no question open"


@pytest.mark.parametrize(
    "reading",
    [{"item_id": "nothing"}, {"hard": {"field": "x", "operator": "=", "value": "y"}},
     {"like": {"field": "price", "operator": "contains", "value": "y"}}],
)  # fmt: skip
def test_a_question_is_checked_as_wishes_are(server, reading):
    question = {"text": "which?", "options": ["a"], "readings": [reading]}
    is_problem(server.client.post("/v1/turn", json={"words": "a", "before": {"question": question}}), 422)
    many = {"text": "which?", "options": [str(n) for n in range(13)], "readings": []}
    is_problem(server.client.post("/v1/turn", json={"words": "a", "before": {"question": many}}), 422)


def test_what_cannot_be_answered_is_a_problem_in_both_forms(server):
    for headers in ({}, STREAM):
        is_problem(server.client.post("/v1/turn", json={"words": " "}, headers=headers), 422)
        is_problem(server.client.post("/v1/turn", json={"words": "x", "before": {"a": 1}}, headers=headers), 422)
        unknown = {"guidance": {"hard": [{"condition": {"field": "x", "operator": "=", "value": "y"}}]}}
        is_problem(server.client.post("/v1/turn", json=unknown, headers=headers), 422)
