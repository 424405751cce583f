"""Training with parts that are fitted already: what a recipe, which holds hyperparameters only, cannot say."""

from __future__ import annotations

from typing import Any, TypeVar

import torch

from generec.decoding.trie import compile_index
from generec.fitting.loop import Run
from generec.nn.item_model import ItemModel
from generec.protocols import Decoder, ModelSpec, Template
from generec.recipe import Recipe, activity
from generec.system import System
from generec.training import Lesson
from generec.types import Dataset, Split

ModelT = TypeVar("ModelT", bound=ItemModel)


def assembled(
    recipe: Recipe[Any], data: Dataset, split: Split, *, template: Template, model: ModelSpec[ModelT],
    decoder: Decoder[ModelT], run: Run,
) -> System[ModelT]:  # fmt: skip
    """The recipe's encoder, tokenizer and stages around another template, model and decoder.

    Selected on validation and not refitted, as `Recipe.fit(..., refit=False)`. The stages must be able to train the
    model. What comes back serves and is judged like any system; it is not recorded, so that it cannot be saved.
    """
    torch.manual_seed(run.seed)
    encoder = recipe.encoder.fit(data.catalog, split.train)
    features = encoder.encode(data.catalog)
    tokenizer = recipe.tokenizer.fit(features, split.train)
    index = compile_index(tokenizer.ids)
    torch.manual_seed(run.seed)
    system = System(
        catalog=data.catalog, encoder=encoder, features=features, tokenizer=tokenizer, index=index, template=template,
        model=model.build(index, features), decoder=decoder, activity=activity(split.train, len(data.catalog)),
    )  # fmt: skip
    for stage in recipe.stages:
        stage.run(system, Lesson(events=split.train, validation=split.validation), run, recipe.name)
    return system
