"""The command line. Heavy imports happen inside commands, so that `generec --help` stays quick."""

from __future__ import annotations

import typer

from generec.cli import (
    bench,
    data,
    demo,
    environment,
    evaluate,
    inspection,
    loop,
    mcp,
    models,
    retrain,
    serve,
    store,
    teach,
    train,
)
from generec.cli.commands import Commands

app = typer.Typer(
    name="generec",
    cls=Commands,
    help="Generative recommendation: from a catalogue and a log to generated next items.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data.app, name="data")
app.add_typer(bench.app, name="bench")
app.add_typer(store.app, name="store")
app.add_typer(store.keys, name="keys")
app.command("demo")(demo.demo)
app.command("train")(train.train)
app.command("teach")(teach.teach)
app.command("evaluate")(evaluate.evaluate)
app.command("recommend")(models.recommend)
app.command("similar")(models.similar)
app.command("insert")(models.insert)
app.command("chat")(loop.chat)
app.command("edit")(loop.edit)
app.command("create")(loop.create)
app.command("explain")(loop.explain)
app.command("gaps")(loop.gaps)
app.command("detect")(loop.detect)
app.command("serve")(serve.serve)
app.command("retrain")(retrain.retrain)
app.command("mcp")(mcp.mcp)
app.command("inspect")(inspection.inspect)
app.command("recipes")(environment.recipes)
app.command("doctor")(environment.doctor)
