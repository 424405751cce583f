"""GenUP's claim (2410.20643): do words about a person beat as many words of their raw history, for the next place?

    generec data import PATH/foursquare-calgary -o calgary
    python bench/genup.py calgary --zone America/Edmonton --out docs/results/genup.json

Every person's visits are split in order, 80 : 10 : 10; every held-out visit is a question with all before it as
history; selected on validation, trained on train. A profile is written from visits before the window alone, by counts,
without ids of places. Its twin spends the same number of tokens on a longer history: as many more visits, told as
lines, as the profile has tokens. Beside them: the short history alone, the profile of somebody else, and the profile
beside the longer history. The interval is a bootstrap over people, since a person's visits are alike.
Accepted where Acc@1 is a point above the twin's and the interval lies above 0.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.data.dataset import read_dataset
from generec.data.split import split
from generec.encoders.sentence import FittedSentenceEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.evaluation.protocol import evaluate
from generec.evaluation.report import Report
from generec.fitting.loop import Run
from generec.fitting.progress import Bars, reporting
from generec.metrics.intervals import Interval
from generec.protocols import FittedEncoder, ItemEncoder, Recommender
from generec.recipes.genup import genup, history_alone
from generec.templates.profile_text import Dealt, FittedProfileText, ProfileText
from generec.templates.profiled import all_told, as_catalog
from generec.types import Dataset, Events, Split
from measured import written

PROFILE, TWIN = "profile", "history of equal tokens"
METRICS = ("recall@1", "recall@10", "ndcg@10")


def in_order(data: Dataset) -> Dataset:
    """The data with every person's visits split in their order, 80 : 10 : 10."""
    place = (pl.int_range(pl.len()).over("user_id") + 1) / pl.len().over("user_id")
    part = pl.when(place <= 0.8).then(pl.lit("train")).when(place <= 0.9).then(pl.lit("validation"))
    return replace(data, events=data.events.with_columns(part.otherwise(pl.lit("test")).alias("split")))


def counted(texts: list[str], encoder: FittedEncoder) -> float:
    """Mean tokens of a text: the encoder's own where it has a tokenizer, else words and marks."""
    if isinstance(encoder, FittedSentenceEncoder):
        return float(np.mean([len(ids) - 2 for ids in encoder.sentences.tokenizer(texts)["input_ids"]]))
    return float(np.mean([len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]))


def lines(writer: FittedProfileText, events: Events) -> list[str]:
    """Every visit as a raw history would tell it."""
    assert events.times is not None
    visits = zip(events.items.tolist(), events.times.tolist(), strict=True)
    return [writer.line(row, moment) for row, moment in visits]


def trained(
    data: Dataset,
    parts: Split,
    writer: FittedProfileText,
    more: int,
    length: int,
    seed: int,
    encoder: ItemEncoder | None,
) -> dict[str, Recommender]:
    """Every row of the comparison with one seed."""
    anybody = Dealt(tuple(text for text in all_told(writer, parts.train) if text))

    def alone(visits: int) -> Recommender:
        return history_alone(visits, encoder).fit(data, parts, run=Run(seed=seed), refit=False).selected

    return {
        PROFILE: genup(data, parts, writer, length=length, encoder=encoder, seed=seed),
        TWIN: alone(length + more),
        "short history": alone(length),
        "profile of anybody": genup(data, parts, anybody, length=length, encoder=encoder, seed=seed),
        "profile and longer history": genup(data, parts, writer, length=length + more, encoder=encoder, seed=seed),
    }


def over_people(report: Report, parts: Split, name: str, metric: str) -> Interval:
    """PROFILE minus `name`: the mean over visits, and its bootstrap interval over people."""
    gap = report.result(PROFILE).per_case[metric] - report.result(name).per_case[metric]
    people = np.unique([case.request.user_id for case in parts.test], return_inverse=True)[1]
    sums, counts = np.bincount(people, gap), np.bincount(people)
    drawn = np.random.default_rng(0).multinomial(counts.size, np.full(counts.size, 1 / counts.size), 10_000)
    low, high = np.quantile(drawn @ sums / (drawn @ counts), [0.025, 0.975])
    return Interval(float(gap.mean()), float(low), float(high))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="an imported set of check-ins")
    parser.add_argument("--zone", default="UTC", help="time zone of the places")
    parser.add_argument("--length", type=int, default=10, help="visits read beside the profile")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--people", type=int, help="the first so many people only, to see that it runs")
    parser.add_argument("--tfidf", action="store_true", help="TF-IDF in the place of MiniLM")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    asked = parser.parse_args()
    data = read_dataset(asked.data)
    if asked.people:
        known = data.events["user_id"].unique(maintain_order=True)[: asked.people]
        data = replace(data, events=data.events.filter(pl.col("user_id").is_in(known.implode())))
    data, cpu = in_order(data), time.process_time()
    parts = split(data, "given")
    encoder = TfidfEncoder(dimensions=64) if asked.tfidf else None
    writer = ProfileText(zone=asked.zone).fit(data.catalog)
    texts = [text for text in all_told(writer, parts.train) if text]
    words = history_alone(asked.length, encoder).encoder.fit(as_catalog(texts), parts.train)
    tokens = {"profile": counted(texts, words), "visit": counted(lines(writer, parts.train)[:1000], words)}
    more = round(tokens["profile"] / tokens["visit"])
    rows: dict[str, list[Recommender]] = {}
    with reporting(Bars()):
        for seed in range(asked.seeds):
            for name, system in trained(data, parts, writer, more, asked.length, seed, encoder).items():
                rows.setdefault(name, []).append(system)
        report = evaluate(rows, parts, data, ks=(1, 5, 10), baselines=[TWIN], bootstrap=0)
    found = summed(report, parts) | {"tokens": tokens, "visits": {"profile": asked.length, "twin": asked.length + more}}
    print(json.dumps(found, indent=1))
    if asked.out is not None:
        written(asked.out, {
            **found, "seeds": [*range(asked.seeds)], "protocol": parts.description, "example": texts[len(texts) // 2],
            "encoder": type(words).__name__, "cpu_seconds": round(time.process_time() - cpu, 1),
        })  # fmt: skip
    return 0 if found["accepted"] else 1


def summed(report: Report, parts: Split) -> dict[str, Any]:
    """Means and deviations over seeds, and what the profile is worth beside each other row."""
    figures = {
        row.name: {metric: {"mean": row.metrics[metric], "sd": row.sd.get(metric)} for metric in METRICS}
        for row in report.results
    }
    gaps = {
        row.name: {metric: asdict(over_people(report, parts, row.name, metric)) for metric in METRICS}
        for row in report.results
        if row.name != PROFILE
    }
    gain = gaps[TWIN]["recall@1"]
    return {
        "rows": figures, "profile_minus": gaps, "accepted": gain["mean"] >= 0.01 and gain["low"] > 0,
        "problems": list(report.problems),
    }  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
