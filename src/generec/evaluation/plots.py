"""Two pictures of a comparison: accuracy by popularity of the item asked for, and accuracy against cost.

matplotlib is loaded only here, with its file-writing backend. Colours are Okabe and Ito's, told apart with any kind of
colour vision; lines also differ in marker, and every line and point carries its own name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generec.evaluation.report import Report, Result

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")


def popularity_deciles(report: Report, path: str | os.PathLike[str]) -> Path:
    """Recall at the main cut-off against the popularity decile of the held-out item, one line per recommender (PNG).

    Deciles are of items, so most cases fall on the right: the number of cases stands under each decile.
    """
    k = report.main_k
    figure, axes = _figure()
    first = report.results[0].views["popularity decile"]
    deciles = [int(name) for name, view in first.items() if view["cases"]]
    ends: list[tuple[float, str, str]] = []
    for place, result in enumerate(report.ranked):
        values = [result.views["popularity decile"][str(decile)][f"recall@{k}"] for decile in deciles]
        colour = COLOURS[place % len(COLOURS)]
        dashes = "--" if result.baseline else "-"
        marker = MARKERS[place % len(MARKERS)]
        axes.plot(deciles, values, dashes, marker=marker, color=colour, lw=1.6, ms=5)
        ends.append((values[-1] if values else 0.0, _name(report, result), colour))
    axes.set_xticks(deciles, [f"{decile}\n{first[str(decile)]['cases']:,}" for decile in deciles])
    axes.set_xlabel("popularity decile of the held-out item (10 = most popular), cases below", labelpad=8)
    axes.set_ylabel(f"Recall@{k}")
    axes.set_ylim(bottom=0)
    axes.set_title("Who finds the less popular items?", loc="left")
    if deciles:
        _name_at_end(axes, deciles[-1], ends)
    return _save(figure, path)


def pareto(report: Report, path: str | os.PathLike[str]) -> Path:
    """NDCG at the main cut-off against the cost of one request, log scale, with the undominated front (PNG)."""
    k = report.main_k
    figure, axes = _figure()
    points = sorted(
        ((max(r.seconds_per_request, 1e-9) * 1000, r.metrics[f"ndcg@{k}"], r) for r in report.results),
        key=lambda point: point[:2],
    )
    front, best = [], -math.inf
    for cost, value, _ in points:
        if value > best:
            front.append((cost, value))
            best = value
    axes.set_xscale("log")
    axes.step([x for x, _ in front], [y for _, y in front], where="post", color="#999999", lw=1.2, zorder=1)
    for place, (cost, value, result) in enumerate(points):
        colour = COLOURS[place % len(COLOURS)]
        marker = "o" if result.baseline else "D"
        axes.plot(cost, value, marker, color=colour, ms=8, zorder=2)
        if (interval := result.interval.get(f"ndcg@{k}")) is not None:
            axes.vlines(cost, interval.low, interval.high, color=colour, lw=1.4, zorder=2)
    low, high = points[0][0], points[-1][0]
    axes.set_xlim(low / 1.6, max(high * 1.6, low * 10))
    axes.set_ylim(0, 1.15 * max(max(value for _, value, _ in points), 1e-6))
    _name_points(axes, [(cost, value, _name(report, result)) for cost, value, result in points])
    axes.set_xlabel("milliseconds per request (batches, log scale); lower is cheaper")
    axes.set_ylabel(f"NDCG@{k}, 95 % interval")
    axes.set_title("What does accuracy cost?", loc="left")
    return _save(figure, path)


def _name(report: Report, result: Result) -> str:
    return f"{result.name} (best baseline)" if result.name == report.best_baseline else result.name


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#DDDDDD", lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Any, path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=150, format="png")
    return target


def _name_at_end(axes: Any, x: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Writes each line's name to the right of its last point, pushed apart where names would overlap."""
    low, high = axes.get_ylim()
    spacing = (high - low) / 18
    at = -math.inf
    for value, name, colour in sorted(ends):
        at = max(value, at + spacing)
        axes.annotate(name, (x, at), xytext=(10, 0), textcoords="offset points", color=colour, va="center", fontsize=9)
    if at > high:
        axes.set_ylim(low, at + spacing)


def _name_points(axes: Any, points: Sequence[tuple[float, float, str]]) -> None:
    """Writes each point's name beside it: to the left in the right half of the picture, pushed apart vertically."""
    low, high = axes.get_ylim()
    left, right = (math.log(end) for end in axes.get_xlim())
    spacing = (high - low) / 18
    taken: dict[str, list[float]] = {"left": [], "right": []}
    for cost, value, name in sorted(points, key=lambda point: point[1]):
        side = "left" if math.log(cost) > (left + right) / 2 else "right"
        at = max([value, *(place + spacing for place in taken[side])])
        taken[side].append(at)
        axes.annotate(
            name,
            (cost, at),
            xytext=(9 if side == "right" else -9, 0),
            textcoords="offset points",
            ha="left" if side == "right" else "right",
            va="center",
            fontsize=9,
        )
