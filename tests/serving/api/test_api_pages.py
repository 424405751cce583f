"""The files of the web app over HTTP: served as they are, under a policy that lets nothing else run."""

from importlib.resources import files

import pytest
from api_world import is_problem


def test_the_page_may_only_use_files_of_this_server(server):
    page = server.client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    for loose in ("unsafe", "http", "*", "data:"):
        assert loose not in policy
    assert " style=" not in page.text
    assert "<style" not in page.text
    assert page.text.count("<script") == page.text.count('<script src="/web/') + page.text.count(
        '<script type="module" src="/web/'
    )


def test_a_file_is_not_sent_twice(server):
    first = server.client.get("/web/scripts/main.js")
    assert first.headers["content-type"].startswith("text/javascript")
    again = server.client.get("/web/scripts/main.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/web/", "/web/scripts", "/web/nothing.js", "/web/../api/app.py", "/web/%2e%2e/api/app.py", "/web/a%00.js"]
)
def test_what_is_no_part_of_the_app_is_not_served(server, path):
    is_problem(server.client.get(path), 404)


def test_the_app_needs_no_key_and_stays_small(server):
    server.key("read")
    assert server.client.get("/").status_code == 200
    found = [path for path in files("generec.serving").joinpath("web").rglob("*") if path.is_file()]
    assert len(found) > 20
    assert sum(path.stat().st_size for path in found) <= 300_000
    for path in found:
        name = path.relative_to(files("generec.serving").joinpath("web")).as_posix()
        assert server.client.get(f"/web/{name}").status_code == 200, name
