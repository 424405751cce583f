"""generec evaluate: models and baselines in one run, on the same split and candidates."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.errors import ArtefactError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from generec.evaluation.report import Report
    from generec.protocols import Recommender
    from generec.system import System
    from generec.types import Dataset, Events, Split


def evaluate(
    data: Annotated[Path, typer.Argument(help="The data set folder the models were trained on.")],
    models: Annotated[list[Path] | None, typer.Option("--model", help="A model folder, or one with seed-N.")] = None,
    baselines: Annotated[str, typer.Option(help="all, none, or names separated by commas.")] = "all",
    split: Annotated[str | None, typer.Option("--split", help="leave-one-out, time or given; the model's own.")] = None,
    on: Annotated[str, typer.Option(help="test or validation.")] = "test",
    cases: Annotated[int | None, typer.Option(min=1, help="Judge a random sample of this many.")] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples behind the intervals; 0 for none.")] = 1000,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for report.json and plots.")] = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Judge models beside the baselines: full ranking, hits on items, intervals, plots.

    A folder with seed-0, seed-1, … counts as one model with several seeds. Baselines see the events that the models
    saw. A model that has seen the test events is refused.
    """
    with session(json, seed, threads, quiet) as out:
        from generec.data.dataset import read_dataset
        from generec.data.split import split as split_data

        if on not in ("test", "validation"):
            raise UsageError(f"--on takes test or validation, got {on!r}")
        part: Literal["test", "validation"] = "test" if on == "test" else "validation"
        dataset = read_dataset(data)
        judged = {path.name: load_seeds(path) for path in models or []}
        parts = split_data(dataset, split or own_split(judged) or "leave-one-out")
        refuse_seen(judged, parts, dataset, part, out)
        refitted = part == "test" and (not judged or any(
            system.record["trained_on"] != "train" for systems in judged.values() for system in systems
        ))  # fmt: skip
        features = item_texts(dataset)
        recommenders: dict[str, Sequence[Recommender]] = dict(judged)
        events = parts.refit if refitted else parts.train
        recommenders |= fitted_baselines(baselines, dataset, parts, events, features, seed, out)
        from generec.evaluation.protocol import evaluate as judge

        report = judge(recommenders, parts, dataset, on=part, seed=seed, cases=cases, bootstrap=bootstrap,
                       features=features)  # fmt: skip
        show(report, out)
        if output is not None:
            write(report, output)
            out.text(f"Written to {output}: report.json, popularity.png, pareto.png")


def load_seeds(path: Path) -> list[System[Any]]:
    """One model, or all its seeds when the folder holds seed-0, seed-1 …"""
    from generec.recipe.artefact import load

    seeds = sorted(path.glob("seed-*[0-9]"), key=lambda folder: int(folder.name.removeprefix("seed-")))
    if not path.exists():
        raise ArtefactError(f"{path} does not exist; train a model with `generec train DATA -o {path}`")
    return [load(each) for each in seeds or [path]]


def own_split(judged: Mapping[str, Sequence[System[Any]]]) -> str | None:
    names = {str(system.record["split"]) for systems in judged.values() for system in systems}
    if len(names) > 1:
        raise UsageError(f"the models were trained on different splits ({', '.join(sorted(names))}); judge them apart")
    return names.pop() if names else None


def refuse_seen(
    judged: Mapping[str, Sequence[System[Any]]],
    parts: Split,
    dataset: Dataset,
    on: Literal["test", "validation"],
    out: Output,
) -> None:
    """Raises where a model has seen what it would be judged on; says so where that cannot be known."""
    from generec.data.dataset import fingerprint
    from generec.evaluation.protocol import check_not_trained_on
    from generec.recipe.histories import outdated

    own = fingerprint(dataset)
    for name, systems in judged.items():
        for system in systems:
            record = system.record
            known = {
                "split": record["split"],
                "final": record["final"],
                "data_fingerprint": record["data"]["fingerprint"],
            }
            if note := check_not_trained_on(known, parts, own):
                out.text(f"Note: {name}: {note}.")
            if said := outdated(system, dataset):
                out.text(f"Note: {name}: {said}.")
            if on == "validation" and record["trained_on"] != "train":
                raise UsageError(f"{name} was trained on train + validation; judge it on the test part, or train with "
                                 "--no-refit")  # fmt: skip


def item_texts(dataset: Dataset) -> Tensor:
    """Text vectors of all items, for text-kNN and for the diversity of a list."""
    from generec.encoders.text import text_encoder
    from generec.types import Events

    return text_encoder().fit(dataset.catalog, Events.pack([])).encode(dataset.catalog)


def fitted_baselines(
    names: str,
    dataset: Dataset,
    parts: Split,
    events: Events,
    features: Tensor,
    seed: int,
    out: Output,
    settings: Sequence[str] = (),
) -> dict[str, Sequence[Recommender]]:
    """The baselines asked for, fitted on `events`; SASRec is trained like any recipe, and remembered.

    settings: hyperparameters of SASRec, as `--set` takes them.
    """
    from generec.evaluation.baselines import BASELINE_NAMES
    from generec.evaluation.choose import baselines, fit_baselines
    from generec.fitting.loop import Run
    from generec.recipe.record import override
    from generec.recipes.sasrec import sasrec

    if names == "none":
        return {}
    wanted = list(BASELINE_NAMES) if names == "all" else [name.strip() for name in names.split(",")]
    fitted = fit_baselines(
        baselines([name for name in wanted if name != "sasrec"]), events, dataset.catalog, features, seed
    )
    for name, reason in fitted.skipped.items():
        out.text(f"Left out: {name}: {reason}")
    found: dict[str, Sequence[Recommender]] = {name: [one] for name, one in fitted.recommenders.items()}
    if "sasrec" in wanted:
        cache = Path(os.environ.get("GENEREC_CACHE", Path.home() / ".cache" / "generec")) / "baselines"
        run = Run(directory=cache, seed=seed, resume=True)
        trained = override(sasrec(), settings).fit(dataset, parts, run=run, refit=events is parts.refit)
        found["sasrec"] = [trained.system]
    return found


def show(report: Report, out: Output) -> None:
    """Tables and verdict for people, the document for scripts."""
    for table in report.tables():
        out.table(table.title, table.columns, table.rows)
    for line in report.lines():
        out.text(line)
    out.document(report.document())


def write(report: Report, folder: Path) -> None:
    from generec.evaluation.plots import pareto, popularity_deciles

    report.write(folder / "report.json")
    popularity_deciles(report, folder / "popularity.png")
    pareto(report, folder / "pareto.png")
