"""The gate's own reader of conditions means what the catalogue's does."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import mask
from generec.errors import UsageError
from generec.fidelity.facts import described, facts_of, holds
from generec.types import Catalog, Condition

CATALOG = Catalog(
    pl.DataFrame(
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
        }
    )
)
FACTS = facts_of(CATALOG, CATALOG.item_ids)
VALUES = {
    "title": ["white wine", "wine", "Red Wine at Home"], "price": [1.0, "2.5", 3.0], "year": ["1994", 2001.0],
    "tags": ["red", "white", "e"], "sizes": ["1", 3.0], "free": ["true", "no"],
    "released": ["2001-06-01", "1995-01-01"], "at": ["1994-01-01T12:00:00", "2001-06-01"],
    "origin": ["human", "created"],
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_conditions_mean_the_same_here_and_there(data):
    field = data.draw(st.sampled_from(sorted(VALUES)))
    operator = data.draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains"]))
    values = VALUES[field]
    several = data.draw(st.lists(st.sampled_from(values), min_size=1, max_size=2)) if operator.endswith("in") else []
    value = tuple(map(str, several)) if operator in ("in", "not in") else data.draw(st.sampled_from(values))
    condition = Condition(field, operator, value)
    try:
        expected = mask(CATALOG, [condition]).tolist()
    except UsageError:
        known = [{"origin": None, **facts} for facts in FACTS.values() if facts.get(field, "human") not in (None, [])]
        with pytest.raises(UsageError):
            _ = [holds(condition, facts) for facts in known]
        return
    assert [bool(holds(condition, FACTS[item_id])) for item_id in CATALOG.item_ids] == expected


@pytest.mark.parametrize("operator", ["=", "!=", "not in", "<"])
def test_what_is_not_known_is_not_promised(operator):
    condition = Condition("price", operator, ("1",) if operator == "not in" else 1.0)
    assert [holds(condition, FACTS[item_id]) for item_id in "cd"] == [None, None]
    assert holds(condition, {}) is None


def test_the_facts_of_items_that_exist():
    assert list(facts_of(CATALOG, ["b", "x", "a", "b"])) == ["b", "a"]
    assert facts_of(CATALOG, []) == {}
    assert described(FACTS["a"]) == "Red Wine at Home\nred\ndry\na"
