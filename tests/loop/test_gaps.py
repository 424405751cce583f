"""Demand in codes and the gap report, on a small world whose tastes are planted: six subjects in five manners."""

import functools
import json
from collections import defaultdict
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from generec.data.dataset import EVENT_SCHEMA
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import UsageError
from generec.loop.demand import cells, demand, item_probabilities, oracle
from generec.loop.gaps import GapReport, distinctive, gap_report
from generec.models.decoder_only import DecoderOnly
from generec.recipe.record import override
from generec.recipes.what_and_how import what_and_how
from generec.records import Guidance, from_json, to_json
from generec.tokenizers.joined import Joined
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Catalog, Condition, Dataset, Request
from small_world import trained

SUBJECTS = {
    "bread": "loaf crust flour dough oven yeast bagel rye",
    "tides": "harbour wave kelp reef lagoon anchor sail shore",
    "chess": "pawn rook bishop knight gambit castling endgame checkmate",
    "stars": "comet nebula orbit galaxy eclipse meteor telescope moon",
    "roses": "petal thorn hedge bloom trellis pruning bud stem",
    "drums": "snare cymbal rhythm tempo beat groove stick kick",
}
MANNERS = {
    "calm": "gently softly peaceful quiet serene mellow",
    "cheeky": "silly giggles puns mischief goofy prank",
    "strict": "measured parameters tabulated methodology tolerance benchmark",
    "told": "once narrator memory tale hero anecdote",
    "wild": "reckless adrenaline stunt roaring breakneck daring",
}
PER_PAIR, PEOPLE = 20, 400
MISSING = (2, 3)  # chess, told as a story: what a fifth of the people would love
UNWANTED = {(5, 0), (1, 4), (3, 2)}  # in no shop either, and nobody's favourites
PAIR = [(subject, manner) for subject in range(6) for manner in range(5) for _ in range(PER_PAIR)]


def items():
    draw = np.random.default_rng(0)
    subjects, manners = ([(name, words.split()) for name, words in bank.items()] for bank in (SUBJECTS, MANNERS))
    rows = []
    for number, (subject, manner) in enumerate(PAIR):
        (topic, nouns), (_, ways) = subjects[subject], manners[manner]
        noun, way = draw.permutation(nouns)[:4], draw.permutation(ways)[:4]
        title = f"{way[0]} {noun[0]} and {noun[1]}, number {number}"
        text = f"This is {way[1]} and {way[2]}, with {noun[2]}, {noun[3]} and something {way[3]}."
        price = 50.0 if (subject, manner) == (0, 0) else 5.0
        rows.append((f"i{number}", title, text, topic, price))
    return pl.DataFrame(rows, schema=["item_id", "title", "description", "topic", "price"], orient="row")


def planted(missing=None):
    """People like one subject and one manner each, whatever it is combined with; `missing` was never in the shop."""
    draw = np.random.default_rng(1)
    subject, manner = np.array(PAIR).T
    there = np.array([pair != missing and pair not in UNWANTED for pair in PAIR])
    rows = []
    for person in range(PEOPLE):
        likes = MISSING
        while person % 5 and likes in {MISSING, *UNWANTED}:
            likes = (int(draw.integers(6)), int(draw.integers(5)))
        weight = np.exp(3.0 * (subject == likes[0]) + 3.0 * (manner == likes[1])) * there
        for step, item in enumerate(draw.choice(len(PAIR), 10, replace=False, p=weight / weight.sum())):
            rows.append((f"u{person}", f"i{item}", 1000 * step, "click", None, None))
    events = pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")
    return Dataset(events, Catalog(items().filter(pl.Series(there))), None, {"source": "planted", "rights": "own"})


def recipe(**tokenizer):
    style = StyleEncoder(content=SubjectEncoder(of=TfidfEncoder(dimensions=8)), components=24, dimensions=12)
    content = ContentEncoder(of=TfidfEncoder(dimensions=24), style=style)
    codes = Joined(what=RQKMeans(levels=2, size=6), how=RQKMeans(levels=1, size=5), style=12)
    made = replace(what_and_how(), encoder=ConcatEncoder(parts=(content, style)), tokenizer=replace(codes, **tokenizer))
    return override(made, ["stages.0.optimisation.epochs=8", "model.width=32", "model.dropout=0.2"])


@functools.cache
def _fitted(missing, least):
    torch.set_num_threads(1)
    return recipe(least=least).fit(planted(missing), refit=False).system


def fitted(missing=None, least=500):
    """A system of its own for every caller; training happens once."""
    import copy

    system = _fitted(missing, least)
    return replace(system, model=copy.deepcopy(system.model))


@functools.cache
def asked(missing=None):
    events = planted(missing).events.group_by("user_id", maintain_order=True).agg("item_id")
    return tuple(Request(user_id=user, history=tuple(history)) for user, history in events.iter_rows())


