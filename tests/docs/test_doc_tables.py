"""Tables of the documentation that code could contradict: routes, tools, metrics, limits."""

import re
from dataclasses import fields

import json_table
import pytest
from api_table import PAGE, described, table
from doc_pages import ROOT, shell

from generec.serving.api.problems import _KINDS
from generec.serving.api.settings import Settings
from generec.serving.batcher import Limits
from generec.serving.learning.retrain import Outcome
from generec.serving.metrics import Metrics

OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def test_the_routes_are_those_of_the_server():
    assert described(PAGE.read_text(encoding="utf-8")) == table(), "run python tests/docs/api_table.py"


def test_the_json_of_every_command_is_as_described(begun, found, cache):
    page = json_table.PAGE.read_text(encoding="utf-8")
    with shell(begun, found, **cache) as bash:
        written = json_table.tables(json_table.printed(bash))
    assert json_table.described(page) == written, "see tests/docs/json_table.py"
    for name in (one.name for one in fields(Outcome)):
        assert f"`{name}`" in page


def test_every_command_that_prints_json_is_described():
    from typer.main import get_command

    from generec.cli import app

    page = json_table.PAGE.read_text(encoding="utf-8")
    for words, command in _commands(get_command(app), "generec"):
        if any(option.name == "json" for option in command.params):
            assert f"`{words}" in page, words


def _commands(group, words):
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        yield from _commands(command, f"{words} {name}") if inner else [(f"{words} {name}", command)]


def test_every_kind_of_problem_is_named():
    page = PAGE.read_text(encoding="utf-8")
    assert not [slug for _, _, slug, _ in _KINDS if f"`{slug}`" not in page]


def test_the_tools_are_those_of_the_server():
    pytest.importorskip("mcp", reason="mcp is not installed")
    from generec.serving.mcp.tools import Tools

    section = PAGE.read_text(encoding="utf-8").partition("| Tool |")[2].partition("```")[0]
    named = re.findall(r"^\| `(\w+)` \|", section, re.M)
    own = [name for name, value in vars(Tools).items() if callable(value) and not name.startswith("_")]
    assert sorted(named) == sorted(own)


def test_the_metrics_are_those_that_are_counted():
    section = OPERATING.partition("| Metric |")[2].partition("\n\n")[0]
    counted = {family.name for family in Metrics().registry.collect()}
    assert set(re.findall(r"`(generec_\w+)`", section)) == counted


def test_the_limits_are_those_of_the_server():
    settings, limits = Settings(), Limits()
    assert {"body", "talks", "patience", "drain", "rate", "tenant_rate"} <= {one.name for one in fields(Settings)}
    for words in (
        f"{settings.body >> 20} MiB", f"| {settings.talks}, then 429", f"| {settings.patience:g} s, then 504",
        f"| {limits.queue}, then 429", f"| {limits.timeout:g} s, then 504", f"| draining | {settings.drain:g} s",
    ):  # fmt: skip
        assert words in OPERATING, words
