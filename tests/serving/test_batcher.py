"""Batches: everybody gets their own answer, waiting is bounded, and nobody's error or absence costs another."""

import asyncio
import itertools
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.serving.batcher import Batcher, DeadlineError, Limits, NotServingError, OverloadError


class Squares:
    """Squares numbers, refuses negative ones, and remembers what it was asked; waits while its gate is closed."""

    def __init__(self):
        self.batches = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()

    def __call__(self, numbers):
        self.begun.set()
        self.gate.wait(10)
        self.batches.append(list(numbers))
        if min(numbers) < 0:
            raise UsageError(f"{min(numbers)} is negative")
        return [number * number for number in numbers]

    @property
    def seen(self):
        return [number for batch in self.batches for number in batch]


async def until(true):
    """Lets the event loop run until something holds."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.001)


def closed(model):
    """A model that is busy from its first batch on, until its gate opens."""
    model.gate.clear()
    return model


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from([0, 0, 0, 0.001, 0.003])), min_size=1, max_size=40),
    st.integers(1, 7),
)
def test_everybody_gets_the_answer_they_would_get_alone(arrivals, size):
    model = Squares()

    async def ask(batcher, number, pause):
        await asyncio.sleep(pause)
        return await batcher.submit(number)

    async def main():
        batcher = Batcher(model, Limits(batch=size, queue=100, timeout=30))
        batcher.start()
        answers = await asyncio.gather(*(ask(batcher, *arrival) for arrival in arrivals))
        await batcher.drain()
        return answers

    assert asyncio.run(main()) == [Squares()([number])[0] for number, _ in arrivals]
    assert max(map(len, model.batches)) <= size
    assert sorted(model.seen) == sorted(number for number, _ in arrivals)


def test_what_comes_together_is_answered_together_and_in_order():
    model = Squares()

    async def main():
        batcher = Batcher(model, Limits(batch=4, wait=10, timeout=60))
        batcher.start()
        answers = await asyncio.gather(*(batcher.submit(number) for number in range(8)))
        last = asyncio.create_task(batcher.submit(8))  # would wait ten seconds for company
        await asyncio.sleep(0.01)
        await batcher.drain()
        return [*answers, await last]

    assert asyncio.run(main()) == [number * number for number in range(9)]
    assert model.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]


def test_the_queue_is_bounded_and_whoever_was_admitted_is_answered():
    model, depths = closed(Squares()), []

    async def main():
        batcher = Batcher(model, Limits(batch=2, wait=0, queue=4, timeout=30))
        batcher.start()
        flying = [asyncio.create_task(batcher.submit(number)) for number in range(2)]
        await until(model.begun.is_set)
        asked = []
        for number in range(2, 30):
            asked.append(asyncio.create_task(batcher.submit(number)))
            await asyncio.sleep(0)
            depths.append(batcher.depth)
        model.gate.set()
        found = await asyncio.gather(*flying, *asked, return_exceptions=True)
        await batcher.drain()
        return found, batcher

    found, batcher = asyncio.run(main())
    refused = [error for error in found if isinstance(error, OverloadError)]
    assert max(depths) == 4
    assert [answer for answer in found if not isinstance(answer, Exception)] == [n * n for n in range(6)]
    assert len(refused) == 24
    assert all(error.retry_after > 0 for error in refused)
    assert "ask again in" in str(refused[0])
    assert batcher.depth == 0


def test_the_time_to_ask_again_follows_the_rate_at_which_the_queue_drains():
    model = Squares()

    async def main():
        batcher = Batcher(model, Limits(batch=2, wait=0, queue=9, timeout=30))
        batcher.start()
        before = batcher.retry_after
        await asyncio.gather(*(batcher.submit(number) for number in range(8)))
        idle = batcher.retry_after
        closed(model)
        waiting, times = [], []
        for number in range(6):
            waiting.append(asyncio.create_task(batcher.submit(number)))
            await asyncio.sleep(0.001)
            times.append(batcher.retry_after)
        model.gate.set()
        await asyncio.gather(*waiting)
        await batcher.drain()
        return before, idle, times

    before, idle, times = asyncio.run(main())
    assert before == 1.0  # nothing is known yet
    assert idle == 0.0
    steps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert times[0] > 0
    assert steps == pytest.approx([times[0]] * 5)  # one more request, one more share of a second


def test_a_request_whose_deadline_passed_never_reaches_the_model():
    model = closed(Squares())

    async def main():
        batcher = Batcher(model, Limits(batch=1, wait=0, queue=2, timeout=30))
        batcher.start()
        first = asyncio.create_task(batcher.submit(1))
        await until(model.begun.is_set)
        with pytest.raises(DeadlineError, match=r"no answer within 0\.01 s"):
            await batcher.submit(2, timeout=0.01)
        with pytest.raises(DeadlineError):
            await batcher.submit(3, timeout=0)
        assert batcher.depth == 0  # the places are free again
        model.gate.set()
        await first
        assert await batcher.submit(4) == 16
        await batcher.drain()

    asyncio.run(main())
    assert model.seen == [1, 4]


def test_what_the_model_answers_too_late_is_nobodys():
    model = closed(Squares())

    async def main():
        batcher = Batcher(model, Limits(batch=1, wait=0, timeout=0.02))
        batcher.start()
        with pytest.raises(DeadlineError):
            await batcher.submit(1)
        model.gate.set()
        assert await batcher.submit(2, timeout=30) == 4
        await batcher.drain()

    asyncio.run(main())


def test_when_a_client_goes_away_its_place_is_free_and_the_others_are_answered():
    model = closed(Squares())

    async def main():
        batcher = Batcher(model, Limits(batch=3, wait=0, queue=3, timeout=30))
        batcher.start()
        first = asyncio.create_task(batcher.submit(1))
        await until(model.begun.is_set)
        waiting = [asyncio.create_task(batcher.submit(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        first.cancel()  # the model has it already; its answer goes nowhere
        await until(lambda: batcher.depth == 2)
        waiting.append(asyncio.create_task(batcher.submit(5)))
        model.gate.set()
        found = await asyncio.gather(first, *waiting, return_exceptions=True)
        await batcher.drain()
        return found

    found = asyncio.run(main())
    assert [type(found[0]), type(found[2])] == [asyncio.CancelledError] * 2
    assert [found[1], *found[3:]] == [4, 16, 25]
    assert model.seen == [1, 2, 4, 5]


def test_an_error_reaches_the_request_that_caused_it_and_no_other():
    model = Squares()

    async def main():
        batcher = Batcher(model, Limits(batch=8, wait=5, timeout=30))
        batcher.start()
        found = await asyncio.gather(*(batcher.submit(n) for n in (0, 1, -2, 3, 4, 5, -6, 7)), return_exceptions=True)
        await batcher.drain()
        return found

    found = asyncio.run(main())
    assert [str(found[2]), str(found[6])] == ["-2 is negative", "-6 is negative"]
    assert [answer for answer in found if not isinstance(answer, Exception)] == [0, 1, 9, 16, 25, 49]


def test_a_model_that_loses_an_answer_is_an_error_and_not_somebody_elses_answer():
    async def main():
        batcher = Batcher(lambda numbers: [], Limits())
        batcher.start()
        with pytest.raises(RuntimeError, match="as many answers"):
            await batcher.submit(1)
        await batcher.drain()

    asyncio.run(main())


def test_draining_finishes_what_is_in_flight_and_takes_nothing_new():
    model = closed(Squares())

    async def main():
        batcher = Batcher(model, Limits(batch=2, wait=5, queue=10, timeout=30))
        batcher.start()
        tasks = [asyncio.create_task(batcher.submit(number)) for number in range(9)]
        await until(model.begun.is_set)
        draining = asyncio.create_task(batcher.drain())
        await asyncio.sleep(0)
        with pytest.raises(NotServingError, match="being stopped"):
            await batcher.submit(1)
        model.gate.set()
        await draining
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [number * number for number in range(9)]


def test_a_drain_that_takes_too_long_says_so_to_whoever_is_left():
    model = closed(Squares())

    async def main():
        batcher = Batcher(model, Limits(batch=1, wait=0, timeout=30))
        batcher.start()
        tasks = [asyncio.create_task(batcher.submit(number)) for number in range(3)]
        await until(model.begun.is_set)
        await batcher.drain(0.01)
        found = await asyncio.gather(*tasks, return_exceptions=True)
        model.gate.set()
        return found

    assert [type(error) for error in asyncio.run(main())] == [NotServingError] * 3


def test_limits_that_limit_nothing_are_refused():
    for wrong in ({"batch": 0}, {"queue": 0}, {"threads": 0}, {"wait": -1.0}, {"timeout": 0.0}):
        with pytest.raises(UsageError, match="at least 1"):
            Limits(**wrong)
