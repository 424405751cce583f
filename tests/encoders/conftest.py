from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import torch

from generec.types import Catalog, Events

KINDS = {
    "tea": ("green leaf", "black leaf", "herbal cup", "mint cup", "fruit pot"),
    "lamp": ("desk light", "floor light", "night bulb", "reading bulb", "garden lantern"),
    "boot": ("hiking sole", "winter sole", "rain rubber", "leather strap", "riding heel"),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENEREC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def catalog() -> Catalog:
    """Three kinds of things, ten of each."""
    titles = [f"{kind} {words} no {size}" for kind, parts in KINDS.items() for words in parts for size in ("i", "ii")]
    return Catalog(pl.DataFrame({"item_id": [f"x{row}" for row in range(30)], "title": titles}))


@pytest.fixture
def train() -> Events:
    """People stay with one kind; items 9, 19 and 29 are never used."""
    generator = torch.Generator().manual_seed(0)
    return Events.pack(
        [(person % 3 * 10 + torch.randperm(9, generator=generator)[:5]).tolist() for person in range(60)]
    )
