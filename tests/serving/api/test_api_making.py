"""Edits, creations, reasons and detection over HTTP."""

from api_world import is_problem


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
