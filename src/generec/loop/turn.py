"""One turn of the GeneRec loop: words in; retrieved, edited and created candidates out, checked and explained."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from generec.errors import GenerecError
from generec.fidelity.facts import facts_of
from generec.fidelity.gate import Gate
from generec.fidelity.provenance import Marks
from generec.fidelity.scene import Scene
from generec.loop.explain import Explainer
from generec.loop.retrieve import Retrieved, Retriever
from generec.protocols import Instructor
from generec.records import (
    Abstain,
    BackendCard,
    Candidate,
    Draft,
    GateReport,
    Guidance,
    Kind,
    Person,
    Question,
    SetPayload,
    Statement,
    Turn,
    fingerprint,
)


class Arm(Protocol):
    """A maker that the router may call."""

    @property
    def kind(self) -> Kind: ...
    @property
    def card(self) -> BackendCard: ...
    def make(
        self, guidance: Guidance, person: Person, near: tuple[str, ...], n: int
    ) -> tuple[Draft, ...] | Abstain: ...


@dataclass(frozen=True)
class Decision:
    """What the router chose to try beside retrieval."""

    arms: tuple[str, ...] = ()
    ask: Question | None = None
    reason: str = ""
    propensities: Mapping[str, float] = field(default_factory=dict)
    exploring: bool = False


class Routes(Protocol):
    """Decides between retrieving, editing, creating and asking."""

    def route(
        self, guidance: Guidance, person: Person, found: Retrieved, arms: Mapping[str, Arm], asked: int
    ) -> Decision: ...


@dataclass(frozen=True, kw_only=True)
class TurnRequest:
    """What a person says, who they are, and what was understood before."""

    words: str
    person: Person = field(default_factory=Person)
    before: Guidance | None = None
    k: int = 5
    asked: int = 0  # questions asked in a row so far
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A draft with what the gate found, and its marks where it passed."""

    draft: Draft
    report: GateReport
    marks: Marks | None


