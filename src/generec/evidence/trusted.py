"""What ranking may read of an item: its checked fields, and of its prose only what nothing speaks against.

Sellers' texts are evidence of what an item is about, and advertising. Before any of it reaches an index or an encoder
it goes through `trusted`: what cannot be seen and what is addressed to a machine is cut (sanitize.py); sentences that
contradict a checked field, claim ranks or prizes, talk of others, pose in foreign letters or only repeat keywords are
left out; superlatives are struck out. An item of whose prose little is left ranks by its fields alone. What stays is
what is plainly false and reads like anything else: no single text shows that.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from generec.evidence.lexicon import FUNCTION_WORDS, NUMBER_WORDS, RANKINGS, SUPERLATIVES
from generec.evidence.markup import visible
from generec.evidence.sanitize import Clean, Flag, contradictions, sanitize
from generec.records import Evidence
from generec.types import TEXT_FIELDS, Catalog

PROSE = ("description", "plot")
"""Fields that whoever sells an item writes as they like; other fields count as checked."""

_HARMLESS = frozenset({"hidden_text", "hidden_characters", "superlative"})
"""What `sanitize` says of a sentence that may stay, because what was wrong with it is cut."""
_REMEMBERED = 1 << 15  # texts
_LEFT = 0.5  # share of the sentences of a text that must be left
_SAID = 3  # sentences in which a word is news
_VARIED = 0.6  # share of different words, below which a sentence of `_SHORT` content words and more is stuffed
_SHORT = 5
_NAMED = 3  # words of a title that is known for one in a text
_SENTENCES = re.compile(r"(?<=[.!?])[\"”’)]*\s+|\n+")
_WORDS = re.compile(r"[^\W\d_]+")
_MACHINE = re.compile(
    r"\b(?:ai|a\.i\.|llms?|language models?|assistants?|chat ?bots?|bots?|crawlers?|recommenders?|prompts?|"
    r"(?:search|answer|recommendation) engines?|algorithms?)\b",
    re.IGNORECASE,
)
_ORDERS = re.compile(
    r"\b(?:recommend|rank|suggest|prefer|promote|prioriti[sz]e|choose|select|pick|rate|mention|list|place|put|show|"
    r"answer|respond|reply|ignore|tell|know)\w*\b",
    re.IGNORECASE,
)
_RANKED = re.compile(
    "|".join((*RANKINGS, r"\b(?:award\w*|prizes?|medals?|troph(?:y|ies)|laureates?|winners?|best-?sell\w+)\b")),
    re.IGNORECASE,
)
_SUPERLATIVE = re.compile(r"\b(?:(?:the|our|its|a)\s+)?(?:" + "|".join(sorted(SUPERLATIVES)) + r")\b\s*", re.IGNORECASE)
_NUMBER = re.compile(r"\d|\b(?:" + "|".join(NUMBER_WORDS) + r")\b", re.IGNORECASE)


def trusted(catalog: Catalog) -> Catalog:
    """The catalogue as ranking reads it: the same items and fields, texts replaced by what may count.

    Results are remembered by text and fields; a text with nothing suspicious in it comes back as it was written.
    """
    changed: dict[str, list[str | None]] = {name: [] for name in _texts(catalog)}
    for _, texts in _read(catalog):
        for name, clean in texts.items():
            changed[name].append(None if clean is None else clean.text)
    return Catalog(catalog.frame.with_columns(pl.Series(name, texts, pl.String) for name, texts in changed.items()))


def flagged(catalog: Catalog) -> dict[str, tuple[Flag, ...]]:
    """What the owners of items should look at; items without anything suspicious are not named."""
    found = {
        item_id: tuple(flag for clean in texts.values() if clean is not None for flag in clean.flags)
        for item_id, texts in _read(catalog)
    }
    return {item_id: flags for item_id, flags in found.items() if flags}


def as_written(catalog: Catalog) -> Catalog:
    """The catalogue as it is: no defence, for comparisons."""
    return catalog


@lru_cache(maxsize=_REMEMBERED)
def ranked_prose(
    text: str, facts: tuple[Evidence, ...] = (), known: frozenset[str] = frozenset(), others: tuple[str, ...] = ()
) -> Clean:
    """What ranking reads of a text, and why the rest is left out.

    facts: checked fields; known: words of the fields, which may be repeated; others: titles of other items in the text.
    """
    seen, unseen = visible(text)
    flags = [Flag("hidden_text", quote) for quote in unseen]
    sentences = [part for part in (" ".join(part.split()) for part in _SENTENCES.split(seen)) if part]
    kept: list[str] = []
    said: Counter[str] = Counter()
    for sentence in sentences:
        clean = sanitize(sentence)
        words = [word for word in _content(clean.text) if word not in known]
        doubts = list(_doubts(clean.text, words, facts, others))
        if words and 2 * sum(said[word] >= _SAID for word in words) > len(words):
            doubts.append(Flag("repetition", sentence))
        flags += [*clean.flags, *doubts]
        if clean.text and not doubts and _HARMLESS.issuperset(flag.kind for flag in clean.flags):
            kept.append(_SUPERLATIVE.sub("", clean.text))
            said.update(set(words))
    if len(kept) < _LEFT * len(sentences):
        return Clean("", tuple(flags))
    whole = " ".join(kept)
    return Clean(text if whole == " ".join(text.split()) else whole, tuple(flags))


def _doubts(
    sentence: str, words: Sequence[str], facts: tuple[Evidence, ...], others: tuple[str, ...]
) -> Iterator[Flag]:
    """What keeps a cleaned sentence out of ranking, beside what `sanitize` sees. words: its new content words."""
    if _MACHINE.search(sentence) and _ORDERS.search(sentence):
        yield Flag("instruction", sentence)
    if _RANKED.search(sentence):
        yield Flag("superlative", sentence)
    if any(_names(sentence, title) for title in others):
        yield Flag("about_others", sentence)
    if _NUMBER.search(sentence):
        yield from contradictions(sentence, facts)
    if len(words) >= _SHORT and len(set(words)) <= _VARIED * len(words):
        yield Flag("repetition", sentence)


def _content(text: str) -> list[str]:
    return [word for word in _WORDS.findall(text.casefold()) if len(word) > 2 and word not in FUNCTION_WORDS]


def _names(sentence: str, title: str) -> bool:
    """Whether a title stands in a sentence written as a name; else whoever calls an item `joints cut by hand` would
    silence everybody who says so."""
    found = re.search(r"[\W\d_]+".join(title.split()), sentence, re.IGNORECASE)
    return found is not None and all(word[0].isupper() for word in _WORDS.findall(found.group()) if _content(word))


def _plain(text: str) -> str:
    """Words between single blanks, so that titles are found whatever stands between their words."""
    return f" {' '.join(_WORDS.findall(text.casefold()))} "


@dataclass(frozen=True)
class _Titles:
    """The titles of a catalogue that are long enough to be known in a text, by their first words."""

    known: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, titles: Iterable[str | None]) -> _Titles:
        known: defaultdict[str, set[str]] = defaultdict(set)
        for plain in {_plain(title or "") for title in titles}:
            if len(plain.split()) >= _NAMED:
                known[" ".join(plain.split()[:_NAMED])].add(plain)
        return cls({first: tuple(sorted(titles)) for first, titles in known.items()})

    def inside(self, text: str, own: str) -> tuple[str, ...]:
        """Titles of other items that a text names; what the own title shares with them is not about others."""
        words, plain, mine = _WORDS.findall(text.casefold()), _plain(text), _plain(own)
        starts = {" ".join(words[at : at + _NAMED]) for at in range(len(words) - _NAMED + 1)}
        found = (title for start in sorted(starts & self.known.keys()) for title in self.known[start])
        return tuple(title for title in found if title in plain and title not in mine)


@lru_cache(maxsize=_REMEMBERED)
def _ranked_field(text: str) -> Clean:
    """A checked field, which may praise itself (`The Best of`) but hides nothing and orders nobody."""
    clean = sanitize(text)
    return Clean(clean.text, tuple(flag for flag in clean.flags if flag.kind not in ("superlative", "about_others")))


def _texts(catalog: Catalog) -> list[str]:
    return [name for name in TEXT_FIELDS if catalog.frame.schema.get(name) == pl.String]


def _read(catalog: Catalog) -> Iterator[tuple[str, dict[str, Clean | None]]]:
    """Every item's texts by field, read for ranking; None where there is none."""
    names, schema = _texts(catalog), catalog.frame.schema
    numbers = [name for name, kind in schema.items() if kind.is_numeric()]
    fields = [name for name in TEXT_FIELDS if name in schema and name not in PROSE]
    titles = _Titles.of(catalog.frame["title"].cast(pl.String).to_list() if "title" in schema else ())
    for row in catalog.frame.iter_rows(named=True):
        facts = tuple(
            Evidence(name, f"{row[name]:.10g}", field=name, trust="field")
            for name in numbers if row[name] is not None and row[name] == row[name]
        )  # fmt: skip
        known = frozenset(_WORDS.findall(" ".join(str(row[name] or "") for name in fields).casefold()))
        own, texts = str(row.get("title") or ""), {name: row[name] for name in names}
        yield str(row["item_id"]), {
            name: None if text is None else
            ranked_prose(text, facts, known, titles.inside(text, own)) if name in PROSE else _ranked_field(text)
            for name, text in texts.items()
        }  # fmt: skip
