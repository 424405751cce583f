"""generec data: make, fetch, import, check and split data sets; delete a person."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session

app = typer.Typer(help="Make, fetch, import, check and split data sets; delete a person.", no_args_is_help=True)


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
        from generec.data.importers.findings import Finding
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
        _listed(out, "repaired", [str(Finding(**finding)) for finding in dataset.info["findings"]])
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


@app.command("world")
def world(
    output: Folder,
    items: Annotated[int, typer.Option(help="Items of the world.")] = 2000,
    users: Annotated[int, typer.Option(help="People of the world; each acts about 35 times.")] = 3000,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a data set of this name.")] = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Make the embedded world: videos and articles, people with tastes, and their log; nothing is downloaded."""
    with session(json, seed, threads, quiet) as out:
        from generec.data.dataset import describe, refuse_existing, write_dataset
        from generec.data.world import make_world

        refuse_existing(output, overwrite)
        dataset = make_world(items=items, users=users, seed=seed).dataset
        write_dataset(dataset, output, overwrite=overwrite)
        document = describe(dataset)
        out.document({"output": str(output), **document})
        counts = document["counts"]
        out.text(f"{counts['events']:,} events of {counts['users']:,} people, {counts['items']:,} items: {output}")
        out.text(f"next: generec data check {output}, or generec train {output} --recipe one_pass -o MODEL")