@dataclass(frozen=True, kw_only=True)
class Loop:
    """The parts of a turn, in the order in which they act."""

    instructor: Instructor
    retriever: Retriever
    router: Routes
    arms: Mapping[str, Arm]
    gate: Gate
    scene: Scene  # what the checks may look at, without the items, which are looked up for each draft
    explainer: Explainer

    def turn(self, request: TurnRequest) -> Turn:
        """Answers one turn. A maker that fails, is too slow or does not pass the gate leaves the retrieved slate."""
        clock = Clock()
        with clock.stage("instruct"):
            guidance = self.instructor.instruct(request.words, request.person, request.before)
            guidance = replace(
                guidance, user_id=request.person.user_id, consent=request.person.consent, age=request.person.age,
                profile=request.person.profile, seed=request.seed,
            )  # fmt: skip
        return self.answer(guidance, request, clock)

    def answer(self, guidance: Guidance, request: TurnRequest, clock: Clock | None = None) -> Turn:
        """The rest of a turn for a guidance that is known already, corrected by a person, say."""
        clock = clock or Clock()
        person = request.person
        with clock.stage("retrieve"):
            found = self.retriever.retrieve(guidance, person, max(request.k, 10))
        with clock.stage("route"):
            decision = self.router.route(guidance, person, found, self.arms, request.asked)
        with clock.stage("draft"):
            drafts, dropped = self._drafts(guidance, person, found, decision, clock)
        with clock.stage("check"):
            checked = [self._checked(draft, guidance) for draft in drafts]
        with clock.stage("explain"):
            slate = self._slate(guidance, person, found, checked, request.k)
            about = guidance.item_id or (slate[0].item_id if slate else None)
            why = self.explainer.explain(about, guidance, person) if guidance.act == "explain" and about else ()
        trace: dict[str, Any] = {
            "plan": {"arms": decision.arms, "reason": decision.reason, "propensities": dict(decision.propensities),
                     "exploring": decision.exploring},
            "retrieved": {"items": found.item_ids, "scores": found.scores, "coverage": found.coverage,
                          "gap": found.gap, "allowed": found.allowed, "note": found.note},
            "dropped": dropped + [_blocked(each) for each in checked if not each.report.passed],
            "milliseconds": clock.spent,
        }  # fmt: skip
        return Turn(
            id=fingerprint("turn", guidance.fingerprint, person.user_id, found.item_ids[:10], request.seed),
            guidance=guidance, slate=slate, drafts=tuple(drafts), reports=tuple(each.report for each in checked),
            question=decision.ask, explanation=why, message=_message(guidance, found, slate, decision, dropped, why),
            trace=trace,
        )  # fmt: skip

    def _drafts(
        self, guidance: Guidance, person: Person, found: Retrieved, decision: Decision, clock: Clock
    ) -> tuple[list[Draft], list[str]]:
        """What the chosen makers made, and why the others made nothing."""
        drafts: list[Draft] = []
        dropped: list[str] = []
        for name in decision.arms:
            with clock.stage(name):
                try:
                    made = self.arms[name].make(guidance, person, found.item_ids, 1)
                except Exception as error:  # whatever a maker stumbles over, the retrieved slate stands
                    said = str(error) if isinstance(error, GenerecError) else f"{type(error).__name__}: {error}"
                    dropped.append(f"{name} failed: {said[:300]}")
                    continue
            if isinstance(made, Abstain):
                dropped.append(" ".join([made.reason, *_offers(made)]))
            else:
                drafts.extend(made)
        return drafts, dropped

    def _checked(self, draft: Draft, guidance: Guidance) -> Checked:
        named = [*draft.parents, *(evidence.item_id for evidence in draft.evidence if evidence.item_id)]
        facts = facts_of(self.retriever.meaning.catalog, named)
        judged = self.gate.judge(draft, guidance, replace(self.scene, items=facts))
        return Checked(draft=draft, report=judged.report, marks=judged.marks)

    def _slate(
        self, guidance: Guidance, person: Person, found: Retrieved, checked: Sequence[Checked], k: int
    ) -> tuple[Candidate, ...]:
        """Drafts that passed, then the retrieved; the best retrieved item is always among them."""
        made = [self._made(each) for each in checked if each.report.passed]
        titles = self.retriever.meaning.catalog.titles(found.item_ids)
        kept = max(1, k - len(made))
        retrieved = [
            Candidate("retrieved", title, item_id, score=score, reason=self._reason(item_id, guidance, person))
            for item_id, title, score in list(zip(found.item_ids, titles, found.scores, strict=True))[:kept]
        ]
        return (*made, *retrieved)

    def _made(self, each: Checked) -> Candidate:
        draft = each.draft
        payload = draft.payload
        title = payload.title or (self._titles(draft.parents[:1]) if draft.parents else "")
        parent = draft.parents[0] if draft.mode == "edited" and draft.parents else None
        reason = (
            "; ".join(f"{rule.rule}: {rule.value}" for rule in payload.rules) if isinstance(payload, SetPayload) else ""
        )
        label = each.marks.label if each.marks is not None else ""
        return Candidate(draft.mode, title, parent, draft, each.report, draft.reward, label, reason)

    def _titles(self, item_ids: Sequence[str]) -> str:
        return ", ".join(self.retriever.meaning.catalog.titles(item_ids))

    def _reason(self, item_id: str, guidance: Guidance, person: Person) -> str:
        statements: tuple[Statement, ...] = self.explainer.explain(item_id, guidance, person)
        return statements[0].text if statements else ""


class Clock:
    """Milliseconds by stage of one turn."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] = round(1000 * (time.perf_counter() - began), 2)


def _offers(made: Abstain) -> list[str]:
    conflict = [f"These cannot hold together: {'; '.join(made.conflict)}."] if made.conflict else []
    return [*conflict, *([f"What would do: {'; '.join(made.relaxations)}."] if made.relaxations else [])]


def _blocked(each: Checked) -> str:
    reasons = [f"{verdict.check}: {'; '.join(verdict.reasons)}" for verdict in each.report.blocking]
    return f"draft {each.draft.id} did not pass ({' | '.join(reasons)})"


def _message(
    guidance: Guidance,
    found: Retrieved,
    slate: Sequence[Candidate],
    decision: Decision,
    dropped: Sequence[str],
    why: Sequence[Statement],
) -> str:
    """What the person reads above the slate."""
    said: list[str] = list(guidance.notes)
    if decision.ask is not None:
        said.append(decision.ask.text)
    if guidance.act == "explain":
        said.append("; ".join(statement.text for statement in why) or "Nothing in your history or wishes explains it.")
    said += dropped
    if found.allowed == 0:
        said.append(f"Nothing in the catalogue meets {' and '.join(map(str, guidance.conditions))}.")
    elif guidance.act in ("create", "edit") and all(candidate.mode == "retrieved" for candidate in slate):
        said.append("Nothing was made; these exist.")
    if found.note:
        said.append(found.note)
    if guidance.unread:
        said.append(f"Not used: {', '.join(guidance.unread)}.")
    return " ".join(said)
