"""Events over HTTP: once each, and in force with the next answer."""

import contextlib

import pytest
from api_world import is_problem
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from generec.data.writer import ready
from generec.errors import InputError
from generec.serving.api.feedback import Event
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


TEXT = st.text(max_size=6) | st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=600)
NUMBER = st.integers(-5, 2**64) | st.floats()
EVENT = st.fixed_dictionaries(
    {"kind": st.sampled_from(["impression", "click", "like", "purchase"])},
    optional={
        "user_id": TEXT, "item_id": TEXT, "draft": TEXT, "turn": TEXT, "model": TEXT, "correction": TEXT,
        "stage": st.sampled_from(["slate", "retrieval", "edit"]), "position": NUMBER, "propensity": NUMBER,
        "value": NUMBER, "time": NUMBER,
    },
)  # fmt: skip


@settings(max_examples=300)
@given(EVENT, st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_what_the_api_takes_the_log_takes_without_a_second_look(sent, key):
    event = None
    with contextlib.suppress(ValidationError):
        event = Event.model_validate(sent)
    assume(event is not None)
    entry = event.entry(key)

    def stored(checked):
        try:
            return ready([entry], "tenant/", checked)
        except InputError:
            return None

    assert stored(checked=True) == stored(checked=False)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"kind": "like", "user_id": "ann", "item_id": "i7"}', "application/json", 200),
        (b'{"kind": "like", "user_id": "ann", "item_id": "i7"}', "application/json; charset=utf-8", 200),
        (b'{"kind": "like", "user_id": "ann", "item_id": "i7"}', "text/plain", 422),  # what any page may send
        (b'{"kind": "like", "user_id": "ann", "item_id": "i7"}', None, 422),
        (b'{"kind": "like", "user_id": "ann", "item_id": "i7"', "application/json", 422),
        (b'{"kind": "like", "value": NaN}', "application/json", 422),
        (b'{"kind": "like", "position": 1e999}', "application/json", 422),
        (b'{"kind": "like", "user_id": "\xff"}', "application/json", 422),
        (b'"like"', "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b"", "application/json", 422),
    ],
)  # fmt: skip
def test_a_body_is_parsed_and_checked_in_one_step(server, body, kind, status):
    answer = server.client.post("/v1/feedback", content=body, headers={"content-type": kind} if kind else {})
    assert answer.status_code == status, answer.text
    if status == 422:
        is_problem(answer, 422)


def test_a_body_that_is_parsed_in_one_step_is_described_as_any_other(server):
    document = server.client.get("/openapi.json").json()
    for path, name in (("/v1/feedback", "Event"), ("/v1/feedback/batch", "Events")):
        body = document["paths"][path]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"] == {"$ref": f"#/components/schemas/{name}"}


def test_a_wrong_field_is_named_where_it_stands(server):
    answer = server.client.post("/v1/feedback/batch", json={"events": [LIKE, {**LIKE, "position": -1}]}).json()
    assert [fault["pointer"] for fault in answer["errors"]] == ["/body/events/1/position"]
