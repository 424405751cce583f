"""Train and judge the recipes on Amazon-2014 Beauty: select on validation, refit on train + validation, both printed.

    generec data import PATH/amazon14-beauty -o beauty
    python bench/beauty.py beauty --work runs --only sasrec --seeds 3 --out docs/results/beauty.json

Every model comes from `generec train`, which resumes where a run was stopped. One recipe at a time; results of earlier
calls in the same file are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from generec.cli.evaluate import load_seeds
from generec.data.dataset import read_dataset
from generec.data.split import split
from generec.decoding.beam import BeamSearch
from generec.evaluation.protocol import evaluate
from generec.fitting.checkpoint import write_atomically
from measured import measured

FIGURES = ("recall@5", "ndcg@5", "recall@10", "ndcg@10", "recall@20", "ndcg@20")


def train(data: Path, recipe: str, place: Path, seed: int, threads: int, settings: list[str]) -> dict[str, Any]:
    """One `generec train`, timed; nothing when the model is there already."""
    log = place.with_name(place.name + ".train.json")
    if not log.exists():
        command = [sys.executable, "-m", "generec", "train", str(data), "--recipe", recipe, "-o", str(place),
                   "--keep-selected", "--resume", "--seed", str(seed), "--threads", str(threads), "--json",
                   *(word for setting in settings for word in ("--set", setting))]  # fmt: skip
        before, cpu = time.monotonic(), os.times()
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        after = os.times()
        used = after.children_user + after.children_system - cpu.children_user - cpu.children_system
        record = {"command": " ".join(["generec", *command[3:]]), "wall_seconds": round(time.monotonic() - before, 1),
                  "cpu_seconds": round(used, 1), "load_after": os.getloadavg()[0],
                  "model": json.loads(done.stdout)["models"][0]}  # fmt: skip
        write_atomically(log, json.dumps(record, indent=1).encode())
    return json.loads(log.read_text())


def judge(places: list[Path], data: Path, beam: bool) -> dict[str, Any]:
    """Mean and deviation over seeds, by exact or the recipe's own decoding, and with a beam of 20 where asked for."""
    dataset = read_dataset(data)
    parts = split(dataset)
    systems = [system for place in places for system in load_seeds(place)]
    asked = {"own decoder": systems}
    if beam:
        asked["beam 20"] = [replace(system, decoder=BeamSearch(width=20)) for system in systems]
    found = {}
    for name, recommenders in asked.items():
        one = evaluate({name: recommenders}, parts, dataset, ks=(5, 10, 20)).results[0]
        found[name] = {"metrics": {figure: round(one.metrics[figure], 5) for figure in FIGURES},
                       "sd": {figure: round(one.sd[figure], 5) for figure in one.sd if figure in FIGURES},
                       "ms_per_request": round(1000 * one.seconds_per_request, 3)}  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", required=True, help="a recipe")
    parser.add_argument("--name", help="under which to record it; the recipe's name")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--beam", action="store_true", help="also judge with a beam of 20")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    asked.work.mkdir(parents=True, exist_ok=True)
    name = asked.name or asked.only
    places = [asked.work / f"{name}-{seed}" for seed in range(asked.seeds)]
    runs = [
        train(asked.data, asked.only, place, seed, asked.threads, asked.settings) for seed, place in enumerate(places)
    ]
    selected = [place.with_name(place.name + "-selected") for place in places]
    result = {
        **measured(), "seeds": asked.seeds, "runs": runs,
        "selected, trained on train": judge(selected, asked.data, asked.beam),
        "refitted on train + validation": judge(places, asked.data, asked.beam),
    }  # fmt: skip
    earlier = json.loads(asked.out.read_text()) if asked.out.exists() else {}
    write_atomically(asked.out, (json.dumps({**earlier, name: result}, indent=1) + "\n").encode())
    for part in ("selected, trained on train", "refitted on train + validation"):
        for decoder, figures in result[part].items():
            print(f"{name}, {part}, {decoder}: {figures['metrics']}")


if __name__ == "__main__":
    main()
