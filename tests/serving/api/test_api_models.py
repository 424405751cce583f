"""Versions and rules over HTTP; a restart answers as before."""

from pathlib import Path

from api_world import asking, is_problem

from generec.data.entries import Entry


def answering(client):
    return client.post("/v1/recommend", json={"history": ["i1"]}).json()["model"]


def states(client):
    return {one["version"]: (one["state"], one["part"]) for one in client.get("/v1/models").json()}


def test_activate_and_roll_back(server):
    assert server.client.post("/v1/models/two/activate").json()["state"] == "active"
    assert answering(server.client) == "two"
    assert states(server.client) == {"one": ("retired", 0.0), "two": ("active", 1.0), "three": ("candidate", 0.0)}
    assert server.client.post("/v1/models/rollback").json()["version"] == "one"
    assert answering(server.client) == "one"
    is_problem(server.client.post("/v1/models/rollback"), 422)
    is_problem(server.client.post("/v1/models/four/activate"), 404)


def test_who_answers_is_what_the_flag_is_about(server, store):
    log = store.log("default")
    log.append([Entry(kind="view", user_id=user, item_id="i1", time=1) for user in ("ann", "bob")])
    log.mark_trained("one", ["ann", "bob"])
    log.mark_trained("two", ["bob"])
    store.people.forget("default", "ann", by="test")
    assert [flag.version for flag in log.flagged()] == ["one"]
    server.client.post("/v1/models/two/activate")
    assert log.flagged() == (), "what holds a person who left answers nobody any more"
    server.client.post("/v1/models/rollback")
    assert [flag.version for flag in log.flagged()] == ["one"]


def test_a_trial_and_a_shadow_begin_and_end(server):
    assert server.client.put("/v1/models/two/share", json={"share": 0.25}).json()["part"] == 0.25
    is_problem(server.client.put("/v1/models/one/share", json={"share": 0.25}), 422)
    is_problem(server.client.put("/v1/models/two/share", json={"share": 1.5}), 422)
    assert server.client.post("/v1/models/three/shadow").json()["state"] == "shadow"
    answering(server.client)
    assert server.client.delete("/v1/models/shadow").json()["failed"] == 0
    assert server.client.get("/v1/models/shadow").json() is None
    assert states(server.client)["three"] == ("retired", 0.0)
    assert server.client.put("/v1/models/two/share", json={"share": 0}).json()["part"] == 0


def test_a_folder_with_another_model_is_refused_and_nothing_changes(server, store, model):
    store.models.add("default", "odd", folder=str(model), manifest="0" * 64, watermark=0, by="test")
    is_problem(server.client.post("/v1/models/odd/activate"), 409)
    nowhere = Path(model) / "nowhere"
    store.models.add("default", "gone", folder=str(nowhere), manifest="0" * 64, watermark=0, by="test")
    found = is_problem(server.client.post("/v1/models/gone/activate"), 409)
    assert str(nowhere) not in str(found)
    assert answering(server.client) == "one"


def test_what_was_active_and_what_changed_is_there_after_a_restart(again, store):
    row = {"item_id": "late", "title": "lamp", "year": 2040}
    with asking(again()) as client:
        client.post("/v1/models/two/activate")
        client.put("/v1/models/three/share", json={"share": 0.5})
        client.post("/v1/items", json={"items": [row]})
    with asking(again()) as client:
        assert states(client)["two"] == ("active", 0.5)
        found = client.post("/v1/recommend", json={"filters": ["year = 2040"], "history": ["i1"]}).json()
        assert (found["model"], [one["item_id"] for one in found["items"]]) == ("two", ["late"])


def test_rules_are_kept(server):
    rule = {"kind": "boost", "conditions": ["genres = lamp"], "weight": 2, "starts": 10, "ends": 20}
    made = server.client.post("/v1/rules", json=rule).json()
    assert server.client.get("/v1/rules", params={"at": 15}).json() == [made]
    assert server.client.get("/v1/rules", params={"at": 20}).json() == []
    assert server.client.delete(f"/v1/rules/{made['id']}").status_code == 204
    is_problem(server.client.delete(f"/v1/rules/{made['id']}"), 404)
    is_problem(server.client.post("/v1/rules", json={**rule, "conditions": ["prise = 3"]}), 422)
