"""What a version may learn from and what it is judged on: machine-made examples capped, some people never learned from.

The rules are those of `simulation.safeguards` (GENEREC.md, 10.4), applied to events: human ones are accumulated and
never replaced, the share of the others is capped, and a frozen anchor of people is judged every time and taught never.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from generec.data.split import NEGATIVE_EVENTS
from generec.errors import FittingError, UsageError
from generec.simulation.safeguards import capped_mix
from generec.types import Case, Dataset, Request


@dataclass(frozen=True)
class Material:
    """The two sides of a retraining.

    learn: people's events outside the anchor, and the others up to the cap. judge: people's events, of everybody.
    """

    learn: Dataset
    judge: Dataset
    anchor: frozenset[str]
    synthetic: float  # share of `learn`
    left_out: int  # events that are not people's, beyond the cap


@dataclass(frozen=True, kw_only=True)
class Mixture:
    """Divides a data set."""

    synthetic: float = 0.2
    """Share of the events learned from that may come from a machine, or be on an item that one made."""
    sources: tuple[str, ...] = ("human",)
    """Who counts as people; a made world has simulated ones only."""
    anchor: float = 0.05
    """Share of the people who are judged every time and never learned from."""
    after: int = 3
    """Human events of theirs that stand before the one that is asked for."""
    seed: int = 0

    def divide(self, data: Dataset) -> Material:
        """Raises FittingError where nothing of people is left to learn from, UsageError on a share that is none."""
        human = human_events(data, self.sources)
        if not human.any():
            raise FittingError(_nothing(data, self.sources))
        frozen = self._anchor(data)
        rows = pl.Series(range(data.events.height), dtype=pl.Int64)
        held = data.events["user_id"].is_in(pl.Series(sorted(frozen), dtype=pl.String).implode())
        mix = capped_mix(
            rows.filter(human).to_list(), rows.filter(~human).to_list(), self.synthetic,
            set(rows.filter(held).to_list()), self.seed,
        )  # fmt: skip
        kept = pl.Series(sorted(mix.examples), dtype=pl.Int64)
        learn, judge = data.events[kept], data.events.filter(human)
        return Material(replace(data, events=learn), replace(data, events=judge), frozen, mix.share, mix.left_out)

    def questions(self, judge: Dataset, anchor: frozenset[str]) -> tuple[Case, ...]:
        """What followed the first `after` things that each person of the anchor did: the same in every round.

        Only people who did more than that can be asked about, and only what they had not had before, unless the data
        repeat.
        """
        wanted = pl.Series(sorted(anchor), dtype=pl.String).implode()
        events = judge.events.filter(pl.col("user_id").is_in(wanted), ~pl.col("event").is_in(list(NEGATIVE_EVENTS)))
        grouped = events.group_by("user_id", maintain_order=True).agg(pl.col("item_id").head(self.after + 1))
        cases = []
        for user, items in grouped.iter_rows():
            history, rest = tuple(items[: self.after]), items[self.after :]
            if rest and (judge.repeats or rest[0] not in history):
                cases.append(Case(Request(history=history, user_id=user, repeat=judge.repeats), (rest[0],)))
        return tuple(cases)

    def _anchor(self, data: Dataset) -> frozenset[str]:
        """People chosen by a hash of their id, so that whoever is in it once is in it for ever."""
        if not 0 <= self.anchor < 1:
            raise UsageError(f"the share of the anchor must lie in [0, 1), got {self.anchor}")
        return frozenset(user for user in data.events["user_id"].unique() if _place(user) < self.anchor)


def human_events(data: Dataset, sources: Sequence[str] = ("human",)) -> pl.Series:
    """Which events people did with items that people made, (E,) bool; an origin that is not known is not human."""
    source = data.events["source"].is_in(list(sources)) if "source" in data.events.columns else None
    made = pl.Series("human", [True] * data.events.height, dtype=pl.Boolean)
    if "origin" in data.catalog.frame.columns:
        ours = data.catalog.frame.filter(pl.col("origin") == "human")["item_id"]
        made = data.events["item_id"].is_in(ours.implode())
    return made if source is None else made & source


def _nothing(data: Dataset, sources: Sequence[str]) -> str:
    there = data.events["source"].value_counts(sort=True).iter_rows() if "source" in data.events.columns else ()
    found = ", ".join(f"{count:,} {source}" for source, count in there) or f"{data.events.height:,}"
    return (
        f"no event is of the source {' or '.join(sources)} and on an item that people made; {found} are there: say "
        "whose events count with `generec retrain --source NAME`"
    )


def _place(user_id: str) -> float:
    digest = hashlib.sha256(f"anchor {user_id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64
