"""generec inspect."""

import json

import pytest
import torch
from typer.testing import CliRunner

from generec.cli import app
from generec.cli.inspection import judged_ids
from generec.tokenizers.report import semantic_id_report
from generec.types import Catalog, Events
from small_world import trained


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {name: trained(name).save(folder / name) for name in ("one_pass", "sasrec")}


def run(*arguments, code=0):
    result = CliRunner().invoke(app, ["inspect", *map(str, arguments), "--threads", "1"])
    assert result.exit_code == code, result.output + str(result.exception)
    return result.stdout


def test_it_tells_what_the_manifest_and_the_report_say(models, tmp_path):
    document = json.loads(run(models["one_pass"], "-o", tmp_path / "out", "--json"))
    assert document["recipe"] == "one_pass"
    assert document["items"] == 60
    assert document["training"]["trained_on"] == "train + validation"
    assert document["hyperparameters"]["tokenizer.levels"] == 2
    assert document["semantic_ids"]["insertion"] == {"items": 3, "changed": 0, "clashes": 0}
    assert document["semantic_ids"]["neighbour_overlap"] > document["semantic_ids"]["neighbour_overlap_chance"]
    assert (tmp_path / "out" / "semantic_ids.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "out" / "inspect.json").read_text()) == document
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(document["files"])


def test_people_see_tables(models):
    shown = run(models["one_pass"])
    for expected in ("recipe", "stages.0.optimisation.epochs", "recall@10", "neighbour overlap", "old IDs changed"):
        assert expected in shown


def test_plain_item_ids_have_nothing_to_judge(models, tmp_path):
    document = json.loads(run(models["sasrec"], "-o", tmp_path, "--json"))
    assert document["semantic_ids"] is None
    assert document["files"] == ["inspect.json"]
    assert "nothing to judge" in run(models["sasrec"])


def test_inserted_items_do_not_change_the_report_on_the_fitted_ones():
    import polars as pl

    system = trained()
    before = judged_ids(system, 0)
    system.insert(Catalog(pl.DataFrame({"item_id": ["new"], "title": ["lamp"]})))
    assert judged_ids(system, 0) == before


def test_popularity_is_the_use_that_the_model_remembers():
    system = trained()
    shares = [balance.busiest for balance in judged_ids(system, 0).popularity]
    first = system.index.ids.codes[:, 0]
    by_prefix = torch.zeros(int(first.max()) + 1).index_add_(0, first, system.activity)
    assert shares[0] == pytest.approx(float(by_prefix.max() / by_prefix.sum()), abs=1e-3)
    counted = Events(torch.arange(60), torch.tensor([0, 60]))
    assert semantic_id_report(system.tokenizer, system.features, counted).popularity[0].busiest != shares[0]


def test_a_damaged_model_and_a_file_as_folder_are_refused(models, tmp_path):
    (tmp_path / "file").write_text("x")
    assert json.loads(run(tmp_path / "file", "--json", code=1))["error"]["type"] == "ArtefactError"
    assert "is a file" in run(models["sasrec"], "-o", tmp_path / "file", "--json", code=2)
