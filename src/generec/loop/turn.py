"""One turn of the GeneRec loop: words in; retrieved, edited and created candidates out, checked and explained."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from generec.fidelity.facts import facts_of
from generec.fidelity.gate import Gate, Judged
from generec.fidelity.legality import Legality
from generec.fidelity.payload import sources
from generec.fidelity.provenance import Marks
from generec.fidelity.scene import Scene
from generec.loop.arms import Arm
from generec.loop.explain import Explainer
from generec.loop.grammar.dialogue import of_items
from generec.loop.grammar.readings import answered, read_as
from generec.loop.pointing import pointed
from generec.loop.retrieve import Retrieved, Retriever
from generec.loop.router import Decision, Drafted, Missing, Router, Served, respond
from generec.loop.router import Scene as Situation
from generec.protocols import Instructor, Maker
from generec.records import (
    Abstain,
    Budget,
    Candidate,
    Draft,
    GateReport,
    Guidance,
    Person,
    SetPayload,
    Statement,
    Turn,
    fingerprint,
)
from generec.types import Condition

_ENGLISH = "only English is read"
_LOOKED_AT, _LISTED, _SHOWN = 400, 8, 60  # letters of a text, words that were not used, characters of each


class RoutedMaker(Maker, Protocol):
    """A maker that the router may call."""

    @property
    def arm(self) -> Arm: ...
    def worth(self, draft: Draft, guidance: Guidance, person: Person) -> float: ...

    # what the draft is expected to be worth to the person, on the scale of retrieval's scores; a cautious estimate


@dataclass(frozen=True, kw_only=True)
class TurnRequest:
    """What a person says, who they are, and what was understood before."""

    words: str
    person: Person = field(default_factory=Person)
    before: Guidance | None = None
    shown: tuple[str, ...] = ()  # items of the last slate, at which words may point
    k: int = 5
    asked: int = 0  # questions asked in a row so far
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Loop:
    """The parts of a turn, in the order in which they act."""

    instructor: Instructor
    retriever: Retriever
    router: Router
    makers: Mapping[str, RoutedMaker]
    gate: Gate
    scene: Scene  # what the checks may look at; the facts of the items are looked up for each draft
    explainer: Explainer
    publish: Callable[[Draft, Marks, GateReport], object] | None = None  # enters in the ledger what is shown
    imagine: Callable[[Guidance, Person], Guidance] | None = None  # adds what the person probably wants, in codes
    budget: Budget = field(default_factory=Budget)  # what a turn may spend where nothing is asked to be made
    depth: int = 20  # items that router and makers look at
    patience_ms: float = 10_000.0  # what an edit or a creation may take where it was asked for

    def turn(self, request: TurnRequest) -> Turn:
        """Answers one turn. A maker that fails, is too slow or does not pass the gate leaves the retrieved slate."""
        clock, person = Clock(), request.person
        with clock.stage("instruct"):
            guidance = self._understood(request)
        notes = (*guidance.notes, *_remarks(request.words, guidance))
        guidance = replace(
            guidance, user_id=person.user_id, consent=person.consent and guidance.consent, age=person.age,
            profile=person.profile, locale=person.locale, seed=request.seed, notes=notes,
        )  # fmt: skip
        return self.answer(guidance, request, clock)

    def _understood(self, request: TurnRequest) -> Guidance:
        """The words as an answer to the question before, else as the instructor reads them."""
        before = request.before
        if before is not None and before.question is not None:
            chosen = answered(request.words, before.question)
            if chosen is not None:
                return replace(read_as(before, before.question, chosen), unread=(), notes=())
        return pointed(self.instructor.instruct(request.words, request.person, before), request.words, request.shown)

    def answer(self, guidance: Guidance, request: TurnRequest, clock: Clock | None = None) -> Turn:
        """The rest of a turn for a guidance that stands already: understood before, or corrected by a person."""
        clock, person = clock or Clock(), request.person
        asked = guidance.act in ("edit", "create")
        patience = max(self.patience_ms, self.budget.latency_ms) if asked else self.budget.latency_ms
        guidance = replace(guidance, budget=replace(self.budget, latency_ms=patience, candidates=request.k))
        with clock.stage("retrieve"):
            guidance = self.imagine(guidance, person) if self.imagine is not None else guidance
            found = self.retriever.retrieve(of_items(guidance), person, max(request.k, self.depth))
            hits = self._hits(found)
        with clock.stage("route"):
            situation = Situation(
                hits=hits, coverage=found.coverage, gap=found.gap, allowed=found.allowed,
                rejected=len(person.rejected), arms=tuple(maker.arm for maker in self.makers.values()),
                missing=self._missing(guidance, person, request.k), asked=request.asked,
            )  # fmt: skip
            decision = self.router.route(guidance, situation)
        making = _Making(self, guidance, person, found)
        with clock.stage("make"):
            served = respond(decision, guidance, situation, making.drafts)
            making.published(served.slate)
        with clock.stage("explain"):
            slate = tuple(self._reasoned(candidate, guidance, person) for candidate in served.slate)
            about = guidance.item_id or (slate[0].item_id if slate else None)
            asked_why = guidance.act == "explain" and about is not None
            why = self.explainer.explain(about, guidance, person) if asked_why and about is not None else ()
        return Turn(
            id=fingerprint("turn", guidance.fingerprint, person.user_id, found.item_ids[: request.k], request.seed),
            guidance=guidance, slate=slate, drafts=tuple(making.made),
            reports=tuple(judged.report for judged in making.judged), question=decision.ask, explanation=why,
            message=" ".join(_said(guidance, found, decision, served, why, self.retriever)),
            trace={
                **_trace(decision, found, served, clock), "marks": making.marks,
                "instructor": {"backend": guidance.backend, "notes": guidance.notes},
            },
        )  # fmt: skip

    def _missing(self, guidance: Guidance, person: Person, k: int) -> tuple[Missing, ...]:
        """What could be asked, with the items that each answer would lead to."""
        question = guidance.question
        if question is None or not question.readings:
            return ()
        read = [of_items(read_as(guidance, question, at)) for at in range(len(question.readings))]
        if guidance.act in ("edit", "explain"):
            return (Missing(question, tuple((one.item_id,) if one.item_id else () for one in read)),)
        return (Missing(question, tuple(self.retriever.retrieve(one, person, k).item_ids for one in read)),)

    def _hits(self, found: Retrieved) -> tuple[Candidate, ...]:
        titles = self.retriever.meaning.catalog.titles(found.item_ids)
        return tuple(
            Candidate("retrieved", title, item_id, score=score)
            for item_id, title, score in zip(found.item_ids, titles, found.scores, strict=True)
        )

    def _reasoned(self, candidate: Candidate, guidance: Guidance, person: Person) -> Candidate:
        if candidate.reason or candidate.item_id is None:
            return candidate
        return replace(candidate, reason=self.explainer.reason(candidate.item_id, guidance, person))


@dataclass(frozen=True)
class _Making:
    """What the makers of one turn made, and what the gate said of it."""

    loop: Loop
    guidance: Guidance
    person: Person
    found: Retrieved
    made: list[Draft] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    def drafts(self, arm: Arm) -> list[Drafted] | Abstain:
        """The drafts of one maker, each with the gate's report."""
        maker = self.loop.makers[arm.name]
        made = maker.make(self.guidance, self.person, self.found.item_ids, 1)
        if isinstance(made, Abstain):
            offers = _offers(made)
            return Abstain(" ".join([_sentence(made.reason), *offers]) if offers else made.reason)
        drafted = []
        for plain in made:
            draft, judged = self._judge(plain)
            self.made.append(draft)
            self.judged.append(judged)
            worth = maker.worth(draft, self.guidance, self.person)
            drafted.append(Drafted(_candidate(draft, judged, worth, self.loop.retriever), worth))
        blocked = [judged for judged in self.judged[-len(made) :] if not judged.report.passed]
        if len(blocked) == len(made):
            return Abstain("; ".join(_blocked(judged) for judged in blocked))
        return drafted

    @property
    def marks(self) -> dict[str, dict[str, str]]:
        """What goes out with each draft that passed: its bytes as text, its signed sidecar, its ledger record."""
        return {
            judged.report.draft: {
                "content": judged.marks.content.decode(), "sidecar": judged.marks.sidecar, "label": judged.marks.label,
                "record": judged.marks.record.id,
            }
            for judged in self.judged
            if judged.marks is not None and judged.report.passed
        }  # fmt: skip

    def _judge(self, plain: Draft) -> tuple[Draft, Judged]:
        """The draft with the credits that its sources ask for, and the verdicts on it."""
        facts = facts_of(self.loop.retriever.meaning.catalog, list(sources(plain)))
        scene = replace(self.loop.scene, items=facts)
        draft = Legality().disclosed(plain, scene)
        return draft, self.loop.gate.judge(draft, self.guidance, scene)

    def published(self, slate: Sequence[Candidate]) -> None:
        """Enters in the ledger which drafts are shown."""
        shown = {candidate.draft.id for candidate in slate if candidate.draft is not None}
        for draft, judged in zip(self.made, self.judged, strict=True):
            if self.loop.publish is not None and judged.marks is not None and draft.id in shown:
                self.loop.publish(draft, judged.marks, judged.report)


