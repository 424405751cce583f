"""The text creator on the embedded world: is it fluent, does it keep to evidence, does it write for a person?

A share of the cells subtopic x tone is withheld: their items are neither learned nor retrieved. Requests name a
subtopic; tone, pace, length and register are what the person likes. What a text hits is found in its words by the
frozen reader of the world, never in declared codes. Within a request all writers have the same evidence: of the
subtopic, and of the styles of the right person and of both others. Figures are of the writer whatever its gate says;
the gate is reported beside them.

    python bench/text_creator.py --out text_creator.json --folder runs/text_creator              hours on a CPU
    python bench/text_creator.py --items 600 --users 600 --epochs 40 --requests 12 --width 48 --layers 2 --words 1500

Stopped, it goes on where it was: run the same command again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from generec.create.language_model import LanguageModel, Sampling
from generec.create.text_creator import FittedTextCreator, Reward, TextBrief, TextCreator
from generec.create.text_evidence import CodedTexts
from generec.create.text_lessons import Teaching
from generec.create.text_statements import support
from generec.data.world import World, make_world
from generec.data.world.manners import FACETS, sizes
from generec.data.world.topics import subtopics
from generec.evidence.verify import EvidenceIndex
from generec.fitting.loop import Run
from generec.metrics.intervals import difference_interval, mean_interval
from generec.recipes.what_and_how import STYLE, what_and_how
from generec.records import Abstain, Code, Evidence, Guidance
from generec.tokenizers.joined import joined
from generec.types import Catalog, Events
from measured import written

WRITERS = ("right", "right, user vector only", "swapped", "swapped, disjoint taste", "nobody")


@dataclass(frozen=True)
class Setting:
    """The world without its withheld cells, coded, and who may ask."""

    world: World
    rows: Tensor  # (n,) rows of the world that are left
    items: Catalog
    withheld: frozenset[tuple[int, int]]  # subtopic, tone
    histories: tuple[tuple[int, ...], ...]  # per person, rows of `items`
    asking: tuple[int, ...]  # people whom the creator has not learned from

    @staticmethod
    def of(items: int, users: int, seed: int, share: float) -> Setting:
        world, draw = make_world(items, users, seed), np.random.default_rng(seed + 1)
        truth, tones = world.hidden.items, sizes()[0]
        cells = [(leaf, tone) for leaf in range(len(subtopics())) for tone in range(tones)]
        chosen = draw.choice(len(cells), round(share * len(cells)), replace=False)
        withheld = frozenset(cells[cell] for cell in chosen)
        left = [r for r in range(items) if (int(truth.subtopic[r]), int(truth.how[r, 0])) not in withheld]
        catalog = Catalog(world.dataset.catalog.frame[left])
        taken = world.dataset.events.filter(pl.col("event") != "skip")
        grouped = taken.group_by("user_id", maintain_order=True).agg("item_id")
        used = dict(zip(grouped["user_id"], grouped["item_id"].to_list(), strict=True))
        people = world.dataset.users["user_id"] if world.dataset.users is not None else []
        histories = tuple(tuple(catalog.known_rows(used.get(user, ()))) for user in people)
        asking = [int(u) for u in draw.permutation(users)[: users // 10] if len(histories[u]) >= 5]
        return Setting(world, torch.tensor(left), catalog, withheld, histories, tuple(asking))

    @cached_property
    def train(self) -> Events:
        asking = set(self.asking)
        return Events.pack([h for user, h in enumerate(self.histories) if h and user not in asking])

    @cached_property
    def subtopic(self) -> Tensor:
        return torch.from_numpy(self.world.hidden.items.subtopic)[self.rows]

    def favourite(self, user: int) -> tuple[int, ...]:
        """What the person likes most of each facet."""
        ends = np.cumsum(sizes())[:-1]
        return tuple(int(part.argmax()) for part in np.split(self.world.hidden.people.style[user], ends))


@dataclass(frozen=True)
class Coded:
    """Features and codes of the items that are left."""

    features: Tensor  # (n, STYLE): the style side, which is what a person brings to a subtopic
    what: Tensor
    how: Tensor

    @staticmethod
    def of(setting: Setting, file: Path) -> Coded:
        if not file.exists():
            recipe = what_and_how()
            features = recipe.encoder.fit(setting.items, setting.train).encode(setting.items)
            quantizer = joined(recipe.tokenizer.fit(features, setting.train))
            codes, levels = quantizer.codes(features), quantizer.levels[0]
            parts = {"features": features[:, -STYLE:], "what": codes[:, :levels], "how": codes[:, levels:]}
            save_file({name: part.contiguous() for name, part in parts.items()}, file)
        return Coded(**load_file(file))

    def usual(self, codes: Tensor, rows: Sequence[int]) -> Code:
        """The code that most of some rows have."""
        return Counter(tuple(codes[row].tolist()) for row in rows).most_common(1)[0][0]


@dataclass(frozen=True)
class Request:
    user: int
    others: tuple[int, int]  # a random person, and one who likes another value of every facet
    subtopic: int
    gap: bool


def requests(setting: Setting, count: int, seed: int) -> list[Request]:
    """Half of them for withheld cells, half for cells that have items; as many as the people allow."""
    draw = np.random.default_rng(seed + 2)
    truth = setting.world.hidden.items
    present = Counter((int(truth.subtopic[row]), int(truth.how[row, 0])) for row in setting.rows.tolist())
    known = Counter(setting.subtopic.tolist())
    found: list[Request] = []
    for number in range(count):
        for _ in range(100):
            user, other, *more = (int(draw.choice(setting.asking)) for _ in range(40))
            own, gap = setting.favourite(user), number % 2 == 1
            apart = [u for u in more if all(a != b for a, b in zip(setting.favourite(u), own, strict=True))]
            leaves = [leaf for leaf in range(len(subtopics())) if known[leaf] and (
                (leaf, own[0]) in setting.withheld if gap else present[leaf, own[0]]
            )]  # fmt: skip
            if apart and leaves and other != user:
                found.append(Request(user, (other, apart[0]), int(draw.choice(leaves)), gap))
                break
    return found


class Bench:
    """One trained creator and what it is asked."""

    def __init__(self, setting: Setting, coded: Coded, creator: FittedTextCreator):
        self.setting, self.coded = setting, coded
        self.gate = {"ready": creator.ready, "reasons": creator.reasons, **creator.figures}
        self.creator = replace(creator, figures={**creator.figures, "nats": 0.0, "ngram": 1.0, "support": 1.0})
        frame = setting.items.frame
        self.prose: list[str] = frame["description"].to_list()
        self.store = CodedTexts(frame["item_id"].to_list(), self.prose, coded.what, coded.how)
        self.reader = setting.world.hidden.reader

    def answer(self, request: Request, number: int) -> dict[str, Any]:
        """What every writer wrote, and what the reader finds in it."""
        about = (self.setting.subtopic == request.subtopic).nonzero()[:, 0].tolist()
        what = self.coded.usual(self.coded.what, about)
        people = (request.user, *request.others)
        hows = [self.coded.usual(self.coded.how, self.setting.histories[user]) for user in people]
        evidence = self.store.gather(what, hows, about, each=4)
        wanted = (request.subtopic, self.setting.favourite(request.user))
        texts: dict[str, list[str]] = {}
        users = (people[0], people[0], people[1], people[2], None)
        for writer, how, user in zip(WRITERS, (hows[0], (), hows[1], hows[2], ()), users, strict=True):
            brief = TextBrief(
                guidance=Guidance(seed=number), evidence=evidence, what=what, how=how, user=self._vector(user)
            )
            texts[writer] = self._best(brief, number, self._reward(user))
            if writer == "right":
                one = replace(self.creator, spec=replace(self.creator.spec, best_of=1))
                texts["right, one sample"] = self._best(brief, number, None, one)
                raw = self.creator.samples(brief, 1, number)[0].text
                right, total = support(raw, EvidenceIndex(evidence))
                repeats = self.creator.phrases.repeated(raw)
                bare = [replace(brief, evidence=some) for some in ((), (Evidence("p", "x", None, "likes", "person"),))]
                abstained = [isinstance(self.creator.create(each), Abstain) for each in bare]
        texts["best retrieved"] = [self.prose[self._retrieved(about, request.user)]]
        rows = {writer: self._read(found, wanted) for writer, found in texts.items()}
        return {
            "number": number, "gap": request.gap, "rows": rows, "texts": texts, "support": [right, total],
            "repeats": repeats, "abstained": abstained,
        }  # fmt: skip

    def _vector(self, user: int | None) -> Tensor | None:
        return None if user is None else self.coded.features[list(self.setting.histories[user])].mean(0)

    def _best(
        self, brief: TextBrief, seed: int, reward: Reward | None, creator: FittedTextCreator | None = None
    ) -> list[str]:
        made = (creator or self.creator).create(brief, 1, seed, reward)
        return [] if isinstance(made, Abstain) else [draft.payload.text for draft in made]  # type: ignore[union-attr]

    def _reward(self, user: int | None) -> Reward | None:
        """Words shared with what the person used, against what everybody uses: none of the guide's features."""
        if user is None:
            return None
        own = self.words[list(self.setting.histories[user])].mean(0) - self.words.mean(0)
        profile = np.asarray(own).ravel()
        return lambda texts: (self._hashed(texts) @ profile).tolist()

    @cached_property
    def words(self) -> Any:
        return self._hashed(self.prose)

    def _hashed(self, texts: Sequence[str]) -> Any:
        from sklearn.feature_extraction.text import HashingVectorizer

        return HashingVectorizer(n_features=1 << 14, alternate_sign=False).transform(texts)

    def _retrieved(self, about: Sequence[int], user: int) -> int:
        """Of the items of the subtopic the one whose style is nearest to what the person used."""
        style = torch.nn.functional.normalize(self.coded.features[list(about)], dim=-1)
        vector = self._vector(user)
        return about[int((style @ vector).argmax())] if vector is not None else about[0]

    def _read(self, texts: Sequence[str], wanted: tuple[int, tuple[int, ...]]) -> dict[str, float]:
        """Hits of one text; an abstention hits nothing."""
        names = ("made", "hit", "subtopic", "topic", *FACETS, "facets")
        if not texts:
            return dict.fromkeys(names, 0.0)
        reading = self.reader.read(texts[:1])
        leaf = int(reading.subtopic[0]) == wanted[0]
        topic = int(reading.topic[0]) >= 0 and _topic(int(reading.subtopic[0])) == _topic(wanted[0])
        facets = [float(found == asked) for found, asked in zip(reading.how[0].tolist(), wanted[1], strict=True)]
        values = (1.0, leaf and facets[0], leaf, topic, *facets, float(np.mean(facets)))
        return dict(zip(names, map(float, values), strict=True))

    def latency(self, repeats: int = 5) -> dict[str, float]:
        """Seconds for 8 candidates of 64 tokens each, none of which ends early, and for a whole `create`."""
        evidence = self.store.gather(tuple(self.coded.what[0].tolist()), [tuple(self.coded.how[0].tolist())], [0])
        brief = TextBrief(guidance=Guidance(), evidence=evidence, what=tuple(self.coded.what[0].tolist()))
        spec = replace(self.creator.spec, sampling=Sampling(tokens=64, temperature=2.0))
        endless = replace(self.creator, spec=spec)
        return {
            "8 x 64 tokens": _median(lambda seed: endless.samples(brief, 8, seed), repeats),
            "create": _median(lambda seed: self.creator.create(brief, seed=seed), repeats),
            "threads": float(torch.get_num_threads()),
        }

    def reader_error(self) -> dict[str, float]:
        """How often the reader is wrong on the catalogue's own texts."""
        truth, rows = self.setting.world.hidden.items, self.setting.rows[:2000]
        reading = self.reader.read(self.prose[: len(rows)])
        wrong = {"subtopic": float((reading.subtopic != truth.subtopic[rows]).mean())}
        return wrong | {
            name: float((reading.how[:, at] != truth.how[rows][:, at]).mean()) for at, name in enumerate(FACETS)
        }


