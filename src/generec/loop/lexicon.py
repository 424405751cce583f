"""The words by which people name the values of a catalogue's fields, matched over tokens by a trie."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from generec.loop.everyday import everyday
from generec.loop.grammar.tokens import Token, folded, stem, tokenise
from generec.loop.grammar.words import ARTICLES, CONJUNCTIONS, PREPOSITIONS
from generec.loop.speller import Speller
from generec.types import Catalog, Condition

ORDER = ("kind", "topic", "genres", "genre", "brand", "creator", "series", "place", "categories", "category", "tags")
"""Which field wins where several hold a word; others follow in the order of the catalogue."""
MAKERS = frozenset(["brand", "creator", "author", "artist", "maker", "director", "publisher", "studio", "manufacturer"])
NAMES = MAKERS | {"place", "venue", "city"}
"""Fields whose values are proper names: a part that only one has names it."""
TEXTS = frozenset(
    [
        "item_id",
        "title",
        "description",
        "plot",
        "text",
        "summary",
        "asin",
        "isbn",
        "url",
        "image",
        "origin",
        "sales_rank_group",
    ]
)
TYPES = frozenset(["kind", "genres", "genre", "categories", "category"])
"""Fields that say what an item is, not what it is about."""
SHARE = 0.98
"""A value that more of the items have says nothing."""

How = Literal["value", "form", "everyday", "part", "name"]


@dataclass(frozen=True, slots=True)
class Named:
    """A field and one value of it, in all its spellings."""

    field: str
    values: tuple[str, ...]

    def condition(self, negated: bool = False) -> Condition:
        if len(self.values) == 1:
            return Condition(self.field, "!=" if negated else "=", self.values[0])
        return Condition(self.field, "not in" if negated else "in", self.values)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a phrase may mean: all of `named` together."""

    named: tuple[Named, ...]
    how: How

    @property
    def field(self) -> str:
        return self.named[0].field


@dataclass(frozen=True, slots=True)
class Match:
    """The entries of the longest phrase at a place, and the token after it."""

    end: int
    entries: tuple[Entry, ...]


@dataclass
class Trie:
    """Phrases of stems; building fills it, reading never changes it."""

    root: dict[str, dict] = field(default_factory=dict)  # type: ignore[type-arg]

    def add(self, stems: Sequence[str], entry: Entry) -> None:
        node = self.root
        for one in stems:
            node = node.setdefault(one, {})
        known = node.setdefault("", {})
        known.setdefault(entry, None)

    def longest(self, stems: Sequence[str], at: int) -> Match | None:
        """The longest phrase at a place; a part of a name yields to any shorter phrase that is more."""
        node: dict[str, dict] = self.root  # type: ignore[type-arg]
        best, name = None, None
        for place in range(at, len(stems)):
            found = node.get(stems[place])
            if found is None:
                break
            node = found
            if "" in node:
                match = Match(place + 1, tuple(node[""]))
                best, name = (best, match) if all(entry.how == "name" for entry in match.entries) else (match, name)
        return best or name

    def holds(self, stems: Sequence[str]) -> bool:
        node = self.root
        for one in stems:
            if one not in node:
                return False
            node = node[one]
        return "" in node


