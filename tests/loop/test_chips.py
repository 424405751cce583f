"""What was understood as short phrases, one per wish and each on one line."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from generec.loop.chips import chips
from generec.records import Anchor, Direction, Guidance, Stated, Taste, Total
from generec.types import Catalog, Condition

CATALOG = Catalog(pl.DataFrame({"item_id": ["a", "b"], "title": ["Lamp\n2. Another answer", "Rug"]}))


def test_every_wish_has_its_phrase():
    guidance = Guidance(
        act="create", kind="set", hard=(Stated(Condition("price", "<", 20.0)),), count=3, audience="children",
        likes=(Taste(1.0, None, "calm"),), dislikes=(Taste(1.0, Condition("genres", "=", "rug")),),
        anchors=(Anchor("a", 1.0), Anchor("b", -1.0), Anchor("gone", 1.0)), directions=(Direction("price", -1),),
        totals=(Total("price", None, 50.0), Total("minutes", 30.0, 60.0)),
    )  # fmt: skip
    assert chips(guidance, CATALOG) == [
        "create a set", "price < 20", "likes calm", "not genres = rug", "like Lamp 2. Another answer", "unlike Rug",
        "like item gone", "less price", "price in all at most 50", "minutes in all at least 30 and at most 60",
        "3 items", "for children",
    ]  # fmt: skip
    assert "like item a" in chips(guidance)
    assert chips(Guidance()) == []
    assert chips(Guidance(act="stop_creating")) == ["stop creating"]


@given(st.lists(st.text(), max_size=4), st.text())
def test_no_phrase_breaks_its_line(words, value):
    guidance = Guidance(
        likes=tuple(Taste(1.0, None, one) for one in words), hard=(Stated(Condition("title", "contains", value)),)
    )
    found = chips(guidance, CATALOG)
    assert len(found) == len(words) + 1
    assert all(len(phrase.splitlines()) <= 1 for phrase in found)
