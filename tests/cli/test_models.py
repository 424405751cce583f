"""Commands on a saved model, as scripts call them."""

import json
import subprocess
import sys

import polars as pl
import pytest
from typer.testing import CliRunner

import generec
from generec.cli import app
from generec.data import write_dataset
from small_world import PEOPLE, dataset, trained

QUIET = ("--json", "--threads", "1", "--quiet")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_dataset(dataset(), tmp_path_factory.mktemp("data") / "shop")


@pytest.fixture(scope="module")
def model(tmp_path_factory, shop):
    system = trained()
    system.record = {**system.record, "data": {**system.record["data"], "directory": str(shop)}}
    return system.save(tmp_path_factory.mktemp("models") / "model")


def run(*arguments, code=0):
    """Runs a command in this process: what it printed."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def ask(*arguments, code=0):
    return json.loads(run(*arguments, *QUIET, code=code).stdout)


def test_recommend_to_a_person_of_the_data(model, shop):
    answer = ask("recommend", model, "--user", "u3", "-k", 4)
    table = generec.recommend(trained(), users=["u3"], k=4, data=dataset())
    assert [each["item_id"] for each in answer["results"]] == table["item_id"].to_list()
    assert [each["score"] for each in answer["results"]] == pytest.approx(table["score"].to_list(), abs=1e-5)
    assert [each["rank"] for each in answer["results"]] == [1, 2, 3, 4]
    assert answer["user"] == "u3"
    assert len(answer["history"]) == 8
    assert answer["source"] == "model"
    assert ask("recommend", model, "--user", "u3", "-k", 4, "--data", shop) == answer


def test_recommend_by_a_history_with_filters(model):
    answer = ask("recommend", model, "--history", "i3, i4", "--filter", "price < 20", "--filter", "genres in lamp|rug")
    titles = [each["title"] for each in answer["results"]]
    assert len(titles) == 7  # of four lamps and four rugs, one was seen
    assert all(title.startswith(("lamp", "rug")) for title in titles)
    assert answer["filters"] == ["price < 20", "genres in lamp|rug"]
    assert answer["history"] == ["i3", "i4"]


def test_a_person_without_history_gets_an_answer_that_says_so(model):
    for arguments in (("--user", "newcomer"), ("--history", "")):
        answer = ask("recommend", model, *arguments)
        assert answer["source"] == "popular"
        assert "nothing is known" in answer["note"]
        assert len(answer["results"]) == 10


def test_people_see_titles(model):
    shown = run("recommend", model, "--user", "u3", "-k", 3, "--threads", 1, "--quiet").stdout
    assert "for u3, who did 8 things, lately:" in shown
    assert shown.count(" number ") >= 8
    assert "number" in run("similar", model, "--item", "i3", "--threads", 1).stdout


def test_recommend_to_everybody(model, tmp_path):
    target = tmp_path / "all.parquet"
    answer = ask("recommend", model, "--all", "-o", target, "-k", 3)
    assert answer["users"] == PEOPLE + 1
    assert answer["rows"] == 3 * (PEOPLE + 1)
    table = pl.read_parquet(target)
    assert table.columns == ["user_id", "item_id", "score", "rank"]
    first = ask("recommend", model, "--user", "u5", "-k", 3)["results"]
    assert table.filter(pl.col("user_id") == "u5")["item_id"].to_list() == [each["item_id"] for each in first]
    assert "exists" in ask("recommend", model, "--all", "-o", target, code=2)["error"]["message"]
    assert ask("recommend", model, "--all", "-o", target, "-k", 1, "--overwrite")["rows"] == PEOPLE + 1


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--user", "u333"), "did you mean 'u33'?"),
        (("--history", "i333"), "did you mean 'i33'?"),
        (("--history", "i3", "--filter", "prise < 3"), "did you mean 'price'?"),
        (("--history", "i3", "--filter", "price"), "cannot read the condition"),
        ((), "ask for one of"),
        (("--user", "u1", "--history", "i3"), "ask for one of"),
        (("--all",), "needs a file"),
        (("--user", "u1", "-o", "x.parquet"), "goes with --all"),
    ],
)
def test_wrong_usage_exits_with_2_and_a_document(model, arguments, expected):
    error = ask("recommend", model, *arguments, code=2)["error"]
    assert error["type"] == "UsageError"
    assert expected in error["message"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("recommend", "--json"), "MODEL"),
        (("recommend", "m", "--jsn", "--json"), "--jsn"),
        (("recommend", "m", "-k", "0", "--json"), "-k"),
        (("recomend", "--json"), "recomend"),
        (("data", "impor", "--json"), "impor"),
    ],
)
def test_mistakes_on_the_command_line_itself_are_a_document_too(arguments, expected):
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["type"] == "UsageError"
    assert expected in error["message"]
    assert CliRunner().invoke(app, arguments[:-1]).stdout == ""


def test_a_damaged_model_and_missing_data_exit_with_1(model, tmp_path):
    assert ask("recommend", tmp_path, "--user", "u1", code=1)["error"]["type"] == "ArtefactError"
    error = ask("recommend", model, "--user", "u1", "--data", tmp_path / "none", code=1)["error"]
    assert error["type"] == "InputError"


def test_similar(model):
    answer = ask("similar", model, "--item", "i0", "-k", 4)
    assert [each["item_id"] for each in answer["results"]] == list(trained().similar(["i0"], 4)[0].item_ids)
    assert answer["title"] == "lamp number 0"
    assert "did you mean 'i33'" in ask("similar", model, "--item", "i333", code=2)["error"]["message"]


def test_insert_an_unseen_item_and_recommend_it_to_an_unseen_person(model, tmp_path):
    (tmp_path / "items.csv").write_text("item_id,title,genres,price,warehouse\nnew-1,lamp number 77,lamp|cheap,2.5,B\n")
    answer = ask("insert", model, tmp_path / "items.csv", "-o", tmp_path / "more")
    assert answer["items"] == 61
    assert answer["ignored"] == ["warehouse"]
    assert [each["item_id"] for each in answer["inserted"]] == ["new-1"]
    assert len(answer["inserted"][0]["codes"]) == len(trained().index.ids.sizes)
    found = ask("recommend", tmp_path / "more", "--history", "i3,i4", "-k", 61, "--filter", "genres = lamp")
    assert "new-1" in [each["item_id"] for each in found["results"]]
    assert ask("recommend", tmp_path / "more", "--history", "new-1,i5")["source"] == "model"
    assert ask("similar", tmp_path / "more", "--item", "new-1", "-k", 1)["results"][0]["title"].startswith("lamp")
    assert (
        "--overwrite"
        in ask("insert", model, tmp_path / "items.csv", "-o", tmp_path / "more", code=2)["error"]["message"]
    )


def test_items_that_do_not_fit_name_file_and_row(model, tmp_path):
    (tmp_path / "items.csv").write_text("item_id,price\nnew-1,2.5\nnew-2,dear\n")
    error = ask("insert", model, tmp_path / "items.csv", "-o", tmp_path / "more", code=1)["error"]
    assert "row 3: price must be a number, got 'dear'" in error["message"]
    assert not (tmp_path / "more").exists()


def test_every_command_has_the_shared_options_and_says_what_it_is_for():
    for command in ("recommend", "similar", "insert", "inspect", "recipes", "doctor"):
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout
        for option in ("--json", "--seed", "--threads", "--quiet"):
            assert option in shown, command


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from generec.cli import app\n"
        "try: app(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'polars', 'numpy', 'transformers', 'sklearn') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1] == "[]"
