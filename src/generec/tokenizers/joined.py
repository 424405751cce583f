"""Semantic IDs in two parts: what an item is about, then how it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import torch
from torch import Tensor

from generec.errors import UnsuitedError, UsageError
from generec.protocols import FittedTokenizer
from generec.tokenizers.collisions import AppendLevel, Codes, Collisions
from generec.tokenizers.quantized import QuantizedTokenizer, check_features
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events, SemanticIds


class QuantizingTokenizer(Protocol):
    """A tokenizer that is a quantiser and a collision rule (RQKMeans, RQVAE, ProductQuantization)."""

    def fit(self, features: Tensor, train: Events) -> QuantizedTokenizer: ...
    def restore(self, state: Mapping[str, Tensor]) -> QuantizedTokenizer: ...


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Content levels, then style levels, from features whose last `style` columns are the style.

    Two codebooks that see one side each instead of one that sees both: items that are about the same share the first
    levels however they are made, and a *how* means the same under every *what*. Own design after the two vocabularies
    of RaG (2606.25496). Collisions are resolved once, on the joined levels; the rules of the two parts play no role.

    In a catalogue of fewer than `least` items, and where no style column varies, there is one code only: the *what*,
    over the content columns; the *how* has no level.
    """

    what: QuantizingTokenizer = field(default_factory=lambda: RQKMeans(levels=2))
    how: QuantizingTokenizer = field(default_factory=lambda: RQKMeans(levels=1, size=32))
    style: int
    """How many of the last feature columns are style (the dimensions of the style encoder)."""
    least: int = 500
    collisions: Collisions = field(default_factory=AppendLevel)

    def fit(self, features: Tensor, train: Events) -> QuantizedTokenizer:
        """Raises UsageError when `style` leaves no content columns."""
        check_features(features)
        if not 0 < self.style < features.shape[1]:
            raise UsageError(
                f"style columns must be 1 to {features.shape[1] - 1} of {features.shape[1]}, got {self.style}; "
                "give Joined the dimensions of the style encoder, and the recipe content beside it"
            )
        features = features.float()
        content, style = features[:, : -self.style], features[:, -self.style :]
        what, how = self.what.fit(content, train), None
        raw = what.raw
        if len(features) >= self.least and bool((style != style[:1]).any()):
            how = self.how.fit(style, train)
            raw = torch.cat([raw, how.raw], 1)
        quantizer = JoinedQuantizer(_bare(what), None if how is None else _bare(how), self.style)
        return QuantizedTokenizer.fit(quantizer, self.collisions, features, raw)

    def restore(self, state: Mapping[str, Tensor]) -> QuantizedTokenizer:
        what, how = (
            {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            for prefix in ("what.", "how.")
        )
        quantizer = JoinedQuantizer(self.what.restore(what), self.how.restore(how) if how else None, self.style)
        return QuantizedTokenizer.restore(quantizer, self.collisions, state)


@dataclass(frozen=True)
class JoinedQuantizer:
    """Two fitted quantisers side by side, each with columns and levels of its own."""

    what: QuantizedTokenizer
    how: QuantizedTokenizer | None  # None: the how has no level
    style: int

    @property
    def levels(self) -> tuple[int, int]:
        """How many levels tell the what, and how many after them the how."""
        return len(self.what.quantizer.sizes), 0 if self.how is None else len(self.how.quantizer.sizes)

    @property
    def sizes(self) -> tuple[int, ...]:
        return (*self.what.quantizer.sizes, *(() if self.how is None else self.how.quantizer.sizes))

    def codes(self, features: Tensor) -> Tensor:
        what = self.what.quantizer.codes(features[:, : -self.style].contiguous())
        if self.how is None:
            return what
        return torch.cat([what, self.how.quantizer.codes(features[:, -self.style :].contiguous())], 1)

    def costs(self, feature: Tensor, prefix: Codes) -> Tensor:
        first = self.levels[0]
        if self.how is None or len(prefix) < first:
            return self.what.quantizer.costs(feature[: -self.style], prefix)
        return self.how.quantizer.costs(feature[-self.style :], prefix[first:])

    def vectors(self, codes: Tensor) -> Tensor:
        """What codes stand for, (n, L) -> (n, D); style is 0 where the how has no level."""
        first = self.levels[0]
        what = self.what.quantizer.vectors(codes[:, :first])
        if self.how is None:
            return torch.nn.functional.pad(what, (0, self.style))
        return torch.cat([what, self.how.quantizer.vectors(codes[:, first:])], 1)

    def state(self) -> dict[str, Tensor]:
        how = {} if self.how is None else self.how.state()
        return {f"what.{name}": value for name, value in self.what.state().items()} | {
            f"how.{name}": value for name, value in how.items()
        }


def joined(tokenizer: FittedTokenizer) -> JoinedQuantizer:
    """The two codebooks behind semantic IDs. Raises UnsuitedError where they have one only."""
    if not (isinstance(tokenizer, QuantizedTokenizer) and isinstance(tokenizer.quantizer, JoinedQuantizer)):
        kind = type(tokenizer).__name__
        raise UnsuitedError(f"codes of {kind} do not tell what from how; fit what_and_how, or Joined")
    return tokenizer.quantizer


def _bare(fitted: QuantizedTokenizer) -> QuantizedTokenizer:
    """Without the items it was fitted on: their IDs are the joined ones."""
    return replace(fitted, raw=fitted.raw[:0], ids=SemanticIds(fitted.ids.codes[:0], fitted.ids.sizes))
