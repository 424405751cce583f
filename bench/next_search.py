"""Feedback by stage on a search pipeline with planted faults: is the faulty stage named, and what does it learn?

    python bench/next_search.py --out docs/results/next_search.json

Protocol after NExT-Search (SIGIR 2025): decompose a wish into sub-queries, retrieve and rank (TF-IDF beside ten
features that no wish is about), write an answer of quoted spans, over the texts of the embedded world. Faults:
sub-queries that are dropped, ranks that are scrambled, spans that are invented. People who know what they want look at
what each stage shows, err now and then, and correct it; or only lift or lower a thumb. Whoever plants faults and
whoever finds them share no function (a test checks it). `recovered` is the share of the lost NDCG@10 that comes back.
Seeds below 100 were looked at while this was built; the step length for thumbs is the best one on them.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from generec.data.world import make_world
from generec.loop.feedback import Labelled, Step, attribute, credit, replay
from generec.metrics.ranking import accuracy
from generec.records import (
    BackendCard,
    Candidate,
    Draft,
    Evidence,
    Feedback,
    Guidance,
    Span,
    Stage,
    Taste,
    TextPayload,
    Turn,
    from_json,
    to_json,
)  # fmt: skip
from measured import written

Floats = NDArray[np.float64]
CUES = (
    ", and also ", " plus ", ", besides that ", " along with ", ", and maybe ", " as well as ", ", on top of that ",
    ", then some ", " together with ", ", not to forget ", ", and if possible ", ", perhaps even ",
)  # fmt: skip
ROUNDS, SESSION, STEP = 4, 10, 4.0
WRITERS = ("first sentence", "last sentence", "embellished")
SHOWN, READ, SPANS = 40, 10, 3  # items of a list, those that people look at, those that are quoted
ORDER: tuple[Stage, ...] = ("instruction", "retrieval", "creation")


@dataclass(frozen=True)
class Library:
    """The items: their texts, and what a ranker may look at besides."""

    item_ids: list[str]
    texts: list[str]
    themes: NDArray[np.str_]  # (N,) "subtopic with subject", for people's eyes only
    extra: Floats  # (N, 10) standardised price, duration, energy, newness, lengths …: nothing that a wish is about
    fields: tuple[tuple[TfidfVectorizer, Any], ...]  # of titles and of texts, with their (V, N) matrices

    def features(self, query: str) -> Floats:
        """(N, 12): TF-IDF of the query's words by field, as a share of the best, then what the query is not about."""
        scores = []
        for vectorizer, matrix in self.fields:
            known = [
                vectorizer.vocabulary_[word] for word in re.findall("[a-z]+", query) if word in vectorizer.vocabulary_
            ]
            score = np.asarray(matrix[known].sum(axis=0)).ravel()
            scores.append(score / max(score.max(), 1e-9))
        return np.column_stack([*scores, self.extra])


def library(items: int, seed: int) -> Library:
    frame = make_world(items=items, users=10, seed=seed).dataset.catalog.frame
    titles, texts = frame["title"].to_list(), frame["description"].to_list()
    columns = [frame[name].cast(float).fill_null(0).to_numpy() for name in ("price", "duration", "energy", "episode")]
    columns += [frame["published"].to_physical().to_numpy(), frame["creator"].rank("dense").to_numpy()]
    columns += [(frame["kind"] == kind).to_numpy() for kind in ("video", "event")]
    columns += [np.array([len(text) for text in side]) for side in (titles, texts)]
    extra = np.column_stack(columns).astype(float)
    extra = (extra - extra.mean(0)) / extra.std(0)
    vectorizers = [TfidfVectorizer(stop_words="english", sublinear_tf=True) for _ in (titles, texts)]
    fields = tuple(
        (each, each.fit_transform(side).T.tocsr()) for each, side in zip(vectorizers, (titles, texts), strict=True)
    )
    themes = np.array([f"{tags[1]} with {tags[2].replace('-', ' ')}" for tags in frame["tags"].to_list()])
    return Library(frame["item_id"].to_list(), texts, themes, extra, fields)


