"""Drift: quiet while people do what they did, loud when it is planted."""

import numpy as np
import pytest

from generec.data.entries import Entry
from generec.errors import UsageError
from generec.serving.learning.drift import Drifting

ITEMS = 60


def events(generator, moved=0.0, people=120, each=12, newcomers=0):
    """People with tastes of their own, before and after; a part `moved` of what they do after is on other items."""
    shares = 1 / np.arange(1, ITEMS + 1) ** 0.8
    rows = []
    for person in range(people + newcomers):
        taste = generator.dirichlet(8 * shares)
        for after in (False, True):
            if person >= people and not after:
                continue
            used = generator.choice(ITEMS, each, p=taste)
            elsewhere = generator.random(each) < (moved if after else 0.0)
            used = np.where(elsewhere, ITEMS - 1 - used, used)
            rows += [(item, person, after) for item in used.tolist()]
    items, persons, after = zip(*rows, strict=True)
    return np.array(items), np.array(persons), np.array(after)


def test_quiet_without_drift_and_with_newcomers_of_the_same_kind():
    found = [Drifting(draws=99).shift(*events(np.random.default_rng(seed))) for seed in range(6)]
    assert not any(shift.fires for shift in found)
    assert np.mean([shift.p < 0.05 for shift in found]) <= 0.34
    assert abs(np.mean([shift.index for shift in found])) < 0.03, "chance is taken off"
    more = [Drifting(draws=99).shift(*events(np.random.default_rng(seed), newcomers=40)) for seed in range(3)]
    assert not any(shift.fires for shift in more)


@pytest.mark.parametrize("moved", [0.35, 1.0])
def test_planted_drift_is_found(moved):
    found = [Drifting(draws=199).shift(*events(np.random.default_rng(seed), moved)) for seed in range(2)]
    assert all(shift.fires for shift in found)


def test_the_index_is_the_textbook_one():
    items = np.repeat(np.arange(4), [40, 30, 20, 10] * 1)
    before, after = items, np.repeat(np.arange(4), [10, 20, 30, 40])
    side = np.repeat([False, True], 100)
    was, are = np.array([40.5, 30.5, 20.5, 10.5]), np.array([10.5, 20.5, 30.5, 40.5])
    was, are = np.append(was, 0.5), np.append(are, 0.5)
    was, are = was / was.sum(), are / are.sum()
    expected = ((are - was) * np.log(are / was)).sum()
    assert Drifting(groups=4)._index(np.concatenate([before, after]), side) == pytest.approx(expected, rel=0.02)


def test_too_little_is_no_answer():
    items, people, after = events(np.random.default_rng(0), people=5)
    assert Drifting().shift(items, people, after) is None
    assert Drifting().promise({1: (1, 1)}, 0.5) is None


def test_a_broken_promise_is_found_and_a_kept_one_is_not():
    generator = np.random.default_rng(0)
    uses = {person: int(generator.integers(1, 6)) for person in range(400)}
    kept = {person: (int(generator.binomial(n, 0.3)), n) for person, n in uses.items()}
    broken = {person: (int(generator.binomial(n, 0.15)), n) for person, n in uses.items()}
    assert not Drifting().promise(kept, 0.3).fires
    found = Drifting().promise(broken, 0.3)
    assert found.fires
    assert found.low < found.rate < found.high < 0.24


def served_with(store, figures):
    active = store.models.active("default")
    store.models.add(
        "default", "judged", folder=active.folder, manifest=active.manifest, watermark=0, figures=figures, by="test"
    )
    store.models.activate("default", "judged", by="test")
    return store.models.active("default").created


def test_the_store_is_asked_about_the_serving_version(served):
    served.tenants.create("empty")
    with pytest.raises(UsageError, match="no model is active"):
        Drifting().look(served, "empty")
    nothing = Drifting().look(served, "default")
    assert (nothing.used, nothing.met, nothing.fires) == (None, None, False)
    began = served_with(served, {"seen_until": 7_040, "promised": {"recall@10": 0.5}})
    log = served.log("default")
    for person in range(30):
        name = f"v{person}"
        shown = [
            Entry(kind="impression", user_id=name, item_id=f"i{n}", time=began + 10, model="judged", position=n)
            for n in range(10)
        ]
        used = f"i{person % 10}" if person < 10 else "i50"  # a third meets what was shown
        late = Entry(kind="click", user_id=name, item_id="i51", time=began + 10**7)
        log.append([*shown, Entry(kind="click", user_id=name, item_id=used, time=began + 20), late])
    found = Drifting(least=20).look(served, "default")
    assert found.met.rate == pytest.approx(1 / 3)
    assert found.met.people == 30
    assert found.used is not None
    assert "promised 0.500" in found.reason
    assert found.document()["fires"] == found.fires
