"""The files of phrases: every section compiles, its lines are its alternatives, and what is missing is an error."""

import re
from importlib.resources import files

import pytest

from generec.errors import UsageError
from generec.loop.grammar.phrasebook import Phrases

FOLDER = files("generec.loop.grammar") / "phrases"
NAMES = sorted(one.name.removesuffix(".txt") for one in FOLDER.iterdir() if one.name.endswith(".txt"))


def written(name: str) -> dict[str, list[str]]:
    """Sections and their lines, read the plain way: joined first, parted after."""
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    text = re.sub(r"\n +", "", "\n".join(line for line in text.split("\n") if not line.startswith("#")))
    parts = re.split(r"^\[([a-z_]+)[^\]\n]*\]\n", text, flags=re.MULTILINE)
    return {name: lines.strip("\n").split("\n") for name, lines in zip(parts[1::2], parts[2::2], strict=True)}


def test_there_are_files() -> None:
    assert {"acts", "cues", "directions"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_section_compiles_and_holds_its_lines(name: str) -> None:
    phrases = Phrases(name)
    for section, lines in written(name).items():
        assert phrases[section].pattern
        plain = [line for line in lines if "{" not in line]
        assert all(line in phrases.text(section) for line in plain)
        assert len(phrases.text(section).split("|")) >= len(lines)


@pytest.mark.parametrize("name", NAMES)
def test_lines_are_short_and_end_with_no_space(name: str) -> None:
    for line in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n"):
        assert len(line) <= 120
        assert line == line.rstrip()


def test_sections_stand_for_others_and_match_whole_tokens() -> None:
    directions = Phrases("directions")
    assert directions["duration_less"].fullmatch("bite sized")
    assert directions["duration_less_whole"].fullmatch("a bit shorter")
    assert not directions["duration_less"].search("shortersighted")
    assert {"shorter", "cheapest"} <= directions.words()


def test_a_section_that_is_not_there_is_named() -> None:
    with pytest.raises(UsageError, match="duration_less"):
        Phrases("directions")["duration_les"]