class Lexicon:
    """Fields, values and words of one catalogue; built once, then only read."""

    def __init__(self, catalog: Catalog):
        self.catalog = catalog
        self.frame = catalog.frame
        self.rows = _rows(catalog)
        self.fields = sorted(self.rows, key=_rank)
        self.single = {name for name in self.rows if self.frame.schema[name] == pl.String}
        self.numeric = {name for name, kind in self.frame.schema.items() if kind.is_numeric()}
        self.dates = {name for name, kind in self.frame.schema.items() if kind in (pl.Date, pl.Datetime)}
        self.trie = Trie()
        self._fill()
        self.common = _common(catalog, self.rows)
        self.speller = Speller.of(self._value_words(True), self._value_words(False), self._name_words(), catalog.texts)

    def match(self, tokens: Sequence[Token], stems: Sequence[str], at: int) -> Match | None:
        """The longest phrase that names values at a token; two or three tokens may also be written as one."""
        best = self.trie.longest(stems, at)
        for size in (2, 3):
            if at + size <= len(stems) and (best is None or best.end < at + size):
                found = self.trie.root.get("".join(stems[at : at + size]))
                if found is not None and "" in found and all(stems[at : at + size]):
                    best = Match(at + size, tuple(found[""]))
        return best

    def readings(self, match: Match) -> list[tuple[Entry, ...]]:
        """The entries by how surely they are meant; those of the first group decide."""
        groups = []
        for kinds in (("value", "form"), ("everyday",), ("part",), ("name",)):
            group = tuple(entry for entry in match.entries if entry.how in kinds)
            if group:
                groups.append(tuple(sorted(group, key=lambda entry: _rank(entry.field))))
        return groups

    def same(self, one: Named, other: Named) -> bool:
        """Whether two readings return the same items."""
        return self.items(one) == self.items(other)

    def items(self, named: Named) -> frozenset[int]:
        found: set[int] = set()
        for value in named.values:
            found |= self.rows[named.field].get(value, set())
        return frozenset(found)

    def ordinary(self, named: Named) -> bool:
        """Whether a maker's name is also an ordinary word or phrase."""
        words = [token.form for token in tokenise(named.values[0]) if token.is_word]
        return all(
            word in self.common or word.removesuffix("s") in self.common or word.isdigit() or len(word) == 1
            for word in words
        )

    def _value_words(self, single: bool) -> Iterator[str]:
        """Words that are values by themselves, or those of longer values; in singular and plural."""
        for name in self.fields:
            if name in NAMES or name == "series":
                continue
            for value in self.rows[name]:
                words = [token.form for token in tokenise(value) if token.is_word]
                if (len(words) == 1) == single:
                    yield from (one for word in words if word.isalpha() and len(word) > 3 for one in _numbers(word))
        for said, meant in everyday() if single else ():
            if all(self.trie.holds(_stems(name)) for name in meant):
                yield from (word for phrase in said for word in phrase.split() if len(word) > 3 and word.isalpha())

    def _name_words(self) -> Iterator[str]:
        for name in self.fields:
            for value in self.rows[name] if name in NAMES else ():
                yield from (token.form for token in tokenise(value) if token.form.isalpha() and len(token.form) > 4)

    def _fill(self) -> None:
        for name in self.fields:
            if name in TEXTS:
                continue
            for spellings in _spellings(self.rows[name]):
                if len(set().union(*(self.rows[name][value] for value in spellings))) < SHARE * len(self.catalog):
                    self._add_value(name, spellings)
        self._add_parts()
        self._add_everyday()

    def _add_value(self, name: str, spellings: tuple[str, ...]) -> None:
        entry = Entry((Named(name, spellings),), "value")
        for value in spellings:
            stems = _stems(value)
            if not stems:
                continue
            self.trie.add(stems, entry)
            bare = tuple(one for one in stems if one != "and")
            if bare != stems and bare:
                self.trie.add(bare, entry)
            if len(stems) in (2, 3):
                self.trie.add(("".join(stems),), entry)
            if stems[0] in ("the", "a") and len(stems) > 1:
                self.trie.add(stems[1:], entry)
            if name not in NAMES and len(stems) == 1 and value.lower().endswith("ing"):
                for verb in _verbs(value.lower()):
                    self.trie.add(("to", verb), Entry(entry.named, "form"))

    def _add_parts(self) -> None:
        parts: dict[tuple[str, ...], dict[Named, None]] = defaultdict(dict)  # in order, unlike a set
        for name in self.fields:
            for spellings in _spellings(self.rows[name]):
                named = Named(name, spellings)
                if name in NAMES:
                    for stems in _name_parts(spellings[0]):
                        parts[stems][named] = None
                elif name not in TEXTS and name != "series" and re.search(r"[&,]| and ", spellings[0]):
                    for stems in _joint_parts(spellings[0]):
                        parts[stems][named] = None
        for stems, found in parts.items():
            if self.trie.holds(stems):
                continue
            for named in found:
                self.trie.add(stems, Entry((named,), "name" if named.field in NAMES else "part"))

    def _add_everyday(self) -> None:
        exact = {_stems(value): Named(name, spellings) for name in reversed(self.fields) if name not in NAMES | TEXTS
                 for spellings in _spellings(self.rows[name]) for value in spellings}  # fmt: skip
        for said, meant in everyday():
            named = tuple(exact[_stems(value)] for value in meant if _stems(value) in exact)
            if len(named) < len(meant):
                continue
            for phrase in said:
                self.trie.add(_stems(phrase), Entry(named, "everyday"))


