from __future__ import annotations

import pytest

from generec.evidence.claims import claims
from generec.evidence.clauses import read_clauses
from generec.evidence.tokens import singular, tokenise


def said(text: str, kind: str) -> list[str]:
    return [claim.value for claim in claims(text) if claim.kind == kind]


def test_numbers_keep_their_units_and_their_places() -> None:
    text = "It holds 1,500 ml, costs €20 or $5 and saves 30% in two hours, three days or 5-minute steps of 3.5kg."
    assert said(text, "number") == ["1500 ml", "20 eur", "5 dollar", "30 percent", "2 h", "3 day", "5 min", "3.5 kg"]
    first = next(claim for claim in claims(text) if claim.kind == "number")
    assert text[first.start : first.end] == "1,500 ml"


def test_dates_in_any_order_are_one() -> None:
    for text in ("on 5 May 2024", "on May 5, 2024", "on 2024-05-05", "ON 5 MAY 2024"):
        assert said(f"It opens {text}.", "date") == ["2024-05-05"]
    assert said("It opens on 5 May.", "date") == ["--05-05"]
    assert said("It may 5 times.", "date") == []


def test_names_negations_hedges_comparisons_and_quantities() -> None:
    text = "Critics say Anna Berg of Oslo may not need more than two lamps, up to half of all guests never do."
    assert said(text, "name") == ["anna berg", "oslo"]
    assert said(text, "negation") == ["not", "never"]
    assert said(text, "hedge") == ["may", "up to", "more than"]
    assert said(text, "comparative") == ["more"]
    assert said(text, "quantity") == ["more", "half", "all"]


def test_who_did_what_to_whom() -> None:
    active, passive = said("Anna Berg beat Ben Okoye.", "role"), said("Ben Okoye was beaten by Anna Berg.", "role")
    assert active == ["anna berg > beat > ben okoye"]
    assert passive != active  # beaten is no known verb: nothing is guessed
    assert said("The cup was won by Anna Berg.", "role") == ["anna berg > won > cup"]
    assert said("Ben Okoye beat Anna Berg.", "role") != active


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("It isn't red", "it is not red"), ("two lamps & a chair", "2 lamps and a chair"),
        ("“ten” – it’s", "\"10\" - it's"),
        ("20 min", "20 minutes"), ("EUR 20", "20 euros"), ("1,000 m", "1000 metres"), ("it cannot", "it can't"),
    ],
)  # fmt: skip
def test_spellings_of_one_thing_are_equal(one: str, other: str) -> None:
    assert [token.form for token in tokenise(one)] == [token.form for token in tokenise(other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 mW", "5 MW"), ("5 m", "5 M"), ("version 2.10", "version 2.1"), ("1.5 kg", "15 kg"),
        ("-5 degrees", "5 degrees"),
        ("no one", "no 1"), ("$20", "€20"), ("20 pounds", "£20"), ("the 1980s", "the 1980 s"), ("10²", "102"),
        ("5 G", "5 g"),
        ("1,000", "1.000"), ("5 May 2024", "5 May"), ("Yes!", "Yes"), ("a, b", "a b"), ("a few", "few"),
    ],
)  # fmt: skip
def test_different_things_are_different(one: str, other: str) -> None:
    assert [token.form for token in tokenise(one)] != [token.form for token in tokenise(other)]


def test_plurals_by_rule_and_by_table() -> None:
    pairs = {"lamps": "lamp", "berries": "berry", "boxes": "box", "children": "child", "dishes": "dish", "cups": "cup"}
    assert {plural: singular(plural) for plural in pairs} == pairs
    same = ("glasses", "news", "bus", "is", "runs", "goods", "this", "chess", "series", "5")
    assert tuple(map(singular, same)) == same


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Dr. Smith came. Anna left at 5 p.m. on Monday.", ["Dr. Smith came", "Anna left at 5 p.m. on Monday"]),
        ("It lasts 20 min. Free of charge.", ["It lasts 20 min", "Free of charge"]),
        ("It weighs approx. 5 kg. The lid is red.", ["It weighs approx. 5 kg", "The lid is red"]),
        ("He said \"Go. Now.\" and left. She stayed.", ["He said \"Go. Now.\" and left", "She stayed"]),
        ("Part 2. The end came... Then nothing.", ["Part 2", "The end came... Then nothing"]),
        ("Yahoo! Mail is down. The lid is red!", ["Yahoo! Mail is down", "The lid is red"]),
        ("The lid is red; the cup has a handle.", ["The lid is red", "the cup has a handle"]),
        ("Bring hats, gloves, and boots.", ["Bring hats, gloves, and boots"]),
        ("If the lid is red, the cup is new; it is big.", ["If the lid is red, the cup is new; it is big"]),
        ("The lid is not red, and the cup has a handle.", ["The lid is not red, and the cup has a handle"]),
        ("", []), (" ... ", []),
    ],
)  # fmt: skip
def test_only_sure_boundaries_divide(text: str, pieces: list[str]) -> None:
    assert [text[clause.start : clause.end] for clause in read_clauses(text)] == pieces


def test_a_title_is_one_piece() -> None:
    assert len(read_clauses("Mr. Robot. The Second Season", whole=True)) == 1
