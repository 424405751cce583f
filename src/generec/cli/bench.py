"""generec bench: the proofs that a user can repeat."""

from __future__ import annotations

import json as json_module
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session

if TYPE_CHECKING:
    from generec.metrics.intervals import Interval
    from generec.system import System
    from generec.types import Dataset

app = typer.Typer(no_args_is_help=True, help="Measure what the loop is worth to people.")


@app.command("loop")
def loop(
    users: Annotated[int, typer.Option(min=4, help="People who talk, one dialogue each.")] = 400,
    items: Annotated[int, typer.Option(min=200, help="Items of the world.")] = 2000,
    population: Annotated[int, typer.Option(min=10, help="People of the world.")] = 3000,
    patience: Annotated[int, typer.Option(min=1, help="Turns of one dialogue at most.")] = 3,
    model: Annotated[Path | None, typer.Option(help="A model of this world; by default a fresh one.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of the report.")] = Path("bench-loop"),
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Simulated people talk with the loop: retrieving alone, with edits, with creations, with everything.

    Utility, goals and regret are read from what was rendered; the router learns from what people do.
    """
    with session(json, seed, threads, quiet) as out:
        from generec.data.world import make_world
        from generec.fidelity.keys import Keys
        from generec.loop.generec import GeneRec
        from generec.simulation.closed_loop import ClosedLoop, Policy
        from generec.simulation.goals import Goals
        from generec.simulation.people import WorldPeople

        world = make_world(items=items, users=population, seed=seed)
        system = _system(world.dataset, model, seed)
        generec = GeneRec(system=system, data=world.dataset, folder=output / "ledger", keys=Keys(output / "keys"))
        people = WorldPeople(world, seed=seed)
        asked = ClosedLoop(loop=generec.loop, people=people, goals=Goals(people, seed=seed), patience=patience)
        makers = tuple(generec.loop.makers)
        policies = (
            Policy("retrieve only"),
            Policy("edits allowed", tuple(name for name in makers if generec.loop.makers[name].arm.action == "edit")),
            Policy("creations allowed", tuple(n for n in makers if generec.loop.makers[n].arm.action == "create")),
            Policy("everything", makers),
        )
        found = {each.name: asked.run(each, people.user_ids[:users], seed).figures(items, seed) for each in policies}
        document = {"users": users, "items": items, "seed": seed, "policies": {n: _plain(f) for n, f in found.items()}}
        output.mkdir(parents=True, exist_ok=True)
        (output / "loop.json").write_text(json_module.dumps(document, indent=1) + "\n", encoding="utf-8")
        _show(found, out)
        out.text(f"report: {output / 'loop.json'}")
        out.document(document)


def _system(dataset: Dataset, model: Path | None, seed: int) -> System[Any]:
    from generec.cli.demo import SHORT
    from generec.fitting.loop import Run
    from generec.recipe.artefact import load
    from generec.recipe.record import override
    from generec.recipes.one_pass import one_pass

    if model is not None:
        return load(model)
    return override(one_pass(), SHORT).fit(dataset, run=Run(seed=seed)).system


def _show(found: dict[str, dict[str, Any]], out: Output) -> None:
    columns = ("policy", "utility", "regret", "likes", "goals met", "gaps met", "items shown", "taken")
    rows = []
    for name, figures in found.items():
        taken = ", ".join(f"{mode} {100 * share:.0f} %" for mode, share in figures["taken"].items())
        means = [_mean(figures[key]) for key in ("utility per turn", "regret per turn", "likes per turn")]
        rows.append((name, *means, figures["goals met"], figures["gaps met"] or 0.0, figures["items shown"], taken))
    out.table("what people got, per turn", columns, rows)


def _mean(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.mean:.2f} ({interval.low:.2f} to {interval.high:.2f})"


def _plain(figures: dict[str, Any]) -> dict[str, Any]:
    from generec.metrics.intervals import Interval

    return {name: asdict(value) if isinstance(value, Interval) else value for name, value in figures.items()}
