"""What the store said a moment ago: kept for as long, never older than a change of one's own."""

import asyncio
import threading

from generec.serving.store import Store
from generec.serving.store.recent import Recent


class Read:
    """A store that counts how often it is asked."""

    def __init__(self):
        self.now, self.asked, self.value = 0.0, 0, "old"

    def __call__(self):
        self.asked += 1
        return self.value


def made():
    read = Read()
    return read, Recent(read, clock=lambda: read.now)


def test_it_asks_again_after_a_second_or_a_change():
    read, recent = made()
    assert [recent.get(), asyncio.run(recent.fresh()), read.asked] == ["old", "old", 1]
    read.value = "new"
    assert recent.get() == "old"
    read.now = 1.1
    assert (recent.ready, recent.get(), read.asked) == (False, "new", 2)
    read.value = "newest"
    recent.drop()
    assert asyncio.run(recent.fresh()) == "newest"


def test_what_was_read_before_a_change_is_not_kept():
    reading, changed = threading.Event(), threading.Event()
    values = iter(("old", "new"))

    def read():
        value = next(values)
        if value == "old":
            reading.set()
            changed.wait(10)
        return value

    recent = Recent(read)
    thread = threading.Thread(target=recent.get)
    thread.start()
    reading.wait(10)
    recent.drop()
    changed.set()
    thread.join()
    assert recent.get() == "new"


def test_another_process_counts_after_a_moment_and_this_one_at_once(tmp_path):
    place = f"sqlite:///{tmp_path}/store.db", tmp_path / "keys"
    with Store.open(*place) as here, Store.open(*place) as there:
        here.tenants.create("default")
        assert not here.keys.any()
        there.keys.create("default", "page", ["read"], by="test")
        here.keys.ring.seconds = 0.0
        assert here.keys.any()
        here.keys.ring.seconds = 3600.0
        made = here.keys.create("default", "page", ["read"], by="test")
        assert here.keys.authenticate(made.secret) == made.key
        here.keys.revoke("default", made.key.id, by="test")
        assert here.keys.authenticate(made.secret) is None
        rules = here.rules.recent("default")
        rules.seconds = 3600.0
        assert rules.get() == ()
        rule = here.rules.add("default", "pin", ["item_id = a"], by="test")
        assert rules.get() == (rule,)
        here.rules.delete("default", rule.id, by="test")
        assert rules.get() == ()
