"""Rules over HTTP: what they move on slates and turns, and what they never bring back."""

from generec.serving.store.database import now

PINNED = {"kind": "pin", "conditions": ["title = rug number 3"]}  # i19
BURIED = {"kind": "bury", "conditions": ["genres = lamp"], "weight": 1000}


def given(server, **asked):
    found = server.client.post("/v1/recommend", json={"history": ["i1", "i2"], "k": 6, **asked}).json()
    return [place["item_id"] for place in found["items"]]


def said(server, **asked):
    found = server.client.post("/v1/turn", json={"words": "price below 50", "history": ["i1"], "k": 6, **asked})
    return [one["item_id"] for one in found.json()["slate"]]


def add(server, rule):
    made = server.client.post("/v1/rules", json=rule)
    assert made.status_code == 200, made.text
    return made.json()["id"]


def test_a_pin_comes_first_on_slates_and_turns_until_it_is_taken_away(server):
    before, turn = given(server), said(server)
    assert "i19" not in (before[0], turn[0])
    pin = add(server, PINNED)
    places = server.client.post("/v1/recommend", json={"history": ["i1", "i2"], "k": 6}).json()["items"]
    assert [place["pinned"] for place in places] == [True, *[False] * 5]
    turn_now = server.client.post("/v1/turn", json={"words": "price below 50", "history": ["i1"], "k": 6}).json()
    assert ["operator" in one["reason"] for one in turn_now["slate"]] == [True, *[False] * 5]
    assert given(server) == ["i19", *[one for one in before if one != "i19"]][:6]
    assert said(server) == ["i19", *[one for one in turn if one != "i19"]][:6]
    server.client.delete(f"/v1/rules/{pin}")
    assert (given(server), said(server)) == (before, turn)


def test_what_is_seen_refused_or_excluded_is_not_pinned(server):
    add(server, PINNED)
    assert "i19" not in given(server, history=["i19"])
    assert "i19" not in given(server, filters=["price < 19"])
    assert "i19" not in said(server, history=["i19"])
    assert "i19" not in said(server, words="price below 18")
    server.client.post("/v1/feedback", json={"kind": "dislike", "user_id": "ann", "item_id": "i19"})
    assert "i19" not in given(server, user_id="ann")
    assert "i19" not in said(server, user_id="ann")
    assert given(server)[0] == said(server)[0] == "i19"


def test_what_is_buried_comes_last_on_both(server):
    add(server, BURIED)
    whole = given(server, k=60)
    assert all(int(one[1:]) % 5 for one in whole[:30])
    assert not any(int(one[1:]) % 5 for one in whole[-12:])
    assert all(int(one[1:]) % 5 for one in said(server, k=30))


def test_dates_are_obeyed(server):
    before = given(server)
    add(server, {**PINNED, "starts": now() + 1000})
    add(server, {**PINNED, "ends": now() - 1000})
    assert given(server) == before
    add(server, {**PINNED, "starts": now() - 1000, "ends": now() + 1000})
    assert given(server)[0] == "i19"


def test_a_person_under_age_gets_slates_of_their_age(server):
    rows = [{"item_id": f"x{n}", "title": "lamp", "certificate": "r" if n else "g", "year": 2040} for n in range(3)]
    assert server.client.post("/v1/items", json={"items": rows}).json()["created"] == 3
    server.client.patch("/v1/users/kid/profile", json={"age": "child"})
    filters = {"filters": ["year = 2040"]}
    assert set(given(server, **filters)) == {"x0", "x1", "x2"}
    assert given(server, user_id="kid", **filters) == ["x0"]


def test_a_deletion_keeps_the_answers_of_others(server):
    for user in ("ann", "bob"):
        server.client.post("/v1/recommend", json={"user_id": user})
    assert server.client.delete("/v1/users/ann").status_code == 200
    cached = [server.client.post("/v1/recommend", json={"user_id": user}).json()["cached"] for user in ("ann", "bob")]
    assert cached == [False, True]
