"""What was served is in the log: all of it, once, behind the answers; and nothing of who was deleted."""

import asyncio
import time

import httpx
import pytest
from api_world import asking

from generec.data.entries import Entry


def shown(store, user_id):
    return [entry for entry in store.log("default").history(user_id) if entry.kind == "impression"]


def everything(store):
    return [entry for entry in store.log("default")._entries(()) if entry.kind == "impression"]


def test_slates_and_turns_are_events_with_places_model_and_arm(again, store):
    with asking(again()) as client:
        slate = client.post("/v1/recommend", json={"user_id": "ann", "k": 3}).json()
        turn = client.post("/v1/turn", json={"words": "price below 20", "user_id": "ann", "k": 4}).json()
        client.post("/v1/recommend", json={"k": 2})
    first, second = shown(store, "ann")
    assert (first.turn, first.model, first.payload["arm"]) == (slate["id"], "one", "recommend")
    assert [one["item_id"] for one in first.payload["items"]] == [place["item_id"] for place in slate["items"]]
    assert [one["position"] for one in first.payload["items"]] == [0, 1, 2]
    assert (second.turn, second.item_id) == (turn["id"], None)
    assert second.payload["propensities"] == turn["trace"]["plan"]["propensities"]
    assert second.propensity == second.payload["propensities"][second.payload["arm"]]
    assert [one["mode"] for one in second.payload["items"]] == [one["mode"] for one in turn["slate"]]
    nobody = [entry for entry in everything(store) if entry.user_id == "default/"]
    assert [len(entry.payload["items"]) for entry in nobody] == [2]


def test_a_reader_may_cause_them_and_they_are_no_history(server, store):
    asked = {"user_id": "ann", "k": 60}
    before = server.client.post("/v1/recommend", json=asked, headers=server.key("read")).json()["items"]
    deadline = time.monotonic() + 60
    while not shown(store, "ann") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(shown(store, "ann")) == 1
    assert server.client.post("/v1/recommend", json=asked, headers=server.key("read")).json()["items"] == before


def test_the_switch_is_obeyed(again, store):
    with asking(again(impressions=False)) as client:
        client.post("/v1/recommend", json={"user_id": "ann"})
        client.post("/v1/turn", json={"words": "lamps", "user_id": "ann"})
    assert everything(store) == []


def test_nothing_is_lost_when_the_server_is_stopped(app, store):
    async def stopped():
        async with app.router.lifespan_context(app):
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
            asks = (client.post("/v1/recommend", json={"user_id": f"u{n % 7}", "k": 1}) for n in range(40))
            return await asyncio.gather(*asks)

    answers = asyncio.run(stopped())
    assert {one.status_code for one in answers} == {200}
    assert sorted(entry.turn for entry in everything(store)) == sorted(one.json()["id"] for one in answers)


def test_what_the_store_refused_is_written_later_and_in_the_end_counted(again, store, monkeypatch):
    app, refused = again(), []

    def refusing(self, entries):
        refused.append(len(list(entries)))
        raise OSError("disk full")

    with asking(app) as client:
        with monkeypatch.context() as patched:
            patched.setattr("generec.serving.store.events.TenantLog.append", refusing)
            client.post("/v1/recommend", json={"user_id": "ann"})
            while not refused:
                time.sleep(0.02)
        client.post("/v1/recommend", json={"user_id": "ann"})
    assert len(shown(store, "ann")) == 2
    assert app.state.parts.impressions.lost == 0


def test_what_no_log_takes_holds_nothing_else_up(app, store):
    async def served():
        impressions = app.state.parts.impressions
        async with app.router.lifespan_context(app):
            for user_id in ("ann", "x" * 600, "bob", "ann"):
                impressions._served(user_id, "slate", "one", [], {})
            assert await impressions.flush()
        return impressions.lost

    assert asyncio.run(served()) == 1
    assert (len(shown(store, "ann")), len(shown(store, "bob"))) == (2, 1)


def test_whoever_may_ask_may_be_logged(server, store):
    longest = "ü" * 256
    assert server.client.post("/v1/recommend", json={"user_id": longest}).status_code == 200
    assert server.client.post("/v1/feedback", json={"kind": "click", "user_id": longest}).status_code == 200
    assert server.client.post("/v1/recommend", json={"user_id": longest + "x"}).status_code == 422
    assert len(server.client.get(f"/v1/users/{longest}/export").json()["events"]) == 2


@pytest.mark.parametrize("user_id", ["ann", "bob"])
def test_of_who_is_deleted_nothing_is_written_afterwards(app, store, user_id):
    async def deleted():
        async with app.router.lifespan_context(app):
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
            for _ in range(3):
                await client.post("/v1/recommend", json={"user_id": "ann"})
            await client.delete(f"/v1/users/{user_id}")

    store.log("default").append([Entry(kind="click", user_id="ann", item_id="i1")])
    asyncio.run(deleted())
    assert len(shown(store, "ann")) == (0 if user_id == "ann" else 3)


def test_an_export_has_what_was_just_served(server):
    server.client.post("/v1/recommend", json={"user_id": "ann"})
    assert [one["kind"] for one in server.client.get("/v1/users/ann/export").json()["events"]] == ["impression"]
