"""A report that is measured part by part: what was measured with the same settings is not measured again."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from generec.fitting.checkpoint import write_atomically
from generec.metrics.intervals import Interval


@dataclass(frozen=True)
class Record:
    """A JSON file of settings and parts; several processes may measure parts of one file at a time."""

    file: Path
    settings: Mapping[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """What stands in the file, if it is of these settings; otherwise the settings alone."""
        found = json.loads(self.file.read_text(encoding="utf-8")) if self.file.is_file() else {}
        same = isinstance(found, dict) and found.get("settings") == json.loads(json.dumps(self.settings))
        return found if same else {"settings": dict(self.settings)}

    def part(self, name: str, measure: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        """One part: as it was measured before, else measured now and written down with how it was measured."""
        if name not in self.document:
            began, cpu = time.monotonic(), time.process_time()
            found = plain(measure())
            how = {
                "command": " ".join(["generec", *sys.argv[1:]]), "commit": commit(), "cores": os.cpu_count(),
                "python": platform.python_version(), "seconds": round(time.monotonic() - began),
                "cpu seconds": round(time.process_time() - cpu),
            }  # fmt: skip
            before = self.document
            document = before | {name: found, "measured": before.get("measured", {}) | {name: how}}
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self.file, (json.dumps(document, indent=1) + "\n").encode())
        part: dict[str, Any] = self.document[name]
        return part


def commit() -> str | None:
    """Of the checkout that tracks this code; None where it was installed without one."""

    def git(*words: str) -> str:
        asked = ["git", "-C", str(Path(__file__).parent), *words]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", Path(__file__).name)
        return git("rev-parse", "HEAD")
    except (OSError, subprocess.CalledProcessError):
        return None


def plain(value: Any) -> Any:
    """Figures as JSON has them, intervals by their fields."""
    if isinstance(value, Interval):
        return asdict(value)
    return {name: plain(member) for name, member in value.items()} if isinstance(value, Mapping) else value
