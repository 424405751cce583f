"""Writing for machines: what it gains in an answer engine, and in our own loop with the defence off and on.

    python bench/geo.py --out docs/results/geo.json             the embedded world, TF-IDF meaning, some minutes
    python bench/geo.py --items 200 --wishes 20 --seeds 1       a look
    python bench/geo.py --data FOLDER --meaning installed       a catalogue of your own; wishes are words of its texts

Answers: one of the five sources of every question is rewritten; the change of its position-adjusted visibility against
the identity, as a ratio of means (Aggarwal et al. 2024). Attacks: a share of the items carries an attack, each aimed at
the words of one wish that it does not serve and under which it stands among the first `reach` * k. Inclusion is how
often such an item is among the k first of its wish; the lift is against the same defence on the clean catalogue.
Words are retrieved by the loop's Retriever over item-kNN, which reads no text. Aims by chance instead: --reach 0.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch

from generec.data.importers import import_data
from generec.data.split import everything
from generec.data.world import make_world
from generec.data.world.manners import manners
from generec.encoders.text import text_encoder
from generec.encoders.tfidf import TfidfEncoder
from generec.evaluation.baselines import ItemKNN
from generec.evidence.trusted import PROSE, as_written, flagged, ranked_prose, trusted
from generec.fitting.progress import Bars, reporting, task
from generec.loop.meaning import Meaning
from generec.loop.retrieve import Retriever
from generec.metrics.intervals import mean_interval
from generec.metrics.ranking import ndcg
from generec.metrics.visibility import position_adjusted, word_count
from generec.protocols import FittedEncoder, Recommender
from generec.records import Candidate, Guidance, Person, Stated, Taste
from generec.simulation.geo.attacks import ATTACKS, KNOWN, UNSEEN, Aim, Attack, plain_claim
from generec.simulation.geo.engine import CitingEngine, TfidfCloseness
from generec.simulation.geo.rewriters import REWRITERS, identity, keyword_stuffing
from generec.simulation.goals import Goals
from generec.simulation.people import WorldPeople
from generec.types import Catalog, Dataset, Events, Request, Slate
from measured import written

Read = Callable[[Catalog], Catalog]
Ranks = np.ndarray[Any, np.dtype[np.int64]]

HELPFUL = ("quotation", "statistics", "cite_sources")


@dataclass(frozen=True)
class Wish:
    """What a person asks for in words, and the rows that serve it."""

    words: str
    guidance: Guidance
    person: Person
    relevant: frozenset[int]


@dataclass(frozen=True)
class Remembered:
    """A recommender that is asked everything once; it reads no texts, so that attacked catalogues change nothing."""

    recommender: Recommender
    known: dict[tuple[Request, int], Slate]

    def recommend(self, requests: Sequence[Request], k: int = 10) -> list[Slate]:
        for request in requests:
            if (request, k) not in self.known:
                self.known[request, k] = self.recommender.recommend([request], k)[0]
        return [self.known[request, k] for request in requests]


@dataclass(frozen=True)
class Shop:
    """A clean catalogue, its recommender and the wishes of people."""

    catalog: Catalog
    recommender: Recommender
    wishes: tuple[Wish, ...]
    encoder: FittedEncoder  # fitted on the clean catalogue, so that only texts differ between catalogues

    @cached_property
    def prose(self) -> str:
        """The field that sellers write."""
        return next(name for name in PROSE if name in self.catalog.frame.columns)

    def ranks(self, catalog: Catalog, read: Read) -> Ranks:
        """Place of every item under every wish, (W, N), from 0; the number of items where it is not allowed."""
        retriever = Retriever(recommender=self.recommender, meaning=Meaning(catalog, self.encoder, read))
        found = np.full((len(self.wishes), len(catalog)), len(catalog), np.int64)
        for at, wish in enumerate(self.wishes):
            scores = retriever.scores(wish.guidance, wish.person)
            order = np.argsort(-scores, kind="stable")[: int(np.isfinite(scores).sum())]
            found[at, order] = np.arange(len(order))
        return found


def shop(dataset: Dataset, wishes: Sequence[Wish], installed: bool) -> Shop:
    torch.manual_seed(0)
    part = text_encoder() if installed else TfidfEncoder()
    encoder = part.fit(dataset.catalog, Events.pack([]))
    recommender = ItemKNN().fit(everything(dataset), dataset.catalog)
    return Shop(dataset.catalog, Remembered(recommender, {}), tuple(wishes), encoder)


def world_shop(items: int, count: int, seed: int, installed: bool) -> Shop:
    """The embedded world: wishes are its people's goals, served where the world's reader says so."""
    people = WorldPeople(make_world(items, max(60, items // 4), seed), seed)
    goals = Goals(people, seed=seed)
    wishes = []
    for at in range(count):
        user = people.user_ids[at % len(people.user_ids)]
        goal = goals.for_item(user, at // len(people.user_ids))
        served = [goal.look(Candidate("retrieved", "", item_id)).served for item_id in people.catalog.item_ids]
        manner = [values[code].wish for values, code in zip(manners(), goal.how, strict=True) if code >= 0]
        words = ", ".join([goal.thing, *manner])
        guidance = Guidance(
            hard=tuple(Stated(rule) for rule in goal.terms.conditions), likes=(Taste(1.0, None, words),)
        )
        wishes.append(Wish(words, guidance, people.person(user), frozenset(np.flatnonzero(served).tolist())))
    return shop(people.world.dataset, wishes, installed)


def own_shop(folder: Path, items: int, count: int, seed: int, installed: bool) -> Shop:
    """Any catalogue with prose: a wish is six words of one item's text, and that item serves it."""
    dataset = import_data(folder)
    name = next(field for field in PROSE if field in dataset.catalog.frame.columns)
    draw = np.random.default_rng(seed)
    catalog = Catalog(dataset.catalog.frame[np.sort(draw.permutation(len(dataset.catalog))[:items]).tolist()])
    dataset = Dataset(dataset.events.filter(pl.col("item_id").is_in(catalog.item_ids)), catalog)
    words = [sorted({word for word in (text or "").split() if word.isalpha() and len(word) > 4})
             for text in catalog.frame[name].to_list()]  # fmt: skip
    told = [row for row, found in enumerate(words) if len(found) > 12]
    wishes = []
    for row in draw.choice(told, min(count, len(told)), replace=False).tolist():
        asked = " ".join(draw.choice(words[row], 6, replace=False).tolist())
        wishes.append(Wish(asked, Guidance(likes=(Taste(1.0, None, asked),)), Person(), frozenset([row])))
    return shop(dataset, wishes, installed)


