"""The GeneRec loop around a trained system: what `generec.GeneRec(system)` gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from generec.data.split import NEGATIVE_EVENTS
from generec.fidelity.gate import Gate, plain_checks
from generec.fidelity.keys import Keys, default_keys
from generec.fidelity.ledger import Ledger, ledger_of
from generec.fidelity.originals import Originals
from generec.fidelity.policy import Policy
from generec.fidelity.provenance import Marker
from generec.fidelity.scene import Scene
from generec.loop.demand import Imagination, tells_what_from_how
from generec.loop.explain import Explainer
from generec.loop.feedback import Labelled, credit, earned
from generec.loop.instructor import EmbeddedInstructor
from generec.loop.leaning import LIKED, leaning
from generec.loop.meaning import Meaning
from generec.loop.outcomes import Outcome, read, written
from generec.loop.profile import FittedProfileWriter, Profile, ProfileWriter
from generec.loop.retrieve import Retriever
from generec.loop.router import Router
from generec.loop.set_maker import SetMaker
from generec.loop.text_create_maker import TextCreateMaker
from generec.loop.text_maker import TextEditMaker, plain_editor
from generec.loop.turn import Loop, RoutedMaker, TurnRequest
from generec.loop.writer import Writer
from generec.protocols import Instructor
from generec.records import Age, Budget, Feedback, Guidance, Person, Stage, Statement, Turn
from generec.system import System
from generec.types import Dataset


@dataclass(kw_only=True)
class GeneRec:
    """Answers people in words: retrieves, edits, creates, checks and explains.

    system: a trained recommender; data: what people did, for profiles and popularity (people without a known history
    are served all the same). folder: of the origin ledger; keys: of provenance, kept outside of it. origins: the ledger
    of that folder, where several loops share one. instructor and makers: others than the embedded ones. Everything is
    built on first use.
    """

    system: System[Any]
    data: Dataset | None = None
    folder: Path
    origins: Ledger | None = None
    keys: Keys = field(default_factory=default_keys)
    policy: Policy = field(default_factory=Policy)
    instructor: Instructor | None = None
    makers: Mapping[str, RoutedMaker] | None = None
    router: Router = field(default_factory=Router)
    writer: Writer | None = None
    """Creates texts; None: the text editor stands in."""
    budget: Budget = field(default_factory=Budget)
    _wired: Loop | None = field(default=None, init=False, repr=False)

    def turn(self, request: TurnRequest) -> Turn:
        """One turn of a dialogue."""
        return self.loop.turn(request)

    def learn(self, turn: Turn, feedback: Iterable[Feedback], words: str = "") -> dict[Stage, tuple[Labelled, ...]]:
        """Takes in what a person did with a turn: the router hears of it at once and after a restart too.

        Returns what each stage can learn from it (see `loop.feedback.credit`, also for what is raised). words: what the
        person said.
        """
        given = tuple(feedback)
        found, outcome = credit(turn, given, words), earned(turn, given)
        if outcome is not None:
            self.loop.router.learn(outcome)
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._outcomes.open("a", encoding="utf-8") as file:
                file.write(written([outcome]))
        return found

    def person(self, user_id: str | None = None, history: tuple[str, ...] = (), age: Age = "adult") -> Person:
        """A person with the profile that their history gives; what the data know of them where none is given."""
        events, liked = history, tuple[str, ...]()
        if not history and user_id is not None:
            events, liked = self.histories.get(user_id, ()), self.liked.get(user_id, ())
        lines = Profile().refreshed(self.profile_writer, events).lines
        return Person(user_id=user_id, history=tuple(events), liked=liked, profile=lines, age=age)

    def explain(self, item_id: str, person: Person) -> tuple[Statement, ...]:
        """Why an item, for a person, with citations."""
        return self.loop.explainer.explain(item_id, Guidance(profile=person.profile), person)

    @cached_property
    def histories(self) -> dict[str, tuple[str, ...]]:
        """What every person of the data took, oldest first."""
        return self._events(~pl.col("event").is_in(list(NEGATIVE_EVENTS)).fill_null(False))

    @cached_property
    def liked(self) -> dict[str, tuple[str, ...]]:
        """What people of the data said they like."""
        return self._events(pl.col("event").is_in(list(LIKED)))

    def _events(self, which: pl.Expr) -> dict[str, tuple[str, ...]]:
        if self.data is None:
            return {}
        grouped = self.data.events.filter(which).group_by("user_id", maintain_order=True).agg("item_id")
        return {
            user: tuple(items) for user, items in zip(grouped["user_id"], grouped["item_id"].to_list(), strict=True)
        }

    @cached_property
    def counts(self) -> list[int]:
        """How many people used each item."""
        used = Counter(item for items in self.histories.values() for item in set(items))
        return [used[item_id] for item_id in self.system.catalog.item_ids]

    @cached_property
    def profile_writer(self) -> FittedProfileWriter:
        return ProfileWriter().fit(self.system.catalog, self.system.activity.tolist())

    @cached_property
    def meaning(self) -> Meaning:
        return Meaning(self.system.catalog)

    @cached_property
    def ledger(self) -> Ledger:
        return self.origins or ledger_of(self.folder)

    @property
    def loop(self) -> Loop:
        """The parts of a turn, wired together; anew where items were inserted since."""
        if self._wired is None:
            self._wired = self._wire()
            for outcome in self._remembered():
                if outcome.arm in self.router.bandit.arms:
                    self.router.learn(outcome)
        elif self.meaning.catalog is not self.system.catalog:
            self.meaning = Meaning(self.system.catalog, self.meaning.encoder)
            for name in ("counts", "profile_writer"):
                self.__dict__.pop(name, None)
            self._wired = self._wire()
        return self._wired

    def _wire(self) -> Loop:
        self.meaning.warm()
        system, two_sided = self.system, tells_what_from_how(self.system)  # nothing here holds on to this loop
        retriever = Retriever(
            recommender=self.system, meaning=self.meaning, repeat=bool(self.data is not None and self.data.repeats),
            alive=lambda: system.index.alive.cpu().numpy(), manner=leaning(system, self.data) if two_sided else None,
        )  # fmt: skip
        explainer = Explainer(recommender=self.system, catalog=self.system.catalog, popularity=self.counts)
        makers = self.makers if self.makers is not None else self._makers(retriever)
        for maker in makers.values():
            self.router.bandit.join(maker.arm)
        marker, imagine = Marker(self.keys, self.ledger), Imagination(self.system) if two_sided else None
        return Loop(
            instructor=self.instructor or EmbeddedInstructor(meaning=self.meaning), retriever=retriever,
            router=self.router, makers=makers, gate=Gate(plain_checks(), self.policy, marker.mark),
            scene=self._scene(), explainer=explainer, publish=marker.publish, imagine=imagine, budget=self.budget,
        )  # fmt: skip

    def _makers(self, retriever: Retriever) -> dict[str, RoutedMaker]:
        found: list[RoutedMaker] = [
            TextEditMaker(retriever=retriever, editor=plain_editor(self.system.catalog)),
            SetMaker(retriever=retriever),
        ]
        if self.writer is not None:
            creator = TextCreateMaker(retriever=retriever, writer=self.writer, manner=retriever.manner)
            creator.warm()
            found.append(creator)
        return {maker.arm.name: maker for maker in found}

    @property
    def _outcomes(self) -> Path:
        return self.folder / "outcomes.jsonl"

    def _remembered(self) -> list[Outcome]:
        """What the router heard before; a line that was being written when the power went is not one."""
        text = self._outcomes.read_text(encoding="utf-8") if self._outcomes.exists() else ""
        return read(text[: text.rfind("\n") + 1], str(self._outcomes))

    def _scene(self) -> Scene:
        """Without stated rights nothing may be made of the catalogue: the check says unknown, and that blocks."""
        frame = self.system.catalog.frame
        rights = self.data.info.get("rights") if self.data is not None else None
        prose = frame["description"] if "description" in frame.columns else frame["item_id"].clear()
        texts = {item: text for item, text in zip(frame["item_id"], prose, strict=False) if text}
        return Scene(rights=rights, ledger=self.ledger, keys=self.keys, originals=Originals.of(texts))
