"""What a comparison found: tables for people, one JSON document for scripts."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generec.metrics.intervals import Interval


@dataclass(frozen=True)
class Difference:
    """By how much a recommender differs from another on the same cases; positive means better."""

    to: str
    metrics: Mapping[str, Interval]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One recommender's figures, means over seeds; per-case values are kept for further paired comparisons."""

    name: str
    metrics: Mapping[str, float]  # "recall@10": mean over cases; NaN where undefined
    seeds: int
    seconds: float  # wall time of answering all cases, mean over seeds
    seconds_per_request: float
    cpu_seconds_per_request: float
    views: Mapping[str, Any]
    per_case: Mapping[str, NDArray[np.float64]]  # (C,) mean over seeds
    ranks: NDArray[np.int64]  # (S, C) rank of the best placed held-out item by seed, 0 = not in the list
    sd: Mapping[str, float] = field(default_factory=dict)  # over seeds; empty for one seed
    interval: Mapping[str, Interval] = field(default_factory=dict)
    difference: Difference | None = None
    baseline: bool = False

    def document(self) -> dict[str, Any]:
        """This result as JSON values."""
        difference = None
        if self.difference is not None:
            gaps = {
                metric: {"mean": gap.mean, "interval": [gap.low, gap.high], "excludes_zero": gap.excludes_zero}
                for metric, gap in self.difference.metrics.items()
            }
            difference = {"to": self.difference.to, **gaps}
        return {
            "name": self.name,
            "baseline": self.baseline,
            "metrics": dict(self.metrics),
            "sd": dict(self.sd),
            "interval": {metric: [found.low, found.high] for metric, found in self.interval.items()},
            "difference": difference,
            "seeds": self.seeds,
            "seconds": self.seconds,
            "seconds_per_request": self.seconds_per_request,
            "cpu_seconds_per_request": self.cpu_seconds_per_request,
            "views": dict(self.views),
        }


