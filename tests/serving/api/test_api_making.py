"""Edits, creations, reasons and detection over HTTP."""

import polars as pl
from api_world import is_problem

from generec.records import BackendCard, Draft, GateReport, Guidance, Member, Person, SetPayload, Turn, Verdict
from generec.records import Candidate as ShownCandidate
from generec.serving.api.creating import best_of
from generec.serving.api.talker import Said
from generec.types import Catalog


def test_a_set_is_created_entered_in_the_audit_and_recognised(server, store):
    asked = {
        "kind": "set",
        "words": "3 items below 90 euros in all",
        "conditions": ["genres = lamp"],
        "history": ["i1"],
    }
    response = server.client.post("/v1/create", json=asked)
    assert response.status_code == 200, response.text
    turn = response.json()
    made = [one for one in turn["slate"] if one["mode"] == "created"]
    assert made, turn["message"]
    members = [member["item_id"] for member in made[0]["draft"]["payload"]["members"]]
    assert all(int(item[1:]) % 5 == 0 for item in members)
    assert made[0]["report"]["verdicts"]
    deed = store.audit.page("default").rows[0]
    assert (deed.act, deed.target) == ("created draft", made[0]["draft"]["id"])
    marks = turn["trace"]["marks"][made[0]["draft"]["id"]]
    asked = {"content": marks["content"], "sidecar": marks["sidecar"]}
    assert server.client.post("/v1/detect", json=asked).json()["found"]
    assert not server.client.post("/v1/detect", json={"content": "nobody made this here"}).json()["found"]


def test_the_best_of_several_sets_says_why_the_others_are_not(server):
    asked = {"kind": "set", "words": "lamps", "count": 3, "totals": [{"field": "price", "high": 90}], "best_of": 3}
    turn = server.client.post("/v1/create", json={**asked, "history": ["i1"], "seed": 2**31 - 1}).json()
    drafts = [tuple(one["item_id"] for one in draft["payload"]["members"]) for draft in turn["drafts"]]
    assert len(set(drafts)) == len(drafts) == 3
    assert {len(members) for members in drafts} == {3}
    assert turn["guidance"]["count"] == 3
    candidates = turn["trace"]["candidates"]
    assert [one["draft"] for one in candidates] == [draft["id"] for draft in turn["drafts"]]
    assert [one["chosen"] for one in candidates] == [True, False, False]
    assert candidates[0]["reasons"] == []
    assert all(one["reasons"] for one in candidates[1:])
    assert candidates[0]["worth"] == max(one["worth"] for one in candidates if one["passed"])
    assert set(turn["trace"]["marks"]) == {one["draft"] for one in candidates if one["passed"]}
    for one, members in zip(candidates, drafts, strict=True):
        (total,) = one["totals"]
        assert total == {"field": "price", "total": sum(float(item[1:]) for item in members), "unit": "", "low": None,
                         "high": 90.0, "holds": True, "unknown": 0}  # fmt: skip
    chosen = next(one for one in turn["slate"] if one["mode"] == "created")["draft"]["id"]
    assert chosen == candidates[0]["draft"]
    second = {"turn": turn["id"], "draft": candidates[1]["draft"]}
    assert server.client.post("/v1/approvals", json=second).json()["state"] == "waiting"


def test_wishes_for_a_set_that_cannot_hold_are_said(server):
    asked = {"words": "lamps", "count": 3, "totals": [{"field": "price", "high": 1}], "best_of": 4}
    turn = server.client.post("/v1/create", json=asked).json()
    assert turn["drafts"] == []
    assert "price" in turn["message"]
    wrong = {"words": "lamps", "totals": [{"field": "prise", "high": 1}]}
    assert "price" in is_problem(server.client.post("/v1/create", json=wrong), 422)["detail"]
    for odd in ({"count": 0}, {"best_of": 9}, {"count": True}, {"totals": [{"field": "price", "high": "90"}]}):
        is_problem(server.client.post("/v1/create", json={"words": "lamps", **odd}), 422)


def test_what_is_worth_less_or_held_back_says_so():
    members = [SetPayload("", tuple(Member(item) for item in row)) for row in ("ab", "cd", "ef")]
    drafts = [
        Draft(id=str(at), mode="created", payload=payload, backend=BackendCard("test"), reward=reward)
        for at, (payload, reward) in enumerate(zip(members, (0.5, 0.9, 0.4), strict=True))
    ]
    reports = [
        GateReport(str(at), (Verdict("safety", outcome, "block", ("rude",)),), "test")
        for at, outcome in enumerate(("pass", "fail", "pass"))
    ]
    frame = pl.DataFrame({"item_id": list("abcdef"), "price": [1.0, 2.0, None, 4.0, 5.0, 6.0], "currency": ["EUR"] * 6})
    said = []

    def create(one):
        said.append(one)
        at = len(said) - 1
        shown = (ShownCandidate("created", "", draft=drafts[at]),) if reports[at].passed else ()
        return Turn(id=str(at), guidance=Guidance(), slate=shown, drafts=(drafts[at],), reports=(reports[at],))

    turn = best_of(3, create, Said(person=Person(rejected=("z",)), seed=7), Catalog(frame), 60)
    assert [draft.id for draft in turn.drafts] == ["0", "1", "2"]
    first, second, third = turn.trace["candidates"]
    assert first["totals"] == ({**first["totals"][0], "total": 3.0, "unit": "EUR", "unknown": 0},)
    assert second["totals"][0]["unknown"] == 1
    assert second["reasons"] == ("safety: rude",)
    assert "worth 0.40" in third["reasons"][0]
    assert [one.seed for one in said] == [7, 8, 9]


def test_an_item_without_a_text_is_not_edited_and_it_is_said(server):
    found = server.client.post("/v1/edit", json={"item_id": "i5", "words": "cheap"}).json()
    assert not [one for one in found["slate"] if one["mode"] == "edited"]
    assert found["message"]
    is_problem(server.client.post("/v1/edit", json={"item_id": "nowhere"}), 404)


def test_reasons_rest_on_the_history(server):
    asked = {"item_id": "i10", "history": ["i0", "i5", "i15", "i20", "i25"]}
    found = server.client.post("/v1/explain", json=asked).json()
    assert found["statements"]
    assert all(statement["evidence"] for statement in found["statements"])
    is_problem(server.client.post("/v1/explain", json={"item_id": "nowhere"}), 404)
