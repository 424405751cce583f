"""Every recipe, at toy size, learns: it beats its broken twin and the trivial baseline."""

from dataclasses import replace

import pytest
import torch

from generec.data.split import split
from generec.data.world import make_world
from generec.encoders.tfidf import TfidfEncoder
from generec.recipe.record import override
from generec.recipes.one_pass import one_pass, one_pass_tokens
from generec.recipes.sasrec import sasrec
from generec.recipes.tiger import tiger
from generec.testing.worlds import markov_world
from generec.tokenizers.controls import Shuffled
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.training.pretrain import judge
from generec.types import Events

CODES = RQKMeans(levels=2, size=12)


@pytest.fixture(scope="module")
def chain():
    world = markov_world(items=60, users=250, seed=3)
    return world, split(world.dataset)


@pytest.fixture(scope="module")
def world():
    dataset = make_world(items=250, users=350, seed=2).dataset
    return dataset, split(dataset)


def quality(recipe, dataset, parts):
    return judge(recipe.fit(dataset, parts, refit=False).system, parts.test)["recall@10"]


def test_sasrec_comes_near_the_optimum_of_a_markov_chain_and_its_twin_does_not(chain):
    """The twin learns from histories whose order is shuffled."""
    world, parts = chain
    recipe = override(sasrec(), ["stages.0.optimisation.epochs=15", "model.dropout=0.1", "template.length=10"])
    last = torch.tensor([world.dataset.catalog.row(case.request.history[-1]) for case in parts.test])
    found, best = quality(recipe, world.dataset, parts), world.best_recall(last, 10)
    shuffled = torch.cat([part[torch.randperm(len(part))] for part in torch.split(
        parts.train.items, parts.train.lengths.tolist())])  # fmt: skip
    broken = replace(parts, train=Events(shuffled, parts.train.offsets, None, parts.train.user_ids))
    assert found > 0.85 * best
    assert quality(recipe, world.dataset, broken) < 0.7 * found


SETTINGS = {
    "one_pass": ["stages.0.optimisation.epochs=3", "template.length=15"],
    "one_pass_tokens": [
        "stages.0.optimisation.epochs=6", "model.width=48", "model.layers=2", "template.length=8",
        "stages.0.optimisation.batch_tokens=1500", "stages.0.optimisation.learning_rate=0.003",
    ],
    "tiger": [
        "stages.0.optimisation.epochs=4", "model.width=48", "model.heads=2", "model.head_width=24",
        "model.encoder_layers=1", "model.decoder_layers=1", "model.feed_forward=96", "template.length=5",
        "stages.0.optimisation.batch_tokens=1000", "stages.0.optimisation.learning_rate=0.003",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "make"), [("one_pass", one_pass), ("one_pass_tokens", one_pass_tokens), ("tiger", tiger)]
)
def test_semantic_ids_beat_the_same_codes_without_meaning(world, name, make):
    dataset, parts = world
    recipe = replace(override(make(), SETTINGS[name]), encoder=TfidfEncoder(dimensions=32), tokenizer=CODES)
    meant = quality(recipe, dataset, parts)
    shuffled = quality(replace(recipe, tokenizer=Shuffled(of=CODES)), dataset, parts)
    chance = 10 / len(dataset.catalog)
    assert meant > 2 * chance
    assert meant > 1.1 * shuffled
