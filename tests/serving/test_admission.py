"""Who is let in: whatever can wait, in its order; where more comes, few at once and in time."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.serving.admission import Admission
from generec.serving.batcher import Limits, OverloadError

LIMITS = Limits(batch=4, queue=6, standing=2, late=0.1)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Crowd:
    """People who come, and go when they are told to."""

    def __init__(self, limits=LIMITS):
        self.clock, self.refusals = Clock(), 0
        self.admission = Admission(limits, self.refused, self.clock)
        self.inside, self.away, self.order = {}, set(), []

    def refused(self):
        self.refusals += 1

    async def _visit(self, name):
        try:
            async with self.admission.one():
                self.inside[name] = asyncio.Event()
                self.order.append(name)
                await self.inside[name].wait()
                del self.inside[name]
        except OverloadError as error:
            self.away.add(name)
            self.told = error.retry_after

    async def come(self, *names):
        tasks = [asyncio.create_task(self._visit(name), name=str(name)) for name in names]
        await self.settle()
        return tasks

    async def go(self, *names):
        for name in names:
            self.inside[name].set()
        await self.settle()

    async def settle(self):
        for _ in range(10):
            await asyncio.sleep(0)

    async def empty(self):
        while self.inside:
            await self.go(*self.inside)


def test_a_burst_waits_in_its_order_and_is_answered():
    async def main():
        crowd = Crowd()
        await crowd.come(*range(10))
        assert (sorted(crowd.inside), crowd.admission.waiting) == ([0, 1, 2, 3], 6)
        crowd.clock.now += 30  # nothing was answered for long
        await crowd.empty()
        return crowd

    crowd = asyncio.run(main())
    assert (crowd.order, crowd.refusals, crowd.admission.inside) == (list(range(10)), 0, 0)


def test_what_came_in_two_seconds_without_an_answer_is_no_flood():
    """A machine that stood still, at fifty requests a second: all come at once when it goes on."""

    async def main():
        crowd = Crowd(Limits())
        await crowd.come(*range(100))
        await crowd.empty()
        return crowd

    crowd = asyncio.run(main())
    assert (crowd.order, crowd.refusals) == (list(range(100)), 0)


def test_where_more_comes_than_can_wait_it_is_refused_and_few_are_inside():
    async def main():
        crowd = Crowd()
        await crowd.come(*range(13))
        assert crowd.away == {10, 11, 12}
        await crowd.go(0, 1)
        assert sorted(crowd.inside) == [2, 3]  # two places from now on
        await crowd.go(2)
        assert sorted(crowd.inside) == [3, 4]
        crowd.clock.now += 0.2  # who waits now would be answered late
        await crowd.go(3)
        assert (sorted(crowd.inside), crowd.admission.waiting) == ([4], 0)
        await crowd.come("in", "out")
        assert (set(crowd.inside), crowd.admission.waiting, "out" in crowd.away) == ({4, "in"}, 0, True)
        await crowd.empty()
        return crowd

    crowd = asyncio.run(main())
    assert crowd.refusals == len(crowd.away) == 9
    assert crowd.told > 0
    assert (crowd.admission.inside, crowd.admission.waiting) == (0, 0)


@pytest.mark.parametrize(("pause", "share", "overloaded"), [(1.05, 0.8, True), (1.05, 0.7, False), (1.2, 0.8, False)])
def test_an_overload_goes_on_while_most_are_refused(pause, share, overloaded):
    async def main():
        crowd = Crowd()
        await crowd.come(*range(10))
        await crowd.come("one too many")
        for number in range(100 - 1):
            admitted = number >= 100 * share
            while admitted and len(crowd.inside) >= LIMITS.standing:
                await crowd.go(next(iter(crowd.inside)))
            await crowd.come(f"guest {number}")
            assert (f"guest {number}" in crowd.inside) == admitted
        await crowd.empty()
        crowd.clock.now += pause
        await crowd.come("a", "b", "c")
        found = crowd.admission.overloaded, set(crowd.inside)
        await crowd.empty()
        return found

    assert asyncio.run(main()) == (overloaded, {"a", "b"} if overloaded else {"a", "b", "c"})


def test_who_leaves_while_waiting_or_just_let_in_holds_no_place():
    async def main():
        crowd = Crowd(Limits(batch=1, queue=6))
        tasks = await crowd.come(0, 1, 2)
        tasks[1].cancel()
        await crowd.settle()
        assert crowd.admission.waiting == 1
        crowd.inside[0].set()
        while not crowd.admission._waiting[0].let_in.done() if crowd.admission.waiting else False:
            await asyncio.sleep(0)
        tasks[2].cancel()
        await crowd.settle()
        await crowd.empty()
        await crowd.come(3)
        assert list(crowd.inside) == [3]
        await crowd.empty()
        return crowd.admission

    admission = asyncio.run(main())
    assert (admission.inside, admission.waiting) == (0, 0)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["come", "go", "cancel"]), st.floats(0, 0.4)), max_size=60))
def test_whatever_comes_and_goes_no_bound_is_passed_and_no_place_is_lost(steps):
    async def main():
        crowd, tasks = Crowd(), []
        for number, (step, pause) in enumerate(steps):
            crowd.clock.now += pause
            if step == "come":
                tasks += await crowd.come(number)
            elif step == "go" and crowd.inside:
                await crowd.go(next(iter(crowd.inside)))
            elif tasks:
                tasks.pop(0).cancel()
                await crowd.settle()
                for name in [name for name in crowd.inside if not any(task.get_name() == str(name) for task in tasks)]:
                    crowd.inside.pop(name)
            assert crowd.admission.inside == len(crowd.inside) <= LIMITS.batch
            assert crowd.admission.waiting <= LIMITS.queue
            assert not crowd.admission.waiting or crowd.admission.inside >= LIMITS.standing
        await crowd.empty()
        await asyncio.gather(*tasks, return_exceptions=True)
        return crowd

    crowd = asyncio.run(main())
    assert (crowd.admission.inside, crowd.admission.waiting) == (0, 0)
    assert crowd.refusals == len(crowd.away)


def test_whatever_happens_inside_the_place_is_free_again():
    async def main():
        admission = Admission(LIMITS)
        with pytest.raises(ValueError, match="inside"):
            async with admission.one():
                raise ValueError("inside")
        return admission.inside

    assert asyncio.run(main()) == 0


def test_limits_that_let_nobody_in_are_refused():
    for wrong in ({"standing": 0}, {"late": -1.0}):
        with pytest.raises(UsageError, match="at least"):
            Limits(**wrong)
