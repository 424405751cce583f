"""Stages: each takes a system and trains its model further."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

from generec.fitting.loop import Run, Trajectory
from generec.system import System
from generec.types import Case, Events

ModelT_contra = TypeVar("ModelT_contra", contravariant=True)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a stage may look at."""

    events: Events
    validation: tuple[Case, ...] = ()  # empty: nothing is selected, the last weights stay
    epochs: int | None = None  # stop after so many epochs of the stage's schedule (a refit)


class Stage(Protocol[ModelT_contra]):
    """One training step of a recipe."""

    def run(self, system: System[ModelT_contra], lesson: Lesson, run: Run, name: str) -> Trajectory:
        """Trains the system's model in place, and may replace other parts of the system."""
        ...
