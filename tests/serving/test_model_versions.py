"""Swaps, shares and changes of the catalogue, while people ask."""

import asyncio
import copy
import threading
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import parse
from generec.errors import InputError, UsageError
from generec.serving.batcher import Limits, NotServingError
from generec.serving.cache import Ask
from generec.serving.changes import Deletion, Upsert, changed
from generec.serving.engine import Engine
from generec.serving.snapshot import Snapshot
from generec.serving.versions import Routing, Version, Versions
from generec.types import Catalog, Request
from small_world import ITEMS, some_requests, trained

LIMITS = Limits(batch=16, queue=1000, timeout=60)
ODD, EVEN = (tuple(f"i{n}" for n in range(ITEMS) if n % 2 == rest) for rest in (1, 0))


def only(kept):
    """A system whose answers tell that it gave them: it knows the even items only, or the odd ones."""
    system = trained("one_pass")
    system.remove([f"i{n}" for n in range(ITEMS) if f"i{n}" not in kept])
    return system


def items(*ids, **columns):
    titles = [f"lamp number {n}" for n in range(len(ids))]
    kinds = {"item_id": pl.String, "title": pl.String}
    return Catalog(pl.DataFrame({"item_id": ids, "title": titles, **columns}, schema_overrides=kinds))


def whole(system, **request):
    """Everything that can be recommended."""
    return set(system.recommend([Request(history=("i3", "i4"), repeat=True, **request)], 500)[0].item_ids)


async def loaded(versions, **systems):
    for name, system in systems.items():
        await versions.load(name, lambda system=system: system, inserting=False)


