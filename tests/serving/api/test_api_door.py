"""At the door: a flood is refused before anything else is done for it, and everything else goes through."""

import pytest
from api_world import is_problem

from generec.serving.api import recommend


@pytest.fixture
def flooded(server):
    """A server in an overload whose one place is taken."""
    admission = server.client.app.state.parts.engine.admission
    admission._until, admission.inside = float("inf"), admission.limits.standing
    yield server
    admission._until, admission.inside = float("-inf"), 0


def test_a_flood_is_refused_unread_and_told_when_to_come_back(flooded, lines):
    for route in recommend.router.routes:
        answer = flooded.client.post(
            route.path, content=b"no json at all", headers={"x-request-id": "a-request-of-mine"}
        )
        is_problem(answer, 429)
        assert answer.json()["type"] == "urn:generec:problem:overloaded"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["x-request-id"] == "a-request-of-mine"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (lines()[-1]["route"], lines()[-1]["status"]) == (route.path, 429)
    assert b'generec_requests_total{outcome="overloaded"} 2.0' in flooded.client.get("/metrics").content


def test_what_needs_no_place_goes_through(flooded):
    assert flooded.client.get("/healthz").status_code == 200
    assert (
        flooded.client.post("/v1/feedback", json={"kind": "click", "user_id": "u1", "item_id": "i1"}).status_code == 200
    )


def test_afterwards_all_are_answered_and_every_place_is_free(server):
    admission = server.client.app.state.parts.engine.admission
    assert server.client.post("/v1/recommend", json={"history": ["i1"], "k": 3}).status_code == 200
    assert server.client.post("/v1/recommend", content=b"no json at all").status_code == 422
    assert (admission.inside, admission.waiting) == (0, 0)
