"""Generative recommendation: semantic IDs, models that generate the next items, judged beside strong baselines.

    system = generec.fit(events, items=items)
    generec.recommend(system, users=["7"], k=10, filters=["price <= 20"])
    system.save("model"); generec.load("model")

Names are imported when they are first used: `import generec` itself costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from generec import recipes as recipes
    from generec.errors import ArtefactError as ArtefactError
    from generec.errors import FittingError as FittingError
    from generec.errors import GenerecError as GenerecError
    from generec.errors import InputError as InputError
    from generec.errors import UsageError as UsageError
    from generec.evaluation.protocol import evaluate as evaluate
    from generec.loop.generec import GeneRec as GeneRec
    from generec.recipe import Recipe as Recipe
    from generec.recipe.artefact import load as load
    from generec.recipe.frames import recommend as recommend
    from generec.recipes import fit as fit
    from generec.types import Catalog as Catalog
    from generec.types import Dataset as Dataset
    from generec.types import Request as Request
    from generec.types import Slate as Slate

_PLACES = {
    "ArtefactError": "generec.errors",
    "Catalog": "generec.types",
    "Dataset": "generec.types",
    "FittingError": "generec.errors",
    "GeneRec": "generec.loop.generec",
    "GenerecError": "generec.errors",
    "InputError": "generec.errors",
    "Recipe": "generec.recipe",
    "Request": "generec.types",
    "Slate": "generec.types",
    "UsageError": "generec.errors",
    "evaluate": "generec.evaluation.protocol",
    "fit": "generec.recipes",
    "load": "generec.recipe.artefact",
    "recipes": "",
    "recommend": "generec.recipe.frames",
}

__all__ = [
    "ArtefactError", "Catalog", "Dataset", "FittingError", "GeneRec", "GenerecError", "InputError", "Recipe",
    "Request", "Slate", "UsageError", "evaluate", "fit", "load", "recipes", "recommend",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'generec' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(place), name) if place else importlib.import_module(f"generec.{name}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
