"""Which items words name: whole titles, and titles that lost their year, article, subtitle, maker or size."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from generec.loop.grammar.tokens import tokenise
from generec.loop.speller import slips
from generec.types import Catalog

_YEAR = re.compile(r"\s*\(((?:18|19|20)\d\d)\)\s*$")
_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
_ALSO = re.compile(r"^(?:a\.?k\.?a\.?|also known as)\s+", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(?P<rest>.*),\s*(?P<article>The|A|An|Les|Le|La|L'|El|Il|Das|Der|Die|Los|Las|Lo|Gli|Un|Une|I)$", re.IGNORECASE
)
_SIZE = re.compile(
    r"[,\s-]*\b[0-9]+(?:\.[0-9]+)?\s*-?\s*(?:fl(?:uid)?\.?\s*-?)?(?:oz|ounces?|ml|g|gr|grams?|lbs?|inch(?:es)?"
    r"|ct|count|pcs?|pieces?|sponges?|packs?)\b\.?.*$",
    re.IGNORECASE,
)  # fmt: skip
_SUBTITLE = re.compile(r"\s*(?::|\s[-–—~|]\s|,\s)\s*")
_ARTICLES = frozenset(["the", "a", "an"])
_LIGHT = _ARTICLES | frozenset(["of", "and", "by", "from", "in", "for", "with", "to", "on", "one"])
_LONGEST = 24


@dataclass(frozen=True, slots=True)
class Mention:
    """Items that tokens [start, end) may name. `whole`: as a whole title; otherwise a part of one."""

    start: int
    end: int
    rows: tuple[int, ...]
    whole: bool


class Titles:
    """The titles of a catalogue, by their words."""

    def __init__(self, catalog: Catalog, maker: str | None = None):
        self.rows: list[tuple[str, ...]] = []
        self.whole: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self.short: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self.exact: dict[tuple[str, ...], set[int]] = defaultdict(set)  # by forms, not stems
        self.at: dict[str, set[int]] = defaultdict(set)
        self.first: dict[str, int] = defaultdict(int)
        frame = catalog.frame
        titles = frame["title"].to_list() if "title" in frame.columns else []
        makers = frame[maker].to_list() if maker else [None] * len(titles)
        years = (
            frame["year"].to_list()
            if "year" in frame.columns and frame.schema["year"].is_numeric()
            else [None] * len(titles)
        )
        self.years: list[int | None] = [
            int(year) if year is not None else int(found[1]) if (found := _YEAR.search(title or "")) else None
            for title, year in zip(titles, years, strict=True)
        ]
        for row, (title, made_by) in enumerate(zip(titles, makers, strict=True)):
            self._add(row, title or "", made_by or "")
        self.longest = max((len(words) for words in self.whole), default=0)

    def _add(self, row: int, title: str, maker: str) -> None:
        said = _said(title, maker)
        self.rows.append(said.stems)
        for one in said.words:
            self.at[one].add(row)
        for words, forms in said.whole:
            self.whole[words].add(row)
            self.exact[forms].add(row)
            self.first[words[0]] = max(self.first[words[0]], len(words))
        for words in said.short:
            self.short[words].add(row)

    def whole_at(self, stems: Sequence[str], at: int, end: int | None = None) -> Mention | None:
        """The longest whole title that begins at a token; marks of punctuation ('' stems) may stand inside."""
        if not stems[at] or stems[at] not in self.first:
            return None
        best, words = None, []
        for place in range(at, min(len(stems) if end is None else end, at + 2 * self.first[stems[at]])):
            if stems[place]:
                words.append(stems[place])
                if len(words) > self.first[stems[at]]:
                    break
                found = self.whole.get(tuple(words))
                if found:
                    best = Mention(at, place + 1, tuple(sorted(found)), True)
        return best

    def named_at(self, stems: Sequence[str], at: int, end: int) -> Mention | None:
        """The longest stretch from a token that names items, as whole titles or as parts of them.

        A part holds all words of the stretch (articles aside) in the order of the title; the maker may stand anywhere.
        """
        whole = self.whole_at(stems, at, end)
        part = self._part_at(stems, at, min(end, at + _LONGEST))
        if part is None or (whole is not None and whole.end >= part.end):
            return whole
        return part

    def _part_at(self, stems: Sequence[str], at: int, end: int) -> Mention | None:
        words: list[str] = []
        rows: set[int] | None = None
        best: Mention | None = None
        for place in range(at, end):
            one = stems[place]
            if not one or (one in _LIGHT and (rows is None or one not in self.at)):
                continue
            if one not in _LIGHT:
                held = self.at.get(one)
                rows = set(held) & rows if held and rows is not None else set(held) if held else set()
                if not rows:
                    break
                words.append(one)
                ordered = [row for row in rows if self._fits(row, words)]
                if not ordered:
                    break
                rows = set(ordered)
                best = Mention(at, place + 1, tuple(sorted(ordered)), False)
        if best is None:
            return None
        return self._narrowed(best, stems)

    def _fits(self, row: int, words: Sequence[str]) -> bool:
        title = self.rows[row]
        return len(words) < 2 or all(word in title for word in words)

    def _narrowed(self, found: Mention, stems: Sequence[str]) -> Mention:
        """A short title (without subtitle, maker, size) of some items wins over others that merely hold the words."""
        words = tuple(one for one in stems[found.start : found.end] if one)
        for form in (words, tuple(one for one in words if one not in _ARTICLES)):
            kept = self.short.get(form)
            if kept:
                return Mention(found.start, found.end, tuple(sorted(kept)), False)
        return found

    def corrected(self, word: str) -> str:
        """A word of a title that a misspelt stem stands for."""
        if len(word) < 4 or word in self.at:
            return word
        near = [other for other in self.at if other[0] == word[0] and abs(len(other) - len(word)) <= 1]
        best = [other for other in near if slips(word, other, 1) <= 1]
        return max(best, key=lambda other: (len(self.at[other]), other)) if best else word

    def key(self, row: int) -> tuple[str, ...]:
        return self.rows[row]


@dataclass(frozen=True, slots=True)
class _Said:
    """What people may say for one title."""

    stems: tuple[str, ...]  # of the title and the maker
    words: frozenset[str]
    whole: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]  # stems and forms of each way to say all of it
    short: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=2**16)
def _said(title: str, maker: str) -> _Said:
    """Remembered: a catalogue that changed is mostly the one before, and reading a title takes half a millisecond."""
    made = set(stems_of(maker))

    def says(words: tuple[str, ...]) -> bool:
        return bool(words) and not made.issuperset(words)

    stems = (*stems_of(_YEAR.sub("", title)), *stems_of(maker))
    whole = tuple((words, _forms(form)) for form in dict.fromkeys(_wholes(title)) if says(words := stems_of(form)))
    short = tuple(words for form in dict.fromkeys(_shorts(title, maker)) if says(words := stems_of(form)))
    return _Said(stems, frozenset(stems), whole, short)


def _forms(text: str) -> tuple[str, ...]:
    return tuple(token.form for token in tokenise(text) if token.is_word)


def stems_of(text: str) -> tuple[str, ...]:
    return tuple(
        "and" if token.form == "&" else token.stem for token in tokenise(text) if token.is_word or token.form == "&"
    )


def _wholes(title: str) -> Iterator[str]:
    bare = _YEAR.sub("", title)
    yield from _articles(bare)
    inner = _BRACKETS.findall(bare)
    if inner:
        yield from _articles(_BRACKETS.sub(" ", bare).strip())
        for one in inner:
            other = _ALSO.sub("", one.strip())
            if (
                _YEAR.search(title)
                and len(other) > 2
                and not re.match(r"(?:pack|set|pair|case|model|\d)", other, re.IGNORECASE)
            ):
                yield from _articles(other)
    cut = _SIZE.sub("", _BRACKETS.sub(" ", bare)).strip(" ,-")
    if cut and cut != bare and len(cut.split()) > 1:
        yield cut


def _articles(title: str) -> Iterator[str]:
    yield title
    found = _ARTICLE.match(title)
    if found:
        yield f"{found['article']} {found['rest']}"
        yield found["rest"]
    first, _, rest = title.partition(" ")
    if first.lower() in _ARTICLES and len(rest) > 2:
        yield rest


def _shorts(title: str, maker: str) -> Iterator[str]:
    bare = _SIZE.sub("", _BRACKETS.sub(" ", _YEAR.sub("", title))).strip(" ,-")
    pieces = [piece for piece in _SUBTITLE.split(bare) if piece.strip()]
    forms = [bare, *pieces[:1]]
    if maker and len(pieces) > 1:
        forms.append(pieces[1])
    for form in forms:
        for one in _articles(form.strip()):
            yield one
            if maker:
                without = re.sub(
                    rf"^\s*(?:by\s+)?{re.escape(maker)}\b[\s,:-]*|\s*\b(?:by|from)\s+{re.escape(maker)}\b",
                    "",
                    one,
                    flags=re.IGNORECASE,
                )
                if without.strip() and without != one:
                    yield without.strip()
