"""A server to ask, and what every problem must be."""

from dataclasses import dataclass

from fastapi.testclient import TestClient

from generec.serving.store import Store

CANARY = "canary-7f3a"


@dataclass
class Server:
    """A running server and how to ask it."""

    client: TestClient
    store: Store

    def key(self, *scopes, tenant="default"):
        """Headers with a new key."""
        self.store.tenants.create(tenant)
        secret = self.store.keys.create(tenant, "test", scopes or ("admin",), by="test").secret
        return {"authorization": f"Bearer {secret}"}


def asking(app):
    return TestClient(app, base_url="http://localhost", client=("127.0.0.1", 5000), raise_server_exceptions=False)


def is_problem(response, status):
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    assert found["type"].startswith("urn:generec:problem:")
    assert found["instance"] == f"urn:generec:request:{response.headers['x-request-id']}"
    return found
