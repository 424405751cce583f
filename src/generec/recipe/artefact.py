"""From a verified folder back to a system: parts are found by the recipe, tensors by name, nothing is executed."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
import torch
from torch import Tensor

from generec.decoding.trie import compile_index
from generec.errors import ArtefactError, GenerecError
from generec.nn.item_model import ItemModel
from generec.protocols import FittedEncoder, FittedTokenizer, ItemEncoder
from generec.recipe import Recipe
from generec.recipe.record import rebuild
from generec.system import System
from generec.system.artefact import (
    CARD,
    CATALOG,
    ENCODER,
    FEATURES,
    MODEL,
    PARTS,
    RECIPE,
    SEMANTIC_IDS,
    TOKENIZER,
)
from generec.system.folder import Verified, rebuild_command
from generec.types import Catalog, ItemIndex, SemanticIds

ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class SavedEncoder:
    """An encoder as it was saved, restored when the first new item is encoded: loading needs no text model."""

    part: ItemEncoder
    saved: Mapping[str, Tensor]

    @cached_property
    def fitted(self) -> FittedEncoder:
        return self.part.restore(self.saved)

    def encode(self, items: Catalog) -> Tensor:
        return self.fitted.encode(items)

    def state(self) -> dict[str, Tensor]:
        return dict(self.saved)


def load(path: str | os.PathLike[str], *, device: str | torch.device = "cpu") -> System[Any]:
    """The system that `System.save` wrote: equal slates, inserted and removed items included.

    Every file is verified before it is used. Raises ArtefactError for a folder that was changed, is incomplete, was
    written by another version, or names parts that this installation does not have.
    """
    folder = Verified.open(path)
    for name in PARTS:
        if name not in folder.files:
            raise ArtefactError(f"{folder.path}: the manifest lists no {name}; {_again(folder)}")
    # Everything verified must also fit together: whatever a part makes of what it is given ends here.
    recipe_document = _guarded(folder, RECIPE, lambda: json.loads(folder.files[RECIPE]))
    recipe = _guarded(folder, RECIPE, lambda: rebuild(recipe_document))
    if not isinstance(recipe, Recipe):
        raise ArtefactError(f"{folder.path}: {RECIPE} describes no recipe; {_again(folder)}")
    catalog = _guarded(folder, CATALOG, lambda: Catalog(_parquet(folder, CATALOG)))
    index = _guarded(folder, SEMANTIC_IDS, lambda: _index(folder, catalog))
    features, activity = _guarded(folder, FEATURES, lambda: _features(folder, len(catalog)))
    tokenizer: FittedTokenizer = _guarded(
        folder, TOKENIZER, lambda: recipe.tokenizer.restore(_tensors(folder, TOKENIZER))
    )
    if tokenizer.ids.sizes != index.ids.sizes:
        raise ArtefactError(
            f"{folder.path}: the tokenizer has codebooks of {tokenizer.ids.sizes}, the semantic IDs need "
            f"{index.ids.sizes}; {_again(folder)}"
        )
    encoder = SavedEncoder(recipe.encoder, _guarded(folder, ENCODER, lambda: _tensors(folder, ENCODER)))
    model = _guarded(folder, MODEL, lambda: _model(recipe, index, features, _tensors(folder, MODEL)))
    training = folder.manifest.get("training")
    record = training if isinstance(training, dict) else {}
    return System(
        catalog=catalog, encoder=encoder, features=features, tokenizer=tokenizer, index=index,
        template=recipe.template, model=model.to(device).eval(), decoder=recipe.decoder, activity=activity,
        record={**record, "recipe": recipe_document},
    )  # fmt: skip


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a verified folder says of itself (see system.artefact.describe); the model is not built."""
    return dict(Verified.open(path).manifest)


def read_card(path: str | os.PathLike[str]) -> str:
    """The model card of a verified folder."""
    folder = Verified.open(path)
    return _guarded(folder, CARD, lambda: folder.files[CARD].decode())


def _guarded(folder: Verified, name: str, read: Callable[[], ResultT]) -> ResultT:
    """Turns what goes wrong with a verified but unfit file into the error that says so."""
    try:
        return read()
    except ArtefactError as error:
        raise ArtefactError(f"{folder.path}: {name}: {error}; {_again(folder)}") from error
    except GenerecError as error:
        raise ArtefactError(f"{folder.path}: {name}: {error}") from error
    except Exception as error:  # parts and parsers raise whatever they like on contents that do not suit them
        raise ArtefactError(
            f"{folder.path}: {name} does not fit this version of generec or the other files ({_first_line(error)}); "
            f"{_again(folder)}"
        ) from error


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {' '.join(line.strip() for line in lines[:2])}"


def _again(folder: Verified) -> str:
    return f"make it again: {rebuild_command(folder.manifest, Path(folder.path))}"


def _parquet(folder: Verified, name: str) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(folder.files[name]))


def _tensors(folder: Verified, name: str) -> dict[str, Tensor]:
    from safetensors.torch import load as parse

    return dict(parse(folder.files[name]))


def _index(folder: Verified, catalog: Catalog) -> ItemIndex:
    frame = _parquet(folder, SEMANTIC_IDS)
    if frame["item_id"].to_list() != catalog.item_ids:
        raise ArtefactError(f"its items are not those of {CATALOG}")
    sizes = tuple(int(size) for size in folder.manifest["sizes"])
    codes = torch.tensor(frame["codes"].to_list(), dtype=torch.int64).reshape(len(catalog), len(sizes))
    alive = torch.tensor(frame["alive"].to_list(), dtype=torch.bool)
    return compile_index(SemanticIds(codes, sizes), alive)


def _features(folder: Verified, items: int) -> tuple[Tensor, Tensor]:
    tensors = _tensors(folder, FEATURES)
    features, activity = tensors["features"], tensors["activity"]
    if features.ndim != 2 or len(features) != items or activity.shape != (items,):
        raise ArtefactError(
            f"features {tuple(features.shape)} and activity {tuple(activity.shape)} do not fit {items} items"
        )
    return features, activity


def _model(recipe: Recipe[Any], index: ItemIndex, features: Tensor, weights: dict[str, Tensor]) -> ItemModel:
    """Builds the model as the recipe says and puts the weights in; every name and shape must fit."""
    with torch.random.fork_rng(devices=[]):  # the initial weights are thrown away, the caller's generator is not theirs
        model = recipe.model.build(index, features)
    if not isinstance(model, ItemModel):
        raise ArtefactError(f"the recipe builds a {type(model).__name__}, which is no ItemModel")
    kinds = {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()}
    if len(kinds) == 1:
        model.to(dtype=kinds.pop())
    for name, tensor in model.state_dict().items():
        if name in weights and weights[name].dtype != tensor.dtype:
            raise ArtefactError(f"{name} is {weights[name].dtype}, the model needs {tensor.dtype}")
    model.load_state_dict(weights, strict=True)
    return model
