"""Too much, too late, being stopped, and what nobody expected."""

import asyncio
import threading

import httpx
import pytest
from api_world import asking, is_problem


def test_too_many_turns_are_refused_with_the_time_to_come_back(again):
    app = again(talks=1)
    with asking(app) as client:
        busy = threading.Event()
        app.state.parts._thread.submit(busy.wait, 60)
        try:
            app.state.parts.talking = 1
            found = client.post("/v1/turn", json={"words": "lamps"})
            is_problem(found, 429)
            assert int(found.headers["retry-after"]) >= 1
        finally:
            busy.set()


def test_a_turn_that_takes_too_long_is_told_so(again):
    app = again(patience=0.05)
    with asking(app) as client:
        busy = threading.Event()
        app.state.parts._thread.submit(busy.wait, 60)
        try:
            is_problem(client.post("/v1/turn", json={"words": "lamps"}), 504)
        finally:
            busy.set()


def test_a_slate_that_takes_too_long_is_told_so(server):
    is_problem(server.client.post("/v1/recommend", json={"timeout": 1e-6}), 504)


def test_while_it_drains_it_is_not_ready_and_takes_nothing(app, server):
    app.state.parts.closing = True
    app.state.parts.engine._batcher._closing = True
    for found in (
        server.client.get("/readyz"), server.client.post("/v1/recommend", json={}),
        server.client.post("/v1/turn", json={"words": "lamps"}),
    ):  # fmt: skip
        is_problem(found, 503)
        assert found.headers["retry-after"] == "1"
    assert server.client.get("/healthz").status_code == 200


def test_what_was_asked_before_the_end_is_answered(app):
    async def stopped():
        async with app.router.lifespan_context(app):
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
            asked = [asyncio.create_task(client.post("/v1/recommend", json={"history": [f"i{n}"]})) for n in range(20)]
            while app.state.parts.engine._batcher.depth < 1:
                await asyncio.sleep(0)
        return await asyncio.gather(*asked)

    codes = [response.status_code for response in asyncio.run(stopped())]
    assert 200 in codes
    assert set(codes) <= {200, 503}


@pytest.mark.parametrize("path", ["/v1/recommend", "/v1/items"])
def test_what_nobody_expected_is_logged_by_its_kind_and_told_without_details(server, lines, monkeypatch, path):
    def broken(*_, **__):
        raise RuntimeError("canary-7f3a")

    monkeypatch.setattr("generec.serving.api.recommend.parse", broken)
    monkeypatch.setattr("generec.serving.store.items.place", broken)
    asked = {"filters": ["a = b"]} if path == "/v1/recommend" else None
    found = server.client.request("post" if asked else "get", path, json=asked)
    assert "canary" not in str(is_problem(found, 500))
    assert lines()[-1]["error"].startswith("RuntimeError at ")
    assert "canary" not in str(lines())