def _rank(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _rows(catalog: Catalog) -> dict[str, dict[str, set[int]]]:
    """The rows of every value, by text or list field."""
    found: dict[str, dict[str, set[int]]] = {}
    for name, kind in catalog.frame.schema.items():
        if name in TEXTS or kind not in (pl.String, pl.List(pl.String)):
            continue
        rows: dict[str, set[int]] = defaultdict(set)
        for row, value in enumerate(catalog.frame[name].to_list()):
            for one in (value,) if isinstance(value, str) else value or ():
                if one:
                    rows[one].add(row)
        if name in ORDER or name in NAMES or len(rows) <= max(2, len(catalog) // 2):
            found[name] = dict(rows)
    return found


def _spellings(values: Iterable[str]) -> list[tuple[str, ...]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for value in values:
        groups[re.sub(r"[\W_]+", "", folded(value)) or value].append(value)
    return [tuple(sorted(group, key=lambda value: (value.isupper(), value))) for group in groups.values()]


def _stems(text: str) -> tuple[str, ...]:
    return tuple(
        "and" if token.form == "&" else token.stem for token in tokenise(text) if token.is_word or token.form == "&"
    )


def _numbers(word: str) -> tuple[str, ...]:
    """A word in singular and plural, as people may write it."""
    if word.endswith("s") and not word.endswith("ss"):
        return (word, word[:-3] + "y") if word.endswith("ies") else (word, word[:-1])
    return (word, word[:-1] + "ies") if word.endswith("y") else (word, word + "s")


def _verbs(word: str) -> tuple[str, ...]:
    base = word[:-3]
    doubled = len(base) > 2 and base[-1] == base[-2]
    return (stem(base), stem(base + "e"), *((stem(base[:-1]),) if doubled else ()))


def _name_parts(name: str) -> Iterator[tuple[str, ...]]:
    stems = _stems(name)
    if len(stems) < 2:
        return
    for one in stems:
        if len(one) > 2 and one not in PREPOSITIONS | CONJUNCTIONS | ARTICLES | {"inc", "new", "ltd"}:
            yield (one,)
    for size in range(2, len(stems)):
        yield stems[:size]


def _joint_parts(value: str) -> Iterator[tuple[str, ...]]:
    """The parts of a value joined by & or commas, with the modifier or the head that they share."""
    parts = [_stems(part) for part in re.split(r"\s*(?:&|,|\band\b)\s*", value) if part.strip()]
    words = [part for part in re.split(r"\s*(?:&|,|\band\b)\s*", value) if part.strip()]
    first, last = parts[0], parts[-1]
    shared_head = len(last) > 1 and len(first) == 1 and not words[0].lower().endswith("s")
    for at, part in enumerate(parts):
        if shared_head and at < len(parts) - 1:
            yield (*part, last[-1])
        elif len(first) > 1 and at and len(part) == 1:
            yield (*first[:-1], *part)
            yield part
        else:
            yield part


def _common(catalog: Catalog, rows: Mapping[str, Mapping[str, set[int]]]) -> frozenset[str]:
    """Words that the texts of the catalogue use in lower case or of several makers: no proper names."""
    from generec.loop.grammar.english import ENGLISH

    used: dict[str, set[int]] = defaultdict(set)
    for row, text in enumerate(catalog.texts):
        for word in set(re.findall(r"(?<=[a-z,] )[a-z]{3,}", text)):
            used[word].add(row)
    frequent = {word for word, found in used.items() if len(found) > 2}
    return ENGLISH | frozenset(frequent)
