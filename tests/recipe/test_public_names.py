"""`import generec` costs next to nothing, and every promised name is there when it is used."""

import subprocess
import sys

import pytest

import generec


def test_importing_generec_loads_nothing_heavy():
    code = "import generec, sys; print([m for m in ('torch', 'polars', 'numpy', 'typer', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("name", generec.__all__)
def test_every_public_name_is_there(name):
    assert getattr(generec, name) is not None
    assert name in dir(generec)


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(AttributeError, match="recommend"):
        _ = generec.recomend


def test_recipes_are_found_by_name():
    assert generec.recipes.recipe("sasrec").name == "sasrec"
    with pytest.raises(generec.UsageError, match="did you mean 'sasrec'"):
        generec.recipes.recipe("sasrek")


def test_every_recipe_is_listed_under_its_own_name():
    assert generec.recipes.RECIPES
    for name, make in generec.recipes.RECIPES.items():
        assert make().name == name
