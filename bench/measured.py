"""How figures were measured, beside the figures: what every file of docs/results says of itself."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from generec.fitting.checkpoint import write_atomically

# asked when the code is read: by the time a long bench ends, the checkout may have moved on
COMMIT = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()


def stolen() -> float:
    """CPU seconds that other guests of the host took from this machine since it runs; 0 where nobody counts them."""
    counts = Path("/proc/stat")
    return int(counts.read_text().split()[8]) / os.sysconf("SC_CLK_TCK") if counts.exists() else 0.0


_STOLEN = stolen()


def processor() -> str:
    """The processor by its name, where the system tells it."""
    known = Path("/proc/cpuinfo")
    names = [line for line in known.read_text().splitlines() if line.startswith("model name")] if known.exists() else []
    return names[0].partition(":")[2].strip() if names else platform.machine()


def measured() -> dict[str, Any]:
    """Command, commit and machine of this process. Paths outside of the folder it runs in lose their folders."""
    words = [Path(word).name if os.path.isabs(word) else word for word in sys.argv[1:]]
    machine = {"processor": processor(), "cores": os.cpu_count(), "python": platform.python_version(),
               "torch": version("torch"), "threads": torch.get_num_threads(), "load": os.getloadavg(),
               "stolen_cpu_s": round(stolen() - _STOLEN, 1)}  # fmt: skip
    return {
        "command": " ".join(["python", f"bench/{Path(sys.argv[0]).name}", *words]), "commit": COMMIT,
        "machine": machine,
    }  # fmt: skip


def written(file: Path, figures: Mapping[str, Any]) -> None:
    """The figures and how they were measured, in a file."""
    text = json.dumps({**measured(), **figures}, indent=1, ensure_ascii=False) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.encode())
