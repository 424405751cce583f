"""From a data set to a judged model, as scripts call it."""

import json

import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.data import write_dataset
from small_world import dataset

FAST = ("--set", "stages.0.optimisation.epochs=2", "--set", "model.width=16")
SHARED = ("--json", "--threads", "1", "--quiet")


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [str(argument) for argument in (*arguments, *SHARED)])
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_dataset(dataset(), tmp_path_factory.mktemp("data") / "shop")


@pytest.fixture(scope="module")
def model(tmp_path_factory, shop):
    place = tmp_path_factory.mktemp("models") / "habit"
    run("train", shop, "--recipe", "sasrec", "-o", place, "--keep-selected", *FAST)
    return place


def test_training_says_what_it_selected_and_leaves_nothing_behind(model, shop, tmp_path):
    found = run("train", shop, "--recipe", "sasrec", "-o", tmp_path / "m", *FAST)["models"][0]
    assert found["trained_on"] == "train + validation"
    assert found["epochs"][0] in (1, 2)
    assert set(found["validation"][0]) == {"epoch", "recall@10", "ndcg@10"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m"]
    assert sorted(path.name for path in model.parent.iterdir()) == ["habit", "habit-selected"]


def test_models_and_baselines_are_judged_in_one_table(model, shop, tmp_path):
    found = run("evaluate", shop, "--model", model, "--baselines", "popularity,item-knn", "-o", tmp_path / "report")
    assert {each["name"] for each in found["results"]} == {"habit", "popularity", "item-knn"}
    one = next(each for each in found["results"] if each["name"] == "habit")
    assert {"recall@10", "ndcg@10"} <= set(one["metrics"])
    assert one["interval"]["recall@10"][0] <= one["metrics"]["recall@10"] <= one["interval"]["recall@10"][1]
    assert found["protocol"]["split"] == "leave-one-out"
    assert {path.name for path in (tmp_path / "report").iterdir()} == {"report.json", "popularity.png", "pareto.png"}


def test_the_selected_model_can_be_judged_on_validation_and_the_refitted_cannot(model, shop):
    selected = model.with_name("habit-selected")
    assert run("evaluate", shop, "--model", selected, "--baselines", "none", "--on", "validation")["results"]
    error = run("evaluate", shop, "--model", model, "--baselines", "none", "--on", "validation", code=2)
    assert "--no-refit" in error["error"]["message"]


def test_a_final_model_is_refused(shop, tmp_path):
    run("train", shop, "--recipe", "sasrec", "-o", tmp_path / "m", "--final", *FAST)
    error = run("evaluate", shop, "--model", tmp_path / "m", "--baselines", "none", code=1)
    assert "without --final" in error["error"]["message"]


def test_seeds_stand_beside_each_other_and_count_as_one_model(shop, tmp_path):
    found = run("train", shop, "--recipe", "sasrec", "-o", tmp_path / "m", "--seeds", "2", *FAST)
    assert [each["seed"] for each in found["models"]] == [0, 1]
    assert {path.name for path in (tmp_path / "m").iterdir()} == {"seed-0", "seed-1", "summary.json"}
    judged = run("evaluate", shop, "--model", tmp_path / "m", "--baselines", "none")["results"][0]
    assert judged["seeds"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--recipe", "sasrek"], "did you mean 'sasrec'"),
        (["--set", "model.widht=3"], "did you mean 'width'"),
        (["--set", "model.width=wide"], "model.width=wide"),
        (["--split", "tomorrow"], "unknown split"),
        (["--device", "abacus"], "device"),
    ],
)
def test_mistakes_are_named_before_anything_starts(shop, tmp_path, arguments, message):
    error = run("train", shop, "-o", tmp_path / "m", "--recipe", "sasrec", *arguments, code=2)
    assert message in error["error"]["message"]
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_there_is_not_overwritten_unasked(model, shop):
    error = run("train", shop, "--recipe", "sasrec", "-o", model, code=2)
    assert "--overwrite" in error["error"]["message"]
    error = run("train", shop, "--recipe", "sasrec", "-o", model, "--resume", code=2)
    assert "nothing to resume" in error["error"]["message"]


def test_a_demo_does_the_whole_job(tmp_path):
    found = run("demo", "-o", tmp_path / "demo", "--items", "200", "--users", "150", "--no-serve")
    assert {each["name"] for each in found["report"]["results"]} >= {"one_pass", "sasrec", "popularity", "ease"}
    assert len(found["people"]) == 3
    assert all(len(person["items"]) == 5 for person in found["people"])
    assert run("recommend", found["model"], "--user", found["people"][0]["user_id"])
