"""Whether a text says only what its evidence says.

The rule is strict on purpose: every clause is one whole clause of one piece of evidence, in its own words and order,
apart from spelling that keeps the meaning (see tokens.py and likeness.py). So a number keeps its unit and its noun, a
verb its subject and object, and no negation, hedge or qualifier is lost. Whole clauses may be left out and put in
another order, unless one of them points at another or takes it back; all of one text are about one item. What a
language model rewords is refused: it may choose and order, not paraphrase. The same holds for every writer.

English only: in other languages pronouns and qualifiers that tie clauses together are not seen.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from generec.evidence.clauses import Clause, read_clauses
from generec.evidence.diagnosis import explain
from generec.evidence.frames import Framed, framed
from generec.evidence.likeness import Reading, changed_case, changed_number, key
from generec.evidence.tokens import Token, singular, tokenise
from generec.records import Evidence, Span

FindingKind = Literal[
    "word", "number", "date", "name", "negation", "hedge", "comparative", "quantity", "role", "mixed", "truncated",
    "plural", "case", "pointer", "qualifier", "items", "person", "hidden", "empty",
]  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """Something in a text that its evidence does not support, and why."""

    kind: FindingKind
    quote: str
    reason: str


@dataclass(frozen=True)
class Verification:
    """What was found: supported only when nothing was. spans: which stretch of the text is which evidence."""

    supported: bool
    findings: tuple[Finding, ...] = ()
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Source:
    """A piece of evidence as it is compared with: the text that may be copied, and its clauses."""

    evidence: Evidence
    text: str
    clauses: tuple[Clause, ...]
    label: int = 0  # tokens that name the field, in front of its value


@dataclass(frozen=True)
class Place:
    """A clause of the evidence: position of its source, position in it, and how many were copied up to it in a row."""

    source: int
    clause: int
    run: int = 1


def verify(text: str, evidence: Sequence[Evidence]) -> Verification:
    """Whether every claim of a text is copied from its evidence, with the stretches that were copied.

    Evidence of `person` trust supports the opening of a text only (`Because you like ...:`), never a fact about an
    item. A checked field may be copied with its name (`Price: 20 euros`); titles stand alone.
    """
    return EvidenceIndex(tuple(evidence)).verify(text)


def best_verified(
    candidates: Sequence[str], evidence: Sequence[Evidence], score: Callable[[str], float]
) -> tuple[str, Verification] | None:
    """The best candidate that its evidence supports, None where no candidate is supported; for any writer's texts.

    Ties go to the earlier candidate, so that the original, put first, wins them.
    """
    index = EvidenceIndex(tuple(evidence))
    for candidate in sorted(candidates, key=score, reverse=True):
        found = index.verify(candidate)
        if found.supported:
            return candidate, found
    return None


@dataclass(frozen=True)
class EvidenceIndex:
    """Evidence read once, for many texts."""

    evidence: tuple[Evidence, ...]

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        return tuple(_source(one) for one in self.evidence if one.trust != "person" and one.text.strip())

    @cached_property
    def _places(self) -> Mapping[tuple[str, ...], list[Place]]:
        found: defaultdict[tuple[str, ...], list[Place]] = defaultdict(list)
        for at, source in enumerate(self.sources):
            for number, clause in enumerate(source.clauses):
                found[key(clause.tokens)].append(Place(at, number))
        return found

    @cached_property
    def _content(self) -> frozenset[str]:
        """Content words of the evidence about items."""
        tokens = (token for source in self.sources for clause in source.clauses for token in clause.tokens)
        return frozenset(singular(token.form) for token in tokens if token.is_content)

    def verify(self, text: str) -> Verification:
        """As the function `verify`."""
        hidden = [
            mark for mark in text if unicodedata.category(mark) in ("Cf", "Cc", "Co", "Cn") and mark not in "\n\t"
        ]
        if hidden:
            return _refused("hidden", repr(hidden[0]), "a character that cannot be seen")
        opening = framed(text)
        clauses = _shifted(text, 0 if opening is None else opening.body)
        if not clauses:
            return _refused("empty", text, "nothing is said about the item")
        opened = self._opened(text, opening)
        if isinstance(opened, Finding):
            return Verification(False, (opened,))
        found = [self._copied(text, clause) for clause in clauses]
        findings = tuple(one for one in found if isinstance(one, Finding))
        if findings:
            return Verification(False, findings)
        path = self._aligned(text, clauses, [one for one in found if not isinstance(one, Finding)])
        if isinstance(path, Finding):
            return Verification(False, (path,))
        spans = [self._span(clause, place) for clause, place in zip(clauses, path, strict=True)]
        return Verification(True, (), (*opened, *spans))

    def _opened(self, text: str, opening: Framed | None) -> tuple[Span, ...] | Finding:
        """The span of the words taken from the person, where the text opens with some."""
        if opening is None:
            return ()
        phrase = text[opening.start : opening.end]
        tokens = tokenise(phrase)
        said = [one for one in self.evidence if one.trust == "person" and one.field == opening.frame.field]
        own = next((one for one in said if _agrees((phrase, tokens), (one.text, tokenise(one.text)))), None)
        if own is None:
            return Finding("person", phrase, "the person said nothing like it")
        if self._content.isdisjoint(singular(token.form) for token in tokens if token.is_content):
            return Finding("person", phrase, "nothing known about the item has to do with it")
        return (Span(opening.start, opening.end, own.id),)

    def _copied(self, text: str, clause: Clause) -> list[Place] | Finding:
        """Where the evidence has the clause; why it cannot be used where it has not."""
        doubtful: Finding | None = None
        found: list[Place] = []
        for place in self._places.get(key(clause.tokens), ()):
            source = self.sources[place.source]
            reading = (source.text, source.clauses[place.clause].tokens)
            changed = _difference((text, clause.tokens), reading)
            if changed is None:
                found.append(place)
            else:
                token = clause.tokens[changed[1]]
                quote = text[token.start : token.end]
                doubtful = Finding(changed[0], quote, "is changed where that changes what is said")
        if found or doubtful is not None:
            return found or doubtful or []
        return Finding(*explain(text, clause, [(s.text, c) for s in self.sources for c in s.clauses]))

    def _aligned(self, text: str, clauses: Sequence[Clause], options: Sequence[list[Place]]) -> list[Place] | Finding:
        """One place per clause, all of one item, with all that they need around them."""
        items = dict.fromkeys(self.sources[place.source].evidence.item_id for place in options[0])
        failed: list[tuple[int, Finding]] = []
        for item in items:
            own = [[p for p in places if self.sources[p.source].evidence.item_id == item] for places in options]
            lost = next((at for at, places in enumerate(own) if not places), None)
            if lost is not None:
                failed.append((lost, Finding("items", _quote(text, clauses[lost]), "facts of two items in one text")))
                continue
            path = self._chain(text, clauses, own)
            if not isinstance(path, tuple):
                return path
            failed.append(path)
        return max(failed, key=lambda pair: pair[0])[1]

    def _chain(
        self, text: str, clauses: Sequence[Clause], options: Sequence[list[Place]]
    ) -> list[Place] | tuple[int, Finding]:
        """A place per clause such that nothing points into the void; else the clause where that fails, and why."""
        paths: dict[Place | None, list[Place]] = {None: []}
        for at, places in enumerate(options):
            reached: dict[Place | None, list[Place]] = {}
            reason: FindingKind = "pointer"
            for before, path in paths.items():
                for place in places:
                    wrong, placed = self._follows(before, place)
                    reason = wrong or reason
                    if wrong is None:
                        reached.setdefault(placed, [*path, placed])
            if not reached:
                said = {"pointer": "points at something that is not there", "qualifier": "leaves out what limits it"}
                return at, Finding(reason, _quote(text, clauses[at]), said[reason])
            paths = reached
        whole = [path for last, path in paths.items() if last is not None and not self._limited(last)]
        if not whole:
            return len(clauses), Finding("qualifier", _quote(text, clauses[-1]), "leaves out what limits it")
        return whole[0]

    def _follows(self, before: Place | None, place: Place) -> tuple[Literal["pointer", "qualifier"] | None, Place]:
        """What is wrong with a place after another, and the place with its run."""
        clause = self.sources[place.source].clauses[place.clause]
        on = before is not None and (before.source, before.clause + 1) == (place.source, place.clause)
        placed = replace(place, run=before.run + 1 if before is not None and on else 1)
        if before is not None and not on and self._limited(before):
            return "qualifier", placed
        alone = before is None or self.sources[before.source].evidence.field == "title"
        if placed.run <= clause.reach or (clause.opens and not alone):
            return "pointer", placed
        return None, placed

    def _limited(self, place: Place) -> bool:
        """Whether what follows in the evidence must follow in the text."""
        clauses = self.sources[place.source].clauses
        return place.clause + 1 < len(clauses) and clauses[place.clause + 1].tied

    def _span(self, clause: Clause, place: Place) -> Span:
        source = self.sources[place.source]
        return Span(clause.tokens[source.label].start, clause.end, source.evidence.id)


def _source(evidence: Evidence) -> Source:
    if evidence.trust == "prose" or evidence.field == "title":
        return Source(evidence, evidence.text, read_clauses(evidence.text, whole=evidence.trust == "field"))
    label = evidence.field.replace("_", " ").capitalize()
    if not label:
        return Source(evidence, evidence.text, read_clauses(evidence.text, whole=True))
    text = f"{label}: {evidence.text}"
    return Source(evidence, text, read_clauses(text, whole=True), len(tokenise(label)) + 1)


def _shifted(text: str, offset: int) -> list[Clause]:
    """The clauses of a text from an offset on, in positions of the whole text."""
    return [
        replace(
            clause,
            start=clause.start + offset,
            end=clause.end + offset,
            tokens=tuple(Token(token.form, token.start + offset, token.end + offset) for token in clause.tokens),
        )
        for clause in read_clauses(text[offset:])
    ]


def _difference(copy: Reading, source: Reading) -> tuple[Literal["plural", "case"], int] | None:
    """How a copy differs from its source in what it says, and at which token; None where it says the same."""
    at = changed_number(copy, source)
    if at is not None:
        return "plural", at
    at = changed_case(copy, source)
    return None if at is None else ("case", at)


def _agrees(copy: Reading, source: Reading) -> bool:
    return key(copy[1]) == key(source[1]) and _difference(copy, source) is None


def _quote(text: str, clause: Clause) -> str:
    return text[clause.start : clause.end]


def _refused(kind: FindingKind, quote: str, reason: str) -> Verification:
    return Verification(False, (Finding(kind, quote, reason),))
