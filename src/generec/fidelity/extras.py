"""Libraries of the extra `loop`: imported where they are used, with an error that says how to get them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from generec.errors import UsageError


@contextmanager
def loop_extra(package: str) -> Iterator[None]:
    """Stands around the imports of one package. Raises UsageError with the command that installs it."""
    try:
        yield
    except ImportError as error:
        raise UsageError(f'{package} is not installed ({error}): pip install "generec[loop]"') from error
