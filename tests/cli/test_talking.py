"""Talk, edit, create, explain and detect, as scripts call them."""

import json

import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.data import write_dataset
from small_world import dataset, trained


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    shop = write_dataset(dataset(), tmp_path_factory.mktemp("data") / "shop")
    system = trained()
    system.record = {**system.record, "data": {**system.record["data"], "directory": str(shop)}}
    return system.save(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture(autouse=True)
def homes(tmp_path, monkeypatch):
    monkeypatch.setenv("GENEREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GENEREC_KEYS", str(tmp_path / "keys"))


def ask(*arguments, code=0):
    words = [str(argument) for argument in (*arguments, "--json", "--threads", "1", "--quiet")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == code, result.output + str(result.exception)
    return json.loads(result.stdout)


def test_a_scripted_conversation(model):
    answer = ask("chat", model, "--user", "u3", "--say", "lamps under 30", "--say", "only under 10", "--say", "undo")
    first, second, third = answer["turns"]
    assert sorted(first["understood"]) == ["genres = lamp", "price < 30"]
    assert {candidate["mode"] for candidate in first["slate"]} == {"retrieved"}
    assert all(float(candidate["item_id"][1:]) < 10 for candidate in second["slate"])
    assert third["slate"] == first["slate"]


def test_what_is_created_can_be_recognised_and_a_change_too(model, tmp_path):
    file = tmp_path / "set.txt"
    answer = ask(
        "create",
        model,
        "--kind",
        "set",
        "--user",
        "u3",
        "--brief",
        "three lamps",
        "--condition",
        "price <= 40",
        "-o",
        file,
    )
    made = next(candidate for candidate in answer["slate"] if candidate["mode"] == "created")
    assert len(made["draft"]["payload"]["members"]) == 3
    assert all(rule["holds"] for rule in made["draft"]["payload"]["rules"])
    assert made["label"] == "Created by AI"
    found = ask("detect", file)
    assert found["found"]
    assert {layer["name"]: layer["state"] for layer in found["layers"]}["sidecar"] == "valid"
    file.write_text(file.read_text() + " and a chair")
    assert {layer["name"]: layer["state"] for layer in ask("detect", file)["layers"]}["sidecar"] == "invalid"
    other = tmp_path / "own.txt"
    other.write_text("Written by hand.")
    assert not ask("detect", other)["found"]


def test_an_impossible_brief_names_the_conflict(model):
    answer = ask(
        "create", model, "--brief", "4 lamps", "--condition", "price <= 10", code=1
    )  # i0, i5 and i10 are the lamps that cheap
    assert "would be enough" in answer["message"]


def test_explanations_cite(model):
    answer = ask("explain", model, "--user", "u3")
    assert answer["item_id"]
    for statement in answer["statements"]:
        assert statement["evidence"]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("chat", "--user", "u333", "--say", "hello"), "person"),
        (("edit", "--item", "i999"), "item"),
        (("create", "--kind", "poem"), "kind"),
        (("create", "--condition", "colour = red"), "colour"),
    ],
)
def test_what_does_not_exist_is_refused_by_name(model, arguments, named):
    answer = ask(arguments[0], model, *arguments[1:], code=2)
    assert named in answer["error"]["message"]


def test_gaps_need_codes_of_content_and_style(model):
    answer = ask("gaps", model, code=2)
    assert "what" in answer["error"]["message"]


def test_an_unknown_part_of_the_bench_is_refused_before_anything_is_trained(tmp_path):
    answer = ask("bench", "loop", "--only", "polices", "-o", tmp_path / "bench", code=2)
    assert "policies" in answer["error"]["message"]
    assert not (tmp_path / "bench").exists()
