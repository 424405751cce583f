"""Are explanations true, do they name what mattered, and are they of this person?

    python bench/explanations.py MODEL:DATA MODEL:DATA --out explanations.json

The items that people would be shown are explained to them, after an instruction that asks for a value of the catalogue.
Every statement is read again from its words alone and held against the files: titles against the person's history,
values and numbers against the items' rows, popularity against the log. Deletion: what its cited events add to the
item's score, beside as many other events of the same history; what is said of a history was chosen for adding something
by the same model, so this tells by how much, not whether. Swap: the same statements, another person's history.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import torch

from generec.data.dataset import read_dataset
from generec.fidelity.keys import Keys
from generec.fitting.progress import Bars, reporting, task
from generec.loop.generec import GeneRec
from generec.metrics.intervals import difference_interval, mean_interval
from generec.recipe.artefact import load
from generec.records import Guidance, Person, Stated, Statement
from generec.types import Condition, Dataset, Request
from measured import written

_SHARED = re.compile(r"(?P<value>.+), like (?P<titles>“.+”)(?: and (?P<more>\d+) more)? in your history", re.S)
_ASKED = re.compile(r"(?P<said>.+), as you asked", re.S)
_USED = "Among the most used tenth of the catalogue"


@dataclass(frozen=True)
class Facts:
    """The files, as somebody would look things up in them."""

    rows: dict[str, dict[str, Any]]
    uses: Counter[str]

    @staticmethod
    def of(data: Dataset) -> Facts:
        rows = {row["item_id"]: row for row in data.catalog.frame.to_dicts()}
        people = data.events.select("user_id", "item_id").unique()
        return Facts(rows, Counter(people["item_id"].to_list()))

    def values(self, item_id: str) -> dict[str, set[str]]:
        """Field -> what an item has there, in small letters."""
        found = {}
        for name, value in self.rows[item_id].items():
            parts = value if isinstance(value, list) else [value]
            found[name] = {str(part).lower() for part in parts if part is not None}
        return found

    def true(self, statement: str, item_id: str, history: Sequence[str]) -> bool:
        """Whether a statement about an item holds for somebody of this history, from its words alone."""
        shared, asked = _SHARED.fullmatch(statement), _ASKED.fullmatch(statement)
        if shared:
            return self._shares(shared, item_id, history)
        if asked:
            return self._has(asked["said"], item_id)
        if statement == _USED:
            less = sum(self.uses[other] < self.uses[item_id] for other in self.rows)
            return less >= 0.9 * len(self.rows)
        return False

    def _shares(self, said: re.Match[str], item_id: str, history: Sequence[str]) -> bool:
        """Some field of the item has the value, and so have all events that are named or counted, and no others."""
        titles, more = said["titles"][1:-1].split("”, “"), int(said["more"] or 0)
        for name, values in self.values(item_id).items():
            alike = {event for event in history if said["value"].lower() in self.values(event)[name]}
            named = Counter(str(self.rows[event]["title"]) for event in alike)
            if said["value"].lower() in values and len(alike) == len(titles) + more and not Counter(titles) - named:
                return True
        return False

    def _has(self, said: str, item_id: str) -> bool:
        """A value of the item, several of one field, or a field with its number."""
        for name, values in self.values(item_id).items():
            number = said.lower().removeprefix(name.replace("_", " ").lower() + " ")
            if {part.lower() for part in said.split(", ")} <= values or said.lower() in values:
                return True
            if number != said.lower() and any(_same(number, value) for value in values):
                return True
        return False


def _same(one: str, other: str) -> bool:
    try:
        return abs(float(one) - float(other)) <= 1e-5 * max(1.0, abs(float(other)))
    except ValueError:
        return False


@dataclass(frozen=True)
class Told:
    """One statement, to whom, and of what."""

    statement: Statement
    item_id: str
    person: Person
    other: tuple[str, ...]  # the history of somebody else


def told(generec: GeneRec, people: Sequence[str], seed: int) -> Iterator[Told]:
    """What the items that they would be shown are explained by; every second person asks for a value as well."""
    random, loop = Random(seed), generec.loop
    catalog = loop.retriever.meaning.catalog
    named = [name for name in ("genres", "categories", "tags", "topic", "brand") if name in catalog.frame.columns][:1]
    with task("people", len(people)) as bar:
        for number, user_id in enumerate(people):
            person = generec.person(user_id)
            guidance = Guidance(profile=person.profile)
            if number % 2 and named:
                value = catalog.frame[named[0]][random.randrange(len(catalog))]
                first = value[0] if len(value) and not isinstance(value, str) else value
                if isinstance(first, str) and first:
                    guidance = Guidance(profile=person.profile, hard=(Stated(Condition(named[0], "=", first)),))
            other = generec.histories[random.choice([one for one in people if one != user_id])]
            for item_id in loop.retriever.retrieve(guidance, person, 3).item_ids:
                for statement in loop.explainer.explain(item_id, guidance, person):
                    yield Told(statement, item_id, person, other)
            bar.advance()


def falls(generec: GeneRec, found: Sequence[Told], seed: int) -> tuple[list[float], list[float]]:
    """By how much scores fall without the cited events, and without as many others of the history."""
    random, cited, others = Random(seed), list[float](), list[float]()
    for one in found:
        events = set(one.statement.evidence[1:])
        rest = [event for event in one.person.history if event not in events]
        if one.statement.kind != "yours" or len(rest) < len(events):
            continue
        drawn = set(random.sample(rest, len(events)))
        history = one.person.history
        kept = [history, *(tuple(event for event in history if event not in gone) for gone in (events, drawn))]
        only = (Condition("item_id", "=", one.item_id),)
        slates = generec.system.recommend([Request(history=each, conditions=only, repeat=True) for each in kept], 1)
        if all(slate.source == "model" and slate.scores for slate in slates):
            full, without, less = (slate.scores[0] for slate in slates)
            cited.append(full - without)
            others.append(full - less)
    return cited, others


def judged(model: Path, folder: Path, count: int, seed: int) -> dict[str, Any]:
    """What explanations of one model are worth."""
    data = read_dataset(folder)
    facts = Facts.of(data)
    with TemporaryDirectory() as home:
        place = Path(home)
        generec = GeneRec(system=load(model), data=data, folder=place / "ledger", keys=Keys(place / "keys"))
        people = Random(seed).sample(sorted(generec.histories), min(count, len(generec.histories)))
        found = list(told(generec, people, seed))
        cited, others = falls(generec, found, seed)
    right = [facts.true(one.statement.text, one.item_id, one.person.history) for one in found]
    own = [one for one in found if one.statement.kind == "yours"]
    swapped = [facts.true(one.statement.text, one.item_id, one.other) for one in own]
    return {
        "people": len(people), "statements": len(found), "kinds": dict(Counter(one.statement.kind for one in found)),
        "precision": sum(right) / max(1, len(right)),
        "wrong": [one.statement.text for one, holds in zip(found, right, strict=True) if not holds][:20],
        "precision beside another's history": sum(swapped) / max(1, len(swapped)),
        "deletion": {
            "statements": len(cited), "cited events": asdict(mean_interval(torch.tensor(cited))),
            "others": asdict(mean_interval(torch.tensor(others))),
            "cited less others": asdict(difference_interval(torch.tensor(cited), torch.tensor(others))),
        },
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", nargs="+", metavar="MODEL:DATA")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = {}
    with reporting(Bars()):
        for pair in asked.pairs:
            model, _, folder = pair.partition(":")
            found[Path(folder).name] = figures = judged(Path(model), Path(folder), asked.people, asked.seed)
            shown = ("statements", "kinds", "precision", "precision beside another's history", "deletion")
            print(Path(folder).name, {name: figures[name] for name in shown}, figures["wrong"][:5])
    written(asked.out, {"seed": asked.seed, "data": found})
    return 0 if all(figures["precision"] >= 0.95 for figures in found.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
