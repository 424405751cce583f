"""People who take from slates: known answers, a slow twin, the same chance for every policy."""

import numpy as np
import pytest
import torch

from generec.simulation.chance import uniform
from generec.simulation.slates import Shelves, SlateLaw, SlateWorld, live

SMALL = SlateLaw(items=60, topics=6)


def test_the_walk_down_a_slate_equals_one_person_place_by_place():
    world = SlateWorld.make(SMALL, 3)
    crowd = world.arrive(np.arange(20))
    for _ in range(4):
        shown = Shelves()(crowd, torch.empty(20, 0, dtype=torch.int64))
        taken, after = crowd.meet(shown)
        for person in range(20):
            best = SMALL.restraint - np.log(-np.log(uniform(3, person, crowd.step, 3)))
            place = -1
            for at, item in enumerate(shown[person].tolist()):
                looks = uniform(3, person, crowd.step, at, 1) < SMALL.glance**at
                if item < 0 or not looks or crowd.had[person, item]:
                    continue
                fit = SMALL.sharpness * world.vectors[item] @ world.middles[crowd.topic[person]] + world.quality[item]
                felt = fit - np.log(-np.log(uniform(3, person, crowd.step, item, 2)))
                if felt > best:
                    best, place = felt, at
            assert taken[person] == place
        crowd = after
    assert crowd.had.any()


def test_topics_move_by_the_law():
    law = SlateLaw(items=60, topics=6, stay=0.0, lead=1.0, bored=0.0)
    world = SlateWorld.make(law, 0)
    crowd = world.arrive(np.arange(50))
    shown = Shelves()(crowd, torch.empty(50, 0, dtype=torch.int64))
    taken, after = crowd.meet(shown)
    clicks = taken >= 0
    assert clicks.any()
    assert not clicks.all()
    item = shown[np.arange(50), taken]
    assert (after.topic[clicks] == world.follows[world.topics[item[clicks]]]).all()
    assert (after.topic[~clicks] == crowd.topic[~clicks]).all()


def test_nobody_takes_a_thing_twice_and_everything_taken_was_shown():
    world = SlateWorld.make(SMALL, 1)
    slates = live(world.arrive(np.arange(30)), Shelves(), 8)
    assert slates.shown.shape == (30, 8, 12)
    for person in slates.clicked.tolist():
        had = [item for item in person if item >= 0]
        assert len(had) == len(set(had))
    for slate in slates.shown.flatten(0, 1).tolist():
        items = [item for item in slate if item >= 0]
        assert 4 <= len(items) == len(set(items))
    assert 0.1 < float((slates.taken >= 0).double().mean()) < 0.9


def test_a_slate_of_what_is_wanted_is_taken_from_more_often():
    world = SlateWorld.make(SMALL, 2)

    def best(crowd, clicked):
        everything = np.tile(np.arange(SMALL.items), (len(crowd.users), 1))
        return np.argsort(-crowd.worth(everything), axis=1)[:, :6]

    lived = [live(world.arrive(np.arange(40)), show, 6) for show in (best, Shelves())]
    clicks = [float((slates.taken >= 0).double().mean()) for slates in lived]
    assert clicks[0] > clicks[1] + 0.1


@pytest.mark.parametrize("seed", [0, 1])
def test_people_are_the_same_alone_and_in_a_crowd(seed):
    world = SlateWorld.make(SMALL, seed)
    together, alone = world.arrive(np.arange(10)), world.arrive(np.array([7]))
    shown = np.random.default_rng(seed).integers(SMALL.items, size=(10, 5))
    taken, after = together.meet(shown)
    own, then = alone.meet(shown[7:8])
    assert own[0] == taken[7]
    assert then.topic[0] == after.topic[7]
