"""How far statistical people, fitted on a real log, are like the real ones: prints a card, writes JSON and a picture.

python bench/calibration.py DATA --out calibration.json
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.data.dataset import read_dataset
from generec.simulation.calibration import THRESHOLD, Card, calibrate
from generec.simulation.lived import Lived
from generec.simulation.log_people import LogModel, LogPeople
from generec.types import Catalog
from measured import written


class Shuffled(LogModel):
    """The control: fitted on a log whose items were exchanged at random, so that it is wrong about everybody."""

    def fit(self, log: Lived, catalog: Catalog, repeats: bool, span: float, until: float) -> LogPeople:
        other = np.random.default_rng(self.seed).permutation(len(catalog))
        moved = {name: getattr(log, name) for name in ("user", "time", "kind", "value", "position", "kinds", "timed")}
        return super().fit(Lived(item=other[log.item], **moved), catalog, repeats, span, until)


def table(card: Card, threshold: float) -> pl.DataFrame:
    """Errors by marginal."""
    rows = [(each.name, each.error, each.floor, each.error <= max(threshold, each.floor)) for each in card.marginals]
    return pl.DataFrame(rows, schema=["marginal", "error", "between halves of the real", "within"], orient="row")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="folder of a data set")
    parser.add_argument("--out", default="calibration.json")
    parser.add_argument("--threshold", type=float, default=THRESHOLD)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    dataset = read_dataset(asked.data)
    results: dict[str, Any] = {}
    for name, model in (("fitted", LogModel(seed=asked.seed)), ("shuffled control", Shuffled(seed=asked.seed))):
        started = time.process_time()
        _, card = calibrate(dataset, model, seed=asked.seed)
        results[name] = {**json.loads(card.to_json(asked.threshold)), "cpu_seconds": time.process_time() - started}
        print(f"{name}: {card.people} people, {card.events} events; {card.protocol}")
        print(table(card, asked.threshold))
        found = card.likelihood
        print(
            f"log-likelihood an event: model {found.model:.3f}, popularity {found.popularity:.3f}, "
            f"uniform {found.uniform:.3f}; gain {found.gain.mean:.3f} [{found.gain.low:.3f}, {found.gain.high:.3f}]"
        )
        print("calibrated" if card.calibrated(asked.threshold) else f"NOT calibrated: {card.faults(asked.threshold)}")
        if name == "fitted":
            card.plot(Path(asked.out).with_suffix(".png"))
    written(Path(asked.out), {"seed": asked.seed, **results})


if __name__ == "__main__":
    main()
