"""Finds records of the origin ledger by hash, item, id and ancestry without keeping them in memory.

A private SQLite file that ends with its owner: what it says is read from the ledger, whose chain is checked on the way.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Any, Literal

START = "0" * 64
"""What the first record of a ledger names as the one before it."""
_TABLES = """
    PRAGMA journal_mode = OFF;
    CREATE TABLE records (at INTEGER PRIMARY KEY, id TEXT, item TEXT, sha256 TEXT);
    CREATE INDEX of_id ON records (id);
    CREATE INDEX of_item ON records (item);
    CREATE INDEX of_hash ON records (sha256);
    CREATE TABLE steps (above TEXT, below TEXT, PRIMARY KEY (above, below)) WITHOUT ROWID;
    CREATE TABLE origins (number INTEGER PRIMARY KEY, item TEXT UNIQUE, origin TEXT);
    CREATE TABLE down (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_ORIGIN = "INSERT INTO origins (item, origin) VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET origin = excluded.origin"
_REACHED = """
    WITH RECURSIVE reached (name) AS ({starts} UNION SELECT below FROM steps JOIN reached ON above = name)
"""
_DOWN = _REACHED.format(starts="SELECT name FROM down") + "SELECT name FROM reached"
_ROOTLESS = (
    _REACHED.format(starts="SELECT value FROM json_each(?) UNION SELECT item FROM origins WHERE origin = 'human'")
    + "SELECT item FROM origins WHERE item NOT IN reached ORDER BY number"
)


class LedgerIndex:
    """Where the records lie that were read so far. One thread at a time.

    offset: bytes read; number: of the next record; head: id of the last one.
    """

    def __init__(self) -> None:
        self.offset, self.number, self.head = 0, 0, START
        # "" is a file that nobody else can open and that is gone with the connection: SQLite keeps 2 MB of it in memory
        self._tables = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._tables.executescript(_TABLES)

    def enter(self, found: Mapping[str, Any], length: int) -> None:
        """Takes in the next record, of so many bytes."""
        entry, run = found["entry"], self._tables.execute
        item, sha256 = entry["item"], entry["sha256"]
        run("INSERT INTO records VALUES (?, ?, ?, ?)", (self.offset, found["id"], item, sha256 or None))
        self.offset, self.number, self.head = self.offset + length, self.number + 1, found["id"]
        if entry["event"] == "taken_down":
            run("INSERT OR IGNORE INTO down VALUES (?)", (item,))
            return
        steps = [(parent, item) for parent in entry["parents"]] + ([(item, sha256)] if sha256 else [])
        self._tables.executemany("INSERT OR IGNORE INTO steps VALUES (?, ?)", steps)
        run(_ORIGIN, (item, entry["origin"]))

    def at(self, column: Literal["id", "item", "sha256"], value: str) -> list[int]:
        """Offsets of the records in which a column has a value, oldest first."""
        return self._first(f"SELECT at FROM records WHERE {column} = ? ORDER BY at", value)

    def down(self) -> frozenset[str]:
        """What was taken down and all that was made from it."""
        return frozenset(self._first(_DOWN))

    def rootless(self, roots: Collection[str]) -> list[str]:
        """Items with no way back to a human-made one or a root, in the order in which they came."""
        return self._first(_ROOTLESS, json.dumps(list(roots)))

    def _first(self, query: str, *values: str) -> list[Any]:
        return [value for (value,) in self._tables.execute(query, values)]
