"""Keeps sentence vectors on disk, so that a text is encoded once per machine and not once per run."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

ResultT = TypeVar("ResultT")
_QUERY = 500  # keys per SELECT; SQLite builds differ in how many variables they allow
_WAIT = 60.0  # seconds to wait for another process's write


def cache_folder() -> Path:
    """Where derived files that can be made again are kept: $GENEREC_CACHE, else ~/.cache/generec."""
    chosen = os.environ.get("GENEREC_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "generec"


class VectorCache:
    """Vectors of texts under the name of the model that made them.

    One SQLite file per model: its transactions make writes atomic and let several processes share it. Vectors are raw
    little-endian float16 with a checksum each; a row whose checksum fails counts as absent and is written again. A
    file that SQLite calls damaged is set aside as `.damaged`; a folder that cannot be written to costs a warning, never
    the run.
    """

    def __init__(self, model: str, folder: Path | None = None):
        self.path = (folder or cache_folder()) / f"sentences-{model[:32]}.sqlite"

    def get(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """The vectors that are there and whole, each (D,) float16."""
        by_key = {_key(text): text for text in texts}
        return self._guarded(lambda: self._read(by_key), default={})

    def put(self, texts: Sequence[str], vectors: Tensor) -> None:
        """Keeps one vector per text, (n, D); all of them or, when the process dies, none."""
        values = vectors.to(torch.float16).cpu().numpy().astype("<f2")
        rows = []
        for text, value in zip(texts, values, strict=True):
            key, blob = _key(text), value.tobytes()
            rows.append((key, blob, _checksum(key, blob)))
        self._guarded(lambda: self._write(rows), default=None)

    def _read(self, by_key: dict[bytes, str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        if not self.path.exists():
            return found
        keys = list(by_key)
        with self._open() as connection:
            for start in range(0, len(keys), _QUERY):
                some = keys[start : start + _QUERY]
                marks = ",".join("?" * len(some))
                rows = connection.execute(f"SELECT text, vector, checksum FROM vectors WHERE text IN ({marks})", some)
                for key, blob, checksum in rows:
                    if isinstance(blob, bytes) and checksum == _checksum(key, blob):
                        found[by_key[key]] = torch.from_numpy(np.frombuffer(blob, dtype="<f2").astype(np.float16))
        return found

    def _write(self, rows: list[tuple[bytes, bytes, bytes]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=_WAIT)) as connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors "
                "(text BLOB PRIMARY KEY, vector BLOB NOT NULL, checksum BLOB NOT NULL) WITHOUT ROWID"
            )
            yield connection

    def _guarded(self, action: Callable[[], ResultT], default: ResultT) -> ResultT:
        try:
            return action()
        except (sqlite3.OperationalError, OSError) as error:  # locked, full, read-only: the file itself may be sound
            warnings.warn(f"no cache of sentence vectors at {self.path}: {error}", stacklevel=3)
        except sqlite3.DatabaseError as error:
            warnings.warn(f"{self.path} is damaged ({error}); it is set aside and made again", stacklevel=3)
            aside = self.path.with_suffix(".damaged")
            if self.path.exists():
                self.path.replace(aside)
        return default


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _checksum(key: bytes, blob: bytes) -> bytes:
    return hashlib.sha256(key + blob).digest()[:8]
