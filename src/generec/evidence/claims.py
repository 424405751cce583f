"""What a text claims: numbers with units, dates, names, negations, hedges, comparisons, quantities, who did what.

Claims are compared by their normal values. Acceptance of a text never rests on them alone (see verify.py, which copies
whole clauses); they say *why* a text is refused, and let facts be checked against fields (see sanitize.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from generec.evidence.clauses import read_clauses
from generec.evidence.lexicon import (
    AUXILIARIES,
    COMPARATIVES,
    FUNCTION_WORDS,
    HEDGE_PHRASES,
    HEDGES,
    NEGATIONS,
    QUANTIFIERS,
    VERBS,
)
from generec.evidence.tokens import DATE, UNIT, Token, singular

ClaimKind = Literal["number", "date", "name", "negation", "hedge", "comparative", "quantity", "role"]
"""A currency amount or a percentage is a number with its unit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: its kind, its normal value, and where it stands.

    Values: number `20 min`; role `who > did > what` in singular content words, the passive turned round.
    """

    kind: ClaimKind
    value: str
    start: int
    end: int


def claims(text: str) -> tuple[Claim, ...]:
    """All claims of a text, clause by clause."""
    return tuple(claim for clause in read_clauses(text) for claim in claims_of(text, clause.tokens))


def claims_of(text: str, tokens: Sequence[Token]) -> Iterator[Claim]:
    """The claims of one clause, given its tokens in the text that it stands in."""
    yield from _quantities(tokens)
    yield from _names(text, tokens)
    for kind, listed in _LISTS:
        yield from (Claim(kind, token.form, token.start, token.end) for token in tokens if token.form in listed)
    forms = [token.form for token in tokens]
    for phrase in HEDGE_PHRASES:
        words = phrase.split()
        for at in range(len(forms) - len(words) + 1):
            if forms[at : at + len(words)] == words:
                yield Claim("hedge", phrase, tokens[at].start, tokens[at + len(words) - 1].end)
    yield from _roles(tokens)


_LISTS: tuple[tuple[ClaimKind, frozenset[str]], ...] = (
    ("negation", NEGATIONS), ("hedge", HEDGES), ("comparative", COMPARATIVES), ("quantity", QUANTIFIERS),
)  # fmt: skip


def _quantities(tokens: Sequence[Token]) -> Iterator[Claim]:
    for at, token in enumerate(tokens):
        if token.form.startswith(DATE):
            yield Claim("date", token.form.removeprefix(DATE), token.start, token.end)
        elif token.is_number:
            after = next((other for other in tokens[at + 1 : at + 3] if other.form != "-"), None)
            unit = after.form.removeprefix(UNIT) if after is not None and after.form.startswith(UNIT) else ""
            last = after if after is not None and unit else token
            yield Claim(
                "number", f"{token.form} {unit}".strip(), min(token.start, last.start), max(token.end, last.end)
            )


def _names(text: str, tokens: Sequence[Token]) -> Iterator[Claim]:
    """Runs of capitalised words; the first word of a clause only where it goes on as a name or is no plain word."""
    run: list[Token] = []
    for at, token in enumerate([*tokens, None]):
        capital = token is not None and token.is_word and text[token.start].isupper()
        opening = at == 0 and token is not None and (token.form in FUNCTION_WORDS or token.form in VERBS)
        if token is not None and capital and not opening:
            run.append(token)
            continue
        named = any(part.form not in FUNCTION_WORDS for part in run)
        if named and not (len(run) == 1 and run[0] is tokens[0]):
            yield Claim("name", " ".join(part.form for part in run), run[0].start, run[-1].end)
        run = []


def _roles(tokens: Sequence[Token]) -> Iterator[Claim]:
    verbs = [at for at, token in enumerate(tokens) if at and token.form in VERBS]
    main = next((at for at in verbs if tokens[at].form not in AUXILIARIES), verbs[0] if verbs else None)
    if main is None:
        return
    by = next((at for at in range(main + 1, min(main + 3, len(tokens))) if tokens[at].form == "by"), None)
    passive = by is not None and any(tokens[at].form in AUXILIARIES for at in verbs if at < main)
    before, after = _content(tokens[:main]), _content(tokens[(by or main) + 1 :])
    who, what = (after, before) if passive else (before, after)
    yield Claim("role", f"{who} > {tokens[main].form} > {what}", tokens[0].start, tokens[-1].end)


def _content(tokens: Sequence[Token]) -> str:
    return " ".join(
        singular(token.form) for token in tokens if token.is_word and token.form not in FUNCTION_WORDS | VERBS
    )
