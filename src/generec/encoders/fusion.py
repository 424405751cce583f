"""Several encoders side by side: what an item says and what people do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.protocols import FittedEncoder, ItemEncoder
from generec.types import Catalog, Events


@dataclass(frozen=True, kw_only=True)
class ConcatEncoder:
    """Joins the vectors of its parts, each centred on the catalogue, brought to unit length and weighted.

    Squared distances are then the weighted sum (weights squared) of cosine distances, whatever the parts' own scales.
    Vectors that sit at the centre stay 0.
    """

    parts: tuple[ItemEncoder, ...]
    weights: tuple[float, ...] = ()
    """One per part; () weighs all of them 1."""

    def fit(self, catalog: Catalog, train: Events) -> FittedConcat:
        self._check()
        fitted = [part.fit(catalog, train) for part in self.parts]
        means = tuple(part.encode(catalog).mean(0) for part in fitted)
        return FittedConcat(tuple(fitted), means, self._weights())

    def restore(self, state: Mapping[str, Tensor]) -> FittedConcat:
        self._check()
        fitted, means = [], []
        for position, part in enumerate(self.parts):
            prefix = f"part.{position}."
            own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            fitted.append(part.restore(own))
            means.append(state[f"mean.{position}"])
        return FittedConcat(tuple(fitted), tuple(means), self._weights())

    def _weights(self) -> tuple[float, ...]:
        return self.weights or (1.0,) * len(self.parts)

    def _check(self) -> None:
        if not self.parts:
            raise UsageError("ConcatEncoder needs at least one part")
        if self.weights and len(self.weights) != len(self.parts):
            raise UsageError(
                f"ConcatEncoder has {len(self.parts)} parts and {len(self.weights)} weights; give one each"
            )


@dataclass(frozen=True)
class FittedConcat:
    parts: tuple[FittedEncoder, ...]
    means: tuple[Tensor, ...]
    weights: tuple[float, ...]

    def encode(self, items: Catalog) -> Tensor:
        """(n, sum of the parts' widths)."""
        columns = [
            weight * torch.nn.functional.normalize(part.encode(items) - mean, dim=1)
            for part, mean, weight in zip(self.parts, self.means, self.weights, strict=True)
        ]
        return torch.cat(columns, 1)

    def state(self) -> dict[str, Tensor]:
        state = {f"mean.{position}": mean for position, mean in enumerate(self.means)}
        for position, part in enumerate(self.parts):
            state |= {f"part.{position}.{name}": value for name, value in part.state().items()}
        return state
