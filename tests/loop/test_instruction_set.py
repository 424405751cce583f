"""The instruction test set holds to docs/instructions.md. Failures name ids, never what the sealed half says."""

import gzip
import hashlib
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import get_args

import polars as pl
import pytest

from generec.data.conditions import mask, parse
from generec.data.importers import import_data
from generec.data.world import make_world, words
from generec.data.world.manners import manners
from generec.errors import UsageError
from generec.records import Act, Kind
from generec.types import Catalog

FOLDER = Path(__file__).parent / "instructions"
FILES = {"open": FOLDER / "open.jsonl", "sealed": FOLDER / "sealed.jsonl.gz"}
REAL = {"movies": "ml-1m", "beauty": "amazon14-beauty"}
"""Where the real catalogues lie under GENEREC_DATA."""
CATALOGUES = ("world", *REAL)
AUDIENCES = {"children", "teenagers", "family", "beginners", "experts"}
ABOUT = {
    "alternatives", "ambiguous", "approximate", "audience", "chatty", "comparison", "contradiction", "correction",
    "count", "create_set", "create_text", "decade", "direction", "drop", "edit", "exclusion", "explain", "field",
    "like_but", "maker", "mood", "negation", "polite", "price", "question", "range", "reset", "several", "soft",
    "stop_creating", "terse", "time", "title", "total", "typo", "undo", "unknown", "untrusted",
}  # fmt: skip
LISTS = {"hard", "likes", "dislikes", "anchors", "directions", "totals"}
SLOTS = LISTS | {"act", "kind", "count", "audience", "item", "ask"}


@cache
def half(name: str) -> tuple[dict, ...]:
    data = FILES[name].read_bytes()
    text = (gzip.decompress(data) if FILES[name].suffix == ".gz" else data).decode("utf-8")
    return tuple(json.loads(line) for line in text.splitlines())


def rows(catalogue: str | None = None) -> list[dict]:
    found = [*half("open"), *half("sealed")]
    return [row for row in found if catalogue in (None, row["catalogue"])]


@cache
def catalog(name: str) -> Catalog:
    if name == "world":
        return make_world().dataset.catalog
    folder = Path(os.environ.get("GENEREC_DATA", "")) / REAL[name]
    if not os.environ.get("GENEREC_DATA") or not folder.is_dir():
        pytest.skip("GENEREC_DATA names no folder with this data set")
    return import_data(folder).catalog


def offenders(found: list[dict], holds) -> list[str]:
    return [row["id"] for row in found if not holds(row)]


def said(row: dict) -> str:
    return "\n".join([*row.get("before", ()), row["text"]])


def conditions(row: dict) -> list[str]:
    slots = row["slots"]
    stated = [text for slot in ("hard", "likes", "dislikes", "totals") for text in slots.get(slot, ())]
    return [text for text in stated if not text.startswith("~")]


def test_every_line_has_the_keys_of_the_guide() -> None:
    keys = {"id", "catalogue", "text", "about", "slots"}

    def holds(row: dict) -> bool:
        return (
            keys <= set(row) <= keys | {"before"}
            and re.fullmatch(rf"{row['catalogue']}-\d{{3}}", row["id"]) is not None
            and row["catalogue"] in CATALOGUES
            and bool(row["text"].strip())
            and all(isinstance(turn, str) and turn.strip() for turn in row.get("before", ["-"]))
            and row.get("before") != []
            and 0 < len(row["about"]) == len(set(row["about"]))
            and set(row["about"]) <= ABOUT
        )

    assert offenders(rows(), holds) == []


def test_slots_use_the_closed_vocabulary() -> None:
    def holds(row: dict) -> bool:
        slots = row["slots"]
        act, kind = slots.get("act", "recommend"), slots.get("kind")
        return (
            set(slots) <= SLOTS
            and all(isinstance(slots[name], list) and slots[name] for name in LISTS & set(slots))
            and all(isinstance(text, str) for name in LISTS & set(slots) for text in slots[name])
            and act in get_args(Act)
            and kind in (None, *get_args(Kind))
            and (kind is not None) == (act in ("create", "edit"))
            and ("item" not in slots or act in ("edit", "explain"))
            and slots.get("audience") in (None, *AUDIENCES)
            and (type(slots.get("count", 1)) is int and slots.get("count", 1) > 0)
            and slots.get("ask", True) is True
            and all(
                re.fullmatch(r"[+-]\S+", text) for name in ("anchors", "directions") for text in slots.get(name, ())
            )
        )

    assert offenders(rows(), holds) == []


