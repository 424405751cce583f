"""Appends to a store for ever and says after each acknowledgement which event was the last; killed by the test."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from generec.data.entries import Entry
from generec.serving.store import Store

BATCH = 20


def write(url: str, keys: Path, number: int, said: Connection) -> None:
    """Odd events go in batches, even ones alone, as in bench/feedback_kills.py."""
    log = Store.open(url, keys).log("default")
    said.send(-1)
    while True:
        size = BATCH if number % 2 else 1
        log.append(
            Entry(kind="click", user_id=f"u{n % 17}", item_id=f"i{n}", key=f"k{n}", payload={"words": f"said {n}"})
            for n in range(number, number + size)
        )
        number += size
        said.send(number - 1)
