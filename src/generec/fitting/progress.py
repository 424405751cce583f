"""Progress of long work: silent in a library, bars with ETA on a terminal.

Where progress goes is a scoped context variable, so that parts need no extra argument:
`with reporting(Bars()): system = recipe.fit(data)`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from generec.protocols import Progress, Task


class Silent:
    """Reports nothing."""

    def start(self, description: str, total: float | None = None) -> Task:
        return _SilentTask()


class _SilentTask:
    def advance(self, steps: float = 1, note: str = "") -> None:
        return

    def finish(self) -> None:
        return


class Bars:
    """Bars on standard error; on something that is no terminal, one line when a piece of work is done.

    For many threads at once.
    """

    def __init__(self, console: Console | None = None):
        self._console = console or Console(stderr=True)
        self._bars = RichProgress(
            TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn(),
            TextColumn("eta"), TimeRemainingColumn(), TextColumn("[dim]{task.fields[note]}"),
            console=self._console, disable=not self._console.is_terminal,
        )  # fmt: skip
        self._open, self._lock = 0, threading.Lock()

    def start(self, description: str, total: float | None = None) -> Task:
        with self._lock:
            if self._open == 0:
                self._bars.start()
            self._open += 1
            return _Bar(self, description, total)

    def _finished(self, bar: _Bar) -> None:
        with self._lock:
            self._bars.stop_task(bar.task)
            self._bars.refresh()
            self._open -= 1
            if not self._console.is_terminal:
                seconds = next(task.elapsed for task in self._bars.tasks if task.id == bar.task) or 0.0
                self._console.print(f"{bar.description}: {seconds:.1f} s {bar.note}".rstrip(), highlight=False)
            if self._open == 0:
                self._bars.stop()
                for task in self._bars.task_ids:
                    self._bars.remove_task(task)


class _Bar:
    def __init__(self, bars: Bars, description: str, total: float | None):
        self.bars, self.description, self.note = bars, description, ""
        self.task = bars._bars.add_task(description, total=total, note="")

    def advance(self, steps: float = 1, note: str = "") -> None:
        self.note = note or self.note
        self.bars._bars.update(self.task, advance=steps, note=self.note)

    def finish(self) -> None:
        self.bars._finished(self)


_current: ContextVar[Progress] = ContextVar("progress", default=Silent())  # noqa: B039 - Silent has no state


@contextmanager
def reporting(progress: Progress) -> Iterator[None]:
    """Sends the progress of everything inside to `progress`."""
    token = _current.set(progress)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def task(description: str, total: float | None = None) -> Iterator[Task]:
    """One piece of work: `with task("encode", len(texts)) as bar: bar.advance(64)`."""
    bar = _current.get().start(description, total)
    try:
        yield bar
    finally:
        bar.finish()
