"""Python's garbage collector in a server: what lives long is looked at seldom, so that nobody waits for it."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

_YOUNG = 20_000  # new objects until the youngest are visited; a request with a thousand events makes as many
# times what was set aside by the last whole collection, or at the start, until there is another one: the loop doubles
# what is there at the start, and is there twice while the next one is made
_GROWTH = 4
_M_ARENA_MAX = -8  # of mallopt(3)
_KERNELS = "32"


class Collector:
    """While started, what survives a full collection is set aside (gc.freeze), and not visited by the next ones.

    Visiting all objects stops every thread: a quarter of a second for the half million of a catalogue and the loop
    around it. Python does so whenever there are a quarter more of them; with this, when there are four times as many,
    and after `renew`. What is there at the start is set aside unseen.
    every: seconds between two counts of what is set aside, since counting visits it too. Whenever everything was
    visited, freed memory is handed back to the machine.
    """

    def __init__(self, every: float = 10.0) -> None:
        self.every = every
        self._least = 0  # objects set aside at the start, or after the last whole collection
        self._whole = False  # the next one is
        self._counted = float("-inf")
        self._before = gc.get_threshold()

    def start(self) -> None:
        self._before = gc.get_threshold()
        gc.set_threshold(_YOUNG, *self._before[1:])
        gc.freeze()
        self._least = gc.get_freeze_count()
        gc.callbacks.append(self._told)

    def stop(self) -> None:
        """Everything is as it was before `start`."""
        if self._told in gc.callbacks:
            gc.callbacks.remove(self._told)
            gc.set_threshold(*self._before)
            gc.unfreeze()

    def renew(self) -> None:
        """Lets the next full collection visit everything."""
        gc.unfreeze()
        self._whole = True

    def _told(self, phase: str, about: Mapping[str, Any]) -> None:
        if phase != "stop" or about["generation"] != 2:
            return
        gc.freeze()
        if self._whole:
            self._least, self._whole = gc.get_freeze_count(), False
            hand_back()
        elif time.monotonic() - self._counted > self.every:
            self._counted = time.monotonic()
            if gc.get_freeze_count() > _GROWTH * self._least:
                self.renew()


def hand_back() -> None:
    """Gives freed memory back to the machine; glibc keeps it, hundreds of MiB after a few models came and went."""
    trim = _libc("malloc_trim")
    if trim is not None:
        trim(0)


def frugal() -> None:
    """Bounds what the libraries underneath keep for themselves; called before there are threads, and before a model.

    glibc gives every thread a heap of its own, and each keeps what its thread needed at most: a sixth of a server's
    memory after half an hour. oneDNN keeps a compiled kernel for each of a thousand shapes that it was ever given, and
    texts come in many lengths: 25 KiB a turn.
    """
    option = _libc("mallopt")
    if option is not None:
        option(_M_ARENA_MAX, 2)
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", _KERNELS)


def _libc(name: str) -> Any:
    """A function of glibc; None elsewhere."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
