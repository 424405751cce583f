"""Retraining at set times beside a running server: in a process of its own, so that nobody's answer waits for it.

The process is `generec retrain --no-activate`; what it accepts, the server takes into memory before it answers. Killed
with the server, it goes on the next time.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from generec.errors import UsageError
from generec.serving.learning.retrain import put_in_charge
from generec.serving.store import Store

_LOG = logging.getLogger(__name__)
BY = "schedule"
_LATE = 3600  # seconds by which a start may be late, after a machine slept, and still be made up for
_MODEST = 10  # nice: those who answer come first
_PATIENCE = 30  # seconds that a retraining has to end in


@dataclass
class RetrainingProcess:
    """One retraining, when it is time. Never raises: what goes wrong is in the log and in the job.

    url, tenant, keys: of the store. activate: lets a running server take a version; None where none runs.
    """

    store: Store
    url: str
    tenant: str
    keys: Path
    activate: Callable[[str], object] | None = None
    options: Sequence[str] = ()
    """Further words for `generec retrain`, such as --if-drifted."""
    _running: subprocess.Popen[str] | None = field(default=None, repr=False)
    _stopped: bool = False

    def __call__(self) -> None:
        done = self._made()
        if done is None:
            return
        if "error" in done:
            _LOG.warning("retraining of %s failed: %s", self.tenant, done["error"]["message"])
            return
        _LOG.info("retraining of %s: %s", self.tenant, done["reason"])
        serving = self.store.models.active(self.tenant)
        if done["accepted"] and not self._stopped and serving is not None and serving.version == done["serving"]:
            try:
                put_in_charge(self.store, self.tenant, done["version"], by=BY, activate=self.activate)
            except Exception:  # a thread of the scheduler: nobody above would hear of it
                _LOG.exception("version %s was accepted and could not be activated", done["version"])

    def stop(self) -> None:
        """Ends a retraining that runs, for good; that of the next server goes on with it."""
        self._stopped, running = True, self._running
        if running is None or running.poll() is not None:
            return
        running.send_signal(signal.SIGINT)  # it saves what it has
        try:
            running.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()

    def _made(self) -> Mapping[str, Any] | None:
        """What the process said; None when it said nothing that can be read."""
        words = [sys.executable, "-m", "generec", "retrain", "--no-activate", "--json", "--quiet",
                 "--tenant", self.tenant, *self.options]  # fmt: skip
        secret = {"GENEREC_STORE": self.url, "GENEREC_KEYS": str(self.keys)}  # not where a list of processes shows it
        self._running = subprocess.Popen(
            words, env={**os.environ, **secret}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip
        with suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, self._running.pid, _MODEST)
        said, complaints = self._running.communicate()
        try:
            found: Mapping[str, Any] = json.loads(said)
        except ValueError:
            _LOG.warning("retraining of %s ended with %s: %s", self.tenant, self._running.returncode, complaints[-500:])
            return None
        return found


def crontab(cron: str) -> Any:
    """The trigger of a crontab line. Raises UsageError for what is none, and where the scheduler is not installed."""
    try:
        from apscheduler.triggers.cron import CronTrigger  # type: ignore[import-untyped]
    except ImportError as error:
        raise UsageError(f'APScheduler is not installed ({error}): pip install "generec[serve]"') from error
    try:
        return CronTrigger.from_crontab(cron, timezone="UTC")
    except ValueError as error:
        raise UsageError(f"{cron!r} is no crontab line ({error}); five fields, such as `0 3 * * *`") from None


@contextmanager
def schedule(
    cron: str, work: Callable[[], None], *, stop: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], None]]:
    """Does the work whenever a crontab line says (UTC; `0 3 * * *` is three at night), while the block runs.

    Gives a function that makes it due at once. One at a time: a start that falls into a running one is left out, and
    those that were missed are made up for once. stop: called at the end of the block for work that is under way.
    Raises UsageError for what is no crontab line.
    """
    trigger = crontab(cron)
    from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]

    scheduler = BackgroundScheduler(timezone="UTC")
    job = scheduler.add_job(work, trigger, max_instances=1, coalesce=True, misfire_grace_time=_LATE)
    scheduler.start()
    try:
        yield lambda: job.modify(next_run_time=datetime.now(UTC))
    finally:
        stop()
        scheduler.shutdown(wait=True)
