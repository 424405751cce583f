"""A fitted quantiser and the IDs it gave: the form that every learned tokenizer takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import ArtefactError, InputError
from generec.nn.quantizer import residual_codes, residual_sum
from generec.tokenizers.collisions import Codes, Collisions, Quantizer, check_distinct, resolve
from generec.types import SemanticIds


@dataclass(frozen=True)
class QuantizedTokenizer:
    """Semantic IDs from a quantiser, made distinct by a collision rule."""

    quantizer: Quantizer
    collisions: Collisions
    raw: Tensor  # (N, L) codes before collisions were resolved
    ids: SemanticIds

    @staticmethod
    def fit(quantizer: Quantizer, collisions: Collisions, features: Tensor, raw: Tensor) -> QuantizedTokenizer:
        return QuantizedTokenizer(quantizer, collisions, raw, resolve(collisions, quantizer, features, raw))

    def encode(self, features: Tensor, taken: SemanticIds) -> Tensor:
        """Codes of new items, (n, D) -> (n, L): nearest codes, moved or numbered where those are taken."""
        check_features(features)
        if taken.sizes != self.ids.sizes:
            raise InputError(f"taken IDs have sizes {taken.sizes}, this tokenizer's are {self.ids.sizes}")
        return self.collisions.place(self.quantizer, features, self.quantizer.codes(features), taken)

    def state(self) -> dict[str, Tensor]:
        return ids_state(self.ids) | {"raw": self.raw.to(torch.int32)} | self.quantizer.state()

    @staticmethod
    def restore(quantizer: Quantizer, collisions: Collisions, state: Mapping[str, Tensor]) -> QuantizedTokenizer:
        return QuantizedTokenizer(quantizer, collisions, state["raw"].long(), restored_ids(state))


@dataclass(frozen=True)
class ResidualQuantizer:
    """A vector as a sum of one codebook entry per level, chosen greedily."""

    codebooks: tuple[Tensor, ...]  # L of (K, D)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(len(codebook) for codebook in self.codebooks)

    def codes(self, features: Tensor) -> Tensor:
        return residual_codes(features, self.codebooks)

    def costs(self, feature: Tensor, prefix: Codes) -> Tensor:
        left = feature
        for codebook, code in zip(self.codebooks, prefix, strict=False):
            left = left - codebook[code]
        return (self.codebooks[len(prefix)] - left).square().sum(1)

    def vectors(self, codes: Tensor) -> Tensor:
        return residual_sum(codes, self.codebooks)

    def state(self) -> dict[str, Tensor]:
        return {f"codebook.{level}": codebook for level, codebook in enumerate(self.codebooks)}

    @staticmethod
    def restore(state: Mapping[str, Tensor]) -> ResidualQuantizer:
        return ResidualQuantizer(codebooks(state))


def codebooks(state: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """The codebooks of a saved quantiser, in order of their levels."""
    levels = sum(name.startswith("codebook.") for name in state)
    return tuple(state[f"codebook.{level}"] for level in range(levels))


def ids_state(ids: SemanticIds) -> dict[str, Tensor]:
    return {"codes": ids.codes.to(torch.int32), "sizes": torch.tensor(ids.sizes)}


def restored_ids(state: Mapping[str, Tensor]) -> SemanticIds:
    """Saved IDs; ArtefactError when they are not codes in range, one tuple per item."""
    try:
        ids = SemanticIds(state["codes"].long(), tuple(int(size) for size in state["sizes"]))
        check_distinct(ids.codes)
    except (KeyError, InputError) as error:
        raise ArtefactError(f"the saved semantic IDs cannot be used: {error}; fit the tokenizer again") from error
    if len(ids) and ((ids.codes < 0) | (ids.codes >= state["sizes"])).any():
        raise ArtefactError("the saved semantic IDs exceed their codebooks; fit the tokenizer again")
    return ids


def check_features(features: Tensor) -> None:
    """Raises InputError unless features are finite and (n, D) with D > 0."""
    if features.ndim != 2 or features.shape[1] == 0:
        raise InputError(
            f"a tokenizer needs features (items, width), got {tuple(features.shape)}; give the recipe an encoder"
        )
    bad = (~features.isfinite()).any(1).nonzero()
    if len(bad):
        raise InputError(f"features of item row {int(bad[0])} are not finite ({len(bad)} such rows); mend the encoder")
