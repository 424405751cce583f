"""A small shop with a learnable habit (next is mostly the neighbour), and systems trained on it in a second."""

import functools
import random
from dataclasses import replace

import polars as pl
import torch

from generec.data.dataset import EVENT_SCHEMA
from generec.encoders.tfidf import TfidfEncoder
from generec.recipe.record import override
from generec.recipes.one_pass import one_pass
from generec.recipes.sasrec import sasrec
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Catalog, Dataset, Request

ITEMS, PEOPLE = 60, 40
KINDS = ("lamp", "chair", "table", "shelf", "rug")


def catalog():
    return Catalog(
        pl.DataFrame(
            {
                "item_id": [f"i{n}" for n in range(ITEMS)],
                "title": [f"{KINDS[n % 5]} number {n // 5}" for n in range(ITEMS)],
                "genres": [[KINDS[n % 5], "cheap" if n < 30 else "dear"] for n in range(ITEMS)],
                "price": [float(n) for n in range(ITEMS)],
                "year": list(range(1960, 1960 + ITEMS)),
                "sold": [n % 2 == 0 for n in range(ITEMS)],
            }
        )
    )


def dataset(**info):
    walk = random.Random(0)
    rows = []
    for person in range(PEOPLE):
        at = walk.randrange(ITEMS)
        for step in range(8):
            rows.append((f"u{person}", f"i{at}", 1000 * step + person, "click", None, None))
            at = (at + walk.choice([1, 1, 1, 7])) % ITEMS
    events = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
    users = pl.DataFrame({"user_id": [*(f"u{person}" for person in range(PEOPLE)), "newcomer"]})
    about = {"source": "shop", "rights": "own", "licence": "CC0", "ties": "given", **info}
    return Dataset(events, catalog(), users, about)


def small(recipe):
    return override(recipe, ["stages.0.optimisation.epochs=2", "model.width=16"])


def small_sasrec():
    """No features, atomic IDs."""
    return small(sasrec())


def small_one_pass():
    """Text features, learned semantic IDs."""
    return small(
        replace(one_pass(), encoder=TfidfEncoder(dimensions=8), tokenizer=replace(RQKMeans(), levels=2, size=8))
    )


RECIPES = {"sasrec": small_sasrec, "one_pass": small_one_pass}


@functools.cache
def _trained(name):
    torch.set_num_threads(1)
    return RECIPES[name]().fit(dataset()).system


def trained(name="one_pass"):
    """A system of its own for every caller; training happens once."""
    system = _trained(name)
    import copy

    return replace(system, model=copy.deepcopy(system.model))


def some_requests(number=30, seed=1):
    walk = random.Random(seed)
    found = [
        Request(history=tuple(f"i{walk.randrange(ITEMS)}" for _ in range(walk.randrange(6)))) for _ in range(number)
    ]
    return [replace(each, repeat=position % 2 == 0) for position, each in enumerate(found)]


def fill(store, data=None, tenant="default"):
    """A data set as the beginning of a store: its catalogue and its events."""
    from generec.serving.store.imports import Histories

    found = data or dataset()
    store.items.load(tenant, found.catalog, by="test")
    Histories(store, tenant, found, "test").bring()