@dataclass(frozen=True)
class Aimed:
    """One attacked item and the wish it is after."""

    row: int
    wish: int
    aim: Aim


def aims(stock: Shop, clean: Ranks, share: float, near: int, seed: int) -> list[Aimed]:
    """A random share of the items, each with a wish that allows it, that it does not serve and stands near to."""
    draw = np.random.default_rng([seed, 1])
    size = len(stock.catalog)
    numbers = [name for name, kind in stock.catalog.frame.schema.items() if kind.is_numeric()]
    served = np.zeros((len(stock.wishes), size), bool)
    for at, wish in enumerate(stock.wishes):
        served[at, sorted(wish.relevant)] = True
    best = stock.catalog.titles([stock.catalog.item_ids[row] for row in clean.argmin(1)])
    found = []
    for row in np.sort(draw.permutation(size)[: round(share * size)]).tolist():
        open_to = np.flatnonzero((clean[:, row] < (near or size)) & ~served[:, row])
        if open_to.size:
            wish = int(draw.choice(open_to))
            item = stock.catalog.frame.row(row, named=True)
            facts = {name: float(item[name]) for name in numbers if item[name] is not None}
            text = item[stock.prose] or ""
            found.append(
                Aimed(row, wish, Aim(text=text, wish=stock.wishes[wish].words, rival=best[wish], numbers=facts))
            )
    return found


def attacked(stock: Shop, aimed: Sequence[Aimed], attack: Attack, phrasings: Sequence[int]) -> Catalog:
    """The catalogue after an attack, phrasings taking turns."""
    texts = stock.catalog.frame[stock.prose].to_list()
    for at, each in enumerate(aimed):
        texts[each.row] = attack(each.aim, phrasings[at % len(phrasings)])
    return Catalog(stock.catalog.frame.with_columns(pl.Series(stock.prose, texts, pl.String)))


DEFENCES: dict[str, Read] = {"off": as_written, "on": trusted}


def clean_figures(stock: Shop, ranks: dict[str, Ranks], k: int) -> dict[str, float]:
    """What the defence costs where nobody attacks."""
    quality = {name: quality_at(stock, found, k) for name, found in ranks.items()}
    off, on = ranks["off"] < k, ranks["on"] < k
    return {"ndcg off": float(quality["off"].mean()), "ndcg on": float(quality["on"].mean()),
            "loss": float((quality["off"] - quality["on"]).mean() / quality["off"].mean()),
            "same in the first k": float((off & on).sum() / off.sum()),
            "flagged": len(flagged(stock.catalog)) / len(stock.catalog)}  # fmt: skip


