"""A report measured part by part."""

import json
from pathlib import Path

import pytest

from generec.metrics.intervals import Interval
from generec.simulation import record
from generec.simulation.record import Record


def test_a_part_is_measured_once_for_the_same_settings(tmp_path: Path) -> None:
    calls: list[int] = []

    def measure() -> dict[str, object]:
        calls.append(1)
        return {"worth": Interval(1.0, 0.5, 1.5)}

    first = Record(tmp_path / "report.json", {"seed": 0})
    assert first.part("a", measure) == first.part("a", measure) == {"worth": {"mean": 1.0, "low": 0.5, "high": 1.5}}
    first.part("b", dict)
    assert len(calls) == 1
    assert set(json.loads(first.file.read_text())) == {"settings", "measured", "a", "b"}
    Record(first.file, {"seed": 1}).part("a", measure)
    assert len(calls) == 2
    assert "b" not in json.loads(first.file.read_text()), "what was measured with other settings does not stay"


def test_the_commit_is_told_only_of_code_that_git_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = record.commit()
    assert inside is None or len(inside) == 40
    monkeypatch.setattr(record, "__file__", str(tmp_path / "record.py"))
    assert record.commit() is None
