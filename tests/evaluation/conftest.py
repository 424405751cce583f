"""A small data set with groups of taste, its split, and naive scorers to compare with."""

from __future__ import annotations

import polars as pl
import pytest
import torch

from generec.data.split import split
from generec.types import Catalog, Dataset

ITEMS = 40
PEOPLE = 120


def tastes_dataset(people=PEOPLE, items=ITEMS, seed=0, timestamps=True) -> Dataset:
    """Items come in four topics; a person takes items of one topic, popular ones more often, no item twice."""
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for person in range(people):
        topic = person % 4
        weights = torch.full((items,), 0.02)
        weights[topic::4] = 1.0
        weights *= torch.linspace(2.0, 0.2, items)
        count = int(torch.randint(5, 10, (1,), generator=generator))
        for place, item in enumerate(torch.multinomial(weights, count, generator=generator).tolist()):
            rows.append((f"u{person}", f"i{item}", 86400 * (100 * person + place) if timestamps else None))
    events = pl.DataFrame(
        rows, schema={"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64}, orient="row"
    )
    events = events.with_columns(
        event=pl.lit("view"), value=pl.lit(None, dtype=pl.Float64), split=pl.lit(None, dtype=pl.String)
    )
    catalog = Catalog(
        pl.DataFrame(
            {
                "item_id": [f"i{item}" for item in range(items)],
                "title": [f"Item {item}" for item in range(items)],
                "topic": [f"topic {item % 4}" for item in range(items)],
                "price": [float(item) for item in range(items)],
            }
        )
    )
    users = pl.DataFrame(
        {"user_id": [f"u{u}" for u in range(people)], "side": ["left" if u % 3 else "right" for u in range(people)]}
    )
    return Dataset(events, catalog, users, {"repeats": False, "fingerprint": "f" * 64})


@pytest.fixture(scope="session")
def dataset():
    return tastes_dataset()


@pytest.fixture(scope="session")
def parted(dataset):
    return split(dataset, "leave-one-out")


@pytest.fixture(scope="session")
def features():
    """One direction per topic and a little noise, (ITEMS, 8)."""
    noise = 0.1 * torch.randn(ITEMS, 8, generator=torch.Generator().manual_seed(1))
    return noise + torch.eye(8)[torch.arange(ITEMS) % 4]
