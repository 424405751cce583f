from __future__ import annotations

import functools

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.split import split
from generec.data.world import make_world
from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.forms import FORMS, forms, syllable_count
from generec.encoders.residual import Residual
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder, style_words
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import UsageError
from generec.testing.contracts import check_encoder
from generec.types import Catalog, Events

NOBODY = Events.pack([])
TEXT = TfidfEncoder(dimensions=12)
TASTE = CollaborativeEncoder(dimensions=6, text=TEXT)
FACETS = ("tone", "pace", "length", "register")


@functools.cache
def world():
    """Half of the items of a world to fit on, their events, the other half to judge on, and the truth about both."""
    made = make_world(items=1800, users=300, seed=4)
    hidden, catalog = made.hidden.items, made.dataset.catalog
    series = np.where(hidden.series >= 0, hidden.series, hidden.series.max() + 1 + np.arange(len(hidden)))
    first = np.random.default_rng(0).random(series.max() + 1) < 0.5
    known, unseen = np.flatnonzero(first[series]), np.flatnonzero(~first[series])
    place = np.full(len(hidden), -1)
    place[known] = np.arange(len(known))
    train = split(made.dataset).train
    histories = [place[train.history(person).numpy()] for person in range(len(train))]
    return (
        Catalog(catalog.frame[known.tolist()]),
        Events.pack([history[history >= 0].tolist() for history in histories]),
        Catalog(catalog.frame[unseen.tolist()]),
        {"topic": hidden.topic[unseen]} | dict(zip(FACETS, hidden.how[unseen].T, strict=True)),
        series[unseen],
    )


@functools.cache
def vectors(part):
    """What a part learned from the known half says of the unseen half."""
    known, train, unseen, _, _ = world()
    torch.manual_seed(0)
    return part.fit(known, train).encode(unseen).double().numpy()


