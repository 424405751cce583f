"""Says why a clause is in no evidence: what it adds, changes, swaps, mixes or cuts off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from generec.evidence.claims import Claim, ClaimKind, claims_of
from generec.evidence.clauses import Clause
from generec.evidence.tokens import Token, singular

Cause = Literal[ClaimKind, "word", "mixed", "truncated"]
Known = tuple[str, Clause]
"""A text of the evidence and one of its clauses."""


def explain(text: str, clause: Clause, known: Sequence[Known]) -> tuple[Cause, str, str]:
    """Kind, quotation and reason of what is wrong with a clause that is not in the evidence.

    Looks at foreign words first, then at how the clause differs from the one that it shares most with.
    """
    have = {singular(token.form) for _, other in known for token in other.tokens}
    foreign = [token for token in clause.tokens if token.is_content and singular(token.form) not in have]
    own = list(claims_of(text, clause.tokens))
    if foreign:
        quote = text[foreign[0].start : foreign[0].end]
        covering = (_NAMED[claim.kind] for claim in own if claim.kind in _NAMED and _holds(claim, foreign[0]))
        return next(covering, "word"), quote, "is not in the evidence"
    quote = text[clause.start : clause.end]
    if not known:
        return "word", quote, "there is no evidence"
    near_text, near = max(known, key=lambda one: _shared(clause.tokens, one[1].tokens))
    theirs = list(claims_of(near_text, near.tokens))
    counted, counted_near = Counter(_forms(clause.tokens)), Counter(_forms(near.tokens))
    for kind in _KINDS:
        mine, other = (Counter(claim.value for claim in side if claim.kind == kind) for side in (own, theirs))
        if mine != other and _shared(clause.tokens, near.tokens) > 0.5:
            return kind, quote, f"the evidence says: {near_text[near.start : near.end]}"
    if counted == counted_near:
        return "role", quote, f"the evidence says: {near_text[near.start : near.end]}"
    if not counted - counted_near:
        return "truncated", quote, f"cut out of: {near_text[near.start : near.end]}"
    return "mixed", quote, "is no whole clause of the evidence"


_KINDS: tuple[ClaimKind, ...] = ("negation", "number", "date", "hedge", "comparative", "quantity", "name")


_NAMED: dict[ClaimKind, Cause] = {"number": "number", "date": "date", "name": "name"}


def _holds(claim: Claim, token: Token) -> bool:
    return claim.start <= token.start < claim.end


def _forms(tokens: Sequence[Token]) -> list[str]:
    return [singular(token.form) for token in tokens]


def _shared(some: Sequence[Token], others: Sequence[Token]) -> float:
    """Jaccard overlap of two clauses' forms, with their counts."""
    one, two = Counter(_forms(some)), Counter(_forms(others))
    return sum((one & two).values()) / max(1, sum((one | two).values()))
