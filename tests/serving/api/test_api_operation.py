"""What an operator looks at: jobs, export, traffic, codes, the health of the data, gaps, evaluations."""

import asyncio
import json
import threading

import pytest
from api_world import asking, is_problem
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.serving.api.reports import Reports
from generec.serving.batcher import DeadlineError
from generec.serving.traffic import quantiles


def test_jobs_are_listed_followed_and_ended(server, store):
    job = store.jobs.begin("default", "import events", {"data": "x"}, by="test")
    store.jobs.tell("default", job.id, 0.25, "a quarter")
    found = server.client.get(f"/v1/jobs/{job.id}").json()
    assert (found["kind"], found["state"], found["progress"], found["line"]) == (
        "import events", "running", 0.25, "a quarter",
    )  # fmt: skip
    assert server.client.get("/v1/jobs").json() == [found]
    assert server.client.post(f"/v1/jobs/{job.id}/cancel").json()["state"] == "cancelled"
    is_problem(server.client.post(f"/v1/jobs/{job.id}/cancel"), 422)
    is_problem(server.client.get("/v1/jobs/none"), 404)
    is_problem(server.client.post("/v1/jobs/none/cancel"), 404)


def test_an_export_holds_the_tenant_and_nobody_else(server, store):
    events = [{"kind": "click", "user_id": f"u{n}", "item_id": f"i{n}", "time": n} for n in range(5)]
    server.client.post("/v1/feedback/batch", json={"events": [*events, {"kind": "click", "item_id": "i9"}]})
    server.client.post("/v1/rules", json={"kind": "pin", "conditions": ["price < 3"]})
    store.tenants.create("other")
    store.log("other").append([store.log("default").history("u0")[0]])
    server.client.delete("/v1/users/u3")
    response = server.client.get("/v1/export")
    assert response.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in response.text.splitlines()]
    of = {kind: [line for line in lines if line["kind"] == kind] for kind in ("item", "event", "rule", "model", "end")}
    assert [line["item_id"] for line in of["item"]] == [f"i{n}" for n in range(60)]
    assert of["item"][3]["fields"] == server.client.get("/v1/items/i3").json()["fields"]
    assert [line["user_id"] for line in of["event"]] == ["u0", "u1", "u2", "u4", None]
    assert [line["event"] for line in of["event"]] == ["click"] * 5
    assert (of["rule"][0]["act"], of["rule"][0]["conditions"]) == ("pin", ["price < 3"])
    assert [line["version"] for line in of["model"]] == ["one", "three", "two"]
    assert of["end"] == [{"kind": "end", "item": 60, "event": 5, "rule": 1, "model": 3}]
    assert lines[-1] == of["end"][0]


def test_traffic_counts_routes_turns_and_checks(again):
    with asking(again()) as client:
        for _ in range(3):
            client.post("/v1/recommend", json={"history": ["i1"]})
        client.post("/v1/recommend", json={"k": 0})
        client.post("/v1/turn", json={"words": "price below 20", "history": ["i1"]})
        made = client.post("/v1/create", json={"kind": "set", "words": "3 lamps", "history": ["i1"]}).json()
        found = client.get("/v1/traffic").json()
    row = next(one for one in found["routes"] if one["route"] == "/v1/recommend")
    assert (row["requests"], row["refused"], row["failed"]) == (4, 1, 0)
    assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    assert (found["requests"], found["failed"], found["regret"]) == (6, 0, None)
    assert sum(found["turns"].values()) == 2
    assert found["turns"]["created"] == any(one["mode"] == "created" for one in made["slate"])
    verdicts = [verdict for report in made["reports"] for verdict in report["verdicts"]]
    assert {one["check"]: one["judged"] for one in found["checks"]} == {one["check"]: 1 for one in verdicts}
    assert sum(one["failed"] for one in found["checks"]) == sum(one["outcome"] == "fail" for one in verdicts)
    assert (found["slates"]["ended"]["answered"], found["slates"]["kept"]) == (3, 2)
    assert found["queue"] == {"waiting": 0, "limit": 96, "turns": 0, "turns_limit": 16}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.0001, 9.9), min_size=1, max_size=200))
