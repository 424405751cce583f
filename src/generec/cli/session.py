"""What every command shares: --json, --seed, --threads, --quiet, one way to print and one way to fail."""

from __future__ import annotations

import json as json_module
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import typer

from generec.errors import GenerecError

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output instead of tables.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]
Threads = Annotated[int, typer.Option("--threads", min=0, help="CPU threads; 0 chooses from the free cores.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]


_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters on which a terminal acts (escape sequences, bells, reversed writing), and halves of characters."""


def harmless(text: str) -> str:
    """A text as a terminal may have it: what others wrote into a title cannot move, colour or rename anything."""
    return _ACTING.sub(lambda found: ascii(found.group())[1:-1], text.replace("\r\n", "\n"))


class Output:
    """Prints a command's result: a JSON document with --json, otherwise text and tables for people."""

    def __init__(self, as_json: bool, quiet: bool):
        self.as_json, self.quiet = as_json, quiet

    def document(self, value: Mapping[str, Any]) -> None:
        """The machine-readable result, printed with --json only."""
        if self.as_json:
            sys.stdout.write(json_module.dumps(value, indent=2, default=str, allow_nan=False) + "\n")

    def text(self, line: str = "") -> None:
        """A line for people."""
        if not self.as_json:
            from rich.console import Console

            Console(highlight=False, soft_wrap=True).print(harmless(line), markup=False)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A table for people; numbers are right-aligned."""
        if self.as_json:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(title=harmless(title) or None, title_justify="left")
        wide = None if sys.stdout.isatty() else 140  # a file or a pipe has room
        for position, column in enumerate(columns):
            numeric = all(isinstance(row[position], int | float) for row in rows) and bool(rows)
            justify: Literal["left", "right"] = "right" if numeric else "left"
            table.add_column(harmless(column), justify=justify, overflow="fold", no_wrap=position == 0)
        for row in rows:
            table.add_row(*(f"{cell:.4f}" if isinstance(cell, float) else harmless(str(cell)) for cell in row))
        Console(highlight=False, width=wide).print(table, markup=False)


@contextmanager
def session(
    json: bool = False, seed: int = 0, threads: int = 0, quiet: bool = False, torch: bool = True
) -> Iterator[Output]:
    """Runs a command: progress, threads and seed set up, errors of the library printed with their remedy.

    Exit code 1 for bad data, artefacts or training, 2 for usage, 130 for an interrupt. With --json an error is a JSON
    document {"error": {"type", "message"}} on standard output too, so that a script always reads JSON.
    """
    from generec.fitting.progress import Bars, Silent, reporting

    if torch:
        from generec.fitting.threads import set_threads

        set_threads(threads)
    try:
        with reporting(Silent() if quiet else Bars()):
            yield Output(json, quiet)
    except GenerecError as error:
        if json:
            document = {"error": {"type": type(error).__name__, "message": str(error)}}
            sys.stdout.write(json_module.dumps(document) + "\n")
        sys.stderr.write(f"error: {harmless(str(error))}\n")
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        raise typer.Exit(130) from None
