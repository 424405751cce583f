"""Loops made behind: what the last one shows meanwhile, and that nothing is lost when the next one comes."""

import threading
from types import SimpleNamespace

import polars as pl
import pytest
import torch

from generec.cli.around import Loops, stale
from generec.cli.talker import ServedTalker
from generec.fidelity.keys import Keys
from generec.loop.generec import GeneRec
from generec.records import Feedback, Guidance, Person
from generec.serving.api.talker import Said
from generec.serving.changes import Deletion, Upsert, changed
from generec.types import Catalog
from small_world import dataset, trained


@pytest.fixture
def shop(tmp_path):
    """A talker whose loops wait for permission, and the system that is served."""

    class Shop:
        system, free, made = trained(), threading.Event(), 0
        failing = False

        def make(self, system):
            assert self.free.wait(60)
            self.made += 1
            if self.failing:
                raise ValueError("it cannot be made")
            return GeneRec(system=system, data=dataset(), folder=tmp_path / "ledger", keys=Keys(tmp_path / "signing"))

        def change(self, *changes):
            self.free.clear()
            self.system = changed(self.system, changes)

        def shown(self, **guidance):
            said = Said(person=Person(history=("i1",)), guidance=Guidance(**guidance), k=60)
            return [one.item_id for one in self.turn(said).slate]

        def turn(self, said):
            return self.talker.turn(said, lambda guidance: None)

        def ready(self):
            """Lets the next loop be made, and waits for it."""
            self.free.set()
            self.talker.loops._coming.exception()

    one = Shop()
    one.free.set()
    one.talker = ServedTalker(lambda: one.system, one.make, named=lambda system: f"v{id(system)}", patience=0.0)
    one.shown()
    one.talker.loops._next = 0.0
    yield one
    one.free.set()


def row(item_id, **fields):
    return Upsert(Catalog(pl.DataFrame({"item_id": [item_id], "title": ["lamp number 99"], **fields})))


def test_what_was_removed_or_changed_is_not_shown_while_the_next_loop_is_made(shop):
    before = shop.shown()
    shop.change(Deletion(("i7",)), row("i9", price=1000.0), row("new", price=2.0))
    meanwhile = shop.shown()
    assert set(before) - set(meanwhile) == {"i7", "i9"}
    assert "new" not in meanwhile
    shop.ready()
    after = shop.shown()
    assert set(before) - set(after) == {"i7"}
    assert {"new", "i9"} <= set(after)
    assert shop.made == 2


def test_many_changes_cost_few_loops_and_the_last_one_counts(shop):
    for number in range(5):
        shop.change(Deletion((f"i{number + 10}",)))
        assert not {f"i{n + 10}" for n in range(number + 1)} & set(shop.shown())
    shop.ready()
    shop.shown()  # the first of them has come
    assert shop.made == 2
    shop.talker.loops._next = 0.0
    shop.shown()
    shop.ready()
    assert not {f"i{n}" for n in range(10, 15)} & set(shop.shown())
    assert shop.talker.loops.now().stale == frozenset()
    assert shop.made == 3


def test_after_a_loop_was_made_there_is_a_rest(shop):
    shop.talker.loops._next = float("inf")
    shop.change(Deletion(("i7",)))
    assert "i7" not in shop.shown()
    assert shop.talker.loops._coming is None


def test_what_the_router_hears_meanwhile_the_next_loop_knows(shop):
    asked = Said(person=Person(history=("i1",), user_id="ann"), words="price below 20", k=5)
    turn = shop.turn(asked)
    liked = [Feedback(turn=turn.id, verdict="like", item_id=turn.slate[0].item_id, user_id="ann")]
    shop.talker.learn(turn, liked)
    shop.change(Deletion(("i7",)))
    again = shop.turn(asked)
    shop.talker.learn(again, [Feedback(turn=again.id, verdict="like", item_id=again.slate[0].item_id, user_id="ann")])
    heard = shop.talker.generec.loop.router.outcomes
    assert heard == 2
    shop.ready()
    assert shop.talker.generec.system is shop.system
    assert shop.talker.generec.loop.router.outcomes == heard


def test_a_loop_that_cannot_be_made_leaves_the_last_one(shop, caplog):
    shop.failing = True
    shop.change(Deletion(("i7",)))
    shop.shown()
    shop.ready()
    assert "i7" not in shop.shown()
    assert "could not be made" in caplog.text
    shop.failing = False
    shop.talker.loops._next = 0.0
    shop.shown()
    shop.ready()
    assert shop.talker.generec.system is shop.system


def test_the_first_loop_is_waited_for_and_its_error_is_told_each_time():
    made = []

    def make(system):
        made.append(1)
        raise ValueError("no data")

    loops = Loops(trained, make)
    for _ in range(2):
        with pytest.raises(ValueError, match="no data"):
            loops.now()
    assert len(made) == 2


def test_a_turn_says_which_version_it_rests_on(shop):
    before = shop.system
    said = Said(person=Person(history=("i1",)), words="lamps")
    assert shop.turn(said).trace["model"] == f"v{id(before)}"
    shop.change(Deletion(("i7",)))
    assert shop.turn(said).trace["model"] == f"v{id(before)}"
    shop.ready()
    assert shop.turn(said).trace["model"] == f"v{id(shop.system)}"


def test_stale_is_what_a_slow_comparison_says():
    old = trained()
    new = changed(old, [Deletion(("i3",)), row("i4", price=4.0), row("fresh"), row("i5", colour=["red"])])
    rows = {one["item_id"]: one for one in new.catalog.frame.to_dicts()}
    alive = dict(zip(new.catalog.item_ids, new.index.alive.tolist(), strict=True))
    slow = {
        one["item_id"] for one in old.catalog.frame.to_dicts()
        if not alive[one["item_id"]] or any(rows[one["item_id"]][name] != value for name, value in one.items())
    }  # fmt: skip
    assert stale(old, new) == slow == {"i3", "i4", "i5"}
    assert stale(old, old) == frozenset()


def test_what_is_the_same_in_another_type_is_not_stale_and_nothing_is_where_nothing_is_known():
    def around(**columns):
        catalog = Catalog(pl.DataFrame({"item_id": ["a", "b", "c"], **columns}))
        return SimpleNamespace(catalog=catalog, index=SimpleNamespace(alive=torch.tensor([True, True, True])))

    old = around(price=[1.0, float("nan"), None], tags=[["x"], None, ["y"]])
    assert stale(old, old) == frozenset()
    assert stale(old, around(price=[1, 2, None], tags=[["x"], None, ["y", "z"]])) == {"b", "c"}
    assert stale(old, around(price=["1", "2", None])) == {"a", "b", "c"}
