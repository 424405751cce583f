"""The embedded world: a made catalogue, simulated people and their log, so that everything runs with no download."""

from generec.data.world.behaviour import Behaviour
from generec.data.world.making import Hidden, World, make_world

__all__ = ["Behaviour", "Hidden", "World", "make_world"]
