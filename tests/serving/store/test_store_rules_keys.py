"""Rules in the one grammar, and keys whose secrets are nowhere."""

from __future__ import annotations

import pytest

from generec.errors import UsageError
from generec.types import Condition


def test_rules_hold_between_their_dates(store):
    store.items.upsert("default", [{"item_id": "a", "title": "Tea", "price": 3}], by="me")
    always = store.rules.add("default", "boost", ["price < 5", 'title contains "red tea"'], weight=2.0, by="me")
    later = store.rules.add("default", "pin", ["item_id = a"], starts=100, ends=200, by="me")
    assert always.conditions == (Condition("price", "<", 5.0), Condition("title", "contains", "red tea"))
    assert set(store.rules.list("default")) == {always, later}
    for at, expected in ((99, {always}), (100, {always, later}), (199, {always, later}), (200, {always})):
        assert set(store.rules.list("default", at=at)) == expected
    store.rules.delete("default", always.id, by="me")
    with pytest.raises(UsageError, match="there is no rule"):
        store.rules.delete("default", always.id, by="me")
    assert store.rules.list("default") == (later,)


@pytest.mark.parametrize(
    ("kind", "conditions", "more", "message"),
    [
        ("lift", ["price < 5"], {}, "unknown kind of rule"),
        ("boost", [], {}, "needs a condition"),
        ("boost", ["price"], {}, "cannot read the condition"),
        ("boost", ["prise < 5"], {}, "did you mean 'price'"),
        ("boost", ["title < 5"], {}, "text, which has no order"),
        ("boost", ["price < dear"], {}, "holds numbers"),
        ("boost", ["price < 5"], {"weight": 0.0}, "positive number"),
        ("boost", ["price < 5"], {"weight": float("nan")}, "positive number"),
        ("boost", ["price < 5"], {"starts": 5, "ends": 5}, "end .* before it starts"),
    ],
)
def test_rules_that_could_never_act_are_refused(store, kind, conditions, more, message):
    store.items.upsert("default", [{"item_id": "a", "title": "Tea", "price": 3}], by="me")
    with pytest.raises(UsageError, match=message):
        store.rules.add("default", kind, conditions, by="me", **more)
    assert store.rules.list("default") == ()


def test_a_secret_is_shown_once_and_kept_nowhere(sqlite_place, tmp_path):
    with sqlite_place.open() as store:
        made = store.keys.create("default", "the shop", ["write"], by="me")
        assert store.keys.authenticate(made.secret) == made.key
        random = made.secret.rsplit("_", 1)[1]
        raw = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
        assert made.key.id.encode() in raw
        assert random.encode() not in raw
        assert random not in repr(made)


def test_keys_open_what_their_scopes_say_until_they_are_revoked(store):
    assert not store.keys.any()
    made = store.keys.create("default", "the shop", ["write"], by="me")
    assert [made.key.may(scope) for scope in ("read", "write", "admin")] == [True, True, False]
    assert store.keys.any()
    other = store.keys.create("default", "the desk", ["admin", "read"], by="me")
    assert other.key.may("write")
    head, _, random = made.secret.rpartition("_")
    swapped = f"{head}_{other.secret.rpartition('_')[2]}"
    for wrong in ("", "x", swapped, made.secret[:-1], made.secret + "a", made.secret + "\n", f"{head}é_{random}"):
        assert store.keys.authenticate(wrong) is None
    store.keys.revoke("default", made.key.id, by="me")
    assert store.keys.authenticate(made.secret) is None
    revoked = next(key for key in store.keys.list("default") if key.id == made.key.id)
    assert not revoked.may("read")
    assert store.keys.authenticate(other.secret) == other.key
    for scopes, message in ((["root"], "unknown scope"), ([], "needs a name")):
        with pytest.raises(UsageError, match=message):
            store.keys.create("default", "x", scopes, by="me")
    with pytest.raises(UsageError, match="there is no key"):
        store.keys.revoke("default", "0" * 16, by="me")
