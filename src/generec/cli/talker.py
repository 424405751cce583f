"""The loop for the server: one around the system that answers now, made anew when a model or the catalogue changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generec.cli.around import PATIENCE, Around, Loops
from generec.cli.ruled import told, with_rules
from generec.loop.generec import GeneRec
from generec.loop.profile import Profile
from generec.loop.turn import Loop, TurnRequest
from generec.records import Feedback, Guidance, Kind, Person, ProfileLine, Stated, Statement, Turn
from generec.serving.api.talker import Detected, Layer, Said
from generec.serving.batcher import NotServingError
from generec.serving.engine import Engine
from generec.system import System
from generec.types import Condition


@dataclass(frozen=True)
class _Telling:
    """The first step after understanding: it says what was understood, answers and pointing included."""

    imagine: Callable[[Guidance, Person], Guidance] | None
    told: Callable[[Guidance], None]

    def __call__(self, guidance: Guidance, person: Person) -> Guidance:
        self.told(guidance)
        return guidance if self.imagine is None else self.imagine(guidance, person)


class ServedTalker:
    """A talker of the API around GeneRec.

    serving: the system that answers now; made: a loop around it; named: the version of a system. Feedback that the
    router heard is read again from the folder of the ledger by the next loop.
    """

    def __init__(
        self,
        serving: Callable[[], System[Any]],
        made: Callable[[System[Any]], GeneRec],
        *,
        named: Callable[[System[Any]], str] = lambda system: "",
        patience: float = PATIENCE,
    ):
        self.loops = Loops(serving, made, named, patience)

    @staticmethod
    def over(engine: Engine, made: Callable[[System[Any]], GeneRec]) -> ServedTalker:
        """A talker about what an engine serves, whose turns name the version that they rest on."""

        def named(system: System[Any]) -> str:
            loaded = engine.versions.loaded.values()
            found = (one.name for one in loaded if one.snapshot.system is system)
            return next(found, engine.versions.serving.active.name)

        return ServedTalker(lambda: engine.versions.serving.active.snapshot.system, made, named=named)

    @property
    def generec(self) -> GeneRec:
        """The loop that answers now."""
        return self.loops.now().generec

    def turn(self, said: Said, understood: Callable[[Guidance], None]) -> Turn:
        around = self.loops.now()
        loop = _ruled(around, said)
        if said.guidance is not None:
            understood(said.guidance)
            return _signed(loop.answer(said.guidance, _request(said)), loop, around)
        telling = replace(loop, imagine=_Telling(loop.imagine, understood))
        return _signed(telling.turn(_request(said)), loop, around)

    def edit(self, item_id: str, said: Said) -> Turn:
        around = self.loops.now()
        around.system.catalog.row(item_id)
        if item_id in around.stale:
            raise NotServingError(f"item {item_id!r} has just changed; ask again in a moment")
        return self._made_of(replace(self._understood(said), act="edit", kind="text", item_id=item_id), said)

    def create(self, kind: Kind, conditions: Sequence[Condition], said: Said) -> Turn:
        guidance = self._understood(said)
        hard = (*guidance.hard, *map(Stated, conditions))
        given = {one.field for one in said.totals}
        totals = (*(one for one in guidance.totals if one.field not in given), *said.totals)
        asked = replace(guidance, act="create", kind=kind, hard=hard, totals=totals, count=said.count or guidance.count)
        return self._made_of(asked, said)

    def explain(self, item_id: str, person: Person) -> tuple[Statement, ...]:
        return self.generec.explain(item_id, person)

    def detect(self, content: str, sidecar: str | None) -> Detected:
        from generec.fidelity.provenance import detect

        found = detect(content, sidecar, self.generec.ledger, self.generec.keys)
        layers = tuple(Layer(each.name, each.state, each.reason) for each in found.layers)
        return Detected(found.found, layers, found.p_value, found.withdrawn)

    def learn(self, turn: Turn, verdicts: Sequence[Feedback]) -> None:
        self.generec.learn(turn, verdicts)

    def profile(
        self, history: Sequence[str], own: Sequence[ProfileLine], deleted: Sequence[ProfileLine]
    ) -> tuple[ProfileLine, ...]:
        gone = frozenset(line.id for line in deleted)
        forgotten = frozenset(event for line in deleted for event in line.events)
        return Profile(tuple(own), gone, forgotten).refreshed(self.generec.profile_writer, history).lines

    def _understood(self, said: Said) -> Guidance:
        return self.generec.loop.instructor.instruct(said.words, said.person, None) if said.words else Guidance()

    def _made_of(self, guidance: Guidance, said: Said) -> Turn:
        person = said.person
        known = replace(
            guidance, user_id=person.user_id, profile=person.profile, question=None, seed=said.seed, age=person.age,
            consent=person.consent and guidance.consent, locale=person.locale,
        )  # fmt: skip
        around = self.loops.now()
        loop = _ruled(around, said)
        return _signed(loop.answer(known, _request(replace(said, words=""))), loop, around)


def _ruled(around: Around, said: Said) -> Loop:
    return with_rules(around.generec.loop, said.rules, said.refused | around.stale)


def _signed(turn: Turn, loop: Loop, around: Around) -> Turn:
    """With the version of the model that it rests on, which feedback on it names, and what rules did to it."""
    turn = told(turn, loop)
    return replace(turn, trace={**turn.trace, "model": around.version}) if around.version else turn


def _request(said: Said) -> TurnRequest:
    return TurnRequest(
        words=said.words, person=said.person, before=said.before, shown=said.shown, k=said.k, asked=said.asked,
        seed=said.seed,
    )  # fmt: skip