def truth(system, groups):
    """The subject of each content cell and the manner of each style cell, by majority."""
    rows = [int(item_id[1:]) for item_id in system.catalog.item_ids]
    found = []
    for of, side in ((groups.what_of, 0), (groups.how_of, 1)):
        values = np.array(PAIR)[rows, side]
        found.append([int(np.bincount(values[(of == cell).numpy()]).argmax()) for cell in range(int(of.max()) + 1)])
    return found


def named(system, report):
    """The planted pair of each gap."""
    groups = cells(system, (1, 1))
    subjects, manners = truth(system, groups)
    return [(subjects[groups.what.index(gap.what)], manners[groups.how.index(gap.how)]) for gap in report.gaps]


def test_codes_follow_the_planted_sides():
    system = fitted()
    subjects, manners = truth(system, cells(system, (1, 1)))
    assert sorted(subjects) == list(range(6))
    assert sorted(manners) == list(range(5))


def test_a_pair_that_was_never_in_the_shop_leads_the_report_and_one_that_was_does_not():
    gone, full = fitted(MISSING), fitted()
    report = gap_report(gone, asked(MISSING), lift=0.2)
    assert named(gone, report)[0] == MISSING
    assert set(named(gone, report)) == {MISSING, *UNWANTED}
    assert set(named(full, gap_report(full, asked(), lift=0.2))) == UNWANTED
    top, second = report.gaps[:2]
    assert top.demand > 1.3 * second.demand
    assert (top.served, top.items) == (0, 0)
    assert (report.pairs, report.empty) == (30, 4)
    assert set(top.about) & {"chess", *SUBJECTS["chess"].split()}
    assert set(top.manner) & set(MANNERS["told"].split())
    assert top.text.startswith("something about")
    for near in top.nearest:
        subject, manner = PAIR[int(near.item_id[1:])]
        assert subject == MISSING[0] or manner == MISSING[1]
        assert near.title == items()["title"][int(near.item_id[1:])]


def test_removing_a_pair_opens_a_gap_and_inserting_it_closes_it():
    system = fitted()
    lost = [f"i{number}" for number, pair in enumerate(PAIR) if pair == (4, 1)]
    assert (4, 1) not in named(system, gap_report(system, asked()))
    system.remove(lost)
    assert (4, 1) in named(system, gap_report(system, asked()))
    system = fitted(MISSING)
    system.insert(Catalog(items().filter(pl.Series([pair == MISSING for pair in PAIR]))))
    assert MISSING not in named(system, gap_report(system, asked(MISSING)))


