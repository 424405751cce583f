"""No features at all, for models that live by item IDs alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.types import Catalog, Events


@dataclass(frozen=True, kw_only=True)
class NoFeatures:
    """Encodes every item as a vector of width 0. It is its own fitted form: there is nothing to learn."""

    def fit(self, catalog: Catalog, train: Events) -> NoFeatures:
        return self

    def restore(self, state: Mapping[str, Tensor]) -> NoFeatures:
        return self

    def encode(self, items: Catalog) -> Tensor:
        return torch.zeros(len(items), 0)

    def state(self) -> dict[str, Tensor]:
        return {}
