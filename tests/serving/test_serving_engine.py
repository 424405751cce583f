"""The engine beside its naive twin: one request at a time, straight to the system."""

import asyncio
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.conditions import mask, parse
from generec.errors import UsageError
from generec.serving.batcher import DeadlineError, Limits, OverloadError
from generec.serving.cache import Answer, AnswerCache, Ask
from generec.serving.changes import Deletion
from generec.serving.engine import Engine
from generec.types import Request, Slate
from small_world import ITEMS, some_requests, trained

LIMITS = Limits(batch=8, queue=1000, timeout=60)
IDS = [f"i{n}" for n in range(ITEMS)]
CONDITIONS = ["price < 10", "genres = lamp", "genres not in lamp|rug", "sold = true", "price > 1000"]

requests = st.builds(
    Request,
    history=st.lists(st.sampled_from([*IDS[:6], "gone-1"]), max_size=3).map(tuple),
    user_id=st.sampled_from([None, "ann", "bob"]),
    conditions=st.lists(st.sampled_from(CONDITIONS).map(parse), max_size=1).map(tuple),
    exclude=st.frozensets(st.sampled_from(IDS[:8]), max_size=2),
    repeat=st.booleans(),
)
asks = st.builds(Ask, request=requests, k=st.sampled_from([1, 5, 12]), tenant=st.sampled_from(["", "shop"]))


async def serving(engine, system):
    await engine.versions.load("one", lambda: system)
    engine.versions.activate("one")


def may_be_given(system, request):
    """Every rule at once, item by item."""
    suited = mask(system.catalog, request.conditions).tolist()
    return {
        item
        for row, item in enumerate(system.catalog.item_ids)
        if suited[row]
        and bool(system.index.alive[row])
        and item not in request.exclude
        and (request.repeat or item not in request.history)
    }


def same(slate, other):
    assert slate.item_ids == other.item_ids
    assert slate.scores == pytest.approx(other.scores, abs=1e-4)
    assert (slate.source, slate.note) == (other.source, other.note)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(asks, st.sampled_from([0, 0, 0.002])), min_size=1, max_size=30))
def test_answers_under_concurrency_are_those_of_one_request_at_a_time(arrivals):
    system = trained("one_pass")
    system.remove(["i7"])

    async def ask(engine, ask, pause):
        await asyncio.sleep(pause)
        return await engine.recommend(ask)

    async def main(cached):
        async with Engine(LIMITS, cached=cached) as engine:
            await serving(engine, system)
            return await asyncio.gather(*(ask(engine, *arrival) for arrival in arrivals))

    for answers in (asyncio.run(main(0)), asyncio.run(main(100))):
        for (asked, _), answer in zip(arrivals, answers, strict=True):
            same(answer.slate, system.recommend([asked.request], asked.k)[0])
            assert answer.version == "one"


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.one_of(asks, st.builds(Deletion, st.tuples(st.sampled_from(IDS[:12])))), min_size=2, max_size=30),
    st.randoms(use_true_random=False),
)
def test_kept_answers_are_those_that_would_be_computed_and_obey_every_rule(steps, shuffle):
    """Cached beside uncached, over asking, asking again, and deleting."""
    steps = steps + shuffle.sample(steps, len(steps))

    async def main():
        kept = 0
        async with Engine(LIMITS, cached=15) as engine, Engine(LIMITS, cached=0) as plain:
            for each in (engine, plain):
                await serving(each, trained("one_pass"))
            for step in steps:
                if isinstance(step, Deletion):
                    for each in (engine, plain):
                        await each.versions.change([step])
                    continue
                one, other = await engine.recommend(step), await plain.recommend(step)
                same(one.slate, other.slate)
                system = plain.versions.serving.active.snapshot.system
                assert set(one.slate.item_ids) <= may_be_given(system, step.request)
                assert len(engine.cache) <= 15
                kept += one.cached
                assert not other.cached
        return kept

    kept = asyncio.run(main())
    if not any(isinstance(step, Deletion) for step in steps):
        assert kept >= len(steps) // 2 or len(set(steps)) > 15


