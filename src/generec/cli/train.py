"""generec train: select on validation, refit, save."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.session import Json, Quiet, Seed, Threads, session
from generec.errors import UsageError

if TYPE_CHECKING:
    from generec.recipe import Recipe
    from generec.system import System
    from generec.types import Dataset, Split

SplitName = Annotated[str, typer.Option("--split", help="leave-one-out, time or given.")]


def train(
    data: Annotated[Path, typer.Argument(help="A data set folder (see `generec data import`).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Where the model goes.")],
    recipe: Annotated[str, typer.Option("--recipe", help="One of `generec recipes`.")] = "one_pass",
    settings: Annotated[list[str] | None, typer.Option("--set", help="Hyperparameter: tokenizer.levels=4.")] = None,
    split: SplitName = "leave-one-out",
    seeds: Annotated[int, typer.Option(min=1, help="Train this many seeds into MODEL/seed-N.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run of this command was.")] = False,
    final: Annotated[bool, typer.Option("--final", help="Use every event; cannot be judged on these data.")] = False,
    refit: Annotated[bool, typer.Option(help="Train again on train + validation for the selected epochs.")] = True,
    keep_selected: Annotated[
        bool, typer.Option("--keep-selected", help="Also save the model before the refit, as MODEL-selected.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model that is there.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    checkpoint_seconds: Annotated[float, typer.Option(min=0, help="Time between two checkpoints.")] = 60.0,
    tensorboard: Annotated[Path | None, typer.Option(help="Also write TensorBoard event files here.")] = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Train a recipe on a data set: choose the epoch on validation, refit on train + validation, save the model.

    Test events are never read unless --final. Interrupt with Ctrl-C and continue with --resume: the result has the
    same bits at the same number of threads.
    """
    with session(json, seed, threads, quiet) as output_to:
        from generec.data.dataset import read_dataset
        from generec.data.split import split as split_data
        from generec.recipe.record import override
        from generec.recipes import chosen_device
        from generec.recipes import recipe as named

        chosen = override(named(recipe), settings or [])
        chosen_device(device)
        places = [output] if seeds == 1 else [output / f"seed-{seed + offset}" for offset in range(seeds)]
        for place in places:
            if place.exists() and not overwrite and not resume:
                raise UsageError(f"{place} exists; choose another place, or pass --overwrite or --resume")
        dataset = with_directory(read_dataset(data), data)
        parts = split_data(dataset, split)
        results = []
        for offset, place in enumerate(places):
            job = Training(chosen, dataset, parts, place, seed + offset, resume, final, refit, keep_selected)
            results.append(job.run(device, tensorboard, checkpoint_seconds))
            output_to.text(_line(results[-1]))
        if seeds > 1:
            summarise(output / "summary.json", results)
        output_to.document({"models": results})


def summarise(path: Path, results: list[dict[str, Any]]) -> None:
    """Mean and deviation over seeds of the selected epochs' validation figures."""
    import json
    from statistics import mean, stdev

    from generec.fitting.checkpoint import write_atomically

    figures = {name: [one["validation"][0][name] for one in results] for name in results[0]["validation"][0]}
    spread = {name: {"mean": mean(values), "sd": stdev(values)} for name, values in figures.items()}
    document = {"seeds": [one["seed"] for one in results], "validation": spread, "models": results}
    write_atomically(path, (json.dumps(document, indent=1) + "\n").encode())


def with_directory(dataset: Dataset, directory: Path) -> Dataset:
    """The data set, remembering where it lies, so that the artefact can find histories again."""
    from dataclasses import replace

    return replace(dataset, info={**dataset.info, "directory": str(directory.resolve())})


class Training:
    """One seed of one `generec train`."""

    def __init__(
        self, recipe: Recipe[Any], dataset: Dataset, split: Split, place: Path, seed: int,
        resume: bool, final: bool, refit: bool, keep_selected: bool,
    ):  # fmt: skip
        self.recipe, self.dataset, self.split, self.place, self.seed = recipe, dataset, split, place, seed
        self.resume, self.final, self.refit, self.keep_selected = resume, final, refit, keep_selected

    def run(self, device: str, tensorboard: Path | None, checkpoint_seconds: float) -> dict[str, Any]:
        """Trains and saves; what a script wants to know of it."""
        from generec.fitting.loop import Run
        from generec.fitting.recorders import recorders
        from generec.recipes import chosen_device

        work = self.place.with_name(self.place.name + ".run")
        if self.resume and self.place.exists() and not work.exists():
            raise UsageError(f"{self.place} is finished; there is nothing to resume")
        run = Run(
            directory=work, seed=self.seed, device=chosen_device(device), resume=self.resume,
            checkpoint_seconds=checkpoint_seconds, recorders=recorders(tensorboard and tensorboard / self.place.name),
        )  # fmt: skip
        fitted = self.recipe.fit(
            self.dataset, self.split, run=run, refit=self.refit, final=self.final, selected=self._keep
        )
        fitted.system.save(self.place, overwrite=True)
        shutil.rmtree(work)
        record = fitted.system.record
        best: list[dict[str, float]] = [
            max(each["validations"], key=lambda row: row["ndcg@10"], default={}) for each in record["selection"]
        ]
        return {"model": str(self.place), "seed": self.seed, "trained_on": record["trained_on"],
                "epochs": [each["best_epoch"] for each in record["selection"]], "validation": best,
                "seconds": record["seconds"]}  # fmt: skip

    def _keep(self, selected: System[Any]) -> None:
        if self.keep_selected:
            selected.save(self.place.with_name(self.place.name + "-selected"), overwrite=True)


def _line(result: dict[str, Any]) -> str:
    figures = ", ".join(f"{name} {value:.4f}" for row in result["validation"] for name, value in row.items()
                        if name != "epoch")  # fmt: skip
    epochs = ", ".join(str(epoch) for epoch in result["epochs"])
    return f"{result['model']}: trained on {result['trained_on']}, {epochs} epochs; validation {figures or 'none'}"
