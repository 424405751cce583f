"""A trained system on disk: one folder, every byte of it accounted for, no file of it used before it was verified.

    MANIFEST.sha256        hash of the manifest, as `sha256sum --check` reads it
    MANIFEST.json          hash and size of every other file, versions, what the model was trained on
    README.md              model card
    recipe.json            the recipe, see recipe/record.py
    encoder.safetensors    state of the fitted encoder
    tokenizer.safetensors  state of the fitted tokenizer
    model.safetensors      weights
    features.safetensors   features (N, F) and activity (N,), so that loading encodes nothing
    semantic_ids.parquet   item_id, codes, alive (False: removed from recommendation)
    catalog.parquet        the items

Hashes notice damage, not malice: whoever can write the folder can write a manifest that fits. Nothing in a folder is
ever unpickled or executed.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from generec.errors import FittingError
from generec.system.folder import as_json, as_tensors, libraries, refuse_existing, write_folder
from generec.system.model_card import model_card

if TYPE_CHECKING:
    from generec.system import System

RECIPE, ENCODER, TOKENIZER, MODEL, FEATURES, SEMANTIC_IDS, CATALOG, CARD = (
    "recipe.json", "encoder.safetensors", "tokenizer.safetensors", "model.safetensors", "features.safetensors",
    "semantic_ids.parquet", "catalog.parquet", "README.md",
)  # fmt: skip
PARTS = (RECIPE, ENCODER, TOKENIZER, MODEL, FEATURES, SEMANTIC_IDS, CATALOG, CARD)


def write_artefact(system: System[Any], path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Saves a system that a recipe fitted: a finished sibling folder is moved into place, all of it or nothing.

    Raises UsageError when the folder exists and overwrite is False, or when it holds something that is no artefact;
    FittingError when no recipe made the system. The folder loads with the decoder and template of that recipe.
    """
    refuse_existing(path, overwrite)
    if "recipe" not in system.record:
        raise FittingError("only a system that a recipe fitted can be saved; this one has no recipe in its record")
    about = describe(system)
    files = {
        RECIPE: as_json(system.record["recipe"]),
        ENCODER: as_tensors(system.encoder.state()),
        TOKENIZER: as_tensors(system.tokenizer.state()),
        MODEL: as_tensors(system.network.state_dict()),
        FEATURES: as_tensors({"features": system.features, "activity": system.activity}),
        SEMANTIC_IDS: _parquet(_semantic_ids(system)),
        CATALOG: _parquet(system.catalog.frame),
        CARD: model_card(about).encode(),
    }
    return write_folder(path, files, about, overwrite=overwrite)


def describe(system: System[Any]) -> dict[str, Any]:
    """What the manifest says, except for the hashes.

    training: the record of the fit (data with fingerprint, source, rights and folder; split, tie order, trained_on,
    final, seed, figures). watermark: which changes of the catalogue and the log the system has seen.
    """
    record = {name: value for name, value in system.record.items() if name != "recipe"}
    data = record.get("data", {})
    now = datetime.now(UTC).isoformat(timespec="seconds")
    about: dict[str, Any] = _plain(
        {
            "libraries": libraries(),
            "recipe": system.record["recipe"].get("name"),
            "paper": system.record["recipe"].get("paper"),
            "items": len(system.catalog),
            "removed_items": int((~system.index.alive).sum()),
            "parameters": sum(parameter.numel() for parameter in system.network.parameters()),
            "sizes": system.index.ids.sizes,
            "training": record,
            "watermark": {"written": now, "items": len(system.catalog), "events_until": data.get("events_until")},
        }
    )
    return about


def _semantic_ids(system: System[Any]) -> pl.DataFrame:
    codes = pl.Series("codes", system.index.ids.codes.cpu().numpy()).arr.to_list()
    alive = pl.Series("alive", system.index.alive.cpu().numpy())
    return pl.DataFrame([pl.Series("item_id", system.catalog.item_ids, dtype=pl.String), codes, alive])


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _plain(value: Any) -> Any:
    """The value as JSON has it: tuples as lists, paths as text, numbers that are none (a best of -inf) as null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(member) for name, member in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Sequence):
        return [_plain(member) for member in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise FittingError(f"the record of a system holds {value!r}, which JSON cannot; put numbers, texts and lists there")
