"""Next-token cross-entropy: the likelihood of the next item's codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from generec.protocols import NextTokenModel
from generec.types import Batch


@dataclass(frozen=True, kw_only=True)
class NextToken:
    """-sum over levels of log p(code | history, codes before it), averaged over the predicted items (TIGER, eq. 1)."""

    def __call__(self, model: NextTokenModel[Any], batch: Batch) -> Tensor:
        return -model.code_log_probs(batch.context, batch.at, batch.codes).sum(-1).mean()
