"""How many CPU threads to use: two threads on busy cores can be ten times slower than one."""

from __future__ import annotations

import os

import torch


def free_cores() -> int:
    """Cores this process may use that nobody else is using now, at least one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    try:
        busy = os.getloadavg()[0]
    except OSError:
        busy = 0.0
    return max(1, round(allowed - busy))


def set_threads(threads: int = 0) -> int:
    """Sets torch's threads (0: the free cores) and returns their number; only equal threads give equal bits."""
    chosen = threads or free_cores()
    torch.set_num_threads(chosen)
    return chosen
