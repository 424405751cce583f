"""Semantic IDs by residual k-means: nothing to train, seconds for a catalogue."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from generec.errors import UsageError
from generec.fitting.progress import task
from generec.nn.quantizer import kmeans
from generec.tokenizers.collisions import AppendLevel, Collisions
from generec.tokenizers.quantized import QuantizedTokenizer, ResidualQuantizer, check_features
from generec.types import Events


@dataclass(frozen=True, kw_only=True)
class RQKMeans:
    """Clusters the features, then what is left of them, and so on (OneRec, Deng et al. 2025, section 3.1).

    Below the first level random points are the seeds: what is left has few clusters, and k-means++ would spend codes on
    outliers (on product titles random seeds used twice as many codes and kept more neighbours). A catalogue smaller
    than `size` gets one code per item. Seeds come from torch's generator.
    """

    levels: int = 3
    size: int = 256
    iterations: int = 20
    balanced: bool = False
    """No code of a level gets more than `slack` times its fair share of the items that are fitted."""
    slack: float = 1.1
    collisions: Collisions = field(default_factory=AppendLevel)

    def fit(self, features: Tensor, train: Events) -> QuantizedTokenizer:
        if self.levels < 1 or self.size < 1 or self.iterations < 1 or self.slack < 1:
            raise UsageError(f"levels, size, iterations and slack must be at least 1, got {self}")
        check_features(features)
        size = min(self.size, len(features))
        capacity = math.ceil(self.slack * len(features) / size) if self.balanced else None
        left, codebooks, codes = features.float(), [], []
        with task("residual k-means", self.levels) as bar:
            for level in range(self.levels):
                seed = int(torch.randint(2**31, ()))
                start = None if level == 0 else left[torch.randperm(len(left))[:size]]
                found = kmeans(left, size, iterations=self.iterations, seed=seed, capacity=capacity, start=start)
                codebooks.append(found.centroids)
                codes.append(found.codes)
                left = left - found.centroids[found.codes]
                bar.advance()
        quantizer = ResidualQuantizer(tuple(codebooks))
        # Free codes are taken from the quantiser again, so that an item and its later copy get the same ones.
        raw = torch.stack(codes, 1) if self.balanced else quantizer.codes(features.float())
        return QuantizedTokenizer.fit(quantizer, self.collisions, features.float(), raw)

    def restore(self, state: Mapping[str, Tensor]) -> QuantizedTokenizer:
        return QuantizedTokenizer.restore(ResidualQuantizer.restore(state), self.collisions, state)
