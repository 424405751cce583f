"""Whether what a draft cites, or says of the members of a set, stands in the catalogue: no maker vouches for itself."""

from __future__ import annotations

import re

from generec.fidelity.facts import Facts, described
from generec.fidelity.payload import tokens
from generec.fidelity.personal_data import plain
from generec.fidelity.scene import Scene
from generec.records import Evidence, Guidance, Member


def own_words(evidence: Evidence, guidance: Guidance) -> bool:
    """Whether these are words of whoever asks: of the request or of their profile, about no item."""
    if evidence.trust != "person" or evidence.item_id is not None:
        return False
    said = [evidence.text for evidence in guidance.evidence if evidence.trust == "person" and evidence.item_id is None]
    said += [line.text for line in guidance.profile]
    for taste in (*guidance.likes, *guidance.dislikes):
        said += [taste.words, taste.source.quote, *([_written(taste.condition.value)] if taste.condition else [])]
    wanted, numbers = _terms(evidence.text), _numbers(evidence.text)
    return any(wanted <= _terms(text) and numbers <= _numbers(text) for text in said)


def ungrounded(evidence: Evidence, guidance: Guidance, scene: Scene) -> list[str]:
    """Why a piece of evidence does not count; people's words must come with the request or have known owners."""
    if evidence in guidance.evidence or own_words(evidence, guidance):
        return []
    if evidence.trust == "person" and evidence.id in scene.people:
        return []
    if evidence.item_id is None and evidence.origin is not None and _of_one_item(evidence.text):
        return [f"evidence {evidence.id} is a fact of {evidence.origin}, which goes for no other thing"]
    about = evidence.item_id or evidence.origin or ""
    facts = scene.items.get(about)
    if facts is None:
        return [f"evidence {evidence.id} belongs to no item and did not come with the request"]
    if evidence.trust == "field" and evidence.field in facts:
        value = _written(facts[evidence.field])
        known = _terms(value) | _terms(evidence.field.replace("_", " ")) | _units()
        sound = _terms(evidence.text) <= known and _numbers(evidence.text) <= _numbers(value)
    else:
        whole = _folded(described(facts))
        pieces = re.split(r"(?<=[.!?])\s+", plain(evidence.text))
        sound = all(_folded(piece).rstrip(".!?") in whole for piece in pieces)
    return [] if sound else [f"evidence {evidence.id} is not what the catalogue says about {about}"]


def unsaid(member: Member, facts: Facts, size: int) -> list[str]:
    """What the reason of a member says that its facts do not: words, and numbers other than counts of members."""
    written = "\n".join([*map(_written, facts.values()), *(name.replace("_", " ") for name in facts), *facts])
    strange = _terms(member.reason) - _terms(written) - _terms(member.slot) - _units() - _grammar()
    wrong = _numbers(member.reason) - _numbers(written) - {float(number) for number in range(size + 1)}
    return [
        *(f"{member.item_id}: nothing says {word!r}" for word in sorted(strange)),
        *(f"{member.item_id}: nothing says {number:g}" for number in sorted(wrong)),
    ]


def _of_one_item(text: str) -> bool:
    """Whether it names a number, a date or a name."""
    from generec.evidence.claims import claims

    return any(claim.kind in ("number", "date", "name") for claim in claims(text))


def _written(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list | tuple) else "" if value is None else str(value)


def _terms(text: str) -> set[str]:
    return {token for token in tokens(plain(text).casefold()) if token[0].isalpha()}


def _numbers(text: str) -> set[float]:
    return {round(float(number), 4) for number in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", plain(text))}


def _folded(text: str) -> str:
    return " ".join(plain(text).casefold().split())


def _units() -> frozenset[str]:
    from generec.evidence.lexicon import UNITS

    return frozenset(UNITS)


def _grammar() -> frozenset[str]:
    from generec.evidence.lexicon import FUNCTION_WORDS, NEGATIONS

    return (FUNCTION_WORDS | {"other", "others"}) - NEGATIONS
