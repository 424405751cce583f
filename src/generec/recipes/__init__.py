"""Published systems, by name and to be fitted. A recipe's module is imported when the recipe is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generec.errors import UsageError, unknown

if TYPE_CHECKING:
    import torch

    from generec.recipe import Recipe
    from generec.system import System


def _one_pass() -> Recipe[Any]:
    from generec.recipes.one_pass import one_pass

    return one_pass()


def _one_pass_shuffled() -> Recipe[Any]:
    from generec.recipes.one_pass import one_pass_shuffled

    return one_pass_shuffled()


def _one_pass_tokens() -> Recipe[Any]:
    from generec.recipes.one_pass import one_pass_tokens

    return one_pass_tokens()


def _sasrec() -> Recipe[Any]:
    from generec.recipes.sasrec import sasrec

    return sasrec()


def _sasrec_text() -> Recipe[Any]:
    from generec.recipes.sasrec import sasrec_text

    return sasrec_text()


def _tiger() -> Recipe[Any]:
    from generec.recipes.tiger import tiger

    return tiger()


def _what_and_how() -> Recipe[Any]:
    from generec.recipes.what_and_how import what_and_how

    return what_and_how()


def _what_and_how_shuffled() -> Recipe[Any]:
    from generec.recipes.what_and_how import what_and_how_shuffled

    return what_and_how_shuffled()


RECIPES: dict[str, Callable[[], Recipe[Any]]] = {
    "one_pass": _one_pass,
    "one_pass_shuffled": _one_pass_shuffled,
    "one_pass_tokens": _one_pass_tokens,
    "sasrec": _sasrec,
    "sasrec_text": _sasrec_text,
    "tiger": _tiger,
    "what_and_how": _what_and_how,
    "what_and_how_shuffled": _what_and_how_shuffled,
}


def recipe(name: str) -> Recipe[Any]:
    """The recipe of that name, with its default hyperparameters. Raises UsageError naming the nearest real one."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]()


def fit(
    data: Any,
    recipe: Recipe[Any] | None = None,
    *,
    items: Any = None,
    users: Any = None,
    mapping: Mapping[str, str] | None = None,
    rights: str = "own",
    split: str = "leave-one-out",
    refit: bool = True,
    final: bool = False,
    seed: int = 0,
    device: str = "auto",
    directory: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> System[Any]:
    """Trains a recipe, `one_pass()` when none is given: selects on validation, then refits on train + validation.

    data: a Dataset, or a pandas, polars or pyarrow frame of events; then `items` and `users` are frames too, `mapping`
    names columns ({"user_id": "customer"}) and `rights` says what may be done with the content. refit=False keeps the
    selected model; final=True learns from the test events as well. directory: where checkpoints are kept, to resume.
    device: cpu, cuda or auto. Raises InputError for data that cannot be used, FittingError for what cannot be trained.
    """
    from generec.data.importers import from_frames
    from generec.data.split import split as split_data
    from generec.fitting.loop import Run
    from generec.types import Dataset

    if isinstance(data, Dataset):
        if not (items is None and users is None and mapping is None):
            raise UsageError("a Dataset has its items and users; give items, users and mapping with a frame of events")
        dataset = data
    else:
        dataset = from_frames(data, items, users, mapping=mapping, rights=rights)
    run = Run(
        directory=None if directory is None else Path(directory), seed=seed, device=chosen_device(device), resume=resume
    )
    chosen = recipe or _one_pass()
    return chosen.fit(dataset, split_data(dataset, split), run=run, refit=refit, final=final).system


def chosen_device(name: str) -> torch.device:
    """cuda where there is one and the name is auto. Raises UsageError for a device that is not here."""
    import torch

    here = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda"):
        raise UsageError(f"device must be auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not here:
        raise UsageError("no CUDA device is here; use device='cpu', or see `generec doctor`")
    return torch.device("cuda" if name != "cpu" and here else "cpu")
