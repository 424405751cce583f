"""What others wrote into titles and answers reaches a terminal as characters, never as commands."""

import contextlib
import io
import json
import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from generec.cli import app
from generec.cli.session import Output, harmless, session
from generec.data import write_dataset
from generec.errors import UsageError
from small_world import dataset, trained

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31mlamp\u202e \r\x08[link=http://evil]x[/link]"


def acting(text):
    """Characters that would do something to a terminal."""
    kinds = ("Cc", "Cs")
    return [mark for mark in text if (unicodedata.category(mark) in kinds and mark not in "\n\t") or mark in "\u202e"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    data = dataset()
    shop = write_dataset(data, tmp_path_factory.mktemp("data") / "shop")
    system = trained()
    system.record = {**system.record, "data": {**system.record["data"], "directory": str(shop)}}
    frame = system.catalog.frame.with_columns(pl.lit(HOSTILE).alias("title"))
    system.catalog = type(system.catalog)(frame)
    return system.save(tmp_path_factory.mktemp("models") / "model")


@pytest.mark.parametrize(
    "words",
    [
        ("chat", "--say", "price under 20", "--say", "\x1b[31m\x9b31m why?"),
        ("create", "--brief", "three items under 30"),
        ("explain", "--user", "u3"),
        ("recommend", "--user", "u3"),
    ],
)
def test_titles_do_nothing_to_a_terminal(model, words, tmp_path, monkeypatch):
    monkeypatch.setenv("GENEREC_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GENEREC_KEYS", str(tmp_path / "keys"))
    result = CliRunner().invoke(app, [words[0], str(model), *words[1:], "--threads", "1", "--quiet"])
    assert result.exit_code == 0, result.output + str(result.exception)
    assert acting(result.stdout) == []
    assert acting(result.stderr) == []
    shown = "".join(result.stdout.split())
    assert words[0] == "create" or "x1b[2J" in shown  # where titles are told they can be seen


@settings(max_examples=50)
@given(st.text(st.characters(), max_size=40), st.text(max_size=10))
def test_no_line_and_no_cell_acts(line, title):
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        out = Output(as_json=False, quiet=True)
        out.text(line)
        out.table(title, ("name",), [(line,)])
    assert acting(written.getvalue()) == []


def test_json_keeps_every_character_without_writing_it():
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        Output(as_json=True, quiet=True).document({"title": HOSTILE})
    assert acting(written.getvalue()) == []
    assert json.loads(written.getvalue())["title"] == HOSTILE


def test_errors_are_written_the_same_way(capsys):
    with pytest.raises(BaseException, match=r"2|1"), session(torch=False):
        raise UsageError(f"unknown item {HOSTILE}")
    assert acting(capsys.readouterr().err) == []


def test_ordinary_texts_stay_as_they_are():
    for text in ("Größe – “quoted”, 日本語, 🎬\tand\nlines", "C:\\path", ""):
        assert harmless(text) == text
    assert harmless("one\r\ntwo") == "one\ntwo"
