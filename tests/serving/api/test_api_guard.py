"""Hosts, origins, sizes, headers, request ids and keys."""

import pytest
from api_world import is_problem


def test_every_answer_has_its_id_and_the_headers(server):
    for path in ("/healthz", "/nowhere"):
        response = server.client.get(path, headers={"x-request-id": "from-the-client"})
        assert response.headers["x-request-id"] == "from-the-client"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-content-type-options"] == "nosniff"
    odd = server.client.get("/healthz", headers={"x-request-id": "ann@example.org"})
    assert "ann" not in odd.headers["x-request-id"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "", "[::1"])
def test_another_host_is_refused(server, host):
    is_problem(server.client.get("/healthz", headers={"host": host}), 421)


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1:9", "[::1]:8000"])
def test_this_host_is_served(server, host):
    assert server.client.get("/healthz", headers={"host": host}).status_code == 200


def test_pages_of_other_servers_may_not_call(server):
    is_problem(server.client.post("/v1/recommend", json={}, headers={"origin": "https://evil.example"}), 403)
    is_problem(server.client.post("/v1/recommend", json={}, headers={"origin": "null"}), 403)
    assert server.client.post("/v1/recommend", json={}, headers={"origin": "http://localhost"}).status_code == 200


def test_what_is_too_large_is_refused_with_and_without_its_length(server):
    large = b'{"user_id": "' + b"a" * 200_000 + b'"}'
    json = {"content-type": "application/json"}
    is_problem(server.client.post("/v1/recommend", content=large, headers=json), 413)
    pieces = (large[at : at + 1000] for at in range(0, len(large), 1000))
    is_problem(server.client.post("/v1/recommend", content=pieces, headers=json), 413)


def test_it_is_open_on_this_machine_until_there_is_a_key_and_only_then(server, app):
    from fastapi.testclient import TestClient

    far = TestClient(app, base_url="http://localhost", client=("192.0.2.1", 1))
    is_problem(far.post("/v1/recommend", json={}), 401)
    assert server.client.post("/v1/recommend", json={}).status_code == 200
    key = server.key("read")
    refused = server.client.post("/v1/recommend", json={})
    is_problem(refused, 401)
    assert refused.headers["www-authenticate"].startswith("Bearer")
    assert server.client.post("/v1/recommend", json={}, headers=key).status_code == 200


def test_the_log_names_the_route_and_nobody(server, lines):
    key = server.key("read")
    server.client.post(
        "/v1/recommend", json={"user_id": "canary-7f3a", "filters": ["title = canary-7f3a"]}, headers=key
    )
    server.client.get("/canary-7f3a?who=canary-7f3a", headers=key)
    first, second = lines()
    assert (first["route"], first["status"], first["tenant"]) == ("/v1/recommend", 200, "default")
    assert (second["route"], second["status"]) == ("", 404)
    assert "canary" not in str((first, second))
