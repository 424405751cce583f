"""Published systems by name. A recipe's module is imported when the recipe is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generec.errors import unknown

if TYPE_CHECKING:
    from generec.recipe import Recipe


def _one_pass() -> Recipe[Any]:
    from generec.recipes.one_pass import one_pass

    return one_pass()


def _sasrec() -> Recipe[Any]:
    from generec.recipes.sasrec import sasrec

    return sasrec()


def _tiger() -> Recipe[Any]:
    from generec.recipes.tiger import tiger

    return tiger()


RECIPES: dict[str, Callable[[], Recipe[Any]]] = {"one_pass": _one_pass, "sasrec": _sasrec, "tiger": _tiger}


def recipe(name: str) -> Recipe[Any]:
    """The recipe of that name, with its default hyperparameters. Raises UsageError naming the nearest real one."""
    if name not in RECIPES:
        raise unknown("recipe", name, RECIPES)
    return RECIPES[name]()
