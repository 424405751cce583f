"""Is it fit for the age class of whoever asks?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, Protocol, cast

from generec.errors import InputError, unknown
from generec.fidelity.closed import read_toml
from generec.fidelity.facts import Facts, described
from generec.fidelity.payload import sources, words
from generec.fidelity.personal_data import plain
from generec.fidelity.safety_words import WORDS
from generec.fidelity.scene import Scene, conclude
from generec.records import Age, Draft, Guidance, SetPayload, Verdict

Level = Literal["child", "teen", "adult", "nobody"]
LEVELS: tuple[Level, ...] = ("child", "teen", "adult", "nobody")
"""Who may be shown something at the earliest, youngest first."""

_LOOKALIKES = str.maketrans("асеіјорѕухԁһԛԝαοερικντυ", "aceijopsyxdhqwaoepikvtu")
_WORD = re.compile(r"[^\W_]+")
_LEET = str.maketrans("0345789@$€!|+", "oeastbgaseilt")
_CERTIFICATES: Mapping[str, Level] = {
    "g": "child", "u": "child", "pg": "child", "tv-y": "child", "tv-g": "child", "tv-pg": "child", "e": "child",
    "everyone": "child", "child": "child", "children": "child", "all": "child", "t": "teen", "teen": "teen",
    "tv-14": "teen", "pg-13": "teen", "r": "adult", "nc-17": "adult", "x": "adult", "tv-ma": "adult", "m": "adult",
    "ao": "adult", "adult": "adult", "adults": "adult", "mature": "adult",
}  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """A listed word that was found, and who may be shown it at the earliest."""

    kind: str  # its class
    level: Level
    word: str


@dataclass(frozen=True)
class WordList:
    """Words by class and level; `*` stands for any ending. Finds them in disguise as well.

    Seen through: capitals, accents, look-alike letters of other alphabets, digits and signs for letters (k1ll), letters
    drawn out (kiiill) or set apart (k.i.l.l), invisible characters. Words inside longer words are left alone.
    """

    listed: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: WORDS)

    @staticmethod
    def read(path: str | Path) -> WordList:
        """The shipped list with an operator's words added: TOML tables [CLASS] with teen, adult or nobody = [WORDS]."""
        merged = {kind: dict(levels) for kind, levels in WORDS.items()}
        for kind, levels in read_toml(path).items():
            if not isinstance(levels, Mapping):
                raise InputError(f"{kind} must be a table of levels", file=str(path))
            for level, added in levels.items():
                if level not in LEVELS:
                    raise unknown(f"level of {kind}", level, LEVELS)
                if not isinstance(added, list) or not all(isinstance(word, str) and word.strip() for word in added):
                    raise InputError(f"{kind}.{level} must be a list of words, got {added!r}", file=str(path))
                before = merged.setdefault(kind, {}).get(level, "")
                merged[kind][level] = ", ".join([*([before] if before else []), *added])
        return WordList(merged)

    def found(self, text: str) -> list[Hit]:
        """All listed words in a text, each once."""
        hits: dict[Hit, None] = {}
        for variant in _variants(text):
            if self._may_hold(variant):
                for kind, level, pattern in self._patterns:
                    hits.update((Hit(kind, level, match[0]), None) for match in pattern.finditer(variant))
        return list(hits)

    def _may_hold(self, variant: str) -> bool:
        """Whether the rarest word of anything listed is there: spares harmless texts the patterns."""
        whole, beginnings = self._rare
        for word in set(_WORD.findall(variant)):
            short = _short(word)
            if short in whole or any(short[:end] in beginnings for end in range(1, len(short) + 1)):
                return True
        return False

    @cached_property
    def _rare(self) -> tuple[frozenset[str], frozenset[str]]:
        """The longest word of everything that is listed, letters drawn together: (whole ones, mere beginnings)."""
        whole, beginnings = set[str](), set[str]()
        listed = ",".join(written for levels in self.listed.values() for written in levels.values())
        for word in listed.split(","):
            parts = list(re.finditer(r"[^\W_]+(\*?)", _folded(word)))
            if not parts:
                raise InputError(f"{word!r} in the word list has no letter")
            rarest = max(parts, key=lambda part: (len(part[0]), part.start()))
            (beginnings if rarest[1] else whole).add(_short(rarest[0].rstrip("*")))
        return frozenset(whole), frozenset(beginnings)

    @cached_property
    def _patterns(self) -> list[tuple[str, Level, re.Pattern[str]]]:
        return [
            (kind, cast(Level, level), re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, written.split(',')))})(?!\w)"))
            for kind, levels in self.listed.items()
            for level, written in levels.items()
        ]


class Classifier(Protocol):
    """A trained judge: class -> probability; `card` says what it was trained on."""

    @property
    def card(self) -> str: ...
    def scores(self, text: str) -> Mapping[str, float]: ...


