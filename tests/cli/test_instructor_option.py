"""--instructor: a model elsewhere reads what people say; when it fails the turn says so, and nobody else is asked."""

import json
import socket

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from generec.cli import app
from generec.cli.instructors import backends
from generec.cli.serve import _loops, entered
from generec.cli.talker import ServedTalker
from generec.data import write_dataset
from generec.errors import UsageError
from generec.loop.checkpoint_model import Checkpoint
from generec.recipe.artefact import load
from generec.recipe.histories import remembered_data
from generec.serving.api.app import create_app
from generec.serving.api.settings import Settings
from generec.serving.engine import Engine
from generec.serving.store import Store
from recorded_server import FAILURES, recorded
from small_world import dataset, trained

UNDER_20 = {"hard": [{"condition": {"field": "price", "operator": "<", "value": 20.0}}]}
SAID = "the embedded instructor read this"


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
    monkeypatch.setattr("generec.cli.instructors._READING", 0.5)


def run(*arguments, code=0):
    result = CliRunner().invoke(app, [*map(str, arguments), "--threads", "1", "--quiet"])
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def asking(server):
    return "--instructor", server.url, "--instructor-model", "tiny"


def test_a_model_elsewhere_reads_the_words_and_its_key_stays_in_the_header(model, monkeypatch):
    monkeypatch.setenv("GENEREC_INSTRUCTOR_KEY", "sk-canary-42")
    with recorded(json.dumps(UNDER_20)) as server:
        result = run("chat", model, "--user", "u3", "--say", "nothing too dear", *asking(server), "--json")
    turn = json.loads(result.stdout)["turns"][0]
    assert [each["condition"] for each in turn["guidance"]["hard"]] == [UNDER_20["hard"][0]["condition"]]
    assert turn["trace"]["instructor"] == {"backend": "endpoint tiny", "notes": []}
    _, headers, body = server.asked[0]
    assert headers["Authorization"] == "Bearer sk-canary-42"
    assert "u3" not in json.dumps(body)
    assert "canary" not in result.output + result.stderr


@pytest.mark.parametrize("failure", FAILURES)
def test_the_terminal_and_the_trace_say_that_it_failed(model, failure):
    with recorded(**FAILURES[failure]) as server:
        shown = run("chat", model, "--say", "lamps under 20", *asking(server))
        turn = json.loads(run("chat", model, "--say", "lamps under 20", *asking(server), "--json").stdout)["turns"][0]
        assert failure != "silent" or not server.answered  # nobody waited for it
    assert SAID in " ".join(shown.stdout.split())
    assert "ndpoint tiny could not be used" in shown.stdout
    assert {each["condition"]["field"] for each in turn["guidance"]["hard"]} == {"genres", "price"}
    assert turn["trace"]["instructor"]["backend"] == "embedded"
    assert SAID in turn["trace"]["instructor"]["notes"][-1]


def test_what_is_made_says_it_too(model):
    with recorded(**FAILURES["an error"]) as server:
        made = run("create", model, "--brief", "three lamps", *asking(server))
        edited = run("edit", model, "--item", "i1", "--instruction", "shorter", *asking(server), code=1)
    assert SAID in " ".join(made.stdout.split())
    assert "made by cp-sat sets" in made.stdout
    assert SAID in " ".join(edited.stdout.split())


def test_the_server_s_answers_say_it_in_their_trace(model, tmp_path):
    with recorded(**FAILURES["another shape"]) as server, Store.open(f"sqlite:///{tmp_path}/s.db", tmp_path) as store:
        entered(store, "default", model)
        engine = Engine()
        chosen = backends(model, server.url, "tiny")
        made = _loops(model, remembered_data, tmp_path / "ledger", chosen)
        talker = ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made)
        served = create_app(engine, store, talker, Settings(patience=120))
        with TestClient(served, base_url="http://localhost", client=("127.0.0.1", 5000)) as client:
            turn = client.post("/v1/turn", json={"words": "lamps"}).json()
            stream = client.post("/v1/turn", json={"words": "lamps"}, headers={"accept": "text/event-stream"}).text
            chat = {"model": "generec", "messages": [{"role": "user", "content": "lamps"}]}
            completion = client.post("/openai/v1/chat/completions", json=chat).json()
    assert SAID in turn["trace"]["instructor"]["notes"][-1]
    assert SAID in turn["message"]
    done = json.loads(stream.rsplit("data: ", 1)[1])
    assert done["trace"]["instructor"]["backend"] == "embedded"
    assert SAID in completion["choices"][0]["message"]["content"]


def test_the_loops_of_a_server_read_one_ledger(model, tmp_path):
    system = load(model)
    made = _loops(model, remembered_data, tmp_path / "ledger")
    first, second = made(system), made(system)
    assert first is not second
    assert first.ledger is second.ledger
    assert first.ledger.path.parent == tmp_path / "ledger"


def test_without_an_option_nobody_is_asked(model, monkeypatch):
    def refused(*address):
        raise AssertionError(f"the network was used: {address}")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    monkeypatch.setenv("GENEREC_INSTRUCTOR_KEY", "sk-canary")
    turn = json.loads(run("chat", model, "--say", "lamps", "--json").stdout)["turns"][0]
    assert turn["trace"]["instructor"] == {"backend": "embedded", "notes": []}


def test_a_folder_is_a_checkpoint(tmp_path):
    found = backends(tmp_path, str(tmp_path)).instructor
    assert isinstance(found.model, Checkpoint)
    assert found.model.path == tmp_path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("http://127.0.0.1:9/v1",), "--instructor-model"),
        (("ftp://127.0.0.1/v1", "tiny"), "http"),
        (("/nowhere/at/all",), "folder"),
        ((None, "tiny"), "--instructor"),
        (("/nowhere", "tiny"), "folder"),
        ((None, None, "http://127.0.0.1:9/v1", "tiny"), "generec teach"),
    ],
)
def test_wrong_settings_are_refused_before_anything_is_loaded(tmp_path, options, said):
    with pytest.raises(UsageError, match=said):
        backends(tmp_path / "model", *options)


def test_serve_refuses_them_too(model, tmp_path):
    result = run("serve", model, "--store", f"sqlite:///{tmp_path}/s.db", "--instructor", "/nowhere/at/all", code=2)
    assert "checkpoint" in result.stderr
    assert not (tmp_path / "s.db").exists()