def _topic(subtopic: int) -> str:
    return subtopics()[subtopic].topic


def _median(work: Callable[[int], object], repeats: int) -> float:
    spent = []
    for seed in range(repeats):
        began = time.perf_counter()
        work(seed)
        spent.append(time.perf_counter() - began)
    return float(np.median(spent))


def summary(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means with intervals over requests, per kind of cell; and what the right person's row has before the others."""
    found: dict[str, Any] = {}
    for name, gap in (("covered", False), ("withheld", True)):
        some = [answer for answer in answers if answer["gap"] == gap]
        if not some:
            continue
        writers = list(some[0]["rows"])

        def column(writer: str, measure: str, some: Sequence[Mapping[str, Any]] = some) -> Tensor:
            return torch.tensor([answer["rows"][writer][measure] for answer in some])

        found[name] = {
            "requests": len(some),
            "rows": {w: {m: _interval(mean_interval(column(w, m))) for m in some[0]["rows"][w]} for w in writers},
            "right less": {
                w: {m: _interval(difference_interval(column("right", m), column(w, m))) for m in ("hit", "facets")}
                for w in writers if w != "right"
            },
        }  # fmt: skip
    right, total = (sum(answer["support"][side] for answer in answers) for side in (0, 1))
    found["unfiltered support"] = right / max(1, total)
    found["unfiltered texts with 9 words of one learned text"] = float(np.mean([a["repeats"] for a in answers]))
    found["abstained without evidence"] = float(np.mean([one for a in answers for one in a["abstained"]]))
    return found


def _interval(interval: Any) -> list[float]:
    return [round(value, 4) for value in (interval.mean, interval.low, interval.high)]


def trained(setting: Setting, coded: Coded, asked: argparse.Namespace, folder: Path) -> FittedTextCreator:
    """The creator, trained or read back."""
    spec = TextCreator(
        model=LanguageModel(width=asked.width, layers=asked.layers),
        optimisation=replace(
            TextCreator().optimisation, epochs=asked.epochs, batch_tokens=asked.batch, learning_rate=asked.rate,
        ),
        teaching=Teaching(strangers=8), vocabulary=asked.words,
    )  # fmt: skip
    file = folder / "creator.safetensors"
    if not file.exists():
        run = Run(directory=folder, seed=asked.seed, resume=True)
        fitted = spec.fit(setting.items, coded.features, coded.what, coded.how, setting.train, run)
        save_file({name: value.contiguous() for name, value in fitted.state().items()}, file)
    return spec.restore(load_file(file))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default="text_creator.json")
    parser.add_argument("--folder", type=Path, help="of checkpoints and answers; beside --out where not given")
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--withheld", type=float, default=0.1, help="share of the cells subtopic x tone")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch", type=int, default=4000, help="tokens in a batch")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--words", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    folder = asked.folder or Path(asked.out).with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    began = time.process_time()
    setting = Setting.of(asked.items, asked.users, asked.seed, asked.withheld)
    coded = Coded.of(setting, folder / "codes.safetensors")
    bench = Bench(setting, coded, trained(setting, coded, asked, folder))
    answers = answered(bench, requests(setting, asked.requests, asked.seed), folder / "answers.jsonl")
    log = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    results = {
        "seed": asked.seed,
        "weights": sum(parameter.numel() for parameter in bench.creator.model.parameters()),
        "items": {"learned or held out": len(setting.items), "withheld": asked.items - len(setting.items)},
        "epochs": [
            {name: row[name] for name in ("epoch", "loss", "nats", "nats_given") if name in row}
            | {"perplexity": float(np.exp(row["nats"])) if "nats" in row else None}
            for row in log
        ],
        "gate": bench.gate, "reader error": bench.reader_error(), "latency in seconds": bench.latency(),
        **summary(answers), "examples": [answer["texts"] for answer in answers[:4]],
        "cpu_seconds": time.process_time() - began,
    }  # fmt: skip
    written(Path(asked.out), results)
    with pl.Config(tbl_rows=30, tbl_cols=12, fmt_str_lengths=40):
        for cells in ("covered", "withheld"):
            rows = results.get(cells, {}).get("rows", {})
            print(cells, pl.DataFrame([{"writer": w, **{m: v[0] for m, v in r.items()}} for w, r in rows.items()]))
    print(json.dumps({k: results[k] for k in ("gate", "latency in seconds", "abstained without evidence")}, indent=1))


def answered(bench: Bench, asked: Sequence[Request], file: Path) -> list[dict[str, Any]]:
    """Answers to all requests; those that an earlier run gave are read back."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    done = [json.loads(line) for line in lines if line.endswith("}")][: len(asked)]
    with file.open("a", encoding="utf-8") as log:
        for number in range(len(done), len(asked)):
            done.append(bench.answer(asked[number], number))
            log.write(json.dumps(done[-1]) + "\n")
            log.flush()
    return done


if __name__ == "__main__":
    main()