def test_quantiles_of_a_histogram_lie_in_the_bucket_of_the_true_one(seconds):
    bounds = [0.002, 0.01, 0.1, 1.0, 10.0, float("inf")]
    found = quantiles([(bound, sum(one <= bound for one in seconds)) for bound in bounds])
    for share, name in ((0.5, "p50_ms"), (0.95, "p95_ms"), (0.99, "p99_ms")):
        true = sorted(seconds)[max(0, -(-len(seconds) * round(100 * share) // 100) - 1)]
        upper = next(bound for bound in bounds if true <= bound)
        lower = max((bound for bound in bounds if bound < true), default=0.0)
        assert 1000 * lower - 0.01 <= found[name] <= 1000 * upper + 0.01
    assert quantiles([]) == {"p50_ms": None, "p95_ms": None, "p99_ms": None}


def test_codes_lead_from_the_whole_catalogue_to_every_item(server):
    def under(prefix):
        found, cursor = [], None
        while True:
            page = server.client.get(
                "/v1/codes", params={"prefix": prefix, "limit": 3} | ({"cursor": cursor} if cursor else {})
            )
            found.append(page.json())
            cursor = page.json()["cursor"]
            if cursor is None:
                return found

    server.client.delete("/v1/items/i7")
    root = under("")
    assert (root[0]["items"], root[0]["colliding"]) == (59, 0)
    met, todo = [], [""]
    while todo:
        prefix = todo.pop()
        pages = under(prefix)
        children = [child for page in pages for child in page["children"]]
        if children:
            assert sum(child["items"] for child in children) == pages[0]["items"]
            assert all(child["samples"] for child in children)
            todo += [f"{prefix}-{child['code']}".strip("-") for child in children]
        met += [item["item_id"] for page in pages for item in page["members"]]
    assert sorted(met) == sorted(f"i{n}" for n in range(60) if n != 7)
    for prefix in ("9999999", "0-0-0-0-0-0-0-0-0", "a", "0-", "-1", "٣"):
        is_problem(server.client.get("/v1/codes", params={"prefix": prefix}), 422)


def test_new_items_are_cold(server):
    before = server.client.get("/v1/codes").json()["cold"]
    server.client.post("/v1/items", json={"items": [{"item_id": "late", "title": "lamp number 99"}]})
    assert server.client.get("/v1/codes").json()["cold"] == before + 1


def test_the_health_of_the_data(server):
    events = [{"kind": "click", "user_id": f"u{n}", "item_id": f"i{n}", "time": 100 + n} for n in range(6)]
    events += [{"kind": "like", "user_id": "u0", "item_id": "gone", "time": 50}]
    server.client.post("/v1/feedback/batch", json={"events": events})
    server.client.post("/v1/items", json={"items": [{"item_id": "bare", "price": 3}]})
    found = server.client.get("/v1/health/data").json()
    assert (found["items"], found["without_text"], found["people"], found["newest"]) == (61, 1, 6, 105)
    assert (found["by_kind"], found["by_source"]) == ({"click": 6, "like": 1}, {"human": 7})
    assert (found["unknown_items"], found["events"]) == (1, 7)
    assert found["unseen"] == pytest.approx(55 / 61)


def test_gaps_need_events_and_codes_that_tell_content_from_style(server):
    assert "no events" in is_problem(server.client.get("/v1/gaps"), 422)["detail"]
    event = {"kind": "click", "user_id": "ann", "item_id": "i1"}
    server.client.post("/v1/feedback", json=event)
    is_problem(server.client.get("/v1/gaps"), 422)  # the small shop's codes are of one kind


def test_a_report_is_made_once_for_all_and_again_where_it_failed():
    made = []

    def make():
        made.append(1)
        if len(made) == 1:
            raise ValueError("the first time")
        return len(made)

    async def main():
        reports = Reports(60)
        with pytest.raises(ValueError, match="first"):
            await reports.get("a", make)
        assert await asyncio.gather(*(reports.get("a", make) for _ in range(5))) == [2] * 5
        assert await reports.get("b", make) == 3
        reports.close()

    asyncio.run(main())


def test_a_report_that_takes_long_goes_on_for_who_asks_again():
    async def main():
        reports, ready = Reports(0.05), threading.Event()

        def make():
            ready.wait(60)
            return "made"

        with pytest.raises(DeadlineError):
            await reports.get("slow", make)
        ready.set()
        reports.patience = 60
        assert await reports.get("slow", lambda: "made twice") == "made"
        reports.close()

    asyncio.run(main())


def test_a_model_shows_how_it_was_judged_where_that_lies_beside_it(server, store, model):
    assert server.client.get("/v1/models").json()[0]["evaluation"] is None
    place = model.parent / "report"
    place.mkdir()
    try:
        row = {
            "name": "one_pass",
            "baseline": False,
            "metrics": {"recall@10": 0.4},
            "interval": {"recall@10": [0.3, 0.5]},
        }
        report = {"results": [{**row, "seeds": 1}], "protocol": {"cases": 7}, "problems": ["few cases"]}
        (place / "report.json").write_text(json.dumps(report))
        (place / "pareto.png").write_bytes(b"\x89PNG")
        (place / "secret.txt").write_text("x")
        found = server.client.get("/v1/models").json()[0]["evaluation"]
        assert (found["plots"], found["results"], found["problems"]) == (["pareto.png"], [row], ["few cases"])
        drawn = server.client.get("/v1/models/one/plots/pareto.png")
        assert (drawn.content, drawn.headers["content-type"]) == (b"\x89PNG", "image/png")
        for name in ("secret.txt", "..%2Freport.json", "none.png"):
            is_problem(server.client.get(f"/v1/models/one/plots/{name}"), 404)
        is_problem(server.client.get("/v1/models/none/plots/pareto.png"), 404)
    finally:
        for one in place.iterdir():
            one.unlink()
        place.rmdir()