def above_chance(part, what):
    """Accuracy of a linear and of a 10-neighbour probe, less the share of the commonest value; whole series held out.

    Episodes share subject and manner, so that a probe which saw one of them would know its series, not its style.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.model_selection import GroupKFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    _, _, _, truth, series = world()
    found, values = vectors(part), truth[what]
    probes = RidgeClassifier(alpha=10 * found.var(0).sum()), KNeighborsClassifier(10)
    accuracies = [cross_val_score(probe, found, values, groups=series, cv=GroupKFold(5)).mean() for probe in probes]
    return [float(accuracy) - np.bincount(values).max() / len(values) for accuracy in accuracies]


STYLE = StyleEncoder()
TURNED = StyleEncoder(taste=CollaborativeEncoder(dimensions=64, text=TfidfEncoder(dimensions=64)))
CONTENT = ContentEncoder(of=TfidfEncoder(dimensions=128))


@pytest.mark.parametrize(
    "part",
    [
        StyleEncoder(dimensions=16, content=TEXT),
        StyleEncoder(dimensions=4, content=SubjectEncoder(of=TEXT), taste=TASTE, clusters=2, occurrences=2),
        SubjectEncoder(of=TEXT),
        ContentEncoder(of=TEXT, style=StyleEncoder(content=TEXT, dimensions=5)),
    ],
)
def test_contract(catalog: Catalog, train: Events, part):
    check_encoder(part, catalog, train)


def test_contract_with_words_numbers_and_taste():
    known, train, _, _, _ = world()
    some = Catalog(known.frame[:400])
    histories = [train.history(person)[train.history(person) < 400].tolist() for person in range(len(train))]
    taste = CollaborativeEncoder(dimensions=8, text=SubjectEncoder(of=TEXT))
    part = ContentEncoder(of=TEXT, style=StyleEncoder(content=SubjectEncoder(of=TEXT), taste=taste, components=20))
    check_encoder(part, some, Events.pack(histories))


@pytest.mark.parametrize("part", [STYLE, TURNED])
def test_style_says_how_and_not_what(part):
    assert max(above_chance(part, "topic")) < 0.05  # below it is no leak: neighbours guess by shares, not the commonest
    for facet in FACETS:
        linear, neighbours = above_chance(part, facet)
        assert linear > 0.4
        assert neighbours > 0.25


def test_content_says_what_and_not_how():
    assert min(above_chance(CONTENT, "topic")) > 0.7
    for facet in FACETS:
        assert max(above_chance(CONTENT, facet)) < 0.05
        assert above_chance(CONTENT.of, facet)[0] > 0.4  # what was taken out was there


def test_style_words_are_at_home_everywhere():
    known, train, _, _, _ = world()
    words = style_words(known, SubjectEncoder().fit(known, train).encode(known), STYLE)
    assert {"tale", "specialists", "unhurried", "adrenaline", "afternoon", "with"} <= words
    assert not {"bread", "yoga", "compost", "island", "jazz"} & words


def test_a_text_with_style_gives_no_style_as_content():
    """The content must not hold the style: defined by the whole text, it would take it along."""
    known, _, _, _, _ = world()
    some = Catalog(known.frame[:400])
    whole, subject = (StyleEncoder(content=each).fit(some, NOBODY) for each in (TEXT, SubjectEncoder(of=TEXT)))
    assert whole.residual.explained > 3 * subject.residual.explained


def test_catalogues_without_prose_or_numbers_have_no_style_and_keep_the_width():
    genres = [["western"], ["drama"], ["western", "drama"], ["noir"]]
    catalog = Catalog(pl.DataFrame({"item_id": list("abcd"), "genres": genres}))
    assert torch.equal(StyleEncoder(dimensions=7).fit(catalog, NOBODY).encode(catalog), torch.zeros(4, 7))


def test_missing_and_extreme_numbers_do_no_harm():
    price = [1.0, 2.0, None, 3.0, float("nan"), float("inf"), -2.0, 1e30, 0.0, 4.0]
    frame = pl.DataFrame(
        {"item_id": [f"i{row}" for row in range(10)], "topic": ["tea", "lamps"] * 5, "price": price}, strict=False
    )
    fitted = StyleEncoder(dimensions=3).fit(Catalog(frame), NOBODY)
    for items in (frame, frame.drop("price"), frame.with_columns(price=pl.lit(None, pl.Float64))):
        assert fitted.encode(Catalog(items)).isfinite().all()
    assert fitted.measures.numbers == ("price",)


def test_subjects_come_from_their_fields_or_else_from_the_text(catalog: Catalog, train: Events):
    known = Catalog(catalog.frame.with_columns(topic=pl.col("title").str.split(" ").list.first()))
    fitted = SubjectEncoder(of=TEXT).fit(known, train)
    other = Catalog(known.frame.with_columns(title=pl.lit("something else")))
    assert fitted.fields == ("topic",)
    assert torch.equal(fitted.encode(known), fitted.encode(other))
    plain = SubjectEncoder(of=TEXT).fit(catalog, train)
    assert plain.fields == ()
    torch.manual_seed(0)
    first = SubjectEncoder(of=TEXT).fit(catalog, train).encode(catalog)
    torch.manual_seed(0)
    assert torch.equal(first, TEXT.fit(catalog, train).encode(catalog))


def test_a_residual_takes_out_what_is_explained_and_leaves_what_is_not():
    generator = torch.Generator().manual_seed(0)
    given, noise = torch.randn(400, 8, generator=generator), torch.randn(400, 5, generator=generator)
    explained = given @ torch.randn(8, 5, generator=generator)
    both = Residual.fit(explained + 0.5 * noise + 3, given)
    assert both.explained > 0.9
    left = both(explained + 0.5 * noise + 3, given)
    assert float((left - 0.5 * (noise - noise.mean(0))).square().mean()) < 0.1 * float((0.5 * noise).square().mean())
    nothing = Residual.fit(noise, given)
    assert nothing.explained < 0.02
    assert float((nothing(noise, given) - noise + noise.mean(0)).square().mean()) < 0.02


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(0, 4), st.integers(1, 3), st.integers(0, 99))
def test_a_residual_is_finite_whatever_the_sizes(items, given_width, width, seed):
    generator = torch.Generator().manual_seed(seed)
    given, targets = (
        torch.randn(items, given_width, generator=generator),
        torch.randn(items, width, generator=generator),
    )
    found = Residual.fit(targets, given)(targets, given)
    assert found.isfinite().all()
    assert torch.allclose(found.mean(0), torch.zeros(width), atol=1e-4)


def test_forms_of_a_text():
    plain, busy, empty = forms(["You sat. You ran.", "Why? We measured 3 extraordinary things!", ""]).tolist()
    named = [dict(zip(FORMS, row, strict=True)) for row in (plain, busy)]
    assert named[0]["sentence length"] == pytest.approx(np.log(2))
    assert named[0]["second person"] == 0.5
    assert named[0]["word length"] == 1
    assert named[0]["reading ease"] == pytest.approx((206.835 - 1.015 * 2 - 84.6) / 100, abs=1e-4)
    assert named[1]["questions"] == named[1]["exclamations"] == 0.5
    assert named[1]["numbers"] == pytest.approx(1 / 6)
    assert named[1]["first person"] == pytest.approx(1 / 5)
    assert empty == [0.0] * len(FORMS)


@pytest.mark.parametrize(("word", "count"), [("cat", 1), ("table", 2), ("make", 1), ("recipe", 2), ("rhythm", 1)])
def test_syllables(word, count):
    assert syllable_count(word) == count


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_forms_of_any_text_are_finite(text):
    assert forms([text]).isfinite().all()


def test_wrong_sizes_are_refused(catalog: Catalog, train: Events):
    for part in (StyleEncoder(dimensions=0), StyleEncoder(clusters=1)):
        with pytest.raises(UsageError, match="at least 1"):
            part.fit(catalog, train)
