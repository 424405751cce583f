"""generec demo: the main job from nothing to generated recommendations, on the embedded world."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.errors import UsageError

if TYPE_CHECKING:
    from generec.evaluation.report import Report
    from generec.system import System
    from generec.types import Dataset, Split


SHORT = ("stages.0.optimisation.epochs=15",)
"""What model and trained baseline get alike, so that the demonstration takes minutes."""


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for data, model, report and plots.")] = Path(
        "demo"
    ),
    items: Annotated[int, typer.Option(min=200, help="Items of the world.")] = 2000,
    users: Annotated[int, typer.Option(min=10, help="People of the world.")] = 3000,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="End by serving the page.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is served; 0 takes a free one.")] = 8000,
    overwrite: Annotated[bool, typer.Option("--overwrite/--no-overwrite", help="Replace an earlier demo.")] = True,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Make a world, train a semantic-ID recommender, judge it beside the baselines, show what it generates."""
    with session(json, seed, threads, quiet) as out:
        from generec.cli.evaluate import write
        from generec.cli.train import with_directory
        from generec.data.dataset import write_dataset
        from generec.data.split import split
        from generec.data.world import make_world
        from generec.fitting.loop import Run
        from generec.recipe.record import override
        from generec.recipes.one_pass import one_pass

        if output.exists() and not overwrite:
            raise UsageError(f"{output} exists; pass --overwrite or another --output")
        out.text(f"1. A world of {items:,} items and {users:,} people (nothing is downloaded)")
        data = output / "data"
        dataset = with_directory(make_world(items=items, users=users, seed=seed).dataset, data)
        write_dataset(dataset, data, overwrite=True)
        out.text(f"   {dataset.events.height:,} events, written to {data}")
        parts = split(dataset)

        out.text("2. Training: items become semantic IDs, a model learns to write the next one")
        system = override(one_pass(), SHORT).fit(dataset, parts, run=Run(seed=seed)).system
        system.save(output / "model", overwrite=True)

        out.text("3. Judging it beside the baselines, on what people did next")
        report = judged(system, dataset, parts, seed, out)
        write(report, output / "report")
        for table in report.tables()[:1]:
            out.table(table.title, table.columns, table.rows)
        for line in report.lines():
            out.text(line)

        out.text("4. Generated for three people, who were not shown these items before")
        people = shown(system, dataset, parts, out)
        out.text("5. A conversation that retrieves, edits, creates a set and explains")
        turns = talked(system, dataset, parts, output, seed, out)
        _next_steps(output, out)
        out.document(
            {
                "data": str(data),
                "model": str(output / "model"),
                "report": report.document(),
                "people": people,
                "turns": turns,
            }
        )
    if serve and not json:
        _served(output, port, seed, quiet)


def judged(system: System[Any], dataset: Dataset, parts: Split, seed: int, out: Output) -> Report:
    """The model beside every baseline, all of them fitted on train + validation."""
    from generec.cli.evaluate import fitted_baselines, item_texts
    from generec.evaluation.protocol import evaluate

    features = item_texts(dataset)
    baselines = fitted_baselines("all", dataset, parts, parts.refit, features, seed, out, SHORT)
    return evaluate(
        {system.record["recipe"]["name"]: system, **baselines}, parts, dataset, seed=seed, features=features
    )


def shown(system: System[Any], dataset: Dataset, parts: Split, out: Output) -> list[dict[str, Any]]:
    """Histories, semantic IDs and recommendations of three people, with titles."""
    people = []
    cases = [parts.test[place * len(parts.test) // 3] for place in range(3)]
    for case, slate in zip(cases, system.recommend([case.request for case in cases], 5), strict=True):
        catalog = dataset.catalog
        rows = []
        for place, (item_id, title) in enumerate(zip(slate.item_ids, catalog.titles(slate.item_ids), strict=True)):
            codes = "-".join(str(code) for code in system.index.ids.codes[catalog.row(item_id)].tolist())
            came = "came next" if item_id in case.relevant else ""
            rows.append((place + 1, title, codes, came))
        seen = case.request.history[-3:]
        recently = "; ".join(catalog.titles(seen))
        out.table(f"{case.request.user_id}, who last saw: {recently}", ("", "generated", "semantic ID", ""), rows)
        people.append({"user_id": case.request.user_id, "history": list(seen), "items": list(slate.item_ids)})
    return people


def talked(
    system: System[Any], dataset: Dataset, parts: Split, output: Path, seed: int, out: Output
) -> list[dict[str, Any]]:
    """A few scripted turns of one person with the loop around the model."""
    from generec.cli.loop import document, show_turn
    from generec.loop.conversation import Conversation
    from generec.loop.generec import GeneRec

    generec = GeneRec(system=system, data=dataset, folder=output / "ledger")
    request = parts.test[0].request
    person = generec.person(request.user_id, request.history)
    out.text(f"   {request.user_id}: {'; '.join(line.text for line in person.profile)}")
    talk = Conversation(generec.loop, person, generec.profile_writer, k=4, seed=seed)
    turns = []
    for words in (
        "funny videos about reptiles, at most 10 minutes",
        "shorten the description of {first} for beginners",
        "start over",
        "make me a playlist of 4 calm videos, an hour at most in total",
        "why did I get {last}?",
    ):
        slate = talk.states[-1].turn.slate if talk.states[-1].turn is not None else ()
        retrieved = [candidate.title for candidate in slate if candidate.mode == "retrieved"]
        said = words.format(first=retrieved[0], last=retrieved[-1]) if retrieved else words
        turn = talk.say(said)
        show_turn(turn, said, out, system.catalog)
        turns.append(document(turn, said))
    return turns


def _served(output: Path, port: int, seed: int, quiet: bool) -> None:
    """The page over the model that was just made, with the world's people."""
    from generec.cli import serve

    typer.echo("6. The page: open the address below, ask for something in words; Ctrl-C ends it")
    serve.serve(
        output / "model", f"sqlite:///{output / 'store.db'}", port=port, data=output / "data",
        ledger=output / "ledger", seed=seed, quiet=quiet,
    )  # fmt: skip


def _next_steps(output: Path, out: Output) -> None:
    out.text(f"Model: {output / 'model'} (README.md inside). Plots: {output / 'report'}.")
    out.text("Next:")
    for line in (
        f"generec inspect {output / 'model'}",
        f"generec recommend {output / 'model'} --user u00001 --filter 'duration < 300'",
        f"generec chat {output / 'model'} --user u00001",
        "generec data import YOUR_LOG -o mine && generec train mine -o mine-model && generec evaluate mine "
        "--model mine-model",
    ):
        out.text(f"  {line}")