@dataclass(frozen=True)
class Search:
    """The pipeline with what it believes: which cues begin a new need, what counts in ranking, who writes well."""

    library: Library
    cues: dict[str, float]  # at most 0.5: what follows the cue is taken for an aside
    weights: Floats  # (12,)
    writers: dict[str, float]

    def steps(self) -> tuple[Step, ...]:
        return (
            Step("instruction", self.decompose, lambda turn, text: replace(turn, guidance=from_json(Guidance, text))),
            Step("retrieval", self.rank, lambda turn, text: self.listed(turn, json.loads(text))),
            Step("creation", self.write, lambda turn, text: replace(turn, message=text)),
        )

    def answer(self, number: int, words: str) -> Turn:
        turn = Turn(id=f"t{number}", guidance=Guidance(seed=number), slate=(), trace={"words": words})
        for step in self.steps():
            turn = step.run(turn)
        return turn

    def decompose(self, turn: Turn) -> Turn:
        first, *rest = re.split("(" + "|".join(CUES) + ")", turn.trace["words"])
        heard = [part for cue, part in zip(rest[::2], rest[1::2], strict=True) if self.cues[cue] > 0.5]
        likes = tuple(Taste(1.0, words=part) for part in [first, *heard])
        return replace(turn, guidance=replace(turn.guidance, likes=likes))

    def rank(self, turn: Turn) -> Turn:
        orders = [np.argsort(-self.library.features(like.words) @ self.weights) for like in turn.guidance.likes]
        merged = dict.fromkeys(int(order[place]) for place in range(SHOWN) for order in orders)
        return self.listed(turn, [self.library.item_ids[row] for row in merged])

    def listed(self, turn: Turn, item_ids: list[str]) -> Turn:
        return replace(turn, slate=tuple(Candidate("retrieved", item_id, item_id) for item_id in item_ids[:SHOWN]))

    def write(self, turn: Turn) -> Turn:
        draw = np.random.default_rng([turn.guidance.seed, len(turn.guidance.likes)])
        share = np.array([self.writers[name] for name in WRITERS])
        text, spans, evidence, chosen = "", [], [], []
        for candidate in turn.slate[:SPANS]:
            source = self.library.texts[self.library.item_ids.index(candidate.title)]
            chosen.append(WRITERS[draw.choice(len(WRITERS), p=share / share.sum())])
            sentences = re.split(r"(?<=[.!?]) ", source)
            said = sentences[-1] if chosen[-1] == "last sentence" else sentences[0]
            said += " It won an award in Paris." if chosen[-1] == "embellished" else ""
            spans.append(Span(len(text), len(text) + len(said), candidate.title))
            evidence.append(Evidence(candidate.title, source, candidate.title))
            text += said + "\n"
        draft = Draft(
            id=f"{turn.id}-answer", mode="created", payload=TextPayload(text, spans=tuple(spans)),
            evidence=tuple(evidence), backend=BackendCard("quotes"), notes=tuple(chosen),
        )  # fmt: skip
        return replace(turn, drafts=(draft,))


def healthy(found: Library) -> Search:
    weights = np.array([1.0, 1.0, *[0.0] * 10])
    return Search(found, dict.fromkeys(CUES, 0.9), weights, dict(zip(WRITERS, (1.0, 1.0, 0.02), strict=True)))


