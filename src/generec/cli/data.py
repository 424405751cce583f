"""generec data: make, fetch, import, check and split data sets."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session

app = typer.Typer(help="Make, fetch, import, check and split data sets.", no_args_is_help=True)


class OnErrorOption(StrEnum):
    """What happens to faults of the data."""

    fail = "fail"
    repair = "repair"


class TiesOption(StrEnum):
    """Order of the events of one user at one time."""

    given = "given"
    item = "item"
    shuffle = "shuffle"


Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder of the data set to write.")]


@app.command("import")
def import_(
    source: Annotated[Path, typer.Argument(help="A file or folder in any known format.")],
    output: Folder,
    format: Annotated[str | None, typer.Option(help="Format; found out from the files when left out.")] = None,
    map: Annotated[
        list[str] | None, typer.Option("--map", help="role=column, e.g. user_id=customer; repeatable.")
    ] = None,
    items: Annotated[Path | None, typer.Option(help="Item table that lies elsewhere.")] = None,
    users: Annotated[Path | None, typer.Option(help="Table of people that lies elsewhere.")] = None,
    on_error: Annotated[
        OnErrorOption, typer.Option(help="Stop at the first fault, or repair, count and list them.")
    ] = OnErrorOption.fail,
    rights: Annotated[str, typer.Option(help="What may be done with it: own, evaluation or a file.")] = "evaluation",
    k_core: Annotated[int, typer.Option("--k-core", min=0, help="Keep users and items with at least N events.")] = 0,
    min_rating: Annotated[float | None, typer.Option(help="Keep events with at least this value.")] = None,
    ties: Annotated[TiesOption, typer.Option(help="Order of events at one time.")] = TiesOption.given,
    repeats: Annotated[
        bool | None,
        typer.Option("--repeats/--no-repeats", help="Whether seen items may come back; measured by default."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a data set of this name.")] = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Read a data set in any known format, check it, and write it as parquet."""
    with session(json, seed, threads, quiet, torch=False) as out:
        from generec.data.dataset import describe, refuse_existing, write_dataset
        from generec.data.importers import Policy, import_data
        from generec.data.importers.columns import parse_mapping
        from generec.data.importers.pipeline import summary

        refuse_existing(output, overwrite)
        dataset = import_data(
            source,
            format=format,
            mapping=parse_mapping(map or ()),
            items=items,
            users=users,
            on_error=on_error.value,
            rights=rights,
            policy=Policy(min_rating=min_rating, k_core=k_core, ties=ties.value, repeats=repeats, seed=seed),
        )
        write_dataset(dataset, output, overwrite=overwrite)
        out.document({"output": str(output), **describe(dataset)})
        out.table(f"{source.name} imported to {output}", ("", ""), summary(dataset))
        _listed(out, "repaired", [str(finding) for finding in dataset.info["findings"]])
        _listed(out, "note", list(dataset.info["notes"]))


def _listed(out: Output, word: str, lines: list[str]) -> None:
    for line in lines:
        out.text(f"{word}: {line}")


@app.command("check")
def check(
    directory: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Report counts, span, ties, gaps, bursts and concentration; exit code 1 when the data cannot be used."""
    with session(json, seed, threads, quiet, torch=False) as out:
        from generec.data.check import check as examine
        from generec.data.dataset import read_dataset

        report = examine(read_dataset(directory))
        out.document(report.document())
        out.table(str(directory), ("", ""), report.rows())
        _listed(out, "warning", list(report.warnings))
        _listed(out, "error", list(report.errors))
        if report.errors:
            raise typer.Exit(1)
