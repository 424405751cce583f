"""Pictures are written, readable as PNG, and hold a name for every recommender."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.evaluation.choose import baselines, fit_baselines
from generec.evaluation.plots import apart, pareto, popularity_deciles, undominated
from generec.evaluation.protocol import evaluate


@pytest.fixture(scope="module")
def report(dataset, parted):
    fitted = fit_baselines(baselines(["popularity", "item-knn", "ease"]), parted.train, dataset.catalog)
    return evaluate(fitted.recommenders, parted, dataset, ks=(10,), bootstrap=20)


@pytest.mark.parametrize("draw", [popularity_deciles, pareto])
def test_pictures_are_png_of_a_useful_size(report, tmp_path, draw):
    path = draw(report, tmp_path / "plots" / "picture.png")
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = (int.from_bytes(content[start : start + 4]) for start in (16, 20))
    assert width >= 1000
    assert height >= 600


def test_matplotlib_is_loaded_only_to_draw():
    code = "import sys, generec.evaluation.plots, generec.evaluation.choose; print('matplotlib' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.2))
@settings(max_examples=100, deadline=None)
def test_names_are_pushed_apart_and_stay_in_order(wanted, spacing):
    heights = apart(wanted, spacing)
    order = sorted(range(len(wanted)), key=lambda place: wanted[place])
    for lower, upper in pairwise(order):
        assert heights[upper] - heights[lower] >= spacing - 1e-9
    assert min(heights) >= -1e-9
    if all(wanted[upper] - wanted[lower] > spacing + 1e-9 for lower, upper in pairwise(order)):
        assert heights == pytest.approx(wanted)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), min_size=1, max_size=10))
@settings(max_examples=100, deadline=None)
def test_the_front_holds_what_nothing_dominates(points):
    expected = {
        (cost, value)
        for cost, value in points
        if not any((c <= cost and v > value) or (c < cost and v >= value) for c, v in points)
    }
    assert set(undominated(points)) == expected