def test_five_hundred_requests_and_five_swaps_none_failed_none_mixed():
    async def main():
        async with Engine(LIMITS, cached=0) as engine:
            await loaded(engine.versions, odd=only(ODD), even=only(EVEN))
            engine.versions.activate("odd")
            tasks = []
            for number, request in enumerate(some_requests(500)):
                tasks.append(asyncio.create_task(engine.recommend(Ask(request=request, k=5 + number % 2))))
                if number % 90 == 89:
                    engine.versions.activate(("even", "odd")[number // 90 % 2])
                await asyncio.sleep(0.001 if number % 7 == 0 else 0)
            return await asyncio.gather(*tasks)

    answers = asyncio.run(main())
    assert len(answers) == 500
    assert {answer.version for answer in answers} == {"odd", "even"}
    for number, answer in enumerate(answers):
        assert len(answer.slate.item_ids) == 5 + number % 2
        assert set(answer.slate.item_ids) <= set({"odd": ODD, "even": EVEN}[answer.version])


def test_rolling_back_needs_no_loading_and_goes_forward_again():
    async def main():
        async with Engine(LIMITS) as engine:
            versions, ask = engine.versions, Ask(request=Request(history=("i3",)))
            with pytest.raises(NotServingError, match="no model is active"):
                await engine.recommend(ask)
            await loaded(versions, odd=only(ODD), even=only(EVEN), third=trained("sasrec"))
            versions.activate("odd")
            with pytest.raises(UsageError, match="no version to go back to"):
                versions.roll_back()
            versions.activate("even")
            seen = [(await engine.recommend(ask)).version]
            for _ in range(2):
                assert versions.roll_back() == ("even" if seen[-1] == "odd" else "odd")
                seen.append((await engine.recommend(ask)).version)
            assert seen == ["even", "odd", "even"]
            versions.activate("third")
            assert list(versions.loaded) == ["even", "third"]  # what was active before the one before is gone
            assert versions.roll_back() == "even"

    asyncio.run(main())


def test_names_are_taken_and_what_answers_stays():
    async def main():
        versions = Versions()
        await loaded(versions, odd=only(ODD), even=only(EVEN), third=only(ODD))
        versions.activate("odd")
        with pytest.raises(UsageError, match="loaded already"):
            await loaded(versions, odd=only(ODD))
        with pytest.raises(UsageError, match="did you mean 'even'"):
            versions.activate("evn")
        versions.share({"even": 0.5})
        for name in ("odd", "even"):
            with pytest.raises(UsageError, match="is in use"):
                versions.unload(name)
        versions.unload("third")
        versions.share({})
        versions.activate("even")
        versions.unload("odd")  # the one to go back to may go
        assert list(versions.loaded) == ["even"]
        with pytest.raises(UsageError, match="no version to go back to"):
            versions.roll_back()
        await loaded(versions, odd=only(ODD))

    asyncio.run(main())


def test_a_version_that_cannot_be_read_leaves_everything_as_it_was():
    def broken():
        raise InputError("no model here")

    async def main():
        versions = Versions()
        with pytest.raises(InputError, match="no model here"):
            await versions.load("a", broken)
        await loaded(versions, a=only(ODD))

    asyncio.run(main())


# shares


def routing(**shares):
    system = trained("sasrec")
    others = tuple((Version(name, Snapshot(system)), share) for name, share in shares.items())
    return Routing(Version("active", Snapshot(system)), None, others, "colours")


@pytest.mark.parametrize("shares", [{"b": 0.3}, {"b": 0.1, "c": 0.25}])
def test_shares_are_those_asked_for_and_stay_with_a_person(shares):
    people, found = [f"shop\x00u{n}" for n in range(4000)], routing(**shares)
    names = [found.of(person).name for person in people]
    assert names == [found.of(person).name for person in people]
    for name, share in {**shares, "active": 1 - sum(shares.values())}.items():
        bound = 4 * (4000 * share * (1 - share)) ** 0.5  # four standard deviations of a binomial
        assert abs(names.count(name) - 4000 * share) < bound
    assert found.of(None).name == "active"


def test_a_growing_share_keeps_its_people_and_another_experiment_draws_anew():
    people = [f"u{n}" for n in range(2000)]
    small, large = routing(b=0.1), routing(b=0.4)
    inside = {person for person in people if small.of(person).name == "b"}
    grown = {person for person in people if large.of(person).name == "b"}
    assert inside < grown
    other = replace(large, experiment="shapes")
    both = sum(other.of(person).name == "b" for person in grown) / len(grown)
    assert abs(both - 0.4) < 4 * (0.24 / len(grown)) ** 0.5


def test_a_batch_of_two_arms_is_answered_by_each_persons_own():
    async def main():
        async with Engine(LIMITS, cached=0) as engine:
            await loaded(engine.versions, odd=only(ODD), even=only(EVEN))
            engine.versions.activate("odd")
            for wrong in ({"odd": 0.5}, {"even": 1.5}, {"even": 0.0}):
                with pytest.raises(UsageError, match="shares"):
                    engine.versions.share(wrong)
            engine.versions.share({"even": 0.5}, "halves")
            asks = [Ask(request=Request(history=("i3",), user_id=f"u{n}")) for n in range(60)]
            answers = await asyncio.gather(*(engine.recommend(ask) for ask in asks))
            expected = [engine.versions.serving.of(ask.person).name for ask in asks]
            return answers, expected, engine.versions.parts()

    answers, expected, parts = asyncio.run(main())
    assert [answer.version for answer in answers] == expected
    assert set(expected) == {"odd", "even"}
    assert all(set(answer.slate.item_ids) <= set(ODD if answer.version == "odd" else EVEN) for answer in answers)
    assert parts == {"odd": 0.5, "even": 0.5}


# the catalogue


POOL = [*(f"i{n}" for n in range(0, ITEMS, 12)), *(f"new-{n}" for n in range(4)), "never-there"]
upserts = st.builds(
    lambda ids, price: Upsert(items(*ids, price=[price] * len(ids))),
    st.lists(st.sampled_from(POOL[:-1]), unique=True, min_size=1, max_size=3),
    st.sampled_from([1.0, 500.0]),
)
deletions = st.builds(Deletion, st.lists(st.sampled_from(POOL), max_size=3).map(tuple))


def dear_and_cheap(system):
    return whole(system, conditions=(parse("price >= 500"),)), whole(system, conditions=(parse("price < 500"),))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.one_of(upserts, deletions), max_size=6), st.integers(0, 6))
def test_changes_leave_what_the_last_word_on_every_item_says(log, place):
    """The slow twin: a dictionary, change by change. Replaying a part of the log again makes no difference."""
    system = trained("one_pass")
    before = (system.catalog, system.index, system.features, whole(system))
    prices = {f"i{n}": float(n) for n in range(ITEMS)}
    for change in log:
        if isinstance(change, Upsert):
            prices |= dict(change.items.frame.select("item_id", "price").iter_rows())
        else:
            prices = {item: price for item, price in prices.items() if item not in change.item_ids}
    dear = {item for item, price in prices.items() if price >= 500}
    once = changed(system, log)
    again = changed(changed(system, log[:place]), log[place:])
    overlapping = changed(once, log[place:])
    for after in (once, again, overlapping):
        assert dear_and_cheap(after) == (dear, set(prices) - dear)
        assert after.index.ids.codes[:ITEMS].equal(system.index.ids.codes)
    assert (system.catalog, system.index, system.features, whole(system)) == before


