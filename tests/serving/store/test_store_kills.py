"""kill -9 while feedback is written through the store: nothing acknowledged is lost, nothing is stored twice."""

from __future__ import annotations

import multiprocessing
import random
import signal
import time

import store_writer

KILLS, RESENT = {"sqlite": 20, "postgresql": 5}, 30


def test_killed_again_and_again_nothing_is_lost_or_doubled(place):
    kills = KILLS[place.url.partition(":")[0]]
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(
        ["__main__", "store_writer", "alembic.command", "sqlalchemy.dialects.postgresql.psycopg"]
    )
    moments, acknowledged = random.Random(0), -1
    for _ in range(kills):
        here, there = processes.Pipe(duplex=False)
        start = max(0, acknowledged - RESENT)  # a client sends again what it saw no acknowledgement of
        writer = processes.Process(target=store_writer.write, args=(place.url, place.keys, start, there))
        writer.start()
        there.close()
        for _ in range(moments.randint(1, 5)):  # -1 when it is open, then one acknowledgement after the other
            acknowledged = max(acknowledged, here.recv())
        time.sleep(moments.uniform(0, 0.01))
        writer.kill()
        writer.join()
        assert writer.exitcode == -signal.SIGKILL
        try:
            while True:
                acknowledged = max(acknowledged, here.recv())
        except (EOFError, OSError):  # what was cut off by the kill says nothing
            here.close()
        with place.open() as store:
            assert store.log("default").verify() is None
            stored = [int(item_id[1:]) for item_id in store.log("default").events()["item_id"]]
        assert len(stored) == len(set(stored))
        assert set(range(acknowledged + 1)) <= set(stored)
    assert acknowledged > kills
