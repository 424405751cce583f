"""Progress of many threads at once: each piece of work begins, ends and is told once."""

import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from rich.console import Console

from generec.fitting.progress import Bars, reporting, task


def test_bars_of_many_threads_do_not_disturb_one_another():
    told = io.StringIO()

    def work(number: int) -> None:
        with task(f"piece {number}", 1) as bar:
            bar.advance()

    with reporting(Bars(Console(file=told, width=80))), ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(copy_context().run, work, number) for number in range(400)]
    assert [one.exception() for one in asked if one.exception()] == []
    lines = Counter(line.split(":")[0] for line in told.getvalue().splitlines())
    assert lines == {f"piece {number}": 1 for number in range(400)}
