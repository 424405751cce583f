"""Sentences as people say them, over small catalogues, and the guidance that each must become."""

from pathlib import Path

import pytest
from instructor_catalogues import bench, instructor


def cases() -> list:
    found = []
    for line in (Path(__file__).parent / "instructor_sentences.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            text, _, label = line.partition("||")
            name, _, turns = text.partition(": ")
            found.append(pytest.param(name, turns.strip(), label.strip(), id=f"{name} {turns.strip()[:60]}"))
    return found


def slots(label: str) -> dict:
    if label == "none":
        return {}
    pairs = dict(part.strip().split(": ", 1) for part in label.split(" ; "))
    lists = {"hard", "likes", "dislikes", "anchors", "directions", "totals"}
    read = {name: value.split(" | ") if name in lists else value for name, value in pairs.items()}
    return {**read, "ask": True} if "ask" in read else read


def test_there_are_enough_sentences() -> None:
    assert len(cases()) >= 150


@pytest.mark.parametrize(("name", "text", "label"), cases())
def test_a_sentence_becomes_its_guidance(name: str, text: str, label: str) -> None:
    catalog = instructor(name).lexicon.catalog
    guidance, _ = bench().replay(
        instructor(name), [turn.strip() for turn in text.split("##")], bench().singles(catalog)
    )
    expected, filled = bench().expected_slots(slots(label)), bench().filled_slots(guidance)
    pairs = bench().matched(expected, filled)
    missed, spurious = expected - {one for one, _ in pairs}, filled - {two for _, two in pairs}
    assert (sorted(missed), sorted(spurious)) == ([], [])
