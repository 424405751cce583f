"""Content and style codes as a recipe: they mean something, and they survive the disk."""

from dataclasses import replace

import polars as pl
import pytest
import torch

from generec import recipes
from generec.data.split import split
from generec.data.world import make_world
from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.loop.demand import cells, demand
from generec.loop.gaps import gap_report
from generec.recipe.artefact import load
from generec.recipe.record import describe, override, rebuild
from generec.recipes.what_and_how import STYLE, what_and_how, what_and_how_shuffled
from generec.tokenizers.controls import Shuffled
from generec.tokenizers.joined import joined
from generec.training.pretrain import judge
from generec.types import Catalog, Request


def small():
    """The recipe with encoders that need no text model, for a catalogue of 300 items."""
    subject = SubjectEncoder(of=TfidfEncoder(dimensions=16))
    taste = CollaborativeEncoder(dimensions=16, text=subject)
    style = StyleEncoder(content=subject, components=48, dimensions=48)
    encoder = ConcatEncoder(
        parts=(
            ContentEncoder(of=ConcatEncoder(parts=(TfidfEncoder(dimensions=32), taste)), style=style),
            StyleEncoder(content=subject, taste=taste, components=48, dimensions=STYLE),
        )
    )
    return override(
        replace(what_and_how(), encoder=encoder),
        [
            "stages.0.optimisation.epochs=3", "template.length=15", "tokenizer.least=200", "tokenizer.what.size=12",
            "tokenizer.what.levels=1", "tokenizer.how.size=6", "tokenizer.how.levels=1",
        ],
    )  # fmt: skip


@pytest.fixture(scope="module")
def world():
    dataset = make_world(items=300, users=400, seed=2).dataset
    return dataset, split(dataset)


@pytest.fixture(scope="module")
def system(world):
    return small().fit(*world, refit=False).system


def test_codes_with_meaning_beat_their_broken_twin(world, system):
    dataset, parts = world
    recipe = small()
    twin = replace(recipe, tokenizer=Shuffled(of=recipe.tokenizer)).fit(dataset, parts, refit=False).system
    meant, shuffled = (judge(each, parts.test)["recall@10"] for each in (system, twin))
    assert meant > 2 * 10 / len(dataset.catalog)
    assert meant > 1.1 * shuffled


def test_a_saved_system_answers_encodes_and_reports_as_before(world, system, tmp_path):
    dataset, parts = world
    again = load(system.save(tmp_path / "model"))
    requests = [replace(case.request, user_id=f"u{place}") for place, case in enumerate(parts.test[:40])]
    assert again.recommend(requests, 5) == system.recommend(requests, 5)
    assert joined(again.tokenizer).levels == joined(system.tokenizer).levels == (1, 1)
    first, second = (demand(each, requests[:1], cells(each)).probable() for each in (again, system))
    assert first == second
    assert gap_report(again, requests) == gap_report(system, requests)
    new = Catalog(dataset.catalog.frame.head(3).with_columns(pl.format("new {}", pl.col("item_id")).alias("item_id")))
    for each in (system, again):
        each.insert(new)
    assert torch.equal(again.index.ids.codes, system.index.ids.codes)
    assert again.index.ids.codes[-3:, :2].shape == (3, 2)
    wanted = Request(history=("new v00001",), repeat=True)
    assert again.recommend([wanted], 5)[0].item_ids == system.recommend([wanted], 5)[0].item_ids


def test_the_recipe_is_found_by_name_recorded_and_rebuilt():
    for make in (what_and_how, what_and_how_shuffled):
        recipe = make()
        assert recipes.recipe(recipe.name) == recipe
        assert rebuild(describe(recipe)) == recipe
    assert what_and_how().encoder.parts[1].dimensions == what_and_how().tokenizer.style
