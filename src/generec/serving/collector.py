"""Python's garbage collector in a server: what lives long is looked at seldom, so that nobody waits for it."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

_GROWTH = 2  # times as much set aside as after the last whole collection, until there is another one


class Collector:
    """While started, what survives a full collection is set aside (gc.freeze), and not visited by the next ones.

    Visiting all objects stops every thread: a quarter of a second for the half million of a catalogue and the loop
    around it. Python does so whenever there are a quarter more of them; with this, when there are twice as many, and
    after `renew`, which is for moments at which much becomes free.
    """

    def __init__(self) -> None:
        self._least = 0  # objects set aside after the last whole collection

    def start(self) -> None:
        gc.callbacks.append(self._told)

    def stop(self) -> None:
        """Everything is as it was before `start`."""
        if self._told in gc.callbacks:
            gc.callbacks.remove(self._told)
            gc.unfreeze()

    def renew(self) -> None:
        """Lets the next full collection visit everything."""
        gc.unfreeze()

    def _told(self, phase: str, about: Mapping[str, Any]) -> None:
        if phase != "stop" or about["generation"] != 2:
            return
        whole = not gc.get_freeze_count()
        gc.freeze()
        aside = gc.get_freeze_count()
        if whole:
            self._least = aside
        elif aside > _GROWTH * self._least:
            gc.unfreeze()
