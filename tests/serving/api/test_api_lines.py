"""The request log: written behind the requests, errors at once, and nothing is lost at the end."""

import io
import logging
import threading

import pytest

from generec.serving.api import lines
from generec.serving.api.lines import Lines


@pytest.fixture
def log(monkeypatch):
    monkeypatch.setattr(lines, "_SOON", 3600)
    stream = io.StringIO()
    handler, logger = Lines(stream), logging.Logger("test")
    logger.addHandler(handler)
    yield logger, handler, stream.getvalue
    handler.close()


def test_lines_wait_errors_do_not(log):
    logger, _, written = log
    logger.info("one")
    assert not written()
    logger.error("two")
    assert written() == "one\ntwo\n"


def test_at_the_end_and_after_it_all_is_written(log):
    logger, handler, written = log
    logger.info("one")
    handler.close()
    logger.info("two")
    assert written() == "one\ntwo\n"


def test_lines_are_written_soon_and_each_once(monkeypatch):
    monkeypatch.setattr(lines, "_SOON", 0.001)
    stream = io.StringIO()
    handler, logger = Lines(stream), logging.Logger("test")
    logger.addHandler(handler)
    threads = [threading.Thread(target=lambda: [logger.info("%s", n) for n in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logger.info("last")
    while "last" not in stream.getvalue():
        threading.Event().wait(0.001)
    handler.close()
    assert sorted(stream.getvalue().split()) == sorted([*map(str, range(500))] * 4 + ["last"])
