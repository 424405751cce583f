"""How many items are asked for: `three videos`, `a dozen`, not `part three`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generec.loop.grammar.marks import CountMark, Mark, ValueMark
from generec.loop.grammar.tokens import Sentence, Token, stem
from generec.loop.grammar.words import ADVERBS, CHATTER, CONJUNCTIONS, FUNCTION, GENERIC, MOODS, PREPOSITIONS, word_set
from generec.loop.numbers import Quantity, cardinal

_COUNTED = word_set(
    "product products item items pieces suggestions ideas options things examples choice choices parts episode"
    " step steps more different other"
)


_BEFORE_OTHERS = word_set("with between about part episode for level # than ' spf number in - at season")
_NO_MORE = (["no", "more"], ["not", "more"])
_BEFORE_ONE = word_set("just only exactly me . , us recommend suggest find need want show give")
_ASKING = word_set(". ! ? : ; me us need want find recommend suggest show give get pick choose buy of please only just")
_AFTER_ONE = word_set("of that with by which who from about is more day in at for where i ,")


def counts(sentence: Sentence, numbers: list[Quantity], marks: Sequence[Mark]) -> Iterator[CountMark]:
    """A mark for every number that counts items."""
    tokens = sentence.tokens
    covered = {place for mark in marks for place in range(mark.start, mark.end)}
    named = {mark.start for mark in marks if isinstance(mark, ValueMark)}
    singles = [Quantity("number", 1, 1, at, at + 1) for at, token in enumerate(tokens) if token.form == "single"]
    among = [
        at for at in range(1, len(tokens)) if tokens[at].form in ("a", "an") and tokens[at - 1].form in ("and", "plus")
    ]
    singles += [Quantity("number", 1, 1, at, at + 1) for at in among if at + 1 in named and numbers]
    for quantity in sorted([*numbers, *singles], key=lambda one: one.start):
        whole = quantity.unit == "number" and quantity.low == int(quantity.low) and 1 <= quantity.low <= 100
        free = whole and quantity.start not in covered and not _other(tokens, quantity)
        if free and _counted(tokens, quantity.start, quantity.end, named):
            yield CountMark(quantity.start, quantity.end, int(quantity.low))


def _other(tokens: tuple[Token, ...], quantity: Quantity) -> bool:
    """Whether a number is no count by the words beside it: `part three`, `one of the`, `two or three`."""
    before = tokens[quantity.start - 1].form if quantity.start else ""
    word = tokens[quantity.start].form
    if before == "about" and (tokens[quantity.start - 2].form if quantity.start > 1 else ".") in _ASKING:
        return False  # about five videos
    counted = before in ("with", "for") and (
        _of_items(tokens, quantity.end) or tokens[quantity.start - 2].form in ("up", "me", "us")
    )
    counted = counted or [token.form for token in tokens[max(0, quantity.start - 3) : quantity.start - 1]] in _NO_MORE
    if before in _BEFORE_OTHERS and not (before == "for" and quantity.low == 1) and not counted:
        return True
    if word == "second" or (word == "one" and before and before not in _BEFORE_ONE):
        return True
    if word == "one" and _follows(tokens, quantity.end, _AFTER_ONE):
        return True
    if before in ("or", "to") and quantity.start > 1 and cardinal([tokens[quantity.start - 2].form], 0):
        return True
    ranged = _follows(tokens, quantity.end, frozenset(["or", "to"]))
    return ranged and cardinal([one.form for one in tokens], quantity.end + 1) is not None


def _counted(tokens: tuple[Token, ...], first: int, at: int, named: set[int]) -> bool:
    asked = (tokens[first - 1].form if first else ".") in _ASKING
    at += 2 * ([token.form for token in tokens[at : at + 2]] == ["or", "so"])
    at += 2 * (at + 1 < len(tokens) and tokens[at].form == "of" and tokens[at + 1].form in ("your", "the", "those"))
    if at >= len(tokens) or tokens[at].form in (".", ",", "!", "?", "please", "of", "only", "max", "instead"):
        rest = (
            ADVERBS
            | CHATTER
            | frozenset(["please", "of", "them", "those", "these", "only", "instead", "then", "thanks"])
        )
        return all(not token.is_word or token.form in rest for token in tokens[at:])
    for place in range(at, min(at + 6, len(tokens))):
        form = tokens[place].form
        if place in named or form in GENERIC or form in _COUNTED or stem(form) in _COUNTED:
            return True
        if asked and place < at + 3 and form.isalpha() and form.endswith("s") and form not in FUNCTION:
            return True
        if form in PREPOSITIONS or (form in CONJUNCTIONS and form != "and") or not tokens[place].is_word:
            return form == "," and tokens[place - 1].form in MOODS and place - at < 2
    return False


def _of_items(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a general word for items follows in the same phrase: `with four bath & body products`."""
    for token in tokens[at : at + 5]:
        if token.form in GENERIC:
            return True
        if token.form in PREPOSITIONS or not (token.is_word or token.form == "&"):
            return False
    return False


def _follows(tokens: tuple[Token, ...], at: int, words: frozenset[str]) -> bool:
    return at < len(tokens) and tokens[at].form in words
