"""Scores an instructor on the labelled instructions: which slots it fills, and which hard constraints it gets right.

    python bench/instruct.py                                   the world, open half
    python bench/instruct.py --movies DIR --beauty DIR         and catalogues that `generec data import` wrote
    python bench/instruct.py --failures                        with the sentences that are read wrongly
    python bench/instruct.py --file FILE                       other labelled sentences than those of the open half
    python bench/instruct.py --sealed                          the other half: aggregate figures only, once, at the end
    python bench/instruct.py --redial DIR --redial-items DIR   real dialogues: titles as anchors with their sign

Slots are compared as sets. Words (`~`) are right where at least half of the content words of both are shared. Slot
accuracy is right / (expected + spurious). `act` counts where it is not `recommend`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generec.data.conditions import parse
from generec.data.dataset import read_dataset
from generec.data.world import make_world
from generec.encoders.tfidf import TfidfEncoder
from generec.loop.grammar.dialogue import state_after
from generec.loop.grammar.tokens import stem
from generec.loop.grammar.words import word_set
from generec.loop.instructor import EmbeddedInstructor
from generec.loop.meaning import Meaning
from generec.protocols import Instructor
from generec.records import Guidance, Person
from generec.types import Catalog, Events
from measured import written

OPEN = Path(__file__).parent.parent / "tests" / "loop" / "instructions" / "open.jsonl"
SEALED = OPEN.with_name("sealed.jsonl.gz")
STOP = word_set(
    "a an the this that these those of in on at to for with by from and or but not no is are was were be been it its"
    " i me my we our you your he she they them his her their who which what as so very really too some any have has had"
    " do does did"
)
Slot = tuple[str, str]


def expected_slots(slots: Mapping[str, Any]) -> set[Slot]:
    """The label as a set of slots."""
    found: set[Slot] = set()
    for name, value in slots.items():
        if name == "totals":  # the record of a total knows no strict bounds
            found |= {(name, normal(re.sub(r"([<>])(?!=)", r"\1=", one))) for one in value}
        elif isinstance(value, list):
            found |= {
                (name, one if one.startswith("~") else normal(one) if name not in ("anchors", "directions") else one)
                for one in value
            }
        elif name != "act" or value != "recommend":
            found.add((name, str(value)))
    return found


def filled_slots(guidance: Guidance) -> set[Slot]:
    """A guidance as a set of slots."""
    found: set[Slot] = set()
    if guidance.act != "recommend":
        found.add(("act", guidance.act))
    found |= {("kind", guidance.kind)} if guidance.kind else set()
    found |= {("item", guidance.item_id)} if guidance.item_id else set()
    found |= {("count", str(guidance.count))} if guidance.count is not None else set()
    found |= {("audience", guidance.audience)} if guidance.audience else set()
    found |= {("ask", "True")} if guidance.question is not None else set()
    found |= {("hard", normal(str(one.condition))) for one in guidance.hard}
    for name, tastes in (("likes", guidance.likes), ("dislikes", guidance.dislikes)):
        found |= {
            (name, normal(str(one.condition)) if one.condition is not None else f"~{one.words}") for one in tastes
        }
    found |= {("anchors", ("+" if one.weight > 0 else "-") + one.item_id) for one in guidance.anchors}
    found |= {("directions", ("+" if one.sign > 0 else "-") + one.field) for one in guidance.directions}
    for total in guidance.totals:
        for operator, bound in ((">=", total.low), ("<=", total.high)):
            if bound is not None:
                found.add(("totals", normal(f"{total.field} {operator} {bound:g}")))  # a total is never strict
    return found


def normal(text: str) -> str:
    """One spelling for conditions that say the same."""
    condition = parse(text)
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    spelt = sorted(_spelt(value) for value in values)
    return f"{condition.field} {condition.operator} {'|'.join(spelt)}"


def _spelt(value: str | float) -> str:
    return f"{float(value):g}" if re.fullmatch(r"-?[0-9]+(?:\.[0-9]+)?", str(value)) else str(value)


def content(words: str) -> set[str]:
    return {stem(word) for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?", words.lower()) if word not in STOP}


def matched(expected: set[Slot], filled: set[Slot]) -> set[tuple[Slot, Slot]]:
    """Pairs of an expected and a filled slot that say the same; each is used once."""
    pairs = {(one, one) for one in expected & filled}
    left = {one for one in filled - expected if one[1].startswith("~")}
    for one in sorted(expected - filled):
        if not one[1].startswith("~"):
            continue
        wanted = content(one[1])
        scored = [
            (len(wanted & content(two[1])) / max(len(wanted | content(two[1])), 1), two)
            for two in left
            if two[0] == one[0]
        ]
        best = max(scored, default=(0.0, None), key=lambda pair: pair[0])
        if best[1] is not None and best[0] >= 0.5:
            pairs.add((one, best[1]))
            left.discard(best[1])
    return pairs


@dataclass
class Tally:
    """Counts of slots over sentences."""

    sentences: int = 0
    exact: int = 0
    right: int = 0
    expected: int = 0
    filled: int = 0
    hard: list[int] = field(
        default_factory=lambda: [0, 0, 0, 0]
    )  # right, expected, filled, sentences with the exact set

    def add(self, expected: set[Slot], filled: set[Slot]) -> bool:
        pairs = matched(expected, filled)
        hard, given = {one for one in expected if one[0] == "hard"}, {one for one in filled if one[0] == "hard"}
        self.sentences += 1
        self.right += len(pairs)
        self.expected += len(expected)
        self.filled += len(filled)
        self.hard = [
            self.hard[0] + len(hard & given),
            self.hard[1] + len(hard),
            self.hard[2] + len(given),
            self.hard[3] + (hard == given),
        ]
        whole = len(pairs) == len(expected) == len(filled)
        self.exact += whole
        return whole

    def figures(self) -> dict[str, float]:
        precision = self.right / self.filled if self.filled else 1.0
        recall = self.right / self.expected if self.expected else 1.0
        right, wanted, given, same = self.hard
        return {
            "sentences": self.sentences, "slots": self.expected, "sentences_exact": _share(self.exact, self.sentences),
            "precision": round(precision, 4), "recall": round(recall, 4),
            "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
            "slot_accuracy": _share(self.right, self.expected + self.filled - self.right),
            "hard": wanted, "hard_recall": _share(right, wanted), "hard_precision": _share(right, given),
            "hard_exact_set": _share(same, self.sentences),
        }  # fmt: skip


def _share(part: float, whole: float) -> float:
    return round(part / whole, 4) if whole else 1.0


def replay(instructor: Instructor, turns: Sequence[str], single: Iterable[str]) -> tuple[Guidance, float]:
    """The state after the last of some turns, and the seconds that turn took."""
    states: list[Guidance] = []
    seconds = 0.0
    for words in turns:
        began = time.perf_counter()
        new = instructor.instruct(words, Person(), states[-1] if states else None)
        seconds = time.perf_counter() - began
        states.append(state_after(states, new, frozenset(single)))
    return states[-1], seconds


def singles(catalog: Catalog) -> frozenset[str]:
    return frozenset(name for name, kind in catalog.frame.schema.items() if kind == pl.String)


def score(rows: Sequence[Mapping[str, Any]], instructor: Instructor, catalog: Catalog) -> dict[str, Any]:
    """Figures of one catalogue's rows, by phenomenon too, and the rows that are read wrongly."""
    total, by_about = Tally(), defaultdict(Tally)
    failures, times = [], []
    for row in rows:
        guidance, seconds = replay(instructor, [*row.get("before", ()), row["text"]], singles(catalog))
        expected, filled = expected_slots(row["slots"]), filled_slots(guidance)
        times.append(seconds)
        if not total.add(expected, filled):
            pairs = matched(expected, filled)
            failures.append({
                "id": row["id"], "before": row.get("before", []), "text": row["text"],
                "missed": sorted(map(" ".join, expected - {one for one, _ in pairs})),
                "spurious": sorted(map(" ".join, filled - {two for _, two in pairs})),
            })  # fmt: skip
        for name in row["about"]:
            by_about[name].add(expected, filled)
    return {"total": total, "by_about": by_about, "failures": failures, "seconds": times}


