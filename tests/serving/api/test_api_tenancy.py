"""Every route, asked without a key, with a wrong one, with one that may only read, and by another tenant."""

import pytest
from api_world import CANARY, is_problem
from every_route import OF_ENGINE, OPEN, OPENAI, ROUTES, ask, kept, plant

from generec.serving.api.app import _ROUTERS
from generec.serving.openai.routes import router as openai_router
from generec.serving.store import Store


@pytest.fixture
def planted(server):
    plant(server)
    return server


def test_the_table_has_every_route(server):
    document = server.client.get("/openapi.json").json()["paths"]
    there = {(method, path) for path, methods in document.items() for method in methods}
    assert there == set(ROUTES) | OPEN
    served = {(method.lower(), route.path_format) for router in _ROUTERS for route in router.routes
              for method in route.methods}  # fmt: skip
    assert served == there | {("get", "/"), ("get", "/web/{name}"), ("get", "/pictures/{signature}/{item_id}")}
    openai = {(method.lower(), f"/openai/v1{route.path_format}") for route in openai_router.routes
              for method in route.methods}  # fmt: skip
    assert openai == set(OPENAI)


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
    for route, body in OPENAI.items():
        for headers in (wrong, revoked, basic, {}):
            response = ask(planted, route, body, headers)
            assert (response.status_code, CANARY in response.text) == (401, False), route
        assert ask(planted, route, body, planted.key("read", tenant="other")).status_code == 403
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


def test_a_key_that_another_process_made_opens_at_once(server, store, tmp_path):
    server.key("read")
    is_problem(server.client.post("/v1/recommend", json={"history": ["i1"]}), 401)  # what is valid was read just now
    store.keys.ring.seconds = 3600.0
    with Store.open(f"sqlite:///{tmp_path}/store.db", tmp_path / "keys") as elsewhere:
        secret = elsewhere.keys.create("default", "new", ["read"], by="test").secret
    allowed = {"authorization": f"Bearer {secret}"}
    assert server.client.post("/v1/recommend", json={"history": ["i1"]}, headers=allowed).status_code == 200
