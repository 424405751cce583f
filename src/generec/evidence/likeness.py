"""Whether a copied clause still says the same: case and plural may change only where the meaning stays."""

from __future__ import annotations

from collections.abc import Sequence

from generec.evidence.lexicon import (
    CHANGED_BY_CAPITALS,
    FUNCTION_WORDS,
    GENERIC_PREPOSITIONS,
    PLURAL_QUANTIFIERS,
    SINGULAR_DETERMINERS,
)
from generec.evidence.tokens import Token, singular

Reading = tuple[str, tuple[Token, ...]]
"""A text and the tokens of one of its clauses."""


def key(tokens: Sequence[Token]) -> tuple[str, ...]:
    """By what clauses are looked up: the normal forms, nouns in the singular."""
    return tuple(singular(token.form) for token in tokens)


def changed_number(copy: Reading, source: Reading) -> int | None:
    """Position of the first noun whose number was changed where that changes the claim, None where there is none.

    One or many is a claim (`includes a cable`), except after a count or a plural quantifier (`3 spare bulb`) and in
    what is said of a kind (`for beginner`, `about hedgehogs`).
    """
    for at, (new, old) in enumerate(zip(copy[1], source[1], strict=True)):
        if new.form != old.form and (source[0][old.start].isupper() or not _kind_or_count(source[1], at)):
            return at
    return None


def _kind_or_count(tokens: Sequence[Token], at: int) -> bool:
    """Whether the noun at a position stands after a count above one, or bare after `for`, `about` or `of`."""
    for back in range(at - 1, -1, -1):
        form = tokens[back].form
        if form in SINGULAR_DETERMINERS or not form[0].isalnum():
            return False
        if form in PLURAL_QUANTIFIERS or tokens[back].is_number:
            return True
        if form in FUNCTION_WORDS:
            return form in GENERIC_PREPOSITIONS
    return False


def changed_case(copy: Reading, source: Reading) -> int | None:
    """Position of the first word whose capitals were changed where that may make or hide a name; None where none.

    Free: capitals throughout, a capital on every longer word, a capital on the first word, and a small letter on a
    first word that is no name because it is a function word.
    """
    pairs = [
        (at, copy[0][new.start : new.end], source[0][old.start : old.end], new.form)
        for at, (new, old) in enumerate(zip(copy[1], source[1], strict=True))
        if copy[0][new.start].isalpha() and source[0][old.start].isalpha() and new.is_word
    ]
    if all(_shouted(new) for _, new, _, _ in pairs) or all(_titled(new, old) for _, new, old, _ in pairs):
        risky = [(at, new, old) for at, new, old, form in pairs if form in CHANGED_BY_CAPITALS]
        return next((at for at, new, old in risky if new.isupper() != old.isupper()), None)
    for at, new, old, form in pairs:
        first = at == 0 and (new[0].isupper() or form in FUNCTION_WORDS)
        shouted = len(new) > 1 and len(old) > 1 and new.isupper() != old.isupper()
        if shouted or (new[0].isupper() != old[0].isupper() and not first):
            return at
    return None


def _shouted(new: str) -> bool:
    return new.isupper()


def _titled(new: str, old: str) -> bool:
    return (new[0].isupper() or (len(new) < 4 and old[0].islower())) and not (old.isupper() and not new.isupper())
