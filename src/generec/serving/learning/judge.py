"""Whether a new version may take over: both on the same newest events, compared person by person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from generec.evaluation.protocol import evaluate
from generec.evaluation.report import Report
from generec.metrics.intervals import Interval
from generec.serving.changes import Change, Deletion, Upsert, changed
from generec.system import System
from generec.types import Case, Catalog, Dataset, Split

NEW, SERVING = "new", "serving"


@dataclass(frozen=True)
class Verdict:
    """What came of a comparison, in words and figures."""

    accepted: bool
    reason: str
    figures: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Judge:
    """A new version is accepted where it is not worse: a test of non-inferiority.

    The 95 % bootstrap interval of the paired difference new - serving must lie above -margin x the figure of the
    serving version. Nothing needs to be better: a version that knows more items and fewer deleted people at the same
    quality is worth having; and a version that is better always passes.
    """

    metric: str = "ndcg@10"
    margin: float = 0.1
    """Part of the serving version's figure that may be lost."""
    cases: int = 10_000
    """People judged at most, drawn at random."""
    least: int = 30
    """People that a comparison needs."""
    resamples: int = 2_000

    def compare(
        self, new: System[Any], serving: System[Any], split: Split, data: Dataset, anchor: tuple[Case, ...] = (),
        seed: int = 0, *, anchored: bool = False,
    ) -> Verdict:  # fmt: skip
        """Judges both on the split's test, over the whole catalogue of the data, seen items out where films are films.

        anchor: questions about people whom the new version never learned from; `anchored` says that the serving one
        did not either, so that the figures can be compared and count too. Otherwise they are only told.
        """
        before = up_to_date(serving, data.catalog)
        newest = self._judged(new, before, split, data, seed)
        found = {"newest events": self._told(newest)}
        accepted, reason = self._ruling(newest, f"the {self._people(newest)} with the newest events")
        if len(anchor) >= self.least:
            frozen = self._judged(new, before, replace(split, test=anchor), data, seed)
            found["anchor"] = self._told(frozen)
            if anchored and accepted:
                accepted, also = self._ruling(frozen, f"the {self._people(frozen)} whom nobody learns from")
                reason = reason if accepted else also
        about = {"metric": self.metric, "margin": self.margin, "protocol": newest.protocol["description"]}
        return Verdict(accepted, reason, {**about, **found})

    def _judged(self, new: System[Any], serving: System[Any], split: Split, data: Dataset, seed: int) -> Report:
        both = {SERVING: serving, NEW: new}
        return evaluate(
            both, split, data, ks=(10,), seed=seed, bootstrap=self.resamples, cases=self.cases, baselines=(SERVING,)
        )

    def _ruling(self, report: Report, who: str) -> tuple[bool, str]:
        ours, theirs, gap = self._figures(report)
        most = self.margin * theirs
        accepted = gap.low >= -most
        verdict = "not worse" if accepted else "worse, or not known well enough"
        return accepted, (
            f"{verdict}: on {who} the new version reaches {self.metric} {ours:.4f}, the serving one {theirs:.4f}; the "
            f"difference is {gap.mean:+.4f}, with 95 % certainty between {gap.low:+.4f} and {gap.high:+.4f}, and at "
            f"most {most:.4f} may be lost"
        )

    def _figures(self, report: Report) -> tuple[float, float, Interval]:
        ours, theirs = report.result(NEW), report.result(SERVING)
        assert ours.difference is not None
        return ours.metrics[self.metric], theirs.metrics[self.metric], ours.difference.metrics[self.metric]

    def _told(self, report: Report) -> dict[str, Any]:
        gap = self._figures(report)[2]
        both = {
            name: {metric: report.result(name).metrics[metric] for metric in ("recall@10", "ndcg@10", "coverage@10")}
            for name in (NEW, SERVING)
        }
        shown = {"difference": gap.mean, "interval": [gap.low, gap.high], "problems": list(report.problems)}
        return {"people": report.protocol["cases"], **both, **shown}

    def _people(self, report: Report) -> str:
        return f"{report.protocol['cases']:,} people"


def up_to_date(system: System[Any], catalog: Catalog) -> System[Any]:
    """The system over another state of the catalogue, as a running server has it: items in, items out, no training."""
    fresh = catalog.frame.filter(~pl.col("item_id").is_in(system.catalog.frame["item_id"].implode()))
    gone = system.catalog.frame["item_id"].filter(~system.catalog.frame["item_id"].is_in(catalog.item_ids))
    changes: list[Change] = [Upsert(Catalog(fresh))] if fresh.height else []
    if len(gone):
        changes.append(Deletion(tuple(gone)))
    return changed(system, changes) if changes else system
