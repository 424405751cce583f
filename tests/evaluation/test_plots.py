"""Pictures are written, readable as PNG, and hold a name for every recommender."""

from __future__ import annotations

import subprocess
import sys

import pytest

from generec.evaluation.choose import baselines, fit_baselines
from generec.evaluation.plots import pareto, popularity_deciles
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
