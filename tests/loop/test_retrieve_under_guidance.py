"""Retrieval obeys hard constraints always and moves towards what was said."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import small_world
from generec.data.conditions import mask
from generec.encoders.tfidf import TfidfEncoder
from generec.loop.explain import Explainer
from generec.loop.meaning import Meaning
from generec.loop.retrieve import Retriever
from generec.records import Anchor, Direction, Guidance, Person, ProfileLine, Stated, Taste
from generec.types import Catalog, Condition, Events

PERSON = Person(user_id="u", history=("i3", "i4", "i5"))


@pytest.fixture(scope="module")
def retriever():
    system = small_world.trained()
    encoder = TfidfEncoder(dimensions=16).fit(system.catalog, Events.pack([]))
    return Retriever(recommender=system, meaning=Meaning(system.catalog, encoder))


def like(weight=1.0, **about):
    return Taste(weight, **about)


def share(retriever, found, condition):
    holds = mask(retriever.meaning.catalog, [condition])
    return np.mean([bool(holds[retriever.meaning.catalog.row(item)]) for item in found.item_ids])


def test_without_guidance_it_is_the_recommender_s_own_ranking(retriever):
    from generec.types import Request

    found = retriever.retrieve(Guidance(), PERSON, 5)
    assert found.item_ids == retriever.recommender.recommend([Request(history=PERSON.history)], 5)[0].item_ids
    assert found.coverage == 1.0
    assert found.gap == 0.0


@settings(max_examples=40, deadline=None)
@given(
    low=st.integers(0, 59),
    kind=st.sampled_from(small_world.KINDS),
    words=st.sampled_from(["rug", "chair number 3", "zzz"]),
    rejected=st.sets(st.integers(0, 59), max_size=5),
)
def test_hard_constraints_history_and_rejections_are_never_violated(retriever, low, kind, words, rejected):
    conditions = [Condition("price", ">=", float(low)), Condition("genres", "!=", kind)]
    guidance = Guidance(hard=tuple(Stated(c) for c in conditions), likes=(like(words=words),))
    person = Person(history=PERSON.history, rejected=tuple(f"i{n}" for n in rejected))
    found = retriever.retrieve(guidance, person, 60)
    catalog = retriever.meaning.catalog
    right = {
        item
        for item, holds in zip(catalog.item_ids, mask(catalog, conditions).tolist(), strict=True)
        if holds and item not in person.rejected and item not in person.history
    }
    assert set(found.item_ids) == right
    assert len(set(found.item_ids)) == len(found.item_ids)


@pytest.mark.parametrize("wish", [like(condition=Condition("genres", "=", "lamp")), like(words="lamp")])
def test_a_like_moves_the_ranking_and_a_dislike_the_other_way(retriever, wish):
    lamp = Condition("genres", "=", "lamp")
    plain = share(retriever, retriever.retrieve(Guidance(), PERSON, 8), lamp)
    liked = share(retriever, retriever.retrieve(Guidance(likes=(wish,)), PERSON, 8), lamp)
    hated = Taste(-1.0, wish.condition, wish.words)
    avoided = share(retriever, retriever.retrieve(Guidance(dislikes=(hated,)), PERSON, 8), lamp)
    assert liked == 1.0 > plain
    assert avoided == 0.0


def test_a_profile_line_moves_less_than_a_wish_but_moves(retriever):
    line = ProfileLine("p", "likes rugs", 1.0, Condition("genres", "=", "rug"))
    rugs = Condition("genres", "=", "rug")
    plain = retriever.scores(Guidance(), PERSON)
    with_line = retriever.scores(Guidance(profile=(line,)), PERSON)
    holds = mask(retriever.meaning.catalog, [rugs]).numpy()
    finite = np.isfinite(plain)
    moved = with_line[finite] - plain[finite]
    assert np.allclose(moved, np.where(holds[finite], retriever.weights.profile, 0.0), atol=1e-6)


def test_directions_and_anchors(retriever):
    cheap = retriever.retrieve(Guidance(directions=(Direction("price", -1),)), PERSON, 10)
    dear = retriever.retrieve(Guidance(directions=(Direction("price", 1),)), PERSON, 10)
    price = {f"i{n}": n for n in range(60)}
    assert np.mean([price[i] for i in cheap.item_ids]) < np.mean([price[i] for i in dear.item_ids])
    near = retriever.retrieve(Guidance(anchors=(Anchor("i10"),)), PERSON, 8)
    assert "i10" not in near.item_ids
    assert share(retriever, near, Condition("genres", "=", "lamp")) >= 0.75  # i10 is a lamp


def test_coverage_and_gap_say_how_well_the_best_serves(retriever):
    met = retriever.retrieve(Guidance(likes=(like(condition=Condition("genres", "=", "lamp")),)), PERSON, 3)
    impossible = Guidance(
        hard=(Stated(Condition("genres", "=", "rug")),), likes=(like(condition=Condition("genres", "=", "lamp")),)
    )
    assert met.coverage == 1.0
    assert retriever.retrieve(impossible, PERSON, 3).coverage == 0.0
    nothing = retriever.retrieve(Guidance(hard=(Stated(Condition("price", ">", 1000.0)),)), PERSON, 3)
    assert nothing.item_ids == ()
    assert nothing.allowed == 0


def test_explanations_cite_what_is_true(retriever):
    catalog = retriever.meaning.catalog
    explainer = Explainer(recommender=retriever.recommender, catalog=catalog, popularity=[3] * 60)
    asked = Guidance(hard=(Stated(Condition("price", "<=", 20.0)),))
    person = Person(history=("i3", "i8", "i13", "i4"))  # shelves and a rug
    for item in ("i14", "i18", "i9"):
        for statement in explainer.explain(item, asked, person):
            for cited in statement.evidence:
                assert cited.split("#")[0] in {item, *person.history}
            if statement.kind == "yours":
                value = statement.text.split(", like")[0].lower()
                assert all(value in catalog.frame["genres"][catalog.row(e)] for e in statement.evidence[1:])
    texts = [statement.text for statement in explainer.explain("i18", asked, person)]
    assert "Price 18, as you asked" in texts


def test_nothing_supported_gives_no_explanation(retriever):
    catalog = retriever.meaning.catalog
    few = Explainer(recommender=retriever.recommender, catalog=catalog, popularity=[1] * 60)
    assert few.explain("i1", Guidance(), Person()) == ()
    crowded = Explainer(recommender=retriever.recommender, catalog=catalog, popularity=[1] * 59 + [50])
    assert [s.kind for s in crowded.explain("i59", Guidance(), Person())] == ["others"]


@pytest.mark.parametrize(
    ("age", "seen"), [("child", {"6"}), ("teen", {"6", "PG-13"}), ("adult", {"6", "PG-13", "18", "?"})]
)
def test_nobody_is_shown_what_is_rated_for_older_people(retriever, age, seen):
    ratings = ["6", "PG-13", "18", "?"]
    frame = retriever.meaning.catalog.frame
    rated = frame.with_columns(pl.Series("age_rating", [ratings[row % 4] for row in range(frame.height)]))
    meaning = Meaning(Catalog(rated), retriever.meaning.encoder)
    found = Retriever(recommender=retriever.recommender, meaning=meaning).retrieve(Guidance(), Person(age=age), 60)
    assert {ratings[int(item_id[1:]) % 4] for item_id in found.item_ids} == seen
