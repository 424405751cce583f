"""Data sets: imported, checked, split, generated."""

from __future__ import annotations

from generec.data.dataset import fingerprint, pack_events, read_dataset, write_dataset

__all__ = ["fingerprint", "pack_events", "read_dataset", "write_dataset"]
