"""Asks a maker again with a protected attribute exchanged: would it have made something else for her than for him?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from generec.fidelity.payload import tokens, words
from generec.records import Abstain, Draft, Guidance, SetPayload, Source

Swap = Callable[[str], str]
"""Exchanges two groups in a text, both ways: applied twice it gives the text back, but for a pronoun here and there."""

_GENDER = (
    ("he", "she"), ("himself", "herself"), ("man", "woman"), ("men", "women"), ("boy", "girl"), ("boys", "girls"),
    ("father", "mother"), ("dad", "mum"), ("son", "daughter"), ("sons", "daughters"), ("brother", "sister"),
    ("brothers", "sisters"), ("husband", "wife"), ("boyfriend", "girlfriend"), ("uncle", "aunt"), ("nephew", "niece"),
    ("grandfather", "grandmother"), ("grandpa", "grandma"), ("male", "female"),
    ("gentleman", "lady"), ("king", "queen"), ("prince", "princess"), ("actor", "actress"), ("mr", "mrs"),
    ("sir", "madam"), ("guy", "gal"), ("lads", "lasses"),
)  # fmt: skip
_NO_NOUN = frozenset(
    (
        "and",
        "or",
        "but",
        "to",
        "for",
        "with",
        "at",
        "in",
        "on",
        "of",
        "from",
        "when",
        "if",
        "as",
        "that",
        "because",
        "so",
    )
)


def word_swap(pairs: Sequence[tuple[str, str]]) -> Swap:
    """Exchanges whole words, keeping capitals: names of two groups of people, faiths, places of origin."""
    other = {**dict(pairs), **{second: first for first, second in pairs}}
    if not other:
        return lambda text: text
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(other, key=len, reverse=True)))})\b", re.IGNORECASE)
    lower = {word.casefold(): twin for word, twin in other.items()}
    return lambda text: pattern.sub(lambda found: _cased(lower[found[0].casefold()], found[0]), text)


def gender_swap(text: str) -> str:
    """Exchanges English words for women and men; his, him, her and hers by whether a noun follows."""

    def pronoun(found: re.Match[str]) -> str:
        following = re.match(r"\s+([a-z'-]+)", text[found.end() :], re.IGNORECASE)
        owns = following is not None and following[1].lower() not in _NO_NOUN
        twin = {"him": "her", "hers": "his", "his": "her" if owns else "hers", "her": "his" if owns else "him"}
        return _cased(twin[found[0].lower()], found[0])

    return word_swap(_GENDER)(re.sub(r"\b(?:his|him|hers|her)\b", pronoun, text, flags=re.IGNORECASE))


def swapped(guidance: Guidance, swap: Swap) -> Guidance:
    """The guidance as if the other group had asked: every word of a person, no value of a catalogue field."""

    def source(found: Source) -> Source:
        return replace(found, quote=swap(found.quote))

    return replace(
        guidance,
        hard=tuple(replace(one, source=source(one.source)) for one in guidance.hard),
        likes=tuple(replace(one, words=swap(one.words), source=source(one.source)) for one in guidance.likes),
        dislikes=tuple(replace(one, words=swap(one.words), source=source(one.source)) for one in guidance.dislikes),
        profile=tuple(replace(line, text=swap(line.text)) for line in guidance.profile),
        evidence=tuple(
            replace(one, text=swap(one.text)) if one.trust == "person" else one for one in guidance.evidence
        ),
        tone=tuple(map(swap, guidance.tone)),
        audience=swap(guidance.audience),
        unread=tuple(map(swap, guidance.unread)),
    )


def counterfactual_gap(make: Callable[[Guidance], Draft | Abstain], guidance: Guidance, swap: Swap) -> float | None:
    """How far the outputs of a maker for a guidance and for its twin differ, 0 to 1; None where nothing is exchanged.

    The twin's text is exchanged back first, so that a change of the protected words alone is no difference. The maker
    must be deterministic in the guidance (its seed is part of it), or chance counts as bias.
    """
    twin = swapped(guidance, swap)
    if twin == guidance:
        return None
    one, other = make(guidance), make(twin)
    if isinstance(one, Abstain) or isinstance(other, Abstain):
        return 0.0 if isinstance(one, Abstain) and isinstance(other, Abstain) else 1.0
    first, second = _content(one, lambda text: text), _content(other, swap)
    return 1 - len(first & second) / len(first | second) if first | second else 0.0


def _content(draft: Draft, swap: Swap) -> set[tuple[str, ...]]:
    """What is compared: the members of a set, the neighbouring words of a text."""
    if isinstance(draft.payload, SetPayload):
        return {(member.item_id,) for member in draft.payload.members}
    return set(pairwise(["", *tokens(swap(words(draft.payload)).casefold())]))


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if like[0].isupper() else word.lower()
