"""Statistical people against a log with planted laws: what was planted is found, and what is wrong is called wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import InputError, UsageError
from generec.metrics.intervals import difference_interval
from generec.records import BackendCard, Candidate, Draft, Guidance, TextPayload, Turn
from generec.simulation.calibration import Card, calibrate, total_variation, wasserstein
from generec.simulation.choice import fit_choice
from generec.simulation.lived import Lived, cut, lived
from generec.simulation.log_people import FEATURES, LogModel, LogPeople
from generec.types import Catalog, Dataset

ITEMS, PEOPLE, GROUPS, DAY = 120, 900, 4, 86_400
LEVELS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
SMALL = LogModel(factors=8, fit_events=1000)


@cache
def planted(repeats: bool = False, seed: int = 0, **columns: bool) -> Dataset:
    """People with one favourite group each; popularity counts, one choice in five is blind; ratings go by item."""
    draw = np.random.default_rng(seed)
    group, appeal = np.arange(ITEMS) % GROUPS, draw.permutation(-np.log(np.arange(1, ITEMS + 1) + 2.0))
    good, rows = draw.normal(0, 0.8, ITEMS), []
    for user in range(PEOPLE):
        favourite, kind = int(draw.integers(GROUPS)), draw.normal(0, 0.5)
        seen = np.zeros(ITEMS, bool)
        first = int(draw.integers(0, 360))
        for step in range(min(int(draw.geometric(1 / 9)) + 4, 40)):
            worth = appeal + 3.0 * (group == favourite) * (draw.random() > 0.2) + draw.gumbel(size=ITEMS)
            if repeats:
                worth = worth + 2.5 * seen
            else:
                worth[seen] = -np.inf
            item = int(worth.argmax())
            seen[item] = True
            rating = LEVELS[int(np.clip(np.round(3 + good[item] + kind + 0.6 * draw.normal()), 1, 5)) - 1]
            place = min(int(draw.geometric(0.4)) - 1, 5)
            rows.append((f"u{user:03d}", f"i{item:03d}", DAY * first + 600 * step, "rate", float(rating), None, place))
    schema = {"user_id": pl.String, "item_id": pl.String, "timestamp": pl.Int64, "event": pl.String}
    frame = pl.DataFrame(
        rows, schema={**schema, "value": pl.Float64, "split": pl.String, "position": pl.Int64}, orient="row"
    )
    frame = frame.drop([name for name, kept in columns.items() if not kept])
    catalog = pl.DataFrame({"item_id": [f"i{n:03d}" for n in range(ITEMS)], "topic": [f"g{g}" for g in group]})
    return Dataset(frame, Catalog(catalog), None, {"source": "planted", "repeats": repeats})


@pytest.fixture(scope="module")
def fitted() -> tuple[LogPeople, Card]:
    return calibrate(planted(), SMALL)


class Shuffled(LogModel):
    """Wrong about everybody: fitted on a log whose items were exchanged."""

    def fit(self, log: Lived, catalog: Catalog, repeats: bool, span: float, until: float) -> LogPeople:
        other = np.random.default_rng(1).permutation(len(catalog))
        return super().fit(replace(log, item=other[log.item]), catalog, repeats, span, until)


def test_planted_weights_are_found_again() -> None:
    draw = np.random.default_rng(3)
    table = draw.normal(size=(3000, 30, 4)).astype(np.float32)
    table[:, :, 2] *= 5
    weights, free = np.array([1.0, -0.5, 0.2, 1.5]), np.array([-1.0, 0.0, 0.0, 0.0])
    wanders = draw.random(3000) < 0.3
    utility = np.where(wanders[:, None], table @ free, table @ weights) + draw.gumbel(size=(3000, 30))
    allowed = draw.random((3000, 30)) < 0.9
    chosen = np.where(allowed, utility, -np.inf).argmax(1)
    found = fit_choice(table, chosen, allowed, free=1)
    assert found.weights == pytest.approx(weights, abs=0.15)
    assert found.free == pytest.approx(free, abs=0.25)
    assert found.wander == pytest.approx(0.3, abs=0.05)
    chances = np.exp(found.log_chances(table[:5], allowed[:5]))
    assert chances.sum(1) == pytest.approx(np.ones(5))
    assert (chances[~allowed[:5]] == 0).all()


def test_people_of_a_planted_log_are_calibrated(fitted: tuple[LogPeople, Card]) -> None:
    people, card = fitted
    assert card.faults(0.5) == ()
    assert card.calibrated(0.5)
    found = {each.name: each for each in card.marginals}
    assert set(found) == {"activity", "popularity", "concentration", "values", "spread over topic", "position"}
    assert all(found[name].error < 0.15 for name in ("popularity", "concentration", "values", "position"))
    assert card.likelihood.gain.low > 0.1
    assert card.likelihood.model > card.likelihood.popularity > card.likelihood.uniform
    assert card.likelihood.uniform == pytest.approx(-np.log(ITEMS - 10), abs=0.2)
    # counts are flatter than what was planted: nobody takes a popular item twice
    assert 0.8 < card.weights["popularity"] < 1.8
    assert card.weights["chosen together ever"] + card.weights["same sort ever"] > 1
    assert abs(card.weights["trend"]) < 0.4
    real = np.array(found["values"].real)
    assert np.array(found["values"].simulated) == pytest.approx(real, abs=0.06)
    assert found["position"].simulated[0] == pytest.approx(0.4, abs=0.06)
    assert people.activity.mean() == pytest.approx(13, rel=0.15)
    assert people.outcomes.person_spread == pytest.approx(0.5 / np.hypot(np.hypot(0.8, 0.5), 0.6), abs=0.12)
    assert any("passed over" in gap for gap in card.gaps)


def test_a_wrong_model_is_called_uncalibrated_and_its_results_are_marked(fitted: tuple[LogPeople, Card]) -> None:
    _, card = calibrate(planted(), Shuffled(factors=8, fit_events=300))
    assert not card.calibrated(0.5)
    assert any("spread over topic is off" in fault for fault in card.faults())
    assert any("no better than popularity or blind choice" in fault for fault in card.faults())
    marked = card.stamp({"ndcg": 0.3})
    assert marked["ndcg"] == 0.3
    assert marked["simulator"]["watermark"].startswith("UNCALIBRATED SIMULATOR: ")
    good = fitted[1].stamp({"ndcg": 0.3}, threshold=0.5)
    assert good["simulator"]["calibrated"]
    assert "watermark" not in good["simulator"]
    assert "watermark" in fitted[1].stamp({}, threshold=0.001)["simulator"]
    with pytest.raises(UsageError, match="stamped already"):
        card.stamp(marked)


def test_people_and_times_are_apart() -> None:
    log = lived(planted())
    parts = cut(log, 0.5, 0.7)
    assert not set(parts.fit.user.tolist()) & set(parts.held.user.tolist())
    assert parts.fit.time.max() < parts.cut <= parts.held.time.min()
    assert set(parts.before.user.tolist()).isdisjoint(parts.fit.user.tolist())
    assert len(parts.fit) + len(parts.before) + len(parts.held) < len(log)
    with pytest.raises(UsageError, match="one side empty"):
        cut(log, 0.0)
    with pytest.raises(InputError, match="empty"):
        lived(Dataset(planted().events.head(0), planted().catalog))


def test_repeats_are_measured_where_things_repeat() -> None:
    people, card = calibrate(planted(repeats=True, position=False), SMALL)
    repeats = next(each for each in card.marginals if each.name == "repeats")
    assert repeats.real[1] > 0.15
    assert repeats.error < 0.15
    assert people.choice.weights[FEATURES.index("again")] > 1
    assert any("no positions" in gap for gap in card.gaps)
    (alone, first), (_, second) = (calibrate(planted(), replace(SMALL, fit_events=100), judged=50) for _ in range(2))
    assert first == second
    assert all(np.unique(items).size == items.size for items in _acted(alone).histories().values())


def _acted(people: LogPeople) -> Lived:
    return people.live([np.array([3, 5]), np.array([7])], np.array([40, 25]))


def test_a_log_without_times_or_values_says_so() -> None:
    data = planted(position=False)
    bare = Dataset(
        data.events.with_columns(timestamp=pl.lit(None, pl.Int64), value=pl.lit(None, pl.Float64)),
        Catalog(data.catalog.frame.drop("topic")),
    )
    _, card = calibrate(bare, replace(SMALL, fit_events=100), judged=100)
    assert {each.name for each in card.marginals} == {"activity", "popularity", "concentration"}
    assert "positions in histories" in card.protocol
    for word in ("order", "values", "what sort", "positions"):
        assert any(word in gap for gap in card.gaps)


def test_better_policies_are_ranked_better_and_chance_is_a_draw(fitted: tuple[LogPeople, Card]) -> None:
    """Slates of what people like beat slates drawn blindly, those beat slates of what they never take."""
    people, draw = fitted[0], np.random.default_rng(5)
    events = planted().events
    histories, group = [], np.arange(ITEMS) % GROUPS
    for items in events.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list():
        histories.append(np.array([int(item[1:]) for item in items[: len(items) // 2]]))
    favourite = np.array([np.bincount(group[history], minlength=GROUPS).argmax() for history in histories])
    popular = np.argsort(-people.items.counts)

    def taken(slates: list[list[int]], seed: int) -> torch.Tensor:
        return torch.from_numpy((people.choose(histories, np.array(slates), seed) >= 0).astype(float))

    def of(groups: np.ndarray) -> list[list[int]]:
        return [
            [int(item) for item in popular if group[item] == wanted and item not in history][:6]
            for wanted, history in zip(groups, histories, strict=True)
        ]

    def blind() -> list[list[int]]:
        fresh = [np.setdiff1d(np.arange(ITEMS), history) for history in histories]
        return [draw.choice(items, 6, replace=False).tolist() for items in fresh]

    better, one, two = taken(of(favourite), 1), taken(blind(), 2), taken(blind(), 3)
    unpopular = [[int(i) for i in popular[::-1] if group[i] != f][:6] for f in favourite]
    worse = taken(unpopular, 4)
    assert difference_interval(better, one).low > 0
    assert difference_interval(one, worse).low > 0
    assert not difference_interval(one, two).excludes_zero
    assert 0.3 < float(one.mean()) < 0.7


def test_turns_are_answered_with_one_click_at_most_and_never_on_what_is_unknown(fitted: tuple[LogPeople, Card]) -> None:
    people = fitted[0]
    ids = people.catalog.item_ids
    user_id = next(iter(people.known))
    draft = Draft(id="d", mode="created", payload=TextPayload("anything"), backend=BackendCard("test"))
    clicks = 0
    for number in range(60):
        slate = (Candidate("created", "new", None, draft), *(Candidate("retrieved", "", ids[n]) for n in range(8)))
        turn = Turn(id=f"t{number}", guidance=Guidance(user_id=user_id), slate=slate)
        answer = people.respond(turn)
        assert answer == people.respond(turn)
        taken = [each for each in answer if each.verdict == "click"]
        assert len(taken) <= 1
        assert all(each.item_id is not None and each.value in LEVELS for each in taken)
        assert {each.source for each in answer} == {"simulated"}
        clicks += len(taken)
    assert 5 < clicks < 60
    assert people.respond(Turn(id="t", guidance=Guidance(), slate=())) == ()


def test_the_card_is_json_and_a_picture(fitted: tuple[LogPeople, Card], tmp_path: Path) -> None:
    card = fitted[1]
    read = json.loads(card.to_json(0.5))
    assert read["calibrated"] is True
    assert read["people"] == card.people
    assert [each["name"] for each in read["marginals"]] == [each.name for each in card.marginals]
    assert not {"user", "history"} & set(read)
    assert card.plot(tmp_path / "card.png").read_bytes()[:4] == b"\x89PNG"
    assert json.loads(card.to_json(0.0001))["faults"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-50, 50), min_size=3, max_size=30), st.floats(-20, 20), st.floats(0.1, 10))
def test_distances_are_distances(values: list[float], shift: float, scale: float) -> None:
    real = np.array(values)
    spread = float(np.abs(real - np.median(real)).mean())
    assert wasserstein(real, real) == 0
    if spread > 1e-3:
        assert wasserstein(real, np.full(1, np.median(real))) == pytest.approx(1)
        assert wasserstein(real, real + shift) == pytest.approx(abs(shift) / spread, abs=1e-6)
        assert wasserstein(real * scale, (real + shift) * scale) == pytest.approx(abs(shift) / spread, abs=1e-6)
    shares = np.abs(real) + 0.1
    shares /= shares.sum()
    assert total_variation(shares, shares) == 0
    assert 0 <= total_variation(shares, shares[::-1]) <= 1
    assert wasserstein(real, np.zeros(0)) == float("inf")
