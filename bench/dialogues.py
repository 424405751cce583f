"""Real dialogues about films: does the loop find what was recommended next, from what was said and mentioned before?

    generec data import redial/movies.tsv -o films --rights evaluation
    python bench/dialogues.py films --learn redial/turns_valid.jsonl --ask redial/turns_test.jsonl --out dialogues.json

A recommender learns from the films that the dialogues of --learn mention; then every turn of --ask is asked whose
dialogue is none of those. What seekers said is read turn by turn, so that earlier wishes stay in force; films named so
far are the history. Right are the films that the human named next and that nobody had named before. Rows leave out
the words, the history, or take the words of another dialogue. Means and intervals are over dialogues.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import torch
from torch import Tensor

from generec.data.dataset import read_dataset
from generec.data.split import split
from generec.fitting.loop import Run
from generec.fitting.progress import Bars, reporting, task
from generec.loop.instructor import EmbeddedInstructor
from generec.loop.meaning import Meaning
from generec.loop.retrieve import Retriever
from generec.metrics.intervals import difference_interval, mean_interval
from generec.recipes.sasrec import sasrec_text
from generec.records import Guidance, Person
from generec.types import Catalog, Dataset
from measured import written

KS = (1, 10, 50)


@dataclass(frozen=True)
class Asked:
    """One turn: what the seeker said so far, the films named so far, and those that were recommended next."""

    dialogue: str
    said: tuple[str, ...]
    named: tuple[str, ...]
    right: frozenset[str]


def turns(file: Path, catalog: Catalog) -> Iterator[Asked]:
    """The turns of a file. Speakers take turns, and the last to speak before an answer is the seeker."""
    ids = dict(zip(catalog.frame["title"], catalog.item_ids, strict=True))
    for line in file.read_text(encoding="utf-8").split("\n"):
        if line.strip():
            row = json.loads(line)
            named = tuple(dict.fromkeys(ids[name] for name in row["entity"] if name in ids))
            right = frozenset(ids[name] for name in row["rec"] if name in ids)
            yield Asked(str(row["dialog_id"]), tuple(row["context"][::-2][::-1]), named, right)


def mentions(asked: Iterable[Asked], data: Dataset) -> Dataset:
    """Every dialogue as a person whose events are the films that it names, in that order."""
    told: dict[str, dict[str, None]] = {}
    for turn in asked:
        told.setdefault(turn.dialogue, {}).update(dict.fromkeys((*turn.named, *sorted(turn.right))))
    rows = [(dialogue, item) for dialogue, items in told.items() for item in items]
    frame = pl.DataFrame(rows, schema={"user_id": pl.String, "item_id": pl.String}, orient="row")
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in data.events.schema.items() if name not in frame]
    return replace(data, events=frame.with_columns(missing).select(data.events.columns))


@dataclass
class Reader:
    """Guidance after each turn of a dialogue: what was understood stays in force."""

    instructor: EmbeddedInstructor

    def after(self, said: Sequence[str]) -> Guidance:
        guidance = Guidance()
        for words in said:
            guidance = self.instructor.instruct(words, Person(), guidance)
        return guidance


def recalls(found: Sequence[str], right: frozenset[str]) -> list[float]:
    return [len(right.intersection(found[:k])) / len(right) for k in KS]


def by_dialogue(asked: Sequence[Asked], values: Sequence[Sequence[float]]) -> Tensor:
    """Means of each dialogue's turns, (dialogues, ks)."""
    groups: dict[str, list[Sequence[float]]] = {}
    for turn, value in zip(asked, values, strict=True):
        groups.setdefault(turn.dialogue, []).append(value)
    return torch.stack([torch.tensor(group).mean(0) for group in groups.values()])


def answered(retriever: Retriever, popular: Sequence[str], asked: Sequence[Asked], seed: int) -> dict[str, Tensor]:
    """Recall of every row at every k, (dialogues, ks)."""
    reader, nothing = Reader(EmbeddedInstructor(meaning=retriever.meaning)), Guidance()
    others = list(asked)
    Random(seed).shuffle(others)
    found: dict[str, list[list[float]]] = {}
    with task("dialogues", len(asked)) as bar:
        for turn, other in zip(asked, others, strict=True):
            words, theirs = reader.after(turn.said), reader.after(other.said)
            named, nobody = Person(history=turn.named), Person(rejected=turn.named)
            lists = {
                "most named": [item for item in popular if item not in turn.named][: KS[-1]],
                "films named": retriever.retrieve(nothing, named, KS[-1]).item_ids,
                "words": retriever.retrieve(words, nobody, KS[-1]).item_ids,
                "words and films": retriever.retrieve(words, named, KS[-1]).item_ids,
                "another dialogue's words": retriever.retrieve(theirs, named, KS[-1]).item_ids,
            }
            for name, items in lists.items():
                found.setdefault(name, []).append(recalls(items, turn.right))
            bar.advance()
    return {name: by_dialogue(asked, values) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, help="the films, as imported")
    parser.add_argument("--learn", type=Path, required=True)
    parser.add_argument("--ask", type=Path, required=True)
    parser.add_argument("--most", type=int, help="turns to ask; all")
    parser.add_argument("--model", type=Path, help="where the recommender is kept and found again")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    data = read_dataset(chosen.films)
    learned, asked = list(turns(chosen.learn, data.catalog)), list(turns(chosen.ask, data.catalog))
    known = {turn.dialogue for turn in learned}
    asked = [replace(turn, right=turn.right.difference(turn.named)) for turn in asked if turn.dialogue not in known]
    asked = [turn for turn in asked if turn.right][: chosen.most]
    data = mentions(learned, data)
    parts = split(data)
    run = Run(directory=chosen.model, seed=chosen.seed, resume=chosen.model is not None)
    with reporting(Bars()):
        system = sasrec_text().fit(data, parts, run=run).system
        popular = [item for item, _ in Counter(data.events["item_id"]).most_common()]
        rows = answered(Retriever(recommender=system, meaning=Meaning(system.catalog)), popular, asked, chosen.seed)
    document: dict[str, Any] = {
        "seed": chosen.seed, "dialogues learned": len(known), "turns asked": len(asked),
        "dialogues asked": len({turn.dialogue for turn in asked}), "films": len(data.catalog),
        "recall": {
            name: {f"@{k}": asdict(mean_interval(values[:, at])) for at, k in enumerate(KS)}
            for name, values in rows.items()
        },
        "words and films above": {
            name: {f"@{k}": asdict(difference_interval(rows["words and films"][:, at], values[:, at]))
                   for at, k in enumerate(KS)}
            for name, values in rows.items() if name != "words and films"
        },
    }  # fmt: skip
    for name, figures in document["recall"].items():
        print(f"{name:26}" + "".join(f"{k:>5} {each['mean']:.3f}" for k, each in figures.items()))
    written(chosen.out, document)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
