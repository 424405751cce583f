"""Two pictures of a comparison: accuracy by popularity of the item asked for, and accuracy against cost.

matplotlib is loaded only here, with its file-writing backend. Colours are Okabe and Ito's, told apart with any kind of
colour vision; markers differ too, baselines are dashed lines and circles, and every line and point carries its name.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generec.evaluation.report import Report, Result

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
LINES_OF_TEXT = 20
"""Names that fit above one another in a picture."""


def popularity_deciles(report: Report, path: str | os.PathLike[str]) -> Path:
    """Recall at the main cut-off against the popularity decile of the held-out item, one line per recommender (PNG).

    Deciles are of items, so most cases fall on the right: the number of cases stands under each decile. Deciles without
    cases are left out.
    """
    k = report.main_k
    figure, axes = _figure()
    cases = {name: view["cases"] for name, view in report.results[0].views["popularity decile"].items()}
    deciles = [name for name, count in cases.items() if count]
    places = [int(name) for name in deciles]
    ends = []
    for number, result in enumerate(report.results):
        values = [result.views["popularity decile"][name][f"recall@{k}"] for name in deciles]
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number % len(MARKERS)]
        axes.plot(places, values, "--" if result.baseline else "-", marker=marker, color=colour, lw=1.6, ms=5)
        ends.append((values[-1] if values else 0.0, _name(report, result), colour))
    axes.set_xticks(places, [f"{name}\n{cases[name]:,}" for name in deciles])
    axes.set_xlim(0.6, 10.4)
    axes.set_xlabel("popularity decile of the held-out item (10 = most popular), and number of cases", labelpad=8)
    axes.set_ylabel(f"Recall@{k}")
    top = max([value for line in axes.lines for value in line.get_ydata()], default=0) or 1
    axes.set_ylim(0, 1.08 * top)
    _title(axes, "Who finds the less popular items?", "dashed: baselines")
    heights = apart([value for value, _, _ in ends], axes.get_ylim()[1] / LINES_OF_TEXT)
    for (value, name, colour), height in zip(ends, heights, strict=True):
        axes.plot([10.1, 10.55], [value, height], color=colour, lw=0.8, clip_on=False)
        axes.text(10.62, height, name, va="center", fontsize=9)
    return _save(figure, path)


def pareto(report: Report, path: str | os.PathLike[str]) -> Path:
    """NDCG at the main cut-off against the cost of one request, log scale, with the undominated front (PNG)."""
    from matplotlib.ticker import FuncFormatter

    k = report.main_k
    figure, axes = _figure()
    costs = [1000 * max(result.seconds_per_request, 1e-9) for result in report.results]
    values = [result.metrics[f"ndcg@{k}"] for result in report.results]
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 1.5, max(max(costs) * 1.5, min(costs) * 10))
    axes.set_ylim(0, 1.15 * max(*values, 1e-6))
    front = undominated(list(zip(costs, values, strict=True)))
    axes.step([x for x, _ in front], [y for _, y in front], where="post", color="#BBBBBB", lw=1.2, ls=":", zorder=1)
    for number, (result, cost, value) in enumerate(zip(report.results, costs, values, strict=True)):
        colour = COLOURS[number % len(COLOURS)]
        axes.plot(cost, value, "o" if result.baseline else "D", color=colour, ms=8, zorder=3)
        if (interval := result.interval.get(f"ndcg@{k}")) is not None:
            axes.vlines(cost, interval.low, interval.high, color=colour, lw=1.4, zorder=3)
    _name_points(axes, list(zip(costs, values, (_name(report, result) for result in report.results), strict=True)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel("milliseconds per request, in batches (log scale)")
    axes.set_ylabel(f"NDCG@{k}, 95 % interval")
    _title(axes, "What does accuracy cost?", "circles: baselines; dotted: nothing cheaper is better")
    return _save(figure, path)


def undominated(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those points (cost, value) that no cheaper or equally cheap point reaches, cheapest first."""
    front: list[tuple[float, float]] = []
    for cost, value in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or value > front[-1][1]:
            front.append((cost, value))
    return front


def apart(wanted: Sequence[float], spacing: float) -> list[float]:
    """Heights near the wanted ones, in their order, at least `spacing` apart and not below 0 unless wanted there.

    Heights that are too near form a group, which is spread about its middle and may swallow its neighbours.
    """
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    groups: list[list[int]] = []
    for place in order:
        groups.append([place])
        while len(groups) > 1 and _bottom(groups[-1], wanted, spacing) < _top(groups[-2], wanted, spacing) + spacing:
            upper = groups.pop()
            groups[-1] += upper
    heights = [0.0] * len(wanted)
    for group in groups:
        for step, place in enumerate(group):
            heights[place] = _bottom(group, wanted, spacing) + step * spacing
    return heights


def _bottom(group: Sequence[int], wanted: Sequence[float], spacing: float) -> float:
    middle = sum(wanted[place] for place in group) / len(group)
    return max(middle - spacing * (len(group) - 1) / 2, min(0.0, *(wanted[place] for place in group)))


def _top(group: Sequence[int], wanted: Sequence[float], spacing: float) -> float:
    return _bottom(group, wanted, spacing) + spacing * (len(group) - 1)


def _name_points(axes: Any, points: Sequence[tuple[float, float, str]]) -> None:
    """Writes each point's name beside it, to the left in the right half of the picture, and pushed apart."""
    left, right = (math.log(end) for end in axes.get_xlim())
    spacing = axes.get_ylim()[1] / LINES_OF_TEXT
    for align, offset in (("left", 9), ("right", -9)):
        side = [point for point in points if (math.log(point[0]) > (left + right) / 2) == (align == "right")]
        for (cost, _, name), height in zip(side, apart([value for _, value, _ in side], spacing), strict=True):
            axes.annotate(
                name,
                (cost, height),
                xytext=(offset, 0),
                textcoords="offset points",
                ha=align,
                va="center",
                fontsize=9,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
                zorder=2,
            )


def _name(report: Report, result: Result) -> str:
    return f"{result.name} (best baseline)" if result.name == report.best_baseline else result.name


def _title(axes: Any, question: str, key: str) -> None:
    axes.set_title(question, loc="left")
    axes.set_title(key, loc="right", fontsize=9, color="#555555")


def _figure() -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.4, 4.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#E5E5E5", lw=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def _save(figure: Any, path: str | os.PathLike[str]) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=150, format="png")
    return target
