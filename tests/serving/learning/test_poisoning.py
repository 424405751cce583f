"""Fake people: those who push an item are left out, honest ones are not, whatever they do."""

import numpy as np
import polars as pl
import pytest

from generec.data.dataset import EVENT_SCHEMA
from generec.data.split import split
from generec.data.world import make_world
from generec.evaluation.baselines import ItemKNN
from generec.serving.learning.attacks import (
    Attack,
    AverageFillers,
    BandwagonFillers,
    RandomFillers,
    SegmentFillers,
)
from generec.serving.learning.defence import Arrivals, Copies, Defence, Strangers
from generec.types import Catalog, Dataset


@pytest.fixture(scope="module")
def world():
    return make_world(600, 900, 1).dataset


@pytest.mark.parametrize(
    ("fillers", "window"),
    [(RandomFillers(), 1.0), (AverageFillers(), 0.1), (BandwagonFillers(), 1.0), (SegmentFillers(), 1.0)],
    ids=lambda value: type(value).__name__,
)
def test_most_fakes_go_and_hardly_anybody_else(world, fillers, window):
    attacked = Attack(fillers=fillers, share=0.04, window=window, seed=5).on(world)
    assert len(attacked.fakes) == 36
    cleaned = Defence().clean(attacked.data)
    target = attacked.targets[0]
    assert target in cleaned.items
    assert len(cleaned.people - attacked.fakes) <= 0.01 * 900
    left = cleaned.data.events.filter(pl.col("item_id") == target)["user_id"]
    assert left.is_in(list(attacked.fakes)).sum() <= 0.2 * len(attacked.fakes)
    honest = world.events.filter(pl.col("item_id") == target).height
    assert len(left) <= 2 * max(honest, 4), "what is left cannot make it popular"


def shown(data, cases, item):
    """How many people have an item in their first ten, and Recall@10."""
    model = ItemKNN().fit(split(data).train, data.catalog)
    slates = model.recommend([case.request for case in cases], 10)
    hits = sum(case.relevant[0] in slate.item_ids for slate, case in zip(slates, cases, strict=True))
    return sum(item in slate.item_ids for slate in slates), hits / len(cases)


def test_what_people_are_shown_stays_what_it_was(world):
    """The bench in small, with its twin: 5 % fake people, undefended and defended."""
    cases = split(world).test
    attacked = Attack(fillers=SegmentFillers(), share=0.05, seed=2).on(world)
    target = attacked.targets[0]
    before, recall = shown(world, cases, target)
    pushed, _ = shown(attacked.data, cases, target)
    defended, kept = shown(Defence().clean(attacked.data).data, cases, target)
    assert pushed + 1 > 4 * (before + 1), "or there was nothing to defend against"
    assert defended + 1 <= 2 * (before + 1)
    assert kept >= 0.98 * recall


def test_clean_data_stay_as_they_are(world):
    cleaned = Defence().clean(world)
    assert cleaned.people == frozenset()
    assert cleaned.data.events.equals(world.events)
    assert cleaned.figures()["signs"] == {
        name: {"items": 0, "people": 0} for name in ("strangers", "copies", "arrivals")
    }


def test_heavy_users_are_no_sign(world):
    """Thirty people who use a third of everything: they meet everywhere, and may."""
    generator = np.random.default_rng(0)
    start, end = world.events["timestamp"].min(), world.events["timestamp"].max()
    counts = world.events["item_id"].value_counts()
    items, share = counts["item_id"].to_list(), counts["count"].to_numpy() / counts["count"].sum()
    rows = []
    for person in range(30):
        used = generator.choice(items, 180, replace=False, p=share)
        times = np.sort(generator.integers(start, end, len(used)))
        kind = world.events["event"][0]
        rows += [(f"heavy{person}", item, int(when), kind, None, None) for item, when in zip(used, times, strict=True)]
    more = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
    data = Dataset(pl.concat([world.events.select(EVENT_SCHEMA.names()), more]), world.catalog)
    cleaned = Defence().clean(data)
    assert not [name for name in cleaned.people if name.startswith("heavy")]
    assert len(cleaned.people) <= 9


def test_an_item_that_comes_out_and_is_liked_is_no_push(world):
    """A new item that a tenth of the people who were there already take up within days."""
    events = world.events.select(EVENT_SCHEMA.names())
    people = events["user_id"].unique(maintain_order=True).to_list()[::10]
    end = int(events["timestamp"].max())
    kind = events["event"][0]
    frame = pl.concat([world.catalog.frame, world.catalog.frame[:1].with_columns(item_id=pl.lit("out-now"))])
    rows = [(user, "out-now", end + n, kind, None, None) for n, user in enumerate(people)]
    more = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
    order = pl.concat([events, more]).sort(pl.col("user_id").rank("dense"), "timestamp", maintain_order=True)
    cleaned = Defence().clean(Dataset(order, Catalog(frame)))
    assert "out-now" not in cleaned.items


def test_one_person_counts_so_much_and_no_more():
    frame = pl.DataFrame({"item_id": ["a", "b", "c"], "title": "x"})
    rows = [("u", "a", n, "play", None, None) for n in range(50)]
    rows += [("u", "b", 50 + n, "play", None, None) for n in range(3)]
    rows += [("v", "c", 1, "play", None, None)]
    data = Dataset(pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row"), Catalog(frame))
    kept = Defence(most=30, again=10).clean(data)
    assert kept.events == 40
    assert kept.data.events["item_id"].to_list() == ["a"] * 10 + ["b"] * 3 + ["c"]
    assert kept.data.events["timestamp"].to_list() == [*range(40, 50), 50, 51, 52, 1]
    assert Defence(most=2, again=10).clean(data).data.events["timestamp"].to_list() == [51, 52, 1]


def test_nothing_and_next_to_nothing_are_borne(world):
    empty = Dataset(world.events.clear(), world.catalog)
    assert Defence().clean(empty).data.events.is_empty()
    few = Dataset(world.events[:5], world.catalog)
    assert Defence(signs=(Strangers(), Copies(), Arrivals())).clean(few).data.events.height == 5
