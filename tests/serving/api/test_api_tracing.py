"""Traces of a server: what they say, what they never say, and that nothing is imported without them."""

import subprocess
import sys
from itertools import pairwise

import pytest
from api_world import CANARY, asking

from generec.errors import UsageError
from generec.serving.api import tracing as module
from generec.serving.api.app import create_app
from generec.serving.api.rollout import manifest_of
from generec.serving.api.settings import Settings
from generec.serving.api.tracing import Traced, Untraced, tracing
from generec.serving.batcher import Limits
from small_world import dataset

VARIABLES = (*module._ASKS, "OTEL_SDK_DISABLED", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")


@pytest.fixture(autouse=True)
def nothing_asked(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kept():
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter", reason="no OpenTelemetry")
    return memory.InMemorySpanExporter()


@pytest.fixture
def client(kept, model, store, tmp_path):
    from generec.cli.talker import ServedTalker
    from generec.fidelity.keys import Keys
    from generec.loop.generec import GeneRec

    def made(system):
        return GeneRec(system=system, data=dataset(), folder=tmp_path / "ledger", keys=Keys(tmp_path / "signing"))

    watermark = store.items.load("default", dataset().catalog, by="test").watermark
    about = {"folder": str(model), "manifest": manifest_of(model), "watermark": watermark, "by": "test"}
    store.models.add("default", "one", **about)
    store.models.activate("default", "one", by="test")
    traced = Traced.to(kept)
    engine = traced.engine(Limits(timeout=60))
    talker = traced.talker(ServedTalker.over(engine, made))
    app = create_app(engine, store, talker, Settings(patience=300))
    with asking(traced.app(app)) as client:
        client.spans = lambda: traced.closed.__self__.force_flush() and list(kept.get_finished_spans())
        yield client
    traced.close()


def test_a_turn_is_a_tree_of_its_stages_and_names_nobody(client):
    body = {"words": f"lamps below 20 {CANARY}", "user_id": f"u-{CANARY}", "history": ["i1", "i5"], "k": 2}
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert client.post("/v1/turn", json=body, headers={"traceparent": parent, "tracestate": f"a={CANARY}"}).is_success
    spans = {span.name: span for span in client.spans()}
    request, turn = spans["POST /v1/turn"], spans["turn"]
    assert format(request.context.trace_id, "032x") == parent.split("-")[1]
    assert dict(request.attributes) == {
        "http.request.method": "POST", "http.route": "/v1/turn", "http.response.status_code": 200
    }  # fmt: skip
    assert turn.parent.span_id == request.context.span_id, "the loop's thread goes on with the trace"
    assert turn.attributes["generec.act"] == "recommend"
    stages = [spans[name] for name in ("instruct", "retrieve", "route", "make", "explain")]
    assert all(stage.parent.span_id == turn.context.span_id for stage in stages)
    assert all(a.end_time == b.start_time for a, b in pairwise(stages))
    assert CANARY not in "".join(span.to_json() for span in spans.values())


def test_slates_and_faults_leave_kinds_and_no_messages(client):
    assert client.post("/v1/recommend", json={"user_id": CANARY, "k": 2, "filters": ["price < 20"]}).is_success
    assert client.post("/v1/recommend", json={"filters": [f"{CANARY} < 20"]}).status_code == 422
    assert client.get(f"/v1/items/{CANARY}").status_code == 404
    assert client.get(f"/{CANARY}").status_code == 404
    spans = client.spans()
    slate, wrong = (span for span in spans if span.name == "recommend")
    assert (slate.attributes["generec.model"], slate.attributes["generec.k"]) == ("one", 2)
    assert wrong.attributes["error.type"] == "UsageError"
    assert not wrong.events
    assert wrong.status.description is None
    names = {span.name for span in spans}
    assert "GET" in names
    assert any(name.startswith("GET /v1/items/{item_id") for name in names)
    assert CANARY not in "".join(span.to_json() for span in spans)


@pytest.mark.parametrize("name", module._ASKS)
def test_the_environment_asks_for_traces_and_turns_them_off(monkeypatch, kept, name):
    assert isinstance(tracing(False), Untraced)
    monkeypatch.setenv(name, "otlp" if name == "OTEL_TRACES_EXPORTER" else "http://127.0.0.1:9")
    found = tracing(False)
    assert isinstance(found, Traced)
    found.close()
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert isinstance(tracing(True), Untraced)


def test_what_cannot_be_done_is_said(monkeypatch, kept):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "zipkin")
    with pytest.raises(UsageError, match="zipkin"):
        tracing(False)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert isinstance(tracing(True), Untraced)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(UsageError, match="http/protobuf"):
        tracing(True)


def test_without_the_extra_only_who_asks_for_it_is_told(monkeypatch):
    monkeypatch.setattr(module, "_installed", lambda: False)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    assert isinstance(tracing(False), Untraced)
    with pytest.raises(UsageError, match=r"generec\[otel\]"):
        tracing(True)


PROGRAM = """
import sys
from generec.serving.api.app import create_app
from generec.serving.api.tracing import tracing
from generec.serving.store import Store
engine = tracing(False).engine()
assert not [name for name in sys.modules if name.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))]
try:
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
except ImportError:
    sys.exit()
provider, kept = TracerProvider(), InMemorySpanExporter()
provider.add_span_processor(SimpleSpanProcessor(kept))
trace.set_tracer_provider(provider)
from fastapi.testclient import TestClient
with Store.open("sqlite:///s.db", "keys") as store:
    store.tenants.create("default")
    with TestClient(create_app(engine, store, None), base_url="http://localhost", client=("127.0.0.1", 1)) as client:
        assert client.get("/v1/users/somebody/export").status_code < 599
        assert client.get("/openai/v1/models/somebody").status_code < 599
assert not kept.get_finished_spans(), [span.name for span in kept.get_finished_spans()]
"""


def test_nothing_is_imported_without_traces_and_the_framework_traces_nothing_of_its_own(tmp_path):
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