def test_filters_make_gaps_and_are_named_when_enough_people_state_them():
    system, cheap = fitted(), Condition("price", "<=", 10.0)
    some = [
        replace(request, conditions=(cheap, Condition("topic", "!=", f"x{place % 3 == 0}")))
        for place, request in enumerate(asked())
    ]
    report = gap_report(system, some, people=20)
    assert (0, 0) in named(system, report)
    gap = report.gaps[named(system, report).index((0, 0))]
    assert gap.items == PER_PAIR
    assert gap.constraints[0] == "price <= 10"
    assert len(gap.constraints) == 1 + sum(count >= 20 for count in (gap.people // 3, 2 * gap.people // 3))
    assert (0, 0) not in named(system, gap_report(system, asked()))


def test_nothing_is_said_of_fewer_people_than_asked_for():
    system, everybody = fitted(MISSING), asked(MISSING)
    report = gap_report(system, everybody)
    wanted = report.gaps[0].people
    assert wanted >= 5
    assert report.gaps[0] in gap_report(system, everybody, people=wanted).gaps
    assert report.gaps[0].what + report.gaps[0].how not in [
        gap.what + gap.how for gap in gap_report(system, everybody, people=wanted + 1).gaps
    ]
    one = [replace(request, user_id="somebody") for request in everybody]
    unnamed = [replace(request, user_id=None) for request in everybody]
    for requests in (one, unnamed):  # many requests, one person as far as anybody can tell
        assert gap_report(system, requests, people=2).gaps == ()
        assert gap_report(system, requests, people=1).gaps[0].people == 1
    four = [request for request in everybody if request.user_id in {"u0", "u5", "u10", "u15"}]
    assert gap_report(system, four).gaps == ()
    assert gap_report(system, [Request(user_id=f"new{number}") for number in range(9)]).requests == 0


def test_thin_pairs_are_ranked_by_what_is_missing():
    system = fitted()
    lost = [f"i{number}" for number, pair in enumerate(PAIR) if pair == (4, 1)][1:]
    system.remove(lost)
    assert (4, 1) not in named(system, gap_report(system, asked()))
    report = gap_report(system, asked(), stock=PER_PAIR // 4)
    gap = report.gaps[named(system, report).index((4, 1))]
    assert gap.items == 1
    assert 0 < gap.served < gap.demand
    missing = [each.demand - each.served for each in report.gaps]
    assert missing == sorted(missing, reverse=True)


def test_a_report_is_json_and_repeats_itself():
    system = fitted(MISSING)
    report = gap_report(system, asked(MISSING))
    assert from_json(GapReport, to_json(report)) == report == gap_report(system, asked(MISSING))
    assert json.loads(to_json(report))["mode"] == "what and how"


def test_one_code_only_gives_a_report_on_content_alone():
    system = fitted(None, 1000)
    assert cells(system).how == ((),)
    lost = [f"i{number}" for number, pair in enumerate(PAIR) if pair[0] == 3 and pair not in UNWANTED]
    system.remove(lost)
    report = gap_report(system, asked())
    assert report.mode == "content only"
    assert report.gaps
    assert all(gap.how == () and gap.manner == () for gap in report.gaps)
    what, how = demand(system, asked()[:1], cells(system)).probable()
    assert what
    assert how == ()


def test_demand_equals_the_naive_sums():
    system, some = fitted(), asked()[:4]
    found, weights = demand(system, some, cells(system, (2, 1))), item_probabilities(system, some)
    codes = system.index.ids.codes.tolist()
    for person in range(len(some)):
        what, how, pair = defaultdict(float), defaultdict(float), defaultdict(float)
        for row, code in enumerate(codes):
            what[tuple(code[:2])] += float(weights[person, row])
            how[tuple(code[2:3])] += float(weights[person, row])
            pair[tuple(code[:2]), tuple(code[2:3])] += float(weights[person, row])
        free, held = found.free[person].reshape(len(what), len(how)), found.held[person].reshape(len(what), len(how))
        for at, first in enumerate(found.cells.what):
            assert float(found.what[person, at]) == pytest.approx(what[first], abs=1e-5)
            for beside, second in enumerate(found.cells.how):
                assert float(free[at, beside]) == pytest.approx(what[first] * how[second], abs=1e-5)
                assert float(held[at, beside]) == pytest.approx(pair[first, second], abs=1e-5)


def test_probable_codes_follow_the_persons_taste_and_fit_guidance():
    system = fitted(MISSING)
    groups = cells(system, (1, 1))
    subjects, manners = truth(system, groups)
    wanted = (groups.what[subjects.index(MISSING[0])], groups.how[manners.index(MISSING[1])])
    fans, others = defaultdict(list), defaultdict(list)
    for request in asked(MISSING)[:100]:
        codes = demand(system, [request], groups).probable()
        for side, weights in enumerate(codes):
            assert sum(p for _, p in weights) == pytest.approx(1, abs=1e-4)
            assert [p for _, p in weights] == sorted((p for _, p in weights), reverse=True)
            (others if int(request.user_id[1:]) % 5 else fans)[side].append(dict(weights)[wanted[side]])
    for side in (0, 1):  # although nothing like it was ever shown
        assert np.mean(fans[side]) > 1.3 * np.mean(others[side])
    what, how = demand(system, asked(MISSING)[:1], cells(system)).probable(count=3)
    assert (len(what), len(how)) == (3, 3)
    assert Guidance(what=what, how=how).what == what


def test_the_oracle_is_the_weighted_mean_of_the_features():
    system, request = fitted(), asked()[0]
    weights = item_probabilities(system, [request])[0]
    mean, variance = oracle(system, weights)
    assert len(mean) == len(variance) == system.features.shape[1]
    naive = sum(float(weight) * row for weight, row in zip(weights, system.features, strict=True))
    spread = sum(float(weight) * (row - naive) ** 2 for weight, row in zip(weights, system.features, strict=True))
    assert np.allclose(mean, naive, atol=1e-4)
    assert np.allclose(variance, spread, atol=1e-4)


def test_newcomers_want_what_is_used_now():
    system = fitted()
    weights = item_probabilities(system, [Request(), Request(history=("no such item",)), asked()[0]])
    assert torch.allclose(weights[0], system.activity / system.activity.sum(), atol=1e-4)
    assert torch.equal(weights[0], weights[1])
    assert not torch.allclose(weights[0], weights[2], atol=1e-3)
    assert torch.allclose(weights.sum(1), torch.ones(3), atol=1e-4)


def test_distinctive_words_set_a_group_apart():
    texts = ["red tea cup", "green tea pot", "tea and milk", "old desk lamp", "new floor lamp", "lamp and desk"]
    found = distinctive(texts, torch.tensor([0, 0, 0, 1, 1, 1]), {0, 1}, 2)
    assert found[0][0] == "tea"
    assert found[1][0] == "lamp"
    assert distinctive(["a b", "c d"], torch.tensor([0, 1]), {0}, 2) == {0: ()}


def test_what_cannot_be_asked_is_refused():
    system = fitted()
    with pytest.raises(UsageError, match="do not tell what from how"):
        gap_report(trained("one_pass"), [Request(history=("i1",))])
    for depth in ((0, 1), (3, 1), (1, 0)):
        with pytest.raises(UsageError, match="depth must be 1 to 2 content codes"):
            cells(system, depth)
    with pytest.raises(UsageError, match="at least 1"):
        gap_report(system, asked(), people=0)
    tokens = replace(system, model=DecoderOnly(width=16, layers=1).build(system.index, system.features))
    with pytest.raises(UsageError, match="does not score every item"):
        demand(tokens, asked()[:1], cells(system))
