"""A shop whose people go on: what a first version learned from, and what they did since."""

import random
from dataclasses import replace

import polars as pl

import small_world
from generec.data.dataset import EVENT_SCHEMA
from generec.recipe.record import override
from generec.recipes.sasrec import sasrec
from generec.serving.api.rollout import manifest_of
from generec.serving.learning.defence import Defence
from generec.serving.learning.judge import Judge
from generec.serving.learning.material import Mixture
from generec.serving.learning.retrain import Retraining
from generec.types import Dataset
from small_world import ITEMS, catalog

PEOPLE, STEPS, KNOWN = 80, 14, 8
"""Everybody does STEPS things, the first version learns from the first KNOWN."""


def shop(steps=STEPS):
    walk = random.Random(0)
    rows = []
    for person in range(PEOPLE):
        at = walk.randrange(ITEMS)
        for step in range(STEPS):
            if step < steps:
                rows.append((f"u{person}", f"i{at}", 1000 * step + person, "click", None, None))
            at = (at + walk.choice([1, 1, 1, 7])) % ITEMS
    events = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
    return Dataset(events, catalog(), None, {"source": "shop", "rights": "own", "licence": "CC0", "repeats": True})


def recipe(*settings):
    return override(sasrec(), ["stages.0.optimisation.epochs=2", "model.width=16", *settings])


def first(folder, *, taught=None, recorded=None):
    """The first version in a folder: taught by one recipe, and remembering another where one is given."""
    system = (taught or recipe()).fit(shop(KNOWN)).system
    if recorded is not None:
        from generec.recipe.record import describe

        system.record = {**system.record, "recipe": describe(recorded)}
    return system.save(folder)


def serve(store, folder, tenant="default"):
    """Enters a version and lets it answer."""
    version = f"{folder.name}-{manifest_of(folder)[:8]}"
    watermark = store.items.watermark(tenant)
    store.models.add(tenant, version, folder=str(folder), manifest=manifest_of(folder), watermark=watermark, by="test")
    store.models.activate(tenant, version, by="test")
    return version


def fill(store, data=None, tenant="default"):
    small_world.fill(store, data or shop(), tenant)


def retraining(margin=1.0, **changes):
    """Few people are enough here, and a quick judge."""
    plain = Retraining(judge=Judge(margin=margin, least=10, resamples=200), mixture=Mixture(anchor=0.1))
    return replace(plain, defence=Defence(), **changes)
