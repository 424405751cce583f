"""Fewer dimensions for long feature vectors: principal components."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from generec.errors import FittingError


@dataclass(frozen=True)
class Projection:
    """x -> (x - mean) components: the directions of largest variance, in that order.

    Without whitening, distances between projected vectors are those between the vectors, less what the dropped
    directions held.
    """

    mean: Tensor  # (D,)
    components: Tensor  # (D, d)

    @staticmethod
    def fit(features: Tensor, dimensions: int, whitening: float = 0.0) -> Projection:
        """Fits `dimensions` principal components to (N, D) features; FittingError when they have fewer.

        whitening: share of each kept component's variance (on a log scale) that is made equal: 0 keeps the variances,
        1 makes them all the same; their sum stays.
        """
        if not 0 < dimensions <= features.shape[1]:
            raise FittingError(f"dimensions must be 1 to {features.shape[1]}, got {dimensions}")
        rows = features.double()
        mean = rows.mean(0)
        values, vectors = torch.linalg.eigh((rows - mean).T @ (rows - mean))
        chosen = vectors.flip(1)[:, :dimensions]
        variances = values.flip(0)[:dimensions].clamp(min=1e-12 * float(values[-1].clamp(min=1e-30)))
        evened = variances ** (1 - whitening)
        scale = (evened / variances * variances.sum() / evened.sum()).sqrt()
        # An eigenvector's sign is arbitrary; the largest entry is made positive so that library versions agree.
        largest = chosen.gather(0, chosen.abs().argmax(0, keepdim=True))
        return Projection(mean.float(), (chosen * largest.sign() * scale).float().contiguous())

    def __call__(self, features: Tensor) -> Tensor:
        return (features - self.mean) @ self.components
