"""The next version of a model: the serving one's recipe, trained on the store, in charge only if it is not worse.

    read the store -> leave out suspects -> divide (cap, anchor) -> split by time -> train -> judge -> enter -> activate

Killed at any moment, it goes on where it was, or starts clean where what it depends on has changed: what is trained
lies in FOLDER.run under hashes of its inputs, the new version's folder appears whole, and only then is it entered,
written down with the people whom it learned from, and activated, each in a transaction of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from generec.errors import ArtefactError, GenerecError, UsageError
from generec.fitting.checkpoint import write_atomically
from generec.fitting.loop import InterruptedTraining, Run
from generec.protocols import Progress
from generec.recipe import Recipe
from generec.recipe.artefact import load
from generec.recipe.record import describe, rebuild
from generec.serving.api.rollout import manifest_of
from generec.serving.learning.defence import Defence
from generec.serving.learning.judge import Judge, Verdict
from generec.serving.learning.material import Mixture
from generec.serving.learning.newest import Newest, Seen
from generec.serving.learning.work import CancelledRetraining, Work, working
from generec.serving.store import Store
from generec.serving.store.dataset import marked, read, replaced
from generec.serving.store.models import ModelVersion
from generec.system import System
from generec.types import Dataset, Split

FRESH = 6 * 3600  # seconds for which what a killed retraining read is worth going on with
_PLAN = "plan.json"
_OWED = (
    "the serving version still holds what people taught it who were deleted since: activate the new one by name, or "
    "retrain with a larger margin"
)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a retraining came to. version: None where none was made."""

    version: str | None
    serving: str
    accepted: bool
    activated: bool
    reason: str
    folder: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Retraining:
    """How versions are made from a store."""

    mixture: Mixture = field(default_factory=Mixture)
    defence: Defence = field(default_factory=Defence)
    judge: Judge = field(default_factory=Judge)
    cut: Newest = field(default_factory=Newest)
    seed: int = 0
    device: str = "cpu"
    checkpoint_seconds: float = 60.0

    def run(
        self,
        store: Store,
        tenant: str,
        *,
        by: str,
        parent: Path | None = None,
        activate: Callable[[str], object] | None = None,
        beside: Progress | None = None,
    ) -> Outcome:
        """Makes the next version and puts it in charge if it may be.

        parent: where its folder goes; by default beside the serving one's. activate: what to do with an accepted
        version instead of `Models.activate`, see `put_in_charge`. beside: where progress goes besides the job.
        Raises UsageError without a serving version or while another retraining runs, CancelledRetraining when the job
        is cancelled, and what reading, training and loading raise; nothing has been activated then.
        """
        serving = store.models.active(tenant)
        if serving is None:
            raise UsageError("no model is active in this store; begin with `generec serve MODEL` or `retrain MODEL`")
        options = {"serving": serving.version, "seed": self.seed}
        with working(store, tenant, options, by=by, beside=beside) as work:
            outcome = _Attempt(self, store, tenant, serving, by, parent, activate, work).made()
            store.jobs.end(tenant, work.job.id, asdict(outcome))
        return outcome


