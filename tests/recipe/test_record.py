"""Recipes as JSON and back, overridden by text, never naming what is outside."""

import dataclasses
import json
import typing
from dataclasses import dataclass

import pytest

from generec.errors import ArtefactError, FittingError, UsageError
from generec.models.sasrec import SasRec
from generec.recipe.record import describe, hyperparameters, override, rebuild
from generec.recipes import RECIPES, recipe
from small_world import RECIPES as SMALL


def through_json(part):
    return json.loads(json.dumps(describe(part), allow_nan=False))


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_json(name):
    assert rebuild(through_json(recipe(name))) == recipe(name)


@pytest.mark.parametrize("name", SMALL)
def test_changed_recipes_survive_json(name):
    assert rebuild(through_json(SMALL[name]())) == SMALL[name]()


def test_what_has_no_name_is_refused():
    @dataclass(frozen=True)
    class Local:
        width: int = 1

    for part in (Local(), lambda scores: scores, object(), {"a": 1}, {1, 2}):
        with pytest.raises(FittingError, match="recorded in a recipe"):
            describe(part)


@pytest.mark.parametrize(
    "name",
    ["os:system", "generecx.models:A", "generec.models.sasrec:Nothing", "generec.nothing:A", "generec.models.sasrec",
     "generec.models.sasrec:torch", "generec.models.sasrec:SasRec.build", ":", "", "generec:__loader__.exec_module"],
)  # fmt: skip
def test_only_parts_of_generec_are_resolved(name):
    with pytest.raises(ArtefactError):
        rebuild({"part": name})


def test_a_function_is_resolved_by_its_own_module_only():
    assert rebuild({"function": "generec.recipe:activity"}).__name__ == "activity"
    with pytest.raises(ArtefactError):
        rebuild({"function": "generec.recipe:fingerprint"})


def test_unknown_hyperparameters_are_refused():
    document = through_json(SasRec()) | {"depth": 3}
    with pytest.raises(ArtefactError, match=r"'depth'.*another version"):
        rebuild(document)


def test_override_reaches_every_level_and_changes_nothing_else():
    base = recipe("sasrec")
    changed = override(
        base, ["model.width=32", "stages.0.optimisation.epochs=3", "stages.0.optimisation.betas=[0.8, 0.9]"]
    )
    assert changed.model == dataclasses.replace(base.model, width=32)
    assert changed.stages[0].optimisation.epochs == 3
    assert changed.stages[0].optimisation.betas == (0.8, 0.9)
    assert dataclasses.replace(changed, model=base.model, stages=base.stages) == base
    assert override(base, []) is base


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("model.widht=32", "did you mean 'width'"),
        ("modle.width=32", "did you mean 'model'"),
        ("model.width", "key=value"),
        ("model.width=wide", "int"),
        ("model.width=1.5", "int"),
        ("model=3", "set one of its hyperparameters"),
        ("model.width.more=3", "nothing below"),
        ("stages.7.optimisation.epochs=3", "from 0 to 0"),
        ("stages.first.optimisation.epochs=3", "from 0 to 0"),
    ],
)
def test_a_wrong_setting_says_what_was_expected(setting, expected):
    with pytest.raises(UsageError, match=expected):
        override(recipe("sasrec"), [setting])


@pytest.mark.parametrize("name", RECIPES)
def test_every_hyperparameter_is_listed_with_its_value(name):
    listed = hyperparameters(through_json(recipe(name)))
    for key, value in listed.items():
        part: typing.Any = recipe(name)
        for step in key.split("."):
            part = part[int(step)] if step.isdigit() else getattr(part, step)
        assert json.loads(json.dumps(part)) == value


def test_an_empty_slot_stays_empty_and_takes_no_text():
    made = recipe("what_and_how")
    assert override(made, ["encoder.parts.0.style.taste=null"]) == made
    with pytest.raises(UsageError, match="takes a part"):
        override(made, ["encoder.parts.0.style.taste=tfidf"])
