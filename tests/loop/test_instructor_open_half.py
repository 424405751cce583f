"""The open half of the labelled instructions is read well; the sealed half is never opened here."""

import os
from pathlib import Path

import pytest
from instructor_catalogues import bench

from generec.data.importers import import_data
from generec.data.world import make_world
from generec.types import Catalog

REAL = {"movies": "ml-1m", "beauty": "amazon14-beauty"}


def catalog(name: str) -> Catalog:
    if name == "world":
        return make_world().dataset.catalog
    folder = Path(os.environ.get("GENEREC_DATA", "")) / REAL[name]
    if not os.environ.get("GENEREC_DATA") or not folder.is_dir():
        pytest.skip("GENEREC_DATA names no folder with this data set")
    return import_data(folder).catalog


@pytest.mark.parametrize("name", ["world", *REAL])
def test_the_open_half_reaches_its_floors(name: str) -> None:
    items = catalog(name)
    rows = [row for row in bench().load(bench().OPEN) if row["catalogue"] == name]
    scored = bench().score(rows, bench().embedded(items), items)
    figures = scored["total"].figures()
    wrong = [failure["id"] for failure in scored["failures"]]
    assert len(rows) >= 60
    assert figures["slot_accuracy"] >= 0.95, wrong
    assert min(figures["hard_recall"], figures["hard_precision"]) >= 0.97, wrong


def test_failures_of_the_sealed_half_are_never_printed(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    """Figures alone leave: the rows stand in for the sealed ones, which this test does not open."""
    row = {
        "id": "world-000",
        "catalogue": "world",
        "text": "a secret sentence",
        "about": ["terse"],
        "slots": {"count": 7},
    }
    monkeypatch.setattr(bench(), "load", lambda path: [row])
    items = make_world(items=200, users=40).dataset.catalog
    result = bench().run(bench().SEALED, {"world": items}, bench().embedded, failures=True)
    bench().show(result)
    printed = capsys.readouterr().out
    assert result["world"]["slot_accuracy"] < 1
    assert "secret" not in printed + str(result)
    bench().run(bench().OPEN, {"world": items}, bench().embedded, failures=True)
    assert "a secret sentence" in capsys.readouterr().out
