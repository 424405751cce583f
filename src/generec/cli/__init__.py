"""The command line. Heavy imports happen inside commands, so that `generec --help` stays quick."""

from __future__ import annotations

import typer

from generec.cli import data

app = typer.Typer(
    name="generec",
    help="Generative recommendation: from a catalogue and a log to generated next items.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