def test_a_kept_answer_belongs_to_one_question_to_one_model_with_one_catalogue():
    request = Request(history=("i3",), user_id="ann")
    ask = Ask(request=request)
    others = [
        Ask(request=request, k=5),
        Ask(request=request, tenant="shop"),
        Ask(request=request, guidance="shorter"),
        Ask(request=Request(history=("i3",), user_id="bob")),
        Ask(request=Request(history=("i3", "i4"), user_id="ann")),
        Ask(request=Request(history=("i3",), user_id="ann", exclude=frozenset({"i9"}))),
        Ask(request=Request(history=("i3",), user_id="ann", conditions=(parse("price < 10"),))),
    ]
    cache = AnswerCache(3)
    answer = Answer(Slate(("i4",), (1.0,)), "one", ("load", 0))
    cache.put(ask, answer)
    assert cache.get(ask, ("load", 0)) is answer
    assert all(cache.get(other, ("load", 0)) is None for other in others)
    assert cache.get(ask, ("load", 1)) is None
    assert cache.get(ask, ("another load", 0)) is None


def test_memory_goes_back_to_the_machine_when_a_model_goes_and_only_then(monkeypatch):
    given_back = []
    monkeypatch.setattr("generec.serving.engine.hand_back", lambda: given_back.append(1))

    async def main():
        async with Engine(LIMITS, cached=0) as engine:
            for name, expected in (("a", 0), ("b", 0), ("c", 1), ("d", 2)):  # one stays to go back to
                await engine.versions.load(name, trained)
                engine.versions.activate(name)
                for person in ("ann", "bob"):
                    await engine.recommend(Ask(request=Request(user_id=person), k=5))
                await asyncio.get_running_loop().run_in_executor(None, lambda: None)
                assert len(given_back) == expected

    asyncio.run(main())


def test_a_cache_keeps_what_was_used_last():
    cache, answer = AnswerCache(2), Answer(Slate((), ()), "one", ("load", 0))
    first, second, third = (Ask(request=Request(history=(item,))) for item in ("a", "b", "c"))
    cache.put(first, answer)
    cache.put(second, answer)
    cache.get(first, ("load", 0))
    cache.put(third, answer)
    assert [cache.get(ask, ("load", 0)) is answer for ask in (first, second, third)] == [True, False, True]
    with pytest.raises(UsageError, match="0 or more"):
        AnswerCache(-1)