def dropped(search: Search, draw: np.random.Generator) -> Search:
    """Two thirds of the cues are no longer heard."""
    deaf = draw.choice(list(search.cues), 2 * len(search.cues) // 3, replace=False)
    return replace(search, cues={**search.cues, **dict.fromkeys(deaf.tolist(), 0.1)})


def scrambled(search: Search, draw: np.random.Generator) -> Search:
    """What has nothing to do with the query counts, and what has counts for less."""
    noise = np.append(draw.uniform(-0.7, -0.3, 2), draw.choice([-1, 1], 10) * draw.uniform(0.1, 0.4, 10))
    return replace(search, weights=search.weights + noise)


def invented(search: Search, draw: np.random.Generator) -> Search:
    """The writer who embellishes is liked best."""
    return replace(search, writers={**search.writers, "embellished": float(draw.uniform(2, 4))})


FAULTS: dict[Stage, Callable[[Search, np.random.Generator], Search]] = {
    "instruction": dropped, "retrieval": scrambled, "creation": invented,
}  # fmt: skip


@dataclass(frozen=True)
class Asker:
    """Somebody with two or three needs. Attention: how often a flaw is seen, and how often one is imagined."""

    needs: tuple[str, ...]  # themes
    words: str
    catalogue: dict[str, str]  # item id -> theme, as a look at the item tells
    draw: np.random.Generator
    sees: float = 0.9
    imagines: float = 0.03

    def notices(self, flaw: bool) -> bool:
        return bool(self.draw.random() < (self.sees if flaw else self.imagines))

    def fits(self, item_id: str) -> bool:
        """Whether an item serves a need; one look in twenty misleads."""
        return (self.catalogue[item_id] in self.needs) != (self.draw.random() < 0.05)

    def misread(self, turn: Turn) -> str | None:
        """The guidance as it should be, where a need is in no sub-query."""
        understood = " ".join(like.words for like in turn.guidance.likes)
        if not self.notices(any(need not in understood for need in self.needs)):
            return None
        return to_json(replace(turn.guidance, likes=tuple(Taste(1.0, words=need) for need in self.needs)))

    def served(self, turn: Turn) -> float:
        """The share of the needs that one of the first items serves."""
        fitting = {self.catalogue[candidate.title] for candidate in turn.slate[:READ] if self.fits(candidate.title)}
        return len(fitting & set(self.needs)) / len(self.needs)

    def misranked(self, turn: Turn) -> str | None:
        """The items that fit, from all of the list, where a need goes unserved or the first do not fit."""
        first = [self.fits(candidate.title) for candidate in turn.slate[: len(self.needs)]]
        if not self.notices(self.served(turn) < 1 or sum(first) < len(first) / 2):
            return None
        return json.dumps([candidate.title for candidate in turn.slate if self.fits(candidate.title)])

    def misquoted(self, turn: Turn) -> str | None:
        """The answer without the lines that their source does not hold."""
        draft = turn.drafts[0]
        payload, sources = draft.payload, {each.id: each.text for each in draft.evidence}
        assert isinstance(payload, TextPayload)
        lines = [(payload.text[span.start : span.end], sources[span.evidence]) for span in payload.spans]
        held = [line for line, source in lines if line in source]
        return "\n".join(held) if self.notices(len(held) < len(lines)) else None

    def complaints(self, turn: Turn) -> Iterator[Feedback]:
        """All that looks wrong in a turn as it is, symptoms included."""
        for stage, found in zip(ORDER, (self.misread(turn), self.misranked(turn), self.misquoted(turn)), strict=True):
            if found is not None:
                yield self.said(turn, stage, found)

    def said(self, turn: Turn, stage: Stage, correction: str) -> Feedback:
        draft = turn.drafts[0].id if stage == "creation" else None
        return Feedback(turn=turn.id, verdict="correct", stage=stage, correction=correction, draft=draft)

    def thumb(self, turn: Turn) -> Feedback:
        """One verdict on the whole: the more needs are served, the likelier a thumb up; a seen invention spoils it."""
        good = self.served(turn)
        good *= 0.5 if self.misquoted(turn) is not None else 1.0
        return Feedback(turn=turn.id, verdict="like" if self.draw.random() < good else "dislike")


def asker(found: Library, draw: np.random.Generator) -> Asker:
    catalogue = dict(zip(found.item_ids, found.themes.tolist(), strict=True))
    common = [theme for theme, count in Counter(catalogue.values()).items() if count >= 2]
    needs = tuple(draw.choice(common, draw.integers(2, 4), replace=False).tolist())
    cues = draw.choice(CUES, len(needs) - 1, replace=False)
    words = needs[0] + "".join(cue + need for cue, need in zip(cues, needs[1:], strict=True))
    return Asker(needs, words, catalogue, draw)


def by_stage(search: Search, learned: Sequence[Labelled]) -> Search:
    """Every stage from its own pairs, and from no other's."""
    own: dict[Stage, list[Labelled]] = defaultdict(list)
    for pair in learned:
        own[pair.stage].append(pair)
    weights = pairwise(*sides(search.library, own["retrieval"]))
    return replace(
        search, cues=heard(search.cues, own["instruction"]), writers=held(own["creation"]),
        weights=search.weights if weights is None else weights,
    )  # fmt: skip


def heard(cues: dict[str, float], learned: Sequence[Labelled]) -> dict[str, float]:
    """How often a need began after a cue; what was believed before counts as two cases."""
    counts = {cue: [2 * belief, 2.0] for cue, belief in cues.items()}
    for pair in learned:
        needs = [like.words for like in from_json(Guidance, pair.answer).likes]
        for cue in CUES:
            if cue in pair.given:
                after = pair.given.split(cue, 1)[1].split(" ")[0]
                counts[cue][0] += any(need.startswith(after) for need in needs)
                counts[cue][1] += 1
    return {cue: yes / number for cue, (yes, number) in counts.items()}


def held(learned: Sequence[Labelled]) -> dict[str, float]:
    """How often the lines of each writer stayed in the corrected answer, sharpened."""
    counts = {name: [1.0, 2.0] for name in WRITERS}
    for pair in learned:
        draft = from_json(Draft, pair.instead)
        assert isinstance(draft.payload, TextPayload)
        for span, writer in zip(draft.payload.spans, draft.notes, strict=True):
            counts[writer][0] += draft.payload.text[span.start : span.end] in pair.answer
            counts[writer][1] += 1
    return {name: (yes / number) ** 4 for name, (yes, number) in counts.items()}


def sides(found: Library, learned: Sequence[Labelled]) -> tuple[list[Floats], list[Floats]]:
    """Features of what fitted and of what did not, list by list."""
    lists: dict[tuple[str, str], list[Labelled]] = defaultdict(list)
    for pair in learned:
        lists[pair.turn, pair.given].append(pair)
    likes: list[Floats] = []
    hates: list[Floats] = []
    for (_, given), pairs in lists.items():
        best = np.max([found.features(like.words) for like in from_json(Guidance, given).likes], axis=0)
        for side, label in ((likes, 1), (hates, -1)):
            side.append(best[[found.item_ids.index(pair.answer) for pair in pairs if pair.label == label]])
    return likes, hates


def pairwise(likes: Sequence[Floats], hates: Sequence[Floats]) -> Floats | None:
    """Weights under which the liked stand above the disliked of the same turn (RankNet's loss, linear)."""
    gaps = [(like[:, None] - hate[None]).reshape(-1, like.shape[1]) for like, hate in zip(likes, hates, strict=True)]
    gaps = [gap for gap in gaps if len(gap)]
    if not gaps:
        return None
    stacked, shares = np.concatenate(gaps), np.concatenate([np.full(len(gap), 1 / len(gap)) for gap in gaps])
    signs = np.where(np.arange(len(stacked)) % 2, 1, -1)
    model = LogisticRegression(fit_intercept=False).fit(stacked * signs[:, None], signs, sample_weight=shares)
    return np.asarray(model.coef_[0])


def perturbed(search: Search, noise: Floats) -> Search:
    """Beliefs moved by noise (27,): cues and writers in log-odds or logs, weights as they are."""
    cues, weights, writers = np.split(noise, [len(CUES), len(CUES) + len(search.weights)])
    odds = [math.log(belief / (1 - belief)) for belief in search.cues.values()]
    moved = 1 / (1 + np.exp(-(np.array(odds) + 2 * cues)))
    skills = [skill * math.exp(change) for skill, change in zip(search.writers.values(), writers, strict=True)]
    return replace(
        search, cues=dict(zip(CUES, moved.tolist(), strict=True)), weights=search.weights + 0.3 * weights,
        writers=dict(zip(WRITERS, skills, strict=True)),
    )  # fmt: skip


def by_thumbs(search: Search, found: Library, events: int, length: float, draw: np.random.Generator) -> Search:
    """What thumbs can teach: every turn tries a variation, the thumbs say which way is up (Williams 1992).

    In as many rounds as by stage; each goes `length` along the estimated gradient.
    """
    for _ in range(ROUNDS):
        tried = draw.normal(size=(events // ROUNDS, len(CUES) + len(search.weights) + len(WRITERS)))
        thumbs = []
        for number, noise in enumerate(tried):
            person = asker(found, draw)
            turn = perturbed(search, noise).answer(number, person.words)
            thumbs += [pair.label for pair in credit(turn, [person.thumb(turn)])["slate"]]
        uphill = (np.array(thumbs) - np.mean(thumbs)) @ tried
        search = perturbed(search, length * uphill / max(float(np.linalg.norm(uphill)), 1e-9))
    return search


def quality(search: Search, found: Library, seed: int, cases: int) -> dict[str, float]:
    """NDCG@10 of the lists and the share of honest answers, over fresh wishes that are the same for every system."""
    draw = np.random.default_rng([seed, 1])
    lists, relevant, offsets, honest = [], [], [0], 0
    for number in range(cases):
        person = asker(found, draw)
        turn = search.answer(number, person.words)
        lists.append([found.item_ids.index(candidate.title) for candidate in turn.slate[:READ]])
        relevant += np.flatnonzero(np.isin(found.themes, person.needs)).tolist()
        offsets.append(len(relevant))
        honest += WRITERS[-1] not in turn.drafts[0].notes
    metrics = accuracy(torch.tensor(lists), torch.tensor(relevant), torch.tensor(offsets), ks=(READ,))
    return {"ndcg": float(metrics[f"ndcg@{READ}"].mean()), "honest": honest / cases}


def naming(found: Library, seed: int, cases: int) -> dict[str, float]:
    """How often complaints name the stage at fault: over a session with it, and in the first turn that it spoils.

    Thumbs are credited to the slate; what is left is to guess one of three.
    """
    draw = np.random.default_rng([seed, 2])
    sound, named, spoilt = healthy(found), Counter[str](), 0
    for stage, plant in FAULTS.items():
        for _ in range(cases):
            search, said, first = plant(sound, draw), list[Feedback](), None
            for number in draw.integers(2**31, size=SESSION).tolist():
                person = asker(found, draw)
                turn, meant = search.answer(number, person.words), sound.answer(number, person.words)
                complaints = list(person.complaints(turn))
                said += complaints
                if first is None and stage_answer(turn, stage) != stage_answer(meant, stage):
                    first = complaints
                    spoilt += 1
                    named["by_stage_in_one_turn"] += names(complaints, stage)
            named["by_stage"] += names(said, stage)
            named["by_thumbs"] += ORDER[draw.integers(3)] == stage
    return {"by_stage": named["by_stage"] / (3 * cases), "by_thumbs": named["by_thumbs"] / (3 * cases),
            "by_stage_in_one_turn": named["by_stage_in_one_turn"] / spoilt}  # fmt: skip


def names(said: Sequence[Feedback], stage: Stage) -> bool:
    found = attribute(said)
    return found is not None and found.stage == stage


def stage_answer(turn: Turn, stage: Stage) -> object:
    return {"instruction": turn.guidance.likes, "retrieval": turn.slate, "creation": turn.drafts}[stage]


def debugged(search: Search, found: Library, events: int, draw: np.random.Generator) -> list[Labelled]:
    """So many corrections in debug mode: stage by stage, what follows a correction is run again before it is judged."""
    learned: list[Labelled] = []
    given = 0
    while given < events:
        person, number = asker(found, draw), int(draw.integers(2**31))
        turn = search.answer(number, person.words)
        for stage, look in zip(ORDER, (person.misread, person.misranked, person.misquoted), strict=True):
            correction = look(turn)
            if correction is not None and given < events:
                given += 1
                for pairs in credit(turn, [person.said(turn, stage, correction)], person.words).values():
                    learned.extend(pairs)
                turn = replay(turn, stage, correction, search.steps())
    return learned


def taught(search: Search, found: Library, events: int, draw: np.random.Generator) -> Search:
    """The pipeline after so many corrections, put to use after every quarter of them."""
    learned: list[Labelled] = []
    now = search
    for _ in range(ROUNDS):
        learned += debugged(now, found, events // ROUNDS, draw)
        now = by_stage(search, learned)
    return now


def recovery(found: Library, seed: int, cases: int, events: int) -> dict[str, Any]:
    """All three faults at once: what comes back after so many corrections by stage, and after as many thumbs."""
    draw = np.random.default_rng([seed, 3])
    sound = faulty = healthy(found)
    for plant in FAULTS.values():
        faulty = plant(faulty, draw)
    systems = {"healthy": sound, "faulty": faulty, "after_stage": taught(faulty, found, events, draw),
               "after_thumbs": by_thumbs(faulty, found, events, STEP, draw),
               "after_thumbs_short": by_thumbs(faulty, found, events, STEP / 2, draw),
               "after_thumbs_long": by_thumbs(faulty, found, events, STEP * 2, draw),
               "healthy_after_stage": taught(sound, found, events // 4, draw)}  # fmt: skip
    measured = {name: quality(system, found, seed, cases) for name, system in systems.items()}
    worth = {name: figures["ndcg"] for name, figures in measured.items()}
    lost = worth["healthy"] - worth["faulty"]
    hindsight = max(value for name, value in worth.items() if "thumbs" in name)
    recovered = {
        "by_stage": worth["after_stage"],
        "by_thumbs": worth["after_thumbs"],
        "by_thumbs_in_hindsight": hindsight,
    }
    return {"events": events, "measured": measured,
            **{f"recovered_{name}": (value - worth["faulty"]) / lost for name, value in recovered.items()}}  # fmt: skip


def experiment(items: int, seed: int, cases: int, events: int) -> dict[str, Any]:
    found = library(items, seed)
    return {"seed": seed, "named": naming(found, seed, cases), "learned": recovery(found, seed, cases, events)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--cases", type=int, default=100, help="sessions per fault, and wishes to measure NDCG on")
    parser.add_argument("--events", type=int, default=200)
    parser.add_argument("--out", type=Path, help="where the figures go as JSON")
    chosen = parser.parse_args()
    seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
    runs = [experiment(chosen.items, seed, chosen.cases, chosen.events) for seed in seeds]
    flat = [{**run["named"], **run["learned"]} for run in runs]
    means = {name: float(np.mean([each[name] for each in flat])) for name in flat[0] if name.startswith(("by", "rec"))}
    print(json.dumps(means, indent=2))
    if chosen.out is not None:
        written(chosen.out, {"seeds": list(seeds), "means": means, "runs": runs})
    named = means["by_stage"] >= 0.8 and means["by_thumbs"] <= 0.45
    recovered = means["recovered_by_stage"] >= 0.5 and 2 * means["recovered_by_thumbs"] <= means["recovered_by_stage"]
    return 0 if named and recovered else 1


if __name__ == "__main__":
    raise SystemExit(main())