@app.command("download")
def download(
    name: Annotated[str | None, typer.Argument(help="Name of a public data set; without one, they are listed.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the set's own folder is made.")] = Path(
        "downloads"
    ),
    accept_licence: Annotated[bool, typer.Option("--accept-licence", help="I have read and accept the terms.")] = False,
    mirror: Annotated[str | None, typer.Option(help="Address of a mirror that holds the files by name.")] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds without an answer.")] = 30.0,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Fetch a public data set: resumable, checked, and only after its terms are accepted."""
    with session(json, seed, threads, quiet, torch=False) as out:
        from generec.data.download import download as fetch
        from generec.data.known_sets import known_sets

        if name is None:
            known = known_sets().values()
            out.document({"sets": [{"name": s.name, "title": s.title, "licence_url": s.licence_url} for s in known]})
            out.table("Public data sets", ("name", "title", "terms"), [(s.name, s.title, s.licence_url) for s in known])
            return
        got = fetch(name, output, accept_licence, base_url=mirror, timeout=timeout)
        files = [str(path) for path in got.files]
        format = got.known.importer
        terms = {"licence": got.known.licence, "licence_url": got.known.licence_url}
        place = {"name": got.known.name, "folder": str(got.folder), "files": files, "format": format}
        out.document({**place, **terms, "checks": dict(got.checks)})
        for file, how in got.checks.items():
            out.text(f"{file}: {how}")
        out.text(f"next: generec data import {got.folder} --format {format} -o {got.known.name}-data")


@app.command("split")
def split(
    directory: Annotated[Path, typer.Argument(help="Folder of a data set.")],
    by: Annotated[str, typer.Option("--by", help="leave-one-out, time or given.")] = "leave-one-out",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for the parts.")] = None,
    validation_from: Annotated[
        str | None, typer.Option(help="By time: date, or share of the events, at which the validation begins.")
    ] = None,
    test_from: Annotated[str | None, typer.Option(help="By time: date or share at which the test begins.")] = None,
    min_history: Annotated[int, typer.Option(min=0, help="Earlier events that a person needs to be asked about.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a split of this name.")] = False,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Split a data set into what is trained on, selected on and judged on; count the parts or write them."""
    with session(json, seed, threads, quiet) as out:
        from generec.data.dataset import read_dataset
        from generec.data.parts import describe_split, write_split
        from generec.data.split import split as split_data

        dataset = read_dataset(directory)
        parts = split_data(dataset, by, validation_from=validation_from, test_from=test_from, min_history=min_history)
        document = describe_split(parts)
        if output is not None:
            document["output"] = str(write_split(parts, dataset.catalog, output, overwrite=overwrite))
        out.document(document)
        out.text(parts.description)
        out.table("", ("part", "events", "people or cases"), [
            ("train", document["train"]["events"], document["train"]["users"]),
            ("refit (train + validation)", document["refit"]["events"], document["refit"]["users"]),
            ("validation", sum(len(case.relevant) for case in parts.validation), len(parts.validation)),
            ("test", sum(len(case.relevant) for case in parts.test), len(parts.test)),
        ])  # fmt: skip
        if output is not None:
            out.text(f"written to {output}")


@app.command("forget")
def forget(
    places: Annotated[
        list[str], typer.Argument(metavar="DIR|LOG...", help="Data set folders; event logs: a file or a database URL.")
    ],
    user: Annotated[str, typer.Option("--user", help="The person to delete.")],
    keys: Annotated[Path | None, typer.Option(help="Folder of the master key of the event logs.")] = None,
    models: Annotated[
        list[Path] | None, typer.Option("--models", help="Look here for models that learned from the person.")
    ] = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Delete a person: events and description from data sets, key and readable rows from event logs.

    Models that learned from them are flagged until they are trained again. Asking twice does no harm.
    """
    with session(json, seed, threads, quiet, torch=False) as out:
        from generec.errors import UsageError

        if not user:
            raise UsageError("--user names the person to delete, got an empty text")
        folders = [(place, (Path(place) / "dataset.json").is_file()) for place in places]
        if not all(is_folder for _, is_folder in folders) and keys is None:
            log = next(place for place, is_folder in folders if not is_folder)
            raise UsageError(f"{log} is no data set folder; if it is an event log, name its master key with --keys")
        shown = [_out_of_data(place, user) if found else _out_of_log(place, user, keys) for place, found in folders]
        flagged = _outdated(models or [], shown)
        for each in shown:
            out.text(f"{each['place']}: {_said(each)}")
        for each in shown:
            _listed(out, "to be deleted by hand, a write was interrupted there", each.get("left", []))
        versions = [version for each in shown for version in each.get("models", [])]
        _listed(out, "learned from them, train it again", [*versions, *(each["model"] for each in flagged)])
        out.text("Files these were imported from, splits, backups and copies elsewhere are out of reach.")
        out.document({"places": shown, "models": flagged})


def _out_of_data(place: str, user: str) -> dict[str, Any]:
    from generec.data.forget import forget as take_out

    removed = take_out(place, user)
    return {"place": place, "kind": "data set", "known": removed.known, "events": removed.events,
            "described": removed.described, "was": removed.was, "left": list(map(str, removed.left))}  # fmt: skip


def _out_of_log(place: str, user: str, keys: Path | None) -> dict[str, Any]:
    from generec.data.log import EventLog
    from generec.errors import InputError

    if "://" not in place and not Path(place).is_file():
        raise InputError("neither a data set folder nor an event log", file=place)
    log = EventLog.open(place if "://" in place else f"sqlite:///{place}", keys or "")
    done = log.forget(user)
    return {"place": place, "kind": "event log", "known": done.known, "events": done.events,
            "key_destroyed": done.known, "wiped": done.wiped, "models": list(done.models),
            "sound": log.verify() is None}  # fmt: skip


def _outdated(folders: list[Path], shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Saved models under some folders that learned from a state of the data in which the person was there."""
    from generec.data.dataset import read_info
    from generec.data.forget import deleted_since
    from generec.errors import ArtefactError
    from generec.recipe.artefact import read_manifest

    states = [read_info(Path(each["place"]) / "dataset.json") for each in shown if each["kind"] == "data set"]
    found: list[dict[str, Any]] = []
    for path in sorted({path.parent for folder in folders for path in folder.rglob("MANIFEST.json")}):
        try:
            trained_on = read_manifest(path).get("training", {}).get("data", {}).get("fingerprint", "")
        except ArtefactError as error:
            found.append({"model": str(path), "people": None, "error": str(error)})
            continue
        people = max((deleted_since(info, trained_on) for info in states), default=0)
        if people:
            found.append({"model": str(path), "people": people, "error": ""})
    return found


def _said(removed: dict[str, Any]) -> str:
    if not removed["known"]:
        return "nobody of that name is here (any more)"
    if removed["kind"] == "data set":
        return f"{removed['events']} events removed" + (", and their description" if removed["described"] else "")
    wiped = "no deleted byte is left in its files" if removed["wiped"] else "deleted bytes may be left in its files"
    sound = "the chain verifies" if removed["sound"] else "the chain is BROKEN"
    return f"key destroyed, {removed['events']} readable rows removed; {wiped}; {sound}"
