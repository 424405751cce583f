"""generec bench: the proofs that a user can repeat."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session

if TYPE_CHECKING:
    from generec.loop.writer import Writer
    from generec.system import System
    from generec.types import Dataset

PARTS = ("generators", "policies", "routing")
app = typer.Typer(no_args_is_help=True, help="Measure what the loop is worth to people.")


@app.command("loop")
def loop(
    users: Annotated[int, typer.Option(min=4, help="People who talk, one dialogue each.")] = 300,
    cases: Annotated[int, typer.Option(min=4, help="People per table of a generator.")] = 200,
    rounds: Annotated[int, typer.Option(min=4, help="Turns on which every arm is tried.")] = 2000,
    items: Annotated[int, typer.Option(min=200, help="Items of the world.")] = 2000,
    population: Annotated[int, typer.Option(min=40, help="People of the world; every tenth is asked.")] = 3000,
    patience: Annotated[int, typer.Option(min=1, help="Turns of one dialogue at most.")] = 3,
    latency: Annotated[float, typer.Option(min=0, help="Milliseconds that a turn may spend on making.")] = 3000.0,
    only: Annotated[list[str] | None, typer.Option("--only", help=f"One of {', '.join(PARTS)}; repeatable.")] = None,
    teach: Annotated[list[str] | None, typer.Option("--teach", help="Of the text creator: model.width=128.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder of models and report.")] = Path("bench-loop"),
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Simulated people talk with the loop: one table per generator, one of whole dialogues, one of routers.

    Trains on nine tenths of the people and asks the others. Utility, goals and hits are read from what was rendered;
    the router learns from what people do. Models in the folder are used again, and so are parts that were measured
    with the same settings.
    """
    with session(json, seed, threads, quiet) as out:
        from generec.data.world import make_world
        from generec.errors import unknown
        from generec.fidelity.keys import Keys
        from generec.loop.generec import GeneRec
        from generec.records import Budget
        from generec.simulation.experiment import Experiment, unseen
        from generec.simulation.people import WorldPeople
        from generec.simulation.record import Record

        for part in only or ():
            if part not in PARTS:
                raise unknown("part", part, PARTS)
        world = make_world(items=items, users=population, seed=seed)
        taught, asking = unseen(world.dataset)
        system = _system(taught, output / "model", seed)
        generec = GeneRec(
            system=system, data=taught, folder=output / "ledger" / "-".join(only or PARTS), keys=Keys(output / "keys"),
            writer=_writer(system, taught, output / "model.writer", teach or [], seed),
            budget=Budget(latency_ms=latency),
        )  # fmt: skip
        asked = Experiment(
            generec=generec, people=WorldPeople(world, seed=seed), asking=asking, patience=patience, seed=seed
        )
        settings = {
            "users": users, "cases": cases, "rounds": rounds, "items": items, "population": population, "seed": seed,
            "people unseen in training": len(asking), "patience": patience, "latency_ms": latency, "teach": teach or [],
        }  # fmt: skip

        def policies() -> Any:
            return {name: run.figures(items, seed) for name, run in asked.policies(users).items()}

        def routing() -> Any:
            table = asked.rounds(rounds)
            return {**asked.routing(table), "gaps": asked.gaps(table)}

        measured = {"generators": lambda: asked.proofs(cases), "policies": policies, "routing": routing}
        shown = {"generators": _show_generators, "policies": _show_policies, "routing": _show_routing}
        report = Record(output / "loop.json", settings)
        for part in only or PARTS:
            shown[part](report.part(part, measured[part]), out)
        out.text(f"report: {report.file}")
        out.document(report.document)


def _system(dataset: Dataset, place: Path, seed: int) -> System[Any]:
    """A recommender with content and style codes; the one that is there, or a fresh one."""
    from generec.cli.demo import SHORT
    from generec.fitting.loop import Run
    from generec.recipe.artefact import load
    from generec.recipe.record import override
    from generec.recipes.what_and_how import what_and_how

    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        override(what_and_how(), SHORT).fit(dataset, run=Run(seed=seed)).system.save(place)
    return load(place)


def _writer(system: System[Any], dataset: Dataset, place: Path, settings: list[str], seed: int) -> Writer:
    """Its text creator; the one that is there, or a fresh one, whose training goes on where it was stopped."""
    from generec.create.text_creator import TextCreator
    from generec.fitting.loop import Run
    from generec.loop.writer import Writer
    from generec.recipe.record import override
    from generec.records import fingerprint

    if not place.is_dir():
        histories = dataset.events.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list()
        run = Run(directory=place.with_name(place.name + ".run"), key=fingerprint(settings), seed=seed, resume=True)
        Writer.fit(system, histories, override(TextCreator(), settings), run).save(place)
    return Writer.load(place, system.catalog)


def _show_generators(found: dict[str, Any], out: Output) -> None:
    for name, table in found.items():
        rows = [
            (row, each["made"], _mean(each["utility"]), _mean(each["hit"]), _mean(each["right person more"]),
             each["milliseconds"])
            for row, each in table["rows"].items()
        ]  # fmt: skip
        columns = ("row", "made", "worth", "hit", "right person more", "ms")
        out.table(f"{name}: {table['cases']} people unseen in training", columns, rows)
        other, null = table["own against other (AUC)"], table["null: other against another (AUC)"]
        ratio = table["hit, right over disjoint"]
        times = "never hit" if ratio is None else f"hit {ratio:.1f} times as rarely"
        out.text(f"own against other {_mean(other)}, null {_mean(null)}; people of disjoint taste {times}")


def _show_policies(found: dict[str, Any], out: Output) -> None:
    columns = ("policy", "utility", "regret", "likes", "goals met", "gaps met", "items shown", "blocked", "taken")
    rows = []
    for name, figures in found.items():
        taken = ", ".join(f"{mode} {100 * share:.0f} %" for mode, share in figures["taken"].items())
        means = [_mean(figures[key]) for key in ("utility per turn", "regret per turn", "likes per turn")]
        more = (figures["goals met"], figures["gaps met"] or 0.0, figures["items shown"], figures["drafts blocked"])
        rows.append((name, *means, *more, taken))
    out.table("whole dialogues: what people got, per turn", columns, rows)


def _show_routing(routing: dict[str, Any], out: Output) -> None:
    rows = [
        (name, _mean(each["regret"]), _mean(each["last quarter"]), _mean(each["behind the best fixed"]),
         ", ".join(f"{kind} {value:.2f}" for kind, value in each["by goal"].items()))
        for name, each in routing["policies"].items()
    ]  # fmt: skip
    columns = ("policy", "regret", "last quarter", "behind the best fixed", "by goal")
    out.table(f"routers over {routing['rounds']} turns on which every arm was tried", columns, rows)
    for kind, each in routing["gaps"].items():
        if "turns" in each:
            shares = ", ".join(f"{arm} {share:.2f}" for arm, share in each.items() if arm != "turns")
            out.text(f"{kind}: {each['turns']} wishes, met by {shares}")
        else:
            out.text(f"{kind}: {_mean(each)}")


def _mean(interval: Mapping[str, float] | None) -> str:
    return "" if interval is None else "{mean:.2f} ({low:.2f} to {high:.2f})".format(**interval)
