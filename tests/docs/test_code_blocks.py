"""Every Python block of the guides and of the README runs, in order, as one program."""

import re
from pathlib import Path

import polars as pl
import pytest

from small_world import dataset

ROOT = Path(__file__).parents[2]
GUIDES = [ROOT / "docs" / f"{name}.md" for name in ("extending", "loop")]  # others: test_doc_pages.py


def run(guide: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    names: dict[str, object] = {"__name__": f"docs_{guide.stem}"}
    for block in blocks:
        exec(compile(block, guide.name, "exec"), names)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_code_of_a_guide_runs(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(guide)


def test_the_code_of_the_readme_runs_on_somebodys_files(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shop = dataset()
    names = {f"i{number}": f"item-{number}" for number in range(60)}
    shop.events.select("user_id", pl.col("item_id").replace(names), "timestamp").write_csv("log.csv")
    shop.catalog.frame.select(pl.col("item_id").replace(names), "title", "price").write_csv("items.csv")
    run(ROOT / "README.md")
    assert "item-" in capsys.readouterr().out
    assert (tmp_path / "my-model" / "MANIFEST.json").exists()


def test_there_is_a_guide_to_run():
    assert "extending" in [guide.stem for guide in GUIDES]
