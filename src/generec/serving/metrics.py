"""What the engine tells Prometheus: how many, how long, by which version. No person, no item, no word of a request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from generec.errors import InputError, UsageError
from generec.serving.batcher import DeadlineError, NotServingError, OverloadError
from generec.serving.traffic import Traffic, quantiles, samples

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.25, 0.5, 1.0, 2.5)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)
_SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_OUTCOMES: tuple[tuple[type[BaseException], str], ...] = (
    (OverloadError, "overloaded"), (DeadlineError, "too_late"), (NotServingError, "not_serving"),
    (UsageError, "invalid"), (InputError, "invalid"), (asyncio.CancelledError, "cancelled"),
)  # fmt: skip


class Metrics:
    """Counters, gauges and histograms in a registry of their own, so that two engines in a process do not clash."""

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
        except ImportError as error:
            raise UsageError(f'prometheus-client is not installed ({error}): pip install "generec[serve]"') from error
        into = self.registry = CollectorRegistry()
        self.requests = Counter("generec_requests", "Requests by how they ended", ["outcome"], registry=into)
        self.answers = Counter("generec_answers", "Answers by model version", ["version", "cached"], registry=into)
        about = "Seconds by stage: queue and total of each request, model of each batch"
        self.seconds = Histogram("generec_stage_seconds", about, ["stage"], buckets=_SECONDS, registry=into)
        self._total, self._queue, self._model = map(self.seconds.labels, ("total", "queue", "model"))  # found once
        self.batch = Histogram("generec_batch_size", "Requests answered together", buckets=_SIZES, registry=into)
        about = "Share of an answer's items that the shadow gives too"
        self.overlap = Histogram("generec_shadow_overlap", about, buckets=_SHARES, registry=into)
        self.depth = Gauge("generec_queue_depth", "Requests that wait for the model", registry=into)
        self.kept = Gauge("generec_cache_answers", "Answers that are kept", registry=into)
        about = "Part of the people whom a loaded version answers"
        self.parts = Gauge("generec_version_share", about, ["version"], registry=into)
        self.traffic = Traffic(into)

    @contextmanager
    def request(self) -> Iterator[None]:
        """Stands around one request: its time, and how it ended."""
        began, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "answered"
        except BaseException as error:
            outcome = next((name for kind, name in _OUTCOMES if isinstance(error, kind)), outcome)
            raise
        finally:
            self.requests.labels(outcome).inc()
            self._total.observe(time.perf_counter() - began)

    def on_batch(self, waits: Sequence[float], seconds: float) -> None:
        """One batch: how long each of its requests waited, and how long the model took, in seconds."""
        self.batch.observe(len(waits))
        self._model.observe(seconds)
        for wait in waits:
            self._queue.observe(wait)

    def answered(self) -> dict[str, Any]:
        """Slates of the model by how they ended, how many were kept ones, and quantiles in milliseconds."""
        ended = {labels["outcome"]: int(value) for labels, value in samples(self.requests, "_total")}
        kept = sum(int(value) for labels, value in samples(self.answers, "_total") if labels["cached"] == "yes")
        whole = [row for row in samples(self.seconds, "_bucket") if row[0]["stage"] == "total"]
        return {"ended": ended, "kept": kept, **quantiles((float(labels["le"]), value) for labels, value in whole)}

    def text(self) -> bytes:
        """All figures in the text format that Prometheus scrapes."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)
