"""Requests that no ordinary client sends: refused as the client's mistake, never a failure of the server."""

import pytest
from api_world import is_problem

DEEP = "[" * 5000 + "]" * 5000
BODIES = {
    "/v1/recommend": [
        "", "null", "[]", "1e999", '{"k": 1e999}', '{"k": NaN}', '{"k": true}', f'{{"history": {DEEP}}}',
        '{"k": 99999999999999999999999999}', '{"filters": ["price < 1e999"]}', '{"filters": ["price = "]}',
        '{"filters": ["year < 99999999999999999999999"]}', '{"filters": ["genres < 3"]}', '{"history": ["\\ud800"]}',
        '{"timeout": -1}', "\\xff",
    ],
    "/v1/items": [
        '{"items": [{"item_id": "x", "title": "\\ud800"}]}', '{"items": [{"item_id": "x\\u0000"}]}',
        '{"items": [{"item_id": "\\ud800"}]}', '{"items": [{"item_id": "x", "price": 1e999}]}',
        '{"items": [{"item_id": "x", "year": 99999999999999999999999999}]}', '{"items": [{}]}', '{"items": [[]]}',
        '{"items": [{"item_id": "x", "": 1}]}', '{"items": [{"item_id": "x", "price": {"a": 1}}]}',
        '{"items": [{"item_id": ["x"]}]}', '{"items": [{"item_id": 3}, {"item_id": "3"}]}',
        f'{{"items": [{{"item_id": "x", "title": {DEEP}}}]}}', '{"items": [{"item_id": "x", "\\ud800": 1}]}',
    ],
    "/v1/feedback": [
        '{"kind": "click", "item_id": "\\u0000"}', '{"kind": "click", "time": -1}', '{"kind": "click", "value": NaN}',
        '{"kind": "click", "time": 99999999999999999999}', '{"kind": "click", "correction": "\\ud800"}',
        '{"kind": "click", "value": 1e999}',
    ],
    "/v1/turn": [
        '{"words": "\\ud800"}', '{"words": "x", "before": {"seed": 1e999}}', '{"words": "x", "seed": -1}',
        '{"guidance": {"item_id": "nowhere", "act": "explain"}}', '{"guidance": {"anchors": [{"item_id": "nowhere"}]}}',
        '{"guidance": {"directions": [{"field": "nowhere", "sign": 1}]}}',
        '{"guidance": {"act": "create", "kind": "set", "totals": [{"field": "nowhere", "high": 1}]}}',
        '{"guidance": {"likes": [{"weight": 1, "condition": {"field": "x", "operator": "=", "value": "y"}}]}}',
        '{"guidance": {"likes": [{"weight": 1e308, "words": "x"}, {"weight": 1e308, "words": "x"}]}}',
        '{"guidance": {"likes": [{"weight": NaN, "words": "x"}]}}', '{"guidance": {"profile": [3]}}',
        '{"guidance": {"count": -5, "act": "create", "kind": "set"}}',
        '{"guidance": {"hard": [{"condition": {"field": "price", "operator": "<", "value": ["a"]}}]}}',
    ],
    "/v1/create": ['{"conditions": ["?"]}', '{"conditions": ["nowhere = 3"]}', '{"kind": "film"}'],
    "/v1/detect": ['{"content": "\\ud800"}', '{"content": "x", "sidecar": "{"}', '{"content": "x", "sidecar": "[1]"}'],
    "/v1/approvals": ['{"turn": "\\ud800", "draft": "x"}', '{"turn": "x"}', '{"turn": "\\u0000", "draft": "x"}'],
    "/v1/approvals/x/approve": ['{"fields": {"\\ud800": 1}}', '{"fields": {"a": 1e999}}', "[]"],
    "/v1/approvals/x/reject": ['{"reason": "\\ud800"}'],
    "/v1/rules": ['{"kind": "pin", "conditions": ["\\u0000 = 3"]}',
        '{"kind": "pin", "conditions": ["title = \\ud800"]}'],
}  # fmt: skip


@pytest.mark.parametrize("path", BODIES)
def test_odd_bodies_never_break_the_server(server, path):
    for body in BODIES[path]:
        response = server.client.post(path, content=body, headers={"content-type": "application/json"})
        assert response.status_code < 500, (body[:100], response.text)
        if response.status_code >= 400:
            is_problem(response, response.status_code)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/recommend", '{"k": "5"}'), ("/v1/recommend", '{"repeat": 1}'), ("/v1/recommend", '{"timeout": true}'),
        ("/v1/feedback", '{"kind": "click", "time": false}'), ("/v1/feedback", '{"kind": "click", "value": "3"}'),
        ("/v1/turn", '{"words": "x", "seed": true}'), ("/v1/turn", '{"guidance": {"seed": true}}'),
        ("/v1/turn", '{"words": "x", "before": {"consent": 1}}'), ("/v1/create", '{"seed": false}'),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_not_made_to_fit(server, path, body):
    response = server.client.post(path, content=body, headers={"content-type": "application/json"})
    assert is_problem(response, 422)["errors"]


def test_a_wrong_method_is_told_all_the_right_ones(server):
    for path, right in (("/v1/items", "GET, POST"), ("/v1/rules", "GET, POST"), ("/v1/items/i1", "DELETE, GET")):
        response = server.client.put(path)
        is_problem(response, 405)
        assert response.headers["allow"] == right


@pytest.mark.parametrize(
    "path",
    [
        "/v1/items/%00", "/v1/items/%ff", "/v1/items/" + "x" * 2000, "/v1/items?limit=0",
        "/v1/items?limit=9999999999999",
        "/v1/items?cursor=%00", "/v1/items?q=%00", "/v1/items?q=%ff%25_",
        "/v1/users/%00/profile", "/v1/users/%ff/profile",
        "/v1/users/%ff/export", "/v1/rules?at=-1", "/v1/rules?at=99999999999999999999",
        "/v1/jobs/%00", "/v1/jobs/%ff", "/v1/jobs?limit=0", "/v1/approvals?cursor=%00", "/v1/approvals?state=x",
        "/v1/codes?prefix=%00", "/v1/codes?prefix=99999999999999999999", "/v1/codes?cursor=OTk5OTk5",
        "/v1/gaps?rows=0", "/v1/gaps?people=99999999999999999999", "/v1/models/%ff/plots/%00",
        "/v1/models/one/plots/..%2f..%2fMANIFEST.json", "/v1/health/data?x=%ff", "/v1/traffic?x=%00",
        "/v1/items?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "//v1/items", "/v1/items/../rules", "/v1/users//profile",
    ],
)  # fmt: skip
def test_odd_paths_never_break_the_server(server, path):
    response = server.client.get(path)
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        is_problem(response, response.status_code)


def test_odd_headers_never_break_the_server(server):
    for headers in (
        {"content-length": "x"}, {"content-length": "-1"}, {"authorization": "Bearer"},
        {"authorization": "Bearer \xff"},
        {"idempotency-key": "\xe9"}, {"content-type": "text/plain"}, {"content-type": "application/json; charset=x"},
        {"origin": "http://[::1"},
    ):  # fmt: skip
        raw = [(name, value.encode("latin-1")) for name, value in headers.items()]
        response = server.client.post("/v1/feedback", content=b'{"kind": "click"}', headers=raw)
        assert response.status_code < 500, (headers, response.text)
