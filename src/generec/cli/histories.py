"""What people did before there was a server: brought into its log while it starts, or by `generec store import`."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from generec.errors import GenerecError, UsageError

if TYPE_CHECKING:
    from generec.serving.store import Store
    from generec.serving.store.imports import Histories
    from generec.serving.store.jobs import Job

FEW = 10_000
"""Events that a server imports before it answers: less than a second."""


def histories(store: Store, tenant: str, model: Path | None, data: Path | None, by: str) -> Histories:
    """The histories of a data set, by default the one that the model was trained on. Raises where there is none."""
    from generec.data.dataset import read_dataset
    from generec.recipe.artefact import read_manifest
    from generec.serving.store.imports import Histories

    if data is None and model is not None:
        remembered = (read_manifest(model).get("training") or {}).get("data", {}).get("directory")
        data = Path(remembered) if remembered else None
    if data is None:
        raise UsageError("the model remembers no data set: say where people's histories are with --data DIR")
    return Histories(store, tenant, read_dataset(data), by)


def brought(
    from_data: Histories,
    gone: Callable[[], frozenset[str]] = frozenset,
    stopped: Callable[[], bool] = lambda: False,
) -> Job:
    """Brings them in, with a bar."""
    from generec.fitting.progress import task

    with task("import events", from_data.data.events.height) as bar:
        return from_data.bring(lambda events: bar.advance(events), gone, stopped)


def learned(store: Store, tenant: str, version: str, model: Path, from_data: Histories) -> bool:
    """Writes down whose events a version was trained on, where these are they: who leaves then flags it.

    Whether it was written down now.
    """
    from generec.recipe.artefact import read_manifest
    from generec.serving.store.dataset import marked

    trained = (read_manifest(model).get("training") or {}).get("data", {}).get("fingerprint")
    if trained != from_data.name or marked(store, tenant, version):
        return False
    store.log(tenant).mark_trained(version, from_data.data.events["user_id"].unique().to_list())
    return True


class Behind:
    """The import of a server that starts: few events before it answers, many beside it.

    gone: people who were deleted since it started; then: told when all events are in the log, now or before.
    """

    def __init__(
        self, read: Callable[[], Histories], gone: Callable[[], frozenset[str]], then: Callable[[Histories], object]
    ):
        self._read, self._gone, self._then, self._end = read, gone, then, threading.Event()
        self._found: Histories | None = None
        context = contextvars.copy_context()  # where progress goes
        self._thread = threading.Thread(target=context.run, args=(self._bring,), name="histories")

    def before(self) -> None:
        """Before the server answers: what takes no time is there when the first person asks."""
        try:
            self._found = self._read()
        except GenerecError as error:
            sys.stderr.write(f"warning: no histories were imported: {error}\n")
            return
        if self._found.done or self._found.data.events.height <= FEW:
            self._bring()

    def after(self) -> None:
        """Once it answers: the rest, which costs nobody's start."""
        if self._found is not None and self._found.due:
            sys.stderr.write("histories are imported while the server answers; GET /v1/jobs says how far they are\n")
            self._thread.start()

    def stop(self) -> None:
        """Ends after the batch under way; the next start goes on there."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _bring(self) -> None:
        assert self._found is not None
        try:
            if self._found.due:
                brought(self._found, self._gone, self._end.is_set)
            if self._found.done:
                self._then(self._found)
        except GenerecError as error:
            sys.stderr.write(f"warning: the histories are not all imported: {error}\n")
