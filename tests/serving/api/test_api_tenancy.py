"""Every route, asked without a key, with a wrong one, with one that may only read, and by another tenant."""

import pytest
from api_world import CANARY, is_problem

from generec.records import BackendCard, Draft, GateReport, TextPayload, Verdict

OPEN = {("get", "/healthz"), ("get", "/readyz")}
LINE = {"text": "rugs"}
ROUTES = {
    ("get", "/metrics"): ("read", None),
    ("post", "/v1/recommend"): ("read", {"user_id": CANARY, "history": ["i1"]}),
    ("post", "/v1/similar"): ("read", {"item_ids": ["i1"]}),
    ("get", "/v1/items"): ("read", None),
    ("post", "/v1/items"): ("write", {"items": [{"item_id": "theirs", "title": "theirs"}]}),
    ("get", "/v1/items/{item_id}"): ("read", None),
    ("delete", "/v1/items/{item_id}"): ("write", None),
    ("post", "/v1/feedback"): ("write", {"kind": "click", "user_id": CANARY, "item_id": "i2"}),
    ("post", "/v1/feedback/batch"): ("write", {"events": [{"kind": "click", "user_id": CANARY, "item_id": "i2"}]}),
    ("post", "/v1/turn"): ("read", {"words": "lamps", "user_id": CANARY}),
    ("get", "/v1/users/{user_id}/profile"): ("read", None),
    ("patch", "/v1/users/{user_id}/profile"): ("write", {"consent": True}),
    ("post", "/v1/users/{user_id}/profile/lines"): ("write", LINE),
    ("put", "/v1/users/{user_id}/profile/lines/{line_id}"): ("write", LINE),
    ("delete", "/v1/users/{user_id}/profile/lines/{line_id}"): ("write", None),
    ("get", "/v1/users/{user_id}/export"): ("read", None),
    ("delete", "/v1/users/{user_id}"): ("write", None),
    ("post", "/v1/edit"): ("write", {"item_id": "i1"}),
    ("post", "/v1/create"): ("write", {"words": "3 lamps"}),
    ("post", "/v1/explain"): ("read", {"item_id": "i1", "user_id": CANARY}),
    ("post", "/v1/detect"): ("read", {"content": "x"}),
    ("get", "/v1/models"): ("read", None),
    ("post", "/v1/models/rollback"): ("admin", None),
    ("get", "/v1/models/shadow"): ("read", None),
    ("delete", "/v1/models/shadow"): ("admin", None),
    ("post", "/v1/models/{version}/activate"): ("admin", None),
    ("post", "/v1/models/{version}/shadow"): ("admin", None),
    ("put", "/v1/models/{version}/share"): ("admin", {"share": 0.1}),
    ("get", "/v1/rules"): ("read", None),
    ("post", "/v1/rules"): ("admin", {"kind": "bury", "conditions": ["title = x"]}),
    ("delete", "/v1/rules/{rule_id}"): ("admin", None),
    ("get", "/v1/models/{version}/plots/{name}"): ("read", None),
    ("get", "/v1/approvals"): ("admin", None),
    ("post", "/v1/approvals"): ("write", {"turn": "t", "draft": "d"}),
    ("post", "/v1/approvals/{draft_id}/approve"): ("admin", {}),
    ("post", "/v1/approvals/{draft_id}/reject"): ("admin", {}),
    ("get", "/v1/jobs"): ("read", None),
    ("get", "/v1/jobs/{job_id}"): ("read", None),
    ("post", "/v1/jobs/{job_id}/cancel"): ("admin", None),
    ("get", "/v1/export"): ("admin", None),
    ("get", "/v1/gaps"): ("read", None),
    ("get", "/v1/traffic"): ("read", None),
    ("get", "/v1/codes"): ("read", None),
    ("get", "/v1/health/data"): ("read", None),
    ("post", "/v1/import"): ("admin", None),
    ("get", "/v1/fields"): ("read", None),
}
OF_ENGINE = (
    "/metrics", "/v1/recommend", "/v1/similar", "/v1/turn", "/v1/edit", "/v1/create", "/v1/explain", "/v1/detect",
    "/v1/models", "/v1/gaps", "/v1/traffic", "/v1/codes",
)  # fmt: skip


