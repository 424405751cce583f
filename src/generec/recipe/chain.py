"""Chained hashes: what a fitted part depends on, so that a re-run repeats only what changed."""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import torch
from torch import Tensor

from generec.fitting.checkpoint import read_checkpoint, write_checkpoint
from generec.recipe.record import describe
from generec.types import Catalog, Events

FittedT = TypeVar("FittedT")
_LIBRARIES = ("torch", "numpy", "scikit-learn", "generec")


@dataclass(frozen=True)
class Chain:
    """The hash of everything that led to this point of a recipe."""

    key: str

    @staticmethod
    def begin(catalog: Catalog, events: Events, seed: int) -> Chain:
        """Starts from the data as they are read, the seed, the threads and the library versions."""
        digest = hashlib.sha256()
        digest.update(catalog.frame.hash_rows(seed=0).to_numpy().tobytes())
        for tensor in (events.items, events.offsets, events.times):
            digest.update(b"" if tensor is None else tensor.numpy().tobytes())
        versions = {library: version(library) for library in _LIBRARIES} | {"python": sys.version}
        digest.update(json.dumps([seed, torch.get_num_threads(), versions], sort_keys=True).encode())
        return Chain(digest.hexdigest())

    def then(self, part: object) -> Chain:
        """The chain after a part: its hyperparameters and the source files of every class in it."""
        document = describe(part)
        digest = hashlib.sha256(self.key.encode())
        digest.update(json.dumps(document, sort_keys=True).encode())
        for module in sorted(_modules(document)):
            digest.update(_source(module))
        return Chain(digest.hexdigest())

    @property
    def short(self) -> str:
        return self.key[:12]


def _source(module: str) -> bytes:
    """The bytes of a module's file; something new each time where there is none, so that nothing stale is reused."""
    try:
        file = inspect.getsourcefile(sys.modules[module])
    except (KeyError, TypeError):  # written at a prompt or in a notebook
        file = None
    return Path(file).read_bytes() if file and Path(file).exists() else uuid4().bytes


def _modules(document: Any) -> set[str]:
    if isinstance(document, list):
        return {module for member in document for module in _modules(member)}
    if not isinstance(document, Mapping):
        return set()
    own = {str(document[kind]).partition(":")[0] for kind in ("part", "function") if kind in document}
    return own | {module for member in document.values() for module in _modules(member)}


def remembered(
    path: Path | None, restore: Callable[[Mapping[str, Tensor]], FittedT], fit: Callable[[], FittedT],
    state: Callable[[FittedT], Mapping[str, Tensor]],
) -> FittedT:  # fmt: skip
    """A fitted part from the stage cache, or fitted now and kept there."""
    if path is None:
        return fit()
    if not path.exists():
        write_checkpoint(path, state(fit()), {})
    return restore(read_checkpoint(path)[0])
