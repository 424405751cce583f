"""Where training figures go besides metrics.jsonl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from generec.errors import FittingError
from generec.fitting.loop import Recorder


class TensorBoard:
    """Writes scalars for TensorBoard (the extra `tensorboard`)."""

    def __init__(self, directory: Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise FittingError("TensorBoard is not installed; pip install 'generec[tensorboard]'") from error
        self._writer = SummaryWriter(str(directory))

    def log(self, row: Mapping[str, Any]) -> None:
        for name, value in row.items():
            if isinstance(value, int | float) and name not in ("epoch", "step"):
                self._writer.add_scalar(f"{row['run']}/{name}", value, row["step"])
        self._writer.flush()


def recorders(tensorboard: Path | None) -> tuple[Recorder, ...]:
    return () if tensorboard is None else (TensorBoard(tensorboard),)
