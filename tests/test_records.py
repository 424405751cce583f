"""Records travel as JSON, and their schemas are closed."""

import pytest

from generec.errors import InputError
from generec.records import (
    BackendCard,
    Draft,
    Guidance,
    Member,
    SetPayload,
    Source,
    Stated,
    Taste,
    TextPayload,
    fingerprint,
    from_json,
    schema,
    to_json,
)
from generec.types import Condition

GUIDANCE = Guidance(
    hard=(Stated(Condition("duration", "<=", 10.0), Source(quote="under ten minutes")),),
    likes=(Taste(1.0, words="slow piano"),),
    what=(((3, 1), 0.5),),
)


@pytest.mark.parametrize(
    "record",
    [
        GUIDANCE,
        Draft(id="a", mode="created", payload=SetPayload("Evening", (Member("v1"),)), backend=BackendCard("sets")),
        Draft(id="b", mode="edited", payload=TextPayload("Short."), backend=BackendCard("lattice"), parents=("v1",)),
    ],
)
def test_a_record_comes_back_as_it_went(record):
    assert from_json(type(record), to_json(record)) == record


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"acts": "recommend"}', "acts"),
        (
            '{"hard": [{"condition": {"field": "a", "operator": "=", "value": "b", "code": "x"}}]}',
            "hard.0.condition.code",
        ),
        ('{"act": "delete everything"}', "act"),
        ("[1", "JSON"),
    ],
)
def test_what_the_schema_does_not_know_is_refused_by_name(text, named):
    with pytest.raises(InputError, match=named):
        from_json(Guidance, text)


def test_schemas_are_closed_at_every_level():
    whole = schema(Guidance)
    kinds = [whole, *whole["$defs"].values()]
    assert all(kind["additionalProperties"] is False for kind in kinds if kind["type"] == "object")


def test_the_fingerprint_follows_every_field():
    assert GUIDANCE.fingerprint == from_json(Guidance, to_json(GUIDANCE)).fingerprint
    assert GUIDANCE.fingerprint != Guidance().fingerprint
    assert fingerprint("a", 1) == fingerprint("a", 1) != fingerprint("a", 2)
