from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import mask, parse
from generec.errors import UsageError
from generec.types import Catalog, Condition

OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains"]
FRAME = pl.DataFrame(
    {
        "item_id": ["a", "b", "c", "d"],
        "title": ["Red Wine at Home", "white wine", None, "Tea | rest"],
        "price": [1.0, 2.5, None, float("nan")],
        "year": [1994, 2001, 2020, None],
        "tags": [["red", "dry"], ["white"], [], None],
        "sizes": [[1, 2], [3], [], None],
        "free": [True, False, None, False],
        "released": [date(1994, 1, 1), date(2001, 6, 1), None, date(2020, 1, 1)],
        "at": [datetime(1994, 1, 1, 12), datetime(2001, 6, 1), None, datetime(2020, 1, 1)],
        "list price": [1, 2, 3, 4],
    }
)
CATALOG = Catalog(FRAME)


def chosen(*conditions: str, missing: bool = False) -> str:
    held = mask(CATALOG, [parse(text) for text in conditions], missing).tolist()
    return "".join(item_id for item_id, holds in zip(CATALOG.item_ids, held, strict=True) if holds)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("price <= 3", Condition("price", "<=", 3.0)),
        ("price<10", Condition("price", "<", 10.0)),
        ("released > 2001-05-31", Condition("released", ">", "2001-05-31")),
        ("brand=Acme  & Sons ", Condition("brand", "=", "Acme  & Sons")),
        ("code = 007", Condition("code", "=", "007")),
        ('title contains "red wine"', Condition("title", "contains", "red wine")),
        ("tags in red|dry white", Condition("tags", "in", ("red", "dry white"))),
        ("tags  not  in 'a|b' | c", Condition("tags", "not in", ("a|b", "c"))),
        (r'title = "a \"b\" \\ c"', Condition("title", "=", r'a "b" \ c')),
        ('"list price" >= -1.5e2', Condition("list price", ">=", -150.0)),
        ("title != it's", Condition("title", "!=", "it's")),
        ("title = x in y", Condition("title", "=", "x in y")),
        ("inside = not in here", Condition("inside", "=", "not in here")),
        ("a==b", Condition("a", "=", "=b")),
    ],
)
def test_the_grammar_reads(text: str, condition: Condition) -> None:
    assert parse(text) == condition


@pytest.mark.parametrize(
    "text",
    ["", "price", "price ~ 3", "price <", "= 3", "in a", "tags in", "tags in |a", "tags in a||b", 'title = "open',
     'tags in "a"b|c', "price =", 'title = "a" b', "title contains", "contains x"],
)  # fmt: skip
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@settings(max_examples=300, deadline=None)
@given(
    st.text(min_size=1).filter(str.strip),
    st.sampled_from(OPERATORS),
    st.text(min_size=1).filter(str.strip),
    st.lists(st.text(min_size=1), min_size=1, max_size=3),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_a_printed_condition_is_read_back(
    field: str, operator: str, text: str, texts: list[str], number: float
) -> None:
    value: object = text
    if operator in ("in", "not in"):
        value = tuple(texts)
    elif operator in ("<", "<=", ">", ">="):
        value = number
    condition = Condition(field, operator, value)
    assert parse(str(condition)) == condition


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_is_read_or_refused_and_never_run(text: str) -> None:
    try:
        condition = parse(text)
    except UsageError:
        return
    assert condition.operator in OPERATORS
    try:
        assert mask(CATALOG, [condition]).shape == (4,)
    except UsageError:
        return


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("title contains WINE", "ab"), ("title contains 'red wine'", "a"), ("title contains .*", ""),
        ("title = white wine", "b"), ("title = White wine", ""), ("title != white wine", "ad"),
        ("title in white wine|'Tea | rest'", "bd"), ("title not in white wine", "ad"),
        ("price < 2.5", "a"), ("price <= 2.5", "ab"), ("price = 1", "a"), ("price != 1", "b"), ("price > 0", "ab"),
        ("price in 1|2.5", "ab"), ("price not in 1|7", "b"), ("year >= 2001", "bc"), ("year = 1994.0", "a"),
        ("tags = red", "a"), ("tags in red|white", "ab"), ("tags contains HIT", "b"), ("tags != red", "bc"),
        ("tags not in red|white", "c"), ("sizes = 2", "a"), ("sizes in 3|4", "b"), ("sizes != 3", "ac"),
        ("free = true", "a"), ("free = No", "bd"), ("free != yes", "bd"), ("free in true|false", "abd"),
        ("released < 2001-06-01", "a"), ("released >= 2001-06-01", "bd"), ("released = 2001-06-01", "b"),
        ("at > 1994-01-01", "abd"), ("at > 1994-01-01T12:00:00", "bd"), ("at <= 1994-01-01T13:00:00+01:00", "a"),
        ('"list price" > 2', "cd"), ("item_id in a|d", "ad"), ("origin = human", "abcd"), ("origin != human", ""),
    ],
)  # fmt: skip
def test_meaning_by_column_type(text: str, expected: str) -> None:
    assert chosen(text) == expected