@pytest.fixture
def planted(server, store):
    """Something of the server's tenant in every table that has rows of tenants."""
    server.client.post("/v1/items", json={"items": [{"item_id": CANARY, "title": CANARY}]})
    event = {"kind": "correct", "user_id": CANARY, "item_id": "i1", "turn": "t", "correction": CANARY}
    server.client.post("/v1/feedback", json=event)
    server.client.post("/v1/feedback", json={"kind": "click", "user_id": CANARY, "item_id": "i3"})
    server.client.post(f"/v1/users/{CANARY}/profile/lines", json={"text": CANARY})
    server.client.post("/v1/rules", json={"kind": "pin", "conditions": [f"title = {CANARY}"]})
    store.jobs.ask("default", CANARY, {"words": CANARY}, by="test")
    made = Draft(
        id=CANARY, mode="created", payload=TextPayload(CANARY, CANARY), backend=BackendCard("test"), guidance="",
    )  # fmt: skip
    report = GateReport(CANARY, (Verdict("safety", "pass", "block"),), "test")
    store.approvals.submit("default", made, report, by="test")
    return server


def ask(server, route, body, headers):
    method, path = route
    lines, rules = server.store.people.get("default", CANARY).lines, server.store.rules.list("default")
    line, rule = lines[0].id if lines else "gone", rules[0].id if rules else "gone"
    path = path.format(
        item_id=CANARY, user_id=CANARY, line_id=line, version="two", rule_id=rule, name="pareto.png", draft_id=CANARY,
        job_id=server.store.jobs.list("default")[0].id,
    )  # fmt: skip
    return server.client.request(method, path, json=body, headers=headers)


def kept(store):
    """All that a tenant's rows say."""
    return (
        store.items.count("default"), store.items.get("default", CANARY), store.people.get("default", CANARY),
        store.rules.list("default"), store.models.list("default"), store.log("default").history(CANARY),
        store.jobs.list("default"), store.approvals.page("default", state=None).rows,
    )  # fmt: skip


def test_the_table_has_every_route(server):
    document = server.client.get("/openapi.json").json()["paths"]
    there = {(method, path) for path, methods in document.items() for method in methods}
    assert there == set(ROUTES) | OPEN


def test_every_operation_has_a_name_that_reads_in_a_generated_client(server):
    document = server.client.get("/openapi.json").json()["paths"]
    names = [operation["operationId"] for methods in document.values() for operation in methods.values()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and not name.startswith("_") and name.islower() for name in names)
    assert {"get_item", "list_rules", "send_event", "forget_person", "turn"} <= set(names)


def test_nobody_gets_anywhere_and_scopes_hold(planted, store):
    before = kept(store)
    reading, writing = planted.key("read"), planted.key("write")
    wrong = {"authorization": reading["authorization"][:-4] + "AAAA"}
    revoked = planted.key("admin")
    store.keys.revoke("default", revoked["authorization"].split("_")[1], by="test")
    basic = {"authorization": "Basic " + reading["authorization"].split()[1]}
    for route, (scope, body) in ROUTES.items():
        for headers in ({}, wrong, revoked, basic):
            assert CANARY not in str(is_problem(ask(planted, route, body, headers), 401))
        if scope != "read":
            is_problem(ask(planted, route, body, reading), 403)
        if scope == "admin":
            is_problem(ask(planted, route, body, writing), 403)
    assert kept(store) == before


def test_another_tenant_sees_and_changes_nothing_of_this_one(planted, store):
    before, theirs = kept(store), planted.key("admin", tenant="other")
    for route, (_, body) in ROUTES.items():
        response = ask(planted, route, body, theirs)
        assert response.status_code < 500, route
        if route[1].startswith(OF_ENGINE):
            is_problem(response, 403)
        told = response.text.replace(f'"user_id":"{CANARY}"', "").replace(f"'{CANARY}'", "")  # what they said
        assert CANARY not in told, (route, told)
    assert kept(store) == before
    assert store.log("other").history(CANARY) == ()  # what they sent themselves went with their own `delete user`
    assert planted.client.post("/v1/recommend", json={}, headers=planted.key("read")).status_code == 200


def test_no_log_line_names_a_person_or_their_words(planted, lines, caplog):
    headers = planted.key("admin")
    for route, (_, body) in ROUTES.items():
        ask(planted, route, body, headers)
        planted.client.request(route[0], route[1], content=CANARY, headers={**headers, "host": f"{CANARY}.example"})
    assert len(lines()) >= 2 * len(ROUTES)
    assert {line["route"] for line in lines()} >= {"/v1/users/{user_id}/export", "/v1/turn"}
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("generec")]
    assert CANARY not in str(ours)
    assert CANARY not in planted.client.get("/metrics", headers=headers).text