def test_going_back_finds_the_answers_that_were_kept():
    async def main():
        async with Engine(LIMITS) as engine:
            await serving(engine, trained("one_pass"))
            await engine.versions.load("two", lambda: trained("sasrec"))
            ask = Ask(request=Request(history=("i3",)))
            seen = [await engine.recommend(ask), await engine.recommend(ask)]
            engine.versions.activate("two")
            seen.append(await engine.recommend(ask))
            engine.versions.roll_back()
            seen.append(await engine.recommend(ask))
            await engine.versions.change([Deletion(("i50",))])
            return [*seen, await engine.recommend(ask)]

    answers = asyncio.run(main())
    assert [answer.cached for answer in answers] == [False, True, False, True, False]
    assert [answer.version for answer in answers] == ["one", "one", "two", "one", "one"]
    assert [answer.catalogue for answer in answers] == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Ask(request=Request(conditions=(parse("prize < 3"),))), "did you mean 'price'"),
        (Ask(request=Request(conditions=(parse("title < 3"),))), "no order"),
        (Ask(request=Request(history=("i3",), times=(1, 2))), "as many times"),
        (Ask(request=Request(), k=0), "1 to 1000 items"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_and_costs_nobody_else(wrong, said):
    async def main():
        async with Engine(LIMITS) as engine:
            await serving(engine, trained("one_pass"))
            good = [Ask(request=request) for request in some_requests(5)]
            found = await asyncio.gather(*map(engine.recommend, [*good, wrong, *good]), return_exceptions=True)
            return found, engine.figures().decode()

    found, figures = asyncio.run(main())
    with pytest.raises(UsageError, match=said):
        raise found.pop(5)
    assert all(isinstance(answer, Answer) for answer in found)
    assert 'generec_requests_total{outcome="invalid"} 1.0' in figures


def test_too_many_too_late_and_answered_are_counted():
    async def main():
        async with Engine(Limits(batch=4, queue=6, timeout=60), cached=0) as engine:
            await serving(engine, trained("one_pass"))
            found = await asyncio.gather(
                *(engine.recommend(Ask(request=request)) for request in some_requests(20)), return_exceptions=True
            )
            with pytest.raises(DeadlineError):
                await engine.recommend(Ask(request=Request()), timeout=0)
            return found, engine.figures().decode()

    found, figures = asyncio.run(main())
    assert sum(isinstance(error, OverloadError) for error in found) == 14
    for line in (
        'generec_requests_total{outcome="answered"} 6.0',
        'generec_requests_total{outcome="overloaded"} 14.0',
        'generec_requests_total{outcome="too_late"} 1.0',
        'generec_answers_total{cached="no",version="one"} 6.0',
        'generec_stage_seconds_count{stage="queue"} 6.0',
        "generec_batch_size_sum 6.0",
        "generec_queue_depth 0.0",
        'generec_version_share{version="one"} 1.0',
    ):
        assert line in figures


def test_a_shadow_answers_a_copy_of_the_traffic_and_nobody_sees_it():
    async def main():
        async with Engine(LIMITS, cached=0) as engine:
            await serving(engine, trained("one_pass"))
            await engine.versions.load("twin", lambda: trained("one_pass"))
            await engine.versions.load("other", lambda: trained("sasrec"))
            agreements = []
            for name in ("twin", "other"):
                assert await engine.shadow(name) is None
                with pytest.raises(UsageError, match="is in use"):
                    engine.versions.unload(name)
                answers = await asyncio.gather(*(engine.recommend(Ask(request=r)) for r in some_requests(40)))
                assert {answer.version for answer in answers} == {"one"}
                agreements.append(await engine.shadow(None))
                engine.versions.unload(name)
            return agreements, engine.figures().decode()

    (twin, other), figures = asyncio.run(main())
    assert (twin.compared, twin.first, twin.dropped, twin.failed) == (40, 40, 0, 0)
    assert twin.overlap == pytest.approx(40)
    assert other.compared == 40
    assert 0 < other.overlap < 40
    assert "generec_shadow_overlap_count 80.0" in figures


def test_a_shadow_that_is_too_slow_drops_copies_and_one_that_fails_is_counted():
    async def main():
        async with Engine(Limits(batch=4, queue=64, timeout=60), cached=0) as engine:
            await serving(engine, trained("one_pass"))
            await engine.versions.load("broken", lambda: trained("one_pass"))
            engine.versions.named("broken").snapshot.system.decoder = None
            await engine.shadow("broken")
            walk = random.Random(0)
            histories = [Request(history=(f"i{walk.randrange(ITEMS)}",)) for _ in range(30)]
            answers = await asyncio.gather(*(engine.recommend(Ask(request=request)) for request in histories))
            for ask, answer in zip(histories * 5, answers * 5, strict=True):  # a burst, without letting it catch up
                engine._shadow.offer(Ask(request=ask), answer)
            return answers, await engine.shadow(None)

    answers, agreement = asyncio.run(main())
    assert len(answers) == 30
    assert agreement.compared == 0
    assert agreement.failed + agreement.dropped == 180
    assert agreement.dropped >= 150 - 64


def test_stopping_finishes_what_is_in_flight():
    async def main():
        engine = Engine(LIMITS, cached=0)
        async with engine:
            await serving(engine, trained("one_pass"))
            tasks = [asyncio.create_task(engine.recommend(Ask(request=request))) for request in some_requests(100)]
            await asyncio.sleep(0)
        return await asyncio.gather(*tasks)

    assert len(asyncio.run(main())) == 100
