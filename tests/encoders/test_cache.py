from __future__ import annotations

import multiprocessing
import sqlite3
from pathlib import Path

import pytest
import torch

from generec.encoders.cache import VectorCache, cache_folder


def vectors(texts: list[str]) -> torch.Tensor:
    return torch.tensor([[len(text), len(text) % 7, 0.5] for text in texts]).half()


def test_what_was_put_comes_back_and_the_rest_is_absent(tmp_path: Path):
    cache = VectorCache("m", tmp_path)
    assert cache.get(["a"]) == {}
    texts = [f"text {number}" for number in range(1300)] + ["", "ünïcode", "\ud800 lone surrogate"]
    cache.put(texts, vectors(texts))
    found = VectorCache("m", tmp_path).get([*texts, "other"])
    assert set(found) == set(texts)
    assert torch.equal(torch.stack([found[text] for text in texts]), vectors(texts))
    assert VectorCache("another model", tmp_path).get(texts) == {}


def test_the_folder_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GENEREC_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    monkeypatch.delenv("GENEREC_CACHE")
    assert cache_folder() == Path.home() / ".cache" / "generec"


def test_a_damaged_row_counts_as_absent_and_is_written_again(tmp_path: Path):
    cache = VectorCache("m", tmp_path)
    cache.put(["a", "b"], vectors(["a", "b"]))
    with sqlite3.connect(cache.path) as connection:
        connection.execute("UPDATE vectors SET vector = zeroblob(6) WHERE text = (SELECT min(text) FROM vectors)")
    assert len(cache.get(["a", "b"])) == 1
    cache.put(["a", "b"], vectors(["a", "b"]))
    assert len(cache.get(["a", "b"])) == 2


@pytest.mark.parametrize("damage", [b"no database at all, by no means" * 50, None])
def test_a_damaged_file_is_set_aside_and_made_again(tmp_path: Path, damage: bytes | None):
    cache = VectorCache("m", tmp_path)
    texts = [f"text {number}" for number in range(300)]
    cache.put(texts, vectors(texts))
    if damage is None:  # overwrite everything behind the header
        whole = cache.path.read_bytes()
        damage = whole[:100] + bytes(len(whole) - 100)
    cache.path.write_bytes(damage)
    with pytest.warns(UserWarning, match="damaged"):
        assert cache.get(texts) == {}
    assert cache.path.with_suffix(".damaged").exists()
    cache.put(texts, vectors(texts))
    assert len(cache.get(texts)) == 300


def test_a_folder_that_cannot_be_made_costs_a_warning(tmp_path: Path):
    (tmp_path / "file").write_text("")
    cache = VectorCache("m", tmp_path / "file" / "below")
    with pytest.warns(UserWarning, match="no cache of sentence vectors"):
        cache.put(["a"], vectors(["a"]))
    assert cache.get(["a"]) == {}


def _writer(folder: Path, number: int) -> None:
    cache = VectorCache("m", folder)
    for round_ in range(5):
        texts = [f"{number} {round_} {row}" for row in range(40)] + [f"shared {row}" for row in range(10)]
        cache.put(texts, torch.full((50, 3), 1.0))


def test_processes_write_at_once(tmp_path: Path):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_writer, args=(tmp_path, number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    texts = [f"{number} {round_} {row}" for number in range(4) for round_ in range(5) for row in range(40)]
    assert len(VectorCache("m", tmp_path).get([*texts, "shared 3"])) == 801
