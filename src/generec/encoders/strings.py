"""Strings as tensors, so that words and ids travel in safetensors files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from generec.errors import ArtefactError


def packed_strings(strings: Sequence[str]) -> Tensor:
    """UTF-8 bytes, each string ended by a zero byte, (bytes,) uint8. Strings must not hold zero characters."""
    return torch.from_numpy(np.frombuffer(b"".join(text.encode() + b"\0" for text in strings), dtype=np.uint8).copy())


def unpacked_strings(packed: Tensor) -> tuple[str, ...]:
    """The strings of `packed_strings`; ArtefactError when the bytes are not its."""
    data = packed.numpy().tobytes()
    if data and not data.endswith(b"\0"):
        raise ArtefactError("packed strings end in the middle; fit and save the encoder again")
    try:
        return tuple(data.decode().split("\0")[:-1])
    except UnicodeDecodeError as error:
        raise ArtefactError(f"packed strings are not UTF-8 ({error}); fit and save the encoder again") from error
