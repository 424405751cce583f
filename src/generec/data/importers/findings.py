"""What an import found wrong: raised at once, or repaired, counted and listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from generec.errors import InputError

OnError = Literal["fail", "repair"]
LISTED_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One kind of fault in one file, with what was done about it."""

    kind: str
    """Short stable name, e.g. `duplicate item`."""
    message: str
    file: str
    count: int
    """How many rows have the fault."""
    rows: tuple[int, ...] = ()
    """The first of them, counted from 1 with the header."""
    repair: str

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.rows[:5])) + (", …" if self.count > len(self.rows[:5]) else "")
        place = f"{self.file}, row {shown}" if self.rows else self.file
        return f"{self.count} x {self.kind}: {place}: {self.message}; {self.repair}"


class Findings:
    """Collects faults under one policy; `notes` are remarks about things that are no faults."""

    def __init__(self, on_error: OnError = "fail"):
        self.repairs = on_error == "repair"
        self.found: list[Finding] = []
        self.notes: list[str] = []

    def fault(
        self,
        kind: str,
        message: str,
        *,
        file: str,
        repair: str,
        remedy: str = "",
        rows: Sequence[int] = (),
        count: int = 0,
    ) -> None:
        """Raises InputError, or records the repair that the caller makes next.

        rows: where the fault is, counted from 1; count: how often, when more than the rows listed.
        """
        count = count or len(rows) or 1
        if not self.repairs:
            more = f" ({count} such rows)" if count > 1 else ""
            offer = f"`--on-error repair`: {repair}"
            advice = f"{remedy}, or {offer}" if remedy else offer
            raise InputError(message + more, file=file, row=rows[0] if rows else None, remedy=advice)
        listed = tuple(int(row) for row in rows[:LISTED_ROWS])
        self.found.append(Finding(kind=kind, message=message, file=file, count=count, rows=listed, repair=repair))

    def note(self, text: str) -> None:
        self.notes.append(text)
