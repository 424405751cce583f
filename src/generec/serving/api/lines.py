"""A log written behind the requests that it is about."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from typing import TextIO

_SOON = 0.1  # seconds until a line is written


class Lines(logging.Handler):
    """Writes lines together, in a thread of its own; errors at once.

    Each write lets go of the interpreter, and who asked would wait for the model's thread to hand it back. What was
    said in the last tenth of a second is lost with a process that is killed; `close` writes all of it.
    """

    def __init__(self, stream: TextIO | None = None):
        super().__init__()
        self.stream = sys.stderr if stream is None else stream
        self._waiting: deque[str] = deque()
        self._writing, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Takes a line."""
        self._waiting.append(self.format(record))
        if record.levelno >= logging.ERROR or self._ended.is_set():
            self.flush()

    def flush(self) -> None:
        """Writes what waits."""
        with self._writing:
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if lines:
                self.stream.write("\n".join(lines) + "\n")
                self.stream.flush()

    def close(self) -> None:
        """Writes everything, and ends the thread."""
        self._ended.set()
        self._thread.join()
        self.flush()
        super().close()

    def _write_on(self) -> None:
        while not self._ended.wait(_SOON):
            self.flush()
