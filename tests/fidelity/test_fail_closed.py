"""Each of the six checks, from words to slate: what must be blocked is not shown, nor is what cannot be judged."""

import pytest
from rogue_drafts import CASES, outcome, world

from generec.fidelity.policy import CHECKS, Policy


@pytest.fixture(scope="module")
def generec(tmp_path_factory):
    return world(tmp_path_factory.mktemp("shop"))


def policy(case, severity):
    return Policy(checks={case.honest.payload.kind: {case.check: severity}})


every = pytest.mark.parametrize("case", CASES, ids=lambda case: case.check)


def test_there_is_a_case_for_every_check():
    assert tuple(case.check for case in CASES) == CHECKS


@every
def test_an_honest_draft_is_shown(case, generec):
    found = outcome(generec, case, "honest", policy(case, "block"))
    assert (found.verdict.outcome, found.shown) == ("pass", True), found.turn.message
    assert any(candidate.mode == "retrieved" for candidate in found.turn.slate)


@every
@pytest.mark.parametrize(("variant", "expected"), [("faulty", "fail"), ("absent", "unknown"), ("broken", "unknown")])
def test_what_fails_or_cannot_be_judged_leaves_the_retrieved_slate(case, variant, expected, generec):
    before = generec.ledger.verify().records
    found = outcome(generec, case, variant, policy(case, "block"))
    assert (found.verdict.outcome, found.verdict.severity) == (expected, "block")
    assert not found.shown
    assert found.retrieved
    assert found.turn.slate
    assert case.check in found.turn.message
    assert found.verdict.reasons[0] in found.turn.message
    assert found.turn.trace["marks"] == {}
    published = generec.ledger.verify().records - before
    assert published == (case.check == "identifiability")  # it is marked to be looked at, and never published


@every
def test_only_bias_warns_by_default(case, generec):
    found = outcome(generec, case, "faulty")
    assert found.verdict.outcome == "fail"
    assert found.shown is (case.check == "bias")
    if found.shown:
        made = next(candidate for candidate in found.turn.slate if candidate.draft is not None)
        assert found.verdict in made.report.verdicts  # the warning goes out with the draft


@every
@pytest.mark.parametrize("variant", ["absent", "broken"])
def test_an_operator_may_let_a_doubt_pass_and_the_report_says_so(case, variant, generec):
    found = outcome(generec, case, variant, policy(case, "warn"))
    assert (found.verdict.outcome, found.verdict.severity) == ("unknown", "warn")
    assert found.shown
