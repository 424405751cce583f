"""The nouns of the generative half: what is wished, drafted, checked and shown.

Frozen dataclasses of plain values, so that every record is JSON at the border (`to_json`, `from_json`): a closed
schema, in which an unknown field is an error. External ids only; codes stand where a maker of items needs them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar

from generec.errors import InputError
from generec.types import Condition

RecordT = TypeVar("RecordT")

Code = tuple[int, ...]
"""Residual levels of a *what* or a *how*, coarse first."""

Act = Literal["recommend", "edit", "create", "explain", "undo", "reset", "stop_creating"]
"""What a turn asks for. `recommend` covers everything that ends in a slate."""

Kind = Literal["set", "text"]
"""What can be made."""

Age = Literal["child", "teen", "adult"]

Mode = Literal["retrieved", "edited", "created"]
"""How a candidate came about; the only words by which a person is told."""


@dataclass(frozen=True)
class Source:
    """Where a piece of guidance came from, so that a person can see and correct it."""

    kind: Literal["instruction", "profile", "history", "feedback", "default"] = "instruction"
    quote: str = ""  # the words, the profile line's id, or event ids
    turn: int = 0  # which turn of the dialogue stated it


@dataclass(frozen=True)
class Stated:
    """A hard constraint: nothing that violates it is ever shown."""

    condition: Condition
    source: Source = Source()


@dataclass(frozen=True)
class Taste:
    """A soft like (positive weight) or dislike (negative): a field's value, or words to be matched by meaning."""

    weight: float
    condition: Condition | None = None  # what it says about a catalogue field, where it names one
    words: str = ""  # free text otherwise
    source: Source = Source()


@dataclass(frozen=True)
class Anchor:
    """An item that was named: `like` it, or `not` it."""

    item_id: str
    weight: float = 1.0
    source: Source = Source()


@dataclass(frozen=True)
class Direction:
    """More or less of a numeric field than the items at hand: shorter, cheaper, newer."""

    field: str
    sign: Literal[-1, 1]
    source: Source = Source()


@dataclass(frozen=True)
class Total:
    """A bound on the sum of a field over the members of a set: two hours in all, at most 40 euros."""

    field: str
    low: float | None = None
    high: float | None = None
    source: Source = Source()


@dataclass(frozen=True)
class Evidence:
    """Words that a text may rest on. `trust`: fields are checked facts, prose and people's words are claims."""

    id: str
    text: str
    item_id: str | None = None
    field: str = ""
    trust: Literal["field", "prose", "person"] = "prose"
    origin: str | None = None  # the item whose text says it, where it is about a kind of thing and not about that item


@dataclass(frozen=True)
class ProfileLine:
    """One readable statement about a person, traceable to events, theirs to edit and delete."""

    id: str
    text: str
    weight: float  # positive: likes; negative: avoids
    condition: Condition | None = None
    events: tuple[str, ...] = ()  # item ids of the history that it rests on
    source: Literal["stated", "inferred"] = "inferred"
    locked: bool = False  # a person's own words; inference never overwrites it


@dataclass(frozen=True)
class Budget:
    """What a turn may spend."""

    latency_ms: float = 300.0
    cost: float = 0.0  # in the operator's currency; 0 = embedded backends only
    candidates: int = 8


@dataclass(frozen=True)
class Reading:
    """What one answer to a question would say: which item is meant, or which condition counts or is liked."""

    item_id: str | None = None
    hard: Condition | None = None
    like: Condition | None = None