def test_the_system_before_an_insertion_goes_on_answering_as_it_did():
    system = trained("one_pass")
    weights = copy.deepcopy(system.network.state_dict())
    before = system.recommend(some_requests(20), 10)
    after = changed(system, [Upsert(items("new-0", "new-1"))])
    assert {"new-0", "new-1"} <= whole(after)
    assert after.recommend([Request(history=("new-0",))], 3)[0].source == "model"
    assert system.recommend(some_requests(20), 10) == before
    assert all(weights[name].equal(weight) for name, weight in system.network.state_dict().items())
    assert after.network.trunk.final_norm.weight.data_ptr() == system.network.trunk.final_norm.weight.data_ptr()


def test_changes_that_do_not_fit_change_nothing():
    system = trained("one_pass")
    before = whole(system)
    for wrong in ([Upsert(items("new-0", price=["a lot"]))], [Upsert(items("i3", price=["a lot"])), Deletion(("i4",))]):
        with pytest.raises(InputError, match="do not fit the catalogue's columns"):
            changed(system, wrong)
    assert whole(system) == before


def test_an_activated_version_knows_what_happened_before_and_while_it_was_loaded():
    reading, gate = threading.Event(), threading.Event()

    def slowly():
        reading.set()
        gate.wait(10)
        return trained("one_pass")

    async def main():
        async with Engine(LIMITS) as engine:
            versions = engine.versions
            await loaded(versions, old=trained("one_pass"))
            versions.activate("old")
            await versions.change([Upsert(items("new-0")), Deletion(("i5",))])
            logged = [Upsert(items("new-0")), Deletion(("i5",))]
            loading = asyncio.create_task(versions.load("fresh", slowly, logged))
            await asyncio.to_thread(reading.wait, 10)
            await versions.change([Upsert(items("new-1"))])
            await versions.change([Deletion(("i6", "new-0"))])
            assert "fresh" not in versions.loaded
            gate.set()
            await loading
            ask = Ask(request=Request(history=("i3", "i4"), repeat=True), k=500)
            seen = [set((await engine.recommend(ask)).slate.item_ids)]
            versions.activate("fresh")
            seen.append(set((await engine.recommend(ask)).slate.item_ids))
            await versions.change([Deletion(("i7",))])  # reaches the one to go back to as well
            versions.roll_back()
            return *seen, set((await engine.recommend(ask)).slate.item_ids)

    before, after, back = asyncio.run(main())
    expected = {f"i{n}" for n in range(ITEMS)} - {"i5", "i6"} | {"new-1"}
    assert before == after == expected
    assert back == expected - {"i7"}


def test_a_version_that_cannot_take_an_item_in_still_loses_what_was_deleted(caplog):
    clashing = trained("one_pass")
    clashing.catalog = Catalog(clashing.catalog.frame.with_columns(pl.col("price").cast(pl.String)))

    async def main():
        versions = Versions()
        await loaded(versions, good=trained("one_pass"), clashing=clashing)
        await versions.change([Deletion(("i4",))])  # before any of them is active
        versions.activate("good")
        await versions.change([Upsert(items("new-0", price=[3.0])), Deletion(("i5",))])
        return [whole(version.snapshot.system) for version in versions.loaded.values()]

    good, other = asyncio.run(main())
    assert "new-0" in good
    assert "new-0" not in other
    assert not {"i4", "i5"} & (good | other)
    assert "version clashing takes no more" in caplog.text


def test_a_change_goes_on_when_whoever_asked_for_it_is_gone():
    async def main():
        versions = Versions()
        await loaded(versions, one=trained("one_pass"), two=trained("one_pass"))
        versions.activate("one")
        task = asyncio.create_task(versions.change([Deletion(("i5",))]))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await versions.change([Deletion(("i6",))])
        return [whole(version.snapshot.system) for version in versions.loaded.values()]

    assert all(not {"i5", "i6"} & found for found in asyncio.run(main()))