def load(path: Path) -> list[dict[str, Any]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [json.loads(line) for line in text.splitlines()]


def catalogues(movies: Path | None, beauty: Path | None) -> dict[str, Catalog | str]:
    """The catalogues that are there; for others the reason why not."""
    found: dict[str, Catalog | str] = {"world": make_world().dataset.catalog}
    for name, folder in (("movies", movies), ("beauty", beauty)):
        if folder is None:
            found[name] = f"skipped: --{name} names no folder"
        elif not folder.is_dir():
            found[name] = f"skipped: {folder} is no folder"
        else:
            found[name] = read_dataset(folder).catalog
    return found


def embedded(catalog: Catalog) -> EmbeddedInstructor:
    return EmbeddedInstructor(Meaning(catalog, TfidfEncoder(dimensions=64).fit(catalog, Events.pack([]))))


def run(
    path: Path, found: Mapping[str, Catalog | str], made: Callable[[Catalog], Instructor], failures: bool
) -> dict[str, Any]:
    """Figures by catalogue; single failures are printed where they may be seen, which excludes the sealed half."""
    rows, everything, by_about = load(path), Tally(), defaultdict(Tally)
    result: dict[str, Any] = {}
    for name, catalog in found.items():
        if isinstance(catalog, str):
            result[name] = {"skipped": catalog}
            print(f"{name}: {catalog}")
            continue
        own = [row for row in rows if row["catalogue"] == name]
        if not own:
            continue
        scored = score(own, made(catalog), catalog)
        milliseconds = 1000 * np.array(scored["seconds"])
        result[name] = {
            **scored["total"].figures(),
            "ms_p50": round(float(np.percentile(milliseconds, 50)), 2),
            "ms_p99": round(float(np.percentile(milliseconds, 99)), 2),
        }  # fmt: skip
        _join(everything, scored["total"])
        for about, tally in scored["by_about"].items():
            _join(by_about[about], tally)
        if failures and path != SEALED:
            for failure in scored["failures"]:
                print(json.dumps(failure, ensure_ascii=False))
    result["all"] = everything.figures()
    result["by_about"] = {name: by_about[name].figures() for name in sorted(by_about)}
    return result


def _join(one: Tally, other: Tally) -> None:
    for name in ("sentences", "exact", "right", "expected", "filled"):
        setattr(one, name, getattr(one, name) + getattr(other, name))
    one.hard = [a + b for a, b in zip(one.hard, other.hard, strict=True)]


def show(result: Mapping[str, Any]) -> None:
    columns = (
        "sentences",
        "sentences_exact",
        "precision",
        "recall",
        "f1",
        "slot_accuracy",
        "hard_recall",
        "hard_precision",
        "hard_exact_set",
        "ms_p50",
        "ms_p99",
    )
    print(f"{'':14}" + "".join(f"{column.replace('sentences_', '').replace('hard_', 'h.'):>14}" for column in columns))
    for name, figures in result.items():
        if name != "by_about" and "skipped" not in figures:
            print(f"{name:14}" + "".join(f"{figures.get(column, ''):>14}" for column in columns))
    for name, figures in result.get("by_about", {}).items():
        print(
            f"  {name:14}{figures['sentences']:>5} sentences, slots {figures['slot_accuracy']:.3f}, "
            f"hard {figures['hard_recall']:.3f} / {figures['hard_precision']:.3f}"
        )


def redial(folder: Path, items: Path, most: int) -> dict[str, Any]:
    """How often titles that seekers mention in real dialogues become anchors, and with the sign they said later.

    Mentions stand as @id in the messages and are replaced by their titles; a seeker's own answers (liked 1, not 0) are
    the sign. Only messages of the seeker with a labelled mention count. Titles are the imported ones.
    """
    catalog = read_dataset(items).catalog
    titles = dict(zip(catalog.item_ids, catalog.frame["title"].to_list(), strict=True))
    instructor = embedded(catalog)
    counts: Counter[str] = Counter()
    slots: Counter[str] = Counter()
    for message, mentioned, liked in _seeker_messages(folder / "dialogues_valid.jsonl", set(titles)):
        if counts["messages"] >= most:
            break
        text = re.sub(r"@(\d+)", lambda found: titles.get(found[1], ""), message)
        guidance = instructor.instruct(text, Person(), None)
        anchors = {one.item_id: one.weight for one in guidance.anchors}
        counts["messages"] += 1
        counts["asked"] += guidance.question is not None
        for name in ("hard", "likes", "dislikes", "anchors", "directions"):
            slots[name] += bool(getattr(guidance, name))
        slots["none"] += not any(
            getattr(guidance, name)
            for name in ("hard", "likes", "dislikes", "anchors", "directions", "audience", "question")
        )
        for item in mentioned:
            counts["mentions"] += 1
            counts["recovered"] += item in anchors
            counts["liked" if liked[item] else "disliked"] += 1
            counts["liked_right" if liked[item] else "disliked_right"] += (
                item in anchors and (anchors[item] > 0) == liked[item]
            )
        counts["anchors"] += len(anchors)
        counts["anchors_right"] += sum(item in mentioned for item in anchors)
    return {
        **counts, "recall": _share(counts["recovered"], counts["mentions"]),
        "precision": _share(counts["anchors_right"], counts["anchors"]),
        "sign_right_of_liked": _share(counts["liked_right"], counts["liked"]),
        "sign_right_of_disliked": _share(counts["disliked_right"], counts["disliked"]),
        "messages_with": {name: _share(count, counts["messages"]) for name, count in sorted(slots.items())},
    }  # fmt: skip


def _seeker_messages(path: Path, known: set[str]) -> Iterable[tuple[str, list[str], dict[str, bool]]]:
    for line in path.read_text(encoding="utf-8").split("\n"):
        dialogue = json.loads(line) if line.strip() else {}
        answers = dialogue.get("initiatorQuestions") or {}
        for message in dialogue.get("messages", ()):
            mentioned = [one for one in re.findall(r"@(\d+)", message["text"]) if one in known and one in answers]
            liked = {one: answers[one]["liked"] == 1 for one in mentioned if answers[one]["liked"] in (0, 1)}
            mentioned = [one for one in mentioned if one in liked]
            if mentioned and message["senderWorkerId"] == dialogue["initiatorWorkerId"]:
                yield message["text"], mentioned, liked


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movies", type=Path, help="MovieLens 1M with plots, as imported")
    parser.add_argument("--beauty", type=Path, help="Amazon 2014 Beauty, as imported")
    parser.add_argument("--sealed", action="store_true", help="the half that nobody looked at; aggregate figures only")
    parser.add_argument("--file", type=Path, default=OPEN, help="labelled instructions of your own, in the same format")
    parser.add_argument("--failures", action="store_true", help="print what is read wrongly; never of the sealed half")
    parser.add_argument("--redial", type=Path, help="the ReDial dialogues")
    parser.add_argument("--redial-items", type=Path, help="the ReDial films, as imported")
    parser.add_argument("--most", type=int, default=1500, help="messages of ReDial to read")
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    path: Path = SEALED if chosen.sealed else chosen.file
    if chosen.redial is not None:
        if chosen.redial_items is None:
            parser.error("--redial needs --redial-items, the folder that `generec data import` wrote for its films")
        result: dict[str, Any] = {"redial": redial(chosen.redial, chosen.redial_items, chosen.most)}
        print(json.dumps(result["redial"], indent=1))
    else:
        result = run(path, catalogues(chosen.movies, chosen.beauty), embedded, chosen.failures)
        show(result)
    if chosen.out is not None:
        written(chosen.out, {"sentences": path.name, **result})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