def quality_at(stock: Shop, ranks: Ranks, k: int) -> torch.Tensor:
    """NDCG@k of every wish that something serves."""
    served = [(at, sorted(wish.relevant)) for at, wish in enumerate(stock.wishes) if wish.relevant]
    where = torch.from_numpy(np.concatenate([ranks[at, rows] + 1 for at, rows in served]))
    offsets = torch.tensor([0, *np.cumsum([len(rows) for _, rows in served]).tolist()])
    return ndcg(where, offsets, k)


def attack_figures(asked: argparse.Namespace) -> dict[str, Any]:
    """Every attack with each defence, known and unseen phrasings apart, over all seeds."""
    found: dict[tuple[str, str, str], list[tuple[float, float, float]]] = {}
    clean, spent = [], []
    cases = [(attack, name, which) for attack in (*ATTACKS, plain_claim)
             for name, which in (("known", KNOWN), ("unseen", UNSEEN))]  # fmt: skip
    with task("attacks", asked.seeds * len(cases)) as bar:
        for seed in range(asked.seeds):
            stock = open_shop(asked, seed)
            before = {name: stock.ranks(stock.catalog, read) for name, read in DEFENCES.items()}
            clean.append(clean_figures(stock, before, asked.k))
            aimed = aims(stock, before["off"], asked.share, asked.reach * asked.k, seed)
            rows, wishes = [each.row for each in aimed], [each.wish for each in aimed]
            for attack, name, which in cases:
                catalog = attacked(stock, aimed, attack, which)
                began = time.process_time()
                trusted(catalog)
                spent.append(1000 * (time.process_time() - began) / len(aimed))  # the others are remembered
                for defence, read in DEFENCES.items():
                    after = stock.ranks(catalog, read)[wishes, rows]
                    start = before[defence][wishes, rows]
                    pairs = zip((start < asked.k).tolist(), (after < asked.k).tolist(), (start - after).tolist(),
                                strict=True)  # fmt: skip
                    found.setdefault((attack.__name__, name, defence), []).extend(pairs)
                bar.advance(note=attack.__name__)
    return {
        "clean": {name: float(np.mean([each[name] for each in clean])) for name in clean[0]},
        "ms per attacked item, at most": max(spent),
        "attacks": {name: {kind: {defence: lift(found[name, kind, defence]) for defence in DEFENCES}
                           for kind in ("known", "unseen")} for name in dict.fromkeys(key[0] for key in found)},
        "all tricks": {
            kind: {defence: lift([pair for attack in ATTACKS for pair in found[attack.__name__, kind, defence]])
                   for defence in DEFENCES} for kind in ("known", "unseen")},
    }  # fmt: skip


