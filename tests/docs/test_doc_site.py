"""The site builds without a warning, loads nothing from elsewhere, and has every page in its table of contents."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"']?(https?:)?//|<link(?![^>]*rel=[\"']?canonical)[^>]*\shref=[\"']?(https?:)?//"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("material", reason="mkdocs-material is not installed")
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(ROOT / "mkdocs.yml")]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run([*command, "-d", str(place)], capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr
    return place


def test_nothing_is_loaded_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        found = _LOADED.search(page.read_text(encoding="utf-8"))
        assert found is None, f"{page.name}: {found.group() if found else ''}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style.read_text(encoding="utf-8")), style


def test_what_is_loaded_from_elsewhere_would_be_found():
    assert _LOADED.search('<script async src="https://cdn.example/x.js"></script>')
    assert _LOADED.search('<link rel="stylesheet" href="//fonts.example/f.css">')
    assert not _LOADED.search('<a href="https://www.rfc-editor.org/rfc/rfc9457">')


def test_it_can_be_searched(site):
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "Idempotency-Key" in index


def test_every_page_is_in_the_table_of_contents():
    listed = set(
        re.findall(r"([\w/-]+\.md)", (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("nav:\n  - index")[2])
    )
    there = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert there - {"index.md"} == listed


def test_pictures_are_small_and_each_is_shown():
    shown = set(
        re.findall(r"\(images/(walk-\w+\.png)\)", (ROOT / "docs" / "five-minutes.md").read_text(encoding="utf-8"))
    )
    taken = {path.name: path.stat().st_size for path in (ROOT / "docs" / "images").glob("walk-*.png")}
    assert set(taken) == shown
    assert all(size <= 150_000 for size in taken.values())
