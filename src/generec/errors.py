"""Every error a person may meet: what was expected, what came, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class GenerecError(Exception):
    """Root of all errors raised on purpose; the command line prints it, no traceback, and exits with `exit_code`."""

    exit_code = 1


class UsageError(GenerecError):
    """A wrong name, option or combination of options: nothing was started."""

    exit_code = 2


class UnsuitedError(UsageError):
    """The model is of a kind that cannot do this."""


class NothingYetError(UsageError):
    """What this rests on is not there yet."""


class InputError(GenerecError):
    """Data from outside that cannot be used: names the file, the row where there is one, and the remedy."""

    def __init__(self, message: str, *, file: str | None = None, row: int | None = None, remedy: str | None = None):
        place = "" if file is None else f"{file}: " if row is None else f"{file}, row {row}: "
        super().__init__(place + message + ("" if remedy is None else f". {remedy}"))
        self.file, self.row, self.remedy = file, row, remedy


class ArtefactError(GenerecError):
    """A saved model that is damaged, incomplete, foreign or from another version: refused before use."""


class FittingError(GenerecError):
    """Training that cannot start, continue or resume as asked."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that does not exist, with the nearest one that does."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if near:
        hint = f"did you mean {near[0]!r}?"
    elif names:
        hint = "known: " + ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    else:
        hint = "there are none"
    return UsageError(f"unknown {kind} {name!r}; {hint}")
