"""Retraining at set times: what is a time, one at a time, and a process that a server takes the result of."""

import logging
import threading

import pytest

from generec.errors import UsageError
from generec.serving.learning.schedule import RetrainingProcess, schedule


def test_work_is_done_when_it_is_due_and_one_at_a_time():
    begun, go_on = threading.Semaphore(0), threading.Event()

    def work():
        begun.release()
        assert go_on.wait(30)

    with schedule("0 3 1 1 *", work) as now:
        assert not begun.acquire(timeout=0.2), "not before its time"
        now()
        assert begun.acquire(timeout=30)
        now()
        assert not begun.acquire(timeout=0.5), "a second one waits for the first"
        go_on.set()


@pytest.mark.parametrize("words", ["", "at night", "0 3 * *", "61 3 * * *", "0 3 * * * *"])
def test_what_is_no_crontab_line_is_refused(words):
    with pytest.raises(UsageError, match="no crontab line"), schedule(words, lambda: None):
        pass


def test_a_server_takes_what_the_process_made(served, place, caplog):
    caplog.set_level(logging.INFO)
    before, taken = served.models.active("default").version, []

    def activate(version):
        taken.append(version)
        served.models.activate("default", version, by="server")

    process = RetrainingProcess(
        store=served, url=place[0], tenant="default", keys=place[1], activate=activate,
        options=("--margin", "1", "--threads", "1"),
    )  # fmt: skip
    process()
    assert taken == [served.models.active("default").version]
    assert taken != [before]
    assert "not worse" in caplog.text
    process.stop()  # nothing runs: nothing to end


def test_what_goes_wrong_is_told_and_stops_nobody(store, place, caplog):
    options = ("--margin", "much")
    RetrainingProcess(store=store, url=place[0], tenant="default", keys=place[1], options=options)()
    assert "--margin" in caplog.text
