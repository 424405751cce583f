"""Traces of requests and of the stages of a turn, by OpenTelemetry; nothing of it is imported unless it is asked for.

Spans say routes (their patterns, never their values), versions, numbers and kinds of outcome: no words, no ids of
people or items, no messages of errors, since what a collector keeps is out of reach of "forget me".
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from generec.errors import UsageError, unknown
from generec.records import Feedback, Guidance, Kind, Person, ProfileLine, Statement, Turn
from generec.serving.api.guard import route_of
from generec.serving.api.talker import Detected, Said, Talker
from generec.serving.batcher import Limits
from generec.serving.cache import Answer, Ask
from generec.serving.engine import Engine
from generec.types import Condition

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Span, Tracer

_ASKS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_TRACES_EXPORTER")
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"))


SILENT: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False}
"""Of the web framework: its own traces would have paths with ids of people, and messages of errors. Older versions,
which have none, keep the setting and do nothing with it."""


class Tracing(Protocol):
    """What a server is made of where it is traced, or where it is not."""

    def engine(self, limits: Limits | None = None) -> Engine: ...
    def talker(self, talker: Talker) -> Talker: ...
    def app(self, app: ASGIApp) -> ASGIApp: ...
    def close(self) -> None: ...  # sends what is left


class Untraced:
    """Everything as it is."""

    def engine(self, limits: Limits | None = None) -> Engine:
        return Engine(limits)

    def talker(self, talker: Talker) -> Talker:
        return talker

    def app(self, app: ASGIApp) -> ASGIApp:
        return app

    def close(self) -> None: ...


@dataclass(frozen=True)
class Traced:
    """Spans around requests, slates and turns, made by one tracer. close: sends what is left."""

    tracer: Tracer
    closed: Callable[[], None] = lambda: None

    @staticmethod
    def to(exporter: SpanExporter) -> Traced:
        """Traces that go to an exporter, in batches; the sampler and the resource are those of the environment."""
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        own = {"service.version": version("generec")}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            own["service.name"] = "generec"
        provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return Traced(provider.get_tracer("generec", version("generec")), provider.shutdown)

    def engine(self, limits: Limits | None = None) -> Engine:
        return _Engine(self.tracer, limits)

    def talker(self, talker: Talker) -> Talker:
        return _Talker(talker, self.tracer)

    def app(self, app: ASGIApp) -> ASGIApp:
        return _Requests(app, self.tracer)

    def close(self) -> None:
        self.closed()


def tracing(asked: bool) -> Tracing:
    """Traces where they are asked for, here or by the environment, and where the extra is installed.

    Raises UsageError where they are asked for here and it is not, and for an exporter that is not known.
    """
    exporter = os.environ.get("OTEL_TRACES_EXPORTER", "otlp")
    off = os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or exporter == "none"
    if off or not (asked or any(map(os.environ.get, _ASKS))):
        return Untraced()
    if not _installed():
        if asked:
            raise UsageError('OpenTelemetry is not installed: pip install "generec[otel]"')
        return Untraced()
    if exporter not in _EXPORTERS:
        raise unknown("exporter of traces", exporter, [*_EXPORTERS, "none"])
    return Traced.to(_EXPORTERS[exporter]())


def _installed() -> bool:
    try:
        return all(map(find_spec, ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http")))
    except ModuleNotFoundError:  # of a package that these are in
        return False


def _otlp() -> SpanExporter:
    spoken = os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
    if spoken not in (None, "", "http/protobuf"):
        raise UsageError(f"traces go by OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, got {spoken!r}; mind the port, too")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter()


def _console() -> SpanExporter:
    from opentelemetry.sdk.trace.export import ConsoleSpanExporter

    return ConsoleSpanExporter(out=sys.stderr)


_EXPORTERS: Mapping[str, Callable[[], SpanExporter]] = {"otlp": _otlp, "console": _console}


@contextmanager
def _around(tracer: Tracer, name: str, **about: Any) -> Iterator[Span]:
    """A span in which an error leaves its kind and nothing else."""
    from opentelemetry.trace import Status, StatusCode

    with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False, **about) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR))
            raise


@dataclass(frozen=True)
class _Requests:
    """The outermost part of the application: one span for each request, which goes on a trace of who asks."""

    inner: ASGIApp
    tracer: Tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        from opentelemetry.trace import SpanKind, Status, StatusCode
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        parent = {"traceparent": Headers(scope=scope).get("traceparent", "")}  # tracestate is anybody's text
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        context = TraceContextTextMapPropagator().extract(parent)
        with _around(self.tracer, method, context=context, kind=SpanKind.SERVER) as span:

            async def sending(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self.inner(scope, receive, sending)
            finally:
                span.set_attribute("http.request.method", method)
                if route := route_of(scope):
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)


class _Engine(Engine):
    """An engine with a span for each slate."""

    def __init__(self, tracer: Tracer, limits: Limits | None):
        super().__init__(limits)
        self._tracer = tracer

    async def recommend(self, ask: Ask, timeout: float | None = None) -> Answer:
        with _around(self._tracer, "recommend") as span:
            span.set_attribute("generec.k", ask.k)
            span.set_attribute("generec.conditions", len(ask.request.conditions))
            answer = await super().recommend(ask, timeout)
            span.set_attribute("generec.model", answer.version)
            span.set_attribute("generec.cached", answer.cached)
            return answer


@dataclass(frozen=True)
class _Talker:
    """A talker with a span for each turn, and in it one for each stage, from the milliseconds that the turn tells."""

    inner: Talker
    tracer: Tracer

    def turn(self, said: Said, understood: Callable[[Guidance], None]) -> Turn:
        return self._traced("turn", lambda: self.inner.turn(said, understood))

    def edit(self, item_id: str, said: Said) -> Turn:
        return self._traced("edit", lambda: self.inner.edit(item_id, said))

    def create(self, kind: Kind, conditions: Sequence[Condition], said: Said) -> Turn:
        return self._traced("create", lambda: self.inner.create(kind, conditions, said))

    def explain(self, item_id: str, person: Person) -> tuple[Statement, ...]:
        with _around(self.tracer, "explain"):
            return self.inner.explain(item_id, person)

    def detect(self, content: str, sidecar: str | None) -> Detected:
        with _around(self.tracer, "detect"):
            return self.inner.detect(content, sidecar)

    def learn(self, turn: Turn, verdicts: Sequence[Feedback]) -> None:
        with _around(self.tracer, "learn"):
            self.inner.learn(turn, verdicts)

    def profile(
        self, history: Sequence[str], own: Sequence[ProfileLine], deleted: Sequence[ProfileLine]
    ) -> tuple[ProfileLine, ...]:
        with _around(self.tracer, "profile"):
            return self.inner.profile(history, own, deleted)

    def _traced(self, name: str, answered: Callable[[], Turn]) -> Turn:
        with _around(self.tracer, name) as span:
            began = time.time_ns()
            turn = answered()
            span.set_attribute("generec.act", turn.guidance.act)
            span.set_attribute("generec.asked_back", turn.question is not None)
            span.set_attribute("generec.modes", sorted({one.mode for one in turn.slate}))
            span.set_attribute("generec.drafts", len(turn.drafts))
            span.set_attribute("generec.drafts_blocked", sum(not report.passed for report in turn.reports))
            for stage, milliseconds in turn.trace.get("milliseconds", {}).items():  # one after the other
                ended = began + int(1e6 * milliseconds)
                self.tracer.start_span(stage, start_time=began).end(end_time=ended)
                began = ended
            return turn
