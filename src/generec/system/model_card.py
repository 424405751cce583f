"""The model card: what a saved model is, learned from what, good for what, and how to load it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def model_card(about: Mapping[str, Any]) -> str:
    """README.md of an artefact, from what its manifest says (see system.artefact.describe)."""
    training = about["training"]
    data = training.get("data", {})
    return "\n".join(
        [
            f"# {about['recipe'] or 'generative recommender'}",
            "",
            f"A recommender for {about['items']:,} items, made by generec {about['libraries']['generec']}.",
            "",
            *_list("Method", {
                "recipe": about["recipe"],
                "source": about["paper"],
                "parameters": f"{about['parameters']:,}",
                "semantic IDs": f"{len(about['sizes'])} levels of {', '.join(map(str, about['sizes']))} codes",
                "removed items": about["removed_items"],
            }),
            *_list("Trained on", {
                "data": data.get("source"),
                "fingerprint": data.get("fingerprint"),
                "events": training.get("trained_on"),
                "split": training.get("protocol") or training.get("split"),
                "order of ties": data.get("ties"),
                "seed": training.get("seed"),
                "threads": training.get("threads"),
                "seconds": training.get("seconds"),
            }),
            *_figures(training),
            *_rights(data),
            *_use(training),
            *_loading(data),
        ]
    )  # fmt: skip


def _list(title: str, entries: Mapping[str, Any]) -> list[str]:
    return [f"## {title}", "", *(f"- {name}: {'not stated' if v is None else v}" for name, v in entries.items()), ""]


def _figures(training: Mapping[str, Any]) -> list[str]:
    """The figures on record, and per stage how selection on validation went."""
    lines = ["## Figures", ""]
    for name, value in (training.get("figures") or {}).items():
        lines.append(f"- {name}: {value}")
    for place, stage in enumerate(training.get("selection") or []):
        lines += _curve(place, stage)
    if len(lines) == 2:
        lines.append("- none on record: judge it with `generec evaluate`")
    return [*lines, ""]


def _curve(place: int, stage: Mapping[str, Any]) -> list[str]:
    losses: Sequence[float] = stage.get("losses") or []
    rows: Sequence[Mapping[str, float]] = stage.get("validations") or []
    lines = [f"- stage {place}: {len(losses)} epochs, {float(stage.get('seconds') or 0):.0f} s"]
    if losses:
        lines[0] += f", loss {losses[0]:.3f} -> {losses[-1]:.3f}"
    if not rows:
        return [*lines, "- nothing was selected: there was no validation"]
    names = [name for name in rows[0] if name != "epoch"]
    shown = sorted({0, len(rows) // 4, len(rows) // 2, 3 * len(rows) // 4, len(rows) - 1})
    lines += [f"- selected on validation: epoch {stage.get('best_epoch')}", "", f"| epoch | {' | '.join(names)} |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for row in shown:
        figures = " | ".join(f"{rows[row][name]:.4f}" for name in names)
        lines.append(f"| {int(rows[row].get('epoch', row + 1))} | {figures} |")
    return lines


def _rights(data: Mapping[str, Any]) -> list[str]:
    rights = data.get("rights")
    lines = _list("Rights", {"licence of the data": data.get("licence"), "use of the content": rights})
    if rights == "evaluation":
        lines[-1:] = ["- the content was imported for evaluation: do not publish this model or serve it to others", ""]
    return lines


def _use(training: Mapping[str, Any]) -> list[str]:
    lines = [
        "## Use and limits",
        "",
        "- meant for recommending items of this catalogue to people with a history of such items",
        "- people without history get what was popular when the model was trained; items added later are placed by "
        "their features alone, and a recipe without features cannot place them",
        "- it repeats the biases of its log: popular items are shown more, rare tastes are served worse",
        "- the catalogue is in this folder; histories of people are not",
    ]
    if training.get("final"):
        lines.append("- it has seen every event of its data, the test events too: it cannot be judged on them")
    return [*lines, ""]


def _loading(data: Mapping[str, Any]) -> list[str]:
    directory = data.get("directory") or "DIR"
    return [
        "## Loading",
        "",
        "```python",
        "import generec",
        "",
        'system = generec.load("this folder")',
        'generec.recommend(system, histories=[["an item id", "another"]], k=10)',
        "```",
        "",
        "```sh",
        f"generec recommend THIS_FOLDER --user ID --data {directory}",
        "```",
        "",
        "The folder is verified before use; `sha256sum --check MANIFEST.sha256` checks the manifest alone.",
        "",
    ]