@dataclass(frozen=True)
class _Attempt:
    """One run; every step may be done again."""

    settings: Retraining
    store: Store
    tenant: str
    serving: ModelVersion
    by: str
    parent: Path | None
    activate: Callable[[str], object] | None
    work: Work

    def made(self) -> Outcome:
        place = next_place(self.store, self.tenant, self.serving, self.parent)
        run = place.with_name(place.name + ".run")
        work, old = self.work, self._opened()
        work.phase("reading the store", 0.0, 0.1)
        plan = _Plan.of(run, self._key(old))
        data = read(self.store, self.tenant, sources=None, until=plan.until, about=old.record.get("data", {}))
        plan.keep(run, until=data.info["log"]["until"])
        try:
            outcome = self._versions(old, data, place, run)
        except (InterruptedTraining, CancelledRetraining, KeyboardInterrupt):
            raise  # asked again, it goes on
        except GenerecError:
            shutil.rmtree(run, ignore_errors=True)
            raise
        shutil.rmtree(run, ignore_errors=True)
        return outcome

    def _versions(self, old: System[Any], data: Dataset, place: Path, run: Path) -> Outcome:
        settings, work = self.settings, self.work
        if data.events.is_empty():
            return self._kept("nothing to learn from: the store has no events on items of its catalogue")
        cleaned = settings.defence.clean(data)
        material = settings.mixture.divide(cleaned.data)
        flagged = self.serving.version in {flag.version for flag in self.store.log(self.tenant).flagged()}
        newest = settings.cut.newest(material, self._seen(old), settings.judge.least, excused=flagged)
        if isinstance(newest, str):
            return self._kept(newest)
        split, note = newest.split, newest.note
        work.phase("training", 0.1, 0.8)
        new = self._trained(old, material.learn, split, run)
        new.save(place, overwrite=True)
        work.phase("judging", 0.8, 0.95)
        anchored = self.serving.figures.get("anchor") == settings.mixture.anchor
        questions = settings.mixture.questions(material.judge, material.anchor)
        verdict = settings.judge.compare(new, old, split, material.judge, questions, settings.seed, anchored=anchored)
        reason = f"{verdict.reason}{f' ({note})' if note else ''}"
        if flagged and not verdict.accepted:
            reason += f"; {_OWED}"
        figures = {
            **verdict.figures, "accepted": verdict.accepted, "reason": reason, "against": self.serving.version,
            "seen_until": newest.since - 1, "anchor": settings.mixture.anchor,
            "promised": verdict.figures["newest events"]["new"], "log": data.info["log"], "defence": cleaned.figures(),
            "synthetic": {"share": material.synthetic, "left_out": material.left_out},
        }  # fmt: skip
        version = self._entered(place, split, data, figures)
        return self._decided(version, replace(verdict, reason=reason), place, figures)

    def _kept(self, reason: str) -> Outcome:
        return Outcome(version=None, serving=self.serving.version, accepted=False, activated=False, reason=reason)

    def _opened(self) -> System[Any]:
        if manifest_of(Path(self.serving.folder)) != self.serving.manifest:
            raise ArtefactError(f"{self.serving.folder} holds another model than version {self.serving.version!r}")
        return load(self.serving.folder)

    def _key(self, old: System[Any]) -> dict[str, Any]:
        """What must be the same for a killed run to be gone on with."""
        about = replace(self.settings, checkpoint_seconds=0.0)
        return {"settings": describe(about), "serving": self.serving.version, "recipe": old.record["recipe"],
                "threads": torch.get_num_threads()}  # fmt: skip

    def _seen(self, old: System[Any]) -> Seen:
        """A version that was not made here may have learned from all that its data held."""
        read = int(old.record.get("data", {}).get("events_until") or 0)
        return Seen(int(self.serving.figures.get("seen_until", read)), read)

    def _trained(self, old: System[Any], learn: Dataset, split: Split, run: Path) -> System[Any]:
        recipe = rebuild(old.record["recipe"])
        if not isinstance(recipe, Recipe):
            raise ArtefactError(f"{self.serving.folder} remembers no recipe; train a model with `generec train`")
        settings = self.settings
        how = Run(
            directory=run / "fit", seed=settings.seed, device=torch.device(settings.device), resume=True,
            checkpoint_seconds=settings.checkpoint_seconds,
        )  # fmt: skip
        return recipe.fit(learn, split, run=how).system

    def _entered(self, place: Path, split: Split, data: Dataset, figures: Mapping[str, Any]) -> str:
        """Writes down whom it learned from, then the version itself: nothing answers whose people are not known."""
        manifest = manifest_of(place)
        version = f"{place.name}-{manifest[:8]}"
        self.work.phase("entering the version", 0.95, 1.0)
        if not marked(self.store, self.tenant, version):
            log = self.store.log(self.tenant)
            log.mark_trained(version, split.refit.user_ids, until=data.info["log"]["until"])
        if version not in {one.version for one in self.store.models.list(self.tenant)}:
            self.store.models.add(
                self.tenant, version, folder=str(place), manifest=manifest,
                watermark=data.info["log"]["catalogue"], figures=figures, by=self.by,
            )  # fmt: skip
        return version

    def _decided(self, version: str, verdict: Verdict, place: Path, figures: Mapping[str, Any]) -> Outcome:
        accepted, reason = verdict.accepted, verdict.reason
        still = self.store.models.active(self.tenant)
        if accepted and (still is None or still.version != self.serving.version):
            accepted, reason = False, f"another version became active meanwhile; {reason}"
        if accepted:
            self.work.tell()
            put_in_charge(self.store, self.tenant, version, by=self.by, activate=self.activate)
        now = self.store.models.active(self.tenant)
        return Outcome(
            version=version, serving=self.serving.version, accepted=accepted,
            activated=now is not None and now.version == version, reason=reason, folder=str(place), figures=figures,
        )  # fmt: skip


def put_in_charge(
    store: Store, tenant: str, version: str, *, by: str, activate: Callable[[str], object] | None = None
) -> None:
    """Lets an accepted version answer, and takes the flag off the one before it, whose people it forgot.

    activate: instead of `Models.activate`, such as a running server's own, which loads it first.
    """
    before = store.models.active(tenant)
    if activate is None:
        store.models.activate(tenant, version, by=by)
    else:
        activate(version)
    now = store.models.active(tenant)
    if before is not None and now is not None and before.version != now.version == version:
        replaced(store, tenant, before.version, version)


def next_place(store: Store, tenant: str, serving: ModelVersion, parent: Path | None) -> Path:
    """The folder of the next version: NAME.2, NAME.3 …; one that was begun and never entered is gone on with."""
    old = Path(serving.folder)
    base, taken = re.sub(r"\.\d+$", "", old.name), {Path(one.folder) for one in store.models.list(tenant)}
    number = 2
    while True:
        place = (parent or old.parent).resolve() / f"{base}.{number}"
        begun = place.with_name(place.name + ".run").exists()
        if place not in taken and (begun or not place.exists()):
            return place
        number += 1


@dataclass(frozen=True)
class _Plan:
    """What a run was begun with: no events, so that nobody's are kept outside of the store."""

    key: Mapping[str, Any]
    until: int | None = None
    begun: float = 0.0

    @staticmethod
    def of(run: Path, key: Mapping[str, Any]) -> _Plan:
        """The plan of a killed run that is worth going on with; otherwise a new one, and nothing left of the old."""
        try:
            kept = json.loads((run / _PLAN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = {}
        if kept.get("key") == json.loads(json.dumps(key)) and 0 <= time.time() - kept["begun"] < FRESH:
            return _Plan(key, kept["until"], kept["begun"])
        shutil.rmtree(run, ignore_errors=True)
        return _Plan(key, None, time.time())

    def keep(self, run: Path, until: int) -> None:
        run.mkdir(parents=True, exist_ok=True)
        write_atomically(run / _PLAN, json.dumps({"key": self.key, "until": until, "begun": self.begun}).encode())
