"""What is kept, what is repeated: hashes over everything that a fitted part depends on."""

from dataclasses import replace

import pytest
import torch

from generec.data.split import split
from generec.errors import FittingError
from generec.fitting.loop import Run
from generec.models.sasrec import SasRec
from generec.recipe import activity
from generec.recipe.chain import Chain
from generec.recipe.record import override
from generec.tokenizers.atomic import Atomic
from generec.types import Catalog, Events
from small_world import dataset, small_one_pass, some_requests


def begin(seed=0, catalog=None, events=None):
    data = dataset()
    return Chain.begin(catalog or data.catalog, events or split(data).train, seed)


def test_equal_causes_give_equal_keys():
    assert begin().then(Atomic()).then(SasRec()) == begin().then(Atomic()).then(SasRec())


def test_whatever_changes_changes_the_key():
    data = dataset()
    train = split(data).train
    titles = data.catalog.frame.with_columns(title=data.catalog.frame["title"].str.to_uppercase())
    shifted = Events(train.items, train.offsets, train.times + 1, train.user_ids)
    keys = [
        begin().then(Atomic()),
        begin(seed=1).then(Atomic()),
        begin(catalog=Catalog(titles)).then(Atomic()),
        begin(events=split(data).refit).then(Atomic()),
        begin(events=shifted).then(Atomic()),
        begin().then(Atomic(room=5)),
        begin().then(Atomic()).then(SasRec()),
        begin().then(Atomic()).then(SasRec(width=32)),
        begin().then(SasRec()).then(Atomic()),
    ]
    torch.set_num_threads(2)
    keys.append(begin().then(Atomic()))
    assert len({each.key for each in keys}) == len(keys)


def test_what_cannot_be_hashed_is_refused():
    with pytest.raises(FittingError, match="recorded in a recipe"):
        begin().then(lambda scores: scores)


def kept(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir() if path.suffix == ".safetensors"}


def test_a_changed_stage_repeats_only_what_follows_it(tmp_path):
    data, recipe = dataset(), small_one_pass()
    run = Run(directory=tmp_path)
    first = recipe.fit(data, run=run).system
    before = kept(tmp_path)
    parts = {name for name in before if name.startswith(("encoder", "tokenizer"))}
    assert len(parts) == 4  # select and refit

    changed = override(recipe, ["model.width=8"]).fit(data, run=run).system
    after = kept(tmp_path)
    assert {name: after[name] for name in parts} == {name: before[name] for name in parts}
    assert len({name for name in after if name.startswith(("encoder", "tokenizer"))}) == 4
    assert torch.equal(first.index.ids.codes, changed.index.ids.codes)

    override(recipe, ["tokenizer.levels=1"]).fit(data, run=run)
    last = kept(tmp_path)
    assert len({name for name in last if name.startswith("encoder")}) == 2
    assert len({name for name in last if name.startswith("tokenizer")}) == 4


def test_the_same_recipe_seed_and_data_give_the_same_system(tmp_path):
    data, recipe = dataset(), small_one_pass()
    kept_run, again, free = (
        recipe.fit(data, run=run).system
        for run in (Run(directory=tmp_path / "a"), Run(directory=tmp_path / "b"), Run())
    )
    for other in (again, free):
        for name, tensor in kept_run.network.state_dict().items():
            assert torch.equal(tensor, other.network.state_dict()[name]), name
        assert kept_run.recommend(some_requests(), 10) == other.recommend(some_requests(), 10)
    other_seed = recipe.fit(data, run=Run(seed=1)).system
    assert kept_run.recommend(some_requests(), 10) != other_seed.recommend(some_requests(), 10)


def test_training_never_sees_the_test_events():
    """Other test items, the same system."""
    data = dataset()
    last = data.events["user_id"] != data.events["user_id"].shift(-1, fill_value="")
    import polars as pl

    events = data.events.with_columns(pl.when(last).then(pl.lit("i0")).otherwise("item_id").alias("item_id"))
    changed = replace(data, events=events)
    one, other = (small_one_pass().fit(each).system for each in (data, changed))
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, other.network.state_dict()[name]), name
    final = small_one_pass().fit(changed, final=True).system
    assert final.activity[0] > other.activity[0]


def test_the_selected_system_is_handed_over_before_the_refit():
    seen = []
    fitted = small_one_pass().fit(dataset(), selected=lambda system: seen.append(system.record["trained_on"]))
    assert seen == ["train"]
    assert fitted.selected.record["trained_on"] == "train"
    assert fitted.system.record["trained_on"] == "train + validation"
    assert len(fitted.system.record["refit"][0]["losses"]) == fitted.system.record["selection"][0]["best_epoch"]


def test_activity_halves_with_age_as_a_loop_says():
    events = Events.pack([[0, 1, 0], [2, 0]])
    times = torch.tensor([0, 50, 100, 90, 100])
    events = Events(events.items, events.offsets, times)
    expected = [0.0, 0.0, 0.0, 0.0]
    for item, moment in zip(events.items.tolist(), times.tolist(), strict=True):
        expected[item] += 0.5 ** ((100 - moment) / 100 / 0.1)
    assert activity(events, 4).tolist() == pytest.approx(expected)
    assert activity(Events.pack([[0, 1, 0]]), 3).tolist() == [2.0, 1.0, 0.0]
