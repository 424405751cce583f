"""The judge: every recommender in one run, on the same cases, over the full catalogue, with hits counted on items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from generec.errors import ArtefactError, UsageError
from generec.evaluation.baselines import BASELINE_NAMES
from generec.evaluation.measures import Background, beyond_accuracy, views
from generec.evaluation.questions import BATCH, Answers, Questions, ask
from generec.evaluation.report import Difference, Report, Result
from generec.metrics.intervals import percentile_interval, resampled_means, spread
from generec.metrics.ranking import KS, accuracy, first_position, positions
from generec.protocols import Recommender
from generec.types import Case, Dataset, Split


def evaluate(
    recommenders: Mapping[str, Recommender | Sequence[Recommender]],
    split: Split,
    dataset: Dataset,
    *,
    ks: Sequence[int] = KS,
    on: Literal["test", "validation"] = "test",
    seed: int = 0,
    bootstrap: int = 1000,
    features: Tensor | None = None,
    cases: int | None = None,
    baselines: Collection[str] | None = None,
) -> Report:
    """Judges all recommenders on the same held-out cases and compares each with the best baseline.

    recommenders: by name; a sequence is one model trained with several seeds, reported as mean and deviation over seeds
    with intervals of the mean over seeds. features (N, D): for intra-list diversity. cases: judge a random sample of
    this many. baselines: the names that count as baselines; those that generec ships when None. The best baseline is
    the one with the highest NDCG on these very cases, which is the hardest choice for the models.

    Every figure is a mean over cases. Cost is the time of `recommend` in batches of 512, at the current thread count.
    Ids that are invalid, repeated or forbidden are never hits; they are counted and named in `Report.problems`.
    Raises UsageError without recommenders, cases or cut-offs, and for answers that are too many or too long.
    """
    if not recommenders or not ks or min(ks) < 1:
        raise UsageError(f"nothing to judge: {len(recommenders)} recommenders at k = {list(ks)}")
    ks = tuple(sorted(set(ks)))
    main = 10 if 10 in ks else ks[0]
    held_out = split.test if on == "test" else split.validation
    chosen = _sample(held_out, cases, seed)
    questions = Questions.of(chosen, dataset.catalog)
    background = Background.of(dataset, split.refit if on == "test" else split.train, features)
    judged = [
        _judge(name, value if isinstance(value, Sequence) else (value,), questions, background, dataset, ks, main)
        for name, value in recommenders.items()
    ]
    counted = [name for name in recommenders if name in (BASELINE_NAMES if baselines is None else baselines)]
    results, best = _compare([one.result for one in judged], counted, main, bootstrap, seed)
    protocol = {
        "split": split.name,
        "description": split.description,
        "on": on,
        "cases": len(questions),
        "cases_available": len(held_out),
        "candidates": f"full catalogue, {len(dataset.catalog)} items",
        "hits": "items",
        "seen_items": "kept" if dataset.repeats else "masked",
        "popularity_from": "train + validation" if on == "test" else "train",
        "ks": list(ks),
        "main_k": main,
        "seed": seed,
        "bootstrap": bootstrap,
        "interval_level": 0.95,
        "batch": BATCH,
        "threads": torch.get_num_threads(),
        "fingerprint": dataset.info.get("fingerprint"),
        "best_baseline": best,
    }
    return Report(tuple(results), protocol, tuple(problem for one in judged for problem in one.problems))


@dataclass(frozen=True)
class _Judged:
    result: Result
    problems: tuple[str, ...]


def _sample(cases: Sequence[Case], number: int | None, seed: int) -> Sequence[Case]:
    if number is None or number >= len(cases):
        return cases
    generator = torch.Generator().manual_seed(seed)
    return [cases[place] for place in torch.randperm(len(cases), generator=generator)[:number].sort().values.tolist()]


def _judge(
    name: str,
    seeds: Sequence[Recommender],
    questions: Questions,
    background: Background,
    dataset: Dataset,
    ks: tuple[int, ...],
    main: int,
) -> _Judged:
    """Asks every seed of one recommender and averages what it gives."""
    if not seeds:
        raise UsageError(f"{name} has no recommenders; give one per seed")
    per_case: dict[str, list[Tensor]] = {}
    figures: dict[str, list[float]] = {}
    where, problems = [], []
    seconds = cpu_seconds = 0.0
    for recommender in seeds:
        answers = ask(name, recommender, questions, dataset.catalog, max(ks))
        hits = torch.where(answers.good, answers.items, -1)  # what is not valid cannot be a hit
        for metric, values in accuracy(hits, questions.relevant, questions.offsets, ks).items():
            per_case.setdefault(metric, []).append(values)
            figures.setdefault(metric, []).append(float(values.mean()))
        for metric, value in beyond_accuracy(answers, questions, background, main).items():
            figures.setdefault(metric, []).append(value)
        where.append(positions(hits, questions.relevant, questions.offsets))
        problems += _problems(name, answers)
        seconds += answers.seconds / len(seeds)
        cpu_seconds += answers.cpu_seconds / len(seeds)
    spreads = {metric: spread(values) for metric, values in figures.items()}
    result = Result(
        name=name,
        metrics={metric: found.mean for metric, found in spreads.items()},
        sd={metric: found.sd for metric, found in spreads.items()} if len(seeds) > 1 else {},
        seeds=len(seeds),
        seconds=seconds,
        seconds_per_request=seconds / len(questions),
        cpu_seconds_per_request=cpu_seconds / len(questions),
        views=views(torch.stack(where), questions, background, dataset, main),
        per_case={metric: torch.stack(values).mean(0).numpy() for metric, values in per_case.items()},
        ranks=torch.stack([first_position(found, questions.offsets) for found in where]).numpy(),
    )
    return _Judged(result, tuple(dict.fromkeys(problems)))


def _problems(name: str, answers: Answers) -> list[str]:
    """What must not happen, in words."""
    problems = []
    bad = int(((answers.items != -1) & ~answers.good).sum())
    if bad:
        total = int((answers.items != -1).sum())
        strange = int((answers.items == -2).sum())
        problems.append(
            f"{name}: {bad:,} of {total:,} recommended ids are not valid ({strange:,} are not in the catalogue, the "
            f"rest repeated, seen, excluded or against a condition); they count as misses. The rate must be 0"
        )
    if answers.short:
        problems.append(
            f"{name}: {answers.short:,} of {len(answers.items):,} answers are shorter than k although more items were "
            f"allowed, which loses recall; make the beam at least as wide as k = {answers.items.shape[1]}"
        )
    return problems


def _compare(
    results: Sequence[Result], baselines: Sequence[str], main: int, draws: int, seed: int
) -> tuple[list[Result], str | None]:
    """Adds intervals and the paired differences to the best baseline, which is named too."""
    metrics = (f"recall@{main}", f"ndcg@{main}")
    table = torch.stack([torch.from_numpy(result.per_case[metric]) for result in results for metric in metrics], dim=1)
    means = table.mean(0)
    resampled = resampled_means(table, draws, seed)  # (draws, results * metrics)
    column = {(r.name, m): place for place, (r, m) in enumerate((r, m) for r in results for m in metrics)}
    best = max(baselines, key=lambda name: float(means[column[name, metrics[1]]]), default=None)
    compared = []
    for result in results:
        own = {metric: column[result.name, metric] for metric in metrics}
        intervals = {m: percentile_interval(float(means[c]), resampled[:, c]) for m, c in own.items()} if draws else {}
        difference = None
        if best is not None and best != result.name and draws:
            other = {metric: column[best, metric] for metric in metrics}
            gaps = {
                m: percentile_interval(float(means[c] - means[other[m]]), resampled[:, c] - resampled[:, other[m]])
                for m, c in own.items()
            }
            difference = Difference(best, gaps)
        compared.append(replace(result, baseline=result.name in baselines, interval=intervals, difference=difference))
    return compared, best


def check_not_trained_on(info: Mapping[str, Any], split: Split, fingerprint: str | None = None) -> str:
    """Refuses to judge a model on events that it has been trained on.

    info: what the artefact recorded, {"split": name, "data_fingerprint": ..., "final": bool}; fingerprint: that of the
    data to judge on. Returns a note for the protocol where other data make it impossible to tell, '' otherwise.
    Raises ArtefactError for a final model or an artefact without these records, UsageError for another split.
    """
    missing = [name for name in ("split", "data_fingerprint", "final") if name not in info]
    if missing:
        raise ArtefactError(
            f"the artefact does not say what it was trained on ({', '.join(missing)} missing), so it cannot be judged; "
            "train it again with `generec train`"
        )
    if fingerprint is not None and info["data_fingerprint"] != fingerprint:
        return (
            f"trained on other data ({str(info['data_fingerprint'])[:12]} against {fingerprint[:12]}): "
            "nothing shows that it has not seen these test events"
        )
    if info["final"]:
        raise ArtefactError(
            "this model was trained with --final on all events, the test events included, so it cannot be judged on "
            "these data; train it again without --final"
        )
    if info["split"] != split.name:
        raise UsageError(
            f"this model was trained on the split {info['split']!r}, whose training events hold test events of "
            f"{split.name!r}; judge it with --split {info['split']}, or train it with --split {split.name}"
        )
    return ""