def _candidate(draft: Draft, judged: Judged, worth: float, retriever: Retriever) -> Candidate:
    payload = draft.payload
    parent = draft.parents[0] if draft.mode == "edited" and draft.parents else None
    title = payload.title or (retriever.meaning.catalog.titles([parent])[0] if parent else "")
    rules = payload.rules if isinstance(payload, SetPayload) else ()
    reason = "; ".join(f"{rule.rule}: {rule.value}" for rule in rules)
    label = judged.marks.label if judged.marks is not None else ""
    return Candidate(draft.mode, title, parent, draft, judged.report, worth, label, reason)


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


def _says_something(guidance: Guidance) -> bool:
    wishes = (guidance.hard, guidance.likes, guidance.dislikes, guidance.anchors, guidance.directions, guidance.totals)
    return guidance.act != "recommend" or any(wishes) or bool(guidance.unread or guidance.notes or guidance.audience)


def _offers(made: Abstain) -> list[str]:
    conflict = [f"These cannot hold together: {'; '.join(made.conflict)}."] if made.conflict else []
    return [*conflict, *([f"What would do: {'; '.join(made.relaxations)}."] if made.relaxations else [])]


def _blocked(judged: Judged) -> str:
    reasons = [f"{verdict.check}: {'; '.join(verdict.reasons)}" for verdict in judged.report.blocking]
    return f"it did not pass the checks ({' | '.join(reasons)})"


