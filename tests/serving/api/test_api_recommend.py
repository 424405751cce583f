"""Slates over HTTP: what is asked, refused and said about the server itself."""

import pytest
from api_world import is_problem

from small_world import trained


def test_a_slate_is_that_of_the_system(server):
    asked = {"history": ["i1", "i2"], "k": 4, "filters": ["price < 40"], "exclude": ["i3"]}
    response = server.client.post("/v1/recommend", json=asked)
    assert response.status_code == 200, response.text
    found = response.json()
    assert (found["model"], found["cached"], found["source"]) == ("one", False, "model")
    assert [place["rank"] for place in found["items"]] == [1, 2, 3, 4]
    ids = {place["item_id"] for place in found["items"]}
    assert not ids & {"i1", "i2", "i3"}
    prices = dict(zip(trained().catalog.item_ids, trained().catalog.frame["price"], strict=True))
    assert all(prices[one] < 40 for one in ids)
    assert server.client.post("/v1/recommend", json=asked).json()["cached"]


def test_similar_items_and_those_that_are_not_there(server):
    (found,) = server.client.post("/v1/similar", json={"item_ids": ["i5"], "k": 3}).json()
    assert len(found["items"]) == 3
    assert "i5" not in {place["item_id"] for place in found["items"]}
    is_problem(server.client.post("/v1/similar", json={"item_ids": ["nowhere"]}), 404)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"k": 0}, "k"), ({"kk": 3}, "kk"), ({"filters": ["price ~ 3"]}, "write: field"),
        ({"filters": ["prise < 3"]}, "did you mean 'price'"), ({"history": "i1"}, "history"),
        ({"user_id": "\x00"}, "user_id"), ({"user_id": "\ud800"}, "user_id"), ("{", "body"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_a_problem_with_its_remedy(server, body, says):
    import json

    content = body if isinstance(body, str) else json.dumps(body)
    response = server.client.post("/v1/recommend", content=content, headers={"content-type": "application/json"})
    assert says in is_problem(response, 422)["detail"]


def test_health_figures_and_the_document(server):
    assert server.client.get("/healthz").json()["status"] == "alive"
    assert server.client.get("/readyz").json() == {"status": "ready", "model": "one"}
    server.client.post("/v1/recommend", json={})
    assert 'generec_requests_total{outcome="answered"} 1.0' in server.client.get("/metrics").text
    paths = server.client.get("/openapi.json").json()["paths"]
    assert {"/v1/recommend", "/healthz"} <= set(paths)
    is_problem(server.client.get("/nowhere"), 404)
    is_problem(server.client.get("/v1/recommend"), 405)
