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

import hashlib
import io
import json
import math
import os
import platform
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from safetensors.torch import save
from torch import Tensor

from generec.errors import FittingError, UsageError
from generec.system.folder import FORMAT, MANIFEST, SEAL, VERSION, replace_folder, sealed, sync
from generec.system.model_card import model_card

if TYPE_CHECKING:
    from generec.system import System

RECIPE, ENCODER, TOKENIZER, MODEL, FEATURES, SEMANTIC_IDS, CATALOG, CARD = (
    "recipe.json", "encoder.safetensors", "tokenizer.safetensors", "model.safetensors", "features.safetensors",
    "semantic_ids.parquet", "catalog.parquet", "README.md",
)  # fmt: skip
PARTS = (RECIPE, ENCODER, TOKENIZER, MODEL, FEATURES, SEMANTIC_IDS, CATALOG, CARD)
_LIBRARIES = ("generec", "torch", "numpy", "polars", "safetensors")


def write_artefact(system: System[Any], path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
    """Saves a system that a recipe fitted: a finished sibling folder is moved into place, all of it or nothing.

    Raises UsageError when the folder exists and overwrite is False, or when it holds something that is no artefact;
    FittingError when no recipe made the system. The folder loads with the decoder and template of that recipe.
    """
    target = Path(path).absolute()
    refuse_existing(target, overwrite)
    if "recipe" not in system.record:
        raise FittingError("only a system that a recipe fitted can be saved; this one has no recipe in its record")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    try:
        _write_files(system, partial)
        sync(partial)
        partial.chmod(0o755)
        replace_folder(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def refuse_existing(path: str | os.PathLike[str], overwrite: bool) -> None:
    """Raises UsageError when an artefact may not be written to this folder; asked before a long training too."""
    target = Path(path)
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder for the model")
    if not any(target.iterdir()):
        return
    if not (target / MANIFEST).exists():
        raise UsageError(f"{target} holds files that are no model; name a new folder")
    if not overwrite:
        raise UsageError(f"{target} exists; name another folder, or replace it with --overwrite (overwrite=True)")


def _write_files(system: System[Any], folder: Path) -> None:
    written: dict[str, dict[str, Any]] = {}

    def put(name: str, payload: bytes) -> None:
        (folder / name).write_bytes(payload)
        written[name] = {"sha256": hashlib.sha256(payload).hexdigest(), "bytes": len(payload)}

    put(RECIPE, _json(system.record["recipe"]))
    put(ENCODER, _tensors(system.encoder.state()))
    put(TOKENIZER, _tensors(system.tokenizer.state()))
    put(MODEL, _tensors(system.network.state_dict()))
    put(FEATURES, _tensors({"features": system.features, "activity": system.activity}))
    put(SEMANTIC_IDS, _parquet(_semantic_ids(system)))
    put(CATALOG, _parquet(system.catalog.frame))
    about = describe(system)
    put(CARD, model_card(about).encode())
    manifest = _json(about | {"files": written})
    (folder / MANIFEST).write_bytes(manifest)
    (folder / SEAL).write_bytes(sealed(manifest))


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
            "format": FORMAT,
            "version": VERSION,
            "libraries": {library: version(library) for library in _LIBRARIES} | {"python": platform.python_version()},
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


def _tensors(state: Mapping[str, Tensor]) -> bytes:
    # Cloned, since safetensors refuses tensors that share memory, as tied weights do.
    payload: bytes = save({name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()})
    return payload


def _parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


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
