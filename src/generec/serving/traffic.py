"""What came in over HTTP and what the loop made of it, counted for Prometheus and for the operator's page."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from generec.records import Turn

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_QUANTILES = (0.5, 0.95, 0.99)


class Traffic:
    """Counters and a histogram in a registry; routes are patterns, so that no value of a request is a label."""

    def __init__(self, registry: Any) -> None:
        from prometheus_client import Counter, Histogram

        self.since = int(time.time())
        about = "Requests over HTTP by route and status"
        self.requests = Counter("generec_http_requests", about, ["route", "status"], registry=registry)
        about = "Seconds of a request over HTTP by route"
        self.seconds = Histogram("generec_http_seconds", about, ["route"], buckets=_SECONDS, registry=registry)
        self.turns = Counter("generec_turns", "Turns by what they were answered with", ["answer"], registry=registry)
        about = "Verdicts of the checks on drafts by check and outcome"
        self.checks = Counter("generec_checks", about, ["check", "outcome"], registry=registry)

    def request(self, route: str, status: int, seconds: float) -> None:
        self.requests.labels(route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def turn(self, turn: Turn) -> None:
        """asked back, created, edited or retrieved: the rarest thing that was done."""
        modes = {one.mode for one in turn.slate}
        answer = "asked" if turn.question else next((one for one in ("created", "edited") if one in modes), "retrieved")
        self.turns.labels(answer).inc()
        for report in turn.reports:
            for verdict in report.verdicts:
                self.checks.labels(verdict.check, verdict.outcome).inc()

    def routes(self) -> list[dict[str, Any]]:
        """Every route with its requests, errors (from 500) and refusals (400 to 499) and quantiles in milliseconds."""
        found: dict[str, dict[str, Any]] = {}
        for labels, value in samples(self.requests, "_total"):
            row = found.setdefault(labels["route"], {"requests": 0, "refused": 0, "failed": 0})
            row["requests"] += int(value)
            status = int(labels["status"])
            row["refused"] += int(value) if 400 <= status < 500 else 0
            row["failed"] += int(value) if status >= 500 or status == 0 else 0
        buckets: dict[str, list[tuple[float, float]]] = {}
        for labels, value in samples(self.seconds, "_bucket"):
            buckets.setdefault(labels["route"], []).append((float(labels["le"]), value))
        for route, row in found.items():
            row.update(quantiles(buckets.get(route, [])))
        return [{"route": route, **row} for route, row in sorted(found.items())]

    def shares(self) -> dict[str, int]:
        """How many turns were answered with what."""
        counted = {labels["answer"]: int(value) for labels, value in samples(self.turns, "_total")}
        return {answer: counted.get(answer, 0) for answer in ("retrieved", "edited", "created", "asked")}

    def verdicts(self) -> list[dict[str, Any]]:
        """Every check with how many drafts it judged and how many did not pass."""
        found: dict[str, dict[str, int]] = {}
        for labels, value in samples(self.checks, "_total"):
            row = found.setdefault(labels["check"], {"judged": 0, "failed": 0, "unknown": 0})
            row["judged"] += int(value)
            if labels["outcome"] in row:
                row[labels["outcome"]] += int(value)
            elif labels["outcome"] == "fail":
                row["failed"] += int(value)
        return [{"check": check, **row} for check, row in sorted(found.items())]


def quantiles(buckets: Iterable[tuple[float, float]]) -> dict[str, float | None]:
    """p50_ms, p95_ms and p99_ms of a cumulative histogram in seconds, read off between its bounds.

    None without observations; beyond the last bound, the bound.
    """
    rows = sorted(buckets)
    total = rows[-1][1] if rows else 0.0
    return {f"p{round(100 * q)}_ms": round(1000 * _at(rows, q * total), 2) if total else None for q in _QUANTILES}


def _at(rows: list[tuple[float, float]], wanted: float) -> float:
    low, below = 0.0, 0.0
    for bound, reached in rows:
        if reached >= wanted:
            return low if math.isinf(bound) else low + (bound - low) * (wanted - below) / max(reached - below, 1e-12)
        low, below = bound, reached
    return low


def samples(metric: Any, ending: str) -> list[tuple[Mapping[str, str], float]]:
    """Labels and values of a metric, of the series whose names end so."""
    return [
        (sample.labels, sample.value)
        for family in metric.collect()
        for sample in family.samples
        if sample.name.endswith(ending)
    ]
