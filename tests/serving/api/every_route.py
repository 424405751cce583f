"""Every route with what to ask of it, and something of one tenant in every place where another could look for it."""

from api_world import CANARY

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
OPENAI = {
    ("post", "/openai/v1/chat/completions"): {
        "model": "generec", "user": CANARY, "messages": [{"role": "user", "content": "lamps"}],
    },
    ("get", "/openai/v1/models"): None,
    ("get", "/openai/v1/models/{name}"): None,
}  # fmt: skip
"""In no document of ours; their errors have another shape. All need the scope read."""
OF_ENGINE = (
    "/metrics", "/v1/recommend", "/v1/similar", "/v1/turn", "/v1/edit", "/v1/create", "/v1/explain", "/v1/detect",
    "/v1/models", "/v1/gaps", "/v1/traffic", "/v1/codes",
)  # fmt: skip


def plant(server):
    """Something of the server's tenant in every table that has rows of tenants."""
    store = server.store
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