@dataclass(frozen=True)
class Table:
    """Columns and rows as `cli.session.Output.table` prints them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | int, ...], ...]


@dataclass(frozen=True)
class Report:
    """All results of one comparison, the protocol they were found under, and what must not have happened."""

    results: tuple[Result, ...]
    protocol: Mapping[str, Any]
    problems: tuple[str, ...] = ()

    def result(self, name: str) -> Result:
        return next(result for result in self.results if result.name == name)

    @property
    def ranked(self) -> tuple[Result, ...]:
        """Best NDCG first."""
        return tuple(sorted(self.results, key=lambda result: -result.metrics[f"ndcg@{self.main_k}"]))

    @property
    def main_k(self) -> int:
        return int(self.protocol["main_k"])

    @property
    def best_baseline(self) -> str | None:
        found = self.protocol["best_baseline"]
        return None if found is None else str(found)

    def document(self) -> dict[str, Any]:
        """{"results": [...], "protocol": {...}, "problems": [...]}; undefined figures are null."""
        document = {
            "results": [result.document() for result in self.results],
            "protocol": dict(self.protocol),
            "problems": list(self.problems),
        }
        return {name: _defined(value) for name, value in document.items()}

    def write(self, path: str | os.PathLike[str]) -> None:
        """Writes the document as JSON, all or nothing."""
        target = Path(path)
        text = json.dumps(self.document(), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=target.parent, delete=False, encoding="utf-8") as partial:
            partial.write(text)
        os.chmod(partial.name, 0o644)
        os.replace(partial.name, target)

    def tables(self) -> tuple[Table, ...]:
        """Accuracy, further cut-offs, beyond accuracy, validity and cost, special cases; best NDCG first in each."""
        return self._accuracy(), self._cut_offs(), self._beyond(), self._safety(), self._views()

    def lines(self) -> tuple[str, ...]:
        """The protocol in words, the verdict against the best baseline, and every problem."""
        protocol, k = self.protocol, self.main_k
        sampled = "" if protocol["cases"] == protocol["cases_available"] else f" of {protocol['cases_available']:,}"
        lines = [
            f"Protocol: {protocol['description']}.",
            f"Judged on {protocol['cases']:,}{sampled} {protocol['on']} cases; {protocol['candidates']}; hits are "
            f"items, not IDs; seen items are {protocol['seen_items']}; {protocol['threads']} thread(s).",
        ]
        best = self.best_baseline
        if best is None:
            lines.append("No baseline took part: add some before believing any figure.")
        else:
            figure = self.result(best).metrics[f"ndcg@{k}"]
            winner = self.ranked[0].name
            wins = "wins" if winner == best else f"is behind {winner}"
            lines.append(f"Best baseline: {best}, NDCG@{k} {figure:.4f}; it {wins}.")
            lines += [line for result in self.ranked if (line := _verdict(result, k))]
        return (*lines, *(f"Problem: {problem}." for problem in self.problems))

    def _name(self, result: Result) -> str:
        return f"{result.name} *" if result.name == self.best_baseline else result.name

    def _accuracy(self) -> Table:
        k = self.main_k
        recall, ndcg = f"recall@{k}", f"ndcg@{k}"
        rows = tuple(
            (
                self._name(result),
                _with_sd(result, recall),
                _ends(result.interval.get(recall)),
                _with_sd(result, ndcg),
                _ends(result.interval.get(ndcg)),
                _ends(result.difference.metrics[ndcg], "+") if result.difference else "",
                result.seeds,
            )
            for result in self.ranked
        )
        best = "no baseline took part" if self.best_baseline is None else f"* best baseline: {self.best_baseline}"
        columns = ("recommender", f"Recall@{k}", "95 %", f"NDCG@{k}", "95 %", f"NDCG@{k} minus *", "seeds")
        return Table(f"Accuracy ({best})", columns, rows)

    def _cut_offs(self) -> Table:
        at = [k for k in self.protocol["ks"] if k != self.main_k]
        names = [f"{metric}@{k}" for metric in ("recall", "ndcg") for k in at] + [f"mrr@{self.main_k}"]
        rows: list[tuple[str | float | int, ...]] = [
            (self._name(result), *(result.metrics[name] for name in names)) for result in self.ranked
        ]
        return Table("Further accuracy", ("recommender", *(_label(name) for name in names)), tuple(rows))

    def _beyond(self) -> Table:
        names = {
            "coverage": "coverage", "epc": "EPC", "arp": "ARP", "aclt": "ACLT", "popreo": "PopREO", "gini": "Gini",
            "diversity": "diversity", "category_diversity": "diversity", "calibration": "calibration",
        }  # fmt: skip
        if any(f"diversity@{self.main_k}" in result.metrics for result in self.results):
            del names["category_diversity"]
        return self._measured(f"Beyond accuracy, first {self.main_k}", names, costs=False)

    def _safety(self) -> Table:
        names = {"valid": "valid", "filled": "filled", "repeat_rate": "repeats"}
        return self._measured(f"Validity of the first {self.main_k}, and cost of one request", names, costs=True)

    def _measured(self, title: str, names: Mapping[str, str], costs: bool) -> Table:
        """Those of the measures (name: label) that any result has, and the cost of a request where asked for."""
        k = self.main_k
        there = [name for name in names if any(f"{name}@{k}" in result.metrics for result in self.results)]
        rows = []
        for result in self.ranked:
            row = [self._name(result), *(_number(result.metrics.get(f"{name}@{k}", math.nan)) for name in there)]
            if costs:
                row += [
                    f"{1000 * seconds:.2f}" for seconds in (result.seconds_per_request, result.cpu_seconds_per_request)
                ]
            rows.append(tuple(row))
        columns = ["recommender", *(names[name] for name in there), *(["ms", "CPU ms"] if costs else [])]
        return Table(title, tuple(columns), tuple(rows))

    def _views(self) -> Table:
        k = self.main_k
        first = self.results[0].views
        plain = [name for name in first if name not in ("popularity decile", "groups") and first[name]["cases"]]
        rows = [
            (self._name(result), *(_number(_none(result.views[name][f"recall@{k}"])) for name in plain))
            for result in self.ranked
        ]
        columns = [f"{name} ({first[name]['cases']:,})" for name in plain]
        for column, group in first["groups"].items():
            columns.append(f"gap by {column} ({len(group['values'])})")
            rows = [
                (*row, _number(result.views["groups"][column]["gap"]))
                for row, result in zip(rows, self.ranked, strict=True)
            ]
        return Table(f"Recall@{k} by kind of case (cases)", ("recommender", *columns), tuple(rows))


def _verdict(result: Result, k: int) -> str:
    """How a model, not a baseline, stands to the best baseline."""
    if result.baseline or result.difference is None:
        return ""
    gap = result.difference.metrics[f"ndcg@{k}"]
    judgement = "better" if gap.low > 0 else "worse" if gap.high < 0 else "not told apart"
    return (
        f"{result.name} against {result.difference.to}: NDCG@{k} {gap.mean:+.4f}, 95 % interval "
        f"[{gap.low:+.4f}, {gap.high:+.4f}], {judgement}."
    )


def _label(metric: str) -> str:
    name, at = metric.split("@")
    return f"Recall@{at}" if name == "recall" else f"{name.upper()}@{at}"


def _with_sd(result: Result, metric: str) -> str:
    sd = result.sd.get(metric)
    return f"{result.metrics[metric]:.4f}" + ("" if sd is None else f" ± {sd:.4f}")


def _ends(interval: Interval | None, sign: str = "") -> str:
    return "" if interval is None else f"{interval.low:{sign}.4f} to {interval.high:{sign}.4f}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 100 else f"{value:,.0f}"


def _none(value: float | None) -> float:
    return math.nan if value is None else value


def _defined(value: Any) -> Any:
    """JSON has no NaN: undefined numbers become null, at any depth."""
    if isinstance(value, Mapping):
        return {key: _defined(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