@dataclass(frozen=True)
class Question:
    """One question back, with the answers between which it decides, and what each of them would say."""

    text: str
    options: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()  # of each option; empty where only a person can say


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """What a turn asks for, as the instructor understood it. States wishes; the router alone acts.

    hard, likes, dislikes, anchors, directions and totals each carry their source. `oracle` is the imagined ideal item
    in the space of the system's features, with its variance; `what` and `how` are probable codes. `unread` are words
    that were not understood, `question` what to ask first, `backend` who read the instruction.
    """

    act: Act = "recommend"
    user_id: str | None = None
    kind: Kind | None = None  # of what is to be created or edited
    item_id: str | None = None  # what an edit or an explanation is about
    hard: tuple[Stated, ...] = ()
    likes: tuple[Taste, ...] = ()
    dislikes: tuple[Taste, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    directions: tuple[Direction, ...] = ()
    totals: tuple[Total, ...] = ()
    count: int | None = None  # how many items were asked for
    audience: str = ""  # "children", "beginners" …
    tone: tuple[str, ...] = ()
    profile: tuple[ProfileLine, ...] = ()
    what: tuple[tuple[Code, float], ...] = ()
    how: tuple[tuple[Code, float], ...] = ()
    oracle: tuple[float, ...] = ()
    variance: tuple[float, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    budget: Budget = Budget()
    consent: bool = True  # whether anything may be edited or created for this person
    age: Age = "adult"
    locale: str = "en"
    seed: int = 0
    unread: tuple[str, ...] = ()
    question: Question | None = None
    backend: str = "embedded"
    notes: tuple[str, ...] = ()

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The hard constraints as the waist takes them."""
        return tuple(stated.condition for stated in self.hard)

    @property
    def fingerprint(self) -> str:
        """sha256 of the guidance: what a draft and the ledger keep instead of a person's words."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Person:
    """What a turn may know of who asks: their history (oldest first), profile lines, consent and age class."""

    user_id: str | None = None
    history: tuple[str, ...] = ()
    liked: tuple[str, ...] = ()  # of the history, what they said they like
    profile: tuple[ProfileLine, ...] = ()
    rejected: tuple[str, ...] = ()  # items turned down in this dialogue
    consent: bool = True
    age: Age = "adult"
    locale: str = "en"


@dataclass(frozen=True)
class BackendCard:
    """Who made a draft."""

    name: str
    version: str = "1"
    kind: Literal["embedded", "endpoint", "path"] = "embedded"
    cost: float = 0.0
    licence: str = "Apache-2.0"


@dataclass(frozen=True)
class Span:
    """A stretch [start, end) of a text and the evidence it was copied or derived from."""

    start: int
    end: int
    evidence: str


@dataclass(frozen=True)
class TextPayload:
    """An edited or created text."""

    text: str
    title: str = ""
    spans: tuple[Span, ...] = ()
    kind: Literal["text"] = "text"


@dataclass(frozen=True)
class Member:
    """One place of a set: an item, why it is there, and when it begins where the set has a clock (minutes)."""

    item_id: str
    reason: str = ""
    slot: str = ""
    start: float | None = None
    day: int = 0


@dataclass(frozen=True)
class Checked:
    """One rule of a set's brief as an independent reader of the raw fields found it."""

    rule: str
    value: str
    holds: bool


@dataclass(frozen=True)
class SetPayload:
    """A set of real items, in order."""

    title: str
    members: tuple[Member, ...]
    rules: tuple[Checked, ...] = ()
    objective: Mapping[str, float] = field(default_factory=dict)
    kind: Literal["set"] = "set"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """Something edited or created, before the gate."""

    id: str
    mode: Literal["edited", "created"]
    payload: TextPayload | SetPayload
    parents: tuple[str, ...] = ()  # item ids it was made from
    evidence: tuple[Evidence, ...] = ()  # all that it may rest on
    backend: BackendCard
    guidance: str = ""  # Guidance.fingerprint
    seed: int = 0
    what: Code = ()  # what it declares; judges read the payload instead
    how: Code = ()
    reward: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Abstain:
    """Why a maker made nothing, and what could be relaxed."""

    reason: str
    conflict: tuple[str, ...] = ()  # a minimal set of rules that cannot hold together
    relaxations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What one fidelity check found. `unknown` on a blocking check is a block."""

    check: str  # bias, privacy, safety, authenticity, legality or identifiability
    outcome: Literal["pass", "fail", "unknown"]
    severity: Literal["block", "warn"]
    reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    score: float | None = None
    version: str = "1"


@dataclass(frozen=True)
class GateReport:
    """All verdicts on one draft. Fail-closed: it may be shown only when nothing blocks."""

    draft: str
    verdicts: tuple[Verdict, ...]
    policy: str

    @property
    def passed(self) -> bool:
        return bool(self.verdicts) and not self.blocking

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        return tuple(v for v in self.verdicts if v.severity == "block" and v.outcome != "pass")


@dataclass(frozen=True)
class Candidate:
    """One place of a slate: an item of the catalogue, or a draft that passed the gate."""

    mode: Mode
    title: str
    item_id: str | None = None  # of the item, or of the parent of an edit
    draft: Draft | None = None
    report: GateReport | None = None
    score: float = 0.0
    label: str = ""  # the visible origin label
    reason: str = ""


@dataclass(frozen=True)
class Statement:
    """One atomic sentence of an explanation and what it rests on."""

    text: str
    evidence: tuple[str, ...]
    kind: Literal["yours", "item", "others"]
    weight: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One answer of the loop, with every stage open to inspection and correction.

    trace: stage -> what happened there (plan, retrieved, drafts dropped and why, timings in ms, propensities).
    """

    id: str
    guidance: Guidance
    slate: tuple[Candidate, ...]
    drafts: tuple[Draft, ...] = ()
    reports: tuple[GateReport, ...] = ()
    question: Question | None = None
    explanation: tuple[Statement, ...] = ()
    message: str = ""
    trace: Mapping[str, Any] = field(default_factory=dict)


Stage = Literal["instruction", "retrieval", "edit", "creation", "explanation", "slate"]
"""Where in the loop something came from, and what feedback is about; `slate` is the answer as a whole."""


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One reaction to a turn. Credit goes to the stage it names; without one, to the slate, never guessed."""

    turn: str  # Turn.id
    verdict: Literal["click", "like", "dislike", "skip", "reject", "correct"]
    stage: Stage = "slate"
    user_id: str | None = None
    item_id: str | None = None  # the item, or the parent of an edit
    draft: str | None = None  # Draft.id: the variant that was shown
    position: int | None = None  # on the slate, from 0
    correction: str = ""  # what it should have been, in the stage's own terms (JSON or text)
    value: float | None = None  # dwell in seconds, a rating …
    source: Literal["human", "simulated", "synthetic"] = "human"
    weight: float = 1.0  # what it counts in learning; a shadow user's counts less
    time: int | None = None  # UTC seconds


for _record in [kind for kind in globals().values() if isinstance(kind, type) and is_dataclass(kind)]:
    _record.__pydantic_config__ = {"extra": "forbid"}  # type: ignore[attr-defined]  # closed schemas, nested ones too


@cache
def _built(kind: Hashable) -> Any:
    from pydantic import TypeAdapter

    unhashed: Any = kind  # what is a type at run time is no type to the checker
    return TypeAdapter(unhashed)


def _adapter(kind: Any) -> Any:
    return _built(kind)


def schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON schema of a record, closed at every level: for the docs, the API and constrained decoding."""
    found: dict[str, Any] = _adapter(kind).json_schema()
    return found


def to_json(record: Any) -> str:
    """A record as JSON text."""
    text: str = _adapter(type(record)).dump_json(record).decode()
    return text


def from_json(kind: type[RecordT], text: str | bytes) -> RecordT:
    """Reads a record back. Raises InputError naming the field; unknown fields are errors at every level."""
    from pydantic import ValidationError

    try:
        found: RecordT = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the text"
        raise InputError(f"this is no {kind.__name__}: {where}: {first['msg']}") from None
    return found


def fingerprint(*parts: object) -> str:
    """A short stable id of values: equal parts, equal id."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]
