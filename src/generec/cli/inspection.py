"""generec inspect: what a saved model is, what it learned from, and how good its semantic IDs are."""

from __future__ import annotations

import json as json_module
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.models import Model
from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.errors import UsageError

if TYPE_CHECKING:
    from generec.system import System
    from generec.tokenizers.report import SemanticIdReport
    from generec.types import Events

_USES = 1_000_000  # how many uses of items popularity is counted out in


def inspect(
    model: Model,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for semantic_ids.png and inspect.json.")
    ] = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Show the recipe, the training and the quality of the semantic IDs of a saved model, after verifying it."""
    with session(json, seed, threads, quiet) as out:
        from generec.recipe.artefact import load, read_manifest
        from generec.recipe.record import hyperparameters

        if output is not None and output.exists() and not output.is_dir():
            raise UsageError(f"{output} is a file; name a folder")
        manifest, system = read_manifest(model), load(model)
        settings = {
            key: value
            for key, value in hyperparameters(system.record["recipe"]).items()
            if key not in ("name", "paper")
        }
        report = judged_ids(system, seed)
        deleted = _deleted_since(manifest)
        _show(manifest, settings, report, out)
        if deleted:
            out.text(f"Train it again: {deleted} of the people it learned from were deleted from its data since.")
        document = {
            **{name: manifest[name] for name in ("recipe", "paper", "items", "removed_items", "parameters")},
            **{name: manifest[name] for name in ("training", "watermark", "libraries")},
            "model": str(model),
            "people_deleted_since": deleted,
            "hyperparameters": settings,
            "semantic_ids": None if report is None else report.to_json(),
            "files": [] if output is None else _written(output, report),
        }
        if output is not None:
            from generec.fitting.checkpoint import write_atomically

            text = json_module.dumps(document, indent=2, ensure_ascii=False, default=str)
            write_atomically(output / "inspect.json", text.encode() + b"\n")
            out.text(f"Written to {output}: " + ", ".join(document["files"]))
        out.document(document)


def _deleted_since(manifest: Mapping[str, Any]) -> int | None:
    """How many people the model must forget; None where its data set is not there to say so."""
    from generec.data.dataset import read_info
    from generec.data.forget import deleted_since
    from generec.errors import InputError

    data = manifest["training"].get("data", {})
    try:
        info = read_info(Path(data.get("directory") or "") / "dataset.json")
    except (InputError, OSError):
        return None
    return deleted_since(info, data.get("fingerprint", ""))


def judged_ids(system: System[Any], seed: int) -> SemanticIdReport | None:
    """The report on the IDs of the items that were fitted; None for plain item IDs, which mean nothing."""
    from generec.tokenizers.atomic import FittedAtomic
    from generec.tokenizers.report import semantic_id_report

    if isinstance(system.tokenizer, FittedAtomic):
        return None
    fitted = len(system.tokenizer.ids)
    return semantic_id_report(system.tokenizer, system.features[:fitted], _uses(system, fitted), seed=seed)


def _uses(system: System[Any], items: int) -> Events:
    """The use of items that the model remembers, as one long history: histories are not saved with a model."""
    import torch

    from generec.types import Events

    activity = system.activity[:items].double()
    counts = (activity * (_USES / activity.sum().clamp(min=1e-12))).round().long()
    rows = torch.repeat_interleave(torch.arange(items), counts)
    return Events(rows, torch.tensor([0, rows.numel()]))


def _show(
    manifest: Mapping[str, Any], settings: Mapping[str, Any], report: SemanticIdReport | None, out: Output
) -> None:
    training = manifest["training"]
    data = training.get("data", {})
    facts = {
        "recipe": manifest["recipe"], "source": manifest["paper"],
        "items": f"{manifest['items']:,} ({manifest['removed_items']:,} removed)",
        "parameters": f"{manifest['parameters']:,}", "trained on": training.get("trained_on"),
        "data": data.get("directory") or data.get("source"), "rights": data.get("rights"),
        "split": training.get("protocol"), "seed": training.get("seed"), "saved": manifest["watermark"]["written"],
        "generec": manifest["libraries"]["generec"],
    }  # fmt: skip
    for place, stage in enumerate(training.get("selection") or []):
        best = [row for row in stage["validations"] if row.get("epoch") == stage["best_epoch"]]
        figures = ", ".join(f"{name} {value:.4f}" for row in best for name, value in row.items() if name != "epoch")
        facts[f"stage {place}"] = (
            f"{len(stage['losses'])} epochs, best {stage['best_epoch']} ({figures or 'not judged'})"
        )
    out.table("Model, verified", ("", ""), [(name, str(value)) for name, value in facts.items()])
    out.table("Hyperparameters", ("", ""), [(name, str(value)) for name, value in settings.items()])
    if report is None:
        out.text("Plain item IDs: one code per item, which says nothing about it; there is nothing to judge.")
    else:
        out.table("Semantic IDs (popularity: recent use counts more)", ("", ""), report.rows())


def _written(output: Path, report: SemanticIdReport | None) -> list[str]:
    from generec.tokenizers.report import plot

    output.mkdir(parents=True, exist_ok=True)
    if report is None:
        return ["inspect.json"]
    plot(report, output / "semantic_ids.png")
    return ["semantic_ids.png", "inspect.json"]
