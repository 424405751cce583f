"""A model that is asked no more than need be."""

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from instructor_catalogues import instructor

from generec.errors import InputError
from generec.loop.remote_instructor import Endpoint, RemoteInstructor
from generec.loop.spared_model import Spared
from generec.records import Person
from recorded_server import FAILURES, recorded


@dataclass
class Counted:
    """A model whose answers are numbered; it fails, after so many seconds, where it is told to."""

    now: float = 0.0
    failing: float | None = None
    asked: list[str] = field(default_factory=list)
    name: str = "counted"

    def clock(self):
        return self.now

    def complete(self, rules, asked, form):
        self.asked.append(asked)
        if self.failing is not None:
            self.now += self.failing
            raise InputError("no")
        return f"{asked} {len(self.asked)}"


def spared(model, **changes):
    return Spared(model, clock=model.clock, **changes)


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(1, 6))
def test_the_last_so_many_questions_are_asked_once(asked, kept):
    model = Counted()
    one, known, expected = spared(model, kept=kept), [], []
    for each in asked:
        if each in known:
            known.remove(each)
        else:
            expected.append(each)
        known = [*known, each][-kept:]
        assert one.complete("", each, {}).startswith(each)
    assert model.asked == expected
    assert one.name == "counted"


def test_other_rules_and_another_form_are_another_question():
    model = Counted()
    one = spared(model)
    found = {one.complete(rules, "a", form) for rules in ("x", "y") for form in ({}, {"b": 1})}
    assert len(found) == len(model.asked) == 4


def test_a_slow_failure_is_not_tried_again_for_a_while_a_quick_one_is():
    model = Counted(failing=0.5)
    one = spared(model, slow=1.0, rest=30.0)
    for _ in range(3):
        with pytest.raises(InputError, match="no"):
            one.complete("", "a", {})
    assert len(model.asked) == 3
    model.failing = 2.0
    with pytest.raises(InputError, match="no"):
        one.complete("", "a", {})
    model.failing = None
    with pytest.raises(InputError, match="asked again in 30 s"):
        one.complete("", "a", {})
    assert len(model.asked) == 4
    model.now += 31.0
    assert one.complete("", "a", {}) == "a 5"


def test_a_dialogue_that_is_read_again_asks_for_its_last_words_only():
    words = ("westerns", "from the 70s", "not too long")
    with recorded(json.dumps({"likes": [{"weight": 1.0, "words": "wide"}]})) as server:
        reading = RemoteInstructor(Spared(Endpoint(url=server.url, model="m")), instructor("films"))
        for turns in range(1, len(words) + 1):
            state = None
            for each in words[:turns]:
                state = reading.instruct(each, Person(), state)
        assert len(server.asked) == len(words)
    assert state.backend == "endpoint m"


def test_a_silent_server_keeps_a_dialogue_waiting_once():
    with recorded(**FAILURES["silent"]) as server:
        model = Spared(Endpoint(url=server.url, model="m", timeout=0.3), slow=0.1)
        reading, state = RemoteInstructor(model, instructor("films")), None
        for each in ("westerns", "from the 70s", "not too long"):
            state = reading.instruct(each, Person(), state)
            assert "could not be used" in state.notes[-1]
        assert len(server.asked) == 1
