"""Work in Python beside a model that answers: it lets go of the interpreter lock as soon as another thread wants it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

QUICK = 1e-4
"""Seconds that a thread waits until the one that holds the interpreter lock has to let go; Python's own are 5e-3.

A slate is hundreds of steps of the model. At each the lock is free for a moment, and who computes in Python takes it:
one slate waits for it hundreds of times. Always so, it would cost a seventh of what the server answers.
"""
_lock = Lock()
_inside = 0
_usual = 0.0


@contextmanager
def courteous() -> Iterator[None]:
    """For everything that computes in Python for long in a server; several threads may be inside at once."""
    global _inside, _usual
    with _lock:
        if not _inside:
            _usual = sys.getswitchinterval()
            sys.setswitchinterval(QUICK)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                sys.setswitchinterval(_usual)
