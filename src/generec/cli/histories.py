"""What people did before there was a server: brought into its log while it starts, or by `generec store import`."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from generec.errors import GenerecError, UsageError
from generec.fitting.progress import task

if TYPE_CHECKING:
    from generec.serving.store import Store
    from generec.serving.store.imports import Histories
    from generec.serving.store.jobs import Job

PATIENCE = 1.0
"""Seconds that a server waits for histories before it answers without the rest of them."""


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
    """An import beside a server that starts and answers."""

    def __init__(
        self, read: Callable[[], Histories], gone: Callable[[], frozenset[str]], then: Callable[[Histories], object]
    ):
        self._read, self._gone, self._then, self._end = read, gone, then, threading.Event()
        context = contextvars.copy_context()  # where progress goes
        self._thread = threading.Thread(target=context.run, args=(self._bring,), name="histories")

    def start(self, patience: float = PATIENCE) -> None:
        """Begins, and waits so many seconds for the end: small data are there before anybody asks."""
        self._thread.start()
        self._thread.join(patience)
        if self._thread.is_alive():
            sys.stderr.write("histories are being imported while the server answers; GET /v1/jobs says how far it is\n")

    def stop(self) -> None:
        """Ends after the batch under way; the next start goes on there."""
        self._end.set()
        self._thread.join()

    def _bring(self) -> None:
        try:
            found = self._read()
            if found.due:
                brought(found, self._gone, self._end.is_set)
            if found.done:
                self._then(found)
        except GenerecError as error:
            sys.stderr.write(f"warning: no histories were imported: {error}\n")
