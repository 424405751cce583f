"""generec teach: train the text creator of a model on its catalogue's own texts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generec.cli.models import Model
from generec.cli.session import Json, Quiet, Seed, Threads, session

if TYPE_CHECKING:
    from generec.loop.writer import Writer
    from generec.types import Catalog


def teach(
    model: Model,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="By default MODEL.writer.")] = None,
    data: Annotated[Path | None, typer.Option(help="Data set folder; by default the one trained on.")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="Hyperparameter: model.width=128.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run of this command was.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a writer that is there.")] = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Train a small language model on the catalogue's texts, so that the loop can create new ones.

    Needs a model whose codes tell what from how (`--recipe what_and_how`). Whether it may be used at all is measured
    on held-out items; chat, create and bench find it beside the model.
    """
    with session(json, seed, threads, quiet) as out:
        from generec.create.text_creator import TextCreator
        from generec.fitting.loop import Run
        from generec.loop.writer import Writer
        from generec.recipe.artefact import load, read_manifest
        from generec.recipe.histories import remembered_data
        from generec.recipe.record import describe, override
        from generec.records import fingerprint
        from generec.system.folder import as_json, refuse_existing

        place = output or beside(model)
        refuse_existing(place, overwrite)
        spec, system = override(TextCreator(), settings or []), load(model)
        events = remembered_data(system, data).events
        histories = events.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list()
        work = place.with_name(place.name + ".run")
        key = fingerprint("teach", as_json(describe(spec)).decode(), read_manifest(model)["watermark"])
        writer = Writer.fit(system, histories, spec, Run(directory=work, key=key, seed=seed, resume=resume))
        writer.save(place, overwrite=overwrite)
        shutil.rmtree(work, ignore_errors=True)
        creator = writer.creator
        out.table("measured on held-out items", ("figure", "value"), sorted(creator.figures.items()))
        out.text(f"{place}: ready" if creator.ready else f"{place}: not used, {'; '.join(creator.reasons)}")
        out.document({"writer": str(place), "ready": creator.ready, "reasons": creator.reasons, **creator.figures})


def beside(model: Path) -> Path:
    """Where the writer of a model lies unless it is said otherwise."""
    return model.with_name(model.name + ".writer")


def writer_of(model: Path, catalog: Catalog) -> Writer | None:
    """The writer beside a model, where there is one."""
    from generec.loop.writer import Writer

    place = beside(model)
    return Writer.load(place, catalog) if place.is_dir() else None
