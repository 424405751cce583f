"""Who is let in: bursts whole, and while more keeps coming only as many as are worked on."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.serving.admission import Admission
from generec.serving.batcher import Limits, OverloadError

LIMITS = Limits(batch=4, queue=6, standing=2, burst=0.1)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_burst_is_let_in_as_far_as_it_can_wait():
    admission, refused = Admission(LIMITS, Clock()), 0
    with ExitStack() as inside:
        for _ in range(12):
            try:
                inside.enter_context(admission.one())
            except OverloadError:
                refused += 1
    assert (refused, admission.inside) == (2, 0)


def test_what_keeps_coming_finds_the_standing_places_until_nobody_is_inside():
    clock = Clock()
    admission = Admission(LIMITS, clock)
    with ExitStack() as inside:
        for _ in range(3):
            inside.enter_context(admission.one())
        clock.now += 0.2
        with pytest.raises(OverloadError), admission.one():
            pass
    assert admission.inside == 0
    with admission.one(), admission.one(), admission.one():
        assert admission.inside == 3


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 0.3)), max_size=60))
def test_nobody_is_refused_below_the_standing_places_nor_let_in_above_all(steps):
    clock, inside, last_empty = Clock(), [], 0.0
    admission = Admission(LIMITS, clock)
    for comes, pause in steps:
        clock.now += pause
        if not inside:
            last_empty = clock.now
        if not comes:
            if inside:
                inside.pop().__exit__(None, None, None)
            continue
        most = 10 if clock.now - last_empty <= LIMITS.burst else 2
        one = admission.one()
        if len(inside) < most:
            one.__enter__()
            inside.append(one)
        else:
            with pytest.raises(OverloadError) as refused:
                one.__enter__()
            assert refused.value.retry_after >= 0
        assert admission.inside == len(inside)


def test_whatever_happens_inside_the_place_is_free_again():
    admission = Admission(LIMITS)
    with pytest.raises(ValueError, match="inside"), admission.one():
        raise ValueError("inside")
    assert admission.inside == 0


def test_limits_that_let_nobody_in_are_refused():
    with pytest.raises(UsageError, match="at least 1"):
        Limits(standing=0)
    with pytest.raises(UsageError, match="burst at least 0"):
        Limits(burst=-1)