def _trace(decision: Decision, found: Retrieved, served: Served, clock: Clock) -> dict[str, Any]:
    return {
        "plan": {"arms": decision.arms, "reason": decision.reason, "propensities": dict(decision.propensities),
                 "exploration": decision.exploration, "features": decision.features},
        "retrieved": {"items": found.item_ids, "scores": found.scores, "coverage": found.coverage, "gap": found.gap,
                      "allowed": found.allowed, "note": found.note},
        "served": {"arm": served.arm, "cost": served.cost, "notes": served.notes},
        "milliseconds": clock.spent,
    }  # fmt: skip


def _remarks(words: str, guidance: Guidance) -> Iterator[str]:
    """What a person should know of words that said little, or in letters that nobody here reads."""
    letters = [letter for letter in words if letter.isalpha()]
    latin = sum("LATIN" in unicodedata.name(letter, "") for letter in letters[:_LOOKED_AT])
    if 2 * latin < len(letters[:_LOOKED_AT]) and not any(_ENGLISH in note for note in guidance.notes):
        yield f"{_ENGLISH}; say it in plain English, or choose from these"
    elif not _says_something(guidance):
        yield "these words do not say what to look for; name a kind of thing, a property or an item"


def _said(
    guidance: Guidance,
    found: Retrieved,
    decision: Decision,
    served: Served,
    why: Sequence[Statement],
    retriever: Retriever,
) -> Iterator[str]:
    """What the person reads above the slate."""
    yield from map(_sentence, guidance.notes)
    if decision.ask is not None:
        yield decision.ask.text
    if guidance.act == "explain":
        yield _sentence(
            "; ".join(statement.text for statement in why) or "nothing in the history or the wishes explains it"
        )
    if guidance.act in ("edit", "create"):
        yield from map(_sentence, served.notes)
        if not decision.arms and decision.ask is None:
            yield f"Nothing was made: {decision.reason}."
    if found.allowed == 0 and guidance.conditions:
        yield from _impossible(guidance.conditions, retriever, decision.ask is not None)
    if found.note:
        yield f"({found.note})"
    if guidance.unread:
        more = ", …" if len(guidance.unread) > _LISTED else ""
        yield f"Not understood, looked for as plain words: {', '.join(map(_short, guidance.unread[:_LISTED]))}{more}."


def _impossible(conditions: Sequence[Condition], retriever: Retriever, asked: bool) -> Iterator[str]:
    """Which conditions cannot hold together, and what there is without each. asked: a question says the first."""
    if retriever.allowed(conditions).any():
        yield f"You know, or turned down, everything that meets {_all(conditions)}."
        return
    conflict = _conflict(conditions, retriever)
    if not asked:
        yield f"Nothing in the catalogue meets {_all(conflict)}{' together' if len(conflict) > 1 else ''}."
    for condition in conflict:
        rest = [each for each in conditions if each != condition]
        left = int(retriever.allowed(rest).sum())
        others = "is 1 item" if left == 1 else f"are {left:,} items"
        nor = f"nothing meets {_all(_conflict(rest, retriever))} either" if not left else f"there {others}"
        yield f"Without “{condition}” {nor}."


def _conflict(conditions: Sequence[Condition], retriever: Retriever) -> list[Condition]:
    """A smallest part of conditions that nothing meets: each is left out where nothing meets the others either."""
    kept = list(dict.fromkeys(conditions))
    for condition in tuple(kept):
        fewer = [each for each in kept if each != condition]
        if not retriever.allowed(fewer).any():
            kept = fewer
    return kept


def _all(conditions: Sequence[Condition]) -> str:
    return " and ".join(f"“{condition}”" for condition in conditions)


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _sentence(text: str) -> str:
    """A note as a sentence of its own."""
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")
