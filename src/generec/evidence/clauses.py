"""Divides a text into whole clauses and says which of them can stand without which others.

Only sure boundaries count: an end of sentence before a capital letter, and, inside a sentence, `;` or `, and` between
halves that are each a plain main clause. Where there is doubt nothing is divided: a longer piece can only be copied
whole, which is never wrong. Known limits: English only; a frame set sentences earlier (a dream, irony) is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from generec.evidence.lexicon import (
    ABBREVIATIONS,
    AUXILIARIES,
    BARE_COMPARATIVES,
    CONTINUATIONS,
    CONTRASTS,
    DETERMINERS,
    ELLIPTIC,
    FINITE,
    FUNCTION_WORDS,
    LINKS,
    NEGATIONS,
    PARTICIPLES,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUANTIFIERS,
    SCOPES,
    SUBJECT_PRONOUNS,
    TIMES,
    TRAILERS,
    UNITS,
    VERBS,
    WHOLE,
)
from generec.evidence.tokens import UNIT, Token, singular, tokenise

_END = re.compile(r"[.!]+[\"”’')\]]*\s+(?=[\"“‘'(\[]*(\w))")
_WHOLE = re.compile(WHOLE, re.IGNORECASE)
_TAKES_BACK = ("this", "that", "these", "those")


@dataclass(frozen=True, slots=True)
class Clause:
    """One piece of a text, without the stop that closes it.

    reach: how many pieces before it in its text it cannot do without. tied: the piece before may not stand without it.
    opens: it points at something outside its text, so that nothing else may come before it. plain: a main clause that
    may be joined with another.
    """

    start: int
    end: int
    tokens: tuple[Token, ...]
    reach: int = 0
    tied: bool = False
    opens: bool = False
    plain: bool = False


def read_clauses(text: str, whole: bool = False) -> tuple[Clause, ...]:
    """The clauses of a text in order. whole: the text is one piece (a title, a field's value)."""
    spans = [(0, len(text))] if whole or _WHOLE.search(text) else list(_sentences(text))
    pieces = [piece for start, end in spans for piece in _divide(text, start, end)]
    found: list[Clause] = []
    for tokens in pieces:
        clause = Clause(
            min(token.start for token in tokens), max(token.end for token in tokens), tokens, plain=plain(text, tokens)
        )
        found.append(clause if whole else _bound(clause, found))
    return tuple(found)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for stop in _END.finditer(text):
        if stop[1].isupper() and _ends(text[start : stop.start()], text[start : stop.end()], stop.group().strip()):
            yield start, stop.end()
            start = stop.end()
    yield start, len(text)


def _ends(before: str, through: str, mark: str) -> bool:
    """Whether a stop ends the sentence `before`; it may belong to an abbreviation, a name or a quotation."""
    words = before.split()
    if not words or mark.startswith("..") or words[-1].endswith("?"):
        return False
    if through.count('"') % 2 or through.count("“") != through.count("”"):
        return False
    if through.count("(") != through.count(")") or through.count("[") != through.count("]"):
        return False
    if mark.startswith("!") and len(words) < 3:
        return False
    last = words[-1].strip("\"“”'’()[]").casefold()
    counted = len(words) > 1 and words[-2][-1:].isdigit() and (last in UNITS or len(last) == 1)
    if counted or last.isdigit():
        return len(words) > 1
    return not (last in ABBREVIATIONS or "." in last or len(last) < 2)


def _divide(text: str, start: int, end: int) -> list[tuple[Token, ...]]:
    """The clauses of one sentence; the sentence itself unless all its parts are plain main clauses."""
    tokens = [
        replace(token, start=token.start + start, end=token.end + start) for token in tokenise(text[start:end].rstrip())
    ]
    while tokens and tokens[-1].form in (".", "!"):
        tokens.pop()
    if not tokens:
        return []
    parts: list[list[Token]] = [[]]
    for at, token in enumerate(tokens):
        if token.form == ";":
            parts.append([])
        elif token.form == "and" and parts[-1] and parts[-1][-1].form == ",":
            parts[-1].pop()
            parts.append([])
        elif not (token.form == "and" and at and tokens[at - 1].form == ";"):
            parts[-1].append(token)
    divided = len(parts) > 1 and all(plain(text, part) for part in parts)
    denies = any(token.form in NEGATIONS for part in parts[:-1] for token in part)
    return [tuple(part) for part in parts] if divided and not denies else [tuple(tokens)]


def plain(text: str, tokens: Sequence[Token]) -> bool:
    """Whether these are a main clause with a subject and a verb, and nothing that could reach beyond it."""
    if len(tokens) < 3:
        return False
    forms = [token.form for token in tokens]
    named = (
        text[tokens[0].start].isupper()
        and any(form in VERBS for form in forms[1:4])
        and forms[0] not in FUNCTION_WORDS | VERBS
        and (forms[1] in VERBS or text[tokens[1].start].isupper())
    )
    if not (named or forms[0] in DETERMINERS or forms[0] in SUBJECT_PRONOUNS):
        return False
    loose = any(
        not token.is_word and not token.form[0].isalnum() and not _inside(tokens, at) for at, token in enumerate(tokens)
    )
    return not loose and SCOPES.isdisjoint(forms[1:]) and any(form in FINITE for form in forms[1:])


def _inside(tokens: Sequence[Token], at: int) -> bool:
    """Whether a mark stands inside a word, as the hyphen of `full-size`."""
    joined = 0 < at < len(tokens) - 1
    return joined and tokens[at - 1].end == tokens[at].start and tokens[at].end == tokens[at + 1].start


def _bound(clause: Clause, before: Sequence[Clause]) -> Clause:
    """The clause with what it cannot do without."""
    forms = [token.form for token in clause.tokens]
    if not before:
        return replace(clause, opens=_points_outside(clause.tokens) or forms[0] in CONTRASTS or _goes_on(forms))
    back = any(_points_back(forms, at) for at in range(len(forms))) or _elliptic(forms) or _compares_with_nothing(forms)
    tied = _takes_back(forms)
    needed = 1 if tied or _goes_on(forms) or _subjectless(forms) else 0
    return replace(clause, reach=len(before) if back else max(needed, _introduced(clause, before)), tied=tied)


def _points_back(forms: Sequence[str], at: int) -> bool:
    """Whether the word at a position is a pronoun for something named before."""
    following = forms[at + 1] if at + 1 < len(forms) else ""
    timely = forms[at] == "this" and following in TIMES
    together = forms[at] == "same" and following == "time"
    return forms[at] in PRONOUNS and not timely and not together


def _points_outside(tokens: Sequence[Token]) -> bool:
    """Whether a first clause points at something it does not name.

    `this lamp` is the item; possessives may mean what the clause has just named, `they` a plural in it.
    """
    forms = [token.form for token in tokens]
    for at, token in enumerate(tokens):
        named = [other.form for other in tokens[:at] if other.is_content]
        plural = any(singular(form) != form for form in named)
        local = (token.form in POSSESSIVES and named) or (token.form in ("they", "them", "their") and plural)
        shown = token.form in ("this", "these") and at + 1 < len(tokens) and tokens[at + 1].is_content
        if _points_back(forms, at) and not local and not shown:
            return True
    return _elliptic(forms)


def _goes_on(forms: Sequence[str]) -> bool:
    """Whether a sentence continues the one before it."""
    return (
        LINKS.search(" ".join(forms)) is not None
        or forms[0] in CONTINUATIONS
        or (forms[0] in ("also", "plus") and list(forms[1:2]) != [","])
    )


def _subjectless(forms: Sequence[str]) -> bool:
    """Whether a sentence leaves out its subject: `Sold separately`, `Filled with down`."""
    begins = forms[0] in PARTICIPLES or (forms[0].endswith("ed") and len(forms[0]) > 4)
    return begins and (len(forms) < 2 or forms[1] in FUNCTION_WORDS or forms[1].endswith("ly"))


def _takes_back(forms: Sequence[str]) -> bool:
    """Whether a sentence limits or withdraws the one before it."""
    verb = any(form in FINITE for form in forms)
    if forms[0] in CONTRASTS or (forms[0] == "never" and not PREPOSITIONS.isdisjoint(forms[1:2])):
        return True
    if forms[0] == "if" and not ("," in forms and verb):
        return True
    if _subjectless(forms) and len(forms) < 5:
        return True
    if forms[-1] in TRAILERS and FINITE.isdisjoint(forms[:-1]):
        return True
    if not verb and (forms[0] in PREPOSITIONS or len(forms) < 2):
        return True
    denies = forms[0] in _TAKES_BACK and forms[1:2] and forms[1] in VERBS and not NEGATIONS.isdisjoint(forms[2:4])
    return bool(denies) or (forms[-1] in ("apply", "applies") and len(forms) < 6)


def _elliptic(forms: Sequence[str]) -> bool:
    """Whether a noun is left out that only an earlier sentence has: the second is cheaper, all are washable."""
    for at, form in enumerate(forms):
        following = forms[at + 1] if at + 1 < len(forms) else ""
        said = following in AUXILIARIES or (following in VERBS and following.endswith(("s", "ed")))
        ends = said or not following[:1].isalnum()
        before = forms[at - 1] if at else ""
        if form in ELLIPTIC and ends and before not in ("no", "each"):
            return True
        if form in ("first", "last", "next") and before == "the" and ends:
            return True
        if at == 0 and (form in QUANTIFIERS or form in ("one", "neither", "others") or form[0].isdigit()) and ends:
            return True
        if at == 0 and form == "each" and following.endswith("s") and not following.endswith("ss"):
            return True
        if before == "the" and form.isdigit() and not following.startswith(UNIT):
            return True
        if form in ("here", "there") and not (form == "there" and said):
            return True
    return forms[0] == "that"


def _compares_with_nothing(forms: Sequence[str]) -> bool:
    return not BARE_COMPARATIVES.isdisjoint(forms) and "than" not in forms


def _introduced(clause: Clause, before: Sequence[Clause]) -> int:
    """How far back the nearest clause is that introduces what this one calls `the ...`; 0 where none does."""
    named = _called_the(clause.tokens)
    for back, earlier in enumerate(reversed(before), 1):
        known = _called_the(earlier.tokens)
        if any(token.form in named - known for token in earlier.tokens if token.is_content):
            return back
    return 0


def _called_the(tokens: Sequence[Token]) -> set[str]:
    """The words that follow `the` up to the next function word or verb."""
    found: set[str] = set()
    within = False
    for token in tokens:
        if within and token.is_content:
            found.add(token.form)
        within = token.form == "the" or (within and token.is_content and token.form not in VERBS)
    return found
