"""Names with slashes in paths: sent as %2F they are names, and nothing else is taken for one."""

import pytest
from api_world import is_problem
from hypothesis import given
from hypothesis import strategies as st

from generec.serving.api.guard import SLASH, parted

ODD = "ann/profile/lines"


def test_a_slip_deletes_nobody(server):
    server.client.post("/v1/feedback", json={"kind": "click", "user_id": ODD, "item_id": "i1"})
    for method, path in (("DELETE", "profile/lines"), ("DELETE", "profile"), ("DELETE", "export"), ("PATCH", "export")):
        refused = server.client.request(method, f"/v1/users/ann/{path}")
        is_problem(refused, 405)
        assert method not in refused.headers["allow"]
    assert len(server.client.get("/v1/users/ann%2Fprofile%2flines/export").json()["events"]) == 1
    assert server.client.delete("/v1/users/ann%2Fprofile%2Flines").json()["known"]
    assert not server.client.delete("/v1/users/ann%2Fprofile%2Flines").json()["known"]


def test_slashes_of_a_path_part_it(server):
    is_problem(server.client.delete("/v1/users/a/b"), 404)
    is_problem(server.client.get("/v1/items/a/b"), 404)
    for path in ("/v1/users/a%00b", "/v1/items/a%00b", "/v1/users/a%00b%2Fc"):
        is_problem(server.client.delete(path), 404)


@pytest.mark.parametrize("path", ["/v1/rules/a%2Fb", "/web/..%2Fx"])
def test_elsewhere_paths_are_as_they_came(path):
    assert parted(path.replace("%2F", "/"), path.encode()) == path.replace("%2F", "/")


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_every_name_comes_back(name):
    from urllib.parse import quote

    raw = f"/v1/users/{quote(name, safe='')}/profile"
    found = parted(f"/v1/users/{name}/profile", raw.encode())
    assert found.split("/")[3].replace(SLASH, "/") == name
    assert found.count("/") == 4