def test_all_conditions_must_hold_and_none_holds_everywhere() -> None:
    assert chosen("title contains wine", "price > 1") == "b"
    assert chosen() == "abcd"


def test_a_missing_value_satisfies_nothing_unless_the_caller_allows_it() -> None:
    assert chosen("title != white wine", "price > 0") == "a"
    assert chosen("price > 2", missing=True) == "bcd"
    assert chosen("tags not in red", missing=True) == "bcd"


def test_the_origin_of_items_without_one_is_human() -> None:
    catalog = Catalog(pl.DataFrame({"item_id": ["a", "b"], "origin": [None, "created"]}))
    assert mask(catalog, [parse("origin = human")]).tolist() == [True, False]


def test_zoned_dates_compare_in_utc() -> None:
    moment = pl.Series([datetime(2020, 1, 1, 0, 30, tzinfo=UTC)]).dt.convert_time_zone("Asia/Tokyo")
    catalog = Catalog(pl.DataFrame({"item_id": ["a"], "at": moment}))
    assert mask(catalog, [parse("at < 2020-01-01T01:00:00")]).tolist() == [True]


def test_categories_compare_as_text() -> None:
    catalog = Catalog(pl.DataFrame({"item_id": ["a", "b"], "kind": pl.Series(["x", "y"], dtype=pl.Categorical)}))
    assert mask(catalog, [parse("kind in y|z")]).tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prise < 3", "did you mean 'price'"), ("price < cheap", "holds numbers, got 'cheap'"),
        ("price in 1|cheap", "holds numbers, got 'cheap'"), ("price contains 1", "is no text"),
        ("title < m", "holds text, which has no order"), ("tags > a", "holds lists"), ("sizes = x", "holds numbers"),
        ("free = maybe", "true or false"), ("free < 1", "true or false"), ("released > 2001", "write them like"),
        ("released contains 2001", "is no text"),
    ],
)  # fmt: skip
def test_errors_say_what_suits_the_field(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen(text)


def test_conditions_made_in_code_are_checked_too() -> None:
    with pytest.raises(UsageError, match="one value"):
        mask(CATALOG, [Condition("price", "<", ("1", "2"))])
    with pytest.raises(UsageError, match="cannot be compared"):
        mask(CATALOG, [Condition("price", "<", float("inf"))])
    assert mask(CATALOG, [Condition("price", "in", "1")]).tolist() == [True, False, False, False]
    assert mask(Catalog(FRAME.clear()), [parse("price > 1")]).tolist() == []


words = st.sampled_from(["red", "Red", "re", "white wine", "dry", "d", "|"])
numbers = st.integers(-3, 3)


def naive(value: object, operator: str, wanted: object) -> bool:
    """The rules in plain Python."""
    if value is None:
        return False
    if isinstance(value, list):
        if operator in ("!=", "not in"):
            return not any(naive(element, "=" if operator == "!=" else "in", wanted) for element in value)
        return any(naive(element, operator, wanted) for element in value)
    if operator in ("in", "not in"):
        return (value in wanted) == (operator == "in")
    if operator == "contains":
        return wanted.lower() in value.lower()
    return {
        "=": value == wanted, "!=": value != wanted, "<": operator == "<" and value < wanted,
        "<=": operator == "<=" and value <= wanted, ">": operator == ">" and value > wanted,
        ">=": operator == ">=" and value >= wanted,
    }[operator]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.none() | words, min_size=1, max_size=6),
    st.lists(st.none() | st.lists(st.none() | words, max_size=3), min_size=6, max_size=6),
    st.lists(st.none() | numbers, min_size=6, max_size=6),
    st.sampled_from(OPERATORS),
    st.lists(words, min_size=1, max_size=3),
    st.lists(numbers, min_size=1, max_size=3),
)
def test_masks_equal_their_naive_twin(
    texts: list, lists: list, counts: list, operator: str, wanted: list[str], wanted_numbers: list[int]
) -> None:
    n = len(texts)
    schema = {"item_id": pl.String, "text": pl.String, "tags": pl.List(pl.String), "count": pl.Int64}
    frame = pl.DataFrame([[str(row) for row in range(n)], texts, lists[:n], counts[:n]], schema=schema)
    for field, values, several in (("text", texts, wanted), ("tags", lists, wanted), ("count", counts, wanted_numbers)):
        ordered = operator in ("<", "<=", ">", ">=")
        if (ordered and field != "count") or (operator == "contains" and field == "count"):
            continue
        one = operator not in ("in", "not in")
        value = (str(several[0]) if field != "count" else float(several[0])) if one else tuple(map(str, several))
        held = mask(Catalog(frame), [Condition(field, operator, value)]).tolist()
        plain = several[0] if one else several
        assert held == [naive(element, operator, plain) for element in values[:n]]
