"""One small world, and people of it for every test."""

from __future__ import annotations

import pytest

from generec.data.world import World, make_world
from generec.simulation.people import WorldPeople


@pytest.fixture(scope="session")
def world() -> World:
    return make_world(400, 300)


@pytest.fixture
def people(world: World) -> WorldPeople:
    return WorldPeople(world, seed=3)
