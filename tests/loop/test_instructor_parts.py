"""The parts of the grammar: tokens, numbers, misspellings, values, titles and the joining of turns."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from instructor_catalogues import instructor

from generec.loop.grammar.clashes import contradictory
from generec.loop.grammar.dialogue import merged
from generec.loop.grammar.tokens import Sentence, stem, tokenise
from generec.loop.numbers import ONES, quantities
from generec.loop.speller import slips
from generec.records import Direction, Guidance, Stated, Taste
from generec.types import Condition


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Isn't it?", "is not it ?"),
        ("I'd like sci-fi", "i would like sci fi"),
        ("e.l.f. Cosmetics", "e.l.f. cosmetics"),
        ("the '80s", "the ' 80 s"),
        ("won’t can't dont", "will not can not do not"),
        ("a woman's view", "a woman's view"),
        ("4K 90min", "4k 90 min"),
    ],
)
def test_tokens_have_plain_forms(text: str, plain: str) -> None:
    assert Sentence.of(text).plain == plain


@given(st.text(max_size=80))
def test_tokens_lie_in_order_and_inside_the_text(text: str) -> None:
    tokens = tokenise(text)
    assert all(0 <= token.start <= token.end <= len(text) and token.form for token in tokens)
    assert all(one.end <= two.start for one, two in pairwise(tokens))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("movies", "movie"),
        ("comedies", "comedy"),
        ("brushes", "brush"),
        ("Moisturiser", "moisturizers"),
        ("colours", "color"),
        ("knives", "knife"),
        ("zombies", "zombie"),
        ("glosses", "gloss"),
        ("theatre", "theaters"),
        ("crème", "creams"),
        ("Mousses", "mousse"),
    ],
)
def test_forms_of_a_word_share_their_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize(
    ("one", "other"), [("news", "new"), ("men's", "man"), ("series", "sery"), ("less", "les"), ("bass", "base")]
)
def test_other_words_do_not(one: str, other: str) -> None:
    assert stem(one) != stem(other)


@pytest.mark.parametrize(
    ("text", "unit", "low", "high"),
    [
        ("an hour and a half", "minutes", 90, 90),
        ("two and a half hours", "minutes", 150, 150),
        ("a quarter of an hour", "minutes", 15, 15),
        ("1h30", "minutes", 90, 90),
        ("ninety minutes", "minutes", 90, 90),
        ("one hour and 20 minutes", "minutes", 80, 80),
        ("half an hour", "minutes", 30, 30),
        ("$1,250.50", "money", 1250.5, 1250.5),
        ("3 euros 20", "money", 3.2, 3.2),
        ("twenty-five bucks", "money", 25, 25),
        ("50 cents", "money", 0.5, 0.5),
        ("half past nine", "clock", 9.5, 9.5),
        ("9:45 pm", "clock", 21.75, 21.75),
        ("quarter to ten in the evening", "clock", 21.75, 21.75),
        ("noon", "clock", 12, 12),
        ("the nineties", "decade", 1990, 1999),
        ("mid-70s", "decade", 1974, 1976),
        ("the late 1980s", "decade", 1987, 1989),
        ("80's", "decade", 1980, 1989),
        ("nineteen eighty-four", "year", 1984, 1984),
        ("a dozen", "number", 12, 12),
        ("a couple of", "number", 2, 2),
        ("two hundred and five", "number", 205, 205),
    ],
)
def test_numbers_as_people_write_them(text: str, unit: str, low: float, high: float) -> None:
    found = quantities(Sentence.of(text).tokens)
    assert [(one.unit, one.low, one.high) for one in found] == [(unit, low, high)]


@given(st.integers(0, 999))
def test_numbers_in_words_are_read_back(number: int) -> None:
    found = quantities(Sentence.of(f"{_words(number)} euros").tokens)
    assert [one.low for one in found] == [number]


def _words(number: int) -> str:
    ones = list(ONES)
    tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    if number < 20:
        return ones[number]
    if number < 100:
        return tens[number // 10] + (f"-{ones[number % 10]}" if number % 10 else "")
    rest = number % 100
    return f"{ones[number // 100]} hundred" + (f" and {_words(rest)}" if rest else "")


@given(st.text("abcd", max_size=7), st.text("abcd", max_size=7))
def test_slips_count_like_the_plain_recursion(one: str, other: str) -> None:
    assert slips(one, other, 99) == _naive(one, other)


def _naive(one: str, other: str) -> int:
    """Optimal string alignment distance, by the book."""
    if not one or not other:
        return len(one) + len(other)
    rows = [[0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for at in range(len(one) + 1):
        for place in range(len(other) + 1):
            if at == 0 or place == 0:
                rows[at][place] = at + place
                continue
            same = one[at - 1] != other[place - 1]
            rows[at][place] = min(rows[at - 1][place] + 1, rows[at][place - 1] + 1, rows[at - 1][place - 1] + same)
            if at > 1 and place > 1 and one[at - 1] == other[place - 2] and one[at - 2] == other[place - 1]:
                rows[at][place] = min(rows[at][place], rows[at - 2][place - 2] + 1)
    return rows[-1][-1]


@pytest.mark.parametrize(
    ("word", "right"),
    [
        ("mascra", "mascara"),
        ("lipstik", "lipstick"),
        ("shampo", "shampoo"),
        ("somthing", "something"),
        ("violet", "violet"),
        ("zebra", "zebra"),
        ("cheeper", "cheaper"),
    ],
)
def test_misspellings_become_the_word_meant_and_real_words_stay(word: str, right: str) -> None:
    found = instructor("shop").lexicon.speller.candidates(word)
    assert (found[0] if found else word) == right


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nail polish remover", "Nail Polish Remover"),
        ("nail polishes", "Nail Polish"),
        ("hairdryer", "Hair Dryers"),
        ("waxes", "Pomades & Waxes"),
        ("sun cream", "Sunscreens"),
        ("moisturiser", "Moisturizers"),
        ("nail buffers", "Nail Files & Buffers"),
        ("buffer", "Nail Files & Buffers"),
    ],
)
def test_the_longest_phrase_names_the_value(text: str, named: str) -> None:
    lexicon = instructor("shop").lexicon
    tokens = tokenise(text)
    match = lexicon.match(tokens, [token.stem for token in tokens], 0)
    assert match is not None
    assert match.end == len(tokens)
    assert lexicon.readings(match)[0][0].named[0].values == (named,)


@pytest.mark.parametrize(
    ("name", "words", "rows", "whole"),
    [
        ("films", "the copper moon", {1}, True),
        ("films", "copper moon", {1}, True),
        ("films", "glass orchard", {2, 3}, True),
        ("films", "iron parade", {5, 6}, False),
        ("films", "hush little fox", {7}, True),
        ("shop", "alvora night renewal cream", {0}, True),
        ("shop", "old mill not quite plum", {2}, False),
        ("shop", "jumbo lash mascara", {5}, False),
        ("films", "nobodys umbrella", set(), False),
    ],
)
def test_titles_lose_year_article_subtitle_maker_and_size(name: str, words: str, rows: set[int], whole: bool) -> None:
    stems = [token.stem for token in tokenise(words)]
    found = instructor(name).titles.named_at(stems, 0, len(stems))
    if not rows:
        assert found is None or found.end < len(stems)
        return
    assert found is not None
    assert (set(found.rows), found.whole, found.end) == (rows, whole, len(stems))


def _state(*conditions: Condition) -> Guidance:
    return Guidance(hard=tuple(Stated(condition) for condition in conditions))


@pytest.mark.parametrize(
    ("old", "new", "left"),
    [
        (Condition("price", "<", 9.0), Condition("price", "<=", 20.0), ["price <= 20"]),
        (Condition("price", ">", 5.0), Condition("price", "<", 9.0), ["price > 5", "price < 9"]),
        (Condition("price", ">", 15.0), Condition("price", "<", 9.0), ["price < 9"]),
        (Condition("price", "=", "5"), Condition("price", "<", 9.0), ["price < 9"]),
        (Condition("brand", "=", "Talvi"), Condition("brand", "=", "Brisk"), ["brand = Brisk"]),
        (
            Condition("categories", "=", "Combs"),
            Condition("categories", "=", "Mascara"),
            ["categories = Combs", "categories = Mascara"],
        ),
        (Condition("categories", "=", "Combs"), Condition("categories", "!=", "Combs"), ["categories != Combs"]),
        (Condition("brand", "!=", "Talvi"), Condition("brand", "=", "Brisk"), ["brand != Talvi", "brand = Brisk"]),
    ],
)
def test_a_new_condition_replaces_its_like_and_what_it_contradicts(
    old: Condition, new: Condition, left: list[str]
) -> None:
    joined = merged(_state(old), _state(new), {"brand"}, replacing=False)
    assert [str(condition) for condition in joined.conditions] == left


def test_instead_replaces_in_any_field_and_a_direction_its_opposite() -> None:
    before = Guidance(
        hard=(Stated(Condition("genres", "=", "War")),),
        directions=(Direction("year", -1),),
        likes=(Taste(1.0, None, "calm"),),
    )
    now = Guidance(hard=(Stated(Condition("genres", "=", "Drama")),), directions=(Direction("year", 1),))
    joined = merged(before, now, set(), replacing=True)
    assert [str(condition) for condition in joined.conditions] == ["genres = Drama"]
    assert [(one.field, one.sign) for one in joined.directions] == [("year", 1)]
    assert joined.likes == before.likes


@given(st.lists(st.tuples(st.sampled_from(["<", "<=", ">", ">="]), st.integers(0, 6)), max_size=3))
def test_contradictions_are_exactly_the_bounds_that_leave_no_number(bounds: list[tuple[str, int]]) -> None:
    conditions = [Condition("price", operator, float(value)) for operator, value in bounds]  # type: ignore[arg-type]
    compare = {"<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__}
    numbers = [number / 2 for number in range(-4, 18)]
    possible = any(all(compare[operator](number, float(value)) for operator, value in bounds) for number in numbers)
    assert (contradictory(conditions, set()) is None) == possible