def test_there_are_enough_of_every_catalogue_and_phenomenon() -> None:
    assert all(count >= 130 for count in Counter(row["catalogue"] for row in rows()).values())
    phenomena = Counter(name for row in rows() for name in row["about"])
    assert {name: phenomena[name] for name in ABOUT if phenomena[name] < 12} == {}
    typos = phenomena["typo"] / len(rows())
    assert 0.03 < typos < 0.05


def test_the_halves_are_even_and_share_nothing() -> None:
    sizes = {name: Counter(row["catalogue"] for row in half(name)) for name in FILES}
    assert all(abs(sizes["open"][name] - sizes["sealed"][name]) <= 1 for name in CATALOGUES)
    ids = Counter(row["id"] for row in rows())
    plain = {row["id"]: re.sub(r"[^a-z0-9]+", " ", said(row).lower()).strip() for row in rows()}
    texts = Counter(plain.values())
    assert [id_ for id_, count in ids.items() if count > 1] == []
    assert [id_ for id_, text in plain.items() if texts[text] > 1 and text] == []


def test_words_are_phrases_of_the_dialogue() -> None:
    def holds(row: dict) -> bool:
        slots, text = row["slots"], said(row).lower()
        soft = [words_ for slot in ("likes", "dislikes") for words_ in slots.get(slot, ()) if words_.startswith("~")]
        elsewhere = [words_ for slot in ("hard", "totals") for words_ in slots.get(slot, ()) if words_.startswith("~")]
        return not elsewhere and all(phrase[1:] and phrase[1:] in text for phrase in soft)

    assert offenders(rows(), holds) == []


def test_every_condition_is_in_the_grammar() -> None:
    def holds(row: dict) -> bool:
        try:
            return all(parse(str(parse(text))) == parse(text) for text in conditions(row))
        except UsageError:
            return False

    assert offenders(rows(), holds) == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_conditions_suit_the_catalogue_and_name_values_that_it_holds(name: str) -> None:
    items = catalog(name)

    @cache
    def values(field: str) -> frozenset[str] | None:
        column = items.frame[field]
        if isinstance(column.dtype, pl.List):
            column = column.drop_nulls().list.explode(keep_nulls=False, empty_as_null=False)
        return frozenset(column.drop_nulls()) if column.dtype == pl.String else None

    def holds(row: dict) -> bool:
        stated = [parse(text) for text in conditions(row)]
        try:
            for condition in stated:
                mask(items, [condition])
        except UsageError:
            return False
        named = [one for one in stated if one.operator in ("=", "!=", "in", "not in")]
        return all(
            known is None or set(one.value if isinstance(one.value, tuple) else [one.value]) <= known
            for one in named
            for known in [values(one.field)]
        )

    assert offenders(rows(name), holds) == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_items_exist_and_directions_and_totals_are_of_ordered_fields(name: str) -> None:
    frame = catalog(name).frame
    ids = set(frame["item_id"])
    ordered = {field for field, kind in frame.schema.items() if kind.is_numeric() or kind.is_temporal()}
    numeric = {field for field in ordered if frame.schema[field].is_numeric()}

    def holds(row: dict) -> bool:
        slots = row["slots"]
        named = [anchor[1:] for anchor in slots.get("anchors", ())] + [slots[key] for key in ("item",) if key in slots]
        return (
            set(named) <= ids
            and {direction[1:] for direction in slots.get("directions", ())} <= ordered
            and {parse(text).field for text in slots.get("totals", ())} <= numeric
        )

    assert offenders(rows(name), holds) == []


@pytest.mark.parametrize("name", CATALOGUES)
def test_contradictions_leave_nothing_and_are_asked_about(name: str) -> None:
    items = catalog(name)

    def holds(row: dict) -> bool:
        empty = not mask(items, [parse(text) for text in row["slots"].get("hard", ())]).any()
        return empty and row["slots"].get("ask") is True

    found = [row for row in rows(name) if "contradiction" in row["about"]]
    assert found
    assert offenders(found, holds) == []


def test_nothing_is_taken_from_the_writer_of_the_world() -> None:
    named = [manner for values in manners() for manner in values]
    phrases = [manner.wish for manner in named] + [line.rstrip(".") for manner in named for line in manner.sentences]
    phrases = [phrase.lower() for phrase in [*phrases, *words.LEADS, *words.ASIDES, *words.ELSEWHERE]]
    assert offenders(rows(), lambda row: not any(phrase in said(row).lower() for phrase in phrases)) == []


def test_the_files_are_those_that_were_split() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FILES.values():
        assert f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}" in readme
    assert FILES["sealed"].read_bytes()[4:8] == bytes(4), "a time in the gzip header would change the checksum"