def lift(pairs: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Inclusion before and after, its change in points and over the clean one, and the mean gain in rank."""
    before, after, gain = torch.tensor(pairs, dtype=torch.float64).T
    change = mean_interval(after - before)
    base = float(before.mean())
    return {"pairs": len(pairs), "clean": base, "attacked": float(after.mean()), "points": asdict(change),
            "lift": change.mean / base if base else None, "ranks gained": float(gain.mean())}  # fmt: skip


def answer_figures(asked: argparse.Namespace) -> dict[str, Any]:
    """Change of visibility by rewriter over the identity, by engine and with the sources cleaned before."""
    engines = {"cues 0.1": 0.1, "relevance alone": 0.0}
    shares: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    rewriters = (identity, *REWRITERS)
    stocks = [open_shop(asked, seed) for seed in range(asked.seeds)]
    with task("answers", len(engines) * sum(len(stock.wishes) for stock in stocks)) as bar:
        for seed, stock in enumerate(stocks):
            titles = stock.catalog.titles(stock.catalog.item_ids)
            texts = [f"{title}. {text or ''}" for title, text in
                     zip(titles, stock.catalog.frame[stock.prose].to_list(), strict=True)]  # fmt: skip
            closeness = (
                TfidfCloseness(texts) if asked.meaning == "tfidf" else Meaning(stock.catalog, stock.encoder).between
            )
            for name, cue in engines.items():
                engine = CitingEngine(closeness=closeness, cue=cue)
                draw = np.random.default_rng([seed, 2])
                for wish in stock.wishes:
                    sources = [texts[row] for row in engine.find(wish.words, texts)]
                    one = int(draw.integers(len(sources)))
                    for rewriter in rewriters:
                        changed = rewriter(sources[one], wish.words).text
                        answer, safe = (engine.answer(wish.words, [*sources[:one], text, *sources[one + 1 :]])
                                        for text in (changed, ranked_prose(changed).text))  # fmt: skip
                        seen = (position_adjusted(answer, len(sources)), word_count(answer, len(sources)),
                                position_adjusted(safe, len(sources)))  # fmt: skip
                        shares.setdefault((name, rewriter.__name__), []).append(
                            tuple(float(each[one]) for each in seen)
                        )
                    bar.advance()
    return {name: {rewriter.__name__: effect(shares[name, rewriter.__name__], shares[name, "identity"])
                   for rewriter in rewriters} for name in engines}  # fmt: skip


def effect(shares: Sequence[tuple[float, float, float]], plain: Sequence[tuple[float, float, float]]) -> dict[str, Any]:
    """Relative change of the mean visibility: position-adjusted with its 95 % interval, by words, and cleaned."""
    ours, theirs = torch.tensor(shares, dtype=torch.float64), torch.tensor(plain, dtype=torch.float64)
    base = theirs.mean(0).tolist()
    change = mean_interval(ours[:, 0] - theirs[:, 0])
    return {"visibility": float(ours[:, 0].mean()), "change": change.mean / base[0],
            "interval": [change.low / base[0], change.high / base[0]],
            "change in words": float(ours[:, 1].mean()) / base[1] - 1,
            "change, sources cleaned": float(ours[:, 2].mean()) / base[2] - 1}  # fmt: skip


def open_shop(asked: argparse.Namespace, seed: int) -> Shop:
    installed = asked.meaning == "installed"
    if asked.data is None:
        return world_shop(asked.items, asked.wishes, seed, installed)
    return own_shop(asked.data, asked.items, asked.wishes, seed, installed)


def targets(answers: dict[str, Any], attacks: dict[str, Any]) -> dict[str, bool]:
    """What was asked for, and whether it was reached."""
    engine, tricks = answers["cues 0.1"], attacks["all tricks"]
    lifts = {(name, kind): found[kind]["on"]["lift"] for name, found in attacks["attacks"].items()
             if name != plain_claim.__name__ for kind in found}  # fmt: skip
    return {
        f"best of {', '.join(HELPFUL)} at least +15 %": max(engine[name]["change"] for name in HELPFUL) >= 0.15,
        "keyword stuffing at most +2 %": engine[keyword_stuffing.__name__]["change"] <= 0.02,
        "the defence halves the mean rank gain": all(
            tricks[kind]["on"]["ranks gained"] <= 0.5 * tricks[kind]["off"]["ranks gained"] for kind in tricks),
        **{f"every lift at most 5 %, {kind} phrasings": all(
            value is not None and value <= 0.05 for (_, which), value in lifts.items() if which == kind)
           for kind in ("known", "unseen")},
        "clean NDCG loss at most 1 %": attacks["clean"]["loss"] <= 0.01,
        "under 10 ms an item": attacks["ms per attacked item, at most"] < 10,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=400)
    parser.add_argument("--wishes", type=int, default=100)
    parser.add_argument("--share", type=float, default=0.2, help="of the items that attack")
    parser.add_argument("--reach", type=int, default=4, help="wishes aimed at rank the item below reach * k; 0: any")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--meaning", choices=("tfidf", "installed"), default="tfidf")
    parser.add_argument("--data", type=Path, help="a catalogue with descriptions or plots instead of the world")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with reporting(Bars()):
        answers = answer_figures(asked)
        attacks = attack_figures(asked)
    reached = targets(answers, attacks)
    show(answers, attacks)
    for target, met in reached.items():
        print(f"{'reached' if met else 'MISSED '}  {target}")
    if asked.out is not None:
        written(asked.out, {"seeds": asked.seeds, "targets": reached, "attacks": attacks, "answers": answers})
    return 0


def show(answers: dict[str, Any], attacks: dict[str, Any]) -> None:
    for engine, found in answers.items():
        for name, each in found.items():
            low, high = each["interval"]
            print(f"{engine}  {name:18} {each['visibility']:.3f}  {each['change']:+.1%} [{low:+.1%}, {high:+.1%}]  "
                  f"cleaned {each['change, sources cleaned']:+.1%}")  # fmt: skip
    for name, found in (*attacks["attacks"].items(), ("all tricks", attacks["all tricks"])):
        for kind, each in found.items():
            said = [f"{defence}: {one['clean']:.1%} -> {one['attacked']:.1%}, ranks {one['ranks gained']:+.1f}"
                    for defence, one in each.items()]  # fmt: skip
            print(f"{name:20} {kind:7} " + "   ".join(said))
    print(f"clean: {attacks['clean']}")


if __name__ == "__main__":
    sys.exit(main())