@dataclass(frozen=True, kw_only=True)
class Safety:
    """Fails on words, trained classes or age ratings above the age class of the guidance.

    Without a classifier this is a word list, and the report says so. In a set the words of the members count too.
    """

    name: str = "safety"
    word_list: WordList = field(default_factory=WordList)
    classifier: Classifier | None = None
    threshold: float = 0.5
    """Probability from which a class counts as found."""
    levels: Mapping[str, Level] = field(default_factory=lambda: {"hate": "nobody", "self_harm": "nobody"})
    """Class of the classifier -> lowest age class; adult where it does not stand here."""
    age_fields: tuple[str, ...] = ("age", "min_age", "age_rating", "certificate")
    """Catalogue fields with a lowest age in years, an age class or a certificate."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        items = {item_id: scene.items[item_id] for item_id in sources(draft) if item_id in scene.items}
        texts = [words(draft.payload)]
        if isinstance(draft.payload, SetPayload):
            texts += [described(facts) for facts in items.values()]
        scores = self._scores(texts)
        hits = [hit for text in texts for hit in self.word_list.found(text)]
        hits += [
            Hit(kind, self.levels.get(kind, "adult"), f"p = {p:.2f}")
            for kind, p in scores.items()
            if p >= self.threshold
        ]
        forbidden = scene.policy.jurisdiction.forbidden
        unfit = [hit for hit in hits if above(hit.level, guidance.age) or hit.kind in forbidden]
        older, doubts = self._ratings(items, guidance.age)
        how = "a word list only: no classifier was given" if self.classifier is None else self.classifier.card
        faults = [*(f"{hit.kind}, for {hit.level}: {hit.word!r}" for hit in unfit), *older]
        return conclude(
            self.name,
            faults=list(dict.fromkeys(faults)),
            doubts=doubts,
            notes=("no fault found", how),
            score=max(scores.values(), default=None),
        )

    def rated(self, facts: Facts) -> Level:
        """Who may be shown an item, by its own rating; child where it has none. Raises InputError if unreadable."""
        values = [facts[name] for name in self.age_fields if facts.get(name) is not None]
        return max((_level(value) for value in values), key=LEVELS.index, default="child")

    def _ratings(self, items: Mapping[str, Facts], age: Age) -> tuple[list[str], list[str]]:
        """(items for older people, items whose rating cannot be read)."""
        older, unread = [], []
        for item_id, facts in items.items():
            try:
                level = self.rated(facts)
            except InputError as error:
                unread.append(f"item {item_id}: {error}")
                continue
            if above(level, age):
                older.append(f"item {item_id} is for {level}")
        return older, unread

    def _scores(self, texts: Sequence[str]) -> Mapping[str, float]:
        highest: dict[str, float] = {}
        if self.classifier is None:
            return highest
        for text in texts:
            for kind, probability in self.classifier.scores(text).items():
                highest[kind] = max(probability, highest.get(kind, 0.0))
        return highest


def above(level: Level, age: Age) -> bool:
    """Whether something is for older people than those of an age class."""
    return LEVELS.index(level) > LEVELS.index(age)


def _level(value: object) -> Level:
    text = str(value).strip().lower()
    if text in _CERTIFICATES:
        return _CERTIFICATES[text]
    years = re.fullmatch(r"(?:fsk|pegi|usk|bbfc|from|ab)?\s*(\d{1,2})(?:\.0)?\s*(?:\+|a|years|jahre)?", text)
    if years is None:
        raise InputError(f"the age rating {value!r} is not understood; write the lowest age in years")
    return "child" if int(years[1]) < 12 else "teen" if int(years[1]) < 18 else "adult"


def _pattern(word: str) -> str:
    """A listed word: its letters may be drawn out, its parts joined by anything short of the end of a sentence."""
    parts = [
        "".join(f"{re.escape(letter)}+" for letter in part.strip("*")) + (r"\w*" if part.endswith("*") else "")
        for part in re.split(r"[\s-]+", _folded(word.strip()))
    ]
    return r"(?:(?:[^\w.!?;]|_)+|\.)".join(parts)


def _variants(text: str) -> list[str]:
    """A text as it stands and seen through its disguises, each variant once."""
    folded = _folded(text)
    together = re.sub(r"(?<!\w)\w(?:[\W_]{1,2}\w(?!\w)){2,}", lambda found: re.sub(r"[\W_]", "", found[0]), folded)
    seen = {folded: None, together: None}
    for variant in (folded, together):
        for one in "il":  # a 1 may stand for either

            def letters(word: re.Match[str], one: str = one) -> str:
                return word[0].replace("1", one).translate(_LEET)

            seen[re.sub(r"\S*[a-z]\S*", letters, variant)] = None
    return list(seen)


def _folded(text: str) -> str:
    """Small letters of one alphabet without accents or invisible characters."""
    if text.isascii():
        return text.casefold()
    folded = unicodedata.normalize("NFKD", plain(text).casefold().translate(_LOOKALIKES))
    return "".join(character for character in folded if not unicodedata.combining(character))


def _short(word: str) -> str:
    """A word with every run of one letter drawn together."""
    return re.sub(r"(.)\1+", r"\1", word)
